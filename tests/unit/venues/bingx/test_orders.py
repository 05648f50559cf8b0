"""Orders in the venue's words, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.orders import BingxOrderWords, order_params

WORDS = BingxOrderWords()
REDUCE_LONG = OrderRequest(
    client_order_id="G-1",
    symbol="BTC/USDT:USDT",
    side="sell",
    leg="long",
    contracts=Decimal("0.500"),
    limit_price=Decimal("43000.0"),
    reduce_only=True,
    position_mode="one_way",
)
ROW = {
    "symbol": "BTC-USDT",
    "orderId": 1709036527545438208,
    "side": "SELL",
    "positionSide": "BOTH",
    "type": "LIMIT",
    "origQty": "0.500",
    "executedQty": "0.200",
    "avgPrice": "43100.5",
    "status": "PARTIALLY_FILLED",
    "clientOrderId": "g-1",
}


def found(make: Any, **fields: object) -> Any:
    """The state of a queried order."""
    answer = {"code": 0, "msg": "", "data": {"order": {**ROW, **fields}}}
    return WORDS.read_found(answer, "G-1", make.listing())


def test_a_reduction_in_one_way_mode_is_reduce_only(make: Any) -> None:
    """Exact strings, IOC, a narrow window."""
    assert order_params(REDUCE_LONG, make.listing()) == {
        "symbol": "BTC-USDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.500",
        "price": "43000.0",
        "clientOrderID": "G-1",
        "clientOrderId": "G-1",
        "recvWindow": 5000,
        "positionSide": "BOTH",
        "reduceOnly": "true",
    }


@pytest.mark.parametrize(
    ("leg", "side", "reduce_only"),
    [("long", "sell", True), ("short", "buy", True), ("long", "buy", False), ("short", "sell", False)],
)
def test_hedge_mode_names_the_leg_and_never_says_reduce_only(make: Any, leg: Any, side: Any, reduce_only: bool) -> None:
    """The venue does not take the word; selling LONG or buying SHORT can only shrink that leg."""
    request = replace(REDUCE_LONG, leg=leg, side=side, reduce_only=reduce_only, position_mode="hedge")
    params = order_params(request, make.listing())
    assert (params["side"], params["positionSide"]) == (side.upper(), leg.upper())
    assert "reduceOnly" not in params


@pytest.mark.parametrize(
    "change",
    [
        {"side": "buy"},
        {"reduce_only": False},
        {"contracts": Decimal("0.0005")},
        {"limit_price": Decimal("43000.05")},
        {"client_order_id": "x" * 41},
        {"client_order_id": "with space"},
    ],
)
def test_what_would_do_something_else_is_not_sent(make: Any, change: dict[str, Any]) -> None:
    """Nothing is corrected."""
    with pytest.raises(OrderRejected, match="was not sent"):
        order_params(replace(REDUCE_LONG, **change), make.listing())


def test_a_coin_margined_order_is_not_sent(make: Any) -> None:
    """Their rates are not known."""
    request = replace(REDUCE_LONG, symbol="SOL/USD:SOL")
    with pytest.raises(OrderRejected, match="watched only"):
        order_params(request, make.listing("SOL-USD"))


def test_an_order_is_looked_up_by_our_id(make: Any) -> None:
    """And by the venue's, once it has accepted the order: one that it has taken must not be sent again."""
    words = BingxOrderWords()
    ours = (at.QUERY_ORDER, {"symbol": "BTC-USDT", "clientOrderId": "G-1"})
    assert words.queries("G-1", make.listing()) == [ours]
    answer = {"code": 0, "msg": "", "data": {"order": {"orderId": 77, "clientOrderId": "", "clientOrderID": ""}}}
    assert words.read_accepted(answer, REDUCE_LONG, make.listing()) is None
    theirs = (at.QUERY_ORDER, {"symbol": "BTC-USDT", "orderId": "77"})
    assert words.queries("G-1", make.listing()) == [ours, theirs]


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("NEW", "0", OrderStatus.OPEN),
        ("Pending", "0", OrderStatus.OPEN),
        ("PARTIALLY_FILLED", "0.2", OrderStatus.OPEN),
        ("FILLED", "0.5", OrderStatus.FILLED),
        ("CANCELLED", "0", OrderStatus.EXPIRED),
        ("CANCELED", "0.2", OrderStatus.PARTLY_FILLED),
        ("FAILED", "0", OrderStatus.REJECTED),
    ],
)
def test_what_became_of_it(make: Any, word: str, filled: str, status: OrderStatus) -> None:
    """Under our own id, though the venue writes it small."""
    state = found(make, status=word, executedQty=filled)
    assert (state.status, state.filled, state.client_order_id) == (status, Decimal(filled), "G-1")
    assert state.average_price == (43_100.5 if Decimal(filled) else None)
    assert state.venue_order_id == "1709036527545438208"


@pytest.mark.parametrize(
    "fields",
    [
        {"clientOrderId": "g-2"},
        {"status": "SOMETHING"},
        {"status": "FILLED"},
        {"executedQty": "0.6"},
        {"executedQty": ""},
        {"orderId": ""},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(make: Any, fields: dict[str, Any]) -> None:
    """An order of another id among them."""
    with pytest.raises(BadAnswer, match=r"bingx GET swap/v2/trade/order"):
        found(make, **fields)


def accepted(make: Any, **fields: object) -> Any:
    """What the answer to a new order tells."""
    row = {"orderId": 7, "clientOrderID": "g-1", "clientOrderId": "", **fields}
    return WORDS.read_accepted({"code": 0, "data": {"order": row}}, REDUCE_LONG, make.listing())


def test_an_accepted_order_is_asked_for(make: Any) -> None:
    """Unless the answer says how it ended."""
    assert accepted(make) is None
    assert accepted(make, status="NEW", executedQty="0") is None
    state = accepted(make, status="FILLED", executedQty="0.500", avgPrice="43100")
    assert (state.status, state.filled, state.symbol) == (OrderStatus.FILLED, Decimal("0.500"), "BTC/USDT:USDT")


def test_an_answer_about_another_order_is_refused(make: Any) -> None:
    """Its outcome is unknown then."""
    with pytest.raises(BadAnswer, match="answered for order"):
        accepted(make, clientOrderID="g-9")
