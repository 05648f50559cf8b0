"""Open orders as margin rules see them: which ones hold margin, and what they are worth. Decides no rate."""

from __future__ import annotations

from collections.abc import Mapping
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


def opening_orders(book: Book) -> list[tuple[str, Order]]:
    """Orders that may open a position, with their paths: not reduce-only, and not waiting for a trigger."""
    return [
        (f"orders[{index}]", order)
        for index, order in enumerate(book.orders)
        if not order.reduce_only and not order.conditional
    ]


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


def order_notional(order: Order, terms: SymbolTerms, where: str) -> float:
    """Value of what is left of an order, in its settlement asset; an order without a price counts at the mark.

    Raises:
        BookError: neither a price nor a mark is known.
    """
    price = terms.mark_price if order.price is None else order.price
    if price is None:
        path = f"{keyed('parameters', order.symbol)}.mark_price"
        raise BookError(path, f"is missing, must be a number > 0: {where} has no price")
    size = order.remaining * terms.contract_size
    return size / price if terms.inverse else size * price
