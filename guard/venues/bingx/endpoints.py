"""The requests that are made of BingX, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guard.ports.errors import (
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

TIME = Endpoint("swapV2PublicGetServerTime", "bingx GET swap/v2/server/time", signed=False)
MARKETS = Endpoint("fetch_swap_markets", "bingx GET swap/v2/quote/contracts", signed=False)
COIN_MARKETS = Endpoint("fetch_inverse_swap_markets", "bingx GET cswap/v1/market/contracts", signed=False)
DEPTH = Endpoint("swapV2PublicGetQuoteDepth", "bingx GET swap/v2/quote/depth", signed=False)
COIN_DEPTH = Endpoint("cswapV1PublicGetMarketDepth", "bingx GET cswap/v1/market/depth", signed=False)
MARK = Endpoint("swapV2PublicGetQuotePremiumIndex", "bingx GET swap/v2/quote/premiumIndex", signed=False)
COIN_MARK = Endpoint("cswapV1PublicGetMarketPremiumIndex", "bingx GET cswap/v1/market/premiumIndex", signed=False)
BALANCE = Endpoint("swapV3PrivateGetUserBalance", "bingx GET swap/v3/user/balance")
POSITIONS = Endpoint("swapV2PrivateGetUserPositions", "bingx GET swap/v2/user/positions")
OPEN_ORDERS = Endpoint("swapV2PrivateGetTradeOpenOrders", "bingx GET swap/v2/trade/openOrders")
COIN_BALANCE = Endpoint("cswapV1PrivateGetUserBalance", "bingx GET cswap/v1/user/balance")
COIN_POSITIONS = Endpoint("cswapV1PrivateGetUserPositions", "bingx GET cswap/v1/user/positions")
COIN_OPEN_ORDERS = Endpoint("cswapV1PrivateGetTradeOpenOrders", "bingx GET cswap/v1/trade/openOrders")
TIERS = Endpoint("swapV1PrivateGetMaintMarginRatio", "bingx GET swap/v1/maintMarginRatio")
LEVERAGE = Endpoint("swapV2PrivateGetTradeLeverage", "bingx GET swap/v2/trade/leverage")
MARGIN_TYPE = Endpoint("swapV2PrivateGetTradeMarginType", "bingx GET swap/v2/trade/marginType")
COIN_LEVERAGE = Endpoint("cswapV1PrivateGetTradeLeverage", "bingx GET cswap/v1/trade/leverage")
POSITION_MODE = Endpoint("swapV1PrivateGetPositionSideDual", "bingx GET swap/v1/positionSide/dual")
ASSET_MODE = Endpoint("swapV1PrivateGetTradeAssetMode", "bingx GET swap/v1/trade/assetMode")
STANDARD_POSITIONS = Endpoint("contractV1PrivateGetAllPosition", "bingx GET contract/v1/allPosition")
RIGHTS = Endpoint("accountV1PrivateGetAccountApiPermissions", "bingx GET v1/account/apiPermissions")
NEW_ORDER = Endpoint("swapV2PrivatePostTradeOrder", "bingx POST swap/v2/trade/order")
QUERY_ORDER = Endpoint("swapV2PrivateGetTradeOrder", "bingx GET swap/v2/trade/order")
CANCEL_ORDER = Endpoint("swapV2PrivateDeleteTradeOrder", "bingx DELETE swap/v2/trade/order")

RECV_WINDOW_MS = 5_000
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 540
"""Of ccxt's 600 (one unit in 100 ms); a reading costs 12, an address may read 45 accounts a minute."""

RIGHT_MISSING = "100004"
"""The key was made without the right that the request asks for."""

NOT_FOUND_CODES = frozenset({"80016", "109421"})
"""There is no such order. Not 80001, which the venue uses for "request failed" as well."""

GONE_CODES = NOT_FOUND_CODES | {"80018"}
"""Refusals of a cancellation: there is no such order, or it has filled."""

OUTCOME_UNKNOWN_CODES = frozenset(
    {
        "500",
        "503",
        "504",
        "80001",
        "80012",
        "80019",
        "100410",
        "100440",
        "100500",
        "100503",
        "101400",
        "101481",
        "101500",
        "109201",
        "109500",
        "110500",
    }
)
"""Refusals after which an order may nevertheless stand.

The venue uses 80001, 80012 and 101400 for trouble of its own, for an id that is in use and for plain refusals alike.
"""

_LATER = "the guard tries again at the next cycle"
_WAIT = "the guard waits before it asks again"
_EXISTS = "an order with this id exists: look it up"

# Where ccxt's class alone is not enough.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "418": Ruling(RateLimited, _WAIT),
        "429": Ruling(RateLimited, _WAIT),
        "500": Ruling(VenueUnavailable, _LATER),
        "503": Ruling(VenueUnavailable, _LATER),
        "504": Ruling(VenueUnavailable, _LATER),
        "80001": Ruling(VenueUnavailable, _LATER),
        "80012": Ruling(VenueUnavailable, _LATER),
        "80016": Ruling(VenueError),
        "80017": Ruling(VenueError),
        "80019": Ruling(VenueUnavailable, _LATER),
        "100001": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        RIGHT_MISSING: Ruling(PermissionMissing, "give this key the rights to read and to trade perpetual futures"),
        "100202": Ruling(OrderRejected, "the balance does not suffice"),
        "100410": Ruling(RateLimited, _WAIT),
        "100412": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        "100413": Ruling(CredentialsRejected, "this is not a BingX API key; enter it again"),
        "100419": Ruling(PermissionMissing, "this address is not on the key's list at the venue"),
        "100421": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
        "100440": Ruling(VenueUnavailable, _LATER),
        "100500": Ruling(VenueUnavailable, _LATER),
        "100503": Ruling(VenueUnavailable, _LATER),
        "101204": Ruling(OrderRejected, "the free margin does not suffice"),
        "101205": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        "101400": Ruling(OrderOutcomeUnknown, "the venue says this of refused and of repeated orders: look it up"),
        "101481": Ruling(OrderOutcomeUnknown, _EXISTS),
        "101500": Ruling(VenueUnavailable, _LATER),
        "109201": Ruling(OrderOutcomeUnknown, _EXISTS),
        "109421": Ruling(VenueError),
        "109500": Ruling(VenueUnavailable, _LATER),
        "110425": Ruling(OrderRejected, "the order is smaller than the venue's least value"),
        "110500": Ruling(VenueUnavailable, _LATER),
    }
)


def _time_ms(answer: object) -> float:
    data = fields.record(fields.record(answer, TIME.name).get("data"), TIME.name)
    return fields.number(data, "serverTime", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "defaultSubType": "linear",
        "sandboxMode": False,
        "timeDifference": 0,
        "recvWindow": RECV_WINDOW_MS,
    },
    corrects_nonce=True,
    # The header counts down the window of the limit; whoever went on asking is told the end of the ban in words.
    pause_s=pauses.first_of(
        pauses.text_until("unblocked after"), pauses.retry_after, pauses.reset_in_ms("X-RateLimit-Requests-Expire")
    ),
)
