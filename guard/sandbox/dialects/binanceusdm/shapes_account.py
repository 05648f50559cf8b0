"""An account in the venue's JSON: balances, positions, settings. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.numbers import money, on_grid, plain
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import (
    AccountFigures,
    AssetFigures,
    LegFigures,
    OrderNotionals,
    usd_equity,
    usd_maintenance,
)
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.sides import Leg

Json = dict[str, Any]
_ZERO = Decimal(0)


def account_v3(account: Account, market: Market, figures: AccountFigures) -> Json:
    """`GET /fapi/v3/account`: totals, every asset, and the legs with a position or open orders."""
    return {
        **_totals(account, market, figures),
        "assets": [_asset(account, market, figures, name) for name in _asset_names(account, market)],
        "positions": [_position_v3(figures, leg) for leg in _live_legs(account, market, figures)],
    }


def account_v2(account: Account, market: Market, figures: AccountFigures) -> Json:
    """`GET /fapi/v2/account`: the older form, with every listed symbol."""
    return {
        **account_config(account),
        **_totals(account, market, figures),
        "assets": [
            {**_asset(account, market, figures, name), "marginAvailable": True}
            for name in _asset_names(account, market)
        ],
        "positions": [_position_v2(account, market, figures, leg) for leg in _every_leg(account, market)],
    }


def account_config(account: Account) -> Json:
    """`GET /fapi/v1/accountConfig`."""
    return {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": account.hedge_mode,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
    }


def balances(account: Account, market: Market, figures: AccountFigures) -> list[Json]:
    """`GET /fapi/v2/balance` and v3."""
    rows = []
    for name in _asset_names(account, market):
        asset = _asset(account, market, figures, name)
        rows.append(
            {
                "accountAlias": f"sbx{account.id:04d}",
                "asset": name,
                "balance": asset["walletBalance"],
                "crossWalletBalance": asset["crossWalletBalance"],
                "crossUnPnl": asset["crossUnPnl"],
                "availableBalance": asset["availableBalance"],
                "maxWithdrawAmount": asset["maxWithdrawAmount"],
                "marginAvailable": True,
                "updateTime": asset["updateTime"],
            }
        )
    return rows


def position_risk_v3(account: Account, market: Market, figures: AccountFigures, symbol: str | None) -> list[Json]:
    """`GET /fapi/v3/positionRisk`: only legs with a position or open orders."""
    legs = [leg for leg in _live_legs(account, market, figures) if symbol in {None, leg.position.symbol}]
    return [_risk_v3(account, market, figures, leg) for leg in legs]


def position_risk_v2(account: Account, market: Market, figures: AccountFigures, symbol: str | None) -> list[Json]:
    """`GET /fapi/v2/positionRisk`: every listed symbol, held or not."""
    legs = [leg for leg in _every_leg(account, market) if symbol in {None, leg.position.symbol}]
    return [_risk_v2(account, market, figures, leg) for leg in legs]


def symbol_config(account: Account, market: Market, symbol: str) -> Json:
    """One row of `GET /fapi/v1/symbolConfig`."""
    settings = account.settings_of(symbol)
    return {
        "symbol": symbol,
        "marginType": "ISOLATED" if settings.isolated else "CROSSED",
        "isAutoAddMargin": False,
        "leverage": settings.leverage,
        "maxNotionalValue": plain(market.instruments[symbol].max_notional(settings.leverage)),
    }


def _asset_names(account: Account, market: Market) -> list[str]:
    return sorted({*account.wallets, *market.assets})


def _asset_figures(figures: AccountFigures, name: str) -> AssetFigures:
    nothing = AssetFigures(name, *[_ZERO] * 9)
    return figures.assets.get(name, nothing)


def _totals(account: Account, market: Market, figures: AccountFigures) -> Json:
    """In single-asset mode the venue totals USDT only; in multi-assets mode everything, in USD."""
    if not account.multi_assets:
        return _total_fields(_asset_figures(figures, "USDT"), market.rule.available(account, market, figures, "USDT"))
    totals = [_ZERO] * 9
    for name, asset in figures.assets.items():
        index = market.asset(name).index
        values = [asset.wallet, asset.cross_wallet, asset.unrealized, asset.cross_unrealized, asset.maintenance]
        values += [asset.cross_maintenance, asset.position_initial, asset.cross_position_initial, asset.order_initial]
        totals = [total + value * index for total, value in zip(totals, values, strict=True)]
    usdt_available = market.rule.available(account, market, figures, "USDT") * market.asset("USDT").ask_rate
    return {
        **_total_fields(AssetFigures("USD", *totals), usdt_available),
        "totalMarginBalance": money(usd_equity(market, figures)),
        "totalMaintMargin": money(usd_maintenance(market, figures)),
    }


def _total_fields(total: AssetFigures, available_balance: Decimal) -> Json:
    return {
        "totalInitialMargin": money(total.initial),
        "totalMaintMargin": money(total.maintenance),
        "totalWalletBalance": money(total.wallet),
        "totalUnrealizedProfit": money(total.unrealized),
        "totalMarginBalance": money(total.margin_balance),
        "totalPositionInitialMargin": money(total.position_initial),
        "totalOpenOrderInitialMargin": money(total.order_initial),
        "totalCrossWalletBalance": money(total.cross_wallet),
        "totalCrossUnPnl": money(total.cross_unrealized),
        "availableBalance": money(available_balance),
        "maxWithdrawAmount": money(min(available_balance, max(_ZERO, total.cross_wallet))),
    }


def _asset(account: Account, market: Market, figures: AccountFigures, name: str) -> Json:
    asset = _asset_figures(figures, name)
    free = market.rule.available(account, market, figures, name) if name in figures.assets else _ZERO
    return {
        "asset": name,
        "walletBalance": money(asset.wallet),
        "unrealizedProfit": money(asset.unrealized),
        "marginBalance": money(asset.margin_balance),
        "maintMargin": money(asset.maintenance),
        "initialMargin": money(asset.initial),
        "positionInitialMargin": money(asset.position_initial),
        "openOrderInitialMargin": money(asset.order_initial),
        "crossWalletBalance": money(asset.cross_wallet),
        "crossUnPnl": money(asset.cross_unrealized),
        "availableBalance": money(free),
        "maxWithdrawAmount": money(min(free, max(_ZERO, asset.cross_wallet))),
        "updateTime": account.updated_ms if name in figures.assets else 0,
    }


def _leg_names(account: Account) -> tuple[Leg, ...]:
    return (Leg.BOTH, Leg.LONG, Leg.SHORT) if account.hedge_mode else (Leg.BOTH,)


def _every_leg(account: Account, market: Market) -> list[LegFigures]:
    return [
        market.rule.leg(account, market, account.position(symbol, leg))
        for symbol in market.symbols()
        for leg in _leg_names(account)
    ]


def _live_legs(account: Account, market: Market, figures: AccountFigures) -> list[LegFigures]:
    live = {(leg.position.symbol, leg.position.leg) for leg in figures.legs} | set(figures.order_notionals)
    return [market.rule.leg(account, market, account.position(symbol, leg)) for symbol, leg in sorted(live)]


def _orders_of(figures: AccountFigures, leg: LegFigures) -> tuple[OrderNotionals, Decimal]:
    key = (leg.position.symbol, leg.position.leg)
    return figures.order_notionals.get(key, OrderNotionals()), figures.order_initials.get(key, _ZERO)


def _signed_notional(leg: LegFigures) -> Decimal:
    return leg.notional if leg.position.qty >= 0 else -leg.notional


def _position_v3(figures: AccountFigures, leg: LegFigures) -> Json:
    _, order_initial = _orders_of(figures, leg)
    return {
        "symbol": leg.position.symbol,
        "positionSide": leg.position.leg.value,
        "positionAmt": plain(leg.position.qty),
        "unrealizedProfit": money(leg.unrealized),
        "isolatedMargin": plain(leg.isolated_margin),
        "notional": plain(_signed_notional(leg)),
        "isolatedWallet": plain(leg.position.isolated_wallet),
        "initialMargin": plain(leg.initial + order_initial),
        "maintMargin": plain(leg.maintenance),
        "updateTime": leg.position.updated_ms,
    }


def _position_v2(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Json:
    orders, order_initial = _orders_of(figures, leg)
    instrument = market.instruments[leg.position.symbol]
    return {
        "symbol": leg.position.symbol,
        "initialMargin": plain(leg.initial + order_initial),
        "maintMargin": plain(leg.maintenance),
        "unrealizedProfit": money(leg.unrealized),
        "positionInitialMargin": plain(leg.initial),
        "openOrderInitialMargin": plain(order_initial),
        "leverage": str(leg.leverage),
        "isolated": leg.isolated,
        "entryPrice": plain(leg.position.entry_price),
        "breakEvenPrice": plain(_break_even(account, leg)),
        "maxNotional": plain(instrument.max_notional(leg.leverage)),
        "positionSide": leg.position.leg.value,
        "positionAmt": on_grid(leg.position.qty, instrument.step),
        "notional": plain(_signed_notional(leg)),
        "isolatedWallet": plain(leg.position.isolated_wallet),
        "updateTime": leg.position.updated_ms,
        "bidNotional": plain(orders.bids),
        "askNotional": plain(orders.asks),
    }


def _risk_v3(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Json:
    orders, order_initial = _orders_of(figures, leg)
    return {
        "symbol": leg.position.symbol,
        "positionSide": leg.position.leg.value,
        "positionAmt": on_grid(leg.position.qty, market.instruments[leg.position.symbol].step),
        "entryPrice": plain(leg.position.entry_price),
        "breakEvenPrice": plain(_break_even(account, leg)),
        "markPrice": money(leg.mark),
        "unRealizedProfit": money(leg.unrealized),
        "liquidationPrice": plain(_liquidation_price(account, market, figures, leg)),
        "isolatedMargin": plain(leg.isolated_margin),
        "notional": plain(_signed_notional(leg)),
        "marginAsset": market.instruments[leg.position.symbol].margin_asset,
        "isolatedWallet": plain(leg.position.isolated_wallet),
        "initialMargin": plain(leg.initial + order_initial),
        "maintMargin": plain(leg.maintenance),
        "positionInitialMargin": plain(leg.initial),
        "openOrderInitialMargin": plain(order_initial),
        "adl": 1,
        "bidNotional": plain(orders.bids),
        "askNotional": plain(orders.asks),
        "updateTime": leg.position.updated_ms,
    }


def _risk_v2(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Json:
    instrument = market.instruments[leg.position.symbol]
    return {
        "symbol": leg.position.symbol,
        "positionAmt": on_grid(leg.position.qty, instrument.step),
        "entryPrice": plain(leg.position.entry_price),
        "breakEvenPrice": plain(_break_even(account, leg)),
        "markPrice": money(leg.mark),
        "unRealizedProfit": money(leg.unrealized),
        "liquidationPrice": plain(_liquidation_price(account, market, figures, leg)),
        "leverage": str(leg.leverage),
        "maxNotionalValue": plain(instrument.max_notional(leg.leverage)),
        "marginType": "isolated" if leg.isolated else "cross",
        "isolatedMargin": money(leg.isolated_margin),
        "isAutoAddMargin": "false",
        "positionSide": leg.position.leg.value,
        "notional": plain(_signed_notional(leg)),
        "isolatedWallet": plain(leg.position.isolated_wallet),
        "updateTime": leg.position.updated_ms,
        "isolated": leg.isolated,
        "adlQuantile": 1,
    }


def _liquidation_price(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Decimal:
    """0 stands for "there is none"."""
    held = figures.leg(leg.position.symbol, leg.position.leg)
    if held is None:
        return _ZERO
    return liquidation_price(account, market, figures, held) or _ZERO


def _break_even(account: Account, leg: LegFigures) -> Decimal:
    """The entry price moved by the taker fee of the opening trade."""
    return leg.position.entry_price * (1 + account.taker_rate * (1 if leg.position.qty > 0 else -1))
