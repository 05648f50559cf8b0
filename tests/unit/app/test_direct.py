"""The last resort reaches people also where their chats have moved."""

from __future__ import annotations

from datetime import UTC, datetime

from structlog.testing import capture_logs

from guard.app.direct import DirectTeller
from guard.app.settings import Settings
from guard.app.watch import Watch, watch_of
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, Reading
from guard.ports.sending import ChatGone, ChatMoved
from guard.ports.venue import AccountSpec
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from guard.sim.channel import ScriptedSink

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
READING = Reading(
    "a", "main", NOW, DataQuality(Quality.MISSING, (), 0.0), ZoneState(), Zone.DANGER, "", None, None, None, 1.0
)


def watch_with(*recipients: str) -> Watch:
    """A watch whose people were these when they were last known."""
    watch = watch_of(AccountRecord("a", AccountSpec("main", "file"), None, "observe", NOW), Settings())
    watch.recipients = [Recipient(place) for place in recipients]
    return watch


async def test_a_chat_that_moved_is_told_at_its_new_address() -> None:
    """Without a store nothing can be remembered; the message arrives all the same."""
    sink = ScriptedSink(script={"telegram:1": [ChatMoved("moved", new_chat_id=-100)]})
    await DirectTeller({"telegram": sink}).tell(watch_with("telegram:1"), READING, "disk full")
    (text,) = sink.texts("telegram:-100")
    assert "disk full" in text


async def test_what_is_not_delivered_is_logged_whole() -> None:
    """A chat that is gone costs nobody else the message; a channel that is off is no failure."""
    sink = ScriptedSink(script={"telegram:1": [ChatGone("blocked")]})
    with capture_logs() as logs:
        await DirectTeller({"telegram": sink}).tell(watch_with("telegram:1", "telegram:2", "pager:1"), READING, "full")
    assert len(sink.texts("telegram:2")) == 1
    (lost,) = logs
    assert (lost["destination"], lost["error"]) == ("telegram:1", "blocked")
    assert "DANGER" in lost["text"]
