"""The log: one time line of what was asked for, what changed, what was done."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from guard.bot.desks.upkeep import LogView
from guard.bot.limits import TEXT_MAX, plain, size
from guard.bot.log_text import log_text
from guard.language.speech import ENGLISH, Speech
from guard.ports.alerting import AuditRecord
from guard.ports.records import IntentRecord, IntentState, ZoneChange
from guard.risk.zones import Zone
from tests.harness.held_books import NOON


def ago(minutes: float, state: IntentState = "done") -> IntentRecord:
    """A decision so long ago."""
    return IntentRecord(
        "i", "a", NOON - timedelta(minutes=minutes), state, Zone.DANGER, "distance <4 %", "{}", 0.8, 0.4,
        requested_by="anna",
    )  # fmt: skip


VIEW = LogView(
    since=NOON - timedelta(days=7),
    audits=(AuditRecord(NOON - timedelta(minutes=30), "anna", "a", "mode", "observe to confirm"),
            AuditRecord(NOON - timedelta(minutes=40), "gone", "a", "freeze", "")),
    changes=(ZoneChange("c", "a", NOON - timedelta(minutes=20), Zone.WATCH, Zone.DANGER, "risk_ratio 80 %"),),
    intents=(ago(10),),
    accounts={"a": "main", "b": "other"},
    people={"anna": "Anna"},
)  # fmt: skip


def test_kinds_are_merged_newest_first() -> None:
    """Whatever the kind, by time; people by name."""
    assert plain(log_text(ENGLISH, VIEW, 10, named=False)) == (
        "Newest first, times in UTC\n"
        "11-21 11:50 🛡 acted: distance <4 % risk ratio 80.0 % → 40.0 % (asked for by Anna)\n"
        "11-21 11:40 🔴 watch → danger: risk_ratio 80 %\n"
        "11-21 11:30 👤 Anna: mode (observe to confirm)\n"
        "11-21 11:20 👤 somebody: freeze\n\n"
        "I look back to 11-14 12:00. More: /log main 20"
    )


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ((None, "mode", "confirm, by the command line"), "command line: mode (confirm)"),
        ((None, "role", "vera is viewer of main"), "command line: role (vera is viewer of main)"),
        ((None, "mode", "mode auto ended at 2026-11-21T11:00:00+00:00"), "the guard: mode (mode auto ended at 2026-"),
        (("anna", "snooze", "1 alerts until 2026-11-21T13:00:00+00:00"), "until 2026-11-21 22:00:00 JST)"),
        (("anna", "approve", 'p: {"do": "act"}'), "👤 Anna: approve\n"),
    ],
)
def test_who_did_it_and_until_when(entry: tuple[str | None, str, str], words: str) -> None:
    """Nobody unknown where it was the command line or the guard itself; times in the reader's zone; no stored code."""
    user, what, detail = entry
    view = LogView(NOON, audits=(AuditRecord(NOON, user, "a", what, detail),), people={"anna": "Anna"})
    assert words in plain(log_text(Speech("en", ZoneInfo("Asia/Tokyo")), view, 10, named=False))


@pytest.mark.parametrize(
    ("what", "detail", "words"),
    [
        (
            "snooze",
            "1 alert until 2026-11-21T13:00:00+00:00",
            "アラートを一時停止 (アラート 1 件、2026-11-21 22:00:00 JST まで)",
        ),
        ("acknowledge", "2 alerts", "アラートを確認 (アラート 2 件)"),
        ("maintenance", "ended 1", "メンテナンス (1 件を終了)"),
        ("maintenance", "until 2026-11-21T13:00:00+00:00: 入金", "(2026-11-21 22:00:00 JST まで: 入金)"),
    ],
)
def test_what_was_done_is_told_in_the_readers_language(what: str, detail: str, words: str) -> None:
    """Not only its name."""
    view = LogView(NOON, audits=(AuditRecord(NOON, "anna", "a", what, detail),), people={"anna": "Anna"})
    assert words in plain(log_text(Speech("ja", ZoneInfo("Asia/Tokyo")), view, 10, named=False))


def test_of_several_accounts_each_entry_names_its_own() -> None:
    """Of one it need not."""
    assert "🔴" in log_text(ENGLISH, VIEW, 10, named=True).split("<b>main</b> ")[2]


def test_the_oldest_are_left_out_first() -> None:
    """Only as many as were asked for."""
    text = plain(log_text(ENGLISH, VIEW, 1, named=False))
    assert "acted" in text
    assert "watch → danger" not in text


def test_times_are_in_the_readers_zone() -> None:
    """And the zone is named."""
    text = plain(log_text(Speech("en", ZoneInfo("Asia/Tokyo")), VIEW, 1, named=False))
    assert "times in JST\n11-21 20:50 🛡" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [("open", "🛠 acting"), ("refused", "🚫 not acted"), ("failed", "❌ failed"), ("dry_run", "📝 dry run")],
)
def test_refusals_and_failures_are_told_apart(state: IntentState, words: str) -> None:
    """What was not done is in the log too, with why."""
    view = LogView(NOON, intents=(ago(1, state),), accounts={"a": "main"})
    assert f"{words}: distance &lt;4 %" in log_text(ENGLISH, view, 10, named=False)


def test_nothing_happened() -> None:
    """And since when."""
    assert log_text(ENGLISH, LogView(NOON), 10, named=False) == "Nothing happened since 11-21 12:00 UTC."


def test_a_long_log_fits() -> None:
    """What is left out is counted."""
    changes = tuple(
        ZoneChange(str(n), "a", NOON - timedelta(minutes=n), Zone.SAFE, Zone.WATCH, "x" * 500) for n in range(50)
    )
    text = log_text(ENGLISH, LogView(NOON, changes=changes, accounts={"a": "main"}), 50, named=False)
    assert size(text) <= TEXT_MAX
    assert "more entries" in text
