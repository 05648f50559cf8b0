"""Orders in the venue's words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.book import PositionMode
from guard.venues.bybit.orders import BybitOrderWords
from tests.unit.venues.bybit import answers as made

BTC = made.MARKETS.by_id["BTCUSDT"]
REDUCE = OrderRequest(
    client_order_id="guard-1",
    symbol="BTC/USDT:USDT",
    side="sell",
    leg="long",
    contracts=Decimal("0.500"),
    limit_price=Decimal("43000.0"),
    reduce_only=True,
    position_mode="one_way",
)
HEDGE = replace(REDUCE, position_mode="hedge")


def test_a_reduction() -> None:
    """The exact strings that were journalled; reduce-only as a truth value."""
    assert BybitOrderWords().order_params(REDUCE, BTC) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Sell",
        "orderType": "Limit",
        "timeInForce": "IOC",
        "qty": "0.500",
        "price": "43000.0",
        "positionIdx": 0,
        "reduceOnly": True,
        "orderLinkId": "guard-1",
    }


@pytest.mark.parametrize(
    ("request_", "modes", "index"),
    [
        (HEDGE, {}, 1),
        (replace(HEDGE, side="buy", leg="short"), {}, 2),
        (HEDGE, {"BTCUSDT": "one_way"}, 0),
        (REDUCE, {"BTCUSDT": "hedge"}, 1),
        (HEDGE, {"ETHUSDT": "one_way"}, 1),
    ],
)
def test_the_leg(request_: OrderRequest, modes: dict[str, PositionMode], index: int) -> None:
    """The venue keeps the mode for each symbol: what it stated of this one decides; reduce-only always."""
    params = BybitOrderWords(lambda: modes).order_params(request_, BTC)
    assert (params["positionIdx"], params["reduceOnly"]) == (index, True)


def test_an_inverse_contract() -> None:
    """Its category, and whole dollars."""
    inverse = made.MARKETS.by_id["BTCUSD"]
    request = replace(REDUCE, symbol="BTC/USD:BTC", contracts=Decimal(300))
    params = BybitOrderWords().order_params(request, inverse)
    assert (params["category"], params["symbol"], params["qty"]) == ("inverse", "BTCUSD", "300")


@pytest.mark.parametrize(
    "change",
    [{"client_order_id": "a" * 37}, {"client_order_id": "a.b"}, {"side": "buy"}, {"contracts": Decimal("0.0005")}],
)
def test_what_is_not_sent(change: dict[str, Any]) -> None:
    """Refused before it leaves."""
    with pytest.raises(OrderRejected, match="was not sent"):
        BybitOrderWords().order_params(replace(REDUCE, **change), BTC)


def test_an_acknowledgement_says_nothing() -> None:
    """The outcome is asked for; an acknowledgement of something else is none."""
    words = BybitOrderWords()
    answer = made.envelope({"orderId": "1", "orderLinkId": "guard-1"})
    assert words.read_accepted(answer, REDUCE, BTC) is None
    with pytest.raises(BadAnswer, match="acknowledged"):
        words.read_accepted(made.envelope({"orderId": "1", "orderLinkId": "x"}), REDUCE, BTC)


def test_queries() -> None:
    """What is open or ended lately, then the history."""
    names = [(endpoint.name, params["orderLinkId"]) for endpoint, params in BybitOrderWords().queries("guard-1", BTC)]
    assert names == [("bybit GET v5/order/realtime", "guard-1"), ("bybit GET v5/order/history", "guard-1")]


def found(**fields: Any) -> dict[str, Any]:
    """A list with the order in it."""
    row = made.order(orderLinkId="guard-1", qty="0.5", cumExecQty="0.5", avgPrice="43010.5", orderStatus="Filled")
    return made.listing([{**row, **fields}])


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("Filled", "0.5", OrderStatus.FILLED),
        ("New", "0", OrderStatus.OPEN),
        ("PartiallyFilled", "0.1", OrderStatus.OPEN),
        ("Created", "0", OrderStatus.OPEN),
        ("Cancelled", "0", OrderStatus.EXPIRED),
        ("Cancelled", "0.1", OrderStatus.PARTLY_FILLED),
        ("Deactivated", "0", OrderStatus.EXPIRED),
        ("Rejected", "0", OrderStatus.REJECTED),
    ],
)
def test_outcomes(word: str, filled: str, status: OrderStatus) -> None:
    """A cancelled order may have been filled in part."""
    state = BybitOrderWords().read_found(found(orderStatus=word, cumExecQty=filled), "guard-1", BTC)
    assert state is not None
    assert (state.status, state.filled, state.symbol) == (status, Decimal(filled), "BTC/USDT:USDT")
    assert state.average_price == (43_010.5 if Decimal(filled) else None)


def test_no_such_order() -> None:
    """An empty list, and one with somebody else's."""
    words = BybitOrderWords()
    assert words.read_found(made.listing([]), "guard-1", BTC) is None
    assert words.read_found(found(orderLinkId="other"), "guard-1", BTC) is None


@pytest.mark.parametrize(
    "fields",
    [{"orderStatus": "Strange"}, {"cumExecQty": "0.6"}, {"cumExecQty": "0.4"}, {"cumExecQty": ""}, {"orderId": None}],
)
def test_an_outcome_that_cannot_be_understood(fields: dict[str, Any]) -> None:
    """Refused, not guessed."""
    with pytest.raises(BadAnswer):
        BybitOrderWords().read_found(found(**fields), "guard-1", BTC)
