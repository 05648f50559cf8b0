"""Contracts, accounts, legs and orders of a classic account as the wire writes them. Pure: the engine's values in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from guard.sandbox.dialects.bitget.names import coins_of, mode_word, plain, product_of, size_of, wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.margin import AccountFigures, AssetFigures, LegFigures, Pool
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, Order, OrderKind, OrderStatus
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.bitget import FEE, opened_ms
from guard.sandbox.engine.sides import Leg, Side

_ZERO = Decimal(0)
_STATES = {
    OrderStatus.NEW: "live",
    OrderStatus.PARTIALLY_FILLED: "partially_filled",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.EXPIRED: "canceled",
}
UNION_PRODUCT: Final = "USDT-FUTURES"
_COIN_STEP = Decimal("0.001")


def contract(instrument: Instrument) -> dict[str, Any]:
    """A listed contract. Sizes of coin-margined ones are in coin too."""
    tick = instrument.tick.normalize()
    exponent = tick.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    step = _COIN_STEP if instrument.is_inverse else instrument.step
    return {
        "symbol": wire_id(instrument.symbol),
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "buyLimitPriceRatio": plain(instrument.price_band),
        "sellLimitPriceRatio": plain(instrument.price_band),
        "feeRateUpRatio": "0.005",
        "makerFeeRate": "0.0002",
        "takerFeeRate": plain(FEE),
        "openCostUpRatio": "0.01",
        "supportMarginCoins": [instrument.margin_asset],
        "minTradeNum": plain(step),
        "priceEndStep": plain(tick.scaleb(places)),
        "volumePlace": str(max(0, -int(step.normalize().as_tuple().exponent))),
        "pricePlace": str(places),
        "sizeMultiplier": plain(step),
        "symbolType": "perpetual",
        "minTradeUSDT": "5" if instrument.min_notional <= 5 else plain(instrument.min_notional),
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "1000",
        "maxPositionNum": "150",
        "maxOrderQty": plain(Decimal(1_000) if instrument.is_inverse else instrument.max_qty),
        "maxMarketOrderQty": plain(Decimal(200) if instrument.is_inverse else instrument.max_market_qty),
        "symbolStatus": "normal",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "",
        "fundInterval": "8",
        "minLever": "1",
        "maxLever": str(instrument.max_leverage),
        "posLimit": "0.1",
        "maintainTime": "",
        "openTime": "",
    }


def tiers(instrument: Instrument) -> list[dict[str, Any]]:
    """The tiers of a contract, in quote."""
    return [
        {
            "symbol": wire_id(instrument.symbol),
            "level": str(level),
            "startUnit": plain(bracket.floor),
            "endUnit": plain(bracket.cap),
            "leverage": str(bracket.max_leverage),
            "keepMarginRate": plain(bracket.mm_rate),
        }
        for level, bracket in enumerate(instrument.brackets, start=1)
    ]


def accounts(account: Account, market: Market, figures: AccountFigures, product: str) -> list[dict[str, Any]]:
    """The accounts of a product; a coin nobody ever put in stands there with zeros.

    In multi-assets mode all money is behind USDT-margined contracts, and told with them.
    """
    pools = market.rule.pools(account, market, figures)
    if account.multi_assets and product != UNION_PRODUCT:
        pools, figures = [], AccountFigures((), {}, {}, {})
    return [
        _account(account, market, figures, pools, coin, is_union=account.multi_assets and product == UNION_PRODUCT)
        for coin in coins_of(product, market)
    ]


def _account(
    account: Account, market: Market, figures: AccountFigures, pools: list[Pool], coin: str, *, is_union: bool
) -> dict[str, Any]:
    asset = figures.assets.get(coin) or AssetFigures(coin, *[_ZERO] * 9)
    pool = next((each for each in pools if not each.isolated and each.currency in {coin, USD}), None)
    free = market.rule.available(account, market, figures, coin) if coin in figures.assets else _ZERO
    rate = (pool.ratio or _ZERO) if pool is not None and pool.legs else _ZERO
    row: dict[str, Any] = {
        "marginCoin": coin,
        "locked": plain(asset.order_initial),
        "available": plain(asset.cross_wallet),
        "crossedMaxAvailable": plain(free),
        "isolatedMaxAvailable": plain(free),
        "maxTransferOut": plain(asset.withdrawable),
        "accountEquity": plain(asset.margin_balance),
        "usdtEquity": plain(asset.margin_balance * market.asset(coin).index),
        "btcEquity": "0",
        "crossedRiskRate": plain(rate),
        "unrealizedPL": plain(asset.unrealized),
        "coupon": "0",
        "unionTotalMargin": "",
        "unionAvailable": "",
        "unionMm": "",
        "assetList": [],
        "isolatedMargin": plain(asset.wallet - asset.cross_wallet),
        "crossedMargin": plain(asset.cross_position_initial),
        "crossedUnrealizedPL": plain(asset.cross_unrealized),
        "isolatedUnrealizedPL": plain(asset.unrealized - asset.cross_unrealized),
        "grant": "",
        "assetMode": "union" if is_union else "single",
    }
    if is_union and pool is not None:
        row["unionTotalMargin"], row["unionMm"] = plain(pool.equity), plain(pool.maintenance)
        row["unionAvailable"] = plain(free)
        row["assetList"] = [
            {"coin": name, "balance": plain(amount), "available": plain(amount)}
            for name, amount in sorted(account.wallets.items())
        ]
    return row


def single_account(account: Account, market: Market, figures: AccountFigures, instrument: Instrument) -> dict[str, Any]:
    """The account behind one contract, with its settings."""
    rows = accounts(account, market, figures, product_of(instrument))
    row = next(row for row in rows if row["marginCoin"] == instrument.margin_asset)
    settings = account.settings_of(instrument.symbol)
    told = {name: value for name, value in row.items() if not name.startswith("union") and name != "assetList"}
    return {
        **told,
        "crossedMarginLeverage": settings.leverage,
        "isolatedLongLever": settings.leverage,
        "isolatedShortLever": settings.leverage,
        "marginMode": "isolated" if settings.isolated else "crossed",
        "posMode": mode_word(account),
    }


def positions(account: Account, market: Market, figures: AccountFigures, product: str) -> list[dict[str, Any]]:
    """The legs held in a product."""
    pools = market.rule.pools(account, market, figures)
    return [
        _position(account, market, pools, leg)
        for leg in figures.legs
        if product_of(market.instruments[leg.position.symbol]) == product
    ]


def _position(account: Account, market: Market, pools: list[Pool], leg: LegFigures) -> dict[str, Any]:
    held, instrument = leg.position, market.instruments[leg.position.symbol]
    pool = next(each for each in pools if any(item.position is held for item in each.legs))
    size = size_of(instrument, held.qty, held.entry_price)
    working = [order for order in account.open_orders.values() if (order.symbol, order.leg) == (held.symbol, held.leg)]
    return {
        "marginCoin": instrument.margin_asset,
        "symbol": wire_id(held.symbol),
        "holdSide": "long" if held.qty > 0 else "short",
        "openDelegateSize": plain(_sum_of(instrument, (order for order in working if not order.closes))),
        "marginSize": plain(held.isolated_wallet if leg.isolated else leg.initial),
        "available": plain(max(_ZERO, size - _sum_of(instrument, (order for order in working if order.closes)))),
        "locked": plain(_sum_of(instrument, (order for order in working if order.closes))),
        "total": plain(size),
        "leverage": str(leg.leverage),
        "achievedProfits": "0",
        "openPriceAvg": plain(held.entry_price),
        "marginMode": "isolated" if leg.isolated else "crossed",
        "posMode": mode_word(account),
        "unrealizedPL": plain(leg.unrealized),
        "liquidationPrice": plain(max(_ZERO, _shown_price(pool, leg, size))),
        "keepMarginRate": plain(instrument.bracket_of(leg.notional).mm_rate),
        "markPrice": plain(leg.mark),
        "marginRatio": plain(pool.ratio or _ZERO),
        "breakEvenPrice": plain(held.entry_price),
        "totalFee": "",
        "deductedFee": "0",
        "grant": "",
        "assetMode": "union" if account.multi_assets else "single",
        "autoMargin": "off",
        "takeProfit": "",
        "stopLoss": "",
        "takeProfitId": "",
        "stopLossId": "",
        "cTime": str(opened_ms(account, held)),
        "uTime": str(held.updated_ms),
    }


def _shown_price(pool: Pool, leg: LegFigures, size: Decimal) -> Decimal:
    """The requirement frozen at the present mark."""
    room = pool.surplus / size
    return leg.mark - room if leg.position.qty > 0 else leg.mark + room


def _sum_of(instrument: Instrument, orders: Iterator[Order]) -> Decimal:
    return sum((size_of(instrument, order.remaining, order.price) for order in orders), _ZERO)


def order(account: Account, market: Market, placed: Order, state_key: str) -> dict[str, Any]:
    """An order; the list of resting ones writes `status`, a single one `state`."""
    instrument = market.instruments[placed.symbol]
    settings = account.settings_of(placed.symbol)
    return {
        "symbol": wire_id(placed.symbol),
        "size": plain(size_of(instrument, placed.qty, placed.price or market.mark(placed.symbol))),
        "orderId": str(placed.id),
        "clientOid": placed.client_order_id,
        "baseVolume": plain(size_of(instrument, placed.filled, placed.price or market.mark(placed.symbol))),
        "fee": "0",
        "price": plain(placed.price) if placed.kind is OrderKind.LIMIT else "",
        "priceAvg": plain(placed.average_price) if placed.filled else "",
        state_key: _STATES[placed.status],
        **_ways(account, placed.leg, placed.side, closes=placed.closes),
        "force": placed.time_in_force.value.lower(),
        "totalProfits": "0",
        "marginCoin": instrument.margin_asset,
        "quoteVolume": plain(placed.notional_filled),
        "leverage": str(settings.leverage),
        "marginMode": "isolated" if settings.isolated else "crossed",
        "enterPointSource": "API",
        "orderType": placed.kind.value.lower(),
        "orderSource": "normal",
        "presetStopSurplusPrice": "",
        "presetStopLossPrice": "",
        "cTime": str(placed.created_ms),
        "uTime": str(placed.updated_ms),
    }


def _ways(account: Account, leg: Leg, side: Side, *, closes: bool) -> dict[str, str]:
    """In hedge mode `side` is the direction of the leg, and `tradeSide` says whether the order opens or closes it."""
    if leg is Leg.BOTH:
        word = side.value.lower()
        return {
            "side": word,
            "posSide": "net",
            "tradeSide": f"{word}_single",
            "posMode": mode_word(account),
            "reduceOnly": "YES" if closes else "NO",
        }
    return {
        "side": "buy" if leg is Leg.LONG else "sell",
        "posSide": leg.value.lower(),
        "tradeSide": "close" if closes else "open",
        "posMode": mode_word(account),
        "reduceOnly": "YES" if closes else "NO",
    }


def plan_type(algo: AlgoOrder) -> str:
    """The list that a conditional order waits in, and its kind there."""
    request = algo.request
    if request.kind is AlgoKind.TRAILING_STOP_MARKET:
        return "track_plan"
    profits = request.kind in {AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET}
    if request.close_position:
        return "pos_profit" if profits else "pos_loss"
    if _closes(algo):
        return "profit_plan" if profits else "loss_plan"
    return "normal_plan"


def _closes(algo: AlgoOrder) -> bool:
    request = algo.request
    if request.leg is Leg.BOTH:
        return bool(request.reduce_only) or request.close_position
    return not request.leg.opened_by(request.side)


def plan(account: Account, market: Market, algo: AlgoOrder) -> dict[str, Any]:
    """A conditional order."""
    request, instrument = algo.request, market.instruments[algo.request.symbol]
    kind = plan_type(algo)
    price = plain(request.price) if request.price is not None else ""
    trigger = request.trigger_price or request.activate_price or market.mark(request.symbol)
    whole = request.qty is None or request.close_position
    return {
        "planType": kind,
        "symbol": wire_id(request.symbol),
        "size": "" if whole or request.qty is None else plain(size_of(instrument, request.qty, trigger)),
        "orderId": str(algo.id),
        "clientOid": algo.client_algo_id,
        "price": price if kind in {"normal_plan", "track_plan"} else "",
        "executePrice": "" if kind in {"normal_plan", "track_plan"} else price,
        "callbackRatio": plain(request.callback_rate) if request.callback_rate is not None else "",
        "triggerPrice": plain(trigger),
        "triggerType": "mark_price",
        "planStatus": "live",
        **_ways(account, request.leg, request.side, closes=_closes(algo)),
        "marginCoin": instrument.margin_asset,
        "marginMode": "isolated" if account.settings_of(request.symbol).isolated else "crossed",
        "enterPointSource": "API",
        "orderType": "market" if request.kind.is_market else "limit",
        "stopSurplusTriggerPrice": "",
        "stopSurplusExecutePrice": "",
        "stopSurplusTriggerType": "fill_price",
        "stopLossTriggerPrice": "",
        "stopLossExecutePrice": "",
        "stopLossTriggerType": "fill_price",
        "cTime": str(algo.created_ms),
        "uTime": str(algo.updated_ms),
    }
