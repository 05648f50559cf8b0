"""Books that differ from a given one: an order filled, a leg closed. Pure; for stress and contribution.

Closing at the mark moves unrealized PnL into the wallet: equity stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from guard.risk.book import Book, Collateral, Order, OrderSide, Position, Side
from guard.risk.rules import rule_of
from guard.risk.rules.orders import symbol_terms


def without_leg(book: Book, index: int) -> Book:
    """The book with one leg closed at its mark, at no cost; orders on a symbol that is then empty go with it."""
    leg = book.positions[index]
    gained = pnl_at(leg, leg.contracts, leg.mark_price)
    if not rule_of(book.model).wallet_holds_isolated:
        gained += leg.isolated_margin or 0.0
    positions = (*book.positions[:index], *book.positions[index + 1 :])
    symbols = {each.symbol for each in positions}
    orders = tuple(each for each in book.orders if each.symbol != leg.symbol or each.symbol in symbols)
    cash = credited(book.collateral, leg.settle, gained)
    return replace(book, positions=positions, orders=orders, collateral=cash)


def with_fills(book: Book, side: OrderSide) -> tuple[Book, tuple[str, ...]]:
    """The book after every open order of one side filled at its price (at the mark where it has none).

    Returns:
        The book, and the orders left out (they stay open) because the rule has tables and none for their symbol.

    Raises:
        BookError: the contract of an order is not known.
    """
    left_out: list[Order] = []
    waiting = [
        order
        for order in book.orders
        if order.side == side and not order.reduce_only and not order.conditional and order.margin_mode == "cross"
    ]
    for order in waiting:
        known = next((leg for leg in book.positions if leg.symbol == order.symbol), None)
        if known is None and book.tiers and order.symbol not in book.tiers:
            left_out.append(order)
            continue
        book = _filled(book, order, known or _new_leg(book, order))
    rest = tuple(order for order in book.orders if order not in waiting or order in left_out)
    named = tuple(f"{order.side} {order.remaining:g} contracts {order.symbol}" for order in left_out)
    return replace(book, orders=rest), named


def _new_leg(book: Book, order: Order) -> Position:
    """A leg in a symbol that has none yet, by the symbol's parameters."""
    terms = symbol_terms(book, order.symbol, {}, "orders")
    mark = terms.mark_price or order.price or terms.mark(order.symbol, "an order")
    return Position(
        symbol=order.symbol,
        side="long" if order.side == "buy" else "short",
        contracts=order.remaining,
        contract_size=terms.contract_size,
        kind="inverse" if terms.inverse else "linear",
        settle=terms.settle,
        entry_price=mark,
        mark_price=mark,
        leverage=terms.leverage,
    )


def _filled(book: Book, order: Order, known: Position) -> Book:
    price = order.price or known.mark_price
    bought: Side = "long" if order.side == "buy" else "short"
    leg_side: Side = order.position_side or bought
    if book.position_mode == "one_way":
        leg_side = next((leg.side for leg in book.positions if leg.symbol == order.symbol), bought)
    held = next((leg for leg in book.positions if (leg.symbol, leg.side) == (order.symbol, leg_side)), None)
    if held is None:
        opened = replace(known, side=leg_side, contracts=order.remaining, entry_price=price, margin_mode="cross")
        return replace(book, positions=(*book.positions, replace(opened, isolated_margin=None)))
    others = tuple(leg for leg in book.positions if leg is not held)
    if held.side == bought:
        return replace(book, positions=(*others, grown(held, order.remaining, price)))
    closed = min(order.remaining, held.contracts)
    cash = credited(book.collateral, held.settle, pnl_at(held, closed, price))
    kept: Iterable[Position] = ()
    if held.contracts > closed:
        kept = (replace(held, contracts=held.contracts - closed),)
    elif order.remaining > closed and book.position_mode == "one_way":
        kept = (replace(held, side=bought, contracts=order.remaining - closed, entry_price=price),)
    return replace(book, positions=(*others, *kept), collateral=cash)


def grown(leg: Position, contracts: float, price: float) -> Position:
    """The leg with more contracts; the entry price keeps the PnL of both parts."""
    total = leg.contracts + contracts
    if leg.kind == "inverse":
        entry = total / (leg.contracts / leg.entry_price + contracts / price)
    else:
        entry = (leg.contracts * leg.entry_price + contracts * price) / total
    return replace(leg, contracts=total, entry_price=entry)


def pnl_at(leg: Position, contracts: float, price: float) -> float:
    """PnL of closing `contracts` at `price`, in the settlement asset."""
    size = leg.sign * contracts * leg.contract_size
    if leg.kind == "inverse":
        return size * (1.0 / leg.entry_price - 1.0 / price)
    return size * (price - leg.entry_price)


def credited(collateral: tuple[Collateral, ...], asset: str, amount: float) -> tuple[Collateral, ...]:
    """The wallet with `amount` more of an asset."""
    if any(item.asset == asset for item in collateral):
        return tuple(
            replace(item, balance=item.balance + amount) if item.asset == asset else item for item in collateral
        )
    return (*collateral, Collateral(asset, amount))
