"""The requests that are made of OKX, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

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
from guard.venues import fields
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

TIME = Endpoint("publicGetPublicTime", "okx GET v5/public/time", signed=False)
DEPTH = Endpoint("publicGetMarketBooks", "okx GET v5/market/books", signed=False)
MARKS = Endpoint("publicGetPublicMarkPrice", "okx GET v5/public/mark-price", signed=False)
FUNDING_RATE = Endpoint("publicGetPublicFundingRate", "okx GET v5/public/funding-rate", signed=False)
TIERS = Endpoint("publicGetPublicPositionTiers", "okx GET v5/public/position-tiers", signed=False)
DISCOUNTS = Endpoint(
    "publicGetPublicDiscountRateInterestFreeQuota", "okx GET v5/public/discount-rate-interest-free-quota", signed=False
)
MARKETS = Endpoint("fetch_markets", "okx GET v5/public/instruments", signed=False)
CONFIG = Endpoint("privateGetAccountConfig", "okx GET v5/account/config")
BALANCE = Endpoint("privateGetAccountBalance", "okx GET v5/account/balance")
POSITIONS = Endpoint("privateGetAccountPositions", "okx GET v5/account/positions")
FEES = Endpoint("privateGetAccountTradeFee", "okx GET v5/account/trade-fee")
LEVERAGE = Endpoint("privateGetAccountLeverageInfo", "okx GET v5/account/leverage-info")
OPEN_ORDERS = Endpoint("privateGetTradeOrdersPending", "okx GET v5/trade/orders-pending")
OPEN_ALGO_ORDERS = Endpoint("privateGetTradeOrdersAlgoPending", "okx GET v5/trade/orders-algo-pending")
NEW_ORDER = Endpoint("privatePostTradeOrder", "okx POST v5/trade/order")
CANCEL_ORDER = Endpoint("privatePostTradeCancelOrder", "okx POST v5/trade/cancel-order")
QUERY_ORDER = Endpoint("privateGetTradeOrder", "okx GET v5/trade/order")

ALGO_TYPES = ("conditional", "oco", "trigger", "move_order_stop")
"""Kinds of conditional orders, each asked for by itself: the venue lists one kind at a time."""
PAGE_SIZE = 100

ARRIVAL_WINDOW_S = 30.0
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 3_000
"""In ccxt's units, in which one user's own pace is 545 a minute. OKX counts private requests by user (ten readings of
balances in 2 s, 600 units a minute) and public ones by address, so this bounds the address alone: one account that is
read every 3 s spends 170."""

ORDER_NOT_FOUND = "51603"
GONE_CODES = frozenset({ORDER_NOT_FOUND, "51400", "51401", "51402"})
"""Refusals of a cancellation: there is no such order, it was cancelled before, it has filled."""
NO_CODE = "none"
"""Stands for the code of an answer that has none: every answer of this venue has one, so it is some other page."""

OUTCOME_UNKNOWN_CODES = frozenset(
    {NO_CODE, "1", "2", "50001", "50004", "50005", "50013", "50026", "51011", "51016", "51054", "51149", "63999"}
)
"""Refusals after which an order may nevertheless stand; 51011 and 51016: one with this id already does."""

_KEY = "enter API key, secret and passphrase again"
_LATER = "the guard tries again at the next cycle"
_CLOCK = "synchronise this machine's clock (NTP)"
_WAIT = "the guard waits before it asks again"
_RIGHT = "give the key the right that this request needs"
_FROZEN = "the venue is liquidating this account or has suspended it; look at it at the venue"
_NOTHING = "there is nothing on this leg that the order could reduce"
_MARGIN = "the free margin does not suffice"
_MODE = "the account's modes were changed; the next cycle reads them anew"

# Where ccxt's class alone is not enough, or where ccxt does not know the code.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        NO_CODE: Ruling(BadAnswer, "no figure was taken from it"),
        "50001": Ruling(VenueUnavailable, _LATER),
        "50004": Ruling(VenueUnavailable, _LATER),
        "50005": Ruling(VenueUnavailable, _LATER),
        "50007": Ruling(PermissionMissing, _FROZEN),
        "50009": Ruling(PermissionMissing, _FROZEN),
        "50011": Ruling(RateLimited, _WAIT),
        "50013": Ruling(VenueUnavailable, _LATER),
        "50026": Ruling(VenueUnavailable, _LATER),
        "50030": Ruling(PermissionMissing, _RIGHT),
        "50035": Ruling(PermissionMissing, "the venue wants this key bound to addresses first"),
        "50061": Ruling(RateLimited, "the guard waits before it sends another order"),
        "50100": Ruling(CredentialsRejected, "the venue has frozen this key; make a new one"),
        "50101": Ruling(CredentialsRejected, "this key belongs to the demo account, or to another site of the venue"),
        "50102": Ruling(ClockSkew, _CLOCK),
        "50103": Ruling(CredentialsRejected, _KEY),
        "50104": Ruling(CredentialsRejected, "enter the passphrase that was chosen when the key was made"),
        "50105": Ruling(CredentialsRejected, "enter the passphrase that was chosen when the key was made"),
        "50106": Ruling(CredentialsRejected, _KEY),
        "50107": Ruling(CredentialsRejected, _KEY),
        "50110": Ruling(PermissionMissing, "this address is not on the key's list at the venue"),
        "50111": Ruling(CredentialsRejected, "this is not an OKX API key; enter it again"),
        "50112": Ruling(ClockSkew, _CLOCK),
        "50113": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        "50114": Ruling(CredentialsRejected, _KEY),
        "50119": Ruling(
            CredentialsRejected, "the venue does not know this key (accounts of my.okx.com have other keys)"
        ),
        "50120": Ruling(PermissionMissing, _RIGHT),
        "51000": Ruling(OrderRejected, _MODE),
        "51008": Ruling(OrderRejected, _MARGIN),
        "51010": Ruling(OrderRejected, _MODE),
        "51011": Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        "51016": Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        "51023": Ruling(OrderRejected, _NOTHING),
        "51054": Ruling(VenueUnavailable, _LATER),
        "51112": Ruling(OrderRejected, _NOTHING),
        "51119": Ruling(OrderRejected, _MARGIN),
        "51127": Ruling(OrderRejected, _MARGIN),
        "51131": Ruling(OrderRejected, _MARGIN),
        "51149": Ruling(VenueUnavailable, _LATER),
        "51169": Ruling(OrderRejected, _NOTHING),
        "51205": Ruling(OrderRejected, _NOTHING),
        ORDER_NOT_FOUND: Ruling(VenueError),
        "63999": Ruling(VenueUnavailable, _LATER),
    }
)


def refusal(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Code and text of a refusal; those of the order in it say more than the "all operations failed" around them."""
    code, text = answer.get("code"), str(answer.get("msg") or "")
    inner = answer.get("data")
    for row in inner if isinstance(inner, list) else ():
        if isinstance(row, Mapping) and row.get("sCode") not in {None, "", "0"}:
            return str(row["sCode"]), str(row.get("sMsg") or text)
    return (NO_CODE, text or "an answer without a code") if code is None or code == "" else (str(code), text)


def data_of(answer: object, where: str) -> list[fields.Row]:
    """The rows that every answer of OKX wraps in `data`.

    Raises:
        BadAnswer: it has none.
    """
    return fields.rows(fields.record(answer, where).get("data"), f"{where} data")


def only_row(answer: object, where: str) -> fields.Row:
    """The one row of an answer.

    Raises:
        BadAnswer: there is none, or more than one.
    """
    found = data_of(answer, where)
    if len(found) != 1:
        raise fields.refused(where, f"answered {len(found)} rows, not 1")
    return found[0]


def _time_ms(answer: object) -> float:
    return fields.number(only_row(answer, TIME.name), "ts", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["swap", "future"]},
        "fetchCurrencies": False,
        # Deliberately not ccxt's own adjustment: it runs with load_markets only and ignores the round trip.
        "adjustForTimeDifference": False,
        "timeDifference": 0,
    },
    permission_codes=frozenset(),
    refusal=refusal,
)
