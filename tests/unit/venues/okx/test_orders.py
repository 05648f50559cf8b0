"""Orders in OKX's words, and which class each of its refusals lands in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

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
from guard.ports.venue import Instrument, OrderRequest, OrderStatus
from guard.venues import library
from guard.venues.errors import classify
from guard.venues.markets import Listing
from guard.venues.okx import endpoints as at
from guard.venues.okx.orders import OkxOrderWords, order_params, read_order
from guard.venues.wire import read_answer

GRID = Instrument("BTC/USDT:USDT", Decimal("0.01"), Decimal("0.01"), Decimal("0.1"), Decimal("0.01"))
BTC = Listing("BTC-USDT-SWAP", GRID.symbol, "USDT", "linear", 0.01, GRID, taker=0.0005, maker=0.0002)
REQUEST = OrderRequest("g1", "BTC/USDT:USDT", "sell", "long", Decimal("1.50"), Decimal(43_000), True, "one_way")
ORDER = {
    "clOrdId": "g1",
    "ordId": "7",
    "sz": "1.5",
    "accFillSz": "1.5",
    "avgPx": "43500",
    "state": "filled",
}


def wrapped(*rows: Any) -> dict[str, Any]:
    """The envelope."""
    return {"code": "0", "msg": "", "data": list(rows)}


def test_one_way() -> None:
    """Cross margin and reduce-only by name; the journalled strings as they are."""
    assert order_params(REQUEST, BTC) == {
        "instId": "BTC-USDT-SWAP",
        "tdMode": "cross",
        "side": "sell",
        "ordType": "ioc",
        "sz": "1.50",
        "px": "43000",
        "clOrdId": "g1",
        "posSide": "net",
        "reduceOnly": True,
    }


def test_an_order_for_an_isolated_leg_says_so() -> None:
    """In cross margin there is nothing of it to reduce."""
    assert order_params(replace(REQUEST, margin_mode="isolated"), BTC)["tdMode"] == "isolated"
    opening = replace(REQUEST, side="buy", reduce_only=False, time_in_force="GTC")
    assert order_params(opening, BTC)["reduceOnly"] is False
    assert order_params(opening, BTC)["ordType"] == "limit"


@pytest.mark.parametrize(("leg", "side"), [("long", "sell"), ("short", "buy")])
def test_hedge(leg: Any, side: Any) -> None:
    """The leg by name; the flag, which the venue would ignore, is left out."""
    params = order_params(replace(REQUEST, leg=leg, side=side, position_mode="hedge"), BTC)
    assert (params["posSide"], params["side"]) == (leg, side)
    assert "reduceOnly" not in params


@pytest.mark.parametrize("client_id", ["", "a-b", "x" * 33, "ä"])
def test_ids_are_letters_and_digits(client_id: str) -> None:
    """Up to 32."""
    with pytest.raises(OrderRejected, match="client order id"):
        order_params(replace(REQUEST, client_order_id=client_id), BTC)


@pytest.mark.parametrize(
    ("fields", "status", "filled"),
    [
        ({}, OrderStatus.FILLED, "1.5"),
        ({"state": "live", "accFillSz": "0", "avgPx": ""}, OrderStatus.OPEN, "0"),
        ({"state": "partially_filled", "accFillSz": "1"}, OrderStatus.OPEN, "1"),
        ({"state": "canceled", "accFillSz": "", "avgPx": ""}, OrderStatus.EXPIRED, "0"),
        ({"state": "canceled", "accFillSz": "1"}, OrderStatus.PARTLY_FILLED, "1"),
        ({"state": "mmp_canceled", "accFillSz": "0", "avgPx": ""}, OrderStatus.EXPIRED, "0"),
    ],
)
def test_states(fields: dict[str, Any], status: OrderStatus, filled: str) -> None:
    """What became of an order."""
    state = read_order(wrapped({**ORDER, **fields}), "BTC/USDT:USDT")
    assert (state.status, state.filled) == (status, Decimal(filled))
    assert (state.average_price is None) == (state.filled == 0)


@pytest.mark.parametrize(
    "fields", [{"state": "new"}, {"accFillSz": "2"}, {"accFillSz": "1"}, {"accFillSz": "-1"}, {"sz": ""}, {"ordId": ""}]
)
def test_contradictions_are_refused(fields: dict[str, Any]) -> None:
    """A filled order with less than asked, and other impossible ones."""
    with pytest.raises(BadAnswer):
        read_order(wrapped({**ORDER, **fields}), "BTC/USDT:USDT")


def test_an_accepted_order_says_nothing_of_its_outcome() -> None:
    """It is asked for, by the id; somebody else's order is not taken for it."""
    words = OkxOrderWords()
    accepted = {"clOrdId": "g1", "ordId": "7", "sCode": "0", "sMsg": ""}
    assert words.read_accepted(wrapped(accepted), REQUEST, BTC) is None
    assert words.queries("g1", BTC) == [(at.QUERY_ORDER, {"instId": "BTC-USDT-SWAP", "clOrdId": "g1"})]
    with pytest.raises(BadAnswer, match="not g2"):
        words.read_found(wrapped(ORDER), "g2", BTC)


def test_a_refusal_inside_an_accepted_answer() -> None:
    """Certain, unless its code says otherwise."""
    words = OkxOrderWords()
    refused = {"clOrdId": "g1", "ordId": "", "sCode": "51008", "sMsg": "Insufficient margin"}
    with pytest.raises(OrderRejected, match="Insufficient margin"):
        words.read_accepted(wrapped(refused), REQUEST, BTC)
    with pytest.raises(OrderOutcomeUnknown):
        words.read_accepted(wrapped({**refused, "sCode": "51149"}), REQUEST, BTC)


def raised(status: int, parsed: dict[str, Any]) -> VenueError:
    """Our error for an answer, by way of ccxt's own."""
    exchange = library.exchange_class("okx")()
    body = str(parsed)
    try:
        exchange.handle_errors(status, "", "", "", {}, body, parsed, {}, {})
    except library.exceptions().BaseError as error:
        error.venue_answer = read_answer(status, {}, body, parsed, at.refusal)
        return classify(error, "okx GET v5/x", rulings=at.RULINGS)
    raise AssertionError(f"ccxt takes {parsed} for a success")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "50001", VenueUnavailable),
        (400, "50004", VenueUnavailable),
        (429, "50013", VenueUnavailable),
        (500, "50026", VenueUnavailable),
        (429, "50011", RateLimited),
        (200, "50061", RateLimited),
        (401, "50102", ClockSkew),
        (401, "50112", ClockSkew),
        (401, "50105", CredentialsRejected),
        (401, "50111", CredentialsRejected),
        (401, "50113", CredentialsRejected),
        (401, "50119", CredentialsRejected),
        (401, "50101", CredentialsRejected),
        (401, "50110", PermissionMissing),
        (401, "50120", PermissionMissing),
        (403, "50030", PermissionMissing),
        (200, "51603", VenueError),
        (400, "51000", OrderRejected),
        (200, "99999", VenueError),
    ],
)
def test_refused_requests(status: int, code: str, kind: type[VenueError]) -> None:
    """By the code, whatever the status."""
    error = raised(status, {"code": code, "data": [], "msg": "no"})
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("51008", OrderRejected),
        ("51119", OrderRejected),
        ("51169", OrderRejected),
        ("51121", OrderRejected),
        ("51016", OrderOutcomeUnknown),
        ("51149", VenueUnavailable),
    ],
)
def test_refused_orders(code: str, kind: type[VenueError]) -> None:
    """The code of the order, not the 1 around it."""
    row = {"clOrdId": "g1", "ordId": "", "sCode": code, "sMsg": "because"}
    error = raised(200, {"code": "1", "data": [row], "msg": "All operations failed"})
    assert (type(error), error.code) == (kind, code)
    assert "because" in str(error)


def test_an_answer_without_a_code_is_no_answer_of_this_venue() -> None:
    """Some other page: nothing is taken from it, and nothing is certain."""
    error = raised(200, {"success": True})
    assert type(error) is BadAnswer
    assert error.code in at.OUTCOME_UNKNOWN_CODES
