"""What the venue tells, in its JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.hyperliquid import listing
from guard.sandbox.dialects.hyperliquid.listing import Coin
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import AccountFigures, LegFigures, account_figures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoOrder, Order, OrderStatus, TimeInForce, Trade
from guard.sandbox.engine.sides import Side

Json = dict[str, Any]
_ZERO = Decimal(0)
_USDC_TOKEN, _UBTC_TOKEN = 0, 197


def plain(value: Decimal, places: int = 8) -> str:
    """Without an exponent; at least one decimal, as the venue writes numbers."""
    text = f"{value:.{places}f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def coins_of(dex: str) -> list[Coin]:
    """The contracts of a dex, in the order of their numbers."""
    return [coin for coin in listing.COINS if coin.dex == dex]


def universe(market: Market, dex: str) -> list[Any]:
    """`metaAndAssetCtxs`."""
    coins = coins_of(dex)
    tables = sorted({coin.table for coin in coins})
    meta = {
        "universe": [_contract(coin) for coin in coins],
        "marginTables": [[table, _margin_table(table)] for table in tables],
        "collateralToken": _USDC_TOKEN,
    }
    return [meta, [context(market, coin) for coin in coins]]


def _contract(coin: Coin) -> Json:
    row: Json = {
        "szDecimals": coin.size_decimals,
        "name": coin.name,
        "maxLeverage": listing.steps_of(coin.table)[0][1],
        "marginTableId": coin.table,
    }
    return {**row, "onlyIsolated": True, "marginMode": "strictIsolated"} if coin.only_isolated else row


def _margin_table(table: int) -> Json:
    tiers = [
        {"lowerBound": plain(Decimal(floor)), "maxLeverage": leverage} for floor, leverage in listing.steps_of(table)
    ]
    return {"description": "" if table < 50 else f"tiered {tiers[0]['maxLeverage']}x", "marginTiers": tiers}


def context(market: Market, coin: Coin) -> Json:
    """Prices of one contract."""
    mark = plain(market.mark(coin.symbol))
    return {
        "funding": plain(market.funding_rate(coin.symbol) / 8, 10),
        "openInterest": "1000.0",
        "prevDayPx": mark,
        "dayNtlVlm": "1000000.0",
        "premium": "0.0",
        "oraclePx": mark,
        "markPx": mark,
        "midPx": mark,
        "impactPxs": [mark, mark],
        "dayBaseVlm": "1000.0",
    }


def mids(market: Market, dex: str) -> dict[str, str]:
    """`allMids`."""
    return {coin.name: plain(market.mark(coin.symbol)) for coin in coins_of(dex)}


def spot_universe(market: Market) -> list[Any]:
    """`spotMetaAndAssetCtxs`: the money, and one coin that is traded against it."""
    meta = {
        "universe": [{"tokens": [_UBTC_TOKEN, _USDC_TOKEN], "name": "@142", "index": 142, "isCanonical": False}],
        "tokens": [
            {"name": "USDC", "szDecimals": 8, "weiDecimals": 8, "index": _USDC_TOKEN, "isCanonical": True},
            {"name": "UBTC", "szDecimals": 5, "weiDecimals": 10, "index": _UBTC_TOKEN, "isCanonical": False},
        ],
    }
    mark = plain(market.mark("BTCUSDT"))
    return [meta, [{"coin": "@142", "markPx": mark, "midPx": mark, "prevDayPx": mark, "dayNtlVlm": "0.0"}]]


def state(account: Account, market: Market, dex: str, now_ms: int) -> Json:
    """`clearinghouseState` of one dex; the money is on the venue's own."""
    figures = account_figures(account, market)
    legs = [leg for leg in figures.legs if listing.BY_SYMBOL[leg.position.symbol].dex == dex]
    cross, apart = [leg for leg in legs if not leg.isolated], [leg for leg in legs if leg.isolated]
    money = figures.assets.get(listing.MONEY)
    wallet = money.cross_wallet if money and not dex else _ZERO
    cash = wallet - _bought(cross)
    value = wallet + _sum(leg.unrealized for leg in cross)
    initial = _sum(leg.initial for leg in cross)
    free = market.rule.available(account, market, figures, listing.MONEY) if not dex else _ZERO
    return {
        "marginSummary": _summary(
            value + _sum(leg.isolated_margin for leg in apart),
            _sum(abs(leg.notional) for leg in legs),
            cash + _sum(_raw_usd(leg) for leg in apart),
            initial + _sum(leg.isolated_margin for leg in apart),
        ),
        "crossMarginSummary": _summary(value, _sum(abs(leg.notional) for leg in cross), cash, initial),
        "crossMaintenanceMarginUsed": plain(_sum(leg.maintenance for leg in cross)),
        "withdrawable": plain(min(free, value)),
        "assetPositions": [{"type": "oneWay", "position": _position(account, market, figures, leg)} for leg in legs],
        "time": now_ms,
    }


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, _ZERO)


def _bought(legs: list[LegFigures]) -> Decimal:
    return _sum(leg.position.qty * leg.position.entry_price for leg in legs)


def _raw_usd(leg: LegFigures) -> Decimal:
    """The cash of an isolated leg: its margin less what it bought."""
    return leg.position.isolated_wallet - leg.position.qty * leg.position.entry_price


def _summary(value: Decimal, notional: Decimal, cash: Decimal, used: Decimal) -> Json:
    return {
        "accountValue": plain(value),
        "totalNtlPos": plain(notional),
        "totalRawUsd": plain(cash),
        "totalMarginUsed": plain(used),
    }


def _position(account: Account, market: Market, figures: AccountFigures, leg: LegFigures) -> Json:
    position, coin = leg.position, listing.BY_SYMBOL[leg.position.symbol]
    leverage: Json = {"type": "isolated" if leg.isolated else "cross", "value": leg.leverage}
    if leg.isolated:
        leverage["rawUsd"] = plain(_raw_usd(leg))
    liquidation = liquidation_price(account, market, figures, leg)
    used = leg.isolated_margin if leg.isolated else leg.initial
    return {
        "coin": coin.name,
        "szi": plain(position.qty),
        "leverage": leverage,
        "entryPx": plain(position.entry_price),
        "positionValue": plain(abs(leg.notional)),
        "unrealizedPnl": plain(leg.unrealized),
        "returnOnEquity": plain(leg.unrealized / used if used else _ZERO),
        "liquidationPx": None if liquidation is None else plain(liquidation),
        "marginUsed": plain(used),
        "maxLeverage": listing.steps_of(coin.table)[0][1],
        "cumFunding": {"allTime": "0.0", "sinceOpen": "0.0", "sinceChange": "0.0"},
    }


def spot_state(account: Account, market: Market) -> Json:
    """`spotClearinghouseState`: of a unified account all its money with its legs' profits, else nothing."""
    if account.mode not in {"unifiedAccount", "portfolioMargin"}:
        return {"balances": []}
    figures = account_figures(account, market)
    money = figures.assets.get(listing.MONEY)
    total = money.margin_balance if money else _ZERO
    coins = account.wallets.get("UBTC", _ZERO)
    maintenance = money.cross_maintenance if money else _ZERO
    left = (money.cross_margin_balance if money else _ZERO) - maintenance
    answer: Json = {
        "balances": [
            _balance("USDC", _USDC_TOKEN, total, money.initial if money else _ZERO),
            *([_balance("UBTC", _UBTC_TOKEN, coins, _ZERO)] if coins else []),
        ],
        "tokenToAvailableAfterMaintenance": [[_USDC_TOKEN, plain(left)]],
    }
    if account.mode == "portfolioMargin":
        worth = total + coins * market.mark("BTCUSDT") / 2
        answer["portfolioMarginEnabled"] = True
        answer["portfolioMarginRatio"] = plain(maintenance / worth if worth > 0 else Decimal(1))
    return answer


def _balance(coin: str, token: int, total: Decimal, hold: Decimal) -> Json:
    return {"coin": coin, "token": token, "total": plain(total), "hold": plain(hold), "entryNtl": "0.0"}


def open_orders(account: Account, dex: str) -> list[Json]:
    """`frontendOpenOrders` of one dex: plain ones, and those that wait for a trigger."""
    resting = [_resting(order) for order in account.open_orders.values()]
    waiting = [_waiting(algo) for algo in account.open_algo_orders.values()]
    return [row for row in (*resting, *waiting) if listing.BY_NAME[row["coin"]].dex == dex]


def _cloid(client_order_id: str) -> str | None:
    return client_order_id if client_order_id.startswith("0x") else None


def _resting(order: Order) -> Json:
    """One order with everything that the venue tells of it."""
    return {
        **basic_order(order),
        "triggerCondition": "N/A",
        "isTrigger": False,
        "triggerPx": "0.0",
        "children": [],
        "isPositionTpsl": False,
        "reduceOnly": order.reduce_only,
        "orderType": "Limit",
        "tif": "Ioc" if order.time_in_force is TimeInForce.IOC else "Gtc",
    }


def basic_order(order: Order) -> Json:
    """One order as the stream tells it."""
    return {
        "coin": listing.BY_SYMBOL[order.symbol].name,
        "side": "B" if order.side is Side.BUY else "A",
        "limitPx": plain(order.price),
        "sz": plain(order.remaining),
        "oid": order.id,
        "timestamp": order.created_ms,
        "origSz": plain(order.qty),
        "cloid": _cloid(order.client_order_id),
    }


def _waiting(algo: AlgoOrder) -> Json:
    asked = algo.request
    trigger = asked.trigger_price or _ZERO
    size = _ZERO if asked.close_position or asked.qty is None else asked.qty
    takes_profit = asked.kind.startswith("TAKE_PROFIT")
    above = (asked.side is Side.BUY) != takes_profit
    return {
        "coin": listing.BY_SYMBOL[asked.symbol].name,
        "side": "B" if asked.side is Side.BUY else "A",
        "limitPx": plain(asked.price or trigger),
        "sz": plain(size),
        "oid": algo.id,
        "timestamp": algo.created_ms,
        "triggerCondition": f"Price {'above' if above else 'below'} {plain(trigger)}",
        "isTrigger": True,
        "triggerPx": plain(trigger),
        "children": [],
        "isPositionTpsl": asked.close_position,
        "reduceOnly": bool(asked.reduce_only) or asked.close_position,
        "orderType": f"{'Take Profit' if takes_profit else 'Stop'} {'Market' if asked.kind.is_market else 'Limit'}",
        "origSz": plain(size),
        "tif": None,
        "cloid": _cloid(algo.client_algo_id),
    }


def order_status(order: Order) -> str:
    """The venue's word for how an order stands."""
    if order.status in {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED}:
        return "open"
    if order.status is OrderStatus.FILLED:
        return "filled"
    if order.status is OrderStatus.EXPIRED and order.time_in_force is TimeInForce.IOC and not order.filled:
        return "iocCancelRejected"
    return "reduceOnlyCanceled" if order.status is OrderStatus.EXPIRED and order.reduce_only else "canceled"


def found_order(order: Order) -> Json:
    """`orderStatus` of an order that is known."""
    told = {"order": _resting(order), "status": order_status(order), "statusTimestamp": order.updated_ms}
    return {"status": "order", "order": told}


def fill(trade: Trade) -> Json:
    """One fill."""
    return {
        "coin": listing.BY_SYMBOL[trade.symbol].name,
        "px": plain(trade.price),
        "sz": plain(trade.qty),
        "side": "B" if trade.side is Side.BUY else "A",
        "time": trade.at_ms,
        "startPosition": "0.0",
        "dir": "Buy" if trade.side is Side.BUY else "Sell",
        "closedPnl": plain(trade.realized_pnl),
        "hash": "0x" + "0" * 64,
        "oid": trade.order_id,
        "crossed": not trade.maker,
        "fee": plain(trade.fee),
        "tid": trade.id,
        "feeToken": trade.asset,
    }


def depth(market: Market, coin: Coin, now_ms: int) -> Json:
    """`l2Book`: 20 levels a side."""
    book = market.book(coin.symbol)
    return {
        "coin": coin.name,
        "levels": [
            [{"px": plain(level.price), "sz": plain(level.qty), "n": 1} for level in side[:20]]
            for side in (book.bids, book.asks)
        ],
        "time": now_ms,
    }


def active_asset(account: Account, market: Market, coin: Coin, user: str) -> Json:
    """`activeAssetData`: the leverage that is set for a coin, and what may be traded."""
    settings = account.settings_of(coin.symbol)
    free = market.rule.available(account, market, account_figures(account, market), listing.MONEY)
    size = plain(free * settings.leverage / market.mark(coin.symbol))
    return {
        "user": user,
        "coin": coin.name,
        "leverage": {"type": "isolated" if settings.isolated else "cross", "value": settings.leverage},
        "maxTradeSzs": [size, size],
        "availableToTrade": [plain(free), plain(free)],
        "markPx": plain(market.mark(coin.symbol)),
    }
