"""Endpoints that tell of the market, of accounts and of keys."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.bitget import shapes, shapes_unified
from guard.sandbox.dialects.bitget.call import Call, Endpoint, Table
from guard.sandbox.dialects.bitget.errors import WireError, empty
from guard.sandbox.dialects.bitget.names import plain, product_of, size_of, wire_id
from guard.sandbox.dialects.bitget.signing import Security
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoOrder, Order
from guard.sandbox.keys import ApiKey

_PAGE = 100
_PLANS: Final = {
    "normal_plan": {"normal_plan"},
    "track_plan": {"track_plan"},
    "profit_loss": {"profit_plan", "loss_plan", "pos_profit", "pos_loss", "moving_plan"},
}


def _time(call: Call) -> Any:
    return {"serverTime": str(call.now_ms)}


def _of_product(call: Call, product: str) -> list[Instrument]:
    return [each for each in call.market.instruments.values() if product_of(each) == product]


def _none(_call: Call) -> Any:
    """Of spot and margin nothing is listed."""
    return []


def _contracts(call: Call) -> Any:
    return [shapes.contract(each) for each in _of_product(call, call.product())]


def _tiers(call: Call) -> Any:
    return shapes.tiers(call.instrument())


def _price(call: Call) -> Any:
    symbol = call.instrument().symbol
    mark = plain(call.market.mark(symbol))
    told = {"symbol": wire_id(symbol), "price": mark, "indexPrice": mark, "markPrice": mark, "ts": str(call.now_ms)}
    return [told]


def ticker(market: Market, symbol: str, now_ms: int) -> dict[str, Any]:
    """What the ticker says of a contract."""
    mark, book = plain(market.mark(symbol)), market.book(symbol)
    return {
        "symbol": wire_id(symbol),
        "lastPr": mark,
        "askPr": plain(book.asks[0].price),
        "bidPr": plain(book.bids[0].price),
        "bidSz": plain(book.bids[0].qty),
        "askSz": plain(book.asks[0].qty),
        "high24h": mark,
        "low24h": mark,
        "ts": str(now_ms),
        "change24h": "0",
        "baseVolume": "0",
        "quoteVolume": "0",
        "usdtVolume": "0",
        "openUtc": mark,
        "changeUtc24h": "0",
        "indexPrice": mark,
        "fundingRate": plain(market.funding_rate(symbol)),
        "holdingAmount": "0",
        "open24h": mark,
        "markPrice": mark,
    }


def _ticker(call: Call) -> Any:
    return [ticker(call.market, call.instrument().symbol, call.now_ms)]


def _tickers(call: Call) -> Any:
    return [ticker(call.market, each.symbol, call.now_ms) for each in _of_product(call, call.product())]


def _funding(call: Call) -> Any:
    return [
        {
            "symbol": wire_id(each.symbol),
            "fundingRate": plain(call.market.funding_rate(each.symbol)),
            "fundingRateInterval": "8",
            "nextUpdate": str(call.engine.next_funding_ms),
            "minFundingRate": "-0.003",
            "maxFundingRate": "0.003",
        }
        for each in _of_product(call, call.product())
    ]


def _depth(call: Call) -> Any:
    instrument = call.instrument()
    book, most = call.market.book(instrument.symbol), int(call.maybe("limit") or "100")
    sides = {
        name: [[float(level.price), float(size_of(instrument, level.qty, level.price))] for level in levels[:most]]
        for name, levels in (("asks", book.asks), ("bids", book.bids))
    }
    return {
        **sides,
        "ts": str(call.now_ms),
        "scale": plain(instrument.tick),
        "precision": "scale0",
        "isMaxPrecision": "YES",
    }


def _accounts(call: Call) -> Any:
    return shapes.accounts(call.account, call.market, call.engine.figures(call.account), call.product())


def _account(call: Call) -> Any:
    instrument = call.instrument()
    if call.text("marginCoin").upper() != instrument.margin_asset:
        raise WireError("40020", "Parameter marginCoin error")
    return shapes.single_account(call.account, call.market, call.engine.figures(call.account), instrument)


def _positions(call: Call) -> Any:
    return shapes.positions(call.account, call.market, call.engine.figures(call.account), call.product())


def _open_orders(call: Call, product: str) -> list[Order]:
    market = call.market
    found = [
        each for each in call.account.open_orders.values() if product_of(market.instruments[each.symbol]) == product
    ]
    return sorted(found, key=lambda each: -each.id)


def _waiting(call: Call, product: str) -> list[AlgoOrder]:
    instruments, waiting = call.market.instruments, call.account.open_algo_orders.values()
    found = [each for each in waiting if product_of(instruments[each.request.symbol]) == product]
    return sorted(found, key=lambda each: -each.id)


def _page(call: Call, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Newest first, from before an id on. Empty lists are null, as the venue writes them."""
    before = call.maybe("idLessThan")
    older = [row for row in rows if before is None or int(row["orderId"]) < int(before)]
    shown = older[: min(_PAGE, int(call.maybe("limit") or _PAGE))]
    return {"entrustedList": shown or None, "endId": shown[-1]["orderId"] if shown else None}


def _orders(call: Call) -> Any:
    found = _open_orders(call, call.product())
    return _page(call, [shapes.order(call.account, call.market, each, "status") for each in found])


def _plans(call: Call) -> Any:
    kinds = _PLANS.get(call.text("planType"))
    if kinds is None:
        raise WireError("40020", "Parameter planType error")
    found = [each for each in _waiting(call, call.product()) if shapes.plan_type(each) in kinds]
    return _page(call, [shapes.plan(call.account, call.market, each) for each in found])


def _key(call: Call) -> ApiKey:
    if call.key is None:
        raise empty("ACCESS_KEY")
    return call.key


def _rights(call: Call) -> Any:
    key = _key(call)
    words = [
        *(["coor", "cpor", "stor"] if key.reading else []),
        *(["coow", "cpow"] if key.futures else []),
        *(["wtow"] if key.universal_transfer else []),
        *(["wwow"] if key.withdrawals else []),
    ]
    return {
        "userId": str(key.account_id),
        "inviterId": "",
        "ips": ",".join(sorted(key.ips)),
        "authorities": words,
        "parentId": 0,
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": str(key.created_ms),
    }


def _unified_rights(call: Call) -> Any:
    key = _key(call)
    words = ["uta_mgt", *(["uta_trade"] if key.futures else []), *(["withdraw"] if key.withdrawals else [])]
    return {
        "uid": str(key.account_id),
        "inviterId": "",
        "parentId": "",
        "channelCode": "",
        "channel": "",
        "ips": ",".join(sorted(key.ips)),
        "permType": "read-and-write" if key.futures or key.withdrawals else "read-only",
        "permissions": words,
        "regisTime": str(key.created_ms),
    }


def _unified_settings(call: Call) -> Any:
    return shapes_unified.settings(call.account)


def _unified_assets(call: Call) -> Any:
    return shapes_unified.assets(call.account, call.market, call.engine.figures(call.account))


def _unified_positions(call: Call) -> Any:
    figures = call.engine.figures(call.account)
    return {"list": shapes_unified.positions(call.account, call.market, figures, call.product("category")) or None}


def _unified_orders(call: Call) -> Any:
    found = _open_orders(call, call.product("category"))
    after = call.maybe("cursor")
    older = [each for each in found if after is None or each.id < int(after)][: int(call.maybe("limit") or _PAGE)]
    rows = [shapes_unified.order(call.account, call.market, each) for each in older]
    return {"list": rows or None, "cursor": rows[-1]["orderId"] if rows else None}


def _unified_plans(call: Call) -> Any:
    return [shapes_unified.plan(call.market, each) for each in _waiting(call, call.product("category"))]


_READ = Security.READ
TABLE: Table = {
    ("GET", "/api/v2/public/time"): Endpoint(_time),
    ("GET", "/api/v2/spot/public/coins"): Endpoint(_none),
    ("GET", "/api/v2/spot/public/symbols"): Endpoint(_none),
    ("GET", "/api/v2/margin/currencies"): Endpoint(_none),
    ("GET", "/api/v2/mix/market/contracts"): Endpoint(_contracts),
    ("GET", "/api/v2/mix/market/query-position-lever"): Endpoint(_tiers),
    ("GET", "/api/v2/mix/market/symbol-price"): Endpoint(_price),
    ("GET", "/api/v2/mix/market/ticker"): Endpoint(_ticker),
    ("GET", "/api/v2/mix/market/tickers"): Endpoint(_tickers),
    ("GET", "/api/v2/mix/market/current-fund-rate"): Endpoint(_funding),
    ("GET", "/api/v2/mix/market/merge-depth"): Endpoint(_depth),
    ("GET", "/api/v2/mix/account/accounts"): Endpoint(_accounts, _READ),
    ("GET", "/api/v2/mix/account/account"): Endpoint(_account, _READ),
    ("GET", "/api/v2/mix/position/all-position"): Endpoint(_positions, _READ),
    ("GET", "/api/v2/mix/order/orders-pending"): Endpoint(_orders, _READ),
    ("GET", "/api/v2/mix/order/orders-plan-pending"): Endpoint(_plans, _READ),
    ("GET", "/api/v2/spot/account/info"): Endpoint(_rights, _READ),
    ("GET", "/api/v3/account/settings"): Endpoint(_unified_settings, _READ),
    ("GET", "/api/v3/account/assets"): Endpoint(_unified_assets, _READ),
    ("GET", "/api/v3/account/info"): Endpoint(_unified_rights, _READ),
    ("GET", "/api/v3/position/current-position"): Endpoint(_unified_positions, _READ),
    ("GET", "/api/v3/trade/unfilled-orders"): Endpoint(_unified_orders, _READ),
    ("GET", "/api/v3/trade/unfilled-strategy-orders"): Endpoint(_unified_plans, _READ),
}
