"""Wallet, positions and orders: what is read, what may be empty, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.bybit.parse import read_orders, read_page, read_positions, read_wallet
from tests.unit.venues.bybit import answers as made

EMPTY = ("", None)


def test_the_wallet() -> None:
    """Account figures and coins."""
    row = made.coin("BTC", walletBalance="0.5", equity="0.4", usdValue="16000", unrealisedPnl="-0.1")
    found = read_wallet(made.wallet(made.coin(), row))
    assert (found.maintenance, found.initial, found.available, found.margin_rate) == (20.0, 100.0, 900.0, 0.02)
    usdt, btc = found.coins
    assert (usdt.coin, usdt.wallet, usdt.price, usdt.counts) == ("USDT", 1000.0, 1.0, True)
    assert (btc.wallet, btc.unrealized, btc.price, btc.option_value) == (0.5, -0.1, 40_000.0, 0.0)


@pytest.mark.parametrize("empty", EMPTY)
def test_account_figures_that_do_not_apply(empty: Any) -> None:
    """In isolated margin mode they are empty, not 0."""
    names = ("totalMaintenanceMargin", "totalInitialMargin", "totalAvailableBalance", "accountMMRate")
    found = read_wallet(made.wallet(**dict.fromkeys(names, empty)))
    assert (found.maintenance, found.initial, found.available, found.margin_rate) == (None, None, None, None)


@pytest.mark.parametrize("empty", EMPTY)
def test_fields_of_a_coin_that_may_be_empty(empty: Any) -> None:
    """A price that nothing tells is None."""
    names = ("equity", "usdValue", "unrealisedPnl", "borrowAmount", "spotBorrow", "totalPositionMM")
    (row,) = read_wallet(made.wallet(made.coin(**dict.fromkeys(names, empty)))).coins
    assert (row.price, row.unrealized, row.owed, row.position_maintenance) == (None, 0.0, 0.0, None)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"collateralSwitch": False}, False),
        ({"marginCollateral": False}, False),
        ({"marginCollateral": False, "collateralSwitch": None}, False),
    ],
)
def test_whether_a_coin_counts(fields: dict[str, Any], counts: bool) -> None:
    """The venue must take it, and the user must have switched it on."""
    assert read_wallet(made.wallet(made.coin(**fields))).coins[0].counts is counts


@pytest.mark.parametrize(
    "answer",
    [
        made.wallet(made.coin(walletBalance="")),
        made.wallet(made.coin(walletBalance="abc")),
        made.wallet(made.coin(coin="")),
        made.wallet(made.coin(collateralSwitch=None)),
        made.wallet(made.coin(), made.coin()),
        made.wallet(coin=None),
        made.envelope({"list": []}),
        made.envelope({"list": [{}, {}]}),
        made.envelope({}),
        made.envelope(None),
        {"retCode": 0},
        [],
    ],
)
def test_a_wallet_that_cannot_be_understood(answer: object) -> None:
    """Refused by name."""
    with pytest.raises(BadAnswer, match="wallet-balance"):
        read_wallet(answer)


def test_a_coin_with_options() -> None:
    """Equity that wallet, debts and PnL do not explain."""
    row = made.coin(equity="1150", walletBalance="1000", spotBorrow="100", unrealisedPnl="50")
    assert read_wallet(made.wallet(row)).coins[0].option_value == pytest.approx(200.0)


def test_positions() -> None:
    """One-way mode, hedge mode, and a leg that is empty."""
    rows = [
        made.position(),
        made.position("ETHUSDT", positionIdx=1, side="Buy", size="3"),
        made.position("ETHUSDT", positionIdx=2, side="Sell", size="1"),
        made.position("SOLUSDT", side="", size="0", avgPrice="", markPrice=""),
    ]
    found = read_positions(rows, "linear")
    assert [(row.market_id, row.side, row.size, row.mode) for row in found] == [
        ("BTCUSDT", "long", 2.0, "one_way"),
        ("ETHUSDT", "long", 3.0, "hedge"),
        ("ETHUSDT", "short", 1.0, "hedge"),
        ("SOLUSDT", "long", 0.0, "one_way"),
    ]
    assert (found[1].adl, read_positions([made.position(adlRankIndicator=0)], "linear")[0].adl) == (2, None)
    assert (found[0].entry_price, found[0].mark_price, found[0].leverage, found[0].adl) == (10_000, 10_000, 20, 2)


@pytest.mark.parametrize("empty", EMPTY)
def test_fields_of_a_position_that_may_be_empty(empty: Any) -> None:
    """Portfolio margin tells no leverage and no margins."""
    names = (
        "leverage",
        "positionMM",
        "positionIM",
        "positionBalance",
        "markPrice",
        "unrealisedPnl",
        "adlRankIndicator",
    )
    (row,) = read_positions([made.position(**dict.fromkeys(names, empty))], "linear")
    assert (row.leverage, row.maintenance, row.initial, row.balance, row.mark_price) == (None,) * 5


@pytest.mark.parametrize(
    "fields",
    [
        {"size": ""},
        {"size": "-2"},
        {"avgPrice": "0"},
        {"avgPrice": None},
        {"side": ""},
        {"side": "Long"},
        {"positionIdx": 3},
        {"positionIdx": None},
        {"positionIdx": 1, "side": "Sell"},
        {"positionIdx": 2, "side": "Buy"},
        {"symbol": ""},
        {"leverage": "many"},
    ],
)
def test_a_position_that_cannot_be_understood(fields: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer, match="v5/position/list"):
        read_positions([made.position(**fields)], "linear")


def test_legs_that_contradict_each_other() -> None:
    """One leg twice, and one symbol in both modes."""
    with pytest.raises(BadAnswer, match="BTCUSDT long stands twice"):
        read_positions([made.position(), made.position()], "linear")
    both = [made.position(), made.position(positionIdx=2, side="Sell")]
    with pytest.raises(BadAnswer, match="side by side"):
        read_positions(both, "linear")


@pytest.mark.parametrize(
    ("session", "unrealized", "entry"),
    [
        ("", "1000", 10_000),
        ("0", "1000", 10_000),
        ("10400", "200", 10_400),
        ("10400", "1000", 10_000),
        ("10400", "", 10_000),
    ],
)
def test_the_entry_price_of_a_settled_session(session: str, unrealized: str, entry: float) -> None:
    """What the wallet has been paid already is not counted again: the row's own PnL tells from which price it runs."""
    row = made.position("BTCPERP", markPrice="10500", sessionAvgPrice=session, unrealisedPnl=unrealized)
    assert read_positions([row], "linear")[0].entry_price == entry


def test_open_orders() -> None:
    """Plain, partly filled, unpriced, waiting, and closing whatever is there."""
    rows = [
        made.order(
            orderId="1", orderLinkId="mine", qty="1", leavesQty="0.4", cumExecQty="0.6", orderStatus="PartiallyFilled"
        ),
        made.order(orderId="2", side="Sell", reduceOnly=True, leavesQty="", qty="2", cumExecQty="0.5"),
        made.order(
            orderId="3", orderStatus="Untriggered", orderType="Market", price="0", leavesQty="0", triggerPrice="8000"
        ),
        made.order(
            orderId="4", orderStatus="Untriggered", price="", qty="0", leavesQty="0", closeOnTrigger=True, side="Sell"
        ),
    ]
    plain, partly, waiting, closing = read_orders(rows, "linear")
    assert (plain.side, plain.price, plain.remaining, plain.client_order_id) == ("buy", 9000.0, 0.4, "mine")
    assert (partly.side, partly.remaining, partly.reduce_only, partly.client_order_id) == ("sell", 1.5, True, None)
    assert (waiting.conditional, waiting.price, waiting.remaining) == (True, None, 1.0)
    assert (closing.conditional, closing.remaining, closing.reduce_only) == (True, None, True)


@pytest.mark.parametrize(
    ("index", "side", "leg", "closes"),
    [(0, "Sell", None, False), (1, "Buy", "long", False), (1, "Sell", "long", True), (2, "Buy", "short", True)],
)
def test_orders_of_a_leg(index: int, side: str, leg: str | None, closes: bool) -> None:
    """In hedge mode selling the long leg only closes, flag or no flag."""
    (row,) = read_orders([made.order(positionIdx=index, side=side)], "linear")
    assert (row.position_side, row.reduce_only) == (leg, closes)


@pytest.mark.parametrize(
    "fields",
    [
        {"side": "buy"},
        {"qty": ""},
        {"leavesQty": "0"},
        {"positionIdx": "x"},
        {"reduceOnly": None},
        {"orderStatus": ""},
        {"orderId": ""},
        {"symbol": None},
    ],
)
def test_an_order_that_cannot_be_understood(fields: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer, match="v5/order/realtime"):
        read_orders([made.order(**fields)], "linear")


def test_an_order_on_two_pages_is_one() -> None:
    """The list moved between them."""
    rows = [made.order(orderId="1"), made.order(orderId="2"), made.order(orderId="1")]
    assert [row.order_id for row in read_orders(rows, "linear")] == ["1", "2"]


def test_pages() -> None:
    """An empty cursor is none."""
    assert read_page(made.listing([{}], "abc"), "x").cursor == "abc"
    assert read_page(made.listing([]), "x").cursor is None
