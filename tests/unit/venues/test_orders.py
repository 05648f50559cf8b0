"""Orders in the venue's words, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues.binance.orders import order_params, read_order

WHERE = "binanceusdm POST fapi/v1/order"
REDUCE_LONG = OrderRequest(
    client_order_id="g-1",
    symbol="BTC/USDT:USDT",
    side="sell",
    leg="long",
    contracts=Decimal("0.500"),
    limit_price=Decimal("43000.0"),
    reduce_only=True,
    position_mode="one_way",
)


def test_a_reduction_in_one_way_mode_is_reduce_only(make: Any) -> None:
    """Exact strings, IOC, full answer, a narrow window."""
    assert order_params(REDUCE_LONG, make.listing()) == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.500",
        "price": "43000.0",
        "newClientOrderId": "g-1",
        "newOrderRespType": "RESULT",
        "recvWindow": 5000,
        "positionSide": "BOTH",
        "reduceOnly": "true",
    }


@pytest.mark.parametrize(
    ("leg", "side", "reduce_only", "position_side"),
    [
        ("long", "sell", True, "LONG"),
        ("short", "buy", True, "SHORT"),
        ("long", "buy", False, "LONG"),
        ("short", "sell", False, "SHORT"),
    ],
)
def test_hedge_mode_names_the_leg_and_never_says_reduce_only(
    make: Any, leg: Any, side: Any, reduce_only: bool, position_side: str
) -> None:
    """The venue refuses the word; selling LONG or buying SHORT can only shrink that leg."""
    request = replace(REDUCE_LONG, leg=leg, side=side, reduce_only=reduce_only, position_mode="hedge")
    params = order_params(request, make.listing())
    assert (params["side"], params["positionSide"]) == (side.upper(), position_side)
    assert "reduceOnly" not in params


def test_an_opening_order_in_one_way_mode_says_so(make: Any) -> None:
    """For hedges."""
    params = order_params(replace(REDUCE_LONG, side="buy", reduce_only=False), make.listing())
    assert (params["reduceOnly"], params["positionSide"]) == ("false", "BOTH")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"side": "buy"}, "buy on the long leg opens, reduce_only was True"),
        ({"reduce_only": False}, "sell on the long leg closes, reduce_only was False"),
        ({"leg": "short"}, "sell on the short leg opens"),
        ({"client_order_id": ""}, "client order id"),
        ({"client_order_id": "x" * 37}, "client order id"),
        ({"client_order_id": "a b"}, "client order id"),
        ({"contracts": Decimal("0.5005")}, "contracts 0.5005 is not a positive multiple of 0.001"),
        ({"contracts": Decimal(0)}, "contracts 0 is not"),
        ({"contracts": Decimal(-1)}, "contracts -1 is not"),
        ({"contracts": Decimal("NaN")}, "contracts NaN is not"),
        ({"contracts": Decimal("Infinity")}, "contracts Infinity is not"),
        ({"contracts": Decimal("1000.001")}, "above the maximum 1000"),
        ({"limit_price": Decimal("43000.05")}, "limit price 43000.05 is not a positive multiple of 0.1"),
        ({"limit_price": Decimal(0)}, "limit price 0 is not"),
    ],
)
@pytest.mark.parametrize("mode", ["one_way", "hedge"])
def test_what_contradicts_itself_or_the_grid_is_not_sent(
    make: Any, fields: dict[str, Any], words: str, mode: Any
) -> None:
    """Nothing is rounded here: the journal must tell the order that was sent."""
    request = replace(REDUCE_LONG, position_mode=mode, **fields)
    with pytest.raises(OrderRejected, match="was not sent") as caught:
        order_params(request, make.listing())
    assert words in str(caught.value)


def test_an_order_below_the_minimum_is_not_sent(make: Any) -> None:
    """The minimum may be more than a step."""
    listing = make.listing()
    larger = replace(listing, instrument=replace(listing.instrument, minimum=Decimal("0.6")))
    with pytest.raises(OrderRejected, match=r"size 0\.500 is below the minimum 0\.6"):
        order_params(REDUCE_LONG, larger)


@pytest.mark.parametrize(("contracts", "text"), [("1E+2", "100"), ("0.00100", "0.00100"), ("1E-3", "0.001")])
def test_sizes_are_written_plainly(make: Any, contracts: str, text: str) -> None:
    """The venue knows no exponents."""
    assert order_params(replace(REDUCE_LONG, contracts=Decimal(contracts)), make.listing())["quantity"] == text


def answer(**fields: object) -> dict[str, Any]:
    """The venue's answer to an order for 0.5."""
    return {
        "clientOrderId": "g-1",
        "orderId": 22542179,
        "origQty": "0.500",
        "executedQty": "0.500",
        "avgPrice": "43495.60000",
        "status": "FILLED",
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "status", "filled", "average"),
    [
        ({}, OrderStatus.FILLED, "0.5", 43495.6),
        ({"status": "EXPIRED", "executedQty": "0.2"}, OrderStatus.PARTLY_FILLED, "0.2", 43495.6),
        ({"status": "EXPIRED", "executedQty": "0", "avgPrice": "0.00000"}, OrderStatus.EXPIRED, "0", None),
        ({"status": "CANCELED", "executedQty": "0", "avgPrice": ""}, OrderStatus.EXPIRED, "0", None),
        ({"status": "EXPIRED_IN_MATCH", "executedQty": "0.1"}, OrderStatus.PARTLY_FILLED, "0.1", 43495.6),
        ({"status": "NEW", "executedQty": "0", "avgPrice": "0"}, OrderStatus.OPEN, "0", None),
        ({"status": "PARTIALLY_FILLED", "executedQty": "0.3"}, OrderStatus.OPEN, "0.3", 43495.6),
        ({"status": "REJECTED", "executedQty": "0"}, OrderStatus.REJECTED, "0", None),
    ],
)
def test_what_became_of_an_order(
    fields: dict[str, Any], status: OrderStatus, filled: str, average: float | None
) -> None:
    """An ended order is filled, partly filled or expired; only a live one is open."""
    state = read_order(answer(**fields), "BTC/USDT:USDT", WHERE)
    assert (state.status, state.filled, state.average_price) == (status, Decimal(filled), average)
    assert (state.client_order_id, state.venue_order_id, state.symbol) == ("g-1", "22542179", "BTC/USDT:USDT")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "WHATEVER"},
        {"status": ""},
        {"executedQty": ""},
        {"executedQty": "0.6"},
        {"executedQty": "-0.1"},
        {"executedQty": "0.4"},
        {"origQty": None},
        {"orderId": ""},
        {"clientOrderId": None},
        {"avgPrice": None},
    ],
)
def test_an_answer_that_does_not_add_up_is_refused(fields: dict[str, Any]) -> None:
    """A filled order with less than it asked for, or a status that we do not know, is no certain answer."""
    with pytest.raises(BadAnswer, match=WHERE):
        read_order(answer(**fields), "BTC/USDT:USDT", WHERE)
