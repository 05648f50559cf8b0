"""Answers of a classic account as rows: what is read, what may be empty, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import KeyRights
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.parse import read_accounts, read_orders, read_positions
from guard.venues.bitget.parse_reference import (
    read_depth,
    read_mark,
    read_position_mode,
    read_rights,
    read_tiers,
    read_unified_rights,
)

USDT = "USDT-FUTURES"
WHERE = at.OPEN_ORDERS


def one_plan(enveloped: Any, row: dict[str, Any]) -> Any:
    """The order of a list with one conditional one."""
    (found,), after = read_orders(enveloped({"entrustedList": [row], "endId": "1111"}), USDT, at.PLAN_ORDERS)
    assert after is None
    return found


def one_order(enveloped: Any, row: dict[str, Any]) -> Any:
    """The order of a list with one."""
    (found,), after = read_orders(enveloped({"entrustedList": [row], "endId": "1111"}), USDT, WHERE)
    assert after is None
    return found


def test_an_account(enveloped: Any, account_row: Any) -> None:
    """Figures as told; union figures only in multi-assets mode."""
    (row,) = read_accounts(enveloped([account_row(unionMm="7")]), USDT)
    assert (row.coin, row.equity, row.unrealized, row.risk_rate) == ("USDT", 10_000.0, 400.0, 0.02)
    assert (row.is_union, row.union_maintenance, row.is_empty) == (False, None, False)
    (row,) = read_accounts(enveloped([account_row(assetMode="union", unionMm="7", unionTotalMargin="900")]), USDT)
    assert (row.is_union, row.union_equity, row.union_maintenance, row.union_available) == (True, 900.0, 7.0, None)


@pytest.mark.parametrize("nothing", [None, []])
def test_no_accounts(enveloped: Any, nothing: Any) -> None:
    """Lists without anything in them are null at times."""
    assert read_accounts(enveloped(nothing), USDT) == ()
    assert read_positions(enveloped(nothing), USDT) == ()
    assert read_orders(enveloped({"entrustedList": nothing, "endId": None}), USDT, WHERE) == ((), None)


def test_an_account_with_nothing_in_it(enveloped: Any, account_row: Any) -> None:
    """Zeros, and an unrealized PnL that is not told."""
    row = account_row(accountEquity="0", available="0.00", locked="0", unrealizedPL="", crossedRiskRate="0")
    assert read_accounts(enveloped([row]), USDT)[0].is_empty


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"code": "00000", "msg": "success"},
        {"code": "40015", "data": []},
        {"code": "00000", "data": {}},
        {"code": "00000", "data": ["x"]},
    ],
)
def test_what_is_no_answer(answer: object) -> None:
    """Named with its request."""
    with pytest.raises(BadAnswer, match="bitget GET v2/mix/account/accounts"):
        read_accounts(answer, USDT)


def test_an_asset_mode_that_nobody_knows(enveloped: Any, account_row: Any) -> None:
    """It might mean another rule."""
    with pytest.raises(BadAnswer, match="assetMode of USDT was 'portfolio'"):
        read_accounts(enveloped([account_row(assetMode="portfolio")]), USDT)


def test_a_position(enveloped: Any, position_row: Any) -> None:
    """Side, size, mode, opening time; empty fields that are not needed say nothing."""
    (row,) = read_positions(enveloped([position_row(markPrice="", unrealizedPL=None)]), USDT)
    assert (row.market_id, row.side, row.mode, row.amount) == ("BTCUSDT", "long", "one_way", 0.5)
    assert (row.mark_price, row.unrealized, row.is_isolated) == (None, None, False)
    assert row.opened_at is not None
    assert row.opened_at.timestamp() == 1_766_000_000
    assert read_positions(enveloped([position_row(total="0")]), USDT) == ()
    assert read_positions(enveloped([position_row(cTime="")]), USDT)[0].opened_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"total": ""},
        {"total": "-1"},
        {"total": "nan"},
        {"openPriceAvg": "0"},
        {"leverage": None},
        {"holdSide": "net"},
        {"posMode": ""},
        {"marginMode": "fixed"},
        {"marginCoin": ""},
        {"cTime": "yesterday"},
    ],
)
def test_a_position_that_cannot_be_read(enveloped: Any, position_row: Any, change: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        read_positions(enveloped([position_row(**change)]), USDT)


def test_a_leg_stands_once(enveloped: Any, position_row: Any) -> None:
    """The other side is another leg."""
    both = [position_row(), position_row(holdSide="short")]
    assert len(read_positions(enveloped(both), USDT)) == 2
    with pytest.raises(BadAnswer, match="BTCUSDT long stands twice"):
        read_positions(enveloped([position_row(), position_row()]), USDT)


def test_an_order_in_one_way_mode(enveloped: Any, order_row: Any) -> None:
    """What is left of it, at its price."""
    row = one_order(enveloped, order_row())
    assert (row.side, row.leg, row.mode, row.price) == ("buy", None, "one_way", 39_000.0)
    assert row.remaining == pytest.approx(0.3)
    assert (row.reduce_only, row.conditional, row.leverage) == (False, False, 20.0)
    assert one_order(enveloped, order_row(side="sell", reduceOnly="YES")).reduce_only


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("leg", "side", "turn", "really", "reduces"),
    [
        ("long", "buy", "open", "buy", False),
        ("long", "buy", "close", "sell", True),
        ("short", "sell", "open", "sell", False),
        ("short", "sell", "close", "buy", True),
        ("long", "buy", "reduce_close_long", "sell", True),
        ("short", "sell", "burst_close_short", "buy", True),
    ],
)
def test_an_order_in_hedge_mode(
    enveloped: Any, order_row: Any, leg: str, side: str, turn: str, really: str, reduces: bool, named: bool
) -> None:
    """The venue's side is the direction of the leg; without the mode's name the leg tells it."""
    mode = "hedge_mode" if named else ""
    row = one_order(enveloped, order_row(posMode=mode, posSide=leg, side=side, tradeSide=turn))
    assert (row.side, row.leg, row.mode, row.reduce_only) == (really, leg, "hedge", reduces)


def test_plans(enveloped: Any, plan_row: Any) -> None:
    """Triggers, trailing stops, and what closes a leg, all of it or a part."""
    trigger = one_plan(enveloped, plan_row())
    assert (trigger.conditional, trigger.reduce_only, trigger.price, trigger.remaining) == (True, False, 39_000.0, 0.4)
    part = one_plan(enveloped, plan_row(planType="profit_plan", price="", executePrice="45000", side="sell"))
    assert (part.side, part.reduce_only, part.price, part.remaining) == (None, True, 45_000.0, 0.4)
    hedged = {"posMode": "hedge_mode", "posSide": "short", "side": "sell", "tradeSide": "close"}
    whole = one_plan(enveloped, plan_row(planType="pos_loss", size="", **hedged))
    assert (whole.side, whole.leg, whole.reduce_only, whole.remaining) == ("buy", "short", True, None)


def test_plans_that_close_and_name_no_turn(enveloped: Any, plan_row: Any) -> None:
    """They close the leg all the same; one order that is told sparsely must not blind the account."""
    hedged = {"posMode": "hedge_mode", "posSide": "long", "tradeSide": ""}
    found = one_plan(enveloped, plan_row(planType="moving_plan", **hedged))
    assert (found.side, found.leg, found.reduce_only, found.remaining) == ("sell", "long", True, 0.4)


def test_the_total_of_multi_assets_mode_is_spelled_in_two_ways(enveloped: Any, account_row: Any) -> None:
    """By the table of the venue's documents and by their sample."""
    row = account_row(assetMode="union", unionTotalMagin="900")
    del row["unionTotalMargin"]
    assert read_accounts(enveloped([row]), USDT)[0].union_equity == 900.0


def test_an_account_with_a_trading_bonus_only(enveloped: Any, account_row: Any) -> None:
    """It can carry legs, so its position mode is asked for."""
    row = account_row(accountEquity="0", available="0", locked="0", unrealizedPL="", coupon="25")
    assert not read_accounts(enveloped([row]), USDT)[0].is_empty


@pytest.mark.parametrize(
    "change", [{"side": "long"}, {"size": "0.1"}, {"orderId": ""}, {"posMode": "hedge_mode", "posSide": "net"}]
)
def test_an_order_that_cannot_be_read(enveloped: Any, order_row: Any, change: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        one_order(enveloped, order_row(**change))


@pytest.mark.parametrize(
    "change", [{"planType": ""}, {"planType": "iceberg"}, {"size": "0"}, {"reduceOnly": "maybe"}, {"side": ""}]
)
def test_a_plan_that_cannot_be_read(enveloped: Any, plan_row: Any, change: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        one_plan(enveloped, plan_row(**change))


def test_a_full_page_names_the_next(enveloped: Any, order_row: Any) -> None:
    """Less than a page is the last one, whatever id it names."""
    rows = [order_row(orderId=str(number)) for number in range(at.PAGE)]
    found, after = read_orders(enveloped({"entrustedList": rows, "endId": "77"}), USDT, WHERE)
    assert (len(found), after) == (at.PAGE, "77")


def test_tiers(enveloped: Any) -> None:
    """In order, the last one without an end."""
    rows = [
        {
            "symbol": "X",
            "level": "2",
            "startUnit": "50000",
            "endUnit": "200000",
            "leverage": "",
            "keepMarginRate": "0.005",
        },
        {
            "symbol": "X",
            "level": "1",
            "startUnit": "0",
            "endUnit": "50000",
            "leverage": "125",
            "keepMarginRate": "0.004",
        },
    ]
    first, last = read_tiers(enveloped(rows), "X")
    assert (first.floor, first.cap, first.mm_rate, first.max_leverage) == (0.0, 50_000.0, 0.004, 125.0)
    assert (last.floor, last.cap, last.mm_rate, last.mm_deduction) == (50_000.0, None, 0.005, None)
    assert read_tiers(enveloped(None), "X") == ()


def test_marks_and_modes(enveloped: Any, account_row: Any) -> None:
    """What is not told is not made up."""
    assert read_mark(enveloped([{"symbol": "X", "markPrice": "5"}]), "X") == 5.0
    assert read_mark(enveloped([{"symbol": "X", "markPrice": "0"}]), "X") is None
    assert read_mark(enveloped([]), "X") is None
    assert read_position_mode(enveloped(account_row(posMode="hedge_mode")), USDT) == "hedge"
    with pytest.raises(BadAnswer, match="has no posMode"):
        read_position_mode(enveloped(account_row()), USDT)


@pytest.mark.parametrize(
    ("data", "rights"),
    [
        (
            {"authorities": ["coor", "cpor"], "ips": ""},
            KeyRights(read=True, trade=False, withdraw=False, transfer=False, ip_restricted=False),
        ),
        (
            {"authorities": ["coow", "cpow", "wtow", "wwow"], "ips": "10.0.0.1"},
            KeyRights(read=True, trade=True, withdraw=True, transfer=True, ip_restricted=True),
        ),
        (
            {"authorities": ["trade", "readonly"], "ips": None},
            KeyRights(read=True, trade=True, withdraw=False, transfer=False, ip_restricted=None),
        ),
        ({"authorities": ["mystery"]}, KeyRights()),
        ({"authorities": None}, KeyRights()),
    ],
)
def test_rights(enveloped: Any, data: dict[str, Any], rights: KeyRights) -> None:
    """In the venue's words of today and of before; unknown words say nothing."""
    assert read_rights(enveloped(data)) == rights


@pytest.mark.parametrize(
    ("kind", "words", "rights"),
    [
        ("read-only", ["uta_trade", "uta_mgt"], (True, False, False, False)),
        ("read-and-write", ["uta_trade", "withdraw"], (True, True, True, False)),
        ("", ["withdraw"], (None, None, None, None)),
    ],
)
def test_rights_of_unified_accounts(enveloped: Any, kind: str, words: list[str], rights: tuple[Any, ...]) -> None:
    """What a key may do depends on whether it may write."""
    found = read_unified_rights(enveloped({"permType": kind, "permissions": words, "ips": "1.2.3.4"}))
    assert (found.read, found.trade, found.withdraw, found.transfer) == rights
    assert found.ip_restricted


def test_the_order_book(enveloped: Any) -> None:
    """Pairs of positive numbers."""
    depth = read_depth(enveloped({"asks": [[101.5, "2"]], "bids": [["101", 3]]}), "X")
    assert (depth.bids[0].price, depth.asks[0].contracts) == (101.0, 2.0)
    for spoilt in ([["0", "1"]], [["1"]], [[None, "1"]], None):
        with pytest.raises(BadAnswer):
            read_depth(enveloped({"asks": spoilt, "bids": []}), "X")
