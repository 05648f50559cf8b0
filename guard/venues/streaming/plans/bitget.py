"""Bitget (classic accounts): `ticker` of each contract; positions, account and orders of each product type.

Source: Bitget contract API, WebSocket: "Tickers channel", "Positions channel", "Account channel", "Order channel",
"Trigger order channel".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_TICKER: Final = "bitget stream ticker"
_CALL: Final = Endpoint("publicMixGetV2MixMarketTickers", "bitget GET v2/mix/market/tickers", signed=False)
_ACCOUNT: Final = "bitget stream account"
# What the venue rounds away may differ from push to push.
_PLACES: Final = 4
_PRODUCTS: Final = ("USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES")
_ORDERS: Final = frozenset({"orders", "orders-algo"})
_OF_POSITION: Final = ("instId", "holdSide", "marginMode", "total", "openPriceAvg", "leverage", "marginSize")


def read_marks(message: object) -> Marks | None:
    """The rows of a `ticker` push."""
    if _channel_of(message) != "ticker":
        return None
    rows = _rows_of(message, _TICKER)
    return {fields.text(row, "instId", _TICKER): fields.optional_number(row, "markPrice", _TICKER) for row in rows}


def read_events(message: object) -> Sequence[Event] | None:
    """Positions and accounts by what they hold; every order is news.

    A push of positions lists all that are held, so it is compared as a whole. What an account holds is its equity
    without unrealized PnL.
    """
    channel = _channel_of(message)
    if channel == "positions":
        rows = _rows_of(message, "bitget stream positions")
        told = sorted(tuple(str(row.get(name)) for name in _OF_POSITION) for row in rows)
        return (Event(f"positions {_product_of(message)}", tuple(told)),)
    if channel == "account":
        rows = _rows_of(message, _ACCOUNT)
        return tuple(Event(f"account {_product_of(message)} {row.get('marginCoin')}", _held(row)) for row in rows)
    return (Event(f"{channel} {_product_of(message)}"),) if channel in _ORDERS else None


def _held(row: fields.Row) -> object:
    """What is left of an account when prices are taken out; None where it does not tell."""
    equity, unrealized = (fields.optional_number(row, name, _ACCOUNT) for name in ("equity", "unrealizedPL"))
    if equity is None or unrealized is None:
        return None
    return (round(equity - unrealized, _PLACES), str(row.get("frozen")))


def _channel_of(message: object) -> str:
    """The channel of a push; empty for anything else, such as an acknowledgement."""
    if not isinstance(message, Mapping) or "data" not in message or not isinstance(message.get("arg"), Mapping):
        return ""
    return str(message["arg"].get("channel", ""))


def _product_of(message: object) -> str:
    return str(fields.record(fields.record(message, "bitget stream").get("arg"), "bitget stream").get("instType"))


def _rows_of(message: object, where: str) -> list[fields.Row]:
    return fields.rows(fields.record(message, where).get("data"), where)


def _read_all(answer: object) -> Mapping[str, float]:
    where = _CALL.name
    rows = _rows_of(answer, where)
    prices = {fields.text(row, "symbol", where): fields.optional_number(row, "markPrice", where) for row in rows}
    return {name: price for name, price in prices.items() if price}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    by_product: dict[str, list[str]] = {}
    for row in rows:
        product = "COIN-FUTURES" if row.kind == "inverse" else f"{row.settle}-FUTURES"
        by_product.setdefault(product, []).append(row.symbol)
    return tuple(exchange.watch_tickers(symbols) for symbols in by_product.values())


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    # Not ccxt's watch methods: they listen to one product type.
    return tuple(
        exchange.watch_private(False, f"guard:{channel}:{product}", f"guard:{channel}:{product}", argument)
        for product in _PRODUCTS
        for channel, argument in (
            ("positions", {"instType": product, "channel": "positions", "instId": "default"}),
            ("account", {"instType": product, "channel": "account", "coin": "default"}),
            ("orders", {"instType": product, "channel": "orders", "instId": "default"}),
            ("orders-algo", {"instType": product, "channel": "orders-algo", "instId": "default"}),
        )
    )


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all, tuple({"productType": product} for product in _PRODUCTS)),),
)
