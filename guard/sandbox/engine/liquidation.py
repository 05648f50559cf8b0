"""When an account dies, and what is left: the venue's own rule, in exact decimals."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind, Liquidation, Position, to_places
from guard.sandbox.engine.conditional import cancel_all_algos
from guard.sandbox.engine.margin import AccountFigures, LegFigures, Pool, account_figures, cross_pools, usd_equity
from guard.sandbox.engine.matching import cancel_all
from guard.sandbox.engine.orders import Order, OrderKind, OrderStatus, TimeInForce
from guard.sandbox.engine.sides import Side
from guard.sandbox.engine.state import AccountEvent, LiquidationEvent, MarginCallEvent, OrderEvent, VenueState

_ZERO = Decimal(0)
MARGIN_CALL_RATIO = Decimal("0.8")


def liquidate_if_dead(state: VenueState, account: Account) -> bool:
    """Liquidate every pool of `account` whose margin balance does not exceed its maintenance margin.

    Isolated legs first (each is a pool of its own), then the cross pools: 1. cancel all orders; 2. take every
    leg of the pool over at the mark, for the contract's liquidation fee; 3. the insurance fund pays what is
    missing, so that no wallet ends below zero. The whole pool goes at once; real venues go down in steps.

    Returns:
        Whether anything was liquidated.
    """
    if not account.positions:
        return False
    figures = account_figures(account, state.market)
    dead_legs = [leg for leg in figures.legs if leg.isolated and leg.isolated_margin <= leg.maintenance]
    for leg in dead_legs:
        _take_over(state, account, leg)
    if dead_legs:
        figures = account_figures(account, state.market)
    dead_pools = [pool for pool in cross_pools(account, state.market, figures) if pool.is_dead]
    for pool in dead_pools:
        _liquidate_pool(state, account, pool)
    _tell_margin_call(state, account, figures)
    return bool(dead_legs or dead_pools)


def _liquidate_pool(state: VenueState, account: Account, pool: Pool) -> None:
    cancel_all(state, account)
    cancel_all_algos(state, account)
    for leg in pool.legs:
        _take_over(state, account, leg)
    assets = sorted({state.market.instruments[leg.position.symbol].margin_asset for leg in pool.legs})
    if account.multi_assets:
        _cover_in_usd(state, account, assets[0])
        return
    for asset in assets:
        _cover(state, account, asset)


def _take_over(state: VenueState, account: Account, leg: LegFigures) -> None:
    """Close one leg at the mark; an isolated leg never costs more than its own margin."""
    position = leg.position
    instrument = state.market.instruments[position.symbol]
    asset = instrument.margin_asset
    order = _forced_order(state, account, position, leg.mark)
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


def _cover_in_usd(state: VenueState, account: Account, asset: str) -> None:
    """In multi-assets mode a wallet may be below zero while others back it: only the total is filled up."""
    missing_usd = -usd_equity(state.market, account_figures(account, state.market))
    if missing_usd > 0:
        amount = missing_usd / state.market.asset(asset).ask_rate
        state.book_money(account, LedgerKind.INSURANCE_CLEAR, asset, amount)
        state.emit(AccountEvent(account.id, "INSURANCE_CLEAR", (asset,), ()))


def _cross_wallet(state: VenueState, account: Account, asset: str) -> Decimal:
    instruments = state.market.instruments
    aside = (leg.isolated_wallet for leg in account.positions.values() if instruments[leg.symbol].margin_asset == asset)
    return account.wallets.get(asset, _ZERO) - sum(aside, _ZERO)


def _forced_order(state: VenueState, account: Account, position: Position, mark: Decimal) -> Order:
    order_id = state.next_id()
    order = Order(
        id=order_id,
        client_order_id=f"autoclose-{state.now_ms}{order_id}",
        symbol=position.symbol,
        side=Side.SELL if position.qty > 0 else Side.BUY,
        leg=position.leg,
        kind=OrderKind.LIMIT,
        qty=abs(position.qty),
        price=mark,
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        created_ms=state.now_ms,
        updated_ms=state.now_ms,
        status=OrderStatus.FILLED,
        filled=abs(position.qty),
        quote_filled=abs(position.qty) * mark,
    )
    account.orders[order.id] = order
    account.client_ids[order.client_order_id] = order.id
    return order


def _tell_margin_call(state: VenueState, account: Account, figures: AccountFigures) -> None:
    """Say once when the worst cross pool passes the margin-call ratio, and again after it recovered."""
    ratios = [pool.ratio for pool in cross_pools(account, state.market, figures) if pool.legs and not pool.is_dead]
    worst = max((ratio for ratio in ratios if ratio is not None), default=_ZERO)
    if worst >= MARGIN_CALL_RATIO and not account.in_margin_call:
        state.emit(MarginCallEvent(account.id, worst))
    account.in_margin_call = worst >= MARGIN_CALL_RATIO
