"""OKX's answers as rows: what is empty is missing, what is broken is refused."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.okx.parse import read_algo_orders, read_balance, read_open_orders, read_positions


def wrapped(*rows: Any) -> dict[str, Any]:
    """The envelope."""
    return {"code": "0", "msg": "", "data": list(rows)}


def test_a_currency(make: Any) -> None:
    """What bots and isolated legs hold is no part of what is counted in cross."""
    row = make.currency(cash="4850", eq="4992.5", stgyEq="150", isoEq="0.5", upl="-8", mgnRatio="7", mmr="3", imr="30")
    (found,) = read_balance(make.balance(row)).currencies
    assert (found.cash, found.cross_equity, found.margin_ratio) == (4850.0, 4842.0, 7.0)
    assert (found.maintenance_margin, found.initial_margin) == (3.0, 30.0)


def test_an_old_account_without_the_newer_fields(make: Any) -> None:
    """Absent and empty alike are not told."""
    row = make.currency()
    for name in ("imr", "mmr", "mgnRatio", "stgyEq", "interest", "disEq", "availEq", "uTime"):
        del row[name]
    (found,) = read_balance(make.balance({**row, "isoEq": "", "eqUsd": None})).currencies
    assert (found.cross_equity, found.interest, found.usd_equity, found.margin_ratio) == (1000.0, 0.0, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("ccy", ""), *((field, value) for field in ("cashBal", "eq") for value in ("", None, "broken", "NaN"))],
)
def test_a_currency_without_its_amounts_is_refused(make: Any, field: str, value: Any) -> None:
    """Never 0."""
    with pytest.raises(BadAnswer, match="okx GET v5/account/balance"):
        read_balance(make.balance(make.currency(**{field: value})))


def test_a_currency_that_stands_twice_is_refused(make: Any) -> None:
    """Adding or choosing would both be guesses."""
    with pytest.raises(BadAnswer, match="USDT stands twice"):
        read_balance(make.balance(make.currency(), make.currency()))


@pytest.mark.parametrize("answer", [[], {}, {"data": {}}, {"data": []}, {"data": [1]}, None])
def test_other_shapes_are_refused(answer: Any) -> None:
    """Not one row in `data`."""
    with pytest.raises(BadAnswer):
        read_balance(answer)


@pytest.mark.parametrize(
    ("fields", "side", "contracts"),
    [
        ({"pos": "10"}, "long", 10.0),
        ({"pos": "-2.5"}, "short", 2.5),
        ({"pos": "3", "posSide": "long"}, "long", 3.0),
        ({"pos": "3", "posSide": "short"}, "short", 3.0),
    ],
)
def test_sides(make: Any, fields: dict[str, Any], side: str, contracts: float) -> None:
    """The sign says it in one-way mode, the name in long/short mode, where sizes are positive."""
    (row,) = read_positions(wrapped(make.position(**fields))).held
    assert (row.side, row.contracts) == (side, contracts)


def test_empty_rows_and_other_instruments(make: Any) -> None:
    """A deposited margin alone is no position; options and margin trades are named; so is what nobody knows."""
    found = read_positions(
        wrapped(
            make.position(pos="0", avgPx=""),
            make.position("BTC-USDT", instType="MARGIN", avgPx=""),
            make.position("BTC-USD-260327-90000-C", instType="OPTION"),
            make.position("X", instType="EVENTS"),
        )
    )
    assert found.held == ()
    assert found.others == ("BTC-USDT (MARGIN)", "BTC-USD-260327-90000-C (OPTION)")
    assert found.unknown == ("X (EVENTS)",)


def test_what_cross_positions_leave_empty(make: Any) -> None:
    """A mark, a price of the currency, a margin: missing, never 0."""
    row = make.position(markPx="", usdPx="", lever="", margin="", uTime="", adl="")
    (found,) = read_positions(wrapped(row)).held
    assert (found.mark_price, found.usd_price, found.leverage, found.isolated_margin) == (None, None, None, None)
    assert (found.changed_ms, found.adl) == (0.0, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"pos": ""},
        {"avgPx": ""},
        {"avgPx": "0"},
        {"posSide": "both"},
        {"posSide": "long", "pos": "-1"},
        {"mgnMode": ""},
        {"mgnMode": "shared"},
        {"ccy": ""},
        {"instType": None},
        {"markPx": "broken"},
    ],
)
def test_a_broken_position_is_refused(make: Any, fields: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        read_positions(wrapped(make.position(**fields)))


def test_a_leg_that_stands_twice_is_refused_but_isolated_beside_cross_is_not(make: Any) -> None:
    """The venue allows both margin modes on one contract."""
    isolated = make.position(mgnMode="isolated", margin="55")
    cross, alone = read_positions(wrapped(make.position(), isolated)).held
    assert (cross.mode, alone.mode, alone.isolated_margin) == ("cross", "isolated", 55.0)
    with pytest.raises(BadAnswer, match="stands twice"):
        read_positions(wrapped(make.position(), make.position()))


def test_open_orders(make: Any) -> None:
    """What is left of it; "" is no price."""
    first, second = read_open_orders(
        [wrapped(make.order(sz="5", accFillSz="1.5")), wrapped(make.order(px="", ordId="2", clOrdId="g1"))]
    )
    assert (first.remaining, first.price, first.closes, first.client_order_id) == (3.5, 39_000.0, False, None)
    assert (second.price, second.order_id, second.client_order_id) == (None, "2", "g1")
    with pytest.raises(BadAnswer, match="0 left"):
        read_open_orders([wrapped(make.order(accFillSz="5"))])


@pytest.mark.parametrize(
    ("leg", "side", "closes"),
    [("long", "sell", True), ("long", "buy", False), ("short", "buy", True), ("short", "sell", False)],
)
def test_in_long_short_mode_the_side_says_whether_an_order_closes(make: Any, leg: str, side: str, closes: bool) -> None:
    """The flag is false on all of them."""
    (row,) = read_open_orders([wrapped(make.order(posSide=leg, side=side))])
    assert row.closes is closes


def test_conditional_orders(make: Any) -> None:
    """At the market without a price; of two prices none is chosen; closing everything has no size of its own."""
    rows = read_algo_orders(
        [
            wrapped(make.algo(), make.algo(slOrdPx="37900")),
            wrapped(make.algo(tpOrdPx="45000", slOrdPx="37900", ordType="oco")),
            wrapped(make.algo(sz="", closeFraction="1", posSide="")),
        ]
    )
    assert [row.price for row in rows] == [None, 37_900.0, None, None]
    assert [row.remaining for row in rows] == [10.0, 10.0, 10.0, None]
    assert all(row.conditional and row.closes for row in rows)
    with pytest.raises(BadAnswer, match="has None left"):
        read_algo_orders([wrapped(make.algo(sz=""))])
