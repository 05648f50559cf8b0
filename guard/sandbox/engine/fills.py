"""What a fill does to an account: the leg, the realized PnL, the fee and the trade record."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind, Position, to_places
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Order, OrderStatus, Trade
from guard.sandbox.engine.state import AccountEvent, OrderEvent, VenueState

_ZERO = Decimal(0)


def apply_fill(
    state: VenueState, account: Account, order: Order, price: Decimal, qty: Decimal, *, maker: bool
) -> Trade:
    """Fill `qty` of `order` at `price` and tell everyone.

    1. Move the leg and its isolated margin. 2. Book realized PnL and the fee. 3. Record the trade.
    """
    instrument = state.market.instruments[order.symbol]
    asset = instrument.margin_asset
    trade_id = state.next_id()

    realized = move_leg(state, account, order, price, qty)
    rate = account.maker_rate if maker else account.taker_rate
    fee = to_places(instrument.notional(qty, price) * rate)
    state.book_money(account, LedgerKind.REALIZED_PNL, asset, realized, symbol=order.symbol, trade_id=trade_id)
    state.book_money(account, LedgerKind.COMMISSION, asset, -fee, symbol=order.symbol, trade_id=trade_id)

    order.filled += qty
    order.notional_filled += instrument.notional(qty, price)
    order.average_price = instrument.price_of(order.filled, order.notional_filled)
    order.updated_ms = state.now_ms
    order.status = OrderStatus.FILLED if order.remaining == 0 else OrderStatus.PARTIALLY_FILLED
    trade = Trade(
        id=trade_id,
        order_id=order.id,
        symbol=order.symbol,
        side=order.side,
        leg=order.leg,
        price=price,
        qty=qty,
        fee=fee,
        asset=asset,
        realized_pnl=realized,
        maker=maker,
        at_ms=state.now_ms,
        client_order_id=order.client_order_id,
    )
    account.trades.append(trade)
    if order.status is OrderStatus.FILLED:
        account.open_orders.pop(order.id, None)
    state.emit(OrderEvent(account.id, order, "TRADE", trade))
    state.emit(AccountEvent(account.id, "ORDER", (asset,), ((order.symbol, order.leg),)))
    return trade


def move_leg(state: VenueState, account: Account, order: Order, price: Decimal, qty: Decimal) -> Decimal:
    """Change the leg by a fill; returns the realized PnL in the margin asset, rounded to 8 places.

    The part that closes realizes against the entry price; the part beyond it opens at `price`.
    """
    instrument = state.market.instruments[order.symbol]
    position = account.positions.setdefault((order.symbol, order.leg), Position(order.symbol, order.leg))
    delta = qty * order.side.sign
    closing = min(qty, abs(position.qty)) if position.qty * delta < 0 else _ZERO
    realized = _ZERO
    if closing:
        closed = closing if position.qty > 0 else -closing
        realized = to_places(instrument.pnl(closed, position.entry_price, price))
        position.isolated_wallet -= to_places(position.isolated_wallet * closing / abs(position.qty))
        position.qty += closing * order.side.sign
    opening = qty - closing
    if opening:
        _open(account, instrument, position, opening * order.side.sign, price)
    if position.qty == 0:
        position.entry_price = _ZERO
        position.isolated_wallet = _ZERO
    position.updated_ms = state.now_ms
    return realized


def _open(account: Account, instrument: Instrument, position: Position, delta: Decimal, price: Decimal) -> None:
    added = instrument.notional(delta, price)
    cost = instrument.notional(position.qty, position.entry_price) + added
    position.qty += delta
    position.entry_price = instrument.price_of(position.qty, cost)
    settings = account.settings_of(position.symbol)
    if settings.isolated:
        position.isolated_wallet += to_places(abs(added) / settings.leverage)
