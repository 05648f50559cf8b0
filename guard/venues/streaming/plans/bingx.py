"""BingX: `@markPrice` of each contract; one user data stream by listen key, for USDT and USDC contracts.

ccxt has no method for marks, so they are subscribed to with its `watch`. Coin contracts have a stream of their own at
another address; it is not listened to, their accounts' changes are noticed by polling.

Source: BingX swap and coin-M API, WebSocket: "Latest price / mark price changes of trading pairs", "Account balance and
position update push", "Order update push".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guard.ports.errors import VenueUnavailable
from guard.venues import fields
from guard.venues.client import Endpoint
from guard.venues.markets import Listing
from guard.venues.streaming.plan import Event, Marks, MarksCall, StreamPlan, Watcher

_MARKS: Final = "bingx stream markPrice"
_CALL: Final = Endpoint("swapV2PublicGetQuotePremiumIndex", "bingx GET swap/v2/quote/premiumIndex", signed=False)
_COIN_CALL: Final = Endpoint(
    "cswapV1PublicGetMarketPremiumIndex", "bingx GET cswap/v1/market/premiumIndex", signed=False
)
_NEWS: Final = frozenset({"ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_CONFIG_UPDATE"})
# Half of the hour for which a listen key holds.
_KEEP_KEY_ALIVE_MS: Final = 1_800_000


def read_marks(message: object) -> Marks | None:
    """A `markPriceUpdate`; coin contracts send a list of them."""
    if not isinstance(message, Mapping) or not str(message.get("dataType", "")).endswith("@markPrice"):
        return None
    data = message.get("data")
    rows = fields.rows(data if isinstance(data, list) else [data], _MARKS)
    return {fields.text(row, "s", _MARKS): fields.number(row, "p", _MARKS) for row in rows}


def read_events(message: object) -> Sequence[Event] | None:
    """User data events by their kind.

    Raises:
        VenueUnavailable: the listen key has expired, this stream will say nothing more.
    """
    if not isinstance(message, Mapping):
        return None
    kind = message.get("e")
    if kind == "listenKeyExpired":
        raise VenueUnavailable("bingx user data stream: the listen key has expired")
    return (Event(str(kind)),) if kind in _NEWS else None


def _read_all(answer: object) -> Mapping[str, float]:
    where = _CALL.name
    rows = fields.rows(fields.record(answer, where).get("data"), where)
    prices = {fields.text(row, "symbol", where): fields.optional_number(row, "markPrice", where) for row in rows}
    return {name: price for name, price in prices.items() if price}


def _watch_marks(exchange: Any, rows: Sequence[Listing]) -> Sequence[Watcher]:
    return tuple(_mark_of(exchange, row) for row in rows)


def _mark_of(exchange: Any, row: Listing) -> Watcher:
    name = f"{row.market_id}@markPrice"
    request = {"id": exchange.uuid(), "reqType": "sub", "dataType": name}
    return _watched(exchange, exchange.urls["api"]["ws"][row.kind], name, request)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    return (_listen(exchange),)


async def _listen(exchange: Any) -> None:
    # Not ccxt's watch methods: they ask for snapshots first. Everything comes by itself under the listen key.
    await exchange.authenticate()
    await _watched(
        exchange, f"{exchange.urls['api']['ws']['linear']}?listenKey={exchange.options['listenKey']}", "account"
    )


async def _watched(exchange: Any, url: str, name: str, request: Mapping[str, object] | None = None) -> None:
    await exchange.watch(url, name, request, name, {"id": request["id"]} if request else None)


PLAN: Final = StreamPlan(
    read_marks=read_marks,
    read_events=read_events,
    watch_marks=_watch_marks,
    watch_account=_watch_account,
    marks_calls=(MarksCall(_CALL, _read_all), MarksCall(_COIN_CALL, _read_all)),
    options={"listenKeyRefreshRate": _KEEP_KEY_ALIVE_MS},
)
