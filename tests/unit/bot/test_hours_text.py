"""Hours of own volatility as a person reads them: what they are, or why they are not known."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.bot.hours_text import hours_line, hours_lines
from guard.bot.risk_text import liquidation_text, risk_text
from guard.language.speech import ENGLISH, Speech
from guard.risk.own_volatility import OwnHours, PoolHours
from tests.harness.held_books import held, pair

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHORT = PoolHours(None, history_h=5.9, lacking="ETH/USDT:USDT")


@pytest.mark.parametrize(
    ("own", "line"),
    [
        (PoolHours(4.2), "Hours of own volatility to liquidation: 4 h 12 min"),
        (PoolHours(0.0), "Hours of own volatility to liquidation: 0 s"),
        (SHORT, "Hours of own volatility to liquidation: not known yet, 5 of 24 hours of history of ETH/USDT:USDT"),
        (PoolHours(None), "Hours of own volatility to liquidation: not known yet, 0 of 24 hours of history"),
        (
            PoolHours(None, of_present_only=True),
            "Hours of own volatility to liquidation: not known, the figures are of the present only",
        ),
        (None, "Hours of own volatility to liquidation: not known of the last reading"),
        (PoolHours(math.inf), ""),
    ],
)
def test_one_line(own: PoolHours | None, line: str) -> None:
    """Never a number that is not known."""
    assert hours_line(ENGLISH, own) == line


def test_of_an_account() -> None:
    """The nearest pool, and that one is not known; nothing of pools that hold nothing."""
    lines = hours_lines(ENGLISH, OwnHours((PoolHours(50.0), PoolHours(3.0), SHORT)))
    assert lines == [hours_line(ENGLISH, PoolHours(3.0)), hours_line(ENGLISH, SHORT)]
    assert hours_lines(ENGLISH, OwnHours((PoolHours(math.inf),))) == []
    assert hours_lines(ENGLISH, None) == [hours_line(ENGLISH, None)]
    (line,) = hours_lines(Speech("ja"), OwnHours((PoolHours(3.0),)))
    assert line.endswith(": 3時間")


def test_shown_with_the_distance_where_they_count() -> None:
    """In /risk and /liq, pool by pool; whoever does not go by hours is not bothered with them."""
    account = held(pair())
    assert account.held is not None
    counted = replace(account, held=replace(account.held, counts_hours=True, own=OwnHours((PoolHours(4.2),))))
    assert counted.held is not None
    for text in (risk_text(ENGLISH, counted, NOW), liquidation_text(ENGLISH, counted, counted.held, NOW)):
        assert "\nHours of own volatility to liquidation: 4 h 12 min\n" in text
    assert "volatility" not in risk_text(ENGLISH, account, NOW)
    unread = replace(account, held=replace(account.held, counts_hours=True))
    assert "not known of the last reading" in risk_text(ENGLISH, unread, NOW)
