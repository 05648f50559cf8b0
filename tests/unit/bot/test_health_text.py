"""The state of the service in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.bot.desks.upkeep import AccountState, Drill, ServiceState
from guard.bot.health_text import drill_text, health_text
from guard.bot.limits import TEXT_MAX, plain, size
from guard.language.speech import ENGLISH
from guard.risk.zones import Zone
from tests.harness.held_books import NOON

FINE = AccountState("main", Zone.SAFE, 12.0, 13.0)
STATE = ServiceState(
    accounts=(FINE,),
    accounts_total=3,
    telegram="running",
    second=("ntfys (line 1)",),
    heartbeat="good",
    heartbeat_error="",
    heartbeat_s=20.0,
    pending=0,
    dead=0,
    refusals=1,
    streams=(2, 2),
    database="sqlite",
    answers_ms=1.4,
    version="0.1.0",
)


def said(**changes: Any) -> str:
    """The words for a state that differs in some things."""
    return plain(health_text(ENGLISH, replace(STATE, **changes), NOON))


def test_all_is_well() -> None:
    """One verdict, the accounts, every way by which a person is told."""
    assert said() == (
        "✅ The guard sees all your accounts\n\n🟢 main: safe\nlooked at 12 s ago, figures 13 s old\n\n"
        "Accounts watched here: 3\n✅ Telegram: connected\n✅ Second channels: ntfys (line 1)\n"
        "✅ Delivery: 0 messages wait\n✅ Heartbeat: heard 20 s ago\n✅ Streams: 2 of 2 up\n"
        "✅ Database SQLite: answers in 1 ms\nRequests refused: 1\nVersion 0.1.0\n\nAs of 2026-11-21 12:00:05 UTC"
    )


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (AccountState("main", Zone.UNKNOWN, None, None, watched=False, problem="no <key>"),
         "⚠️ not watched by the running service: no <key>"),
        (AccountState("main", Zone.UNKNOWN, None, None), "⚠️ not read yet"),
        (AccountState("main", Zone.UNKNOWN, 3.0, None, problem="key rejected"),
         "looked at 3 s ago, no figures since the start\n⚠️ key rejected"),
        (replace(FINE, overdue=True), "⚠️ it should have been looked at again by now"),
        (replace(FINE, unrecorded=True), "⚠️ the last reading was not recorded"),
    ],
)  # fmt: skip
def test_an_account_that_is_not_seen_well_comes_first(account: AccountState, words: str) -> None:
    """And is what the verdict says."""
    text = said(accounts=(replace(FINE, name="a"), account))
    assert text.startswith("⚠️ 1 of your accounts is not seen well")
    assert words in text
    assert text.index("main") < text.index("🟢 a: safe")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"telegram": "unreachable"}, "⚠️ Telegram: not reachable"),
        ({"telegram": "bad_token"}, "⚠️ Telegram: the token is not accepted"),
        ({"telegram": "starting"}, "▫️ Telegram: connecting"),
        ({"telegram": "off"}, "▫️ Telegram: off"),
        ({"second": ()}, "▫️ Second channels: none, if Telegram fails nobody is told"),
        ({"pending": 1, "dead": 2}, "⚠️ Delivery: 1 message waits, 2 given up in 24 h"),
        ({"heartbeat": "off"}, "▫️ Heartbeat: off, nobody notices when the guard dies"),
        ({"heartbeat_error": "HTTP 500"}, "⚠️ Heartbeat: not heard (HTTP 500)"),
        ({"heartbeat_s": None, "heartbeat": "starting"}, "▫️ Heartbeat: no good round yet"),
        ({"heartbeat": "bad", "heartbeat_s": 600.0}, "⚠️ Heartbeat: the last good round was 10 min ago"),
        ({"streams": (1, 2)}, "⚠️ Streams: 1 of 2 up"),
        ({"answers_ms": None, "database": "postgresql"}, "⚠️ Database PostgreSQL: does not answer"),
    ],
)
def test_every_trouble_has_its_words(changes: dict[str, Any], words: str) -> None:
    """Off is no trouble, but said."""
    assert words in said(**changes)


def test_trouble_of_the_service_is_in_the_verdict() -> None:
    """Nobody sleeps well on messages that were given up."""
    assert said(dead=1).startswith("⚠️ The guard sees your accounts, but not all is well")
    assert "Streams" not in said(streams=(0, 0))


def test_many_accounts_fit() -> None:
    """The worst are shown, the rest is counted, the tail is always there."""
    text = health_text(
        ENGLISH, replace(STATE, accounts=tuple(replace(FINE, name=f"{n:064}") for n in range(100))), NOON
    )
    assert size(text) <= TEXT_MAX
    assert "more accounts" in text
    assert "Version 0.1.0" in text


@pytest.mark.parametrize(
    ("drill", "everywhere", "words"),
    [
        (Drill("sent"), False, "There is no second channel: if Telegram fails, nobody is told."),
        (Drill("sent", ("mailto (line 2)",)), False,
         "Second channels, not rung now: mailto (line 2). /test all rings them too."),
        (Drill("sent", ("mailto (line 2)",)), True, "It goes to the second channels too, look there: mailto (line 2)"),
        (Drill("too_soon"), False, "A drill is under way already. Wait 10 s for the next one."),
        (Drill("not_owner"), True, "Only the owner of an account may ring the second channels."),
    ],
)  # fmt: skip
def test_a_drill_says_what_to_look_for(drill: Drill, words: str, *, everywhere: bool) -> None:
    """Whether it arrived is seen by its arrival."""
    text = drill_text(ENGLISH, drill, everywhere=everywhere)
    assert words in text
    assert ("If it is not here within a minute" in text) == (drill.outcome == "sent")
