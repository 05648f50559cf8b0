"""Rows of Hyperliquid's answers, in its shapes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.hyperliquid import parse, universe

D = Decimal
Row = dict[str, Any]


def isolated_leg(**fields: Any) -> Row:
    """An isolated long of 0.5 at 2000, marked at 2010, with 60 of its own."""
    return {
        "coin": "ETH",
        "szi": "0.5",
        "entryPx": "2000.0",
        "positionValue": "1005.0",
        "unrealizedPnl": "5.0",
        "returnOnEquity": "-0.3",
        "leverage": {"type": "isolated", "value": 20, "rawUsd": "-940.0"},
        "liquidationPx": None,
        "marginUsed": "65.0",
        "maxLeverage": 25,
        **fields,
    }


def state(*legs: Row, **fields: Any) -> Row:
    """One dex of an account."""
    summary = {"accountValue": "100.0", "totalNtlPos": "0.0", "totalRawUsd": "100.0", "totalMarginUsed": "0.0"}
    return {
        "assetPositions": [{"type": "oneWay", "position": leg} for leg in legs],
        "crossMarginSummary": summary,
        "marginSummary": summary,
        "crossMaintenanceMarginUsed": "0.0",
        "withdrawable": "",
        "time": 1_700_000_000_000,
        **fields,
    }


def listed(*rows: Row, tables: list[Any] | None = None, **meta: Any) -> list[Any]:
    """`metaAndAssetCtxs` of contracts that all stand at 100."""
    contexts = [{"markPx": "100.0"} for _ in rows]
    return [{"universe": list(rows), "marginTables": tables or [], **meta}, contexts]


def coin(name: str = "ABC", **fields: Any) -> Row:
    """One contract."""
    return {"name": name, "szDecimals": 2, "maxLeverage": 20, "marginTableId": 20, **fields}


def test_an_isolated_leg() -> None:
    """Its mark is what the venue valued it at; numbers may be texts or numbers."""
    (leg,) = parse.read_state(state(isolated_leg())).positions
    assert (leg.mark, leg.raw_usd, leg.is_isolated, leg.leverage, leg.upl) == (2010.0, -940.0, True, 20.0, 5.0)


def test_a_leg_of_size_zero_is_none() -> None:
    """The venue may tell of a leg that was closed just now."""
    assert parse.read_state(state(isolated_leg(szi="0.0", positionValue="0.0"))).positions == ()


@pytest.mark.parametrize("name", ["szi", "entryPx", "positionValue", "marginUsed", "leverage"])
@pytest.mark.parametrize("wrong", [None, "", "x", []])
def test_a_leg_with_a_hole(name: str, wrong: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        parse.read_state(state(isolated_leg(**{name: wrong})))


def test_a_coin_twice() -> None:
    """One-way mode has one leg a coin."""
    with pytest.raises(BadAnswer, match="ETH appears twice"):
        parse.read_state(state(isolated_leg(), isolated_leg()))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("default", "standard"), ('"unifiedAccount"', "unified"), ('"portfolioMargin"', "portfolio")],
)
def test_the_account_mode(word: str, expected: str) -> None:
    """A word, with or without its quotes."""
    assert parse.read_abstraction(word) == expected


@pytest.mark.parametrize("word", [None, '"newMode"', {"mode": "default"}])
def test_an_unknown_account_mode_is_no_standard_account(word: object) -> None:
    """A wrong guess would take another margin system for this one."""
    with pytest.raises(BadAnswer, match="no known account mode"):
        parse.read_abstraction(word)


def test_orders_of_spot_pairs_are_left_out() -> None:
    """They hold no margin of perpetuals."""
    flags = {"isTrigger": False, "isPositionTpsl": False, "reduceOnly": False, "orderType": "Limit"}
    order = {"coin": "ETH", "side": "B", "limitPx": "2000.0", "sz": "0.1", "oid": 1, **flags}
    spot = [{**order, "coin": "@107"}, {**order, "coin": "PURR/USDC"}, {**order, "coin": "#20", "limitPx": "0.4"}]
    assert [row.coin for row in parse.read_orders([order, *spot])] == ["ETH"]


def test_sides_of_outcomes_have_no_token() -> None:
    """Who holds some is not blinded by it; any other balance without a token is refused."""
    dollars = {"coin": "USDC", "token": 0, "total": "11.5", "hold": "11.5", "entryNtl": "0.0"}
    outcome = {"coin": "+20", "total": "30.0", "hold": "0.0", "entryNtl": "11.5"}
    assert parse.read_spot({"balances": [dollars, outcome]}).totals == {0: 11.5}
    with pytest.raises(BadAnswer, match="has no token"):
        parse.read_spot({"balances": [dollars, {**outcome, "coin": "NEW"}]})


def test_margin_tables() -> None:
    """Floors become caps of the tier before; rates are half of the initial ones; a number below 50 is a leverage."""
    tiers = [{"lowerBound": "0.0", "maxLeverage": 40}, {"lowerBound": "150.0", "maxLeverage": 20}]
    answer = listed(
        coin("A", marginTableId=56),
        coin("B", marginTableId=20),
        tables=[[56, {"description": "", "marginTiers": tiers}]],
    )
    found = universe.read_universe(answer, "", 0, "USDC")
    assert [(tier.floor, tier.cap, tier.mm_rate) for tier in found.by_coin["A"].tiers] == [
        (0.0, 150.0, 0.0125),
        (150.0, None, 0.025),
    ]
    assert [(tier.floor, tier.cap, tier.mm_rate) for tier in found.by_coin["B"].tiers] == [(0.0, None, 0.025)]


def test_a_contract_that_cannot_be_read_is_left_out_and_numbers_stay() -> None:
    """The number of a contract is its place."""
    answer = listed(coin("A"), {"name": "B"}, coin("C", marginTableId=51), coin("xyz:D"), collateralToken=360)
    found = universe.read_universe(answer, "xyz", 110_000, "USDH")
    assert {name: contract.asset for name, contract in found.by_coin.items()} == {"A": 110_000, "xyz:D": 110_003}
    assert found.by_coin["xyz:D"].listing.symbol == "XYZ-D/USDH:USDH"


def test_dexes_are_numbered_by_their_place() -> None:
    """The venue's own is the first, and written as null."""
    assert universe.read_dexes([None, {"name": "xyz"}, {"name": "flx"}]) == {"": 0, "xyz": 110_000, "flx": 120_000}


@pytest.mark.parametrize(
    ("mark", "size_decimals", "tick"),
    [
        ("43500", 5, "1"),
        ("9000", 5, "0.1"),
        ("9500", 5, "1"),
        ("120000", 5, "1"),
        ("3400", 4, "0.1"),
        ("0.5", 0, "0.00001"),
        ("0.0123", 0, "0.000001"),
        ("0.0123", 2, "0.0001"),
    ],
)
def test_the_tick_near_a_price(mark: str, size_decimals: int, tick: str) -> None:
    """Five digits, `6 - szDecimals` decimals, and coarse enough a tenth above the mark."""
    assert universe.tick_of(D(mark), size_decimals) == D(tick)


@pytest.mark.parametrize(
    ("price", "fits"),
    [("12345.6", False), ("123456", True), ("1234.5", True), ("0.001234", True), ("0.0012345", False)],
)
def test_prices_on_the_grid(price: str, fits: object) -> None:
    """Whole numbers always."""
    assert universe.is_on_grid(D(price), 0) is fits


def test_tokens_with_prices() -> None:
    """Pairs with the money only; the money itself is worth 1."""
    meta = {
        "tokens": [{"name": "USDC", "index": 0}, {"name": "UBTC", "index": 197}, {"name": "ODD", "index": 9}],
        "universe": [{"name": "@142", "tokens": [197, 0]}, {"name": "@9", "tokens": [9, 197]}],
    }
    found = universe.read_tokens([meta, [{"coin": "@142", "markPx": "50000.0"}, {"coin": "@9", "markPx": "2.0"}]])
    assert {token.name: token.price for token in found.values()} == {"USDC": 1.0, "UBTC": 50_000.0, "ODD": None}
