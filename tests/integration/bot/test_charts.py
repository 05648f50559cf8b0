"""`/chart` and `/history` over the loopback Bot API: uploads, words where there is no picture, and whose is whose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.bot import texts
from guard.bot.desk import PictureWish
from guard.charts.draw import draw
from guard.charts.exposure import exposure_picture
from guard.language.speech import ENGLISH, speech_of
from guard.ports.errors import PictureError
from guard.ports.history import AccountHistory, Extreme, Extremes
from guard.ports.records import AlertReason, AlertRecord, IntentRecord, Snapshot, UserRecord, ZoneChange
from guard.risk.zones import Zone
from guard.sandbox.telegram import Person, TelegramSandbox

pytestmark = pytest.mark.usefixtures("bot")

START = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def png(desk: Any) -> bytes:
    """A real picture, which the desk answers with."""
    png = draw(exposure_picture("alice", [], currency="USDT", data_at=START))
    desk.pictures.update(dict.fromkeys(("history", "exposure", "distance", "stress"), png))
    return png


def past(since: datetime, **changes: Any) -> AccountHistory:
    """A day with a danger, an alert and an action."""
    at = since + timedelta(hours=3)
    fields: dict[str, Any] = {
        "account": "alice",
        "since": since,
        "until": since + timedelta(days=1),
        "changes": (ZoneChange("c", "account-alice", at, Zone.WATCH, Zone.DANGER, "risk_ratio 80 % <is> high"),),
        "alerts": (
            AlertRecord("a", "account-alice", "zone", "f", Zone.DANGER, AlertReason.WORSE, at, "text"),
            AlertRecord("b", "account-alice", "zone", "f", Zone.WATCH, AlertReason.FIRST, since, "text"),
        ),
        "intents": (
            IntentRecord("i", "account-alice", at + timedelta(minutes=1), "done", Zone.DANGER, "why", "{}", 0.8, 0.48),
        ),
        "extremes": Extremes(
            readings=2880,
            first_at=since,
            blind_s=720.0,
            worst_ratio=Extreme(0.8, at),
            best_ratio=Extreme(0.12, since),
            nearest=Extreme(0.031, at),
            currency="USDT",
            lowest_equity=Extreme(9_000.5, at),
            highest_equity=Extreme(10_000.0, since),
        ),
    }
    return AccountHistory(**fields | changes)


async def test_a_chart_is_a_picture_with_one_line(anna: Person, png: bytes) -> None:
    """What arrives is what was drawn; the line names account, time, zone and age."""
    reply = await anna.ask("/chart")
    assert reply.photo == png
    assert reply.text == "🟠 alice, last 24 h: WARNING, risk ratio 41.5 %, data 12 s old"
    assert reply.bold() == ["alice"]


@pytest.mark.parametrize(
    ("typed", "kind", "days"),
    [
        ("/chart 7d", "history", 7),
        ("/chart alice 7d", "history", 7),
        ("/chart 24H al", "history", 1),
        ("/chart alice exposure", "exposure", 1),
        ("/chart stress", "stress", 1),
        ("/chart distance", "distance", 1),
    ],
)
async def test_what_was_asked_for_is_drawn(
    anna: Person, desk: Any, png: bytes, typed: str, kind: Any, days: int
) -> None:
    """Account, time and kind in any order."""
    assert (await anna.ask(typed)).photo == png
    since = desk.now() - timedelta(days=days)
    ((user, wish),) = desk.wishes
    assert (user, wish) == ("user-anna", PictureWish(kind, "account-alice", since))


async def test_a_picture_is_asked_for_in_the_language_of_whoever_asks(anna: Person, desk: Any, png: bytes) -> None:
    """Her zone of time too; the line below it is in the same."""
    await anna.ask("/lang ja Asia/Tokyo")
    reply = await anna.ask("/chart stress")
    assert reply.photo == png
    assert reply.text == "🟠 alice, ストレス: 警告、リスク比率 41.5 %、データは12秒前"
    assert desk.wishes[-1][1].speech == speech_of("ja", "Asia/Tokyo")


async def test_the_most_urgent_account_where_none_is_named(
    anna: Person, desk: Any, png: bytes, snapshot: Callable[..., Snapshot]
) -> None:
    """And all of them where the picture can show them."""
    desk.snapshots["user-anna"].append(snapshot(account_id="account-b", account="b", zone=Zone.DANGER))
    assert (await anna.ask("/chart")).text.startswith("🔴 b, last 24 h")
    everything = await anna.ask("/chart distance")
    assert (everything.text, everything.photo) == ("2 accounts, distance to liquidation", png)
    assert desk.wishes[-1][1].account_id is None
    assert (await anna.ask("/chart alice distance")).text.startswith("🟠 alice, distance: WARNING")
    assert desk.wishes[-1][1].account_id == "account-alice"


async def test_an_account_called_like_a_time_can_be_asked_for(
    anna: Person, desk: Any, png: bytes, snapshot: Callable[..., Snapshot]
) -> None:
    """Its name comes first."""
    desk.snapshots["user-anna"] = [snapshot(account="7d"), snapshot(account="stress", account_id="x")]
    assert (await anna.ask("/chart 7d")).text.startswith("🟠 7d, last 24 h")
    assert (await anna.ask("/chart stress 7d")).text.startswith("🟠 stress, last 7 days")
    assert (await anna.ask("/chart stress")).text.startswith("🟠 stress, last 24 h")


@pytest.mark.parametrize("command", ["/chart", "/history"])
async def test_another_time_is_told(anna: Person, desk: Any, png: bytes, command: str) -> None:
    """Two times there are; a typo is not taken for one of them."""
    assert (await anna.ask(f"{command} 30d")).text == "I look back 24h or 7d, not 30d."
    assert desk.wishes == []


async def test_accounts_of_others_do_not_exist(
    telegram: TelegramSandbox, anna: Person, desk: Any, png: bytes, snapshot: Callable[..., Snapshot]
) -> None:
    """Two people, each with an account: nobody sees the other's picture or past."""
    desk.people[1002] = UserRecord("user-bert", "bert", START)
    desk.snapshots["user-bert"] = [snapshot(account_id="account-bert", account="berts")]
    desk.histories.update({"account-bert": past(START, account="berts"), "account-alice": past(START)})
    bert = telegram.person(1002, "Bert", started=True)
    for command in ("/chart", "/history"):
        for argument in ("berts", "berts 7d", "7d berts"):
            answer = await anna.ask(f"{command} {argument}")
            assert answer.text == "You have no account berts.\nYours: alice"
            assert answer.photo is None
        assert "berts" in (await bert.ask(command)).text
    assert {user for user, _ in desk.wishes} == {"user-bert"}


async def test_an_account_that_was_taken_away_meanwhile(anna: Person, desk: Any, png: bytes) -> None:
    """The desk decides again, and its no is the answer."""
    desk._owns = lambda *_: False
    for command in ("/chart", "/history"):
        reply = await anna.ask(command)
        assert reply.text.startswith("You have no account")
        assert reply.photo is None


async def test_strangers_get_nothing(mallory: Person, desk: Any, png: bytes) -> None:
    """Deny by default: refused, recorded, nothing drawn."""
    for command in ("/chart", "/chart alice", "/history alice 7d"):
        await mallory.send(command)
    await desk.until_refused(3)
    assert [what for _, _, what in desk.refusals] == ["command /chart", "command /chart", "command /history"]
    assert [message.text for message in mallory.seen()] == [texts.stranger(ENGLISH)]
    assert desk.wishes == []


async def test_a_picture_that_cannot_be_drawn_is_a_line(anna: Person, desk: Any) -> None:
    """The command is answered all the same."""
    desk.pictures["history"] = PictureError("too many pictures are being drawn", fix="try again in a minute")
    reply = await anna.ask("/chart")
    assert reply.photo is None
    assert reply.text == (
        "🟠 alice, last 24 h: WARNING, risk ratio 41.5 %, data 12 s old\n"
        "No picture: too many pictures are being drawn; try again in a minute."
    )


async def test_a_picture_that_telegram_refuses_is_a_line(anna: Person, desk: Any) -> None:
    """Not an image: the words come as plain text, and say what is missing."""
    desk.pictures["history"] = b"this is no picture"
    reply = await anna.ask("/chart")
    assert reply.photo is None
    assert reply.text.startswith("🟠 alice, last 24 h: WARNING")
    assert reply.text.endswith("\nTelegram did not accept the picture.")


async def test_a_picture_waits_when_told_to(telegram: TelegramSandbox, anna: Person, png: bytes, clock: Any) -> None:
    """429 on an upload: the same picture again after the time that was asked for."""
    telegram.fail_next(1, method="sendPhoto", retry_after_s=7)
    assert (await anna.ask("/chart")).photo == png
    assert 7 in clock.slept


async def test_history_in_words(anna: Person, desk: Any) -> None:
    """The worst and the best, then what happened, the newest first."""
    since = desk.now() - timedelta(days=1)
    desk.histories["account-alice"] = past(since)
    reply = await anna.ask("/history")
    assert reply.text.splitlines() == [
        "🟠 alice, last 24 h: now WARNING",
        "Risk ratio: worst 80.0 % (11-20 15:00), best 12.0 % (11-20 12:00)",
        "Nearest to liquidation: 3.1 % (11-20 15:00)",
        "Equity: lowest 9,000 USDT (11-20 15:00), highest 10,000 USDT (11-20 12:00)",
        "Blind for 12 min in all",
        "2,880 readings, 1 zone change, 2 alerts, 1 action",
        "",
        "🛠 11-20 15:01 acted in danger, risk ratio 80.0 % → 48.0 %",
        "why",
        "",
        "🔔 11-20 15:00 alert, zone: danger (worse)",
        "",
        "🔴 11-20 15:00 watch → DANGER",
        "risk_ratio 80 % <is> high",
        "",
        "🔔 11-20 12:00 alert, zone: watch (first)",
        "",
        "11-20 12:00 to 11-21 12:00 UTC",
    ]
    assert desk.looked_since == since
    await anna.ask("/history alice 7d")
    assert desk.looked_since == desk.now() - timedelta(days=7)


async def test_a_past_of_which_little_is_known(anna: Person, desk: Any) -> None:
    """Nothing recorded, never seen, no equity, several pools: said."""
    since = desk.now() - timedelta(days=1)
    nothing = {"changes": (), "alerts": (), "intents": ()}
    desk.histories["account-alice"] = past(since, extremes=Extremes(0, None, 0.0), **nothing)
    assert "Nothing was recorded in this time." in (await anna.ask("/history")).text
    late = since + timedelta(hours=5)
    desk.histories["account-alice"] = past(since, extremes=Extremes(5, late, 900.0), **nothing)
    text = (await anna.ask("/history")).text
    assert "The account was never seen in this time.\nBlind for 15 min in all\nRecorded since 11-20 17:00" in text
    extremes = Extremes(
        5, since, 0.0, Extreme(None, late), Extreme(0.1, since), None, "USDT", None, None, ("BTC", "ETH")
    )
    desk.histories["account-alice"] = past(since, extremes=extremes, **nothing)
    text = (await anna.ask("/history")).text
    assert "Risk ratio: worst beyond 100 % (no equity left) (11-20 17:00), best 10.0 %" in text
    assert "Equity is of the USDT pool; at times the worst pool was BTC, ETH." in text


async def test_a_long_past_is_one_message(anna: Person, desk: Any) -> None:
    """What does not fit is counted, and the newest is kept."""
    since = desk.now() - timedelta(days=7)
    changes = tuple(
        ZoneChange(str(n), "account-alice", since + timedelta(minutes=n), Zone.SAFE, Zone.WATCH, "because & so " * 20)
        for n in range(1000)
    )
    desk.histories["account-alice"] = past(since, changes=changes, alerts=(), intents=())
    text = (await anna.ask("/history 7d")).text
    assert len(text) <= 4096
    shown = text.count("→")
    assert f"... and {1000 - shown} more events" in text
    assert f"{changes[-1].at:%H:%M} safe → WATCH" in text
