"""The requests that are made of Hyperliquid, and what its refusals mean. Tables only.

Everything is a POST to `/info` (public: an address is enough) or to `/exchange` (signed); the body's `type` says what
is asked. The venue refuses in words, without codes: `REFUSALS` gives each wording a short code of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from guard.ports.errors import (
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    RateLimited,
    VenueError,
)
from guard.venues import fields
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling


def _info(kind: str, *, signed: bool = False) -> Endpoint:
    return Endpoint("publicPostInfo", f"hyperliquid POST info {kind}", signed=signed)


TIME = Endpoint("fetch_time", "hyperliquid POST info exchangeStatus", signed=False)
DEXES = _info("perpDexs")
UNIVERSE = _info("metaAndAssetCtxs")
SPOT_META = _info("spotMetaAndAssetCtxs")
STATE = _info("clearinghouseState")
SPOT_STATE = _info("spotClearinghouseState")
OPEN_ORDERS = _info("frontendOpenOrders")
LEVERAGE = _info("activeAssetData")
# Public like the others; marked as signed so that the clock difference is known before an order is dated.
ABSTRACTION = _info("userAbstraction", signed=True)
ROLE = _info("userRole")
DEPTH = _info("l2Book")
QUERY_ORDER = _info("orderStatus")
FILLS = _info("userFills")
NEW_ORDER = Endpoint("privatePostExchange", "hyperliquid POST exchange order")
CANCEL_ORDER = Endpoint("privatePostExchange", "hyperliquid POST exchange cancel")

ORDER_LIFE_MS = 5_000
"""How long after its date an action may still be executed (`expiresAfter`)."""
WEIGHT_PER_MINUTE = 540
"""Of 1,200 that the venue allows an address in a minute. ccxt charges 10 for requests that weigh 20 there, so half of
that, and a tenth less for others behind the address."""

UNKNOWN_ORDER = "unknownOid"
NO_MATCH = "noMatch"
NOT_OPEN = "notOpen"

# Parts of the venue's sentences (ccxt's `exceptions` and the venue's error page list them), and our codes for them.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "does not exist": "noWallet",
        "Must deposit before": "noWallet",
        "Insufficient margin": "margin",
        "Reduce only order would increase": "reduceOnly",
        "could not immediately match": NO_MATCH,
        "No liquidity available": NO_MATCH,
        "never placed, already canceled, or filled": NOT_OPEN,
        "divisible by tick size": "tick",
        "minimum value of": "minimum",
        "zero size": "size",
        "invalid size": "size",
        "away from the reference price": "price",
        "Trading is halted": "halted",
        "open interest": "openInterest",
        "Too many cumulative requests": "requests",
        "Invalid nonce": "nonce",
        "nonce": "nonce",
        "expired": "expired",
        "expiresAfter": "expired",
        "Duplicate": "duplicate",
    }
)
OTHER = "other"
"""Our code for a wording that is not known: it proves nothing about an order."""

OUTCOME_UNKNOWN_CODES: Final = frozenset({"duplicate", OTHER})

_AGENT = "make an API wallet for this account at the venue, and enter its private key as the secret"

RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "noWallet": Ruling(CredentialsRejected, _AGENT),
        "margin": Ruling(OrderRejected, "the free margin does not suffice"),
        "reduceOnly": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        NOT_OPEN: Ruling(VenueError),
        NO_MATCH: Ruling(OrderRejected, "nobody traded at this price; the next cycle prices it anew"),
        "tick": Ruling(OrderRejected, "the price has more digits than the venue takes at this height"),
        "minimum": Ruling(OrderRejected, "the venue takes no orders below 10 USD"),
        "size": Ruling(OrderRejected),
        "price": Ruling(OrderRejected),
        "halted": Ruling(OrderRejected),
        "openInterest": Ruling(OrderRejected),
        "requests": Ruling(RateLimited, "the venue allows one request for each USD traded; trade or wait"),
        "nonce": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
        "expired": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
        "duplicate": Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        UNKNOWN_ORDER: Ruling(VenueError),
    }
)


def refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """The venue's words for a refusal: `status` err, an error inside the statuses, or an order that is not known."""
    if answer.get("status") == UNKNOWN_ORDER:
        return UNKNOWN_ORDER, "there is no such order"
    text = _sentence(answer)
    if not text:
        return None, ""
    return next((code for part, code in REFUSALS.items() if part in text), OTHER), text


def _sentence(answer: Mapping[str, Any]) -> str:
    if answer.get("status") == "err":
        return str(answer.get("response") or "refused without a word")
    if answer.get("error"):
        return str(answer["error"])
    response = answer.get("response")
    data = response.get("data") if isinstance(response, Mapping) else None
    statuses = data.get("statuses") if isinstance(data, Mapping) else None
    for status in statuses if isinstance(statuses, list) else []:
        if isinstance(status, Mapping) and status.get("error"):
            return str(status["error"])
    return ""


def _time_ms(answer: object) -> float:
    return fields.number({"time": answer}, "time", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "sandboxMode": False,
        # Deliberately off: ccxt would add a fee for itself to orders, and send requests nobody asked for.
        "builderFee": False,
        "approvedBuilderFee": False,
        "refSet": True,
        # Its own detection takes a failed request for "no".
        "enableUnifiedMargin": False,
    },
    refusal=refusal,
)
