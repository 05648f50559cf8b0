"""Conditional orders: waiting for a price, then becoming an order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.admission import check_leg, check_qty, closable_qty
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import (
    AlgoKind,
    AlgoOrder,
    AlgoRequest,
    AlgoStatus,
    OrderKind,
    OrderRequest,
    Reason,
    Rejection,
)
from guard.sandbox.engine.state import AlgoEvent, VenueState

_TAKE_PROFITS = {AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET}
_PERCENT = Decimal(100)


def place_algo(state: VenueState, account: Account, request: AlgoRequest) -> AlgoOrder:
    """Take a conditional order.

    Raises:
        Rejection: bad figures, or it would trigger at once; nothing changed.
    """
    instrument = state.market.instrument(request.symbol)
    check_leg(account, request.leg, reduce_only=request.reduce_only)
    if not request.close_position:
        if request.qty is None:
            raise Rejection(Reason.QTY_MISSING)
        check_qty(instrument, request.qty, market_order=request.kind.is_market)
    if not request.kind.is_market and request.price is None:
        raise Rejection(Reason.PRICE_MISSING)
    for price in (request.price, request.trigger_price, request.activate_price):
        if price is not None and price % instrument.tick:
            raise Rejection(Reason.PRICE_PRECISION)
    _check_trigger(request, state.market.mark(request.symbol))
    algo_id = state.next_id()
    algo = AlgoOrder(
        id=algo_id,
        client_algo_id=request.client_algo_id or f"sandbox-{algo_id}",
        request=request,
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
        extreme_price=state.market.mark(request.symbol) if request.activate_price is None else None,
    )
    account.algo_orders[algo.id] = algo
    account.open_algo_orders[algo.id] = algo
    state.emit(AlgoEvent(account.id, algo))
    return algo


def trigger_algos(state: VenueState, account: Account) -> None:
    """Turn every conditional order whose price was reached into an order, oldest first."""
    for algo in sorted(account.open_algo_orders.values(), key=lambda item: item.id):
        if algo.id in account.open_algo_orders and _is_reached(algo, state.market.mark(algo.request.symbol)):
            _trigger(state, account, algo)


def cancel_algo(state: VenueState, account: Account, algo_id: int) -> AlgoOrder:
    """Cancel a waiting conditional order.

    Raises:
        Rejection: it is not waiting.
    """
    algo = account.open_algo_orders.get(algo_id)
    if algo is None:
        raise Rejection(Reason.UNKNOWN_ORDER)
    _end(state, account, algo, AlgoStatus.CANCELED)
    return algo


def cancel_all_algos(state: VenueState, account: Account, symbol: str | None = None) -> list[AlgoOrder]:
    """Cancel every waiting conditional order, of one symbol or of all."""
    found = [algo for algo in account.open_algo_orders.values() if symbol in {None, algo.request.symbol}]
    for algo in found:
        _end(state, account, algo, AlgoStatus.CANCELED)
    return found


def find_algo(account: Account, algo_id: int | None, client_algo_id: str | None) -> AlgoOrder | None:
    """A conditional order by either id."""
    if algo_id is not None:
        return account.algo_orders.get(algo_id)
    matches = [algo for algo in account.algo_orders.values() if algo.client_algo_id == client_algo_id]
    return matches[-1] if matches else None


def _check_trigger(request: AlgoRequest, mark: Decimal) -> None:
    if request.kind is AlgoKind.TRAILING_STOP_MARKET:
        if request.callback_rate is None:
            raise Rejection(Reason.TRIGGER_MISSING)
        return
    if request.trigger_price is None or request.trigger_price <= 0:
        raise Rejection(Reason.TRIGGER_MISSING)
    if _passed(request, request.trigger_price, mark):
        raise Rejection(Reason.WOULD_TRIGGER)


def _passed(request: AlgoRequest, trigger: Decimal, mark: Decimal) -> bool:
    """A buy stop waits for a rise, a sell stop for a fall; take-profits the other way round."""
    rises = (request.side.sign > 0) != (request.kind in _TAKE_PROFITS)
    return mark >= trigger if rises else mark <= trigger


def _is_reached(algo: AlgoOrder, mark: Decimal) -> bool:
    request = algo.request
    if request.kind is not AlgoKind.TRAILING_STOP_MARKET:
        return request.trigger_price is not None and _passed(request, request.trigger_price, mark)
    sign = request.side.sign
    if algo.extreme_price is None:
        if request.activate_price is None or (mark - request.activate_price) * sign > 0:
            return False
        algo.extreme_price = mark
    best = min if sign > 0 else max
    algo.extreme_price = best(algo.extreme_price, mark)
    distance = algo.extreme_price * (request.callback_rate or Decimal(0)) / _PERCENT
    return (mark - algo.extreme_price) * sign >= distance > 0


def _trigger(state: VenueState, account: Account, algo: AlgoOrder) -> None:
    request = algo.request
    algo.triggered_ms = state.now_ms
    plain = OrderRequest(
        symbol=request.symbol,
        side=request.side,
        leg=request.leg,
        kind=OrderKind.MARKET if request.kind.is_market else OrderKind.LIMIT,
        qty=request.qty or Decimal(0),
        price=request.price,
        time_in_force=request.time_in_force,
        reduce_only=request.reduce_only,
        client_order_id=algo.client_algo_id,
    )
    if request.close_position:
        closable = closable_qty(account, plain)
        plain = replace(plain, qty=closable, reduce_only=None if account.hedge_mode else True)
    try:
        order = place_order(state, account, plain)
    except Rejection as error:
        algo.rejection = str(error)
        _end(state, account, algo, AlgoStatus.REJECTED)
        return
    order.algo_kind = request.kind.value
    order.trigger_price = request.trigger_price or Decimal(0)
    order.close_position = request.close_position
    algo.order_id = order.id
    _end(state, account, algo, AlgoStatus.FINISHED)


def _end(state: VenueState, account: Account, algo: AlgoOrder, status: AlgoStatus) -> None:
    account.open_algo_orders.pop(algo.id, None)
    algo.status = status
    algo.updated_ms = state.now_ms
    state.emit(AlgoEvent(account.id, algo))
