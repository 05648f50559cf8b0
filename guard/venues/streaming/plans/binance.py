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
        # Of portfolio margin accounts, with those of their spot wallet and loans.
        "CONDITIONAL_ORDER_TRADE_UPDATE",
        "openOrderLoss",
        "liabilityChange",
        "riskLevelChange",
        "outboundAccountPosition",
        "balanceUpdate",
        "executionReport",
    }
)
_OPTIONS: Final[Mapping[str, object]] = {
    # A quarter of the hour for which a listen key holds.
    "listenKeyRefreshRate": 900_000,
    # ccxt would ask for balances and positions first, and keep them.
    "watchBalance": {"fetchBalanceSnapshot": False, "awaitBalanceSnapshot": False},
    "watchPositions": {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False},
}


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
    kinds = ([row.symbol for row in rows if row.kind == kind] for kind in ("linear", "inverse"))
    return tuple(exchange.watch_mark_prices(symbols) for symbols in kinds if symbols)


def _watch_account(exchange: Any) -> Sequence[Watcher]:
    # The connection is one; the other watch methods would only add what is not parsed.
    return (exchange.watch_balance(),)


def _watch_portfolio(exchange: Any) -> Sequence[Watcher]:
    return (exchange.watch_balance({"portfolioMargin": True}),)


def _plan(account: Callable[[Any], Sequence[Watcher]], *marks: Endpoint) -> StreamPlan:
    """The plan of an account type; `marks` are the `premiumIndex` of its branches."""
    return StreamPlan(
        read_marks=read_marks,
        read_events=read_events,
        watch_marks=_watch_marks,
        watch_account=account,
        marks_calls=tuple(MarksCall(endpoint, read_all(endpoint.name)) for endpoint in marks),
        options=_OPTIONS,
    )


def _premium_index(branch: str, venue: str) -> Endpoint:
    return Endpoint(f"{branch}PublicGetPremiumIndex", f"{venue} GET {branch}/v1/premiumIndex", signed=False)


USDM: Final = _plan(_watch_account, _premium_index("fapi", "binanceusdm"))
COINM: Final = _plan(_watch_account, _premium_index("dapi", "binancecoinm"))
PORTFOLIO: Final = _plan(_watch_portfolio, _premium_index("fapi", "binancepm"), _premium_index("dapi", "binancepm"))
