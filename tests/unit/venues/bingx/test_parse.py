"""Rows of balances, positions and orders: exact, complete, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.parse import read_balances, read_orders, read_positions


def enveloped(data: object) -> dict[str, Any]:
    """A good answer."""
    return {"code": 0, "msg": "", "data": data}


def positions(*rows: Any, kind: Any = "linear") -> Any:
    """Parsed."""
    return read_positions(enveloped(list(rows)), at.POSITIONS, kind)


def orders(*rows: Any, kind: Any = "linear") -> Any:
    """Parsed."""
    return read_orders(enveloped({"orders": list(rows)}), at.OPEN_ORDERS, kind)


def test_balances(make: Any) -> None:
    """Empty ones are left out; a frozen one is not empty."""
    empty = make.balance("USDC", balance="0", equity="0.0000", availableMargin="0")
    frozen = make.balance("VST", balance="0", equity="0", availableMargin="0", freezedMargin="3")
    found = read_balances(enveloped([make.balance(usedMargin="12.5"), empty, frozen]), at.BALANCE)
    assert [(row.asset, row.balance, row.frozen, row.used) for row in found] == [
        ("USDT", 1000.0, 0.0, 12.5),
        ("VST", 0.0, 3.0, 0.0),
    ]


@pytest.mark.parametrize("data", [None, []])
def test_null_means_none(data: object) -> None:
    """The venue writes both."""
    assert read_balances(enveloped(data), at.BALANCE) == ()
    assert read_positions(enveloped(data), at.POSITIONS, "linear") == ()
    assert read_orders(enveloped({"orders": data}), at.OPEN_ORDERS, "linear") == ()


@pytest.mark.parametrize("answer", [None, [], {"code": 0}, {"code": 0, "data": {"USDT": 1}}, {"code": 0, "data": [7]}])
def test_what_is_no_envelope_is_refused(answer: object) -> None:
    """By name."""
    with pytest.raises(BadAnswer, match=r"bingx GET swap/v3/user/balance"):
        read_balances(answer, at.BALANCE)


@pytest.mark.parametrize("key", ["balance", "freezedMargin"])
@pytest.mark.parametrize("value", ["", None, "x", "nan"])
def test_a_balance_without_a_figure_is_refused(make: Any, key: str, value: object) -> None:
    """Missing is never 0."""
    with pytest.raises(BadAnswer, match=key):
        read_balances(enveloped([make.balance(**{key: value})]), at.BALANCE)


def test_an_asset_that_stands_twice_is_refused(make: Any) -> None:
    """Neither is right."""
    with pytest.raises(BadAnswer, match="USDT stands twice"):
        read_balances(enveloped([make.balance(), make.balance()]), at.BALANCE)


def test_a_position(make: Any) -> None:
    """Its side from `positionSide`, in one-way mode too."""
    (row,) = positions(make.position(positionSide="SHORT", positionAmt="0.1", unrealizedProfit="-1.0", margin="5"))
    assert (row.market_id, row.side, row.contracts, row.entry_price) == ("BTC-USDT", "short", 0.1, 10_000.0)
    assert (row.leverage, row.mark_price, row.risk_rate, row.one_way) == (10.0, 10_000.0, 0.009, True)
    assert row.margin == 6.0, "the venue's margin has the PnL in it"


@pytest.mark.parametrize(("amount", "side"), [("2", "long"), ("-2", "short")])
def test_a_leg_called_both_has_its_side_in_its_sign(make: Any, amount: str, side: str) -> None:
    """Should the venue ever say so."""
    (row,) = positions(make.position(positionSide="BOTH", positionAmt=amount))
    assert (row.side, row.contracts) == (side, 2.0)


@pytest.mark.parametrize("empty", ["", None, "0"])
def test_a_mark_that_is_empty_is_missing(make: Any, empty: object) -> None:
    """Never 0."""
    (row,) = positions(make.position(markPrice=empty, riskRate="", margin=""))
    assert (row.mark_price, row.risk_rate, row.margin) == (None, None, None)


def test_an_empty_leg_is_none(make: Any) -> None:
    """Of no size, whatever else it says."""
    assert positions(make.position(positionAmt="0.0000", avgPrice="", leverage=None)) == ()


@pytest.mark.parametrize("key", ["positionSide", "positionAmt", "avgPrice", "leverage", "isolated"])
@pytest.mark.parametrize("value", ["", None, "maybe"])
def test_a_position_without_a_field_is_refused(make: Any, key: str, value: object) -> None:
    """By its name."""
    with pytest.raises(BadAnswer, match=key):
        positions(make.position(**{key: value}))


def test_a_long_leg_below_zero_is_refused(make: Any) -> None:
    """Its side contradicts its sign."""
    with pytest.raises(BadAnswer, match="LONG was -2"):
        positions(make.position(positionAmt="-2"))


def test_a_leg_that_stands_twice_is_refused(make: Any) -> None:
    """Both sides of a symbol are two legs, one side twice is none."""
    assert len(positions(make.position(), make.position(positionSide="SHORT"))) == 2
    with pytest.raises(BadAnswer, match="BTC-USDT LONG stands twice"):
        positions(make.position(), make.position())
    isolated = make.position(isolated=True)
    with pytest.raises(BadAnswer, match="BTC-USDT LONG stands twice"):
        positions(isolated, isolated)


def test_separate_isolated_positions_are_summed(make: Any) -> None:
    """The venue can keep several of one side; they must not blind the account, and are told apart by their ids."""
    one = make.position(isolated=True, positionId="1", margin="2100", unrealizedProfit="100", riskRate="0.01")
    fields = {"positionAmt": "6", "avgPrice": "12000", "margin": "7000", "unrealizedProfit": "-200", "riskRate": "0.03"}
    other = make.position(isolated=True, positionId="2", initialMargin="7200", **fields)
    (row,) = positions(one, other)
    assert (row.parts, row.contracts, row.entry_price, row.risk_rate) == (2, 8.0, 11_500.0, 0.03)
    assert (row.margin, row.initial_margin, row.upl) == (9_200.0, 9_200.0, -100.0)
    coins = [
        make.coin_position(isolated=True, positionId=each, positionAmt="100", avgPrice=price)
        for each, price in (("1", "100"), ("2", "300"))
    ]
    (row,) = positions(*coins, kind="inverse")
    assert row.entry_price == pytest.approx(150.0)


def test_a_coin_margined_position(make: Any) -> None:
    """Fewer fields, other spelling."""
    (row,) = positions(make.coin_position(), kind="inverse")
    assert (row.side, row.contracts, row.margin, row.one_way, row.settle) == ("long", 100.0, 0.5, None, None)


def test_an_order(make: Any) -> None:
    """What is left of it."""
    (row,) = orders(make.order(executedQty="0.25", clientOrderId="g1"))
    assert (row.side, row.leg, row.price, row.remaining) == ("buy", "BOTH", 9000.0, 0.75)
    assert (row.reduce_only, row.conditional, row.order_id, row.client_order_id) == (False, False, "5", "g1")


@pytest.mark.parametrize(
    ("fields", "reduce_only", "conditional", "priced"),
    [
        ({}, False, False, True),
        ({"reduceOnly": True}, True, False, True),
        ({"reduceOnly": "true"}, True, False, True),
        ({"side": "SELL", "positionSide": "LONG"}, True, False, True),
        ({"side": "BUY", "positionSide": "SHORT"}, True, False, True),
        ({"side": "SELL", "positionSide": "SHORT"}, False, False, True),
        ({"type": "STOP_MARKET", "price": "0"}, True, True, False),
        ({"type": "TAKE_PROFIT"}, True, True, True),
        ({"type": "TRIGGER_LIMIT"}, False, True, True),
        ({"type": "TRIGGER_MARKET"}, False, True, False),
        ({"type": "TRAILING_STOP_MARKET"}, False, True, False),
        ({"type": "TRAILING_TP_SL"}, True, True, False),
        ({"type": "MARKET"}, False, False, False),
    ],
)
def test_what_an_order_does(
    make: Any, fields: dict[str, Any], reduce_only: bool, conditional: bool, priced: bool
) -> None:
    """Whether it only reduces, waits for a price, and has one; `price` of a trailing order is a distance."""
    (row,) = orders(make.order(**fields))
    assert (row.reduce_only, row.conditional, row.price is not None) == (reduce_only, conditional, priced)


def test_an_order_that_closes_everything_has_no_size(make: Any) -> None:
    """Its leg has."""
    (row,) = orders(make.order(type="STOP_MARKET", side="SELL", origQty="0", closePosition="true"))
    assert (row.remaining, row.reduce_only) == (None, True)
    (row,) = orders(make.order(type="TAKE_PROFIT_MARKET", side="SELL", origQty="0.0000", closePosition=""))
    assert (row.remaining, row.reduce_only) == (None, True)


def test_a_coin_margined_order(make: Any) -> None:
    """Its size is in `quantity`, and `origQty` empty."""
    row = make.order("SOL-USD", positionSide="Long", side="BUY", status="Pending", quantity=3, origQty="")
    (order,) = orders(row, kind="inverse")
    assert (order.leg, order.remaining, order.kind) == ("LONG", 3.0, "inverse")


@pytest.mark.parametrize(
    "fields", [{"side": "HOLD"}, {"positionSide": ""}, {"origQty": ""}, {"executedQty": "1.0"}, {"orderId": None}]
)
def test_an_order_that_makes_no_sense_is_refused(make: Any, fields: dict[str, Any]) -> None:
    """Not left out."""
    with pytest.raises(BadAnswer, match=r"bingx GET swap/v2/trade/openOrders"):
        orders(make.order(**fields))
