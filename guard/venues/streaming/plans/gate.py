"""Gate: `futures.tickers` of each contract; positions, balances and orders of an account by its user id.

Source: Gate APIv4, futures WebSocket: "Tickers API", "Positions API", "Balances API", "Orders API", "Auto Orders API".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher
from guard.venues.together import together

_TICKERS: Final = "gate stream futures.tickers"
_CALL: Final = Endpoint("publicFuturesGetSettleTickers", "gate GET futures/tickers", signed=False)
_PRIVATE: Final = ("futures.positions", "futures.balances", "futures.orders", "futures.autoorders")
_OF_POSITION: Final = ("size", "entry_price", "leverage", "cross_leverage_limit", "margin", "risk_limit")


def read_marks(message: object) -> Marks | None:
    """The rows of a ticker update."""
    rows = _rows_of(message, "futures.tickers")
    if rows is None:
        return None
    return {fields.text(row, "contract", _TICKERS): fields.optional_number(row, "mark_price", _TICKERS) for row in rows}


def read_events(message: object) -> Sequence[Event] | None:
    """Positions by what they hold; balances and orders are news."""
    for channel in _PRIVATE:
        rows = _rows_of(message, channel)
        if rows is None:
            continue
        if channel != "futures.positions":
            return (Event(channel),)
        return tuple(
            Event(
                f"position {row.get('contract')} {row.get('mode')}", tuple(str(row.get(name)) for name in _OF_POSITION)
            )
            for row in rows
        )
    return None


def _rows_of(message: object, channel: str) -> list[fields.Row] | None:
    """The rows of an update on `channel`; None for anything else, such as an acknowledgement."""
    if not isinstance(message, Mapping) or message.get("channel") != channel or message.get("event") != "update":
        return None
    result = message.get("result")
    return fields.rows(result if isinstance(result, list) else [result], f"gate stream {channel}")


def _read_all(answer: object) -> Mapping[str, float]:
    where = _CALL.name
    rows = fields.rows(answer, where)
    prices = {fields.text(row, "contract", where): fields.optional_number(row, "mark_price", where) for row in rows}
    return {name: price for name, price in prices.items() if price}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    kinds = ([row.symbol for row in rows if row.kind == kind] for kind in ("linear", "inverse"))
    return tuple(exchange.watch_tickers(symbols) for symbols in kinds if symbols)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    return (_listen(exchange),)


async def _listen(exchange: Any) -> None:
    """Private channels ask for the user's id, which the account's own data tell."""
    if not exchange.uid:
        where = "gate GET account/detail"
        detail = fields.record(await exchange.privateAccountGetDetail(), where)
        exchange.uid = fields.text(detail, "user_id", where)
    url = exchange.urls["api"]["swap"]["usdt"]
    await together(
        *(
            exchange.subscribe_private(
                url, f"guard:{channel}", None if channel == "futures.balances" else ["!all"], channel, {}, True
            )
            for channel in _PRIVATE
        )
    )


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all, ({"settle": "usdt"}, {"settle": "btc"})),),
)
