"""Figures and names in pictures: shares, amounts in few letters, names that fit. Pure; the same in every language.

What differs from language to language (the units of large amounts) is an argument; digits, points and commas look alike
in all of them, which a test holds.
"""

from __future__ import annotations

import math
import unicodedata

from guard.charts.picture import Amounts

_WIDE = frozenset("WF")


def share(fraction: float) -> str:
    """A fraction as percent in few letters: `41 %`, `7.7 %`, `0.5 %`."""
    value = fraction * 100
    return f"{value:,.0f} %" if abs(value) >= 10 or value == round(value) else f"{value:.1f} %"


def short_amount(value: float, amounts: Amounts, apart: float = math.inf) -> str:
    """An amount in few letters: `1.25 M`, `-830 k`, `83万`, `0.0421`; three significant digits below 1,000.

    Args:
        value: the amount.
        amounts: how it is told.
        apart: the difference to another amount that must be seen, where three digits may not show it.
    """
    if not math.isfinite(value):
        return amounts.unknown
    size = abs(value)
    per, unit = next(((scale.per, scale.unit) for scale in amounts.scales if size >= scale.least), (1.0, ""))
    decimals = max(_decimals(size / per), math.ceil(-math.log10(apart / per)) if 0 < apart < per else 0)
    text = f"{value / per:,.{decimals}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{unit}"


def label(text: str, columns_max: int = 24) -> str:
    """A foreign name fit for a picture: one line, clipped; `$` stays a sign and does not begin a formula."""
    line = " ".join(text.split())
    if columns(line) > columns_max:
        while columns(line) > columns_max - 1:
            line = line[:-1]
        line += "…"
    return line.replace("$", r"\$")


def columns(text: str, wide: float = 2.0) -> float:
    """How many letters' room a text needs; one of Japanese or Chinese needs that of `wide`."""
    return sum(wide if unicodedata.east_asian_width(letter) in _WIDE else 1.0 for letter in text)


def _decimals(size: float) -> int:
    """Decimals that leave three significant digits."""
    return max(0, 2 - math.floor(math.log10(size))) if size > 0 else 0
