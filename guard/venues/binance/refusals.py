"""What Binance's refusals mean, and how its clients are set up: the same at every branch. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guard.ports.errors import (
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.risk.book import Kind
from guard.venues import fields, pauses
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

RECV_WINDOW_MS = 5_000
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 2_200
"""Of the 2,400 that a branch allows an address in a minute; the rest is left to others behind the address."""

ORDER_NOT_FOUND = "-2013"
CANCEL_REJECTED = "-2011"
"""A cancellation was refused: the order is not known, or not open any more."""

OUTCOME_UNKNOWN_CODES = frozenset({"-1000", "-1001", "-1006", "-1007", "-1008", "-1016", "-4116"})
"""Refusals after which an order may nevertheless stand; -4116: one with this id already does."""

_KEY = "check API key and secret; the key may also be bound to other addresses or lack the right to read futures"
_CLOCK = "synchronise this machine's clock (NTP)"
_LATER = "the guard tries again at the next cycle"
_MODE = "the position mode was changed; the next cycle reads it anew"

# Where ccxt's class alone is not enough, or depends on the host name.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "-1000": Ruling(VenueUnavailable, _LATER),
        "-1001": Ruling(VenueUnavailable, _LATER),
        "-1002": Ruling(CredentialsRejected, _KEY),
        "-1003": Ruling(RateLimited, "the guard waits before it asks again"),
        "-1006": Ruling(VenueUnavailable, _LATER),
        "-1007": Ruling(VenueUnavailable, _LATER),
        "-1008": Ruling(VenueUnavailable, _LATER),
        "-1015": Ruling(RateLimited, "the guard waits before it sends another order"),
        "-1016": Ruling(VenueUnavailable, _LATER),
        "-1021": Ruling(ClockSkew, _CLOCK),
        "-1022": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        ORDER_NOT_FOUND: Ruling(VenueError),
        "-2014": Ruling(CredentialsRejected, "this is not a Binance API key; enter it again"),
        "-2015": Ruling(CredentialsRejected, _KEY),
        "-2018": Ruling(OrderRejected, "the balance does not suffice"),
        "-2019": Ruling(OrderRejected, "the free margin does not suffice"),
        "-2022": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        "-4061": Ruling(OrderRejected, _MODE),
        "-4116": Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        "-5028": Ruling(ClockSkew, _CLOCK),
    }
)


def dialect(time: Endpoint, *kinds: Kind, exceptions: str = "") -> Dialect:
    """How a client speaks with a branch.

    Args:
        time: tells the branch's clock.
        kinds: of contracts that are listed.
        exceptions: under which name ccxt keeps the branch's codes; by default that of the first kind.
    """

    def time_ms(answer: object) -> float:
        return fields.number(fields.record(answer, time.name), "serverTime", time.name)

    return Dialect(
        time=time,
        time_ms=time_ms,
        rulings=RULINGS,
        options={
            "defaultType": "swap",
            "defaultSubType": kinds[0],
            "fetchMarkets": {"types": list(kinds)},
            "fetchCurrencies": False,
            "fetchMargins": False,
            "fetchOpenOrders": {"warnWithoutSymbol": False},
            "warnOnFetchOpenOrdersWithoutSymbol": False,
            # Deliberately not ccxt's own adjustment: it runs with load_markets only and ignores the round trip.
            "adjustForTimeDifference": False,
            "timeDifference": 0,
            "recvWindow": RECV_WINDOW_MS,
        },
        permission_codes=frozenset({"-1002", "-2015"}),
        permission_fix="this key lacks the right for it, or this address is no longer on its list",
        exceptions_of=exceptions or kinds[0],
        pause_s=pauses.first_of(pauses.retry_after, pauses.text_until("banned until")),
    )
