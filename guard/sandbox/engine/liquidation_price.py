"""The mark at which a pool would die if only one symbol moved: the venue's displayed liquidation price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.margin import AccountFigures, LegFigures, Pool, cross_pools
from guard.sandbox.engine.market import Market

_ZERO = Decimal(0)
_FAR = Decimal(100)


def liquidation_price(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Decimal | None:
    """The nearest mark of the leg's symbol at which its pool's equity equals its maintenance margin.

    The brackets are looked up again at that mark; LONG and SHORT of a cross symbol share one price.

    Returns:
        Quote units, or None when no mark between 0 and a hundred times the highest bracket does it.
    """
    mine: Sequence[LegFigures]
    if leg.isolated:
        pool = Pool("", leg.isolated_margin, leg.maintenance, (leg,))
        mine = [leg]
    else:
        pools = cross_pools(account, market, figures)
        pool = next(candidate for candidate in pools if leg in candidate.legs)
        mine = [other for other in pool.legs if other.position.symbol == leg.position.symbol]
    asset = market.asset(market.instruments[leg.position.symbol].margin_asset)
    in_usd = account.multi_assets and not leg.isolated
    equity_rate = asset.bid_rate if in_usd else Decimal(1)
    maintenance_rate = asset.ask_rate if in_usd else Decimal(1)
    instrument = market.instruments[leg.position.symbol]

    def surplus(price: Decimal) -> Decimal:
        gain = sum((other.position.qty * (price - other.mark) for other in mine), _ZERO)
        need = sum((instrument.maintenance(abs(other.position.qty) * price) for other in mine), _ZERO)
        before = sum((other.maintenance for other in mine), _ZERO)
        return pool.equity + gain * equity_rate - pool.maintenance - (need - before) * maintenance_rate

    kinks = {
        bracket.floor / abs(other.position.qty) for other in mine for bracket in instrument.brackets if bracket.floor
    }
    return _nearest_root(surplus, leg.mark, sorted(kinks))


def _nearest_root(surplus: Callable[[Decimal], Decimal], mark: Decimal, kinks: Sequence[Decimal]) -> Decimal | None:
    """The root of a continuous piecewise linear function that is relatively nearest to `mark`."""
    far = max([mark, *kinks]) * _FAR
    below = [mark, *sorted((kink for kink in kinks if kink < mark), reverse=True), _ZERO]
    above = [mark, *(kink for kink in kinks if kink > mark), far]
    roots = [root for root in (_first_root(surplus, below), _first_root(surplus, above)) if root]
    return min(roots, key=lambda root: abs(root - mark), default=None)


def _first_root(surplus: Callable[[Decimal], Decimal], nodes: Sequence[Decimal]) -> Decimal | None:
    """The first sign change along `nodes`, by the straight line between its neighbours."""
    left, at_left = nodes[0], surplus(nodes[0])
    for right in nodes[1:]:
        at_right = surplus(right)
        if (at_left > 0) != (at_right > 0):
            return left + (right - left) * at_left / (at_left - at_right)
        left, at_left = right, at_right
    return None
