"""The money behind the pools of a classic account: wallets, and the venue's own figures of each. Pure.

`accountEquity` counts everything in a margin coin, isolated legs with their margins included. The cross wallet is what
is left without them and without any unrealized PnL; the venue's requirement is its risk rate times the cross equity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from guard.risk.book import Tier, VenueFigures, VenueReported
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.parse import AccountRow, PositionRow

_TAKER = 0.0006
"""The fee that the venue counts into every requirement."""
_DRIFT = 0.05
"""How much a requirement may move with the marks between two requests."""
_DUST = 1e-3
"""Part of the equity up to which a difference is none."""


class Pool(NamedTuple):
    """A margin coin of a product with the legs that it carries."""

    row: AccountRow
    legs: tuple[PositionRow, ...]

    @property
    def cross(self) -> tuple[PositionRow, ...]:
        """The legs that share the wallet."""
        return tuple(leg for leg in self.legs if not leg.is_isolated)

    @property
    def isolated(self) -> tuple[PositionRow, ...]:
        """The legs with a margin of their own."""
        return tuple(leg for leg in self.legs if leg.is_isolated)


def pools_of(accounts: Iterable[AccountRow], positions: Iterable[PositionRow]) -> tuple[Pool, ...]:
    """The pools with anything in them, in the venue's order."""
    legs: dict[tuple[str, str], list[PositionRow]] = {}
    for leg in positions:
        legs.setdefault((leg.product, leg.coin), []).append(leg)
    found = (Pool(row, tuple(legs.get((row.product, row.coin), ()))) for row in accounts)
    return tuple(pool for pool in found if pool.legs or not pool.row.is_empty)


def orphans(accounts: Iterable[AccountRow], positions: Iterable[PositionRow]) -> tuple[str, ...]:
    """Margin coins of legs for which no account was told."""
    told = {(row.product, row.coin) for row in accounts}
    return tuple(sorted({leg.coin for leg in positions if (leg.product, leg.coin) not in told}))


def unrealized_of(pool: Pool) -> float | None:
    """Unrealized PnL inside the pool's equity; None when it is not known."""
    if pool.row.unrealized is not None:
        return pool.row.unrealized
    told = [leg.unrealized for leg in pool.legs]
    return None if None in told else sum(value for value in told if value is not None)


def cross_wallet(pool: Pool) -> float | None:
    """What carries the cross legs, before their PnL; None when a part of it is not known."""
    unrealized, margins = unrealized_of(pool), [leg.margin for leg in pool.isolated]
    if unrealized is None or None in margins:
        return None
    return pool.row.equity - unrealized - sum(margin for margin in margins if margin is not None)


def cross_equity(pool: Pool) -> float | None:
    """The venue's equity of the cross legs; None when a part of it is not known."""
    aside = [(leg.margin, leg.unrealized) for leg in pool.isolated]
    if any(margin is None or unrealized is None for margin, unrealized in aside):
        return None
    return pool.row.equity - sum((margin or 0.0) + (unrealized or 0.0) for margin, unrealized in aside)


def figures_of(pool: Pool) -> VenueFigures:
    """The venue's figures of the pool, closing fees counted into the requirement as the venue does."""
    row = pool.row
    if row.is_union:
        return VenueFigures(row.union_equity, row.union_maintenance, None, row.union_available, row.risk_rate)
    equity = cross_equity(pool)
    requirement = row.risk_rate * equity if row.risk_rate is not None and equity is not None and equity > 0 else None
    return VenueFigures(equity, requirement, row.cross_margin, row.cross_available, row.risk_rate)


def reported_of(figures: Mapping[str, VenueFigures], *, alone: bool) -> VenueReported:
    """The figures of all pools; those of the account too where it is one cross pool and nothing else."""
    if not alone or len(figures) != 1:
        return VenueReported(pools=figures)
    only = next(iter(figures.values()))
    return VenueReported(
        equity=only.equity,
        maintenance_margin=only.maintenance_margin,
        initial_margin=only.initial_margin,
        available_margin=only.available_margin,
        risk_ratio=only.risk_ratio,
        pools=figures,
    )


def torn_evidence(pools: Iterable[Pool], tiers: Mapping[str, tuple[Tier, ...]]) -> tuple[str, ...]:
    """Pools whose requirement with the balances cannot be that of the legs in the positions' answer.

    The venue tells no times of accounts, and ratios run with the price; a requirement hardly does. It lies between what
    the legs ask for by slices of their tiers and by whole tiers, whichever rule holds for each.
    """
    found = (_torn(pool, tiers) for pool in pools if not pool.row.is_union)
    return tuple(text for text in found if text)


def _torn(pool: Pool, tiers: Mapping[str, tuple[Tier, ...]]) -> str:
    said, bounds = figures_of(pool).maintenance_margin, _required(pool, tiers)
    if said is None or bounds is None:
        return ""
    (least, most), slack = bounds, _DUST * pool.row.equity
    if (1 - _DRIFT) * least - slack <= said <= (1 + _DRIFT) * most + slack:
        return ""
    return f"{pool.row.coin} asks for {said:.6g} with the balances and for up to {most:.6g} with the positions"


def _required(pool: Pool, tiers: Mapping[str, tuple[Tier, ...]]) -> tuple[float, float] | None:
    """What linear cross legs ask for, by slices and by whole tiers; the larger side of each symbol."""
    sides: dict[str, float] = {}
    for leg in pool.cross:
        if leg.product == at.COIN_MARGINED or leg.mark_price is None or not tiers.get(leg.market_id):
            return None
        sides[leg.market_id] = max(sides.get(leg.market_id, 0.0), leg.amount * leg.mark_price)
    asked = [_by_both_rules(value, tiers[market_id]) for market_id, value in sides.items()]
    return sum(sliced for sliced, _ in asked), sum(whole for _, whole in asked)


def _by_both_rules(value: float, rows: tuple[Tier, ...]) -> tuple[float, float]:
    """The requirement of a value, each slice at its own rate, and all of it at the last one's."""
    reached = [row for row in rows if row.floor < value] or list(rows[:1])
    slices = (row.mm_rate * ((value if row is reached[-1] else row.cap or value) - row.floor) for row in reached)
    fee = value * _TAKER
    return sum(slices) + fee, value * reached[-1].mm_rate + fee
