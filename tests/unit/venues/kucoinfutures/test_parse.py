"""Answers of classic accounts become rows; what is missing stays missing."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.kucoinfutures.parse import (
    read_open_orders,
    read_overview,
    read_positions,
    read_stop_orders,
)


def said(data: Any) -> dict[str, Any]:
    """An answer."""
    return {"code": "200000", "data": data}


def page(*items: dict[str, Any], pages: int = 1) -> dict[str, Any]:
    """A page of orders."""
    return said({"currentPage": 1, "pageSize": 1000, "totalNum": len(items), "totalPage": pages, "items": list(items)})


def test_a_cross_leg(shapes: Any) -> None:
    """Its leverage is the one that is set, its requirement `posMaint`."""
    (row,) = read_positions(said([shapes.cross()]))
    assert (row.side, row.amount, row.margin_mode, row.leverage, row.margin) == ("long", 10_000.0, "cross", 20.0, None)
    assert (row.maintenance, row.mm_rate, row.value, row.adl) == (2_521.333, 0.00413333, 610_000.0, 0.4)


def test_an_isolated_leg_of_older_answers(shapes: Any) -> None:
    """Its wallet is `posMargin`, without its PnL; `realLeverage` moves with the PnL and is not its leverage."""
    (row,) = read_positions(said([shapes.isolated()]))
    assert (row.side, row.margin_mode, row.margin, row.value) == ("short", "isolated", 330.0, 8_100.0)
    assert row.leverage == pytest.approx(25.0)


@pytest.mark.parametrize("qty", [500, -500])
def test_a_short_leg_of_a_hedge(shapes: Any, qty: int) -> None:
    """Named by its side, whichever sign its size has."""
    (row,) = read_positions(said([shapes.cross(positionSide="SHORT", currentQty=qty)]))
    assert (row.side, row.amount) == ("short", -500.0)


def test_rows_that_hold_nothing(shapes: Any) -> None:
    """Left out, with all their zeros."""
    assert read_positions(said([shapes.cross(currentQty=0, avgEntryPrice=0)])) == ()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"positionSide": "LONG", "currentQty": -5}, "LONG was -5"),
        ({"positionSide": "UP"}, "positionSide"),
        ({"marginMode": "PORTFOLIO"}, "marginMode"),
        ({"marginMode": None, "crossMode": None}, "crossMode"),
        ({"avgEntryPrice": 0}, "avgEntryPrice"),
        ({"avgEntryPrice": ""}, "avgEntryPrice"),
        ({"currentQty": None}, "currentQty"),
        ({"settleCurrency": ""}, "settleCurrency"),
        ({"markPrice": "dear"}, "markPrice"),
    ],
)
def test_what_cannot_be_understood(shapes: Any, changes: dict[str, Any], text: str) -> None:
    """It is refused, by the field's name."""
    with pytest.raises(BadAnswer, match=text):
        read_positions(said([shapes.cross(**changes)]))


def test_a_leg_twice(shapes: Any) -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="stands twice"):
        read_positions(said([shapes.cross(), shapes.cross()]))


@pytest.mark.parametrize("empty", ["", None, 0])
def test_a_mark_that_is_not_told(shapes: Any, empty: object) -> None:
    """None, never 0."""
    (row,) = read_positions(said([shapes.cross(markPrice=empty)]))
    assert row.mark_price is None


def test_a_wallet(shapes: Any) -> None:
    """Balance without PnL, equity with all of it; BTC by its usual name."""
    found = read_overview(said(shapes.wallet(currency="XBT", riskRatio=None)))
    assert (found.currency, found.balance, found.equity, found.risk_ratio) == ("BTC", 50_000.0, 60_000.0, None)
    assert not found.is_empty


def test_the_wallet_of_a_recorded_answer() -> None:
    """Beside cross legs `marginBalance` is not it (figures of the venue's own published sample)."""
    sample = {
        "accountEquity": 394.439280806,
        "unrealisedPNL": 20.15278,
        "marginBalance": 371.394298816,
        "availableBalance": 290.326799096,
        "currency": "USDT",
        "riskRatio": 0.0065289525,
    }
    assert read_overview(said(sample)).balance == pytest.approx(374.286500806)


@pytest.mark.parametrize("name", ["accountEquity", "unrealisedPNL", "currency"])
def test_a_wallet_without_what_it_must_have(shapes: Any, name: str) -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match=name):
        read_overview(said(shapes.wallet(**{name: None})))


def test_answers_without_data() -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="no data"):
        read_positions({"code": "200000"})


def test_resting_orders(shapes: Any) -> None:
    """What is left of them, in contracts."""
    found = read_open_orders(page(shapes.order(filledSize=500), pages=3))
    (order,) = found.orders
    assert (found.pages, order.remaining, order.price, order.side) == (3, 1_500.0, 55_000.0, "buy")
    assert (order.order_id, order.client_order_id, order.margin_mode) == ("71001", "mine-1", "cross")


def test_a_stop_that_closes_whatever_is_held(shapes: Any) -> None:
    """It has no size of its own, and only reduces."""
    stop = shapes.order(side="sell", size=None, price=None, closeOrder=True, filledSize=None, type="market")
    (order,) = read_stop_orders(page(stop)).orders
    assert (order.remaining, order.price, order.reduce_only, order.conditional) == (None, None, True, True)


@pytest.mark.parametrize(
    ("side", "leg", "closes"),
    [("sell", "LONG", True), ("buy", "SHORT", True), ("buy", "LONG", False), ("sell", "BOTH", False)],
)
def test_in_hedge_mode_the_side_tells_what_closes(shapes: Any, side: str, leg: str, closes: bool) -> None:
    """Flag or no flag: selling the long leg asks for no margin."""
    (order,) = read_open_orders(page(shapes.order(side=side, positionSide=leg, reduceOnly=False))).orders
    assert order.reduce_only is closes


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"side": "up"}, "side"), ({"size": 0}, "has 0 left"), ({"reduceOnly": None}, "reduceOnly"), ({"id": ""}, "id")],
)
def test_orders_that_cannot_be_understood(shapes: Any, changes: dict[str, Any], text: str) -> None:
    """Refused, by the field's name."""
    with pytest.raises(BadAnswer, match=text):
        read_open_orders(page(shapes.order(**changes)))
