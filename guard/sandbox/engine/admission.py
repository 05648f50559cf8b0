"""Whether the venue takes an order: filters, position side, reduce-only, leverage limit and margin."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import account_figures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orderbook import sweep
from guard.sandbox.engine.orders import OrderKind, OrderRequest, Reason, Rejection, TimeInForce
from guard.sandbox.engine.sides import Leg

_ZERO = Decimal(0)
MAX_OPEN_ORDERS = 200


def check_order(account: Account, market: Market, request: OrderRequest) -> None:
    """Raise a Rejection unless the venue would take `request` now.

    1. Mode and filters. 2. Identity. 3. Reduce-only. 4. Time in force. 5. Leverage limit and margin, when it opens.
    """
    instrument = market.instrument(request.symbol)
    check_leg(account, request.leg, reduce_only=request.reduce_only)
    check_qty(instrument, request.qty, market_order=request.kind is OrderKind.MARKET)
    _check_price(instrument, market.mark(request.symbol), request)
    if request.client_order_id and _is_open_client_id(account, request.client_order_id):
        raise Rejection(Reason.DUPLICATE_CLIENT_ID, request.client_order_id)
    if len(account.open_orders) >= MAX_OPEN_ORDERS:
        raise Rejection(Reason.TOO_MANY_ORDERS, str(MAX_OPEN_ORDERS))
    closable = closable_qty(account, request)
    if _is_closing(request):
        _check_reduces(request, closable)
    else:
        _check_notional(instrument, market.mark(request.symbol), request)
    _check_time_in_force(market, request)
    if not _is_closing(request):
        _check_room(account, market, instrument, request, closable)


def check_leg(account: Account, leg: Leg, *, reduce_only: bool | None) -> None:
    """The position side must match the position mode; hedge mode knows no reduce-only flag."""
    if account.hedge_mode == (leg is Leg.BOTH):
        raise Rejection(Reason.WRONG_LEG)
    if account.hedge_mode and reduce_only is not None:
        raise Rejection(Reason.REDUCE_ONLY_NOT_ALLOWED)


def check_qty(instrument: Instrument, qty: Decimal, *, market_order: bool) -> None:
    """The quantity must lie on the step and between the smallest and the largest."""
    if qty < instrument.step:
        raise Rejection(Reason.QTY_TOO_SMALL, str(instrument.step))
    if qty % instrument.step:
        raise Rejection(Reason.QTY_PRECISION)
    largest = instrument.max_market_qty if market_order else instrument.max_qty
    if qty > largest:
        raise Rejection(Reason.QTY_TOO_LARGE, str(largest))


def closable_qty(account: Account, request: OrderRequest) -> Decimal:
    """How much of the leg an order of this side could close, in the contract's units."""
    held = account.position(request.symbol, request.leg).qty
    return abs(held) if held * request.side.sign < 0 else _ZERO


def _is_closing(request: OrderRequest) -> bool:
    if request.leg is Leg.BOTH:
        return bool(request.reduce_only)
    return not request.leg.opened_by(request.side)


def _is_open_client_id(account: Account, client_order_id: str) -> bool:
    return account.client_ids.get(client_order_id) in account.open_orders


def _check_reduces(request: OrderRequest, closable: Decimal) -> None:
    if closable == 0:
        raise Rejection(Reason.REDUCE_ONLY_REJECTED)
    # A hedge leg is never closed beyond its size; a one-way reduce-only order is cut to it instead.
    if request.leg is not Leg.BOTH and request.qty > closable:
        raise Rejection(Reason.REDUCE_ONLY_REJECTED)


def _check_price(instrument: Instrument, mark: Decimal, request: OrderRequest) -> None:
    if request.kind is OrderKind.MARKET:
        return
    price = request.price
    if price is None or price <= 0:
        raise Rejection(Reason.PRICE_MISSING)
    if price % instrument.tick:
        raise Rejection(Reason.PRICE_PRECISION)
    highest, lowest = mark * (1 + instrument.price_band), mark * (1 - instrument.price_band)
    if price > highest and request.side.sign > 0:
        raise Rejection(Reason.PRICE_TOO_HIGH, str(highest.quantize(instrument.tick)))
    if price < lowest and request.side.sign < 0:
        raise Rejection(Reason.PRICE_TOO_LOW, str(lowest.quantize(instrument.tick)))


def _check_notional(instrument: Instrument, mark: Decimal, request: OrderRequest) -> None:
    if instrument.notional(request.qty, request.price or mark) < instrument.min_notional:
        raise Rejection(Reason.NOTIONAL_TOO_SMALL, str(instrument.min_notional))


def _check_time_in_force(market: Market, request: OrderRequest) -> None:
    levels = market.levels_for(request.symbol, request.side)
    reachable = sum((level.qty for level in sweep(levels, request.side, request.qty, request.price)), _ZERO)
    if request.kind is OrderKind.MARKET:
        if reachable == 0:
            raise Rejection(Reason.NO_DEPTH)
    elif request.time_in_force is TimeInForce.GTX and reachable:
        raise Rejection(Reason.POST_ONLY_WOULD_TAKE)
    elif request.time_in_force is TimeInForce.FOK and reachable < request.qty:
        raise Rejection(Reason.FOK_NOT_FILLABLE)


def _check_room(
    account: Account, market: Market, instrument: Instrument, request: OrderRequest, closable: Decimal
) -> None:
    """The part that opens must fit under the leverage's cap and be paid for by the available balance."""
    opening = max(_ZERO, request.qty - closable)
    if opening == 0:
        return
    figures = account_figures(account, market)
    settings = account.settings_of(request.symbol)
    mark = market.mark(request.symbol)
    price = request.price or _taker_price(market, instrument, request)

    held = abs(account.position(request.symbol, request.leg).qty) - closable
    orders = figures.order_notionals.get((request.symbol, request.leg))
    waiting = _ZERO if orders is None else (orders.bids if request.side.sign > 0 else orders.asks)
    if instrument.notional(held + opening, mark) + waiting > instrument.max_notional(settings.leverage):
        raise Rejection(Reason.POSITION_TOO_LARGE)

    at_price, at_mark = instrument.notional(opening, price), instrument.notional(opening, mark)
    open_loss = max(_ZERO, -instrument.pnl(opening * request.side.sign, price, mark))
    needed = max(at_price, at_mark) / settings.leverage + at_price * account.taker_rate + open_loss
    freed = instrument.notional(closable, mark) / settings.leverage if not settings.isolated else _ZERO
    if needed > market.rule.available(account, market, figures, instrument.margin_asset) + freed:
        raise Rejection(Reason.MARGIN_INSUFFICIENT)


def _taker_price(market: Market, instrument: Instrument, request: OrderRequest) -> Decimal:
    """The average price that a market order of this size would get."""
    fills = sweep(market.levels_for(request.symbol, request.side), request.side, request.qty, None)
    filled = sum((fill.qty for fill in fills), _ZERO)
    cost = sum((instrument.notional(fill.qty, fill.price) for fill in fills), _ZERO)
    return instrument.price_of(filled, cost)
