"""When an account dies, and what is left: the venue's own rule, in exact decimals."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind, Liquidation, to_places
from guard.sandbox.engine.conditional import cancel_all_algos
from guard.sandbox.engine.margin import LegFigures, Pool, account_figures
from guard.sandbox.engine.matching import cancel_all
from guard.sandbox.engine.orders import Order, OrderKind, OrderStatus, TimeInForce
from guard.sandbox.engine.sides import Side
from guard.sandbox.engine.state import AccountEvent, LiquidationEvent, MarginCallEvent, OrderEvent, VenueState

_ZERO = Decimal(0)
MARGIN_CALL_RATIO = Decimal("0.8")


def liquidate_if_dead(state: VenueState, account: Account) -> bool:
    """Liquidate every pool of `account` that is dead by the venue's rule.

    Isolated pools first, then the cross pools: 1. cancel all orders; 2. take every leg of the pool over at the mark,
    for the contract's liquidation fee; 3. the insurance fund pays what is missing, so that no wallet ends below zero.
    The whole pool goes at once; real venues go down in steps.

    Returns:
        Whether anything was liquidated.
    """
    if not account.positions:
        return False
    figures = account_figures(account, state.market)
    pools = state.market.rule.pools(account, state.market, figures)
    dead_alone = [pool for pool in pools if pool.isolated and pool.is_dead]
    for pool in dead_alone:
        for leg in pool.legs:
            _take_over(state, account, leg)
    if dead_alone:
        figures = account_figures(account, state.market)
        pools = state.market.rule.pools(account, state.market, figures)
    cross = [pool for pool in pools if not pool.isolated]
    dead = [pool for pool in cross if pool.is_dead]
    for pool in dead:
        _liquidate_pool(state, account, pool)
    _tell_margin_call(state, account, cross)
    return bool(dead_alone or dead)


def _liquidate_pool(state: VenueState, account: Account, pool: Pool) -> None:
    cancel_all(state, account)
    cancel_all_algos(state, account)
    for leg in pool.legs:
        _take_over(state, account, leg)
    assets = sorted({state.market.instruments[leg.position.symbol].margin_asset for leg in pool.legs})
    if assets == [pool.currency]:
        _cover(state, account, pool.currency)
    else:
        _cover_together(state, account, pool.currency, assets[0])


def _take_over(state: VenueState, account: Account, leg: LegFigures) -> None:
    """Close one leg at the mark; an isolated leg never costs more than its own margin."""
    position = leg.position
    instrument = state.market.instruments[position.symbol]
    asset = instrument.margin_asset
    order = _forced_order(state, account, leg)
    realized = to_places(leg.unrealized)
    fee = to_places(leg.notional * instrument.liquidation_fee)
    if leg.isolated:
        realized = max(realized, -position.isolated_wallet)
        fee = min(fee, max(_ZERO, position.isolated_wallet + realized))
    else:
        fee = min(fee, max(_ZERO, _cross_wallet(state, account, asset) + realized))
    state.book_money(account, LedgerKind.REALIZED_PNL, asset, realized, symbol=position.symbol, trade_id=order.id)
    state.book_money(account, LedgerKind.INSURANCE_CLEAR, asset, -fee, symbol=position.symbol, trade_id=order.id)
    liquidation = Liquidation(
        at_ms=state.now_ms,
        symbol=position.symbol,
        leg=position.leg,
        qty=position.qty,
        mark_price=leg.mark,
        fee=fee,
        isolated=leg.isolated,
        order_id=order.id,
    )
    account.liquidations.append(liquidation)
    position.qty = position.entry_price = position.isolated_wallet = _ZERO
    position.updated_ms = state.now_ms
    state.emit(OrderEvent(account.id, order, "CALCULATED"))
    state.emit(LiquidationEvent(account.id, liquidation))
    state.emit(AccountEvent(account.id, "ORDER", (asset,), ((position.symbol, position.leg),)))


def _cover(state: VenueState, account: Account, asset: str) -> None:
    """The insurance fund pays what the cross wallet is below zero."""
    missing = -_cross_wallet(state, account, asset)
    if missing > 0:
        state.book_money(account, LedgerKind.INSURANCE_CLEAR, asset, missing)
        state.emit(AccountEvent(account.id, "INSURANCE_CLEAR", (asset,), ()))


def _cover_together(state: VenueState, account: Account, currency: str, asset: str) -> None:
    """Where several assets back a pool, one wallet may be below zero: only the pool is filled up, in `asset`."""
    pools = state.market.rule.pools(account, state.market, account_figures(account, state.market))
    missing = -sum((pool.equity for pool in pools if pool.currency == currency and not pool.isolated), _ZERO)
    if missing > 0:
        amount = missing / state.market.asset(asset).ask_rate
        state.book_money(account, LedgerKind.INSURANCE_CLEAR, asset, amount)
        state.emit(AccountEvent(account.id, "INSURANCE_CLEAR", (asset,), ()))


def _cross_wallet(state: VenueState, account: Account, asset: str) -> Decimal:
    instruments = state.market.instruments
    aside = (leg.isolated_wallet for leg in account.positions.values() if instruments[leg.symbol].margin_asset == asset)
    return account.wallets.get(asset, _ZERO) - sum(aside, _ZERO)


def _forced_order(state: VenueState, account: Account, leg: LegFigures) -> Order:
    position = leg.position
    order_id = state.next_id()
    order = Order(
        id=order_id,
        client_order_id=f"autoclose-{state.now_ms}{order_id}",
        symbol=position.symbol,
        side=Side.SELL if position.qty > 0 else Side.BUY,
        leg=position.leg,
        kind=OrderKind.LIMIT,
        qty=abs(position.qty),
        price=leg.mark,
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
        status=OrderStatus.FILLED,
        filled=abs(position.qty),
        notional_filled=abs(state.market.instruments[position.symbol].notional(position.qty, leg.mark)),
        average_price=leg.mark,
    )
    account.orders[order.id] = order
    account.client_ids[order.client_order_id] = order.id
    return order


def _tell_margin_call(state: VenueState, account: Account, pools: list[Pool]) -> None:
    """Say once when the worst of the cross `pools` passes the margin-call ratio, and again after it recovered."""
    ratios = [pool.ratio for pool in pools if pool.legs and not pool.is_dead]
    worst = max((ratio for ratio in ratios if ratio is not None), default=_ZERO)
    if worst >= MARGIN_CALL_RATIO and not account.in_margin_call:
        state.emit(MarginCallEvent(account.id, worst))
    account.in_margin_call = worst >= MARGIN_CALL_RATIO
