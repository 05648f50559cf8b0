"""Endpoints that read an account or change its settings."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.binanceusdm import shapes_account as shapes
from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Table
from guard.sandbox.dialects.binanceusdm.errors import WireError, missing
from guard.sandbox.dialects.binanceusdm.shapes_market import leverage_brackets
from guard.sandbox.dialects.binanceusdm.shapes_orders import income_json
from guard.sandbox.dialects.binanceusdm.signing import Security
from guard.sandbox.dialects.numbers import plain
from guard.sandbox.engine import choices
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.engine.sides import Leg

_DONE = {"code": 200, "msg": "success"}


def _account_v3(call: Call) -> Any:
    return shapes.account_v3(call.account, call.market, call.figures())


def _account_v2(call: Call) -> Any:
    return shapes.account_v2(call.account, call.market, call.figures())


def _account_config(call: Call) -> Any:
    return shapes.account_config(call.account)


def _balances(call: Call) -> Any:
    return shapes.balances(call.account, call.market, call.figures())


def _risk_v3(call: Call) -> Any:
    return shapes.position_risk_v3(call.account, call.market, call.figures(), call.maybe_symbol())


def _risk_v2(call: Call) -> Any:
    return shapes.position_risk_v2(call.account, call.market, call.figures(), call.maybe_symbol())


def _brackets(call: Call) -> Any:
    symbol = call.maybe_symbol()
    symbols = [symbol] if symbol else call.market.symbols()
    return [leverage_brackets(call.instrument(each)) for each in symbols]


def _symbol_config(call: Call) -> Any:
    symbol = call.maybe_symbol()
    symbols = [symbol] if symbol else call.market.symbols()
    return [shapes.symbol_config(call.account, call.market, each) for each in symbols]


def _dual(call: Call) -> Any:
    return {"dualSidePosition": call.account.hedge_mode}


def _set_dual(call: Call) -> Any:
    with _worded(
        {
            Reason.MODE_UNCHANGED: (-4059, "No need to change position side."),
            Reason.HAS_ORDERS: (-4067, "Position side cannot be changed if there exists open orders."),
            Reason.HAS_POSITIONS: (-4068, "Position side cannot be changed if there exists position."),
        }
    ):
        choices.set_hedge_mode(call.account, hedge_mode=call.params.flag("dualSidePosition"))
    return _DONE


def _multi_assets(call: Call) -> Any:
    return {"multiAssetsMargin": call.account.multi_assets}


def _set_multi_assets(call: Call) -> Any:
    with _worded(
        {
            Reason.MODE_UNCHANGED: (-4171, "No need to change the asset mode."),
            Reason.HAS_ORDERS: (-4170, "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures."),
            Reason.ISOLATED_IN_MULTI_ASSETS: (
                -4167,
                "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode.",
            ),
        }
    ):
        choices.set_multi_assets(call.engine.state, call.account, multi_assets=call.params.flag("multiAssetsMargin"))
    return _DONE


def _set_leverage(call: Call) -> Any:
    symbol, leverage = call.symbol(), call.params.integer("leverage")
    choices.set_leverage(call.engine.state, call.account, symbol, leverage)
    return {
        "symbol": symbol,
        "leverage": leverage,
        "maxNotionalValue": plain(call.instrument(symbol).max_notional(leverage)),
    }


def _set_margin_type(call: Call) -> Any:
    kind = call.params.text("marginType").upper()
    if kind not in {"ISOLATED", "CROSSED"}:
        raise WireError(400, -4045, "Invalid margin type")
    choices.set_isolated(call.engine.state, call.account, call.symbol(), isolated=kind == "ISOLATED")
    return _DONE


def _position_margin(call: Call) -> Any:
    amount, kind = call.params.decimal("amount"), call.params.integer("type")
    if kind not in {1, 2} or amount <= 0:
        raise missing("type" if amount > 0 else "amount")
    leg = call.params.choice("positionSide", Leg, -1117, "Invalid positionSide.", Leg.BOTH)
    signed = amount if kind == 1 else -amount
    choices.move_isolated_margin(call.engine.state, call.account, call.symbol(), leg, signed)
    return {"amount": float(amount), "code": 200, "msg": "Successfully modify position margin.", "type": kind}


def _income(call: Call) -> Any:
    wanted, symbol = call.params.maybe_text("incomeType"), call.maybe_symbol()
    start = call.params.maybe_integer("startTime") or 0
    end = call.params.maybe_integer("endTime") or call.now_ms
    rows = [
        entry
        for entry in call.account.ledger
        if start <= entry.at_ms <= end and symbol in {None, entry.symbol} and wanted in {None, entry.kind.value}
    ]
    return [income_json(entry) for entry in rows[: call.params.limit(100, 1000)]]


def _commission(call: Call) -> Any:
    return {
        "symbol": call.symbol(),
        "makerCommissionRate": plain(call.account.maker_rate),
        "takerCommissionRate": plain(call.account.taker_rate),
        "rpiCommissionRate": "0",
    }


def _adl(call: Call) -> Any:
    symbol = call.maybe_symbol()
    legs = [leg.position for leg in call.figures().legs if symbol in {None, leg.position.symbol}]
    return [{"symbol": leg.symbol, "adlQuantile": {leg.leg.value: 1}} for leg in legs]


def _api_restrictions(call: Call) -> Any:
    key = call.key
    if key is None:
        raise WireError(401, -2014, "API-key format invalid.")
    return {
        "ipRestrict": bool(key.ips),
        "createTime": key.created_ms,
        "enableReading": key.reading,
        "enableWithdrawals": key.withdrawals,
        "enableInternalTransfer": key.internal_transfer,
        "enableMargin": False,
        "enableFutures": key.futures,
        "permitsUniversalTransfer": key.universal_transfer,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }


def _coins(call: Call) -> Any:
    names = sorted({*call.market.assets, *(item.base for item in call.market.instruments.values())})
    return [_coin(name) for name in names]


def _coin(name: str) -> dict[str, Any]:
    network = {
        "network": "SANDBOX",
        "coin": name,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "depositEnable": False,
        "withdrawEnable": False,
        "name": "sandbox",
        "withdrawFee": "0",
        "withdrawMin": "0",
        "withdrawMax": "0",
        "minConfirm": 1,
        "unLockConfirm": 1,
        "sameAddress": False,
    }
    return {
        "coin": name,
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "name": name,
        "free": "0",
        "locked": "0",
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [network],
    }


def _nothing(_call: Call) -> Any:
    return []


def _system_status(_call: Call) -> Any:
    return {"status": 0, "msg": "normal"}


def _transfer(call: Call) -> Any:
    """Spot wallets are not modelled: what comes from spot comes out of nothing, what goes there is gone."""
    asset, amount, kind = call.params.text("asset"), call.params.decimal("amount"), call.params.text("type")
    signs = {"MAIN_UMFUTURE": 1, "UMFUTURE_MAIN": -1, "MAIN_CMFUTURE": 1, "CMFUTURE_MAIN": -1}
    if kind not in signs or amount <= 0:
        raise WireError(400, -9000, "user have no avail amount")
    with _worded({Reason.BALANCE_INSUFFICIENT: (-5002, "You have insufficient balance.")}):
        return {"tranId": choices.transfer(call.engine.state, call.account, asset, amount * signs[kind])}


def _margin_history(_call: Call) -> Any:
    return []


def _order_limits(_call: Call) -> Any:
    return [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    ]


class _worded:  # noqa: N801 - reads as a statement: `with _worded({...}):`
    """Words of one endpoint for refusals that other endpoints word differently."""

    def __init__(self, words: dict[Reason, tuple[int, str]]) -> None:
        self.words = words

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Rejection) and error.reason in self.words:
            raise WireError(400, *self.words[error.reason]) from error


_DATA = Security.USER_DATA
_TRADE = Security.TRADE
TABLE: Table = {
    ("GET", "/fapi/v2/account"): Endpoint(_account_v2, _DATA, 5),
    ("GET", "/fapi/v3/account"): Endpoint(_account_v3, _DATA, 5),
    ("GET", "/fapi/v1/accountConfig"): Endpoint(_account_config, _DATA, 5),
    ("GET", "/fapi/v2/balance"): Endpoint(_balances, _DATA, 5),
    ("GET", "/fapi/v3/balance"): Endpoint(_balances, _DATA, 5),
    ("GET", "/fapi/v2/positionRisk"): Endpoint(_risk_v2, _DATA, 5),
    ("GET", "/fapi/v3/positionRisk"): Endpoint(_risk_v3, _DATA, 5),
    ("GET", "/fapi/v1/leverageBracket"): Endpoint(_brackets, _DATA),
    ("GET", "/fapi/v1/symbolConfig"): Endpoint(_symbol_config, _DATA, 5),
    ("GET", "/fapi/v1/positionSide/dual"): Endpoint(_dual, _DATA, 30),
    ("POST", "/fapi/v1/positionSide/dual"): Endpoint(_set_dual, _TRADE),
    ("GET", "/fapi/v1/multiAssetsMargin"): Endpoint(_multi_assets, _DATA, 30),
    ("POST", "/fapi/v1/multiAssetsMargin"): Endpoint(_set_multi_assets, _TRADE),
    ("POST", "/fapi/v1/leverage"): Endpoint(_set_leverage, _TRADE),
    ("POST", "/fapi/v1/marginType"): Endpoint(_set_margin_type, _TRADE),
    ("POST", "/fapi/v1/positionMargin"): Endpoint(_position_margin, _TRADE),
    ("GET", "/fapi/v1/positionMargin/history"): Endpoint(_margin_history, _DATA),
    ("GET", "/fapi/v1/income"): Endpoint(_income, _DATA, 30),
    ("GET", "/fapi/v1/commissionRate"): Endpoint(_commission, _DATA, 20),
    ("GET", "/fapi/v1/adlQuantile"): Endpoint(_adl, _DATA, 5),
    ("GET", "/fapi/v1/rateLimit/order"): Endpoint(_order_limits, _DATA),
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(_api_restrictions, _DATA),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint(_coins, _DATA, 10),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(_nothing, Security.KEY),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint(_nothing, Security.KEY, 10),
    ("GET", "/sapi/v1/system/status"): Endpoint(_system_status),
    ("POST", "/sapi/v1/asset/transfer"): Endpoint(_transfer, Security.TRANSFER),
}
