"""Live messages on virtual time: how often a chat is written to, and what happens when that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from guard.alerts.live_message import LiveText, render_live
from guard.app.live_messages import LOOK_S, LiveMessages
from guard.ports.alerting import LiveMessage
from guard.ports.pace import GRAVE, Pacer
from guard.ports.recipients import Recipient
from guard.ports.records import Reading, ZoneChange
from guard.ports.sending import Buttons, SendError, SendRejected, SendRetry
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from guard.sim.virtual_time import START, VirtualClock, run_virtual

ANNA, GROUP = Recipient("telegram:1"), Recipient("telegram:-5", group=True)


class Memory:
    """The store's part."""

    def __init__(self, *recipients: Recipient) -> None:
        self.hearers = list(recipients)
        self.live: dict[tuple[str, str], LiveMessage] = {}

    async def recipients(self, account_id: str) -> list[Recipient]:
        """The same for every account."""
        assert account_id
        return self.hearers

    async def zone_changes(self, account_id: str, since: datetime) -> list[ZoneChange]:
        """None."""
        assert account_id
        assert since < START
        return []

    async def live_message(self, destination: str, account_id: str) -> LiveMessage | None:
        """As kept."""
        return self.live.get((destination, account_id))

    async def save_live_message(self, live: LiveMessage) -> None:
        """Keep."""
        self.live[live.destination, live.account_id] = live

    async def forget_live_message(self, destination: str, account_id: str) -> None:
        """Forget."""
        del self.live[destination, account_id]


class Chat:
    """The chat service: notes what is done to it, fails as told."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.done: list[tuple[float, str, str]] = []
        self.errors: dict[str, SendError] = {}

    def _note(self, what: str, message_id: str) -> None:
        if what in self.errors:
            raise self.errors.pop(what)
        self.done.append((self.clock.monotonic(), what, message_id))

    async def post_live(self, chat_id: int, html: str, buttons: Buttons = ()) -> str:
        """Ids count up."""
        assert chat_id > 0
        assert html
        assert not buttons
        number = str(100 + len(self.done))
        self._note("post", number)
        return number

    async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
        """In place."""
        assert chat_id > 0
        assert html
        assert not buttons
        self._note("edit", message_id)

    async def pin(self, chat_id: int, message_id: str) -> None:
        """At the top."""
        assert chat_id > 0
        self._note("pin", message_id)


def _reading(zone: Zone, at: datetime, number: int, account_id: str = "account-1") -> Reading:
    quality = DataQuality(Quality.FRESH, (), 2.0)
    state = ZoneState(zone=zone, last_known=zone)
    reading = Reading(account_id, "alice", at, quality, state, zone, "", None, None, None, 12.0)
    return replace(reading, reason=f"figure {number}")  # no risk: the reason is what changes visibly


def _play(memory: Memory, script: Callable[..., Awaitable[None]], chat: Chat | None = None) -> Chat:
    """Let `script` feed readings; looks happen every 2 s."""

    async def main() -> Chat:
        clock = VirtualClock.running()
        service = chat or Chat(clock)
        service.clock = clock
        pacer = Pacer(clock)
        live = LiveMessages(memory, service, pacer, clock)

        async def go(seconds: float, zone: Zone, account_id: str = "account-1") -> None:
            for number in range(int(seconds / LOOK_S)):
                live.on_reading(_reading(zone, clock.now(), number, account_id))
                await live.look()
                await clock.sleep(LOOK_S)

        await script(go, service, pacer)
        return service

    return run_virtual(main())


def test_what_cannot_be_written_yet_is_not_worded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading every 2 s costs nothing in between: in calm a text is made every 5 minutes."""
    made: list[LiveText] = []

    def render(*arguments: Any) -> LiveText:
        made.append(render_live(*arguments))
        return made[-1]

    monkeypatch.setattr("guard.app.live_messages.render_live", render)

    async def script(go: Any, *_: Any) -> None:
        await go(600, Zone.SAFE)

    assert len(_play(Memory(ANNA), script).done) == 3
    assert len(made) == 2


def test_posted_pinned_and_edited_in_place() -> None:
    """Every 15 s at most in alarm, groups left alone; the store knows the one that stands."""
    memory = Memory(ANNA, GROUP)

    async def script(go: Any, *_: Any) -> None:
        await go(60, Zone.DANGER)

    done = _play(memory, script).done
    assert done[:2] == [(0.0, "post", "100"), (0.0, "pin", "100")]
    assert [(at, what) for at, what, _ in done[2:]] == [(16.0, "edit"), (32.0, "edit"), (48.0, "edit")]
    assert {message_id for _, _, message_id in done} == {"100"}
    assert [(live.message_id, live.pinned) for live in memory.live.values()] == [("100", True)]


def test_seldom_in_calm_and_soon_when_the_zone_changes() -> None:
    """Five minutes, but a change of zone shows within the shorter time."""

    async def script(go: Any, *_: Any) -> None:
        await go(400, Zone.SAFE)
        await go(10, Zone.WARNING)

    assert [at for at, what, _ in _play(Memory(ANNA), script).done if what == "edit"] == [300.0, 400.0]


def test_a_restart_goes_on_with_the_message_that_stands() -> None:
    """Nothing is posted anew."""
    memory = Memory(ANNA)

    async def script(go: Any, *_: Any) -> None:
        await go(20, Zone.DANGER)
        await go(60, Zone.WARNING)

    _play(memory, script)
    memory.live = {key: replace(live, edited_at=START) for key, live in memory.live.items()}
    again = _play(memory, script)
    assert {what for _, what, _ in again.done} == {"edit"}


def test_a_message_that_was_deleted_is_posted_anew() -> None:
    """And pinned again; failing to pin is no error."""

    async def script(go: Any, service: Chat, _: Any) -> None:
        await go(10, Zone.DANGER)
        service.errors = {"edit": SendRejected("Telegram: Message to edit not found"), "pin": SendRejected("no right")}
        await go(40, Zone.DANGER)

    memory = Memory(ANNA)
    done = _play(memory, script).done
    assert [what for _, what, _ in done] == ["post", "pin", "post", "edit", "edit"]
    [live] = memory.live.values()
    assert not live.pinned


def test_what_telegram_asks_for_is_obeyed() -> None:
    """429: not before, and not the whole service is stopped by it."""

    async def script(go: Any, service: Chat, _: Any) -> None:
        service.errors = {"post": SendRetry("slow down", retry_after_s=60)}
        await go(100, Zone.DANGER)

    assert _play(Memory(ANNA), script).done[0][0] == 76.0


def test_alerts_go_first() -> None:
    """While somebody more urgent waits for Telegram, nothing is edited."""

    async def script(go: Any, service: Chat, pacer: Pacer) -> None:
        for _ in range(3):
            async with pacer.turn(1, GRAVE):
                pass
        await go(10, Zone.DANGER)
        assert service.done[0][0] == 2.0

    _play(Memory(ANNA), script)
