"""A unified account as the wire writes it: one pool in USD. Pure: the engine's values in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.bitget.names import mode_word, plain, product_of, size_of, wire_id
from guard.sandbox.dialects.bitget.shapes import plan_type
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.margin import AccountFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoKind, AlgoOrder, Order
from guard.sandbox.engine.rules.bitget import opened_ms
from guard.sandbox.engine.sides import Leg

_ZERO = Decimal(0)


def settings(account: Account) -> dict[str, Any]:
    """How the account trades."""
    return {
        "accountMode": "unified",
        "assetMode": "multi_assets" if account.multi_assets else "single",
        "accountLevel": "advanced",
        "holdMode": mode_word(account),
        "stpMode": "none",
        "symbolConfigList": [],
        "coinConfigList": [],
    }


def assets(account: Account, market: Market, figures: AccountFigures) -> dict[str, Any]:
    """The pool, and each coin with anything in it. The venue rounds its ratio to four places."""
    pool = next(each for each in market.rule.pools(account, market, figures) if not each.isolated)
    initial = sum((each.initial * market.asset(name).ask_rate for name, each in figures.assets.items()), _ZERO)
    unrealized = sum((each.unrealized * market.asset(name).index for name, each in figures.assets.items()), _ZERO)
    return {
        "accountEquity": plain(pool.equity),
        "usdtEquity": plain(pool.equity),
        "btcEquity": "0",
        "unrealisedPnl": plain(unrealized),
        "usdtUnrealisedPnl": plain(unrealized),
        "btcUnrealizedPnl": "0",
        "effEquity": plain(pool.equity),
        "mmr": plain(pool.maintenance),
        "imr": plain(initial),
        "mgnRatio": plain(round(pool.ratio or _ZERO, 4)),
        "positionMgnRatio": "0",
        "assets": [
            {
                "coin": name,
                "equity": plain(each.margin_balance),
                "usdValue": plain(each.margin_balance * market.asset(name).index),
                "balance": plain(each.wallet),
                "available": plain(each.withdrawable),
                "debt": "0",
                "locked": "0",
            }
            for name, each in figures.assets.items()
            if each.wallet or each.unrealized
        ],
    }


def positions(account: Account, market: Market, figures: AccountFigures, product: str) -> list[dict[str, Any]]:
    """The legs held in a product."""
    found = []
    for leg in figures.legs:
        held, instrument = leg.position, market.instruments[leg.position.symbol]
        if product_of(instrument) != product:
            continue
        size = size_of(instrument, held.qty, held.entry_price)
        found.append(
            {
                "category": product,
                "symbol": wire_id(held.symbol),
                "marginCoin": instrument.margin_asset,
                "holdMode": mode_word(account),
                "posSide": "long" if held.qty > 0 else "short",
                "marginMode": "isolated" if leg.isolated else "crossed",
                "positionBalance": plain(held.isolated_wallet if leg.isolated else leg.initial),
                "available": plain(size),
                "frozen": "0",
                "total": plain(size),
                "leverage": str(leg.leverage),
                "curRealisedPnl": "0",
                "avgPrice": plain(held.entry_price),
                "positionStatus": "normal",
                "unrealisedPnl": plain(leg.unrealized),
                "liquidationPrice": "0",
                "mmr": plain(instrument.bracket_of(leg.notional).mm_rate),
                "profitRate": "0",
                "markPrice": plain(leg.mark),
                "breakEvenPrice": plain(held.entry_price),
                "totalFunding": "0",
                "openFeeTotal": "0",
                "closeFeeTotal": "0",
                "createdTime": str(opened_ms(account, held)),
                "updatedTime": str(held.updated_ms),
            }
        )
    return found


def order(account: Account, market: Market, placed: Order) -> dict[str, Any]:
    """A resting order."""
    instrument = market.instruments[placed.symbol]
    return {
        "orderId": str(placed.id),
        "clientOid": placed.client_order_id,
        "category": product_of(instrument),
        "symbol": wire_id(placed.symbol),
        "orderType": placed.kind.value.lower(),
        "side": placed.side.value.lower(),
        "price": plain(placed.price),
        "qty": plain(size_of(instrument, placed.qty, placed.price)),
        "amount": "0",
        "cumExecQty": plain(size_of(instrument, placed.filled, placed.price)),
        "cumExecValue": "0",
        "avgPrice": "0",
        "timeInForce": placed.time_in_force.value.lower(),
        "orderStatus": "live",
        "posSide": "" if placed.leg is Leg.BOTH else placed.leg.value.lower(),
        "holdMode": mode_word(account),
        "reduceOnly": "YES" if placed.closes else "NO",
        "feeDetail": [{"feeCoin": "", "fee": ""}],
        "createdTime": str(placed.created_ms),
        "updatedTime": str(placed.updated_ms),
        "stpMode": "none",
        "tpTriggerBy": None,
        "slTriggerBy": None,
        "takeProfit": None,
        "stopLoss": None,
    }


def plan(market: Market, algo: AlgoOrder) -> dict[str, Any]:
    """A waiting order that closes a leg."""
    request, instrument = algo.request, market.instruments[algo.request.symbol]
    trigger = plain(request.trigger_price or market.mark(request.symbol))
    profits = request.kind in {AlgoKind.TAKE_PROFIT, AlgoKind.TAKE_PROFIT_MARKET}
    whole = request.qty is None or plan_type(algo) in {"pos_loss", "pos_profit"}
    return {
        "orderId": str(algo.id),
        "clientOid": algo.client_algo_id,
        "symbol": wire_id(request.symbol),
        "category": product_of(instrument),
        "qty": "" if whole or request.qty is None else plain(request.qty),
        "posSide": "" if request.leg is Leg.BOTH else request.leg.value.lower(),
        "tpTriggerBy": "market",
        "slTriggerBy": "mark",
        "takeProfit": trigger if profits else "",
        "stopLoss": "" if profits else trigger,
        "tpOrderType": "market",
        "slOrderType": "market",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "createdTime": str(algo.created_ms),
        "updatedTime": str(algo.updated_ms),
    }
