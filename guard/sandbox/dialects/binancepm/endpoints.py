"""The endpoints of portfolio margin: both branches, each under a prefix of its own, and the account above them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guard.sandbox.dialects.binancecoinm import endpoints as coinm
from guard.sandbox.dialects.binancecoinm.wording import incoming, outgoing
from guard.sandbox.dialects.binancepm import shapes
from guard.sandbox.dialects.binanceusdm import rest as usdm
from guard.sandbox.dialects.binanceusdm.call import Call, Endpoint, Handler, Table
from guard.sandbox.dialects.binanceusdm.signing import Security
from guard.sandbox.engine.rules.binancepm import LOAN_LEVERAGE

_DATA = Security.USER_DATA


def _of(handler: Handler, *, inverse: bool) -> Handler:
    """A handler whose rows are those of one branch, in the names and units of that branch's wire."""

    def handle(call: Call) -> Any:
        instruments = {symbol: item for symbol, item in call.market.instruments.items() if item.is_inverse == inverse}
        asked = replace(call, params=incoming(call.params, instruments)) if inverse else call
        answer = handler(asked)
        if isinstance(answer, list):
            answer = [row for row in answer if row["symbol"] in instruments]
        elif "symbols" in answer:
            answer = {**answer, "symbols": [row for row in answer["symbols"] if row["symbol"] in instruments]}
        return outgoing(answer, instruments) if inverse else answer

    return handle


def _exchange_info_of_coins(call: Call) -> Any:
    told = coinm.TABLE["GET", "/dapi/v1/exchangeInfo"].handler(call)
    return {**told, "symbols": [row for row in told["symbols"] if row["quoteAsset"] == "USD"]}


def _account(call: Call) -> Any:
    return shapes.account(call.account, call.market, call.figures())


def _balances(call: Call) -> Any:
    return shapes.balances(call.account, call.market, call.figures())


def _um_account(call: Call) -> Any:
    return shapes.branch_account(call.account, call.market, call.figures(), inverse=False)


def _cm_account(call: Call) -> Any:
    told = shapes.branch_account(call.account, call.market, call.figures(), inverse=True)
    return outgoing(told, call.market.instruments)


def _um_positions(call: Call) -> Any:
    return shapes.positions(call.account, call.market, call.figures(), inverse=False)


def _cm_positions(call: Call) -> Any:
    return outgoing(shapes.positions(call.account, call.market, call.figures(), inverse=True), call.market.instruments)


def _cm_strategies(call: Call) -> Any:
    waiting = _of(_usdm("openAlgoOrders"), inverse=True)(call)
    return [shapes.strategy(row) for row in waiting]


def _cm_brackets(call: Call) -> Any:
    rows = coinm.TABLE["GET", "/dapi/v2/leverageBracket"].handler(call)
    coins = {symbol for symbol, item in call.market.instruments.items() if item.is_inverse}
    return [row for row in rows if row["symbol"].removesuffix("_PERP") in coins]


def _collateral_rates(call: Call) -> Any:
    return shapes.collateral_rates(call.market)


def _index_prices(call: Call) -> Any:
    return shapes.index_prices(call.market, call.now_ms)


def _loan_leverages(call: Call) -> Any:
    return [{"asset": name, "leverage": LOAN_LEVERAGE} for name in sorted(call.market.assets)]


def _api_restrictions(call: Call) -> Any:
    told = usdm.ENDPOINTS["GET", "/sapi/v1/account/apiRestrictions"].handler(call)
    return {**told, "enableFutures": False, "enablePortfolioMarginTrading": told["enableFutures"]}


def _usdm(name: str) -> Handler:
    return usdm.ENDPOINTS["GET", f"/fapi/v1/{name}"].handler


def _dual(call: Call) -> Any:
    return {"dualSidePosition": call.account.hedge_mode}


TABLE: Table = {
    ("GET", "/fapi/v1/time"): usdm.ENDPOINTS["GET", "/fapi/v1/time"],
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint(_of(_usdm("exchangeInfo"), inverse=False)),
    ("GET", "/fapi/v1/depth"): usdm.ENDPOINTS["GET", "/fapi/v1/depth"],
    ("GET", "/fapi/v1/premiumIndex"): usdm.ENDPOINTS["GET", "/fapi/v1/premiumIndex"],
    ("GET", "/fapi/v1/fundingInfo"): usdm.ENDPOINTS["GET", "/fapi/v1/fundingInfo"],
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint(_exchange_info_of_coins),
    ("GET", "/dapi/v1/depth"): coinm.TABLE["GET", "/dapi/v1/depth"],
    ("GET", "/dapi/v1/premiumIndex"): coinm.TABLE["GET", "/dapi/v1/premiumIndex"],
    ("GET", "/dapi/v1/fundingInfo"): coinm.TABLE["GET", "/dapi/v1/fundingInfo"],
    ("GET", "/papi/v1/account"): Endpoint(_account, _DATA, 20),
    ("GET", "/papi/v1/balance"): Endpoint(_balances, _DATA, 20),
    ("GET", "/papi/v2/um/account"): Endpoint(_um_account, _DATA, 5),
    ("GET", "/papi/v1/um/positionRisk"): Endpoint(_um_positions, _DATA, 5),
    ("GET", "/papi/v1/um/openOrders"): Endpoint(_of(_usdm("openOrders"), inverse=False), _DATA, 40),
    ("GET", "/papi/v1/um/algo/openAlgoOrders"): Endpoint(_of(_usdm("openAlgoOrders"), inverse=False), _DATA, 40),
    ("GET", "/papi/v1/um/leverageBracket"): Endpoint(_of(_usdm("leverageBracket"), inverse=False), _DATA),
    ("GET", "/papi/v1/um/symbolConfig"): Endpoint(_of(_usdm("symbolConfig"), inverse=False), _DATA, 5),
    ("GET", "/papi/v1/um/positionSide/dual"): Endpoint(_dual, _DATA, 30),
    ("GET", "/papi/v1/cm/account"): Endpoint(_cm_account, _DATA, 5),
    ("GET", "/papi/v1/cm/positionRisk"): Endpoint(_cm_positions, _DATA),
    ("GET", "/papi/v1/cm/openOrders"): Endpoint(_of(_usdm("openOrders"), inverse=True), _DATA, 40),
    ("GET", "/papi/v1/cm/conditional/openOrders"): Endpoint(_cm_strategies, _DATA, 40),
    ("GET", "/papi/v1/cm/leverageBracket"): Endpoint(_cm_brackets, _DATA),
    ("GET", "/papi/v1/cm/positionSide/dual"): Endpoint(_dual, _DATA, 30),
    ("GET", "/sapi/v1/portfolio/collateralRate"): Endpoint(_collateral_rates, Security.KEY, 50),
    ("GET", "/sapi/v1/portfolio/asset-index-price"): Endpoint(_index_prices, Security.KEY, 50),
    ("GET", "/sapi/v1/portfolio/margin-asset-leverage"): Endpoint(_loan_leverages, _DATA, 50),
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(_api_restrictions, _DATA),
}
