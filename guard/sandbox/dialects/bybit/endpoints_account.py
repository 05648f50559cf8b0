"""Endpoints that read an account or change its settings."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.bybit import shapes_account as shapes
from guard.sandbox.dialects.bybit.call import Call, Endpoint, Table
from guard.sandbox.dialects.bybit.naming import category_of, of_category, wire_id
from guard.sandbox.dialects.bybit.refusals import WireError, parameter_error
from guard.sandbox.dialects.bybit.signing import Security
from guard.sandbox.dialects.numbers import plain
from guard.sandbox.engine import choices
from guard.sandbox.engine.accounts import Position
from guard.sandbox.engine.rules.bybit import CROSS, ISOLATED, PORTFOLIO
from guard.sandbox.engine.sides import Leg

_POSITIONS, _POSITIONS_MAX = 20, 200
_HEDGE, _ONE_WAY = 3, 0


def _wallet(call: Call) -> Any:
    if call.text("accountType") != "UNIFIED":
        raise parameter_error("accountType only support UNIFIED.")
    return {"list": [shapes.wallet_json(call.account, call.market, call.figures())]}


def _info(call: Call) -> Any:
    return shapes.account_info_json(call.account, call.now_ms)


def _fees(call: Call) -> Any:
    rates = {"takerFeeRate": plain(call.account.taker_rate), "makerFeeRate": plain(call.account.maker_rate)}
    wanted = call.maybe("symbol")
    names = [wire_id(each) for each in of_category(call.market, call.category())]
    return {"list": [{"symbol": name, **rates} for name in names if wanted in {None, name}]}


def _loans(call: Call) -> Any:
    wanted = call.maybe("currency")
    return {"list": [shapes.loan_tiers_json(coin) for coin in sorted(call.market.assets) if wanted in {None, coin}]}


def _positions(call: Call) -> Any:
    """With a symbol every leg of it, held or not; else what is held in a settlement coin or category."""
    category, settle = call.category(), call.maybe("settleCoin")
    if category == "option":
        return {"category": category, "list": [], "nextPageCursor": ""}
    found: list[Position]
    if call.maybe("symbol"):
        symbol = call.instrument().symbol
        legs = (Leg.LONG, Leg.SHORT) if call.account.hedge_mode else (Leg.BOTH,)
        found = [call.account.position(symbol, leg) for leg in legs]
    elif category == "linear" and settle is None:
        raise parameter_error("Missing some parameters that must be filled in, symbol or settleCoin")
    else:
        found = [held for held in call.account.held() if _belongs(call, held.symbol, category, settle)]
    figures = call.figures()
    rows = [shapes.position_json(call.account, call.market, figures, each) for each in found]
    return {"category": category, **call.page(rows, _POSITIONS, _POSITIONS_MAX, points_on=True)}


def _belongs(call: Call, symbol: str, category: str, settle: str | None) -> bool:
    instrument = call.market.instruments[symbol]
    return category_of(instrument) == category and settle in {None, instrument.margin_asset}


def _rights(call: Call) -> Any:
    if call.key is None:
        raise WireError(10003, "API key is invalid.")
    return shapes.key_json(call.key)


def _set_leverage(call: Call) -> Any:
    symbol, leverage = call.instrument().symbol, call.decimal("buyLeverage")
    if leverage is None or leverage != call.decimal("sellLeverage") or leverage % 1:
        raise parameter_error("leverage invalid")
    if call.account.settings_of(symbol).leverage == leverage:
        raise WireError(110043, "leverage not modified")
    choices.set_leverage(call.engine.state, call.account, symbol, int(leverage))
    return {}


def _switch_mode(call: Call) -> Any:
    """The venue keeps the mode for each symbol; here it is one for the account."""
    mode = call.decimal("mode")
    if mode not in {_ONE_WAY, _HEDGE}:
        raise parameter_error("params error: mode invalid")
    choices.set_hedge_mode(call.account, hedge_mode=mode == _HEDGE)
    return {}


def _set_margin_mode(call: Call) -> Any:
    mode = call.text("setMarginMode")
    if mode not in {CROSS, ISOLATED, PORTFOLIO}:
        raise parameter_error("params error: setMarginMode invalid")
    if call.account.held() or call.account.open_orders:
        raise WireError(110073, "Set margin mode failed")
    call.account.mode = mode
    for settings in call.account.settings.values():
        settings.isolated = mode == ISOLATED
    return {"reasons": []}


_READ, _TRADE = Security.READ, Security.TRADE
TABLE: Table = {
    ("GET", "/v5/account/wallet-balance"): Endpoint(_wallet, _READ),
    ("GET", "/v5/account/info"): Endpoint(_info, _READ),
    ("GET", "/v5/account/fee-rate"): Endpoint(_fees, _READ),
    ("GET", "/v5/spot-margin-trade/position-tiers"): Endpoint(_loans, _READ),
    ("GET", "/v5/position/list"): Endpoint(_positions, _READ),
    ("GET", "/v5/user/query-api"): Endpoint(_rights, _READ),
    ("POST", "/v5/position/set-leverage"): Endpoint(_set_leverage, _TRADE),
    ("POST", "/v5/position/switch-mode"): Endpoint(_switch_mode, _TRADE),
    ("POST", "/v5/account/set-margin-mode"): Endpoint(_set_margin_mode, _TRADE),
}
