"""How a figure is written for a phone: short, with its unit. Pure, English.

Fractions become percent here and nowhere before.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400


def percent(fraction: float) -> str:
    """A fraction as percent: `41.5 %`, `0.32 %`, `245 %`."""
    value = fraction * 100
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return f"{value:,.{digits}f} %"


def amount(value: float, digits: int = 5) -> str:
    """A price or size in at least `digits` significant digits, without an exponent: `57,200`, `0.0001234`."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def money(value: float, currency: str) -> str:
    """An amount of a currency: `9,141 USDT`, `0.8125 BTC`."""
    shown = f"{value:,.0f}" if abs(value) >= 1000 else amount(value)
    return f"{shown} {currency}"


def duration(seconds: float) -> str:
    """An age in its two largest units: `2 s`, `3 min`, `1 h 5 min`, `2 d 3 h`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    large, small = (_DAY_S, "d", _HOUR_S, "h"), (_HOUR_S, "h", _MINUTE_S, "min")
    unit_s, unit, part_s, part = large if whole >= _DAY_S else small
    rest = whole % unit_s // part_s
    return f"{whole // unit_s} {unit} {rest} {part}" if rest else f"{whole // unit_s} {unit}"


def utc_time(moment: datetime) -> str:
    """A moment with its zone: `2026-11-21 12:00:05 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def base_of(symbol: str) -> str:
    """What the price of a symbol is the price of: `BTC` of `BTC/USDT:USDT`, else the symbol itself."""
    return symbol.partition("/")[0]


def quote_of(symbol: str) -> str:
    """What a symbol is priced in: `USDT` of `BTC/USDT:USDT`; empty when the symbol does not say."""
    return symbol.partition("/")[2].partition(":")[0]


def price(value: float, symbol: str) -> str:
    """A price with its unit: `57,200 USDT`."""
    return f"{amount(value)} {quote_of(symbol)}".rstrip()
