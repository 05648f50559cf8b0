"""What a hedge may still open, and at which mark it is counted. Pure.

A hedge is capped by what it is against, in the newest book: on the same symbol both legs are compared in contracts, so
that they are never more than equal; a proxy is compared in quote currency at the present marks, weighed by the betas of
both coins (`guard.protect.proxies`), and every other hedge of the same leg counts. In one-way mode there is one leg for
a symbol: an order against it would make it smaller, so it is no hedge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.ports.records import HedgeRecord
from guard.ports.venue import Instrument
from guard.protect.legs import LegKey, legs_of
from guard.protect.plan_values import Step
from guard.protect.proxies import beta_between
from guard.protect.sizing import contract_notional, exact, round_down
from guard.risk.assets import STABLE, parts
from guard.risk.book import Book, Kind, MarginMode, Position, Side

OTHER_SIDE: dict[Side, Side] = {"long": "short", "short": "long"}


@dataclass(frozen=True, slots=True)
class Room:
    """How many contracts a hedge may still open; `why` says why none at all (empty: it is full, or there is room)."""

    contracts: Decimal
    why: str = ""


@dataclass(frozen=True, slots=True)
class Protected:
    """Which leg a hedge opens or grows, and which one it is against."""

    symbol: str
    leg: Side
    key: LegKey


def protected_by_step(step: Step) -> Protected:
    """What a hedging step says: it protects `BTC/USDT:USDT long`."""
    protects, _, side = step.protects.rpartition(" ")
    return Protected(step.symbol, step.leg, (protects, "long" if side == "long" else "short"))


def reference_leg(book: Book, symbol: str, leg: Side) -> Position | None:
    """The leg as it is held, or an empty one at the mark of the symbol's other leg; None: the symbol is not held."""
    held = [position for position in book.positions if position.symbol == symbol]
    for position in held:
        if position.side == leg:
            return position
    return replace(held[0], side=leg, contracts=0.0, isolated_margin=None) if held else None


def empty_leg(symbol: str, leg: Side, mark_price: float, instrument: Instrument, mode: MarginMode) -> Position:
    """A leg of a symbol that is not held, at a price from its order book."""
    settle = symbol.partition(":")[2].partition("-")[0]
    kind: Kind = "linear" if parts(symbol, settle)[1] == settle else "inverse"
    size = float(instrument.contract_size)
    return Position(symbol, leg, 0.0, size, kind, settle, mark_price, mark_price, 1.0, mode)


def hedge_room(
    book: Book,
    hedge: Protected,
    reference: Position,
    instrument: Instrument,
    recorded: Iterable[HedgeRecord],
    betas: Mapping[str, float] | None = None,
) -> Room:
    """What a hedge may open at most, down to the step.

    Args:
        book: the newest verified book.
        hedge: which leg is opened against which.
        reference: the leg that is opened, with the mark at which it is counted.
        instrument: its trading rules.
        recorded: hedges that are open, those of this execution included.
        betas: by coin; one that has none counts 1.
    """
    why = _no_hedge(book, hedge, reference)
    if why:
        return Room(Decimal(0), why)
    legs = legs_of(book)
    if hedge.symbol == hedge.key[0]:
        free = legs[hedge.key] - legs.get((hedge.symbol, hedge.leg), Decimal(0))
        unit = contract_notional(reference.kind, reference.contract_size, reference.mark_price)
        free -= exact(proxied(hedge.key, recorded, (*book.positions, reference), betas or {}) / unit)
        return Room(max(Decimal(0), round_down(free, instrument.step)))
    beta = beta_between(betas or {}, hedge.symbol, hedge.key[0])
    stands = proxied(hedge.key, recorded, (*book.positions, reference), betas or {})
    free_value = beta * (_exposure(book, hedge.key) - stands)
    unit = contract_notional(reference.kind, reference.contract_size, reference.mark_price)
    return Room(max(Decimal(0), round_down(exact(free_value / unit), instrument.step)))


def _no_hedge(book: Book, hedge: Protected, reference: Position) -> str:
    """Why nothing at all may be opened; empty = as much as there is room for."""
    legs, leg, (protected, side) = legs_of(book), hedge.leg, hedge.key
    other = OTHER_SIDE[leg]
    if reference.margin_mode == "isolated":
        # Set so at the venue since the plan was made: it would lose by itself, and save no other leg.
        return f"a {leg} leg on {hedge.symbol} would be in isolated margin"
    if book.position_mode == "one_way" and legs.get((hedge.symbol, other)):
        return f"in one-way mode a hedge on {hedge.symbol} would be a reduction of its {other} leg"
    if side == leg:
        return f"a {leg} leg on {hedge.symbol} is no hedge of the {leg} leg on {protected}"
    if not legs.get(hedge.key):
        return f"there is no {side} leg on {protected} that it could be against"
    if not _comparable(hedge.symbol, protected):
        return f"{hedge.symbol} and {protected} are not quoted in the same money"
    return ""


def _comparable(first: str, second: str) -> bool:
    quotes = {parts(symbol, "")[1] for symbol in (first, second)}
    return len(quotes) == 1 or quotes <= STABLE


def _exposure(book: Book, key: LegKey) -> float:
    """Quote value of a leg at its mark, less that of the other leg of its symbol."""
    legs = [position for position in book.positions if position.symbol == key[0]]
    return sum(value_of(position) * (1.0 if position.side == key[1] else -1.0) for position in legs)


def proxied(
    key: LegKey, recorded: Iterable[HedgeRecord], held: Iterable[Position], betas: Mapping[str, float]
) -> float:
    """Quote value of a leg that hedges on other symbols stand against, weighed by betas.

    Of a symbol that is not among `held` nothing stands.
    """
    marks = {position.symbol: position for position in held}
    found = 0.0
    for each in recorded:
        mark = marks.get(each.symbol)
        if mark is not None and (each.protects_symbol, each.protects_leg) == key and each.symbol != key[0]:
            value = float(each.contracts) * contract_notional(mark.kind, mark.contract_size, mark.mark_price)
            found += value / beta_between(betas, each.symbol, key[0])
    return found


def value_of(position: Position) -> float:
    """Quote value of a leg at its mark."""
    return position.contracts * contract_notional(position.kind, position.contract_size, position.mark_price)
