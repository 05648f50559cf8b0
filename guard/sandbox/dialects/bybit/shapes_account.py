"""Wallet, positions, rights and settings in the venue's JSON."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from guard.sandbox.dialects.bybit.naming import wire_id
from guard.sandbox.dialects.numbers import money, on_grid, plain
from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import AccountFigures, AssetFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.bybit import ISOLATED, LOAN_RATE, PORTFOLIO, BybitRule, mode_of
from guard.sandbox.engine.sides import Leg
from guard.sandbox.keys import ApiKey

RULE: Final = BybitRule()
_INDEX = {Leg.BOTH: 0, Leg.LONG: 1, Leg.SHORT: 2}
_RATE = Decimal("0.0001")
_ZERO = Decimal(0)


def wallet_json(account: Account, market: Market, figures: AccountFigures) -> dict[str, Any]:
    """The account's figures in USD, and every coin with something in it. Rates are cut off after 4 places."""
    wallet = sum((asset.wallet * market.asset(name).index for name, asset in figures.assets.items()), _ZERO)
    unrealized = sum((asset.unrealized * market.asset(name).index for name, asset in figures.assets.items()), _ZERO)
    told = _account_figures(account, market, figures)
    return {
        "accountType": "UNIFIED",
        "totalEquity": money(wallet + unrealized),
        "totalWalletBalance": money(wallet),
        "totalPerpUPL": money(unrealized),
        **told,
        **{f"{name}ByMp": told[name] for name in ("accountIMRate", "accountMMRate")},
        "totalInitialMarginByMp": told["totalInitialMargin"],
        "totalMaintenanceMarginByMp": told["totalMaintenanceMargin"],
        "accountLTV": "0",
        "coin": [
            _coin_json(account, market, asset)
            for asset in figures.assets.values()
            if asset.wallet or asset.unrealized or asset.maintenance
        ],
    }


def _account_figures(account: Account, market: Market, figures: AccountFigures) -> dict[str, str]:
    names = (
        "totalMarginBalance",
        "totalInitialMargin",
        "totalMaintenanceMargin",
        "totalAvailableBalance",
        "accountIMRate",
        "accountMMRate",
    )
    if mode_of(account) == ISOLATED:
        return dict.fromkeys(names, "")
    balance = RULE.margin_balance(market, figures)
    equity = RULE.equity(account, market, figures, USD)
    legs = [leg for leg in figures.legs if not leg.isolated]
    maintenance = RULE.requirement(account, market, figures, USD, legs)
    initial = RULE.initial(market, figures)
    available = max(_ZERO, balance - RULE.haircut(market, figures) - initial)
    values = [money(each) for each in (balance, initial, maintenance, available)]
    return dict(zip(names, (*values, _rate(initial, equity), _rate(maintenance, equity)), strict=True))


def _rate(margin: Decimal, equity: Decimal) -> str:
    """A margin over equity, as the venue cuts it."""
    if equity <= 0:
        return "1" if margin else "0"
    return plain((margin / equity).quantize(_RATE, rounding=ROUND_DOWN), 4)


def _coin_json(account: Account, market: Market, asset: AssetFigures) -> dict[str, Any]:
    index = market.asset(asset.asset).index
    equity = asset.wallet + asset.unrealized
    hidden = mode_of(account) == PORTFOLIO
    return {
        "coin": asset.asset,
        "equity": plain(equity, 18),
        "usdValue": plain(equity * index, 18),
        "walletBalance": plain(asset.wallet),
        "free": "",
        "locked": "0",
        "spotHedgingQty": "0",
        "borrowAmount": plain(max(_ZERO, -asset.wallet), 18),
        "spotBorrow": "0",
        "accruedInterest": "0",
        "totalOrderIM": "" if hidden else plain(asset.order_initial, 18),
        "totalPositionIM": ""
        if hidden
        else plain(asset.cross_position_initial + asset.wallet - asset.cross_wallet, 18),
        "totalPositionMM": "" if hidden else plain(asset.maintenance, 18),
        "unrealisedPnl": plain(asset.unrealized, 18),
        "cumRealisedPnl": "0",
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "colRes": "0",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }


def position_json(account: Account, market: Market, figures: AccountFigures, position: Position) -> dict[str, Any]:
    """One leg, possibly an empty one."""
    instrument = market.instruments[position.symbol]
    leg = figures.leg(position.symbol, position.leg) or RULE.leg(account, market, position)
    mark = market.mark(position.symbol)
    hidden = mode_of(account) == PORTFOLIO
    # Of an isolated leg all that it has for itself, added margin included.
    margin = position.isolated_wallet if leg.isolated else leg.initial
    initial, maintenance = ("", "") if hidden else (plain(margin, 18), plain(leg.maintenance, 18))
    return {
        "positionIdx": _INDEX[position.leg],
        "riskId": 0 if hidden else 1,
        "riskLimitValue": "0" if hidden else plain(instrument.brackets[0].cap),
        "symbol": wire_id(instrument),
        "side": _side(position),
        "size": plain(abs(position.qty)),
        "avgPrice": plain(position.entry_price),
        "positionValue": plain(abs(instrument.notional(position.qty, position.entry_price)) if position.qty else _ZERO),
        "tradeMode": 0,
        "autoAddMargin": 0,
        "positionStatus": "Normal",
        "leverage": "" if hidden else str(leg.leverage),
        "breakEvenPrice": "",
        "markPrice": on_grid(mark, instrument.tick),
        "liqPrice": _liquidation(account, market, figures, leg),
        "bustPrice": "",
        "positionBalance": "0",
        "positionIM": initial,
        "positionIMByMp": initial,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "sessionAvgPrice": "",
        "delta": "",
        "gamma": "",
        "vega": "",
        "theta": "",
        "unrealisedPnl": plain(leg.unrealized, 18) if position.qty else "",
        "curRealisedPnl": "0",
        "cumRealisedPnl": "0",
        "adlRankIndicator": 2 if position.qty else 0,
        "createdTime": str(position.updated_ms),
        "updatedTime": str(position.updated_ms),
        "seq": position.updated_ms or -1,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "tpslMode": "Full",
    }


def _side(position: Position) -> str:
    if not position.qty:
        return ""
    return "Buy" if position.qty > 0 else "Sell"


def _liquidation(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> str:
    if not leg.position.qty or mode_of(account) == PORTFOLIO:
        return ""
    price = liquidation_price(account, market, figures, leg)
    return "" if price is None else on_grid(price, market.instruments[leg.position.symbol].tick)


def account_info_json(account: Account, now_ms: int) -> dict[str, Any]:
    """Margin mode and kind of account: unified 2.0."""
    return {
        "marginMode": mode_of(account),
        "updatedTime": str(now_ms),
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 0,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def key_json(key: ApiKey) -> dict[str, Any]:
    """What a key may do."""
    trades = key.futures
    return {
        "id": "1",
        "note": "sandbox",
        "apiKey": key.key,
        "readOnly": 0 if trades or key.withdrawals or key.universal_transfer else 1,
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if trades else [],
            "Spot": [],
            "Wallet": [
                *(["AccountTransfer"] if key.universal_transfer else []),
                *(["Withdraw"] if key.withdrawals else []),
            ],
            "Options": [],
            "Derivatives": ["DerivativesTrade"] if trades else [],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
            "Affiliate": [],
            "Earn": [],
        },
        "ips": sorted(key.ips) or ["*"],
        "type": 1,
        "uta": 1,
        "unified": 0,
        "isMaster": True,
        "parentUid": "0",
        "vipLevel": "No VIP",
    }


def loan_tiers_json(coin: str) -> dict[str, Any]:
    """What debts in a coin must keep."""
    tier = {
        "tier": "1",
        "borrowLimit": "1000000000",
        "positionMMR": plain(LOAN_RATE),
        "positionIMR": "0.2",
        "maxLeverage": "5",
    }
    return {"currency": coin, "positionTiersRatioList": [tier]}
