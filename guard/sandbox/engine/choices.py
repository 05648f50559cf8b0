"""What a trader may change about an account: leverage, margin mode, position mode, asset mode, transfers."""

from __future__ import annotations

from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerKind, to_places
from guard.sandbox.engine.margin import AccountFigures, account_figures
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.engine.sides import Leg
from guard.sandbox.engine.state import AccountEvent, SettingsEvent, VenueState


def set_leverage(state: VenueState, account: Account, symbol: str, leverage: int) -> None:
    """Choose the leverage of a symbol; the position must fit under its cap and stay paid for."""
    instrument = state.market.instrument(symbol)
    if not 1 <= leverage <= instrument.max_leverage:
        raise Rejection(Reason.LEVERAGE_INVALID, str(leverage))
    settings = account.settings_of(symbol)
    old = settings.leverage
    before = account_figures(account, state.market)
    legs = [leg for leg in before.legs if leg.position.symbol == symbol]
    if any(leg.notional > instrument.max_notional(leverage) for leg in legs):
        raise Rejection(Reason.LEVERAGE_TOO_HIGH)
    free = state.market.rule.available(account, state.market, before, instrument.margin_asset)
    settings.leverage = leverage
    after = account_figures(account, state.market)
    more = _withheld(after, instrument.margin_asset) - _withheld(before, instrument.margin_asset)
    if leverage < old and legs and more > free:
        settings.leverage = old
        raise Rejection(Reason.MARGIN_INSUFFICIENT)
    state.emit(SettingsEvent(account.id, symbol))


def set_isolated(state: VenueState, account: Account, symbol: str, *, isolated: bool) -> None:
    """Choose isolated or cross margin for a symbol without position and orders."""
    state.market.instrument(symbol)
    settings = account.settings_of(symbol)
    if settings.isolated == isolated:
        raise Rejection(Reason.MODE_UNCHANGED)
    if isolated and account.multi_assets:
        raise Rejection(Reason.ISOLATED_IN_MULTI_ASSETS)
    if any(order.symbol == symbol for order in account.open_orders.values()):
        raise Rejection(Reason.HAS_ORDERS)
    if any(position.symbol == symbol for position in account.held()):
        raise Rejection(Reason.HAS_POSITIONS)
    settings.isolated = isolated


def set_hedge_mode(account: Account, *, hedge_mode: bool) -> None:
    """Choose one-way or hedge mode for the whole account, without positions and orders."""
    if account.hedge_mode == hedge_mode:
        raise Rejection(Reason.MODE_UNCHANGED)
    _refuse_when_busy(account)
    account.hedge_mode = hedge_mode


def set_multi_assets(state: VenueState, account: Account, *, multi_assets: bool) -> None:
    """Choose single-asset or multi-assets mode."""
    if account.multi_assets == multi_assets:
        raise Rejection(Reason.MODE_UNCHANGED)
    if account.open_orders:
        raise Rejection(Reason.HAS_ORDERS)
    if multi_assets and any(settings.isolated for settings in account.settings.values()):
        raise Rejection(Reason.ISOLATED_IN_MULTI_ASSETS)
    account.multi_assets = multi_assets
    state.emit(SettingsEvent(account.id, ""))


def transfer(state: VenueState, account: Account, asset: str, amount: Decimal) -> int:
    """Move money in (`amount` > 0) or out (< 0) of the futures wallet; returns the ledger entry's id.

    Raises:
        Rejection: more would leave than may.
    """
    if amount < 0:
        figures = account_figures(account, state.market)
        assets = figures.assets.get(asset)
        if assets is None or -amount > min(
            assets.withdrawable, state.market.rule.available(account, state.market, figures, asset)
        ):
            raise Rejection(Reason.BALANCE_INSUFFICIENT)
    state.book_money(account, LedgerKind.TRANSFER, asset, amount)
    state.emit(AccountEvent(account.id, "DEPOSIT" if amount > 0 else "WITHDRAW", (asset,), ()))
    return account.ledger[-1].id


def move_isolated_margin(state: VenueState, account: Account, symbol: str, leg: Leg, amount: Decimal) -> None:
    """Move cross money into an isolated leg's margin (`amount` > 0) or back (< 0)."""
    asset = state.market.instrument(symbol).margin_asset
    figures = account_figures(account, state.market)
    held = figures.leg(symbol, leg)
    if held is None or not held.isolated:
        raise Rejection(Reason.NOT_ISOLATED)
    removable = held.isolated_margin - held.initial
    if amount > state.market.rule.available(account, state.market, figures, asset) or -amount > removable:
        raise Rejection(Reason.BALANCE_INSUFFICIENT)
    held.position.isolated_wallet += to_places(amount)
    state.emit(AccountEvent(account.id, "MARGIN_TRANSFER", (asset,), ((symbol, leg),)))


def _withheld(figures: AccountFigures, asset: str) -> Decimal:
    """What legs and orders of `asset` withhold from new orders."""
    found = figures.assets.get(asset)
    return Decimal(0) if found is None else found.cross_position_initial + found.order_initial


def _refuse_when_busy(account: Account) -> None:
    if account.open_orders or account.open_algo_orders:
        raise Rejection(Reason.HAS_ORDERS)
    if account.held():
        raise Rejection(Reason.HAS_POSITIONS)
