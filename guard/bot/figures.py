"""Numbers, ages and times as a person on a phone reads them. Pure; every result carries its unit.

Amounts keep the digits that matter for their size. What is not a finite number is "unknown", never 0.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

UNKNOWN = "unknown"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def amount(value: float, unit: str) -> str:
    """An amount of money or contracts: `1,030,895.56 USDT`, `0.0421 BTC`; four significant digits below 1."""
    if not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= 100 or size == 0:
        text = f"{value:,.2f}"
    elif size >= 1:
        text = _at_least_two_decimals(f"{value:,.4f}")
    else:
        text = _at_least_two_decimals(f"{value:.{min(12, 3 - math.floor(math.log10(size)))}f}")
    return f"{text} {unit}".rstrip()


def contracts(value: float) -> str:
    """A size: `109.488 contracts`; no digit is dropped, none is made up."""
    if not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,.10f}".rstrip("0").rstrip(".")
    return f"{text} {'contract' if value == 1 else 'contracts'}"


def percent(fraction: float) -> str:
    """A fraction as percent: `7.69 %`, `41.5 %`, `244.9 %`; two decimals below 10 %."""
    value = fraction * 100
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.2f} %" if abs(value) < 10 else f"{value:,.1f} %"


def multiple(value: float) -> str:
    """A leverage: `8.17x`."""
    return f"{value:.2f}x" if math.isfinite(value) else UNKNOWN


def age(seconds: float) -> str:
    """How long ago: `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. A time in the future reads `0 s`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < 10 * _MINUTE:
        return _pair(whole, _MINUTE, "min", 1, "s")
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _pair(whole, _HOUR, "h", _MINUTE, "min")
    return _pair(whole, _DAY, "d", _HOUR, "h")


def clock_time(at: datetime) -> str:
    """A moment to the second with its zone: `21 Nov 12:00:05 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %H:%M:%S} UTC"


def _pair(seconds: int, large_s: int, large: str, small_s: int, small: str) -> str:
    rest = seconds % large_s // small_s
    return f"{seconds // large_s} {large}" + (f" {rest} {small}" if rest else "")


def _at_least_two_decimals(text: str) -> str:
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
