"""Open orders as margin rules see them: which ones hold margin, and what they are worth. Decides no rate of a venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guard.risk.book import Book, Order, Position
from guard.risk.bookerror import BookError, keyed


@dataclass(frozen=True, slots=True)
class SymbolTerms:
    """What an order needs to know of its symbol."""

    contract_size: float
    leverage: float
    mark_price: float | None
    settle: str
    inverse: bool

    def mark(self, symbol: str, why: str) -> float:
        """The mark price.

        Raises:
            BookError: it is not known; `why` says who needs it.
        """
        if self.mark_price is None:
            raise BookError(f"{keyed('parameters', symbol)}.mark_price", f"is missing, must be a number > 0: {why}")
        return self.mark_price


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that may open a position. `size` in base units (linear) or quote units (inverse).

    `value` at its price, in the settlement asset; an order without a price counts at the mark.
    """

    where: str
    order: Order
    terms: SymbolTerms
    size: float
    value: float

    @property
    def buy(self) -> bool:
        """Whether it buys."""
        return self.order.side == "buy"


def opening_orders(book: Book) -> list[OpenOrder]:
    """Orders that may open a cross position: not reduce-only, not isolated, and not waiting for a trigger.

    Raises:
        BookError: names the parameter that is missing of a symbol without a position.
    """
    if not book.orders:
        return []
    held = held_by_symbol(book.positions)
    return [
        _open_order(book, held, f"orders[{index}]", order)
        for index, order in enumerate(book.orders)
        if not order.reduce_only and not order.conditional and order.margin_mode == "cross"
    ]


def held_by_symbol(positions: Sequence[Position]) -> dict[str, Position]:
    """One leg of each symbol; of two legs that differ in leverage the one with less of it, which needs more margin."""
    return {
        position.symbol: position
        for position in sorted(positions, key=lambda position: position.leverage, reverse=True)
    }


def _open_order(book: Book, held: Mapping[str, Position], where: str, order: Order) -> OpenOrder:
    terms = symbol_terms(book, order.symbol, held, where)
    price = terms.mark(order.symbol, f"{where} has no price") if order.price is None else order.price
    size = order.remaining * terms.contract_size
    return OpenOrder(where, order, terms, size, size / price if terms.inverse else size * price)


def symbol_terms(book: Book, symbol: str, held: Mapping[str, Position], where: str) -> SymbolTerms:
    """Terms of a symbol: from a position in it, else from `parameters`.

    Raises:
        BookError: names the parameter that is missing.
    """
    if symbol in held:
        position = held[symbol]
        return SymbolTerms(
            position.contract_size, position.leverage, position.mark_price, position.settle, position.kind == "inverse"
        )
    given = book.parameters.get(symbol, {})
    for name in ("contract_size", "leverage"):
        if given.get(name) is None:
            path = f"{keyed('parameters', symbol)}.{name}"
            raise BookError(path, f"is missing, must be a number > 0: {where} is on a symbol without a position")
    settle = symbol.partition(":")[2].partition("-")[0]
    if not settle:
        raise BookError(f"{where}.symbol", f'was "{symbol}", must name its settlement asset, such as BTC/USDT:USDT')
    inverse = symbol.partition("/")[0] == settle
    return SymbolTerms(given["contract_size"], given["leverage"], given.get("mark_price"), settle, inverse)


def order_margins(book: Book) -> dict[str, float]:
    """Initial margin of opening orders, each by itself, by settlement asset: `value / leverage`."""
    margins: dict[str, float] = {}
    for each in opening_orders(book):
        margins[each.terms.settle] = margins.get(each.terms.settle, 0.0) + each.value / each.terms.leverage
    return margins


@dataclass(slots=True)
class SymbolSides:
    """Values of a symbol at hand and on order, in its settlement asset."""

    settle: str
    leverage: float
    long: float = 0.0
    short: float = 0.0
    buys: float = 0.0
    sells: float = 0.0

    def one_way(self) -> float:
        """Worst exposure after either side's orders are filled."""
        net = self.long - self.short
        return max(abs(net + self.buys), abs(net - self.sells))

    def larger_side(self) -> float:
        """The larger of both sides of a hedged symbol, after orders."""
        return max(self.long + self.buys, self.short + self.sells)


def symbol_sides(book: Book) -> dict[str, SymbolSides]:
    """Both sides of each symbol with cross positions or opening orders."""
    sides: dict[str, SymbolSides] = {}
    for position in book.positions:
        if position.margin_mode == "cross":
            side = sides.setdefault(position.symbol, SymbolSides(position.settle, position.leverage))
            side.leverage = min(side.leverage, position.leverage)
            size = position.contracts * position.contract_size
            value = size / position.mark_price if position.kind == "inverse" else size * position.mark_price
            if position.side == "long":
                side.long += value
            else:
                side.short += value
    for each in opening_orders(book):
        side = sides.setdefault(each.order.symbol, SymbolSides(each.terms.settle, each.terms.leverage))
        if each.buy:
            side.buys += each.value
        else:
            side.sells += each.value
    return sides


def margins_beyond_positions(book: Book) -> dict[str, float]:
    """What open orders and hedging change of initial margin, against the plain sum over legs, by settlement asset.

    One-way: the worst exposure after either side's orders. Hedge: the larger side after orders.
    """
    if not book.orders and book.position_mode == "one_way":
        return {}
    margins: dict[str, float] = {}
    for side in symbol_sides(book).values():
        counted = side.larger_side() if book.position_mode == "hedge" else side.one_way()
        margins[side.settle] = margins.get(side.settle, 0.0) + (counted - side.long - side.short) / side.leverage
    return margins
