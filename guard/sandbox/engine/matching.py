"""Placing, filling and cancelling orders against the synthetic book."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.admission import check_order
from guard.sandbox.engine.fills import apply_fill
from guard.sandbox.engine.orderbook import sweep
from guard.sandbox.engine.orders import Order, OrderKind, OrderRequest, OrderStatus, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg
from guard.sandbox.engine.state import OrderEvent, VenueState

_ZERO = Decimal(0)


def place_order(state: VenueState, account: Account, request: OrderRequest) -> Order:
    """Take an order, fill what crosses the book now, and let the rest wait or expire.

    Raises:
        Rejection: the venue would not take it; nothing changed.
    """
    check_order(account, state.market, request)
    order = _new_order(state, request)
    account.orders[order.id] = order
    account.open_orders[order.id] = order
    account.client_ids[order.client_order_id] = order.id
    state.emit(OrderEvent(account.id, order, "NEW"))
    _take(state, account, order, request.price)
    if order.id in account.open_orders and not _may_wait(order):
        _end(state, account, order, OrderStatus.EXPIRED)
    return order


def fill_resting(state: VenueState, account: Account) -> None:
    """Fill every waiting limit order that the market has reached, oldest first, at its own price."""
    for order in sorted(account.open_orders.values(), key=lambda item: item.id):
        if order.id not in account.open_orders:
            continue
        levels = state.market.levels_for(order.symbol, order.side)
        if not levels or (levels[0].price - order.price) * order.side.sign > 0:
            continue
        qty = _fillable(account, order)
        if qty:
            apply_fill(state, account, order, order.price, qty, maker=True)
        if order.id in account.open_orders and order.closes:
            _end(state, account, order, OrderStatus.EXPIRED)


def cancel_order(state: VenueState, account: Account, order_id: int) -> Order:
    """Cancel an open order.

    Raises:
        Rejection: it is not open.
    """
    order = account.open_orders.get(order_id)
    if order is None:
        raise Rejection(Reason.UNKNOWN_ORDER)
    _end(state, account, order, OrderStatus.CANCELED)
    return order


def modify_order(state: VenueState, account: Account, order: Order, qty: Decimal, price: Decimal) -> Order:
    """Change quantity and price of an open limit order in place; what crosses the book then fills.

    Raises:
        Rejection: nothing would change, less than is filled already, or a new order like that would be refused.
    """
    if (qty, price) == (order.qty, order.price):
        raise Rejection(Reason.NOTHING_TO_CHANGE)
    wanted = OrderRequest(
        symbol=order.symbol,
        side=order.side,
        leg=order.leg,
        kind=order.kind,
        qty=qty - order.filled,
        price=price,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only or None,
    )
    del account.open_orders[order.id]
    try:
        check_order(account, state.market, wanted)
    finally:
        account.open_orders[order.id] = order
    order.qty, order.price, order.updated_ms = qty, price, state.now_ms
    state.emit(OrderEvent(account.id, order, "AMENDMENT"))
    _take(state, account, order, price)
    return order


def cancel_all(state: VenueState, account: Account, symbol: str | None = None) -> list[Order]:
    """Cancel every open order, of one symbol or of all."""
    found = [order for order in account.open_orders.values() if symbol in {None, order.symbol}]
    for order in found:
        _end(state, account, order, OrderStatus.CANCELED)
    return found


def find_order(account: Account, symbol: str, order_id: int | None, client_order_id: str | None) -> Order | None:
    """An order by either id; a client order id means the latest order that used it."""
    key = order_id if order_id is not None else account.client_ids.get(client_order_id or "")
    order = account.orders.get(key) if key is not None else None
    return order if order is not None and order.symbol == symbol else None


def expire_orphans(state: VenueState, account: Account) -> None:
    """Expire waiting one-way reduce-only orders whose position is gone or has turned."""
    for order in list(account.open_orders.values()):
        if order.leg is Leg.BOTH and order.reduce_only and _fillable(account, order) == 0:
            _end(state, account, order, OrderStatus.EXPIRED)


def _new_order(state: VenueState, request: OrderRequest) -> Order:
    order_id = state.next_id()
    return Order(
        id=order_id,
        client_order_id=request.client_order_id or f"sandbox-{order_id}",
        symbol=request.symbol,
        side=request.side,
        leg=request.leg,
        kind=request.kind,
        qty=request.qty,
        price=request.price if request.kind is OrderKind.LIMIT and request.price is not None else _ZERO,
        time_in_force=request.time_in_force,
        reduce_only=bool(request.reduce_only),
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
    )


def _take(state: VenueState, account: Account, order: Order, limit: Decimal | None) -> None:
    levels = state.market.levels_for(order.symbol, order.side)
    for fill in sweep(levels, order.side, _fillable(account, order), limit):
        state.market.take(order.symbol, order.side, fill.qty)
        apply_fill(state, account, order, fill.price, fill.qty, maker=False)


def _fillable(account: Account, order: Order) -> Decimal:
    """What may fill: all that remains, or of a closing order no more than there is to close."""
    if not order.closes:
        return order.remaining
    held = account.position(order.symbol, order.leg).qty
    closable = abs(held) if held * order.side.sign < 0 else _ZERO
    return min(order.remaining, closable)


def _may_wait(order: Order) -> bool:
    return order.kind is OrderKind.LIMIT and order.time_in_force in {TimeInForce.GTC, TimeInForce.GTX}


def _end(state: VenueState, account: Account, order: Order, status: OrderStatus) -> None:
    account.open_orders.pop(order.id, None)
    order.status = status
    order.updated_ms = state.now_ms
    state.emit(OrderEvent(account.id, order, status.value))
