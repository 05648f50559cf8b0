"""The board of alerts and what answering did, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guard.bot.alerts_text import acknowledged, boards_text, snoozed
from guard.bot.desks.alerting import AlertBoard, Answered, OpenAlert
from guard.bot.limits import TEXT_MAX, plain, size
from guard.language.speech import Speech
from guard.ports.alerting import AlertStatus, MaintenanceRecord
from guard.risk.zones import Zone

NOON = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


def board(account: str, count: int, text: str) -> AlertBoard:
    """An account with so many alerts and windows."""
    alerts = [
        OpenAlert(f"rule-{n}", "Drawdown", Zone.DANGER, 3, AlertStatus.FIRING, text, NOON, NOON, None, None)
        for n in range(count)
    ]
    window = MaintenanceRecord("w", "u", None, NOON, NOON + timedelta(hours=1), text)
    return AlertBoard(f"id-{account}", account, "owner", tuple(alerts), windows=(window,) * 5)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("text", ["moving funds", "<&" * 300])
def test_many_alerts_are_cut_after_the_gravest_never_before(language: str, text: str) -> None:
    """An account with a dozen alerts shows as many as fit, and counts the rest."""
    shown = boards_text(Speech(language), [board(f"main-{n}", 20, text) for n in range(50)], NOON, "24 h")
    assert size(shown) <= TEXT_MAX
    assert shown.startswith("<b>main-0</b>\n")
    assert "🔴" in shown
    assert plain(shown).count("2026-11-21 12:00:05 UTC") == 1


def test_answers_about_many_accounts_fit_a_message() -> None:
    """Fifty accounts at once."""
    answers = [Answered(f"{'a' * 60}-{n}", 3, None, NOON) for n in range(50)]
    for text in (acknowledged(Speech(), answers), snoozed(Speech(), answers, NOON + timedelta(hours=9))):
        assert size(text) <= TEXT_MAX
        assert "a-0</b>" in text
        assert " more" in text
    assert acknowledged(Speech(), answers[:2]).count("\n") == 1
