"""What the venue tells about itself: constants and their announced changes, modes, rights, order books."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.kucoinfutures.parse_reference import (
    read_contracts,
    read_cross_leverage,
    read_depth,
    read_mark,
    read_position_mode,
    read_rights,
)
from guard.venues.kucoinfutures.parse_unified import (
    read_is_unified,
    read_unified_orders,
    read_unified_overview,
    read_unified_positions,
)


def said(data: Any) -> dict[str, Any]:
    """An answer."""
    return {"code": "200000", "data": data}


def test_constants(shapes: Any) -> None:
    """As the rule wants them."""
    table = read_contracts(said([shapes.contract()]))
    assert table.currency_ids == ("USDT",)
    assert table.constants["XBTUSDTM"].at(0) == {
        "k": 490.0,
        "m": 300.0,
        "mmr_lev_constant": 125.0,
        "f": 1.3,
        "mmr_limit": 0.3,
        "funding_rate": 0.0001,
    }


@pytest.mark.parametrize(("now_ms", "m", "lev"), [(999, 300.0, 125.0), (1_000, 200.0, 100.0), (9_000, 200.0, 100.0)])
def test_an_announced_change(shapes: Any, now_ms: int, m: float, lev: float) -> None:
    """In force from its time on, whenever it was read; what it does not name stays."""
    row = shapes.contract(adjustM=200.0, adjustMmrLevConstant=100.0, adjustActiveTime=1_000)
    found = read_contracts(said([row])).constants["XBTUSDTM"].at(now_ms)
    assert (found["m"], found["mmr_lev_constant"], found["k"]) == (m, lev, 490.0)


def test_a_contract_without_constants(shapes: Any) -> None:
    """Left out; its currency counts all the same."""
    rows = [shapes.contract(), shapes.contract(symbol="OLDUSDM", settleCurrency="OLD", m=None)]
    table = read_contracts(said(rows))
    assert set(table.constants) == {"XBTUSDTM"}
    assert table.currency_ids == ("USDT", "OLD")


@pytest.mark.parametrize("data", [[], None, {}])
def test_no_contracts(data: object) -> None:
    """Refused."""
    with pytest.raises(BadAnswer):
        read_contracts(said(data))


@pytest.mark.parametrize(("raw", "mode"), [(0, "one_way"), ("1", "hedge")])
def test_position_modes(raw: object, mode: str) -> None:
    """0 and 1."""
    assert read_position_mode(said({"positionMode": raw})) == mode


@pytest.mark.parametrize("raw", [2, None, "", True])
def test_other_position_modes(raw: object) -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="positionMode"):
        read_position_mode(said({"positionMode": raw}))


def test_leverage_and_mark() -> None:
    """Written as text and as number."""
    assert read_cross_leverage(said({"symbol": "XBTUSDTM", "leverage": "3"})) == 3.0
    assert read_mark(said({"symbol": "XBTUSDTM", "value": 61_000.5})) == 61_000.5
    assert read_mark(said({"symbol": "XBTUSDTM", "value": 0})) is None


@pytest.mark.parametrize(
    ("permission", "addresses", "expected"),
    [
        ("General", "", (True, False, False, False, False)),
        ("General,Futures", "203.0.113.7", (True, True, False, False, True)),
        ("General, Futures, InnerTransfer", None, (True, True, False, True, None)),
        ("General,Futures,Transfer", "", (True, True, True, True, False)),
        ("General,Withdrawal", "", (True, False, True, True, False)),
    ],
)
def test_rights(permission: str, addresses: object, expected: tuple[object, ...]) -> None:
    """The right to withdraw is called Transfer, older than the one to move funds inside."""
    found = read_rights(said({"permission": permission, "ipWhitelist": addresses}))
    assert (found.read, found.trade, found.withdraw, found.transfer, found.ip_restricted) == expected


def test_the_order_book() -> None:
    """Prices and contracts."""
    depth = read_depth(said({"bids": [[60_000.0, 12]], "asks": [["60001.0", 3]]}), "BTC/USDT:USDT")
    assert (depth.bids[0].price, depth.bids[0].contracts, depth.asks[0].price) == (60_000.0, 12.0, 60_001.0)


@pytest.mark.parametrize("bids", [None, [[1]], [[0, 5]], [["x", 5]], [7]])
def test_a_broken_order_book(bids: object) -> None:
    """Refused."""
    with pytest.raises(BadAnswer):
        read_depth(said({"bids": bids, "asks": []}), "BTC/USDT:USDT")


@pytest.mark.parametrize(("word", "unified"), [("UNIFIED", True), ("CLASSIC", False)])
def test_account_modes(word: str, unified: bool) -> None:
    """By the venue's own word."""
    assert read_is_unified(said({"selfAccountMode": word})) is unified


@pytest.mark.parametrize("data", [{}, {"selfAccountMode": "NEWER"}, None])
def test_account_modes_that_are_not_known(data: object) -> None:
    """Refused: nothing is computed for an account of an unknown kind."""
    with pytest.raises(BadAnswer):
        read_is_unified(said(data))


def test_a_unified_account() -> None:
    """Its ratio counts the fees to close, its maintenance margin does not."""
    figures = {
        "riskRatio": "0.0085517383",
        "adjustedEquity": "49.9358942670",
        "availableMargin": "46.0677901004",
        "im": "3.8681041666",
        "mm": "0.3713380000",
    }
    found = read_unified_overview(said(figures))
    assert found.risk_ratio == pytest.approx((0.371338 + 92.83 * 0.0006) / found.adjusted_equity, rel=1e-3)


def test_unified_positions() -> None:
    """Strings, signed sizes; a full page says that there may be another."""
    row = {
        "symbol": "DOGEUSDTM",
        "marginMode": "CROSS",
        "size": "-2",
        "entryPrice": "0.09",
        "positionValue": "18.2",
        "markPrice": "0.091",
        "leverage": "3",
        "unrealizedPnL": "-0.2",
        "initialMargin": "6.06",
        "mmr": "0.007",
        "maintenanceMargin": "0.1274",
    }
    rows, is_full = read_unified_positions(said([row]))
    assert (rows[0].side, rows[0].leverage, rows[0].maintenance, is_full) == ("short", 3.0, 0.1274, False)
    hedge, _ = read_unified_positions(said([row, {**row, "size": "5"}, {**row, "symbol": "XRPUSDTM"}]))
    assert [leg.leg for leg in hedge] == ["SHORT", "LONG", "BOTH"]
    many: list[dict[str, str]] = [{**row, "symbol": f"A{index}USDTM"} for index in range(200)]
    assert read_unified_positions(said(many))[1]


@pytest.mark.parametrize(
    ("unit", "expected"), [("UNIT", "contracts"), ("BASECCY", "base"), ("QUOTECCY", "quote"), ("", "contracts")]
)
def test_units_of_unified_orders(unit: str, expected: str) -> None:
    """Contracts, coins, or money."""
    row = {"orderId": "1", "symbol": "XBTUSDTM", "side": "BUY", "size": "2", "price": "0", "reduceOnly": False}
    answer = said({"totalPage": 1, "items": [{**row, "sizeUnit": unit}]})
    (order,) = read_unified_orders(answer).orders
    assert (order.unit, order.remaining, order.price) == (expected, 2.0, None)


def test_a_unified_order_that_closes_a_leg() -> None:
    """By its side, flag or no flag."""
    row = {"orderId": "1", "symbol": "XBTUSDTM", "side": "BUY", "size": "2", "reduceOnly": False}
    answer = said({"totalPage": 1, "items": [{**row, "positionSide": "SHORT"}]})
    assert read_unified_orders(answer).orders[0].reduce_only


def test_a_unit_that_is_not_known() -> None:
    """Refused."""
    row = {"orderId": "1", "symbol": "XBTUSDTM", "side": "BUY", "size": "2", "reduceOnly": False, "sizeUnit": "BOXES"}
    with pytest.raises(BadAnswer, match="BOXES"):
        read_unified_orders(said({"totalPage": 1, "items": [row]}))
