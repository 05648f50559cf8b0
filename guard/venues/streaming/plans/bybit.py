"""Bybit: `tickers` of each contract ten times a second; one private connection for position, order and wallet.

Source: Bybit V5, WebSocket streams: "Ticker" (a delta carries the fields that changed), "Position", "Order", "Wallet".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_TICKERS: Final = "bybit stream tickers"
_CALL: Final = Endpoint("publicGetV5MarketTickers", "bybit GET v5/market/tickers", signed=False)
_PRIVATE: Final = ("position", "order", "wallet")
# Neither prices nor what follows from them.
_OF_POSITION: Final = (
    "side",
    "size",
    "entryPrice",
    "leverage",
    "tradeMode",
    "positionBalance",
    "positionStatus",
    "riskId",
    "adlRankIndicator",
)
_OF_COIN: Final = ("coin", "walletBalance", "borrowAmount", "locked", "marginCollateral", "collateralSwitch")


def read_marks(message: object) -> Marks | None:
    """A ticker; one without a mark price says that the mark has not changed."""
    if not isinstance(message, Mapping) or not str(message.get("topic", "")).startswith("tickers."):
        return None
    row = fields.record(message.get("data"), _TICKERS)
    return {fields.text(row, "symbol", _TICKERS): fields.optional_number(row, "markPrice", _TICKERS)}


def read_events(message: object) -> Sequence[Event] | None:
    """Positions and coins by what they hold; every order is news."""
    if not isinstance(message, Mapping) or message.get("topic") not in _PRIVATE:
        return None
    topic = str(message["topic"])
    rows = fields.rows(message.get("data"), f"bybit stream {topic}")
    if topic == "order":
        return (Event(topic),)
    if topic == "position":
        return tuple(
            Event(f"position {row.get('symbol')} {row.get('positionIdx')}", _told(row, _OF_POSITION)) for row in rows
        )
    return tuple(
        Event(f"wallet {row.get('accountType')}", tuple(_told(coin, _OF_COIN) for coin in row.get("coin") or ()))
        for row in rows
    )


def _told(row: Mapping[str, Any], names: Sequence[str]) -> tuple[object, ...]:
    return tuple(str(row.get(name)) for name in names)


def _read_all(answer: object) -> Mapping[str, float]:
    where = _CALL.name
    rows = fields.rows(fields.record(fields.record(answer, where).get("result"), where).get("list"), where)
    prices = {fields.text(row, "symbol", where): fields.optional_number(row, "markPrice", where) for row in rows}
    return {name: price for name, price in prices.items() if price}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    kinds = ([row.symbol for row in rows if row.kind == kind] for kind in ("linear", "inverse"))
    return tuple(exchange.watch_tickers(symbols) for symbols in kinds if symbols)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    return (_listen(exchange),)


async def _listen(exchange: Any) -> None:
    # Not ccxt's watch methods: they ask the venue for account types and snapshots first.
    url = exchange.implode_hostname(exchange.urls["api"]["ws"]["private"]["contract"])
    await exchange.authenticate(url)
    await exchange.watch_topics(url, [f"guard:{topic}" for topic in _PRIVATE], list(_PRIVATE))


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all, ({"category": "linear"}, {"category": "inverse"})),),
)
