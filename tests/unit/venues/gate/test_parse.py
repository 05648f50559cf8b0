"""Rows of Gate: signs, modes and units; nothing that is missing becomes a figure."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.gate.parse import read_account, read_positions, read_terms, read_unified_mode
from guard.venues.gate.parse_orders import read_open_orders, read_price_orders
from guard.venues.gate.parse_unified import read_unified


def test_an_account(make: Any) -> None:
    """Levels as the venue states them; what isolated orders reserve is what is left of all orders' margin."""
    row = read_account(make.account(order_margin="30", cross_order_margin="20"), "usdt")
    assert (row.currency, row.wallet, row.isolated_orders, row.account_mode) == ("USDT", 1000.0, 10.0, "classic")
    assert (row.equity, row.maintenance_margin, row.initial_margin) == (1100.0, 19.475, 225.0)
    assert (row.margin_level, row.tiered, row.evolved, row.is_empty) == (56.4826700898588, True, True, False)


def test_the_flag_that_is_on_its_way_out_decides_nothing(make: Any) -> None:
    """The venue names the mode; the older flag beside it may stay false for ever."""
    row = read_account(make.account(position_mode="dual", in_dual_mode=False), "usdt")
    assert row.position_mode == "hedge"


def test_an_account_of_few_words(make: Any) -> None:
    """What old answers did not tell is None."""
    told = {"currency": "USDT", "total": "0", "order_margin": "0", "in_dual_mode": True, "position_margin": "0"}
    row = read_account(told, "usdt")
    assert (row.account_mode, row.position_mode, row.tiered, row.equity, row.isolated_margin) == (
        None,
        "hedge",
        None,
        None,
        None,
    )
    assert row.is_empty
    assert not read_account({**told, "position_margin": "1"}, "usdt").is_empty


@pytest.mark.parametrize(("stated", "mode"), [(0, "classic"), (1, "multi"), ("2", "portfolio"), (3, "single")])
def test_account_modes(make: Any, stated: object, mode: str) -> None:
    """By number in the futures account, by word in the unified one."""
    assert read_account(make.account(margin_mode=stated), "usdt").account_mode == mode
    words = {"classic": "classic", "multi": "multi_currency", "portfolio": "portfolio", "single": "single_currency"}
    assert read_unified_mode({"mode": words[mode]}) == mode


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"margin_mode": 7}, "margin_mode was 7"),
        ({"currency": "BTC"}, "currency was 'BTC'"),
        ({"position_mode": "dual_plus"}, "position_mode was 'dual_plus'"),
        ({"position_mode": None, "in_dual_mode": None}, "no position mode"),
        ({"total": ""}, "has no total"),
    ],
)
def test_accounts_that_are_refused(make: Any, fields: dict[str, object], said: str) -> None:
    """Named."""
    with pytest.raises(BadAnswer, match=said):
        read_account(make.account(**fields), "usdt")


def test_an_unknown_unified_mode() -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="mode was 'solo'"):
        read_unified_mode({"mode": "solo"})


def test_positions(make: Any) -> None:
    """A leverage of 0 is cross margin with a limit; 0 there too means as high as allowed."""
    rows = [
        make.position(),
        make.position("ETH_USDT", size="-3", cross_leverage_limit="0", adl_ranking=6),
        make.position("LINK_USDT", size="2.5", leverage="5", margin="7", adl_ranking=3),
        make.position("SOL_USDT", size=0),
    ]
    btc, eth, link = read_positions([rows], "usdt")
    assert (btc.side, btc.contracts, btc.leverage, btc.is_isolated, btc.adl) == ("long", 1000.0, 20.0, False, 1.0)
    assert (eth.side, eth.contracts, eth.leverage, eth.adl) == ("short", 3.0, 125.0, None)
    assert (link.contracts, link.leverage, link.isolated_margin, link.adl) == (2.5, 5.0, 7.0, 0.5)
    assert btc.changed_ms == 1_772_600_000_000.0


def test_legs_of_hedge_mode(make: Any) -> None:
    """Named by their mode, whatever the sign of a short one."""
    for size in (-4, 4):
        rows = [make.position(mode="dual_long"), make.position(mode="dual_short", size=size)]
        assert [(row.leg, row.side, row.contracts) for row in read_positions([rows], "usdt")] == [
            ("dual_long", "long", 1000.0),
            ("dual_short", "short", 4.0),
        ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": "split"}, "mode was 'split'"),
        ({"mode": "dual_long", "size": -1000}, "size of the dual_long leg was -1000"),
        ({"leverage": "-1"}, "leverage was -1"),
        ({"pos_margin_mode": "portfolio"}, "pos_margin_mode was 'portfolio'"),
        ({"pos_margin_mode": "isolated", "margin": ""}, "has no margin"),
        ({"entry_price": "0"}, "entry_price of the answer was '0'"),
        ({"leverage": "3", "margin": ""}, "has no margin"),
    ],
)
def test_positions_that_are_refused(make: Any, fields: dict[str, object], said: str) -> None:
    """Named, with the contract."""
    with pytest.raises(BadAnswer, match=said) as caught:
        read_positions([[make.position(**fields)]], "usdt")
    assert "BTC_USDT" in str(caught.value)


def test_a_leg_that_stands_twice(make: Any) -> None:
    """On two pages even."""
    with pytest.raises(BadAnswer, match="BTC_USDT single stands twice"):
        read_positions([[make.position()], [make.position()]], "usdt")


@pytest.mark.parametrize("empty", ["", None, "0"])
def test_what_a_position_need_not_tell(make: Any, empty: object) -> None:
    """None, not 0."""
    names = ("mark_price", "value", "maintenance_margin", "average_maintenance_rate")
    (row,) = read_positions(
        [[make.position(**dict.fromkeys(names, empty), update_time=None, adl_ranking=None)]], "usdt"
    )
    assert (row.mark_price, row.value, row.maintenance_margin, row.average_rate) == (None,) * 4
    assert (row.changed_ms, row.adl) == (0.0, None)


def test_terms_of_a_contract(make: Any) -> None:
    """Of one row or of both legs; of two leverages the lower one; no legs, or two margin modes, blind nobody."""
    assert read_terms(make.position(size=0), "usdt", "BTC_USDT") == (20.0, False)
    legs = [make.position(cross_leverage_limit="7"), make.position(cross_leverage_limit="")]
    assert read_terms(legs, "usdt", "BTC_USDT") == (7.0, False)
    assert read_terms(make.position(cross_leverage_limit=""), "usdt", "BTC_USDT") == (None, False)
    for untold in ([make.position(), make.position(leverage="3")], []):
        assert read_terms(untold, "usdt", "BTC_USDT") == (None, False)


def test_open_orders(make: Any) -> None:
    """Signs say the side; a close of everything has no size."""
    rows = [
        make.order(),
        make.order(size="-7", left="-2", text="web", is_reduce_only=True, price="0"),
        make.order(size=0, left=0, is_close=True),
    ]
    buy, sell, close = read_open_orders([rows], "usdt")
    assert (buy.side, buy.remaining, buy.closes, buy.price, buy.client_order_id) == ("buy", 10.0, False, 40_000.0, "g1")
    assert (sell.side, sell.remaining, sell.closes, sell.price, sell.client_order_id) == ("sell", 2.0, True, None, None)
    assert (close.side, close.remaining, close.closes) == (None, None, True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"left": -3}, "an open order of 10 has -3 left"),
        ({"price": "-1"}, "price was -1"),
        ({"contract": ""}, "has no contract"),
        ({"id": None}, "has no id"),
    ],
)
def test_open_orders_that_are_refused(make: Any, fields: dict[str, object], said: str) -> None:
    """Named."""
    with pytest.raises(BadAnswer, match=said):
        read_open_orders([[make.order(**fields)]], "usdt")


@pytest.mark.parametrize(
    ("initial", "side"),
    [
        ({"size": 0, "auto_size": "close_long"}, "sell"),
        ({"size": 0, "auto_size": "close_short"}, "buy"),
        ({"size": 0, "is_close": True}, None),
        ({"size": 0, "is_close": True, "order_type": "close-short-position"}, "buy"),
        ({"size": 0, "is_close": True, "order_type": "plan-close-long-position"}, "sell"),
        ({"size": 0, "close": True, "order_type": "stop"}, None),
        ({"size": 0, "is_reduce_only": False, "order_type": "close-long-position"}, "sell"),
        ({"size": 0, "is_reduce_only": False}, None),
    ],
)
def test_price_orders_that_close_everything(make: Any, initial: dict[str, Any], side: str | None) -> None:
    """Their side is the leg's, as far as they name one."""
    (row,) = read_price_orders([[make.price_order(**initial)]], "usdt")
    assert (row.side, row.remaining, row.closes, row.conditional) == (side, None, True, True)


def test_price_orders(make: Any) -> None:
    """An amount with parts stands before the size."""
    rows = [make.price_order(), make.price_order(amount="2.5", price="40000", is_reduce_only=False, text="t-x")]
    sell, buy = read_price_orders([rows], "usdt")
    assert (sell.side, sell.remaining, sell.closes, sell.price, sell.order_id) == ("sell", 10.0, True, None, "12")
    assert (buy.side, buy.remaining, buy.closes, buy.price, buy.client_order_id) == ("buy", 2.5, False, 40_000.0, "x")
    (sized,) = read_price_orders([[make.price_order(amount="0")]], "usdt")
    assert (sized.side, sized.remaining) == ("sell", 10.0)


def test_an_order_with_nothing_left_is_none(make: Any) -> None:
    """It was filled while the list was made; the account is read all the same."""
    assert read_open_orders([[make.order(left=0)]], "usdt") == ()


@pytest.mark.parametrize(
    ("fields", "leverage", "isolated"),
    [
        ({"leverage": None, "cross_leverage_limit": None, "lever": "30", "pos_margin_mode": "cross"}, 30.0, False),
        ({"leverage": "", "lever": "30", "pos_margin_mode": "isolated"}, 30.0, True),
        ({"cross_leverage_limit": "0", "lever": "30", "pos_margin_mode": "cross"}, 30.0, False),
        ({"cross_leverage_limit": "10", "lever": "30"}, 10.0, False),
        ({"cross_leverage_limit": "0", "lever": "0"}, 125.0, False),
        ({"leverage": "3", "cross_leverage_limit": "0", "pos_margin_mode": "cross"}, 3.0, False),
        ({"leverage": "0", "lever": "30", "pos_margin_mode": "isolated"}, 30.0, True),
    ],
)
def test_the_field_that_is_to_replace_both_leverages(make: Any, fields: Any, leverage: float, isolated: bool) -> None:
    """Where the others tell nothing; the margin mode is the one that is named."""
    (row,) = read_positions([[make.position(**fields)]], "usdt")
    assert (row.leverage, row.is_isolated) == (leverage, isolated)


def test_collateral_is_what_the_account_says(make: Any) -> None:
    """Where all currencies count, the marks of single ones are of no consequence."""
    off = {"enabled_collateral": False}
    assert not read_unified(make.unified(off)).balances["USDT"].is_collateral
    assert read_unified(make.unified(off, is_all_collateral=True)).balances["USDT"].is_collateral
    assert not read_unified(make.unified(off, is_all_collateral=False)).balances["USDT"].is_collateral


def test_unified_accounts(make: Any) -> None:
    """Totals in USD, and figures of each currency."""
    found = read_unified(make.unified())
    assert found.totals == (5_000.0, 250.0, 600.0, 4_400.0, 20.0)
    assert found.balances["USDT"] == (
        *(1_000.0, 10.0, 1_100.0, 0.0, True),
        *(1_090.0, 19.475, 205.0, 885.0, 55.96),
    )
    assert not found.owes
    assert read_unified(make.unified({"borrowed": "0.1"})).owes
    with pytest.raises(BadAnswer, match="has no freeze"):
        read_unified(make.unified({"freeze": ""}))
