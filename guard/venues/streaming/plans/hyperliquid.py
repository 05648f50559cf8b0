"""Hyperliquid: `activeAssetCtx` of each coin; the state, orders and fills of an address. Nobody logs in.

Source: Hyperliquid docs, API, WebSocket, Subscriptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.hub import DAY_S, VenueSite
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_CONTEXT: Final = "hyperliquid stream activeAssetCtx"
_STATE: Final = "hyperliquid stream clearinghouseState"
_CALL: Final = Endpoint("publicPostInfo", "hyperliquid POST info metaAndAssetCtxs", signed=False)
_ACCOUNT: Final = ("clearinghouseState", "orderUpdates", "userFills")


def read_marks(message: object) -> Marks | None:
    """The mark of one coin."""
    if not isinstance(message, Mapping) or message.get("channel") != "activeAssetCtx":
        return None
    data = fields.record(message.get("data"), _CONTEXT)
    context = fields.record(data.get("ctx"), _CONTEXT)
    return {fields.text(data, "coin", _CONTEXT): fields.number(context, "markPx", _CONTEXT)}


def read_events(message: object) -> Sequence[Event] | None:
    """The state by what is held in it, since it comes with every block; orders and new fills are news."""
    channel = message.get("channel") if isinstance(message, Mapping) else None
    if channel == "orderUpdates":
        return (Event("orderUpdates"),)
    if channel == "userFills":
        data = fields.record(fields.record(message, "hyperliquid stream userFills").get("data"), "userFills")
        return () if data.get("isSnapshot") else (Event("userFills"),)
    if channel == "clearinghouseState":
        data = fields.record(fields.record(message, _STATE).get("data"), _STATE)
        return (Event(f"state {data.get('dex')}", _held(fields.record(data.get("clearinghouseState"), _STATE))),)
    return None


def _held(state: Mapping[str, Any]) -> object:
    """Sizes, entries, leverages, and the cash that is left: nothing that follows from a price."""
    rows = fields.rows(state.get("assetPositions"), _STATE)
    legs = [fields.record(row.get("position"), _STATE) for row in rows]
    cash = fields.record(state.get("crossMarginSummary"), _STATE).get("totalRawUsd")
    return (
        str(cash),
        tuple(
            sorted((str(leg.get("coin")), str(leg.get("szi")), str(leg.get("entryPx")), _lever(leg)) for leg in legs)
        ),
    )


def _lever(leg: Mapping[str, Any]) -> str:
    leverage = leg.get("leverage")
    return f"{leverage.get('type')} {leverage.get('value')}" if isinstance(leverage, Mapping) else ""


def _read_all(answer: object) -> Mapping[str, float]:
    """`[{universe: [{name}]}, [{markPx}]]`, in the same order."""
    where = _CALL.name
    if not isinstance(answer, list) or len(answer) != 2:
        raise fields.refused(where, "answered something else than the universe and its contexts")
    coins = fields.rows(fields.record(answer[0], where).get("universe"), where)
    contexts = fields.rows(answer[1], where)
    if len(coins) != len(contexts):
        raise fields.refused(where, f"told {len(coins)} coins and {len(contexts)} contexts")
    marks = {
        fields.text(coin, "name", where): fields.optional_number(context, "markPx", where)
        for coin, context in zip(coins, contexts, strict=True)
    }
    return {name: price for name, price in marks.items() if price}


def find(site: VenueSite, symbol: str) -> Listing | None:
    """A contract of the venue's own dex, or of the builder's dex that its name begins with (`XYZ-ABC`)."""
    builder = symbol.partition("/")[0].partition("-")[0].lower()
    for dex in ("", builder):
        read = site.shared(f"universe {dex}", DAY_S, 7 * DAY_S).last
        if read is not None and symbol in read.value.by_symbol:
            listing: Listing = read.value.by_symbol[symbol].listing
            return listing
    return None


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    return tuple(_subscribed(exchange, {"type": "activeAssetCtx", "coin": row.market_id}) for row in rows)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    address = exchange.walletAddress
    return tuple(_subscribed(exchange, {"type": kind, "user": address}) for kind in _ACCOUNT)


def _subscribed(exchange: Any, wanted: Mapping[str, object]) -> Watcher:
    # Not ccxt's watch methods: they ask for the kind of account first, and name a coin by its place in ccxt's tables.
    name = "guard:" + ":".join(str(part) for part in wanted.values())
    request = {"method": "subscribe", "subscription": dict(wanted)}
    return _watched(exchange, name, request)


async def _watched(exchange: Any, name: str, request: Mapping[str, object]) -> None:
    await exchange.watch(exchange.urls["api"]["ws"]["public"], name, request, name)


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    find=find,
    marks_calls=(MarksCall(_CALL, _read_all, ({"type": "metaAndAssetCtxs"},)),),
)
