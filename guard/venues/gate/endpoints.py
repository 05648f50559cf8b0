"""The requests that are made of Gate, and what its refusals mean. Tables only."""

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
from guard.venues import fields, pauses
from guard.venues.client import Dialect, Endpoint
from guard.venues.errors import Ruling

TIME = Endpoint("publicSpotGetTime", "gate GET v4/spot/time", signed=False)
MARKETS = Endpoint("fetch_markets", "gate GET v4/futures/contracts", signed=False)
CONTRACTS = Endpoint("publicFuturesGetSettleContracts", "gate GET v4/futures/contracts", signed=False)
TICKERS = Endpoint("publicFuturesGetSettleTickers", "gate GET v4/futures/tickers", signed=False)
SPOT_TICKERS = Endpoint("publicSpotGetTickers", "gate GET v4/spot/tickers", signed=False)
DEPTH = Endpoint("publicFuturesGetSettleOrderBook", "gate GET v4/futures/order_book", signed=False)
TIERS = Endpoint("publicFuturesGetSettleRiskLimitTiers", "gate GET v4/futures/risk_limit_tiers", signed=False)
ACCOUNT = Endpoint("privateFuturesGetSettleAccounts", "gate GET v4/futures/accounts")
POSITIONS = Endpoint("privateFuturesGetSettlePositions", "gate GET v4/futures/positions")
POSITION = Endpoint("privateFuturesGetSettlePositionsContract", "gate GET v4/futures/positions/{contract}")
DUAL_POSITION = Endpoint(
    "privateFuturesGetSettleDualCompPositionsContract", "gate GET v4/futures/dual_comp/positions/{contract}"
)
ORDERS = Endpoint("privateFuturesGetSettleOrders", "gate GET v4/futures/orders")
PRICE_ORDERS = Endpoint("privateFuturesGetSettlePriceOrders", "gate GET v4/futures/price_orders")
NEW_ORDER = Endpoint("privateFuturesPostSettleOrders", "gate POST v4/futures/orders")
QUERY_ORDER = Endpoint("privateFuturesGetSettleOrdersOrderId", "gate GET v4/futures/orders/{order_id}")
CANCEL_ORDER = Endpoint("privateFuturesDeleteSettleOrdersOrderId", "gate DELETE v4/futures/orders/{order_id}")
UNIFIED = Endpoint("privateUnifiedGetAccounts", "gate GET v4/unified/accounts")
UNIFIED_MODE = Endpoint("privateUnifiedGetUnifiedMode", "gate GET v4/unified/unified_mode")
DISCOUNTS = Endpoint("privateUnifiedGetCurrencyDiscountTiers", "gate GET v4/unified/currency_discount_tiers")
DELIVERY_ACCOUNT = Endpoint("privateDeliveryGetSettleAccounts", "gate GET v4/delivery/accounts")
OPTIONS_ACCOUNT = Endpoint("privateOptionsGetAccounts", "gate GET v4/options/accounts")
MAIN_KEYS = Endpoint("privateAccountGetMainKeys", "gate GET v4/account/main_keys")
DETAIL = Endpoint("privateAccountGetDetail", "gate GET v4/account/detail")

SETTLES = ("usdt", "btc")
"""Currencies in which contracts settle; the venue keeps an account for each."""
PAGE_SIZE = 100
ARRIVAL_WINDOW_S = 60.0
"""How long after its timestamp, which has whole seconds, the venue still accepts a signed request."""
WEIGHT_PER_MINUTE = 1_080
"""In ccxt's units: 200 requests in ten seconds are its pace for one address. The venue counts private requests by user
and endpoint; a classic account with USDT contracts that is read every 3 s spends 80, with BTC contracts 160."""

NO_ACCOUNT = "USER_NOT_FOUND"
"""What is said of a settlement currency in which nothing was ever deposited."""
NO_POSITION_LABELS = frozenset({"POSITION_NOT_FOUND", "POSITION_EMPTY", "CONTRACT_NOT_FOUND"})
"""What is said of the settings of a contract that the user never touched, or that is gone."""
NO_PAIR_LABELS = frozenset({"INVALID_CURRENCY_PAIR", "INVALID_CURRENCY"})
"""What is said of the price of a currency that is not traded for USDT."""
NO_LABEL = "none"
"""Stands for the label of an answer that has none: every refusal of this venue has one, so it is some other page."""
ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
NOT_FOUND_LABELS = frozenset({ORDER_NOT_FOUND, "CLIENT_ID_NOT_FOUND"})
GONE_LABELS = NOT_FOUND_LABELS | {"ORDER_FINISHED", "ORDER_CLOSED", "ORDER_CANCELLED"}
"""Refusals of a cancellation: there is no such order, or it has ended."""
OUTCOME_UNKNOWN_LABELS = frozenset({NO_LABEL, "SERVER_ERROR", "INTERNAL", "TOO_BUSY", "REPEATED_CREATION"})
"""Refusals after which an order may nevertheless stand."""

_KEY = "enter API key and secret again"
_LATER = "the guard tries again at the next cycle"
_CLOCK = "synchronise this machine's clock (NTP)"
_WAIT = "the guard waits before it asks again"
_RIGHT = "give the key the right that this request needs"
_LOCKED = "the venue has locked this account; look at it at the venue"
_NOTHING = "there is nothing on this leg that the order could reduce"
_MARGIN = "the free margin does not suffice"
_LIQUIDATING = "the venue is liquidating or closing this position; look at it at the venue"
_PRICE = "the next cycle plans with the prices of then"

# Where ccxt's class alone is not enough, or where ccxt does not know the label.
RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        NO_LABEL: Ruling(BadAnswer, "no figure was taken from it"),
        "INVALID_KEY": Ruling(CredentialsRejected, _KEY),
        "INVALID_CREDENTIALS": Ruling(CredentialsRejected, _KEY),
        "INVALID_SIGNATURE": Ruling(
            CredentialsRejected, "the secret does not belong to this API key; enter both again"
        ),
        "AUTHENTICATION_FAILED": Ruling(CredentialsRejected, _KEY),
        "IP_FORBIDDEN": Ruling(PermissionMissing, "this address is not on the key's list at the venue"),
        "REQUEST_EXPIRED": Ruling(ClockSkew, _CLOCK),
        "FORBIDDEN": Ruling(PermissionMissing, _RIGHT),
        "READ_ONLY": Ruling(PermissionMissing, "this key may only read"),
        "ACCOUNT_LOCKED": Ruling(PermissionMissing, _LOCKED),
        "SUB_ACCOUNT_LOCKED": Ruling(PermissionMissing, _LOCKED),
        "TOO_FAST": Ruling(RateLimited, _WAIT),
        "TOO_MANY_REQUESTS": Ruling(RateLimited, _WAIT),
        "INTERNAL": Ruling(VenueUnavailable, _LATER),
        "SERVER_ERROR": Ruling(VenueUnavailable, _LATER),
        "TOO_BUSY": Ruling(VenueUnavailable, _LATER),
        NO_ACCOUNT: Ruling(VenueError, "move funds to the futures account at the venue first"),
        "REPEATED_CREATION": Ruling(OrderOutcomeUnknown, "an order with this id exists: look it up"),
        ORDER_NOT_FOUND: Ruling(VenueError),
        "CLIENT_ID_NOT_FOUND": Ruling(VenueError),
        "BALANCE_NOT_ENOUGH": Ruling(OrderRejected, _MARGIN),
        "INSUFFICIENT_AVAILABLE": Ruling(OrderRejected, _MARGIN),
        "FUTURES_BALANCE_NOT_ENOUGH": Ruling(OrderRejected, _MARGIN),
        "MARGIN_BALANCE_NOT_ENOUGH": Ruling(OrderRejected, _MARGIN),
        "LIQUIDATE_IMMEDIATELY": Ruling(OrderRejected, _MARGIN),
        "POSITION_EMPTY": Ruling(OrderRejected, _NOTHING),
        "INCREASE_POSITION": Ruling(OrderRejected, _NOTHING),
        "REDUCE_EXCEEDED": Ruling(OrderRejected, _NOTHING),
        "POSITION_IN_LIQUIDATION": Ruling(OrderRejected, _LIQUIDATING),
        "POSITION_IN_CLOSE": Ruling(OrderRejected, _LIQUIDATING),
        "CONTRACT_NO_COUNTER": Ruling(OrderRejected, _PRICE),
        "CONTRACT_IN_DELISTING": Ruling(OrderRejected, "the venue is taking this contract off its list"),
        "PRICE_TOO_DEVIATED": Ruling(OrderRejected, _PRICE),
        "ORDER_FOK": Ruling(OrderRejected, _PRICE),
        "RISK_LIMIT_EXCEEDED": Ruling(OrderRejected, "the position would exceed its risk limit"),
        "TRADE_RESTRICTED": Ruling(OrderRejected, "the venue restricts trading of this account; look there"),
    }
)


def refusal(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Label and text of a refusal."""
    label = answer.get("label")
    text = str(answer.get("message") or answer.get("detail") or "")
    return (NO_LABEL, text or "an answer without a label") if not label else (str(label), text)


def _time_ms(answer: object) -> float:
    return fields.number(fields.record(answer, TIME.name), "server_time", TIME.name)


DIALECT = Dialect(
    time=TIME,
    time_ms=_time_ms,
    rulings=RULINGS,
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["swap"]},
        # ccxt would find out by itself, and remember "no" after any failure.
        "unifiedAccount": False,
        # Deliberately not ccxt's own adjustment: it runs with load_markets only and ignores the round trip.
        "adjustForTimeDifference": False,
        "timeDifference": 0,
    },
    refusal=refusal,
    pause_s=pauses.first_of(pauses.retry_after, pauses.reset_at("X-Gate-RateLimit-Reset-Timestamp")),
)
