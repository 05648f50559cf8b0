"""Balances, positions and orders: from the venue's shapes to rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.binance import rows
from guard.venues.binanceusdm import endpoints as at
from guard.venues.binanceusdm.parse import read_account, read_positions

EMPTY: list[Any] = ["", None]
ACCOUNT_NAME = "binanceusdm GET fapi/v3/account"
POSITIONS_NAME = "binanceusdm GET fapi/v3/positionRisk"

read_open_orders = partial(rows.read_open_orders, where=at.OPEN_ORDERS.name)
read_algo_orders = partial(rows.read_algo_orders, where=at.OPEN_ALGO_ORDERS.name)


def test_assets_with_nothing_in_them_are_left_out(make: Any) -> None:
    """The venue lists every margin asset; an asset in debt, in profit or with a requirement stays."""
    nothing = {"crossWalletBalance": "0.00000000", "crossUnPnl": "0.00000000"}
    account = make.account(
        assets=[
            make.asset(),
            make.asset("BNB", **nothing),
            make.asset("USDC", **{**nothing, "crossUnPnl": "-3.5"}),
            make.asset("BTC", **{**nothing, "maintMargin": "0.1"}),
            make.asset("FDUSD", **{**nothing, "initialMargin": "7"}),
        ]
    )
    assert [row.asset for row in read_account(account).assets] == ["USDT", "USDC", "BTC", "FDUSD"]


def test_the_cross_balance_is_taken_not_the_wallet(make: Any) -> None:
    """Isolated wallets do not carry cross positions."""
    account = make.account(assets=[make.asset(walletBalance="1500", crossWalletBalance="1200.5", crossUnPnl="-10.25")])
    (asset,) = read_account(account).assets
    assert (asset.cross_wallet, asset.cross_upl) == (1200.5, -10.25)


@pytest.mark.parametrize("key", ["crossWalletBalance", "crossUnPnl"])
@pytest.mark.parametrize("empty", EMPTY)
def test_a_missing_balance_is_no_zero(make: Any, key: str, empty: object) -> None:
    """An empty or null balance is refused by name."""
    with pytest.raises(BadAnswer, match=rf"{ACCOUNT_NAME}: USDT has no {key}"):
        read_account(make.account(assets=[make.asset(**{key: empty})]))


@pytest.mark.parametrize("key", ["maintMargin", "initialMargin", "availableBalance"])
@pytest.mark.parametrize("empty", EMPTY)
def test_a_missing_figure_of_the_venue_is_none(make: Any, key: str, empty: object) -> None:
    """What is only compared may be missing, and then is unknown."""
    (asset,) = read_account(make.account(assets=[make.asset(**{key: empty})])).assets
    assert None in asset


@pytest.mark.parametrize("part", ["assets", "positions"])
def test_an_account_without_a_part_is_refused(make: Any, without: Callable[..., Any], part: str) -> None:
    """A missing list is not an empty one."""
    with pytest.raises(BadAnswer, match=f"{ACCOUNT_NAME} {part}"):
        read_account(without(make.account(), part))


def test_only_held_legs_of_the_account_answer_count(make: Any) -> None:
    """Rows of symbols with open orders hold nothing."""
    account = make.account(legs=[make.account_leg(), make.account_leg("ETHUSDT", positionAmt="0")])
    assert list(read_account(account).legs) == [("BTCUSDT", "BOTH")]


def test_margins_of_isolated_legs_are_kept(make: Any) -> None:
    """They are taken off their asset's."""
    legs = read_account(make.account(legs=[make.account_leg(isolatedWallet="700", maintMargin="")])).legs
    assert legs["BTCUSDT", "BOTH"].initial_margin == 1000
    assert legs["BTCUSDT", "BOTH"].maintenance_margin is None


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"positionAmt": "2"}, "long"),
        ({"positionAmt": "-2"}, "short"),
        ({"positionAmt": "2", "positionSide": "LONG"}, "long"),
        ({"positionAmt": "-2", "positionSide": "SHORT"}, "short"),
    ],
)
def test_the_side_of_a_leg(make: Any, fields: dict[str, Any], side: str) -> None:
    """In one-way mode the sign tells, in hedge mode the position side."""
    (row,) = read_positions([make.position(**fields)])
    assert row.side == side


@pytest.mark.parametrize(("leg", "amount"), [("LONG", "-1"), ("SHORT", "1")])
def test_a_sign_that_contradicts_its_side_is_refused(make: Any, leg: str, amount: str) -> None:
    """Neither is to be believed then."""
    with pytest.raises(BadAnswer, match=f"positionAmt of BTCUSDT {leg} was"):
        read_positions([make.position(positionSide=leg, positionAmt=amount)])


def test_a_leg_that_stands_twice_is_refused(make: Any) -> None:
    """Neither adding up nor dropping one would be right; long and short of a symbol are two legs."""
    twice = [make.position(), make.position(positionAmt="1")]
    with pytest.raises(BadAnswer, match=f"{POSITIONS_NAME}: BTCUSDT BOTH stands twice"):
        read_positions(twice)
    with pytest.raises(BadAnswer, match=f"{ACCOUNT_NAME}: BTCUSDT BOTH stands twice"):
        read_account(make.account(legs=[make.account_leg(), make.account_leg()]))
    both = [make.position(positionSide="LONG"), make.position(positionSide="SHORT", positionAmt="-1")]
    assert len(read_positions(both)) == 2


@pytest.mark.parametrize(
    "key", ["symbol", "positionSide", "positionAmt", "entryPrice", "isolatedWallet", "marginAsset"]
)
@pytest.mark.parametrize("empty", EMPTY)
def test_a_required_field_of_a_position_is_named(make: Any, key: str, empty: object) -> None:
    """A held leg without it cannot be understood."""
    with pytest.raises(BadAnswer, match=rf"{POSITIONS_NAME}: \S+( \S+)? has no {key}"):
        read_positions([make.position(**{key: empty})])


@pytest.mark.parametrize("mark", ["", None, "0", "0.00000000"])
def test_a_missing_mark_is_none(make: Any, mark: object) -> None:
    """0 is what the venue writes where it has no price."""
    (row,) = read_positions([make.position(markPrice=mark)])
    assert row.mark_price is None


@pytest.mark.parametrize("price", ["0", "-1"])
def test_an_entry_price_is_positive(make: Any, price: str) -> None:
    """A held leg has one."""
    with pytest.raises(BadAnswer, match="entryPrice of BTCUSDT was"):
        read_positions([make.position(entryPrice=price)])


def test_a_row_without_a_position_needs_no_entry_price(make: Any) -> None:
    """It stands there for its open orders, with a mark price."""
    (row,) = read_positions([make.position(positionAmt="0.000", entryPrice="0.0", isolatedWallet="")])
    assert (row.amount, row.mark_price) == (0.0, 10000.0)


def test_isolated_is_what_has_a_wallet_of_its_own(make: Any) -> None:
    """V3 has no other sign of it."""
    cross, isolated = read_positions([make.position(), make.position("ETHUSDT", isolatedWallet="700")])
    assert (cross.is_isolated, isolated.is_isolated) == (False, True)


def test_an_unknown_position_side_is_refused(make: Any) -> None:
    """A word that we do not know may mean anything."""
    with pytest.raises(BadAnswer, match="positionSide of BTCUSDT was 'NET'"):
        read_positions([make.position(positionSide="NET")])


def test_a_resting_order(make: Any) -> None:
    """What is left is what was asked less what was filled."""
    (order,) = read_open_orders([make.order()])
    assert order.remaining == pytest.approx(0.3)
    assert (order.side, order.leg, order.price, order.reduce_only, order.conditional) == (
        "buy",
        "BOTH",
        9000.0,
        False,
        False,
    )
    assert (order.order_id, order.client_order_id) == ("1917641", "mine")


@pytest.mark.parametrize("kind", ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"])
def test_orders_that_wait_for_a_trigger_are_conditional(make: Any, kind: str) -> None:
    """They hold no margin; an unpriced one has no price."""
    (order,) = read_open_orders([make.order(type=kind, price="0")])
    assert order.conditional
    assert order.price is None


def test_conditional_orders_have_a_book_of_their_own(make: Any) -> None:
    """They carry other names for the same things."""
    (order,) = read_algo_orders([make.algo_order()])
    assert (order.conditional, order.price, order.remaining, order.reduce_only) == (True, None, 2.0, True)
    assert (order.order_id, order.client_order_id) == ("2148627", "stop")


@pytest.mark.parametrize("quantity", ["0", "", None])
def test_an_order_that_closes_everything_has_no_size(make: Any, quantity: object) -> None:
    """Its size is the leg's, which is not known here; it can only reduce."""
    (order,) = read_algo_orders([make.algo_order(closePosition=True, quantity=quantity, reduceOnly=False)])
    assert (order.remaining, order.reduce_only) == (None, True)


def test_an_open_order_with_nothing_left_is_refused(make: Any) -> None:
    """It would not be open."""
    with pytest.raises(BadAnswer, match="an open order of BTCUSDT has 0 left"):
        read_open_orders([make.order(executedQty="0.400")])
    with pytest.raises(BadAnswer, match="an open order of BTCUSDT has 0 left"):
        read_algo_orders([make.algo_order(quantity="")])


@pytest.mark.parametrize("key", ["side", "positionSide", "origQty", "executedQty", "reduceOnly", "orderId", "symbol"])
@pytest.mark.parametrize("empty", EMPTY)
def test_a_required_field_of_an_order_is_named(make: Any, key: str, empty: object) -> None:
    """An order that cannot be understood is not left out."""
    with pytest.raises(BadAnswer, match=rf"binanceusdm GET fapi/v1/openOrders: .* has no {key}"):
        read_open_orders([make.order(**{key: empty})])


def test_an_unknown_side_is_refused(make: Any) -> None:
    """Neither buy nor sell."""
    with pytest.raises(BadAnswer, match="side of BTCUSDT was 'HOLD'"):
        read_open_orders([make.order(side="HOLD")])


@pytest.mark.parametrize("read", [read_account, read_positions, read_open_orders, read_algo_orders])
@pytest.mark.parametrize("answer", [None, "", "<html>", 3, [3], {"code": -1}])
def test_an_answer_of_another_shape_is_refused(read: Callable[[object], object], answer: object) -> None:
    """An error object or a page is not an empty account."""
    with pytest.raises(BadAnswer, match="binanceusdm GET fapi"):
        read(answer)
