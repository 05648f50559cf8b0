"""Orders in KuCoin's words: always across, always whole contracts, and an outcome that has to be asked for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.venues.kucoinfutures import endpoints as at
from guard.venues.kucoinfutures.orders import KucoinOrderWords, order_params, read_order

REQUEST = OrderRequest(
    client_order_id="g0123456789abcdef01s12c3",
    symbol="BTC/USDT:USDT",
    side="sell",
    leg="long",
    contracts=Decimal(500),
    limit_price=Decimal("60000.0"),
    reduce_only=True,
    position_mode="one_way",
)


def contract(shapes: Any, market_id: str = "XBTUSDTM") -> Any:
    """A listing."""
    return shapes.reference().markets.by_id[market_id]


def test_a_reduction(shapes: Any) -> None:
    """One-way: marked as reducing, across, at the exact price."""
    assert order_params(REQUEST, contract(shapes)) == {
        "clientOid": "g0123456789abcdef01s12c3",
        "symbol": "XBTUSDTM",
        "side": "sell",
        "type": "limit",
        "price": "60000.0",
        "size": 500,
        "timeInForce": "IOC",
        "marginMode": "CROSS",
        "reduceOnly": True,
        "positionSide": "BOTH",
    }


def test_an_order_for_an_isolated_leg_says_so(shapes: Any) -> None:
    """Across, the venue refuses it."""
    assert order_params(replace(REQUEST, margin_mode="isolated"), contract(shapes))["marginMode"] == "ISOLATED"


def test_a_hedge_leg_is_named(shapes: Any) -> None:
    """And the order is marked all the same."""
    request = replace(REQUEST, position_mode="hedge", side="buy", leg="short")
    params = order_params(request, contract(shapes))
    assert (params["positionSide"], params["reduceOnly"]) == ("SHORT", True)


def test_an_opening_order_says_a_leverage(shapes: Any) -> None:
    """The venue wants one; across it is the contract's."""
    params = order_params(replace(REQUEST, side="buy", reduce_only=False), contract(shapes))
    assert (params["leverage"], params["reduceOnly"], params["marginMode"]) == (1, False, "CROSS")


def test_unified_accounts_are_not_traded(shapes: Any) -> None:
    """Their orders have another door."""
    with pytest.raises(OrderRejected, match="was not sent: unified"):
        KucoinOrderWords(lambda: True).order_params(REQUEST, contract(shapes))
    assert KucoinOrderWords(lambda: False).order_params(REQUEST, contract(shapes))


@pytest.mark.parametrize(
    ("changes", "status", "filled"),
    [
        ({"isActive": True, "filledSize": 0}, OrderStatus.OPEN, 0),
        ({"filledSize": 2_000}, OrderStatus.FILLED, 2_000),
        ({"filledSize": 700}, OrderStatus.PARTLY_FILLED, 700),
        ({"filledSize": 0, "cancelExist": True}, OrderStatus.EXPIRED, 0),
    ],
)
def test_outcomes(shapes: Any, changes: dict[str, Any], status: OrderStatus, filled: int) -> None:
    """By whether it is active and what is filled."""
    row = {**shapes.order(isActive=False, avgDealPrice="60100.5"), **changes}
    state = read_order({"code": "200000", "data": row}, contract(shapes))
    assert (state.status, state.filled, state.symbol) == (status, Decimal(filled), "BTC/USDT:USDT")
    assert state.average_price == (60_100.5 if filled else None)


@pytest.mark.parametrize(
    ("market_id", "value", "price"), [("XBTUSDTM", "120000", 60_000.0), ("XBTUSDM", "0.04", 50_000.0)]
)
def test_an_average_that_is_not_told(shapes: Any, market_id: str, value: str, price: float) -> None:
    """It follows from the value: in quote of a linear contract, in coins of an inverse one."""
    row = shapes.order(isActive=False, filledSize=2_000, filledValue=value)
    assert read_order({"code": "200000", "data": row}, contract(shapes, market_id)).average_price == pytest.approx(
        price
    )


@pytest.mark.parametrize(
    "changes", [{"filledSize": 3_000}, {"filledSize": -1}, {"isActive": None}, {"clientOid": None}]
)
def test_outcomes_that_do_not_add_up(shapes: Any, changes: dict[str, Any]) -> None:
    """Refused."""
    with pytest.raises(BadAnswer):
        read_order({"code": "200000", "data": shapes.order(**changes)}, contract(shapes))


def test_an_accepted_order_tells_nothing_more(shapes: Any) -> None:
    """Its outcome is asked for by the id that we gave it."""
    words = KucoinOrderWords(lambda: False)
    assert words.read_accepted({"code": "200000", "data": {"orderId": "7"}}, REQUEST, contract(shapes)) is None
    assert words.queries("mine-1", contract(shapes)) == [(at.QUERY_ORDER, {"clientOid": "mine-1"})]
    with pytest.raises(BadAnswer):
        words.read_accepted({"code": "200000", "data": {}}, REQUEST, contract(shapes))


def test_another_order_than_asked_for(shapes: Any) -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="asked for other"):
        KucoinOrderWords(lambda: False).read_found(
            {"code": "200000", "data": shapes.order()}, "other", contract(shapes)
        )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"code": "200000", "data": {}}, None),
        ({"code": "400005", "msg": "Invalid KC-API-SIGN"}, "400005"),
        ({"code": "400100", "msg": "validation.createOrder.clientOidDuplicated"}, at.CLIENT_ID_IN_USE),
        ({"code": "400100", "msg": "clientOid parameter is missing"}, "400100"),
        ({"success": True}, at.NO_CODE),
    ],
)
def test_words_of_refusals(answer: dict[str, Any], code: str | None) -> None:
    """A repeated id is told by the text alone, and means that an order may stand."""
    assert at.refusal(answer)[0] == code
    assert {at.CLIENT_ID_IN_USE, at.NO_CODE} <= at.OUTCOME_UNKNOWN_CODES
    assert at.RULINGS[at.CLIENT_ID_IN_USE].kind is OrderOutcomeUnknown
