"""Sizes and prices that may leave for a venue: exact decimals on the venue's step, rounded in the safe direction. Pure.

A size is rounded up to the step (rather a little more safety than a target missed by a rounding) and never beyond the
leg; a limit price is rounded towards the mark (never outside the band).
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from guard.ports.venue import Instrument
from guard.risk.book import Kind, OrderSide, Position, Side


def exact(value: float) -> Decimal:
    """The decimal that a float was read from: `0.1` is 0.1, not 0.1000000000000000055."""
    return Decimal(repr(float(value)))


def closing_side(leg: Side) -> OrderSide:
    """The order side that makes a leg smaller."""
    return "sell" if leg == "long" else "buy"


def contract_notional(kind: Kind, contract_size: float, price: float) -> float:
    """Quote value of one contract: `contract_size * price` (linear), `contract_size` (inverse)."""
    return contract_size * price if kind == "linear" else contract_size


def leg_notional(leg: Position) -> float:
    """Quote value of a whole leg at its mark."""
    return leg.contracts * contract_notional(leg.kind, leg.contract_size, leg.mark_price)


def round_up(contracts: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is at least `contracts`."""
    return (contracts / step).to_integral_value(ROUND_CEILING) * step


def round_down(contracts: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is at most `contracts`."""
    return (contracts / step).to_integral_value(ROUND_FLOOR) * step


def limit_price(side: OrderSide, mark_price: float, max_slippage_bps: float, tick: Decimal) -> Decimal:
    """The worst price that an order accepts: the mark, less (sell) or more (buy) the band, on the tick inside the band.

    Where the band holds no tick the price comes out on the better side of the mark: the order may then expire, but it
    cannot fill outside the band.
    """
    mark = exact(mark_price)
    band = mark * exact(max_slippage_bps) / 10_000
    if side == "sell":
        return round_up(mark - band, tick)
    return round_down(mark + band, tick)


def smallest_order(instrument: Instrument, position: Position, price: Decimal) -> Decimal:
    """The smallest size that the venue takes at `price`: its minimum and its minimum notional, on the step."""
    smallest = max(instrument.minimum, instrument.step)
    unit = exact(contract_notional(position.kind, position.contract_size, float(price)))
    if unit > 0 and instrument.min_notional > 0:
        smallest = max(smallest, instrument.min_notional / unit)
    return round_up(smallest, instrument.step)


def largest_child(instrument: Instrument, position: Position, price: Decimal, max_child_notional: float) -> Decimal:
    """The largest single order: the cap on its notional and the venue's own maximum, on the step."""
    unit = exact(contract_notional(position.kind, position.contract_size, float(price)))
    largest = exact(max_child_notional) / unit
    if instrument.maximum is not None:
        largest = min(largest, instrument.maximum)
    return round_down(largest, instrument.step)


def tradable_leg(instrument: Instrument, position: Position) -> Decimal:
    """How much of a leg can be closed at all: its size, down to the step."""
    return round_down(exact(position.contracts), instrument.step)


def split(contracts: Decimal, largest: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    """Child sizes of at most `largest` that add up to `contracts`, as even as the step allows, larger ones first.

    Even children are at least half of `largest`: with `largest` at least twice the smallest order, none is too small.
    """
    if contracts <= largest:
        return (contracts,)
    count = int((contracts / largest).to_integral_value(ROUND_CEILING))
    units = int(contracts / step)
    each, rest = divmod(units, count)
    return tuple((each + (1 if child < rest else 0)) * step for child in range(count))
