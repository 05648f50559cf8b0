"""The requests that are made of Deribit, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
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

TIME = Endpoint("publicGetGetTime", "deribit GET public/get_time", signed=False)
INSTRUMENTS = Endpoint("publicGetGetInstruments", "deribit GET public/get_instruments", signed=False)
INDEX_PRICE = Endpoint("publicGetGetIndexPrice", "deribit GET public/get_index_price", signed=False)
TICKER = Endpoint("publicGetTicker", "deribit GET public/ticker", signed=False)
DEPTH = Endpoint("publicGetGetOrderBook", "deribit GET public/get_order_book", signed=False)
SUMMARIES = Endpoint("privateGetGetAccountSummaries", "deribit GET private/get_account_summaries")
POSITIONS = Endpoint("privateGetGetPositions", "deribit GET private/get_positions")
OPEN_ORDERS = Endpoint("privateGetGetOpenOrders", "deribit GET private/get_open_orders")
# Signed by its own parameters, not by a header.
AUTH = Endpoint("publicGetAuth", "deribit GET public/auth", signed=True)
# Buying and selling are two requests; ccxt's general one takes their name.
NEW_ORDER = Endpoint("request", "deribit GET private/buy or private/sell", by_name=True)
QUERY_ORDER = Endpoint("privateGetGetOrderStateByLabel", "deribit GET private/get_order_state_by_label")
CANCEL_ORDER = Endpoint("privateGetCancel", "deribit GET private/cancel")

ORDER_LIFE_MS = 5_000
"""How long after its date the venue may still begin with an order (`valid_until`)."""
WEIGHT_PER_MINUTE = 1_080
"""Of 20 requests a second that an account may make for ever; orders count for four. A tenth is left to others."""

OUTCOME_UNKNOWN_CODES = frozenset({"10001", "10040", "10041", "10047", "11030", "11031", "11051", "11094", "13888"})
"""Refusals after which an order may nevertheless stand: general failures, timeouts, "try again"."""
NOT_FOUND_CODES = frozenset({"10004", "10010"})
GONE_CODES = NOT_FOUND_CODES | {"11044"}
"""Refusals of a cancellation: there is no such order, or it is not open."""
BAD_PARAMETER_CODES = frozenset({"-32602", "11029", "11043", "13020"})

_KEY = "check API key and secret, and this machine's clock; the key may also be bound to other addresses"
_LATER = "the guard tries again at the next cycle"
_WAIT = "the guard waits before it asks again"

RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "9999": Ruling(PermissionMissing, "switch the API on for this account at the venue"),
        "10000": Ruling(CredentialsRejected, _KEY),
        "10001": Ruling(VenueUnavailable, _LATER),
        "10004": Ruling(VenueError),
        "10009": Ruling(OrderRejected, "the free margin does not suffice"),
        "10019": Ruling(OrderRejected, "the venue has locked trading"),
        "10028": Ruling(RateLimited, _WAIT),
        "10040": Ruling(VenueUnavailable, _LATER),
        "10041": Ruling(VenueUnavailable, "the daily settlement takes some seconds"),
        "10047": Ruling(RateLimited, _WAIT),
        "11030": Ruling(OrderRejected),
        "11050": Ruling(VenueError),
        "11051": Ruling(VenueUnavailable, _LATER),
        "11094": Ruling(VenueUnavailable, _LATER),
        "13004": Ruling(CredentialsRejected, _KEY),
        "13009": Ruling(CredentialsRejected, _KEY),
        "13021": Ruling(PermissionMissing, "give the key account:read and trade:read; trade:read_write to act"),
        "13888": Ruling(VenueUnavailable, _LATER),
    }
)


def refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """The venue's words for a refusal: a code, a message and often a reason beside it."""
    error = answer.get("error")
    if not isinstance(error, Mapping):
        return None, ""
    data = error.get("data")
    reason = data.get("reason") if isinstance(data, Mapping) else None
    said = str(error.get("message") or "")
    return (None if error.get("code") is None else str(error["code"])), f"{said}: {reason}" if reason else said


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(answer, TIME.name), "result", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={"timeDifference": 0},
    permission_codes=frozenset({"13009"}),
    permission_fix="this key lacks the right for it, or this address is not on its list",
    refusal=refusal,
)
