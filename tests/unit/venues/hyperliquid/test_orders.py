"""Orders in Hyperliquid's words, and the classes of its refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, ClockSkew, CredentialsRejected, OrderRejected, RateLimited, VenueError
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues import library
from guard.venues.errors import VenueAnswer, classify
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid import orders
from guard.venues.hyperliquid.universe import read_universe

D = Decimal
META = [
    {"universe": [{"name": "BTC", "szDecimals": 3, "maxLeverage": 40, "marginTableId": 40}]},
    [{"markPx": "50000.0"}],
]
CONTRACT = read_universe(META, "", 0, "USDC").by_coin["BTC"]


def request(**fields: Any) -> OrderRequest:
    """A reduction of a long leg."""
    values: dict[str, Any] = {
        "client_order_id": "g1s1c1",
        "symbol": "BTC/USDC:USDC",
        "side": "sell",
        "leg": "long",
        "contracts": D("0.100"),
        "limit_price": D(49_000),
        "reduce_only": True,
        "position_mode": "one_way",
    }
    return OrderRequest(**{**values, **fields})


def answered(status: object) -> dict[str, Any]:
    """The answer to one order."""
    return {"status": "ok", "response": {"type": "order", "data": {"statuses": [status]}}}


def looked_up(status: str, left: str = "0.0") -> dict[str, Any]:
    """An order of 0.1 that was looked up."""
    row = {"coin": "BTC", "side": "A", "limitPx": "49000.0", "origSz": "0.1", "sz": left, "oid": 7, "cloid": None}
    return {"status": "order", "order": {"order": row, "status": status, "statusTimestamp": 1}}


def test_the_action_that_is_signed() -> None:
    """IOC, reduce-only, numbers without zeros at the end, and the venue's form of our id."""
    assert orders.order_action(request(), CONTRACT) == {
        "type": "order",
        "orders": [
            {
                "a": 0,
                "b": False,
                "p": "49000",
                "s": "0.1",
                "r": True,
                "t": {"limit": {"tif": "Ioc"}},
                "c": "0x793dc11e2009e574b295b909bb212110",
            }
        ],
        "grouping": "na",
    }


def test_the_venues_id_is_128_bits_and_never_changes() -> None:
    """A journal of an older version must find its orders."""
    assert orders.cloid_of("g1s1c1") == "0x793dc11e2009e574b295b909bb212110"
    assert orders.cloid_of("a") != orders.cloid_of("b")


@pytest.mark.parametrize("wrong", [{"position_mode": "hedge"}, {"contracts": D("0.0001")}, {"side": "buy"}])
def test_what_contradicts_itself_is_not_sent(wrong: dict[str, Any]) -> None:
    """Hedge mode does not exist here."""
    with pytest.raises(OrderRejected, match="was not sent"):
        orders.order_action(request(**wrong), CONTRACT)


@pytest.mark.parametrize(
    ("status", "expected", "filled"),
    [
        ({"filled": {"totalSz": "0.1", "avgPx": "49500.5", "oid": 7}}, OrderStatus.FILLED, "0.1"),
        ({"filled": {"totalSz": "0.04", "avgPx": "49500.5", "oid": 7}}, OrderStatus.PARTLY_FILLED, "0.04"),
        ({"resting": {"oid": 7}}, OrderStatus.EXPIRED, "0"),
    ],
)
def test_answers_to_an_order(status: object, expected: OrderStatus, filled: str) -> None:
    """An IOC order ends with what it filled."""
    state = orders.read_accepted(answered(status), request())
    assert state is not None
    assert (state.status, state.filled, state.venue_order_id) == (expected, D(filled), "7")


def test_an_answer_that_says_nothing_yet() -> None:
    """The outcome is asked for."""
    assert orders.read_accepted(answered("waitingForFill"), request()) is None


@pytest.mark.parametrize(
    "answer", [{}, {"status": "ok"}, answered({"filled": {"totalSz": "0.2", "avgPx": "1", "oid": 7}})]
)
def test_answers_that_make_no_sense(answer: object) -> None:
    """More filled than asked included."""
    with pytest.raises(BadAnswer):
        orders.read_accepted(answer, request())


@pytest.mark.parametrize(
    ("word", "left", "expected"),
    [
        ("open", "0.1", OrderStatus.OPEN),
        ("triggered", "0.1", OrderStatus.OPEN),
        ("filled", "0.0", OrderStatus.FILLED),
        ("filled", "0.06", OrderStatus.PARTLY_FILLED),
        ("canceled", "0.06", OrderStatus.PARTLY_FILLED),
        ("marginCanceled", "0.1", OrderStatus.EXPIRED),
        ("scheduledCancel", "0.1", OrderStatus.EXPIRED),
        ("reduceOnlyCanceled", "0.1", OrderStatus.EXPIRED),
        ("iocCancelRejected", "0.1", OrderStatus.EXPIRED),
        ("perpMarginRejected", "0.1", OrderStatus.REJECTED),
    ],
)
def test_orders_that_are_looked_up(word: str, left: str, expected: OrderStatus) -> None:
    """Every word that the venue ends an order with."""
    assert orders.read_found(looked_up(word, left), "g1s1c1", "BTC/USDC:USDC").status is expected


def test_an_unknown_word_is_no_outcome() -> None:
    """It may be open."""
    with pytest.raises(BadAnswer, match="sleeping"):
        orders.read_found(looked_up("sleeping"), "g1s1c1", "BTC/USDC:USDC")


@pytest.mark.parametrize(("sizes", "average"), [(["0.04", "0.06"], 49_600.0), (["0.04"], None)])
def test_the_average_price_is_that_of_all_fills(sizes: list[str], average: float | None) -> None:
    """Or none, where the list is too short."""
    state = orders.read_found(looked_up("filled"), "g1s1c1", "BTC/USDC:USDC")
    fills = [{"oid": 7, "px": str(49_000 + 1000 * place), "sz": size} for place, size in enumerate(sizes)]
    assert orders.priced(state, [*fills, {"oid": 8, "px": "1", "sz": "5"}]).average_price == average


@pytest.mark.parametrize(
    ("answer", "ccxt_class", "expected"),
    [
        ({"status": "err", "response": "User or API Wallet 0xab does not exist."}, "InvalidOrder", CredentialsRejected),
        (answered({"error": "Insufficient margin to place order. asset=0"}), "InsufficientFunds", OrderRejected),
        (answered({"error": "Reduce only order would increase position. asset=0"}), "InvalidOrder", OrderRejected),
        (answered({"error": "Price must be divisible by tick size. asset=0"}), "InvalidOrder", OrderRejected),
        ({"status": "err", "response": "Too many cumulative requests sent (2 > 1)"}, "RateLimitExceeded", RateLimited),
        ({"status": "err", "response": "Invalid nonce: duplicate nonce 1"}, "ExchangeError", ClockSkew),
        ({"status": "unknownOid"}, "OrderNotFound", VenueError),
        ({"status": "err", "response": "something new"}, "ExchangeError", VenueError),
    ],
)
def test_refusals(answer: dict[str, Any], ccxt_class: str, expected: type[VenueError]) -> None:
    """By what the venue says, whatever class ccxt finds for it."""
    code, text = at.refusal(answer)
    error = getattr(library.exceptions(), ccxt_class)("x")
    error.venue_answer = VenueAnswer(200, code, text)
    assert type(classify(error, "hyperliquid POST exchange order", rulings=at.RULINGS)) is expected


def test_a_wording_that_is_not_known_proves_nothing() -> None:
    """The order is looked up."""
    assert at.refusal({"status": "err", "response": "something new"})[0] in at.OUTCOME_UNKNOWN_CODES
    assert at.refusal({"status": "ok", "response": {"type": "default"}}) == (None, "")
