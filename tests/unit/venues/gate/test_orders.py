"""Orders in Gate's words, and what the venue's labels mean."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues.errors import VenueAnswer, classify
from guard.venues.gate.endpoints import DIALECT, NO_LABEL, RULINGS, refusal
from guard.venues.gate.orders import GateOrderWords, order_params

REQUEST = OrderRequest("g1", "BTC/USDT:USDT", "sell", "long", Decimal(1000), Decimal("41000.0"), True, "one_way")
WORDS = GateOrderWords()


@pytest.mark.parametrize("mode", ["one_way", "hedge"])
def test_closing_a_long_leg(make: Any, mode: Any) -> None:
    """The same in both modes: with `reduce_only` a sell works on the long leg."""
    params = order_params(replace(REQUEST, position_mode=mode), make.markets.by_id["BTC_USDT"])
    assert params == {
        "settle": "usdt",
        "contract": "BTC_USDT",
        "size": -1000,
        "price": "41000.0",
        "tif": "ioc",
        "reduce_only": True,
        "text": "t-g1",
    }
    assert type(params["size"]) is int


def test_parts_of_contracts_and_resting_orders(make: Any) -> None:
    """Sizes with parts are a text."""
    request = OrderRequest("g2", "LINK/USDT:USDT", "buy", "long", Decimal("2.5"), Decimal(41), False, "hedge", "GTC")
    params = order_params(request, make.markets.by_id["LINK_USDT"])
    assert (params["size"], params["tif"], params["reduce_only"]) == ("2.5", "gtc", False)


@pytest.mark.parametrize(
    "change", [{"client_order_id": "x" * 29}, {"client_order_id": "a b"}, {"contracts": Decimal("0.5")}]
)
def test_what_is_not_sent(make: Any, change: dict[str, Any]) -> None:
    """Ids that the venue does not take, parts of a whole contract."""
    with pytest.raises(OrderRejected, match="was not sent"):
        order_params(replace(REQUEST, **change), make.markets.by_id["BTC_USDT"])


def ended(make: Any, size: int, left: int, price: str = "41000", **fields: object) -> dict[str, Any]:
    """An order that is over."""
    row: dict[str, Any] = make.order(size=size, left=left, fill_price=price, status="finished", finish_as="ioc")
    return {**row, **fields}


def test_how_orders_end(make: Any) -> None:
    """By what is left; an end without a fill is an expiry."""
    btc = make.markets.by_id["BTC_USDT"]
    cases = {
        (-10, 0): (OrderStatus.FILLED, Decimal(10), 41_000.0),
        (-10, -4): (OrderStatus.PARTLY_FILLED, Decimal(6), 41_000.0),
        (10, 10): (OrderStatus.EXPIRED, Decimal(0), None),
    }
    for (size, left), (status, filled, average) in cases.items():
        state = WORDS.read_found(ended(make, size, left), "g1", btc)
        assert state is not None
        assert (state.status, state.filled, state.average_price) == (status, filled, average)
    assert WORDS.read_accepted(make.order(), REQUEST, btc) is None
    resting = WORDS.read_accepted(make.order(), replace(REQUEST, time_in_force="GTC"), btc)
    assert resting is not None
    assert resting.status is OrderStatus.OPEN


def test_orders_are_found_in_lists_too(make: Any) -> None:
    """By text; two of one id are no answer."""
    btc = make.markets.by_id["BTC_USDT"]
    asked = WORDS.queries("g1", btc)
    assert [params.get("order_id") or params["status"] for _, params in asked] == ["t-g1", "open", *["finished"] * 5]
    assert [params["offset"] for _, params in asked[2:]] == [0, 100, 200, 300, 400]
    others = [ended(make, 1, 0, text="web"), ended(make, 1, 0, text="t-g10")]
    found = WORDS.read_found([*others, ended(make, 5, 0)], "g1", btc)
    assert found is not None
    assert found.filled == Decimal(5)
    assert WORDS.read_found(others, "g1", btc) is None
    with pytest.raises(BadAnswer, match="2 orders"):
        WORDS.read_found([ended(make, 5, 0), ended(make, 5, 0)], "g1", btc)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "t-g9"}, "answered order g9, not g1"),
        ({"text": "api"}, "has the text 'api'"),
        ({"status": "new"}, "was 'new'"),
        ({"left": 12}, "of 10 has 12 left"),
        ({"left": -3}, "of 10 has -3 left"),
        ({"left": ""}, "has no left"),
        ({"fill_price": None}, "has no fill_price"),
    ],
)
def test_answers_that_are_refused(make: Any, fields: dict[str, object], said: str) -> None:
    """Nothing is guessed of an order."""
    with pytest.raises(BadAnswer, match=said):
        WORDS.read_found({**ended(make, 10, 0), **fields}, "g1", make.markets.by_id["BTC_USDT"])


@pytest.mark.parametrize(
    ("status", "label", "kind"),
    [
        (401, "INVALID_KEY", CredentialsRejected),
        (401, "INVALID_SIGNATURE", CredentialsRejected),
        (403, "IP_FORBIDDEN", PermissionMissing),
        (403, "FORBIDDEN", PermissionMissing),
        (403, "READ_ONLY", PermissionMissing),
        (403, "REQUEST_EXPIRED", ClockSkew),
        (429, "TOO_MANY_REQUESTS", RateLimited),
        (503, "TOO_BUSY", VenueUnavailable),
        (500, "SERVER_ERROR", VenueUnavailable),
        (400, "INSUFFICIENT_AVAILABLE", OrderRejected),
        (400, "POSITION_EMPTY", OrderRejected),
        (400, "SIZE_TOO_LARGE", OrderRejected),
        (400, "CONTRACT_IN_DELISTING", OrderRejected),
        (404, "ORDER_NOT_FOUND", VenueError),
        (400, "USER_NOT_FOUND", VenueError),
        (400, NO_LABEL, BadAnswer),
    ],
)
def test_what_labels_mean(status: int, label: str, kind: type[VenueError]) -> None:
    """Each in its class, through ccxt's own."""
    table = ccxt.gate().exceptions["exact"]
    error = table.get(label, ccxt.ExchangeError)("gate")
    error.venue_answer = VenueAnswer(status, label, "said")
    assert type(classify(error, "gate GET x", rulings=RULINGS)) is kind


def test_how_refusals_are_worded() -> None:
    """Label and message; older ones say it in `detail`."""
    assert refusal({"label": "INVALID_KEY", "message": "Invalid key provided"}) == (
        "INVALID_KEY",
        "Invalid key provided",
    )
    assert refusal({"label": "ORDER_POC_IMMEDIATE", "detail": "order price 1"}) == (
        "ORDER_POC_IMMEDIATE",
        "order price 1",
    )
    assert refusal({"other": 1}) == (NO_LABEL, "an answer without a label")


def test_the_silence_that_is_asked_for() -> None:
    """A date in seconds, in a header of the venue's own."""
    headers = {"X-Gate-RateLimit-Reset-Timestamp": "1772600012"}
    assert DIALECT.pause_s(headers, "", 1_772_600_000_000.0) == 12.0
    assert DIALECT.pause_s({"Retry-After": "3", **headers}, "", 1_772_600_000_000.0) == 3.0
    assert DIALECT.pause_s({}, "", 1_772_600_000_000.0) is None
