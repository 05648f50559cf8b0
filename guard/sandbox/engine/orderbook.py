"""A synthetic order book around a mid price: spread, levels, and what a taker would pay. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.sides import Side

_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Level:
    """One price level: quote units and the contract's units."""

    price: Decimal
    qty: Decimal


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Both sides of the market, best level first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    def against(self, side: Side) -> tuple[Level, ...]:
        """The levels that an order of `side` trades with."""
        return self.asks if side is Side.BUY else self.bids


@dataclass(frozen=True, slots=True)
class Depth:
    """The shape of every synthetic book.

    `spread_bps` is best ask over best bid, `gap_bps` the distance between levels; the first level offers
    `first_notional` quote units and each further one `growth` times the one before.
    """

    spread_bps: Decimal = Decimal(2)
    gap_bps: Decimal = Decimal(1)
    first_notional: Decimal = Decimal(250_000)
    growth: Decimal = Decimal("1.15")
    levels: int = 25

    def around(self, mid: Decimal, instrument: Instrument) -> OrderBook:
        """The book at `mid` (quote units), on the instrument's tick and step; never crossed."""
        bids, asks = [], []
        value = self.first_notional
        for index in range(self.levels):
            offset = (self.spread_bps / 2 + self.gap_bps * index) / _BPS
            bid = _on_grid(mid * (1 - offset), instrument.tick, ROUND_FLOOR)
            ask = max(_on_grid(mid * (1 + offset), instrument.tick, ROUND_CEILING), bid + instrument.tick)
            qty = max(instrument.step, _on_grid(instrument.qty_of_value(value, mid), instrument.step, ROUND_FLOOR))
            if bid > 0:
                bids.append(Level(bid, qty))
            asks.append(Level(ask, qty))
            value *= self.growth
        return OrderBook(_merged(bids), _merged(asks))


def sweep(levels: tuple[Level, ...], side: Side, qty: Decimal, limit: Decimal | None) -> list[Level]:
    """What a taker of `qty` gets from `levels`, best first, no worse than `limit` (None = any price)."""
    fills: list[Level] = []
    left = qty
    for level in levels:
        if left <= 0 or (limit is not None and (level.price - limit) * side.sign > 0):
            break
        taken = min(left, level.qty)
        fills.append(Level(level.price, taken))
        left -= taken
    return fills


def without(levels: tuple[Level, ...], taken: Decimal) -> tuple[Level, ...]:
    """`levels` after the first `taken` units are gone."""
    rest: list[Level] = []
    for level in levels:
        gone = min(taken, level.qty)
        taken -= gone
        if gone < level.qty:
            rest.append(Level(level.price, level.qty - gone))
    return tuple(rest)


def _on_grid(value: Decimal, unit: Decimal, rounding: str) -> Decimal:
    return (value / unit).to_integral_value(rounding=rounding) * unit


def _merged(levels: list[Level]) -> tuple[Level, ...]:
    merged: dict[Decimal, Decimal] = {}
    for level in levels:
        merged[level.price] = merged.get(level.price, Decimal(0)) + level.qty
    return tuple(Level(price, qty) for price, qty in merged.items())
