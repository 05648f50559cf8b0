"""Does our arithmetic agree with the venue's own figures? Pure.

The venue's figures are the conformance test of a margin rule, per account, for ever. On disagreement the worse of both
is what zones are set on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from guard.risk.assets import STABLE
from guard.risk.book import Book, VenueFigures
from guard.risk.report import AccountRisk, PoolRisk

STABLE_DUST: Final = 0.01
"""Differences up to this much of a dollar are no dispute."""
COIN_DUST: Final = 1e-6
"""Differences up to this much of a coin are no dispute."""


def conformity(
    risk: AccountRisk, book: Book, *, requirement_tolerance: float = 0.01, equity_tolerance: float = 0.002
) -> tuple[str, ...]:
    """Compare our figures with those that the venue reports.

    Compared are equity and the requirement (maintenance margin and closing fees) of each cross pool that the venue
    tells apart, and those of the account where it has one cross pool only. Isolated pools are not in these figures.

    Args:
        risk: our assessment.
        book: the book that it came from, with `venue_reported`.
        requirement_tolerance: allowed difference as a fraction of the venue's requirement.
        equity_tolerance: allowed difference as a fraction of the venue's equity.

    Returns:
        One line per disagreement with both figures and units; empty when in agreement, or the venue says nothing.
    """
    return tuple(
        line
        for pool, said in _pairs(risk, book)
        for line in (
            _differs("equity", pool.equity, said.equity, equity_tolerance, pool.currency),
            _differs(
                "requirement",
                pool.maintenance_margin + pool.closing_fees,
                said.maintenance_margin,
                requirement_tolerance,
                pool.currency,
            ),
            _ratio_differs(pool, said, requirement_tolerance + equity_tolerance),
        )
        if line
    )


def _pairs(risk: AccountRisk, book: Book) -> Iterable[tuple[PoolRisk, VenueFigures]]:
    """Each cross pool with what the venue says of it."""
    cross = [pool for pool in risk.pools if pool.margin_mode == "cross"]
    reported = book.venue_reported
    for pool in cross:
        if pool.currency in reported.pools:
            yield pool, reported.pools[pool.currency]
        elif len(cross) == 1:
            yield pool, reported


def _differs(name: str, ours: float, theirs: float | None, tolerance: float, currency: str) -> str:
    dust = STABLE_DUST if currency in STABLE else COIN_DUST
    if theirs is None or abs(ours - theirs) <= max(dust, tolerance * abs(theirs)):
        return ""
    return f"{name} is {ours:,.8g} {currency} by our rule, {theirs:,.8g} {currency} at the venue"


def _ratio_differs(pool: PoolRisk, said: VenueFigures, tolerance: float) -> str:
    """Ratios are compared only where the venue gives no figure that makes one."""
    if said.risk_ratio is None or said.equity is not None or said.maintenance_margin is not None:
        return ""
    ours = pool.risk_ratio
    if ours is not None and abs(ours - said.risk_ratio) <= max(1e-4, tolerance * abs(said.risk_ratio)):
        return ""
    text = "undefined (no equity)" if ours is None else f"{100 * ours:.2f} %"
    return f"risk_ratio of {pool.currency} is {text} by our rule, {100 * said.risk_ratio:.2f} % at the venue"


def worse_of(risk: AccountRisk, book: Book) -> AccountRisk:
    """Our assessment with each risk_ratio replaced by the venue's where that is worse: what zones are set on.

    Distance and margin_level stay ours. A venue that reports positions without equity makes the ratio None.
    """
    said = {id(pool): figures for pool, figures in _pairs(risk, book)}
    pools = tuple(
        replace(pool, risk_ratio=_worse(pool.risk_ratio, _venue_ratio(said[id(pool)]))) if id(pool) in said else pool
        for pool in risk.pools
    )
    account = book.venue_reported.risk_ratio
    ratios = [risk.risk_ratio, *(pool.risk_ratio for pool in pools), 0.0 if account is None else account]
    known = [ratio for ratio in ratios if ratio is not None]
    return replace(risk, pools=pools, risk_ratio=max(known) if len(known) == len(ratios) else None)


def _venue_ratio(said: VenueFigures) -> float | None:
    """The venue's ratio: as given, or made from its equity and requirement; 0 where it says nothing."""
    if said.risk_ratio is not None:
        return said.risk_ratio
    if said.equity is None or said.maintenance_margin is None or said.maintenance_margin <= 0.0:
        return 0.0
    return said.maintenance_margin / said.equity if said.equity > 0.0 else None


def _worse(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else max(ours, theirs)
