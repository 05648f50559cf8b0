"""The requests that are made of KuCoin futures, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.venues import fields, pauses
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

_V = "kucoinfutures"

TIME = Endpoint("futuresPublicGetTimestamp", f"{_V} GET api/v1/timestamp", signed=False)
MARKETS = Endpoint("fetch_markets", f"{_V} GET api/v1/contracts/active", signed=False)
CONTRACTS = Endpoint("futuresPublicGetContractsActive", f"{_V} GET api/v1/contracts/active", signed=False)
MARK = Endpoint("futuresPublicGetMarkPriceSymbolCurrent", f"{_V} GET api/v1/mark-price/current", signed=False)
DEPTH = Endpoint("futuresPublicGetLevel2Depth20", f"{_V} GET api/v1/level2/depth20", signed=False)
OVERVIEW = Endpoint("futuresPrivateGetAccountOverview", f"{_V} GET api/v1/account-overview")
POSITIONS = Endpoint("futuresPrivateGetPositions", f"{_V} GET api/v1/positions")
OPEN_ORDERS = Endpoint("futuresPrivateGetOrders", f"{_V} GET api/v1/orders")
STOP_ORDERS = Endpoint("futuresPrivateGetStopOrders", f"{_V} GET api/v1/stopOrders")
CROSS_LEVERAGE = Endpoint("futuresPrivateGetGetCrossUserLeverage", f"{_V} GET api/v2/getCrossUserLeverage")
POSITION_MODE = Endpoint("futuresPrivateGetPositionGetPositionMode", f"{_V} GET api/v2/position/getPositionMode")
ACCOUNT_MODE = Endpoint("utaPrivateGetAccountMode", f"{_V} GET api/ua/v1/account/mode")
UNIFIED_OVERVIEW = Endpoint("utaPrivateGetAccountModeAccountOverview", f"{_V} GET api/ua/v1/unified/account/overview")
UNIFIED_POSITIONS = Endpoint(
    "utaPrivateGetAccountModePositionOpenList", f"{_V} GET api/ua/v1/unified/position/open-list"
)
UNIFIED_ORDERS = Endpoint("utaPrivateGetAccountModeOrderOpenList", f"{_V} GET api/ua/v1/unified/order/open-list")
RIGHTS = Endpoint("privateGetUserApiKey", f"{_V} GET api/v1/user/api-key")
NEW_ORDER = Endpoint("futuresPrivatePostOrders", f"{_V} POST api/v1/orders")
CANCEL_ORDER = Endpoint("futuresPrivateDeleteOrdersOrderId", f"{_V} DELETE api/v1/orders/{{id}}")
QUERY_ORDER = Endpoint("futuresPrivateGetOrdersByClientOid", f"{_V} GET api/v1/orders/byClientOid")

ARRIVAL_WINDOW_S = 5.0
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 7_000
"""Of the 8,000 units of ccxt in a minute that the venue allows (2,000 weight in 30 s, two units each).

A reading costs 30 for an account that holds something in one settle currency, and 10 for each further one; the list of
open orders shares its path with new orders, which never wait, so its 4 are not counted: hence the headroom.
"""
PAGE_ORDERS = 1_000
PAGE_UNIFIED = 200

OK_CODE = "200000"
ORDER_NOT_FOUND = "100001"
GONE_CODES = frozenset({ORDER_NOT_FOUND, "100004"})
"""Refusals of a cancellation: there is no such order, or it is in a state in which it cannot be cancelled any more."""
CLIENT_ID_IN_USE = "clientOid in use"
"""Our word: the venue refuses a repeated id with the code of any wrong parameter, and says so in the text only."""

NO_CODE = "no code"
"""Our word: an object in which the venue's code is missing is no answer of the venue."""

OUTCOME_UNKNOWN_CODES = frozenset({"408000", "500000", "500", "503", CLIENT_ID_IN_USE, NO_CODE})
"""Refusals after which an order may nevertheless stand."""

_LATER = "the guard tries again at the next cycle"
_KEY = "check API key, secret and passphrase of this account"
_MODE = "the position mode or the margin mode was changed; the next cycle reads it anew"
_ROOM = "the free margin does not suffice"

# Where ccxt's class alone is not enough, or is another one.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "400001": Ruling(CredentialsRejected, _KEY),
        "400002": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
        "400003": Ruling(CredentialsRejected, "this API key does not exist at KuCoin, or has expired; enter it again"),
        "400004": Ruling(CredentialsRejected, "the passphrase does not belong to this API key; enter it again"),
        "400005": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        "400006": Ruling(PermissionMissing, "add this machine's address to the key's list at KuCoin"),
        "400007": Ruling(
            PermissionMissing, "give this key the right General (to watch) and Futures (to act) at KuCoin"
        ),
        "411100": Ruling(PermissionMissing, "KuCoin has frozen this user; ask its support"),
        "429000": Ruling(RateLimited, "the guard waits before it asks again"),
        "200002": Ruling(RateLimited, "the guard waits before it asks again"),
        "408000": Ruling(VenueUnavailable, _LATER),
        "500000": Ruling(VenueUnavailable, _LATER),
        "503": Ruling(VenueUnavailable, _LATER),
        ORDER_NOT_FOUND: Ruling(VenueError),
        NO_CODE: Ruling(BadAnswer, "no figure was taken from it"),
        CLIENT_ID_IN_USE: Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        "200003": Ruling(OrderRejected, "this contract does not take orders now"),
        "200005": Ruling(OrderRejected, "the risk limit of this contract does not allow it"),
        "300000": Ruling(OrderRejected, "the venue does not take this order"),
        "300003": Ruling(OrderRejected, _ROOM),
        "300009": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        "300011": Ruling(OrderRejected, "the price is too far from the market"),
        "300012": Ruling(OrderRejected, "the price is too far from the market"),
        "330005": Ruling(OrderRejected, _MODE),
        "330008": Ruling(OrderRejected, _ROOM),
        "330011": Ruling(OrderRejected, _MODE),
        "330012": Ruling(OrderRejected, _MODE),
        "112010": Ruling(PermissionMissing, "this is no unified account"),
    }
)


def refusal(answer: Mapping[str, object]) -> tuple[str | None, str]:
    """`{"code": "400005", "msg": "Invalid KC-API-SIGN"}`; 200000 is no refusal."""
    code, text = answer.get("code"), str(answer.get("msg") or "")
    if code is None:
        return NO_CODE, text or "an object without a code"
    if str(code) == OK_CODE:
        return None, text
    said = text.lower()
    if "clientoid" in said and any(word in said for word in ("duplicat", "repeat", "exist", "in use")):
        return CLIENT_ID_IN_USE, text
    return str(code), text


def data_of(answer: object, where: str) -> object:
    """What an answer carries.

    Raises:
        BadAnswer: no object with `data`.
    """
    found = fields.record(answer, where)
    if "data" not in found:
        raise fields.refused(where, "the answer has no data")
    return found["data"]


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(answer, TIME.name), "data", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        # Its own `uta`: the listings of unified accounts tell neither the size of a contract nor that of an order.
        "fetchMarkets": {"types": ["swap", "future", "contract"], "fetchTickersFees": False, "uta": False},
        # Stated, so that ccxt asks nothing by itself and caches no answer; the reader sets `uta` to what it found.
        "hf": True,
        "uta": False,
        "adjustForTimeDifference": False,
        "timeDifference": 0,
    },
    refusal=refusal,
    pause_s=pauses.first_of(pauses.retry_after, pauses.reset_in_ms("gw-ratelimit-reset")),
)
