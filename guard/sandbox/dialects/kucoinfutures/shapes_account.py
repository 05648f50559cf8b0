"""Wallets and positions in KuCoin's shapes, of a classic and of a unified account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zlib import crc32

from guard.sandbox.dialects.kucoinfutures.wording import NANOSECONDS, contract_id, currency_id, lots, number, plain
from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, AssetFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.kucoinfutures import KucoinRule

_ZERO = Decimal(0)


def _asset(figures: AccountFigures, name: str) -> AssetFigures:
    empty = AssetFigures(name, *[_ZERO] * 9)
    return figures.assets.get(name, empty)


def _isolated(market: Market, figures: AccountFigures, name: str) -> Decimal:
    """The wallets of isolated legs that settle in a currency."""
    legs = [leg for leg in figures.legs if market.instruments[leg.position.symbol].margin_asset == name]
    return sum((leg.position.isolated_wallet for leg in legs if leg.isolated), _ZERO)


def _ratio(rule: KucoinRule, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
    """Requirement over equity of a cross pool; 0 where nothing is asked for."""
    for pool in rule.cross_pools(account, market, figures):
        if pool.currency == currency and pool.maintenance and pool.equity > 0:
            return pool.maintenance / pool.equity
    return _ZERO


def overview(rule: KucoinRule, account: Account, market: Market, figures: AccountFigures, name: str) -> dict[str, Any]:
    """As `GET account-overview` tells one currency."""
    asset = _asset(figures, name)
    isolated = _isolated(market, figures, name)
    return {
        "accountEquity": number(asset.margin_balance),
        "unrealisedPNL": number(asset.unrealized),
        "marginBalance": number(asset.wallet),
        "positionMargin": number(asset.cross_position_initial + isolated),
        "orderMargin": number(asset.order_initial),
        "frozenFunds": 0,
        "availableBalance": number(asset.available),
        "currency": currency_id(name),
        "riskRatio": number(_ratio(rule, account, market, figures, name)),
        "maxWithdrawAmount": number(asset.withdrawable),
        "availableMargin": number(asset.available),
    }


def wallet_news(market: Market, figures: AccountFigures, name: str, now_ms: int) -> dict[str, Any]:
    """As `/contractAccount/wallet` tells one currency."""
    asset = _asset(figures, name)
    return {
        "crossPosMargin": plain(asset.cross_position_initial),
        "isolatedOrderMargin": "0",
        "holdBalance": "0",
        "equity": plain(asset.margin_balance),
        "version": str(now_ms),
        "availableBalance": plain(asset.available),
        "isolatedPosMargin": plain(_isolated(market, figures, name)),
        "maxWithdrawAmount": plain(asset.withdrawable),
        "walletBalance": plain(asset.wallet),
        "isolatedFundingFeeMargin": "0",
        "crossUnPnl": plain(asset.cross_unrealized),
        "totalCrossMargin": plain(asset.cross_margin_balance),
        "currency": currency_id(name),
        "isolatedUnPnl": plain(asset.unrealized - asset.cross_unrealized),
        "availableMargin": plain(asset.available),
        "crossOrderMargin": plain(asset.order_initial),
        "timestamp": str(now_ms),
    }


def position_row(rule: KucoinRule, account: Account, market: Market, leg: LegFigures, now_ms: int) -> dict[str, Any]:
    """As `GET positions` tells one leg."""
    position, instrument = leg.position, market.instruments[leg.position.symbol]
    sign = 1 if (position.qty > 0) != instrument.is_inverse else -1
    cost = rule.cost(market, position)
    reserve = rule.closing_reserve(account, market, leg) if leg.isolated else _ZERO
    margin = position.isolated_wallet if leg.isolated else leg.initial
    requirement = rule.isolated_requirement(account, market, leg) if leg.isolated else leg.maintenance
    row = {
        "id": _id(position),
        "symbol": contract_id(instrument),
        "crossMode": not leg.isolated,
        "maintMarginReq": number(rule.rate(account, market, position)),
        "delevPercentage": 0.5,
        "openingTimestamp": position.updated_ms,
        "currentTimestamp": now_ms,
        "currentQty": lots(instrument, position.qty),
        "currentCost": number(sign * cost),
        "currentComm": 0,
        "unrealisedCost": number(sign * cost),
        "realisedGrossCost": 0,
        "realisedCost": 0,
        "isOpen": True,
        "markPrice": number(leg.mark),
        "markValue": number(sign * leg.notional),
        "posCost": number(sign * cost),
        "posInit": number(cost / leg.leverage),
        "posMargin": number(margin),
        "posMaint": number(requirement),
        "realisedGrossPnl": 0,
        "realisedPnl": 0,
        "unrealisedPnl": number(leg.unrealized),
        "unrealisedPnlPcnt": 0,
        "unrealisedRoePcnt": 0,
        "avgEntryPrice": number(position.entry_price),
        "liquidationPrice": 0,
        "bankruptPrice": 0,
        "settleCurrency": currency_id(instrument.margin_asset),
        "isInverse": instrument.is_inverse,
        "marginMode": "ISOLATED" if leg.isolated else "CROSS",
        "positionSide": position.leg.value,
        "leverage": leg.leverage,
    }
    if not leg.isolated:
        return row
    return {
        **row,
        "autoDeposit": False,
        "realLeverage": number(leg.notional / leg.isolated_margin) if leg.isolated_margin > 0 else 0,
        "posComm": number(reserve),
        "posCross": 0,
        "posLoss": 0,
        "maintMargin": number(leg.isolated_margin),
        "riskLimitLevel": 1,
    }


def closed_row(market: Market, position: Position, now_ms: int) -> dict[str, Any]:
    """A leg that has just been closed, as a stream tells it."""
    instrument = market.instruments[position.symbol]
    figures = ("markPrice", "markValue", "avgEntryPrice", "unrealisedPnl", "posMargin", "posMaint", "maintMarginReq")
    return {
        **dict.fromkeys(figures, 0),
        "id": _id(position),
        "symbol": contract_id(instrument),
        "currentQty": 0,
        "isOpen": False,
        "openingTimestamp": position.updated_ms,
        "currentTimestamp": now_ms,
        "settleCurrency": currency_id(instrument.margin_asset),
        "marginMode": "CROSS",
        "positionSide": position.leg.value,
        "leverage": 0,
    }


def _id(position: Position) -> str:
    return f"6000{crc32(f'{position.symbol}{position.leg}'.encode()):020d}"


def unified_overview(rule: KucoinRule, account: Account, market: Market, figures: AccountFigures) -> dict[str, Any]:
    """As `GET unified/account/overview` tells the account; the ratio counts fees to close, `mm` does not."""
    equity = rule.equity(account, market, figures, USD)
    initial, bare = _ZERO, _ZERO
    for name, asset in figures.assets.items():
        initial += asset.initial * market.asset(name).index
        bare += asset.cross_maintenance * market.asset(name).index
    return {
        "accountType": "UNIFIED",
        "riskRatio": f"{_ratio(rule, account, market, figures, USD):.10f}",
        "equity": plain(equity),
        "liability": "0.0000000000",
        "availableMargin": plain(max(_ZERO, equity - initial)),
        "adjustedEquity": plain(equity),
        "im": plain(initial),
        "mm": plain(bare),
    }


def unified_balance(figures: AccountFigures, now_ms: int) -> dict[str, Any]:
    """As `GET unified/account/balance` tells the wallets."""
    rows = [
        {
            "currency": name,
            "equity": plain(asset.margin_balance),
            "hold": "0",
            "balance": plain(asset.wallet),
            "available": plain(asset.available),
            "liability": "0",
        }
        for name, asset in figures.assets.items()
    ]
    return {"accountType": "UNIFIED", "ts": now_ms, "accounts": [{"currencies": rows}]}


def unified_position(row: dict[str, Any]) -> dict[str, Any]:
    """A leg as a unified account is told of it."""
    return {
        "symbol": row["symbol"],
        "id": row["id"],
        "marginMode": row["marginMode"],
        "size": str(row["currentQty"]),
        "entryPrice": str(row["avgEntryPrice"]),
        "positionValue": str(abs(row["markValue"])),
        "markPrice": str(row["markPrice"]),
        "leverage": str(row["leverage"]),
        "unrealizedPnL": str(row["unrealisedPnl"]),
        "realizedPnL": "0",
        "initialMargin": str(row["posMargin"]),
        "mmr": str(row["maintMarginReq"]),
        "maintenanceMargin": str(row["posMaint"]),
        "creationTime": row["openingTimestamp"] * NANOSECONDS,
        "updateTime": row["currentTimestamp"] * NANOSECONDS,
    }
