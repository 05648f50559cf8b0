"""The mark at which a pool would die if only one symbol moved: the venue's displayed liquidation price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures, LegFigures, figures_after
from guard.sandbox.engine.market import Market

_FAR = Decimal(100)
_NEAR_ZERO = Decimal("1e-9")
_EXACT = Decimal("1e-22")
_MAX_STEPS = 80


def liquidation_price(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Decimal | None:
    """The nearest mark of the leg's symbol at which its pool's equity equals its requirement.

    The venue's rule is asked again at each mark; LONG and SHORT of a cross symbol share one price.

    Returns:
        Quote units, or None when no mark between 0 and a hundred times the highest bracket does it.
    """
    symbol = leg.position.symbol
    instrument = market.instruments[symbol]

    def surplus(price: Decimal) -> Decimal:
        moved = market.supposing(symbol, price)
        then = figures_after(account, moved, figures, symbol)
        pools = market.rule.pools(account, moved, then)
        return next(pool.surplus for pool in pools if any(each.position is leg.position for each in pool.legs))

    sizes = {abs(other.position.qty) for other in figures.legs if other.position.symbol == symbol}
    floors = [bracket.floor for bracket in instrument.brackets if bracket.floor]
    kinks = {instrument.price_of(size, floor) for size in sizes for floor in floors}
    nodes = sorted({leg.mark, *kinks})
    below = [node for node in reversed(nodes) if node <= leg.mark]
    above = [node for node in nodes if node >= leg.mark]
    roots = [
        _first_root(surplus, instrument, [*below, nodes[0] * _NEAR_ZERO]),
        _first_root(surplus, instrument, [*above, nodes[-1] * _FAR]),
    ]
    return min((root for root in roots if root), key=lambda root: abs(root - leg.mark), default=None)


def _first_root(
    surplus: Callable[[Decimal], Decimal], instrument: Instrument, nodes: Sequence[Decimal]
) -> Decimal | None:
    """The first price along `nodes` at which the sign of `surplus` changes."""
    left, at_left = nodes[0], surplus(nodes[0])
    for right in nodes[1:]:
        at_right = surplus(right)
        if (at_left > 0) != (at_right > 0):
            return _root_between(surplus, instrument, (left, at_left), (right, at_right))
        left, at_left = right, at_right
    return None


def _root_between(
    surplus: Callable[[Decimal], Decimal],
    instrument: Instrument,
    left: tuple[Decimal, Decimal],
    right: tuple[Decimal, Decimal],
) -> Decimal:
    """The price between two of different sign, by false position over what one unit is worth.

    Between kinks a surplus is a straight line of that worth (the price, or its reciprocal), so that the first guess is
    exact; elsewhere an end that stays twice counts half (the Illinois form).
    """
    one = Decimal(1)
    near, at_near = instrument.notional(one, left[0]), left[1]
    end, at_end = instrument.notional(one, right[0]), right[1]
    close = (abs(at_near) + abs(at_end)) * _EXACT
    price = left[0]
    for _ in range(_MAX_STEPS):
        worth = near + (end - near) * at_near / (at_near - at_end)
        price = instrument.price_of(one, worth)
        value = surplus(price)
        if abs(value) <= close:
            break
        if (value > 0) != (at_end > 0):
            near, at_near = end, at_end
        else:
            at_near /= 2
        end, at_end = worth, value
    return price
