"""Figures for a phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from guard.alerts.figures import amount, base_of, duration, money, percent, price, quote_of, utc_time


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.414895, "41.5 %"),
        (2.449, "245 %"),
        (0.0032, "0.32 %"),
        (0.0, "0.00 %"),
        (-0.0769, "-7.7 %"),
        (12.5, "1,250 %"),
    ],
)
def test_percent(fraction: float, text: str) -> None:
    """Fewer digits the larger the figure."""
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (57_200.4, "57,200"),
        (1335.18, "1,335.2"),
        (26.5731, "26.573"),
        (1500.0, "1,500"),
        (0.0000123456, "0.000012346"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (60_000.0, "60,000"),
        (float("inf"), "inf"),
    ],
)
def test_amount(value: float, text: str) -> None:
    """Five significant digits, never an exponent, never a lost zero of a whole number."""
    assert amount(value) == text


def test_money_and_price_have_their_unit() -> None:
    """Every amount names what it is an amount of."""
    assert money(1_030_895.56, "USDT") == "1,030,896 USDT"
    assert money(9_141.31, "USDT") == "9,141 USDT"
    assert money(-812.345, "USDT") == "-812.35 USDT"
    assert money(0.8125, "BTC") == "0.8125 BTC"
    assert price(57_200.0, "BTC/USDT:USDT") == "57,200 USDT"
    assert price(57_200.0, "BTC/USD:BTC") == "57,200 USD"
    assert price(57_200.0, "XBTUSD") == "57,200"


def test_names_of_a_symbol() -> None:
    """Base and quote of ccxt's symbols; a symbol of another form stays whole."""
    assert (base_of("BTC/USDT:USDT"), quote_of("BTC/USDT:USDT")) == ("BTC", "USDT")
    assert (base_of("EURUSD"), quote_of("EURUSD")) == ("EURUSD", "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3.0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86_400, "1 d"),
        (97_200, "1 d 3 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """The two largest units; a clock that went back shows no negative age."""
    assert duration(seconds) == text


def test_utc_time_names_its_zone() -> None:
    """A moment of another zone is shown in UTC."""
    tokyo = timezone(timedelta(hours=9))
    assert utc_time(datetime(2026, 11, 21, 21, 0, 5, tzinfo=tokyo)) == "2026-11-21 12:00:05 UTC"
    assert utc_time(datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)) == "2026-11-21 12:00:05 UTC"
