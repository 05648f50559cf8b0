"""An account as OKX writes it: balances with the venue's own ratios, positions, configuration, leverage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.okx.call import plain, wire_time
from guard.sandbox.dialects.okx.instruments import wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.okx import FUTURES, MULTI, PORTFOLIO, OkxRule, counted, mode_of
from guard.sandbox.engine.sides import Leg
from guard.sandbox.keys import ApiKey

RULE = OkxRule()
_ZERO = Decimal(0)
POS_SIDES = {Leg.BOTH: "net", Leg.LONG: "long", Leg.SHORT: "short"}
LEGS = {"net": Leg.BOTH, "long": Leg.LONG, "short": Leg.SHORT}
_PER_CURRENCY = frozenset({FUTURES})
_PER_ACCOUNT = frozenset({MULTI, PORTFOLIO})


def balance_json(world: World, account: Account) -> dict[str, Any]:
    """The one row of `account/balance`: figures that the account's mode does not have are empty."""
    market, figures = world.engine.market, world.engine.figures(account)
    details = [_currency_json(world, account, figures, name) for name in figures.assets]
    shown = [row for row in details if row["eq"] != "0" or row["cashBal"] != "0"]
    together = mode_of(account) in _PER_ACCOUNT
    total = _pool_json(account, market, figures, USD) if together else _NO_POOL
    order_margin = sum((each.order_initial * market.asset(name).index for name, each in figures.assets.items()), _ZERO)
    isolated = sum((leg.isolated_margin * _price(market, leg) for leg in figures.legs if leg.isolated), _ZERO)
    return {
        **total,
        "borrowFroz": "0" if together else "",
        "details": shown,
        "isoEq": plain(isolated),
        "notionalUsd": plain(sum((leg.notional * _price(market, leg) for leg in figures.legs), _ZERO))
        if together
        else "",
        "ordFroz": plain(order_margin) if together else "",
        "totalEq": plain(
            sum((each.margin_balance * market.asset(name).index for name, each in figures.assets.items()), _ZERO)
        ),
        "uTime": str(world.wire_ms),
        "upl": plain(sum((leg.unrealized * _price(market, leg) for leg in figures.legs), _ZERO)) if together else "",
    }


_NO_POOL = {"adjEq": "", "availEq": "", "imr": "", "mmr": "", "mgnRatio": ""}


def _pool_json(account: Account, market: Market, figures: AccountFigures, currency: str) -> dict[str, str]:
    """Equity, margins and ratio of one cross pool; without cross legs there is no ratio."""
    legs = RULE.groups(account, market, figures).get(currency, ())
    equity = RULE.equity(account, market, figures, currency)
    requirement = RULE.requirement(account, market, figures, currency, legs)
    initial = sum(
        (
            (each.cross_position_initial + each.order_initial) * (market.asset(name).index if currency == USD else 1)
            for name, each in figures.assets.items()
            if currency in {USD, name}
        ),
        _ZERO,
    )
    return {
        "adjEq": plain(equity),
        "availEq": plain(max(_ZERO, equity - initial)),
        "imr": plain(initial),
        "mmr": plain(RULE.maintenance_of(account, market, currency, legs)),
        "mgnRatio": plain(equity / requirement) if requirement else "",
    }


def _currency_json(world: World, account: Account, figures: AccountFigures, name: str) -> dict[str, Any]:
    market, asset = world.engine.market, figures.assets[name]
    price = market.asset(name).index
    isolated = [leg for leg in figures.legs if leg.isolated and _asset(market, leg) == name]
    isolated_upl = sum((leg.unrealized for leg in isolated), _ZERO)
    alone = mode_of(account) in _PER_CURRENCY
    pool = _pool_json(account, market, figures, name) if alone else _NO_POOL
    crossed = any(not leg.isolated and _asset(market, leg) == name for leg in figures.legs)
    debt = max(_ZERO, -asset.cross_margin_balance)
    return {
        "autoLendStatus": "off",
        "autoLendMtAmt": "0",
        "availBal": plain(asset.withdrawable),
        "availEq": plain(asset.available),
        "borrowFroz": "" if alone else "0",
        "cashBal": plain(asset.cross_wallet),
        "ccy": name,
        "crossLiab": "" if alone else plain(debt),
        "colRes": "0",
        "collateralEnabled": False,
        "collateralRestrict": False,
        "colBorrAutoConversion": "0",
        "disEq": "" if alone else plain(counted(name, asset.cross_margin_balance) * price),
        "eq": plain(asset.margin_balance),
        "eqUsd": plain(asset.margin_balance * price),
        "smtSyncEq": "0",
        "spotCopyTradingEq": "0",
        "fixedBal": "0",
        "frozenBal": plain(asset.initial),
        "imr": pool["imr"] if crossed else "",
        "interest": "" if alone else "0",
        "isoEq": plain(sum((leg.isolated_margin for leg in isolated), _ZERO)),
        "isoLiab": "" if alone else "0",
        "isoUpl": plain(isolated_upl),
        "liab": "" if alone else plain(debt),
        "maxLoan": "" if alone else "0",
        "mgnRatio": pool["mgnRatio"] if crossed else "",
        "mmr": pool["mmr"] if crossed else "",
        "notionalLever": "0" if alone else "",
        "ordFrozen": plain(asset.order_initial),
        "rewardBal": "0",
        "spotInUseAmt": "",
        "clSpotInUseAmt": "",
        "maxSpotInUse": "",
        "spotIsoBal": "0",
        "stgyEq": "0",
        "twap": "0",
        "uTime": wire_time(world, account.updated_ms),
        "upl": plain(asset.unrealized),
        "uplLiab": "" if alone else "0",
        "spotBal": "",
        "openAvgPx": "",
        "accAvgPx": "",
        "spotUpl": "",
        "spotUplRatio": "",
        "totalPnl": "",
        "totalPnlRatio": "",
    }


def positions_json(world: World, account: Account) -> list[dict[str, Any]]:
    """The rows of `account/positions`."""
    figures = world.engine.figures(account)
    return [position_json(world, account, figures, leg) for leg in figures.legs]


def position_json(world: World, account: Account, figures: AccountFigures, leg: LegFigures) -> dict[str, Any]:
    """One row: margins in the settlement currency, the ratio in the venue's direction (high is good)."""
    market, position = world.engine.market, leg.position
    instrument = market.instruments[position.symbol]
    pools = RULE.pools(account, market, figures)
    pool = next(each for each in pools if any(one.position is position for one in each.legs))
    contracts = instrument.contracts(position.qty)
    price = liquidation_price(account, market, figures, leg)
    usd = market.asset(instrument.margin_asset).index
    mark = plain(leg.mark)
    per_unit = position.leg is Leg.BOTH
    return {
        "adl": "1",
        "availPos": "" if per_unit else plain(abs(contracts)),
        "avgPx": plain(position.entry_price),
        "baseBal": "",
        "bePx": plain(position.entry_price),
        "bizRefId": "",
        "bizRefType": "",
        "cTime": wire_time(world, position.updated_ms),
        "ccy": instrument.margin_asset,
        "clSpotInUseAmt": "",
        "closeOrderAlgo": [],
        "deltaBS": "",
        "deltaPA": "",
        "fee": "0",
        "fundingFee": "0",
        "gammaBS": "",
        "gammaPA": "",
        "hedgedPos": "",
        "idxPx": mark,
        "imr": "" if leg.isolated else plain(leg.initial),
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "interest": "",
        "last": mark,
        "lever": "" if mode_of(account) == PORTFOLIO and not leg.isolated else str(leg.leverage),
        "liab": "",
        "liabCcy": "",
        "liqPenalty": "0",
        "liqPx": "" if price is None else plain(price),
        "margin": plain(position.isolated_wallet) if leg.isolated else "",
        "markPx": mark,
        "maxSpotInUseAmt": "",
        "mgnMode": "isolated" if leg.isolated else "cross",
        "mgnRatio": plain(pool.equity / pool.maintenance) if pool.maintenance else "",
        "mmr": plain(leg.maintenance),
        "notionalUsd": plain(leg.notional * usd),
        "optVal": "",
        "pendingCloseOrdLiabVal": "",
        "pnl": "0",
        "pos": plain(contracts if per_unit else abs(contracts)),
        "posCcy": "",
        "posId": str(10_000_000 + position.updated_ms % 10_000_000),
        "posSide": POS_SIDES[position.leg],
        "quoteBal": "",
        "realizedPnl": "0",
        "settledPnl": "",
        "spotInUseAmt": "",
        "spotInUseCcy": "",
        "thetaBS": "",
        "thetaPA": "",
        "tradeId": "1",
        "uTime": wire_time(world, position.updated_ms),
        "upl": plain(leg.unrealized),
        "uplLastPx": plain(leg.unrealized),
        "uplRatio": "0",
        "uplRatioLastPx": "0",
        "usdPx": plain(usd),
        "vegaBS": "",
        "vegaPA": "",
        "nonSettleAvgPx": "",
    }


def closed_json(world: World, instrument: Instrument, leg: LegFigures) -> dict[str, Any]:
    """A leg that is gone, as the positions channel tells it: sizes are 0, most of the rest is empty."""
    gone = dict.fromkeys(("avgPx", "imr", "liqPx", "margin", "mgnRatio", "mmr", "upl", "notionalUsd"), "")
    return {
        **gone,
        "ccy": instrument.margin_asset,
        "instId": wire_id(instrument),
        "instType": "SWAP",
        "lever": str(leg.leverage),
        "markPx": plain(leg.mark),
        "mgnMode": "isolated" if leg.isolated else "cross",
        "pos": "0",
        "posId": "",
        "posSide": POS_SIDES[leg.position.leg],
        "uTime": wire_time(world, leg.position.updated_ms),
    }


def config_json(account: Account, key: ApiKey) -> dict[str, Any]:
    """The one row of `account/config`: modes, and what the key may do."""
    rights = {"read_only": key.reading, "withdraw": key.withdrawals, "trade": key.futures}
    return {
        "acctLv": mode_of(account),
        "acctStpMode": "cancel_maker",
        "autoLoan": False,
        "ctIsoMode": "automatic",
        "enableSpotBorrow": False,
        "feeType": "0",
        "greeksType": "PA",
        "ip": ",".join(sorted(key.ips)),
        "kycLv": "3",
        "label": "guard",
        "level": "Lv1",
        "levelTmp": "",
        "liquidationGear": "-1",
        "mainUid": str(44_705_892_000_000 + account.id),
        "mgnIsoMode": "automatic",
        "opAuth": "0",
        "perm": ",".join(name for name, given in rights.items() if given),
        "posMode": "long_short_mode" if account.hedge_mode else "net_mode",
        "roleType": "0",
        "settleCcy": "USDC",
        "settleCcyList": ["USD", "USDC"],
        "spotBorrowAutoRepay": False,
        "spotOffsetType": "",
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "stgyType": "0",
        "traderInsts": [],
        "type": "0",
        "uid": str(44_705_892_000_000 + account.id),
    }


def fee_json(account: Account, instrument_type: str, now_ms: int) -> dict[str, Any]:
    """The one row of `account/trade-fee`: what is charged is negative."""
    taker, maker = plain(-account.taker_rate), plain(-account.maker_rate)
    return {
        "category": "1",
        "delivery": "",
        "exercise": "",
        "instType": instrument_type,
        "level": "Lv1",
        "maker": maker,
        "makerU": maker,
        "makerUSDC": maker,
        "taker": taker,
        "takerU": taker,
        "takerUSDC": taker,
        "ruleType": "normal",
        "ts": str(now_ms),
        "fiat": [],
    }


def leverage_json(account: Account, market: Market, symbol: str) -> list[dict[str, Any]]:
    """The rows of `account/leverage-info` and `account/set-leverage`."""
    settings = account.settings_of(symbol)
    sides = ("long", "short") if account.hedge_mode else ("net",)
    return [
        {
            "ccy": "",
            "instId": wire_id(market.instruments[symbol]),
            "lever": str(settings.leverage),
            "mgnMode": "isolated" if settings.isolated else "cross",
            "posSide": side,
        }
        for side in sides
    ]


def _asset(market: Market, leg: LegFigures) -> str:
    return market.instruments[leg.position.symbol].margin_asset


def _price(market: Market, leg: LegFigures) -> Decimal:
    return market.asset(_asset(market, leg)).index
