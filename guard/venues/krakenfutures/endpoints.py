"""The requests that are made of Kraken Futures, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from guard.ports.errors import (
    CredentialsRejected,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.venues import fields
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

TIME = Endpoint("publicGetInstrumentsStatus", "krakenfutures GET instruments/status", signed=False)
INSTRUMENTS = Endpoint("publicGetInstruments", "krakenfutures GET instruments", signed=False)
TICKERS = Endpoint("publicGetTickers", "krakenfutures GET tickers", signed=False)
DEPTH = Endpoint("publicGetOrderbook", "krakenfutures GET orderbook", signed=False)
ACCOUNTS = Endpoint("privateGetAccounts", "krakenfutures GET accounts")
POSITIONS = Endpoint("privateGetOpenpositions", "krakenfutures GET openpositions")
OPEN_ORDERS = Endpoint("privateGetOpenorders", "krakenfutures GET openorders")
NEW_ORDER = Endpoint("privatePostSendorder", "krakenfutures POST sendorder")
CANCEL_ORDER = Endpoint("privatePostCancelorder", "krakenfutures POST cancelorder")
ORDER_STATUS = Endpoint("privateGetOrdersStatus", "krakenfutures GET orders/status")
ORDER_HISTORY = Endpoint("historyGetOrders", "krakenfutures GET history/orders")
FILLS = Endpoint("privateGetFills", "krakenfutures GET fills")

ORDER_LIFE_MS = 5_000
"""How long after its date the venue may still process an order (`processBefore`)."""
WEIGHT_PER_MINUTE = 1_200
"""The venue allows 500 in ten seconds, where most requests count 2; ccxt counts each as 1. A fifth is left over."""

_KEY = "check API key and secret; the key may also be bound to other addresses or be of the spot exchange"
_LATER = "the guard tries again at the next cycle"

RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "authenticationError": Ruling(CredentialsRejected, _KEY),
        "accountInactive": Ruling(PermissionMissing, "the futures account was never used: fund it at the venue"),
        "apiLimitExceeded": Ruling(RateLimited, "the guard waits before it asks again"),
        "insufficientFunds": Ruling(OrderRejected, "the free margin does not suffice"),
        "INSUFFICIENT_MARGIN": Ruling(OrderRejected, "the free margin does not suffice"),
        "marketUnavailable": Ruling(OrderRejected, "the contract is not traded now"),
        "unavailable": Ruling(VenueUnavailable, _LATER),
        "Unavailable": Ruling(VenueUnavailable, _LATER),
        "Server Error": Ruling(VenueUnavailable, _LATER),
        "unknownError": Ruling(VenueUnavailable, _LATER),
        "notFound": Ruling(VenueError),
    }
)
OUTCOME_UNKNOWN_CODES = frozenset({"unavailable", "Unavailable", "Server Error", "unknownError", "Json Parse Error"})
"""Refusals after which an order may nevertheless stand."""
NOT_FOUND_CODES = frozenset({"notFound"})


def refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """The venue's words for a refusal: a word in `error`, or messages in `errors`."""
    word = answer.get("error")
    if not word:
        errors = answer.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        word = first.get("message") if isinstance(first, Mapping) else None
    return (str(word), str(word)) if word else (None, "")


def moment_ms(word: str, where: str) -> float:
    """Epoch milliseconds of a moment such as `2022-04-12T07:48:07.475Z`.

    Raises:
        BadAnswer: it is none.
    """
    try:
        return datetime.fromisoformat(word).timestamp() * 1000
    except ValueError:
        raise fields.refused(where, f"the time was {word!a}") from None


def _time_ms(answer: object) -> float:
    return moment_ms(fields.text(fields.record(answer, TIME.name), "serverTime", TIME.name), TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={},
    permission_codes=frozenset({"authenticationError"}),
    permission_fix="this key lacks the right for it, or this address is not on its list",
    refusal=refusal,
)
