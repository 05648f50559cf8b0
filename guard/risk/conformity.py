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
RATIO_DUST: Final = 1e-4
"""Differences up to this much between two ratios are no dispute: venues round theirs to four places."""


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


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far our figures may be from the venue's: fractions of the venue's `requirement` and `equity`.

    `price_lag` is a fraction of the pool's gross notional, allowed for equity on top: the venue's totals and the marks
    come in different answers, and prices move between them. Near liquidation equity is a sliver of the notional: a move
    of 0.01 % is more than the whole tolerance of it then, just when an order may be needed.

    `ratio_lag` is the same for a ratio that the venue gives in place of a requirement, and wider: such ratios are
    computed now and then and belong to older prices than the marks beside them (at BingX, in a public sample of one
    position, 0.3 % older). The more levered a pool, the less its ratio can prove.
    """

    requirement: float = 0.01
    equity: float = 0.002
    price_lag: float = 0.0005
    ratio_lag: float = 0.005


DEFAULT_TOLERANCE: Final = Tolerance()


def compared(risk: AccountRisk, book: Book, tolerance: Tolerance = DEFAULT_TOLERANCE) -> tuple[Comparison, ...]:
    """Our figures beside those that the venue reports.

    Compared are equity and the requirement (maintenance margin and closing fees) of each cross pool that the venue
    tells apart, and those of the account where it has one cross pool only; a ratio only where the venue gives no
    requirement. Isolated pools are not in these figures.

    Args:
        risk: our assessment.
        book: the book that it came from, with `venue_reported`.
        tolerance: how far they may be apart.
    """
    return tuple(
        found
        for pool, said in _pairs(risk, book)
        for found in (
            _equity(pool, said, tolerance),
            _requirement(pool, said, tolerance),
            _ratio(pool, said, tolerance),
        )
        if found is not None
    )


def conformity(risk: AccountRisk, book: Book, tolerance: Tolerance = DEFAULT_TOLERANCE) -> tuple[str, ...]:
    """One line per disagreement of `compared`, with both figures and units; empty when in agreement."""
    return tuple(_line(each) for each in compared(risk, book, tolerance) if not each.agrees)


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


def _equity(pool: PoolRisk, said: VenueFigures, tolerance: Tolerance) -> Comparison | None:
    if said.equity is None:
        return None
    allowed = max(_dust(pool), tolerance.equity * abs(said.equity) + tolerance.price_lag * pool.gross_notional)
    agrees = abs(pool.equity - said.equity) <= allowed
    return Comparison(pool.currency, "equity", pool.equity, said.equity, agrees)


def _requirement(pool: PoolRisk, said: VenueFigures, tolerance: Tolerance) -> Comparison | None:
    theirs = said.maintenance_margin
    if theirs is None:
        return None
    ours = pool.maintenance_margin + pool.closing_fees
    agrees = abs(ours - theirs) <= max(_dust(pool), tolerance.requirement * abs(theirs))
    return Comparison(pool.currency, "requirement", ours, theirs, agrees)


def _dust(pool: PoolRisk) -> float:
    return STABLE_DUST if pool.currency in STABLE else COIN_DUST


def _ratio(pool: PoolRisk, said: VenueFigures, tolerance: Tolerance) -> Comparison | None:
    if said.risk_ratio is None or said.maintenance_margin is not None:
        return None
    ours, theirs = pool.risk_ratio, said.risk_ratio
    agrees = ours is not None and abs(ours - theirs) <= RATIO_DUST
    return Comparison(pool.currency, "risk_ratio", ours, theirs, agrees or _is_older(pool, theirs, tolerance))


def _is_older(pool: PoolRisk, ratio: float, tolerance: Tolerance) -> bool:
    """Whether prices of another moment explain the venue's ratio.

    They do if our requirement has it at an equity that is no farther from ours than prices may have moved.
    """
    if ratio <= 0.0:
        return False
    implied = (pool.maintenance_margin + pool.closing_fees) / ratio
    moved = tolerance.ratio_lag * pool.gross_notional
    allowed = tolerance.requirement * implied + tolerance.equity * abs(pool.equity) + moved
    return abs(implied - pool.equity) <= allowed


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
