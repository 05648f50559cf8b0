"""KuCoin futures: marks of each contract; positions, wallet and orders of a classic account.

Source: KuCoin futures WebSocket: "Mark price" (unified channel, open to everybody), "All position change events",
"Account balance", "All orders", "Stop order lifecycle".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_MARKS: Final = "kucoinfutures stream mark-price"
_CALL: Final = Endpoint("futuresPublicGetContractsActive", "kucoinfutures GET api/v1/contracts/active", signed=False)
_TOPICS: Final = (
    "/contract/positionAll",
    "/contractAccount/wallet",
    "/contractMarket/tradeOrders",
    "/contractMarket/advancedOrders",
)
# Pushed all the time, because of the price alone.
_BY_PRICE: Final = frozenset({"markPriceChange", "position.settlement.preview"})
_OF_POSITION: Final = ("currentQty", "avgEntryPrice", "leverage", "posMargin", "marginMode", "positionSide")
_OF_WALLET: Final = ("currency", "walletBalance", "holdBalance", "isolatedPosMargin", "orderMargin")


def read_marks(message: object) -> Marks | None:
    """A `mark-price` push."""
    if not isinstance(message, Mapping) or message.get("T") != "mark-price":
        return None
    row = fields.record(message.get("d"), _MARKS)
    return {fields.text(row, "s", _MARKS): fields.number(row, "mp", _MARKS)}


def read_events(message: object) -> Sequence[Event] | None:
    """Positions and wallets by what they hold; orders are news."""
    if not isinstance(message, Mapping) or message.get("type") != "message":
        return None
    topic = str(message.get("topic", "")).partition(":")[0]
    if topic not in _TOPICS:
        return None
    row = fields.record(message.get("data"), f"kucoinfutures stream {topic}")
    if topic.startswith("/contractMarket/"):
        return (Event(topic),)
    if topic == "/contract/positionAll":
        if row.get("changeReason") in _BY_PRICE:
            return ()
        return (Event(f"position {row.get('symbol')} {row.get('positionSide')}", _told(row, _OF_POSITION)),)
    return (Event(f"{message.get('subject')} {row.get('currency')}", _told(row, _OF_WALLET)),)


def _told(row: Mapping[str, Any], names: Sequence[str]) -> tuple[object, ...]:
    return tuple(str(row.get(name)) for name in names)


def _read_all(answer: object) -> Mapping[str, float]:
    where = _CALL.name
    rows = fields.rows(fields.record(answer, where).get("data"), where)
    prices = {fields.text(row, "symbol", where): fields.optional_number(row, "markPrice", where) for row in rows}
    return {name: price for name, price in prices.items() if price}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    return tuple(exchange.watch_mark_price(row.symbol) for row in rows)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    return tuple(_listen(exchange, topic) for topic in _TOPICS)


async def _listen(exchange: Any, topic: str) -> None:
    # Not ccxt's watch methods: they ask first which kind of account it is, and listen to positions of the unified one.
    url = await exchange.negotiate(True, True)
    await exchange.subscribe(url, f"guard:{topic}", topic, {"privateChannel": True})


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all),),
)
