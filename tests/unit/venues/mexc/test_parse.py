"""Rows of balances, positions and orders: exact, complete, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.mexc.parse import (
    read_assets,
    read_open_orders,
    read_plan_orders,
    read_positions,
    read_stop_orders,
    read_track_orders,
)


def enveloped(data: object) -> dict[str, Any]:
    """A good answer."""
    return {"success": True, "code": 0, "data": data}


def test_assets(make: Any) -> None:
    """Empty ones are left out."""
    empty = make.asset("BTC", equity=0, availableBalance=0, cashBalance=0)
    (row,) = read_assets(enveloped([empty, make.asset(unrealized=-5, frozenBalance=3, positionMargin=2)]))
    assert (row.asset, row.equity, row.upl, row.frozen, row.used) == ("USDT", 1000.0, -5.0, 3.0, 2.0)


@pytest.mark.parametrize(
    "answer",
    [None, [], {"success": True}, {"success": False, "code": 500, "data": []}, {"success": True, "data": {"x": 1}}],
)
def test_what_is_no_envelope_is_refused(answer: object) -> None:
    """By name; a failure with data is one too."""
    with pytest.raises(BadAnswer, match="mexc GET private/account/assets"):
        read_assets(answer)


@pytest.mark.parametrize("key", ["equity", "unrealized", "frozenBalance"])
@pytest.mark.parametrize("value", ["", None, "x"])
def test_an_asset_without_a_figure_is_refused(make: Any, key: str, value: object) -> None:
    """Missing is never 0."""
    with pytest.raises(BadAnswer, match=key):
        read_assets(enveloped([make.asset(**{key: value})]))


def test_a_position(make: Any) -> None:
    """By the venue's numbers; the price in full where there is one."""
    short = make.position(positionType="2", openType="1", im="12.5", holdAvgPriceFullyScale="10000.25")
    (row,) = read_positions(enveloped([short, make.position(holdVol=0)]))
    assert (row.side, row.is_isolated, row.contracts, row.entry_price) == ("short", True, 20_000.0, 10_000.25)
    assert (row.leverage, row.margin) == (10.0, 12.5)


def test_legs_of_a_symbol(make: Any) -> None:
    """Two sides and two margin modes are four legs; one twice is refused."""
    legs = [make.position(positionType=side, openType=mode) for side in (1, 2) for mode in (1, 2)]
    assert len(read_positions(enveloped(legs))) == 4
    with pytest.raises(BadAnswer, match="BTC_USDT LONG stands twice"):
        read_positions(enveloped([make.position(), make.position()]))


@pytest.mark.parametrize("key", ["positionType", "openType", "holdVol", "holdAvgPrice", "leverage", "im"])
@pytest.mark.parametrize("value", ["", None, "x", -7])
def test_a_position_without_a_field_is_refused(make: Any, key: str, value: object) -> None:
    """Never guessed."""
    if (key, value) == ("im", -7):
        value = "nan"
    with pytest.raises(BadAnswer, match="mexc GET private/position/open_positions"):
        read_positions(enveloped([make.position(**{key: value})]))


@pytest.mark.parametrize(
    ("code", "side", "leg", "closes"),
    [(1, "buy", "long", False), (2, "buy", "short", True), ("3", "sell", "short", False), (4, "sell", "long", True)],
)
def test_what_an_order_does(make: Any, code: object, side: str, leg: str, closes: bool) -> None:
    """One number says all."""
    (row,) = read_open_orders(enveloped([make.order(side=code, dealVol=400)]))
    assert (row.side, row.leg, row.reduce_only, row.remaining, row.conditional) == (side, leg, closes, 600.0, False)
    assert (row.price, row.leverage, row.client_order_id) == (9000.0, 20.0, "_m_1")


def test_a_reducing_order_in_one_way_mode(make: Any) -> None:
    """By its flag."""
    (row,) = read_open_orders(enveloped([make.order(side=3, reduceOnly=True)]))
    assert row.reduce_only


def test_an_order_without_a_price(make: Any) -> None:
    """Market orders say 5."""
    (row,) = read_open_orders(enveloped([make.order(orderType=5, leverage=0)]))
    assert (row.price, row.leverage) == (None, None)


@pytest.mark.parametrize("fields", [{"side": 9}, {"dealVol": 1000}, {"vol": ""}, {"orderId": None}, {"orderType": ""}])
def test_an_order_that_makes_no_sense_is_refused(make: Any, fields: dict[str, Any]) -> None:
    """Not left out."""
    with pytest.raises(BadAnswer, match="order/list/open_orders"):
        read_open_orders(enveloped([make.order(**fields)]))


def test_waiting_orders(make: Any) -> None:
    """Plans open or close, in pages; stops close their position."""
    plan = {**make.order(side=3), "id": "7", "triggerPrice": 11000}
    (planned,) = read_plan_orders(enveloped({"resultList": [plan]}))
    assert (planned.order_id, planned.side, planned.conditional, planned.reduce_only) == ("7", "sell", True, False)
    trail = {"id": "9", "symbol": "BTC_USDT", "side": 4, "vol": 5, "leverage": 2, "state": 1, "triggerPrice": 0.19}
    (trailing,) = read_track_orders(enveloped([trail]))
    assert (trailing.order_id, trailing.price, trailing.conditional, trailing.reduce_only) == ("9", None, True, True)
    stop = {"id": 8, "symbol": "BTC_USDT", "positionType": 2, "vol": 50, "stopLossPrice": 11000}
    (stopped,) = read_stop_orders(enveloped([stop, {**stop, "vol": 0}]))
    assert (stopped.side, stopped.leg, stopped.remaining, stopped.reduce_only) == ("buy", "short", 50.0, True)
    with pytest.raises(BadAnswer, match="positionType '3'"):
        read_stop_orders(enveloped([{**stop, "positionType": "3"}]))
