"""The requests that are made of MEXC, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from guard.ports.errors import ClockSkew, CredentialsRejected, PermissionMissing, RateLimited, VenueUnavailable
from guard.venues import fields
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

TIME = Endpoint("contractPublicGetPing", "mexc GET contract/ping", signed=False)
MARKETS = Endpoint("fetch_swap_markets", "mexc GET contract/detail", signed=False)
TICKERS = Endpoint("contractPublicGetTicker", "mexc GET contract/ticker", signed=False)
DEPTH = Endpoint("contractPublicGetDepthSymbol", "mexc GET contract/depth", signed=False)
ASSETS = Endpoint("contractPrivateGetAccountAssets", "mexc GET private/account/assets")
POSITIONS = Endpoint("contractPrivateGetPositionOpenPositions", "mexc GET private/position/open_positions")
OPEN_ORDERS = Endpoint("contractPrivateGetOrderListOpenOrders", "mexc GET private/order/list/open_orders")
PLAN_ORDERS = Endpoint("contractPrivateGetPlanorderListOrders", "mexc GET private/planorder/list/orders")
TRACK_ORDERS = Endpoint("contractPrivateGetTrackorderListOrders", "mexc GET private/trackorder/list/orders")
STOP_ORDERS = Endpoint("contractPrivateGetStoporderOpenOrders", "mexc GET private/stoporder/open_orders")
LEVERAGE = Endpoint("contractPrivateGetPositionLeverage", "mexc GET private/position/leverage")
POSITION_MODE = Endpoint("contractPrivateGetPositionPositionMode", "mexc GET private/position/position_mode")

WEIGHT_PER_MINUTE = 1_080
"""Of ccxt's 1,200 (one unit in 50 ms); a reading costs 14, with few orders."""

_LATER = "the guard tries again at the next cycle"
_WAIT = "the guard waits before it asks again"
_READ = "give this key the rights to read the account and its futures trading"

LACKS_RIGHT = frozenset({"511", "701", "702", "703", "704"})
"""The key may not make this request. By the venue's documents the position mode and the leverages are told to keys only
that may trade."""

# Where ccxt's class alone is not enough.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "401": Ruling(CredentialsRejected, "this is not a MEXC API key; enter it again"),
        "402": Ruling(CredentialsRejected, "this key has expired: make a new one, and bind it to this address"),
        "406": Ruling(PermissionMissing, "this address is not on the key's list at the venue"),
        "429": Ruling(RateLimited, _WAIT),
        "500": Ruling(VenueUnavailable, _LATER),
        "501": Ruling(VenueUnavailable, _LATER),
        "503": Ruling(VenueUnavailable, _LATER),
        "504": Ruling(VenueUnavailable, _LATER),
        "510": Ruling(RateLimited, _WAIT),
        "511": Ruling(PermissionMissing, _READ),
        "513": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
        "602": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        "604": Ruling(VenueUnavailable, _LATER),
        "701": Ruling(PermissionMissing, _READ),
        "702": Ruling(PermissionMissing, _READ),
        "703": Ruling(PermissionMissing, _READ),
        "704": Ruling(PermissionMissing, _READ),
        "801": Ruling(VenueUnavailable, _LATER),
        "9999": Ruling(VenueUnavailable, _LATER),
        "10072": Ruling(CredentialsRejected, "this is not a MEXC API key; enter it again"),
        "10073": Ruling(ClockSkew, "synchronise this machine's clock (NTP)"),
    }
)


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(answer, TIME.name), "data", TIME.name)


def refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """Futures say `{"success": false, "code": 602, "message": "..."}`, older requests `msg`."""
    code = answer.get("code")
    return None if code is None else str(code), str(answer.get("message") or answer.get("msg") or "")


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": {"spot": False, "swap": {"linear": True, "inverse": True}}},
        "adjustForTimeDifference": False,
        "timeDifference": 0,
    },
    refusal=refusal,
)
