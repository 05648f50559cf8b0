"""Endpoints that read an account or change its settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bingx.call import Call, Endpoint, Table
from guard.sandbox.dialects.bingx.signing import Security
from guard.sandbox.dialects.bingx.words import WireError, market_id, plain
from guard.sandbox.engine import choices
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures, AssetFigures, LegFigures
from guard.sandbox.engine.market import Market

_PLACES = 8
_USER = "1000001"


def coins(call: Call) -> frozenset[str]:
    """Assets in which coin-margined contracts settle: they have wallets of their own."""
    return frozenset(each.margin_asset for each in call.venue.instruments(inverse=True))


def _balance(call: Call) -> Any:
    figures, apart = call.figures(), coins(call)
    return [
        {"userId": _USER, **_wallet(asset), "realisedProfit": "0.0000"}
        for name, asset in figures.assets.items()
        if name not in apart
    ]


def _coin_balance(call: Call) -> Any:
    figures, apart = call.figures(), coins(call)
    return [_wallet(asset) for name, asset in figures.assets.items() if name in apart]


def _wallet(asset: AssetFigures) -> dict[str, Any]:
    available = asset.wallet + asset.cross_unrealized - asset.position_initial - asset.order_initial
    return {
        "asset": asset.asset,
        "balance": plain(asset.wallet, _PLACES),
        "equity": plain(asset.margin_balance, _PLACES),
        "unrealizedProfit": plain(asset.unrealized, _PLACES),
        "availableMargin": plain(max(Decimal(0), available), _PLACES),
        "usedMargin": plain(asset.position_initial, _PLACES),
        "freezedMargin": plain(asset.order_initial, _PLACES),
        "shortUid": _USER,
    }


def _positions(call: Call) -> Any:
    return [
        {**leg, "currency": instrument.margin_asset, "onlyOnePosition": not call.account.hedge_mode}
        for instrument, leg in _legs(call, inverse=False)
    ]


def _coin_positions(call: Call) -> Any:
    return [leg for _, leg in _legs(call, inverse=True)]


def _legs(call: Call, *, inverse: bool) -> list[tuple[Instrument, dict[str, Any]]]:
    figures, wanted = call.figures(), call.maybe_symbol()
    found = []
    for leg in figures.legs:
        instrument = call.market.instruments[leg.position.symbol]
        if instrument.is_inverse == inverse and wanted in {None, instrument.symbol}:
            rate = _risk_rate(call.account, call.market, figures, leg)
            found.append((instrument, _leg(instrument, leg, rate)))
    return found


def _leg(instrument: Instrument, leg: LegFigures, rate: Decimal | None) -> dict[str, Any]:
    position = leg.position
    margin = leg.isolated_margin if leg.isolated else leg.initial + leg.unrealized
    return {
        "positionId": str(abs(hash((position.symbol, position.leg.value))) % 10**18),
        "symbol": market_id(instrument),
        "positionAmt": plain(instrument.contracts(abs(position.qty)).normalize()),
        "availableAmt": plain(instrument.contracts(abs(position.qty)).normalize()),
        "positionSide": "LONG" if position.qty > 0 else "SHORT",
        "isolated": leg.isolated,
        "avgPrice": plain(position.entry_price),
        "initialMargin": plain(leg.initial, _PLACES),
        "margin": plain(margin, _PLACES),
        "leverage": leg.leverage,
        "unrealizedProfit": plain(leg.unrealized, _PLACES),
        "realisedProfit": "0.0000",
        "liquidationPrice": 0,
        "pnlRatio": "0.0000",
        "maxMarginReduction": "0.0000",
        "riskRate": "" if rate is None else plain(rate, _PLACES),
        "markPrice": plain(leg.mark),
        "positionValue": plain(leg.notional, _PLACES),
        "updateTime": position.updated_ms,
    }


def _risk_rate(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Decimal | None:
    """Requirement over equity of the pool in which a leg stands."""
    pools = market.rule.pools(account, market, figures)
    return next((pool.ratio for pool in pools if any(held is leg for held in pool.legs)), None)


def _tiers(call: Call) -> Any:
    instrument = call.instrument()
    if instrument.is_inverse:
        raise WireError(109425, f"{market_id(instrument)} not exist, please verify it in api")
    return [
        {
            "tier": f"Tier {number}",
            "symbol": market_id(instrument),
            "minPositionVal": plain(bracket.floor),
            "maxPositionVal": plain(bracket.cap),
            "maintMarginRatio": plain(bracket.mm_rate, 6),
            "maintAmount": plain(bracket.cum, 6),
        }
        for number, bracket in enumerate(instrument.brackets, start=1)
    ]


def _leverage(call: Call) -> Any:
    instrument = call.instrument()
    leverage = call.account.settings_of(instrument.symbol).leverage
    return {
        "symbol": market_id(instrument),
        "longLeverage": leverage,
        "shortLeverage": leverage,
        "maxLongLeverage": instrument.max_leverage,
        "maxShortLeverage": instrument.max_leverage,
        "availableLongVol": "0.0000",
        "availableShortVol": "0.0000",
    }


def _set_leverage(call: Call) -> Any:
    instrument, leverage = call.instrument(), int(call.decimal("leverage"))
    choices.set_leverage(call.engine.state, call.account, instrument.symbol, leverage)
    return {"leverage": leverage, "symbol": market_id(instrument)}


def _margin_type(call: Call) -> Any:
    isolated = call.account.settings_of(call.instrument().symbol).isolated
    return {"marginType": "ISOLATED" if isolated else "CROSSED"}


def _dual(call: Call) -> Any:
    return {"dualSidePosition": "true" if call.account.hedge_mode else "false"}


def _set_dual(call: Call) -> Any:
    hedge = call.text("dualSidePosition") == "true"
    if hedge != call.account.hedge_mode:
        choices.set_hedge_mode(call.account, hedge_mode=hedge)
    return _dual(call)


def _asset_mode(call: Call) -> Any:
    return {"assetMode": "multiAssetsMode" if call.account.multi_assets else "singleAssetMode"}


def _set_asset_mode(call: Call) -> Any:
    multi = call.text("assetMode") == "multiAssetsMode"
    if multi != call.account.multi_assets:
        choices.set_multi_assets(call.engine.state, call.account, multi_assets=multi)
    return _asset_mode(call)


def _commission(call: Call) -> Any:
    return {
        "commission": {
            "takerCommissionRate": float(call.account.taker_rate),
            "makerCommissionRate": float(call.account.maker_rate),
        }
    }


def _none(_call: Call) -> Any:
    return []


def _rights(call: Call) -> Any:
    """Rights are numbers: 1 spot, 2 read, 3 futures, 4 universal transfer, 5 withdrawal, 7 to sub-accounts."""
    key = call.api_key
    granted = (
        (2, key.reading),
        (3, key.futures),
        (4, key.universal_transfer),
        (5, key.withdrawals),
        (7, key.internal_transfer),
    )
    return {
        "apiKey": key.key,
        "permissions": [number for number, has in granted if has],
        "ipAddresses": sorted(key.ips),
        "note": "sandbox",
    }


def _listen_key(call: Call) -> Any:
    return {"listenKey": call.venue.listen(call.account.id)}


def _nothing(_call: Call) -> Any:
    return {}


_READ = Security.READ
_TRADE = Security.TRADE
TABLE: Table = {
    ("GET", "/openApi/swap/v3/user/balance"): Endpoint(_balance, _READ),
    ("GET", "/openApi/swap/v2/user/positions"): Endpoint(_positions, _READ),
    ("GET", "/openApi/cswap/v1/user/balance"): Endpoint(_coin_balance, _READ),
    ("GET", "/openApi/cswap/v1/user/positions"): Endpoint(_coin_positions, _READ),
    ("GET", "/openApi/contract/v1/allPosition"): Endpoint(_none, _READ),
    ("GET", "/openApi/wallets/v1/capital/config/getall"): Endpoint(_none, _READ),
    ("GET", "/openApi/swap/v1/maintMarginRatio"): Endpoint(_tiers, _READ),
    ("GET", "/openApi/swap/v2/trade/leverage"): Endpoint(_leverage, _READ),
    ("POST", "/openApi/swap/v2/trade/leverage"): Endpoint(_set_leverage, _TRADE),
    ("GET", "/openApi/cswap/v1/trade/leverage"): Endpoint(_leverage, _READ),
    ("GET", "/openApi/swap/v2/trade/marginType"): Endpoint(_margin_type, _READ),
    ("GET", "/openApi/swap/v1/positionSide/dual"): Endpoint(_dual, _READ),
    ("POST", "/openApi/swap/v1/positionSide/dual"): Endpoint(_set_dual, _TRADE),
    ("GET", "/openApi/swap/v1/trade/assetMode"): Endpoint(_asset_mode, _READ),
    ("POST", "/openApi/swap/v1/trade/assetMode"): Endpoint(_set_asset_mode, _TRADE),
    ("GET", "/openApi/swap/v2/user/commissionRate"): Endpoint(_commission, _READ),
    ("GET", "/openApi/v1/account/apiPermissions"): Endpoint(_rights, _READ, bare=True),
    ("POST", "/openApi/user/auth/userDataStream"): Endpoint(_listen_key, _READ, bare=True),
    ("PUT", "/openApi/user/auth/userDataStream"): Endpoint(_nothing, _READ, bare=True),
    ("DELETE", "/openApi/user/auth/userDataStream"): Endpoint(_nothing, _READ, bare=True),
}
