"""Binance futures: `markPriceUpdate` of each contract every second; one user data stream for everything of an account.

Source: Binance USD-M and COIN-M futures, WebSocket market streams ("Mark Price Stream") and user data streams.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from guard.ports.errors import VenueUnavailable
from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_MARK: Final = "binance stream markPriceUpdate"
# Nothing of these is read: that they came is the news.
_NEWS: Final = frozenset(
    {
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "MARGIN_CALL",
        "ACCOUNT_CONFIG_UPDATE",
        "ALGO_UPDATE",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
    }
)
# A quarter of the hour for which a listen key holds.
_KEEP_KEY_ALIVE_MS: Final = 900_000


def read_marks(message: object) -> Marks | None:
    """`markPriceUpdate`, alone or in a list, in a combined stream or not."""
    if isinstance(message, Mapping) and "stream" in message:
        message = message.get("data")
    items = message if isinstance(message, list) else [message]
    found = {}
    for item in items:
        if isinstance(item, Mapping) and item.get("e") == "markPriceUpdate":
            found[fields.text(item, "s", _MARK)] = fields.number(item, "p", _MARK)
    return found or None


def read_events(message: object) -> Sequence[Event] | None:
    """User data events by their kind.

    Raises:
        VenueUnavailable: the listen key has expired, this stream will say nothing more.
    """
    if not isinstance(message, Mapping):
        return None
    kind = message.get("e")
    if kind == "listenKeyExpired":
        raise VenueUnavailable("binance user data stream: the listen key has expired")
    return (Event(str(kind)),) if kind in _NEWS else None


def read_all(where: str) -> Callable[[object], Mapping[str, float]]:
    """The reader of `premiumIndex` for all symbols; contracts that are being settled have no mark."""

    def read(answer: object) -> Mapping[str, float]:
        rows = fields.rows(answer, where)
        prices = {fields.text(row, "symbol", where): fields.optional_number(row, "markPrice", where) for row in rows}
        return {name: price for name, price in prices.items() if price}

    return read


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    return (exchange.watch_mark_prices([row.symbol for row in rows]),)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    # The connection is one; the other watch methods would only add what is not parsed.
    return (exchange.watch_balance(),)


def plan(marks: Endpoint) -> StreamPlan:
    """The plan of one of the two branches; `marks` is its `premiumIndex`."""
    return StreamPlan(
        read_marks=read_marks,
        read_events=read_events,
        watch_marks=_watch_marks,
        watch_account=_watch_account,
        marks_call=MarksCall(marks, read_all(marks.name)),
        options={"listenKeyRefreshRate": _KEEP_KEY_ALIVE_MS},
    )


USDM: Final = plan(Endpoint("fapiPublicGetPremiumIndex", "binanceusdm GET fapi/v1/premiumIndex", signed=False))
COINM: Final = plan(Endpoint("dapiPublicGetPremiumIndex", "binancecoinm GET dapi/v1/premiumIndex", signed=False))
