"""A broker's margin levels as zones: what `margin-level` accounts are judged by before anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from guard.risk.book import Book
from guard.risk.bookerror import BookError, keyed
from guard.risk.zones import ZoneBars, ZonePolicy

DEFAULT_LEVELS: Final = {"safe_level": 1.0, "warning_level": 0.5, "danger_level": 0.3, "stop_out_level": 0.2}
"""Margin levels of the document on IFC Markets, as fractions."""

_ACCOUNT: Final = "*"


def policy_for(book: Book, policy: ZonePolicy) -> ZonePolicy:
    """The zone policy of a book: under `margin-level` the broker's own levels stand in the margin_level bars.

    | margin level | zone |
    | --- | --- |
    | above `safe_level` (100 %) | safe |
    | at or below it | watch |
    | at or below `warning_level` (50 %) | warning |
    | at or below `danger_level` (30 %) | danger |
    | at or below `stop_out_level` (20 %) | liquidation: the broker reduces positions |

    There is no gap between the zones, and no other bar. Books of other models keep the policy as it is.

    Raises:
        BookError: levels that do not fall from `safe_level` to `stop_out_level`.

    Source: document on IFC Markets: safe from 100 %, warning zone 30 to 50 %, automatic reduction below 20 %.
    """
    if book.model != "margin-level":
        return policy
    given = book.parameters.get(_ACCOUNT, {})
    levels = [float(given.get(name, default)) for name, default in DEFAULT_LEVELS.items()]
    for name, level, above in zip(list(DEFAULT_LEVELS)[1:], levels[1:], levels, strict=False):
        if level > above:
            path = f"{keyed('parameters', _ACCOUNT)}.{name}"
            raise BookError(path, f"was {level:g}, must not be above {above:g}, the level before it")
    safe, warning, danger, stop_out = levels
    return replace(
        policy,
        watch=_with_level(policy.watch, safe),
        warning=_with_level(policy.warning, warning),
        danger=_with_level(policy.danger, danger),
        liquidation=_with_level(policy.liquidation, stop_out),
    )


def _with_level(bars: ZoneBars, level: float) -> ZoneBars:
    """The broker's level alone.

    risk_ratio says the same in other words, and bars of distance are made for coins: a currency account at 100x lives
    at distances that they would call danger every day.
    """
    return replace(bars, margin_level=level, risk_ratio=None, distance=None)
