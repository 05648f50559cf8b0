"""The requests that are made of Bitget, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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

PRODUCTS: Final = ("USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES")
"""The venue keeps accounts, positions and orders of each apart, and one request tells of one of them."""
COIN_MARGINED: Final = "COIN-FUTURES"
PLAN_TYPES: Final = ("normal_plan", "profit_loss", "track_plan")
"""Conditional orders wait in three lists: triggers, take-profit and stop-loss, trailing stops."""
PAGE: Final = 100
"""Orders in one page, the most that the venue gives."""

TIME = Endpoint("publicCommonGetV2PublicTime", "bitget GET v2/public/time", signed=False)
MARKETS = Endpoint("fetch_markets", "bitget GET v2/mix/market/contracts", signed=False)
TIERS = Endpoint(
    "publicMixGetV2MixMarketQueryPositionLever", "bitget GET v2/mix/market/query-position-lever", signed=False
)
PRICE = Endpoint("publicMixGetV2MixMarketSymbolPrice", "bitget GET v2/mix/market/symbol-price", signed=False)
FUNDING_RATES = Endpoint(
    "publicMixGetV2MixMarketCurrentFundRate", "bitget GET v2/mix/market/current-fund-rate", signed=False
)
DEPTH = Endpoint("publicMixGetV2MixMarketMergeDepth", "bitget GET v2/mix/market/merge-depth", signed=False)
ACCOUNTS = Endpoint("privateMixGetV2MixAccountAccounts", "bitget GET v2/mix/account/accounts")
ACCOUNT = Endpoint("privateMixGetV2MixAccountAccount", "bitget GET v2/mix/account/account")
POSITIONS = Endpoint("privateMixGetV2MixPositionAllPosition", "bitget GET v2/mix/position/all-position")
OPEN_ORDERS = Endpoint("privateMixGetV2MixOrderOrdersPending", "bitget GET v2/mix/order/orders-pending")
PLAN_ORDERS = Endpoint("privateMixGetV2MixOrderOrdersPlanPending", "bitget GET v2/mix/order/orders-plan-pending")
RIGHTS = Endpoint("privateSpotGetV2SpotAccountInfo", "bitget GET v2/spot/account/info")
NEW_ORDER = Endpoint("privateMixPostV2MixOrderPlaceOrder", "bitget POST v2/mix/order/place-order")
QUERY_ORDER = Endpoint("privateMixGetV2MixOrderDetail", "bitget GET v2/mix/order/detail")
CANCEL_ORDER = Endpoint("privateMixPostV2MixOrderCancelOrder", "bitget POST v2/mix/order/cancel-order")

UNIFIED_SETTINGS = Endpoint("privateUtaGetV3AccountSettings", "bitget GET v3/account/settings")
UNIFIED_ASSETS = Endpoint("privateUtaGetV3AccountAssets", "bitget GET v3/account/assets")
UNIFIED_POSITIONS = Endpoint("privateUtaGetV3PositionCurrentPosition", "bitget GET v3/position/current-position")
UNIFIED_ORDERS = Endpoint("privateUtaGetV3TradeUnfilledOrders", "bitget GET v3/trade/unfilled-orders")
UNIFIED_PLANS = Endpoint("privateUtaGetV3TradeUnfilledStrategyOrders", "bitget GET v3/trade/unfilled-strategy-orders")
UNIFIED_RIGHTS = Endpoint("privateUtaGetV3AccountInfo", "bitget GET v3/account/info")

ARRIVAL_WINDOW_S = 30.0
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 1_080
"""Nine tenths of what ccxt's table allows: 20 units a second, 1 for a request that may be made 20 times a second.

The venue itself limits each request by user, 5 to 20 a second, and an address to 6,000 requests a minute.
"""

LACKS_RIGHT = "40014"
"""The key may not make this request."""
IS_UNIFIED = "40085"
"""A classic request was made of a unified account."""
IS_CLASSIC = "40084"
"""A unified request was made of a classic account."""
ORDER_NOT_FOUND_CODES = frozenset({"40109", "40768", "43001"})
GONE_CODES = ORDER_NOT_FOUND_CODES | {"22001"}
"""Refusals of a cancellation: there is no such order, or none to cancel."""
OUTCOME_UNKNOWN_CODES = frozenset(
    {"40010", "40015", "40200", "40308", "40725", "40786", "43118", "45001", "45034", "50008"}
)
"""Refusals after which an order may nevertheless stand; 40786, 43118, 45034: one with this id already does."""

_KEY = "check API key, secret and passphrase; the key may have been deleted"
_CLOCK = "synchronise this machine's clock (NTP)"
_LATER = "the guard tries again at the next cycle"
_ADDRESS = "this address is not on the key's list: add it at the venue"
_RIGHT = "this key lacks the right for it: it must read futures orders and holdings, and write orders to act"
_MODE = "the position mode was changed; the next cycle reads it anew"
_MARGIN = "the free margin does not suffice"
_LOOK_UP = "an order with this id exists: look it up"
_KIND = "the account was moved between classic and unified mode; the next cycle reads it anew"

# Where ccxt's class alone is not enough, or where it knows no class.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "429": Ruling(RateLimited, "the guard waits before it asks again"),
        "22002": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        "40001": Ruling(CredentialsRejected, _KEY),
        "40002": Ruling(CredentialsRejected, _KEY),
        "40003": Ruling(CredentialsRejected, _KEY),
        "40004": Ruling(ClockSkew, _CLOCK),
        "40005": Ruling(ClockSkew, _CLOCK),
        "40006": Ruling(CredentialsRejected, "this is not a Bitget API key; enter it again"),
        "40008": Ruling(ClockSkew, _CLOCK),
        "40009": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        # ccxt takes it for a signature error; the venue says "Request timed out".
        "40010": Ruling(VenueUnavailable, _LATER),
        "40011": Ruling(CredentialsRejected, _KEY),
        "40012": Ruling(CredentialsRejected, "the passphrase does not belong to this API key; enter both again"),
        "40013": Ruling(PermissionMissing, "the venue restricts this user; ask its support"),
        LACKS_RIGHT: Ruling(PermissionMissing, _RIGHT),
        "40015": Ruling(VenueUnavailable, _LATER),
        "40016": Ruling(PermissionMissing, "the user must bind a phone or an authenticator at the venue"),
        "40018": Ruling(PermissionMissing, _ADDRESS),
        "40037": Ruling(CredentialsRejected, _KEY),
        IS_CLASSIC: Ruling(VenueError, _KIND),
        IS_UNIFIED: Ruling(VenueError, _KIND),
        "40109": Ruling(VenueError),
        "40200": Ruling(VenueUnavailable, _LATER),
        "40308": Ruling(VenueUnavailable, _LATER),
        "40309": Ruling(OrderRejected, "the contract was delisted"),
        "40711": Ruling(OrderRejected, _MARGIN),
        "40712": Ruling(OrderRejected, _MARGIN),
        "40725": Ruling(VenueUnavailable, _LATER),
        "40754": Ruling(OrderRejected, _MARGIN),
        "40757": Ruling(OrderRejected, "the leg is smaller than the order, or other closing orders hold it"),
        "40762": Ruling(OrderRejected, _MARGIN),
        "40768": Ruling(VenueError),
        "40774": Ruling(OrderRejected, _MODE),
        "40786": Ruling(OrderOutcomeUnknown, _LOOK_UP),
        "43001": Ruling(VenueError),
        "43118": Ruling(OrderOutcomeUnknown, _LOOK_UP),
        "45001": Ruling(VenueUnavailable, _LATER),
        "45034": Ruling(OrderOutcomeUnknown, _LOOK_UP),
        "45110": Ruling(OrderRejected, "the order is smaller than the venue's least value"),
        "45111": Ruling(OrderRejected, "the order is smaller than the venue's least size"),
        "50008": Ruling(VenueUnavailable, _LATER),
        "50009": Ruling(RateLimited, "the guard waits before it asks again"),
    }
)


def data_of(answer: object, where: str) -> object:
    """What the venue's envelope `{"code": "00000", "msg": "success", "data": ...}` holds.

    Raises:
        BadAnswer: no envelope, or not one of a success.
    """
    row = fields.record(answer, where)
    if row.get("code") != "00000" or "data" not in row:
        raise BadAnswer(f"{where}: answered without data", fix="no figure was taken from it")
    return row["data"]


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(data_of(answer, TIME.name), TIME.name), "serverTime", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["swap"]},
        # Never ccxt's own detection: it takes any failure for "classic", and keeps that.
        "uta": False,
        # Deliberately not ccxt's own adjustment: it runs with load_markets only and ignores the round trip.
        "adjustForTimeDifference": False,
        "timeDifference": 0,
    },
    permission_codes=frozenset({LACKS_RIGHT}),
    permission_fix=_RIGHT,
)
