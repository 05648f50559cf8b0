"""An account in portfolio margin in the venue's JSON. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.binanceusdm import shapes_account as usdm
from guard.sandbox.dialects.numbers import money, plain
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rules import binancepm as rule

Json = dict[str, Any]
_ZERO = Decimal(0)
_BRANCH_ASSET = (
    "asset",
    "crossWalletBalance",
    "crossUnPnl",
    "maintMargin",
    "initialMargin",
    "positionInitialMargin",
    "openOrderInitialMargin",
    "updateTime",
)


def account(account: Account, market: Market, figures: AccountFigures) -> Json:
    """`GET /papi/v1/account`: what is open to question stands as an empty text, as the venue sends it."""
    (pool,) = market.rule.pools(account, market, figures)
    maintenance = rule.maintenance(account, market, figures)
    initial = sum((item.initial * market.asset(name).index for name, item in figures.assets.items()), _ZERO)
    return {
        "uniMMR": money(pool.equity / maintenance) if maintenance else "99999999",
        "accountEquity": money(pool.equity),
        "actualEquity": money(pool.equity),
        "accountInitialMargin": money(initial),
        "accountMaintMargin": money(maintenance),
        "accountStatus": "NORMAL",
        "virtualMaxWithdrawAmount": "0",
        "totalAvailableBalance": "",
        "totalMarginOpenLoss": "",
        "updateTime": account.updated_ms,
    }


def balances(account: Account, market: Market, figures: AccountFigures) -> list[Json]:
    """`GET /papi/v1/balance`: half of what is had lies in the margin wallet, half in the branch that settles in it."""
    return [_balance(name, account.wallets.get(name, _ZERO), market, figures) for name in sorted(market.assets)]


def _balance(name: str, wallet: Decimal, market: Market, figures: AccountFigures) -> Json:
    had, owed = max(_ZERO, wallet), max(_ZERO, -wallet)
    half = (had / 2).quantize(Decimal("1e-8"))
    mine = [leg for leg in figures.legs if market.instruments[leg.position.symbol].margin_asset == name]
    is_coin = any(item.is_inverse and item.margin_asset == name for item in market.instruments.values())
    gain = money(sum((leg.unrealized for leg in mine), _ZERO))
    return {
        "asset": name,
        "totalWalletBalance": money(wallet),
        "crossMarginAsset": money(had - half),
        "crossMarginBorrowed": money(owed),
        "crossMarginFree": money(had - half),
        "crossMarginInterest": "0.00000000",
        "crossMarginLocked": "0.00000000",
        "umWalletBalance": "0.00000000" if is_coin else money(half),
        "umUnrealizedPNL": "" if is_coin else gain,
        "cmWalletBalance": money(half) if is_coin else "0.00000000",
        "cmUnrealizedPNL": gain if is_coin else "",
        "updateTime": 0,
        "negativeBalance": "0",
    }


def branch_account(account: Account, market: Market, figures: AccountFigures, *, inverse: bool) -> Json:
    """`GET /papi/v2/um/account` and `GET /papi/v1/cm/account`, in the engine's names and units."""
    told = usdm.account_v2(account, market, figures)
    coins = {item.margin_asset for item in market.instruments.values() if item.is_inverse == inverse}
    return {
        "assets": [{key: row[key] for key in _BRANCH_ASSET} for row in told["assets"] if row["asset"] in coins],
        "positions": [row for row in told["positions"] if market.instruments[row["symbol"]].is_inverse == inverse],
    }


def positions(account: Account, market: Market, figures: AccountFigures, *, inverse: bool) -> list[Json]:
    """`GET /papi/v1/um/positionRisk` and its like of COIN-M: what is held, and no word about margin modes."""
    dropped = {"marginType", "isolatedMargin", "isAutoAddMargin", "isolatedWallet", "isolated", "adlQuantile"}
    held: list[LegFigures] = [
        leg for leg in figures.legs if market.instruments[leg.position.symbol].is_inverse == inverse
    ]
    keys = {(leg.position.symbol, leg.position.leg.value) for leg in held}
    rows = usdm.position_risk_v2(account, market, figures, None)
    return [
        {key: value for key, value in row.items() if key not in dropped}
        for row in rows
        if (row["symbol"], row["positionSide"]) in keys
    ]


def strategy(algo: Json) -> Json:
    """A conditional order in the older form, from the newer one."""
    return {
        "newClientStrategyId": algo["clientAlgoId"],
        "strategyId": algo["algoId"],
        "strategyStatus": algo["algoStatus"],
        "strategyType": algo["orderType"],
        "origQty": algo["quantity"],
        "price": algo["price"],
        "reduceOnly": algo["reduceOnly"],
        "side": algo["side"],
        "positionSide": algo["positionSide"],
        "stopPrice": algo["triggerPrice"],
        "symbol": algo["symbol"],
        "bookTime": algo["createTime"],
        "updateTime": algo["updateTime"],
        "timeInForce": algo["timeInForce"],
    }


def collateral_rates(market: Market) -> list[Json]:
    """`GET /sapi/v1/portfolio/collateralRate`."""
    return [
        {"asset": name, "collateralRate": plain(1 - market.asset(name).bid_buffer)} for name in sorted(market.assets)
    ]


def index_prices(market: Market, now_ms: int) -> list[Json]:
    """`GET /sapi/v1/portfolio/asset-index-price`."""
    return [
        {"asset": name, "assetIndexPrice": plain(market.asset(name).index), "time": now_ms}
        for name in sorted(market.assets)
    ]
