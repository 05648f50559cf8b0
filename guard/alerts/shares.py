"""Figures that only rules ask for: what is free, held, paid for funding, and what a broken hedge does. Pure.

Shares are fractions; None: not known.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from guard.risk.assets import FIAT, STABLE, parts
from guard.risk.book import Book
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.scenarios import Kind, Scenario
from guard.risk.stress import risks_of


def available_share(risk: AccountRisk) -> float:
    """Free margin as a share of equity, of the pool where it is least; infinite without positions."""
    shares = [_available(pool) for pool in risk.pools if pool.positions and pool.symbol is None]
    return min(shares, default=math.inf)


def _available(pool: PoolRisk) -> float:
    return max(0.0, pool.available_margin / pool.equity) if pool.equity > 0 else 0.0


def position_share(risk: AccountRisk) -> float:
    """The largest leg as a share of all legs; 0 without any."""
    sizes = [_dollars(pool, leg, leg.notional) for pool in risk.pools for leg in pool.positions]
    whole = sum(sizes)
    return max(sizes) / whole if whole > 0 else 0.0


def funding_drain(risk: AccountRisk, rates: Mapping[str, float]) -> float | None:
    """What is paid for funding in a day as a share of equity, of the pool where it is most; 0 where it is received.

    Args:
        risk: the account.
        rates: funding that a long pays in a day as a fraction of notional, by symbol.

    Returns:
        None where the rate of a leg is not known.
    """
    drains = []
    for pool in risk.pools:
        if any(leg.symbol not in rates for leg in pool.positions):
            return None
        paid = sum(rates[leg.symbol] * abs(leg.notional) * (1 if leg.side == "long" else -1) for leg in pool.positions)
        if pool.positions:
            drains.append(math.inf if pool.equity <= 0 < paid else max(0.0, paid) / max(pool.equity, 1e-9))
    return max(drains, default=0.0)


def may_break(risk: AccountRisk, move: float) -> bool:
    """Whether moves of at most this size, each way as it hurts, might liquidate the account; False is certain.

    Much cheaper than to try: each pool loses at most the move on every leg and on its coins, and its requirement grows
    by at most what the notional grows by, since no margin rate is above 1.
    """
    size = move / (1.0 - move)  # of what a move down by `move` is a move up: inverse legs
    return any(
        pool.equity * (1.0 - size) - 2.0 * size * pool.gross_notional <= pool.maintenance_margin + pool.closing_fees
        for pool in risk.pools
        if pool.positions
    )


def breaks_with(book: Book, move: float) -> bool:
    """Whether the account is liquidated when all that it is long of falls by `move`, and all that it is short of rises.

    False for a book that is long only or short only: there is no hedge that could break.

    Raises:
        BookError: the book cannot be stressed.
    """
    net: defaultdict[str, float] = defaultdict(float)
    for leg in book.positions:
        size = leg.contracts * leg.contract_size
        net[parts(leg.symbol, leg.settle)[0]] += leg.sign * (size if leg.kind == "inverse" else size * leg.mark_price)
    shocks = {asset: -move if size > 0 else move for asset, size in net.items() if size and asset not in STABLE}
    if len(set(shocks.values())) < 2:
        return False
    scenario = Scenario("a hedge breaks", Kind.HEDGE_BREAK, shocks)
    return any(each.liquidated for each in risks_of(book, (scenario,)))


def _dollars(pool: PoolRisk, leg: PositionRisk, amount: float) -> float:
    """An amount of a pool's currency, as large as it matters beside others: coins at the leg's mark."""
    in_money = pool.currency in STABLE or pool.currency in FIAT
    return abs(amount) * (1.0 if in_money else leg.mark_price)
