"""The requests that are made of Bybit, and what its refusals mean. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

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

TIME = Endpoint("publicGetV5MarketTime", "bybit GET v5/market/time", signed=False)
MARKETS = Endpoint("fetch_markets", "bybit GET v5/market/instruments-info", signed=False)
DEPTH = Endpoint("publicGetV5MarketOrderbook", "bybit GET v5/market/orderbook", signed=False)
TICKERS = Endpoint("publicGetV5MarketTickers", "bybit GET v5/market/tickers", signed=False)
RISK_LIMITS = Endpoint("publicGetV5MarketRiskLimit", "bybit GET v5/market/risk-limit", signed=False)
COLLATERAL = Endpoint("publicGetV5SpotMarginTradeCollateral", "bybit GET v5/spot-margin-trade/collateral", signed=False)
WALLET = Endpoint("privateGetV5AccountWalletBalance", "bybit GET v5/account/wallet-balance")
ACCOUNT = Endpoint("privateGetV5AccountInfo", "bybit GET v5/account/info")
FEES = Endpoint("privateGetV5AccountFeeRate", "bybit GET v5/account/fee-rate")
LOANS = Endpoint("privateGetV5SpotMarginTradePositionTiers", "bybit GET v5/spot-margin-trade/position-tiers")
POSITIONS = Endpoint("privateGetV5PositionList", "bybit GET v5/position/list")
OPEN_ORDERS = Endpoint("privateGetV5OrderRealtime", "bybit GET v5/order/realtime")
PAST_ORDERS = Endpoint("privateGetV5OrderHistory", "bybit GET v5/order/history")
RIGHTS = Endpoint("privateGetV5UserQueryApi", "bybit GET v5/user/query-api")
NEW_ORDER = Endpoint("privatePostV5OrderCreate", "bybit POST v5/order/create")
CANCEL_ORDER = Endpoint("privatePostV5OrderCancel", "bybit POST v5/order/cancel")

RECV_WINDOW_MS: Final = 5_000
"""How long after its timestamp the venue still accepts a signed request."""
WEIGHT_PER_MINUTE: Final = 2_700
"""In ccxt's units, of which an ordinary request costs 5.

The venue allows an address 600 requests in 5 s. A rolling minute may be spent at once, so it must fit into these 5 s:
2,700 units are 540 requests.
"""

NO_CODE: Final = "none"
"""Stands for the code of an answer in JSON that has none: no answer of this venue's."""
NO_SYMBOL: Final = "10001"
"""Request parameter error: also what risk limits of a symbol that is no longer traded are answered with."""
NOT_ON_DEMO: Final = "10032"
ORDER_NOT_FOUND: Final = "110001"
GONE_CODES: Final = frozenset({ORDER_NOT_FOUND, "110008", "110010"})
"""Refusals of a cancellation: there is no such order, it has ended, it was cancelled before."""

OUTCOME_UNKNOWN_CODES: Final = frozenset({NO_CODE, "429", "10000", "10014", "10016", "110030", "110072", "110079"})
"""Refusals after which an order may nevertheless stand; 10014, 110030 and 110072: one with this id already does."""

_LATER = "the guard tries again at the next cycle"
ADDRESS_PAUSE_S = 600.0
"""How long an address that asked too often has to be silent; the venue says it in its documentation only."""

_CLOCK = "synchronise this machine's clock (NTP)"
_DUPLICATE = "an order with this id exists: look it up"
_MARGIN = "the free margin does not suffice"
_EXPIRED = "this API key has expired; make a new one at the venue"

RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        NO_CODE: Ruling(BadAnswer, "no figure was taken from it"),
        "-1": Ruling(ClockSkew, _CLOCK),
        "429": Ruling(VenueUnavailable, _LATER),
        "-2015": Ruling(CredentialsRejected, _EXPIRED),
        "33004": Ruling(CredentialsRejected, _EXPIRED),
        "10000": Ruling(VenueUnavailable, _LATER),
        "10002": Ruling(ClockSkew, _CLOCK),
        "10003": Ruling(CredentialsRejected, "check the API key; keys of the test and demo networks are others"),
        "10004": Ruling(CredentialsRejected, "the secret does not belong to this API key; enter both again"),
        "10005": Ruling(PermissionMissing, "this key lacks the right for it"),
        "10006": Ruling(RateLimited, "the guard waits before it asks again"),
        "10007": Ruling(CredentialsRejected, "check API key and secret of this account"),
        "10008": Ruling(PermissionMissing, "the venue has banned this account; ask its support"),
        "10009": Ruling(PermissionMissing, "the venue does not serve this address's region"),
        "10010": Ruling(PermissionMissing, "this address is not on the key's list"),
        "10014": Ruling(OrderOutcomeUnknown, _DUPLICATE),
        "10016": Ruling(VenueUnavailable, _LATER),
        "10018": Ruling(RateLimited, "the guard waits before it asks again"),
        "10024": Ruling(PermissionMissing, "the venue restricts this account by its compliance rules"),
        "10027": Ruling(PermissionMissing, "the venue has banned this account from trading"),
        "10028": Ruling(PermissionMissing, "only unified accounts are watched; upgrade this one at the venue"),
        ORDER_NOT_FOUND: Ruling(VenueError),
        "110004": Ruling(OrderRejected, "the balance does not suffice"),
        "110006": Ruling(OrderRejected, _MARGIN),
        "110007": Ruling(OrderRejected, _MARGIN),
        "110012": Ruling(OrderRejected, _MARGIN),
        "110017": Ruling(OrderRejected, "there is nothing on this leg that the order could reduce"),
        "110030": Ruling(OrderOutcomeUnknown, _DUPLICATE),
        "110044": Ruling(OrderRejected, _MARGIN),
        "110045": Ruling(OrderRejected, "the balance does not suffice"),
        "110066": Ruling(OrderRejected, "trading is suspended at the venue"),
        "110072": Ruling(OrderOutcomeUnknown, _DUPLICATE),
        "110079": Ruling(OrderOutcomeUnknown, "the order is being worked on: look it up"),
    }
)


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(answer, TIME.name), "time", TIME.name)


def refusal(answer: Mapping[str, Any]) -> tuple[str | None, str]:
    """The venue's words of a refusal: `{"retCode": 10002, "retMsg": "..."}`."""
    code = answer.get("retCode", answer.get("ret_code"))
    text = answer.get("retMsg", answer.get("ret_msg"))
    return NO_CODE if code in {None, ""} else str(code), str(text or "")


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "defaultSubType": "linear",
        "fetchMarkets": {"types": ["linear", "inverse"], "usePrivateInstrumentsInfo": False},
        "fetchCurrencies": False,
        # Stated, because ccxt's own detection asks twice and keeps a wrong answer after a failure.
        "enableUnifiedMargin": False,
        "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
        # Deliberately not ccxt's own adjustment: it runs with load_markets only and ignores the round trip.
        "adjustForTimeDifference": False,
        "timeDifference": 0,
        "recvWindow": RECV_WINDOW_MS,
    },
    refusal=refusal,
    pause_s=pauses.first_of(
        pauses.retry_after,
        pauses.after_words("access too frequent", ADDRESS_PAUSE_S),
        pauses.after_words("IP rate limit", ADDRESS_PAUSE_S),
        pauses.reset_at("X-Bapi-Limit-Reset-Timestamp"),
    ),
)
