"""Does our arithmetic agree with the venue's own figures? Pure.

The venue's figures are the conformance test of a margin rule, per account, for ever. On disagreement the worse of both
is what zones are set on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from guard.risk.assets import STABLE
from guard.risk.book import Book, VenueFigures
from guard.risk.report import AccountRisk, PoolRisk

STABLE_DUST: Final = 0.01
"""Differences up to this much of a dollar are no dispute."""
COIN_DUST: Final = 1e-6
"""Differences up to this much of a coin are no dispute."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure of a cross pool, ours and the venue's: `equity` or `requirement` in `currency`, or `risk_ratio`.

    `ours` is None for a ratio without equity.
    """

    currency: str
    figure: Literal["equity", "requirement", "risk_ratio"]
    ours: float | None
    theirs: float
    agrees: bool


def compared(
    risk: AccountRisk, book: Book, *, requirement_tolerance: float = 0.01, equity_tolerance: float = 0.002
) -> tuple[Comparison, ...]:
    """Our figures beside those that the venue reports.

    Compared are equity and the requirement (maintenance margin and closing fees) of each cross pool that the venue
    tells apart, and those of the account where it has one cross pool only; a ratio only where the venue gives no figure
    that makes one. Isolated pools are not in these figures.

    Args:
        risk: our assessment.
        book: the book that it came from, with `venue_reported`.
        requirement_tolerance: allowed difference as a fraction of the venue's requirement.
        equity_tolerance: allowed difference as a fraction of the venue's equity.
    """
    return tuple(
        found
        for pool, said in _pairs(risk, book)
        for found in (
            _money("equity", pool, pool.equity, said.equity, equity_tolerance),
            _money(
                "requirement",
                pool,
                pool.maintenance_margin + pool.closing_fees,
                said.maintenance_margin,
                requirement_tolerance,
            ),
            _ratio(pool, said, requirement_tolerance + equity_tolerance),
        )
        if found is not None
    )


def conformity(
    risk: AccountRisk, book: Book, *, requirement_tolerance: float = 0.01, equity_tolerance: float = 0.002
) -> tuple[str, ...]:
    """One line per disagreement of `compared`, with both figures and units; empty when in agreement."""
    found = compared(risk, book, requirement_tolerance=requirement_tolerance, equity_tolerance=equity_tolerance)
    return tuple(_line(each) for each in found if not each.agrees)


def _line(each: Comparison) -> str:
    if each.figure == "risk_ratio":
        text = "undefined (no equity)" if each.ours is None else f"{100 * each.ours:.2f} %"
        return f"risk_ratio of {each.currency} is {text} by our rule, {100 * each.theirs:.2f} % at the venue"
    ours = f"{each.ours:,.8g} {each.currency}"
    return f"{each.figure} is {ours} by our rule, {each.theirs:,.8g} {each.currency} at the venue"


def _pairs(risk: AccountRisk, book: Book) -> Iterable[tuple[PoolRisk, VenueFigures]]:
    """Each cross pool with what the venue says of it."""
    cross = [pool for pool in risk.pools if pool.margin_mode == "cross"]
    reported = book.venue_reported
    for pool in cross:
        if pool.currency in reported.pools:
            yield pool, reported.pools[pool.currency]
        elif len(cross) == 1:
            yield pool, reported


def _money(
    figure: Literal["equity", "requirement"], pool: PoolRisk, ours: float, theirs: float | None, tolerance: float
) -> Comparison | None:
    if theirs is None:
        return None
    dust = STABLE_DUST if pool.currency in STABLE else COIN_DUST
    return Comparison(
        pool.currency, figure, ours, theirs, agrees=abs(ours - theirs) <= max(dust, tolerance * abs(theirs))
    )


def _ratio(pool: PoolRisk, said: VenueFigures, tolerance: float) -> Comparison | None:
    if said.risk_ratio is None or said.equity is not None or said.maintenance_margin is not None:
        return None
    ours, theirs = pool.risk_ratio, said.risk_ratio
    agrees = ours is not None and abs(ours - theirs) <= max(1e-4, tolerance * abs(theirs))
    return Comparison(pool.currency, "risk_ratio", ours, theirs, agrees)


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
