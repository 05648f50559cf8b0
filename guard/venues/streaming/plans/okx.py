"""OKX: `mark-price` of each contract; `positions`, `account`, `orders` and `orders-algo` of an account.

Source: OKX V5, WebSocket: "Mark price channel" (every 200 ms when it changes, else every 10 s), "Positions channel" and
"Account channel" (on events, and every few seconds in any case), "Order channel", "Algo orders channel".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_MARKS: Final = "okx stream mark-price"
_CALL: Final = Endpoint("publicGetPublicMarkPrice", "okx GET v5/public/mark-price", signed=False)
_ORDERS: Final = frozenset({"orders", "orders-algo"})
_OF_POSITION: Final = ("pos", "avgPx", "lever", "margin", "liab", "adl")
_OF_COIN: Final = ("ccy", "cashBal", "liab", "interest", "ordFrozen", "spotInUseAmt")


def read_marks(message: object) -> Marks | None:
    """The rows of a `mark-price` push."""
    if _channel_of(message) != "mark-price":
        return None
    rows = _rows_of(message, _MARKS)
    return {fields.text(row, "instId", _MARKS): fields.number(row, "markPx", _MARKS) for row in rows}


def read_events(message: object) -> Sequence[Event] | None:
    """Positions and coins by what they hold, since they repeat themselves; every order is news."""
    channel = _channel_of(message)
    if channel in _ORDERS:
        return (Event(channel),)
    if channel == "positions":
        rows = _rows_of(message, "okx stream positions")
        return tuple(
            Event(f"position {row.get('instId')} {row.get('mgnMode')} {row.get('posSide')}", _told(row, _OF_POSITION))
            for row in rows
        )
    if channel == "account":
        rows = _rows_of(message, "okx stream account")
        coins = (coin for row in rows for coin in row.get("details") or ())
        return tuple(Event(f"coin {coin.get('ccy')}", _told(coin, _OF_COIN)) for coin in coins)
    return None


def _channel_of(message: object) -> str:
    """The channel of a push; empty for anything else, such as an acknowledgement."""
    if not isinstance(message, Mapping) or "data" not in message or not isinstance(message.get("arg"), Mapping):
        return ""
    return str(message["arg"].get("channel", ""))


def _rows_of(message: object, where: str) -> list[fields.Row]:
    return fields.rows(fields.record(message, where).get("data"), where)


def _told(row: Mapping[str, Any], names: Sequence[str]) -> tuple[object, ...]:
    return tuple(str(row.get(name)) for name in names)


def _read_all(answer: object) -> Mapping[str, float]:
    rows = _rows_of(answer, _CALL.name)
    return {fields.text(row, "instId", _CALL.name): fields.number(row, "markPx", _CALL.name) for row in rows}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    return (exchange.watch_mark_prices([row.symbol for row in rows]),)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    return (
        exchange.watch_positions(),
        exchange.watch_balance(),
        exchange.watch_orders(),
        exchange.watch_orders(None, None, None, {"trigger": True}),
    )


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all, ({"instType": "SWAP"}, {"instType": "FUTURES"})),),
)
