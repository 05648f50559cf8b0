"""Modes, rights, tiers, discounts, fees, marks and books of OKX."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.venue import KeyRights
from guard.risk.book import HaircutTier
from guard.venues.okx.listings import read_markets
from guard.venues.okx.parse_reference import (
    Modes,
    read_depth,
    read_discounts,
    read_marks,
    read_modes,
    read_rights,
    read_taker_fee,
    read_tiers,
)


def wrapped(*rows: Any) -> dict[str, Any]:
    """The envelope."""
    return {"code": "0", "msg": "", "data": list(rows)}


@pytest.mark.parametrize(
    ("level", "side", "expected"),
    [
        ("2", "net_mode", Modes("single", "one_way")),
        ("3", "long_short_mode", Modes("multi", "hedge")),
        ("4", "net_mode", Modes("portfolio", "one_way")),
    ],
)
def test_modes(level: str, side: str, expected: Modes) -> None:
    """By the venue's numbers."""
    assert read_modes(wrapped({"acctLv": level, "posMode": side})) == expected


def test_spot_mode_is_told_with_what_to_do() -> None:
    """No contracts can be there."""
    with pytest.raises(VenueError, match="spot mode") as caught:
        read_modes(wrapped({"acctLv": "1", "posMode": "net_mode"}))
    assert "switch the account" in caught.value.fix


@pytest.mark.parametrize(("level", "side"), [("5", "net_mode"), ("", "net_mode"), ("2", ""), ("2", "both")])
def test_other_modes_are_refused(level: str, side: str) -> None:
    """None of the known ones is assumed."""
    with pytest.raises(BadAnswer):
        read_modes(wrapped({"acctLv": level, "posMode": side}))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"perm": "read_only", "ip": ""}, (False, False, False)),
        ({"perm": "read_only,withdraw,trade", "ip": "1.2.3.4"}, (True, True, True)),
        ({"perm": "read_only, trade", "ip": None}, (True, False, None)),
        ({}, (None, None, None)),
    ],
)
def test_rights(row: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """What is not told is not known; an empty list of addresses means: from everywhere."""
    trade, withdraw, bound = expected
    assert read_rights(wrapped(row)) == KeyRights(True, trade, withdraw, None, bound)


def tier(number: int, start: str, end: str, rate: str, family: str = "BTC-USDT") -> dict[str, Any]:
    """A row."""
    return {"tier": str(number), "minSz": start, "maxSz": end, "mmr": rate, "maxLever": "50", "instFamily": family}


def test_tiers_in_whole_and_in_parts_of_contracts() -> None:
    """Each begins where the last one ended, in either way of writing; the last one is open."""
    whole = [tier(2, "501", "1000", "0.005"), tier(1, "0", "500", "0.004"), tier(3, "1001", "2000", "0.01")]
    parts = [tier(1, "0", "500", "0.004", "X"), tier(2, "500", "1000", "0.005", "X"), tier(3, "1000", "", "0.01", "X")]
    tables = read_tiers(wrapped(*whole, *parts))
    assert tables["BTC-USDT"] == tables["X"]
    assert [(each.floor, each.cap, each.mm_rate) for each in tables["X"]] == [
        (0.0, 500.0, 0.004),
        (500.0, 1000.0, 0.005),
        (1000.0, None, 0.01),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [tier(1, "0", "500", "0.004"), tier(2, "400", "1000", "0.005")],
        [tier(1, "0", "", "0.004"), tier(2, "500", "1000", "0.005")],
        [tier(1, "0", "500", "")],
    ],
)
def test_tiers_that_do_not_fit_are_refused(rows: list[dict[str, Any]]) -> None:
    """Overlaps, rows behind an open end, no rate."""
    with pytest.raises(BadAnswer):
        read_tiers(wrapped(*rows))


def test_discounts_become_haircuts() -> None:
    """And behind a closed last tier the least rate holds."""
    btc = {
        "ccy": "BTC",
        "minDiscountRate": "0.5",
        "details": [
            {"minAmt": "20", "maxAmt": "25", "discountRate": "0.9775"},
            {"minAmt": "0", "maxAmt": "20", "discountRate": "0.98"},
        ],
    }
    usdt = {"ccy": "USDT", "details": [{"minAmt": "0", "maxAmt": "", "discountRate": "1"}]}
    found = read_discounts(wrapped(btc, usdt))
    assert found["USDT"] == (HaircutTier(0.0, None, 0.0),)
    assert found["BTC"] == (HaircutTier(0.0, 20.0, 0.02), HaircutTier(20.0, 25.0, 0.0225), HaircutTier(25.0, None, 0.5))


@pytest.mark.parametrize(
    "details",
    [
        [{"minAmt": "1", "maxAmt": "", "discountRate": "1"}],
        [{"minAmt": "0", "maxAmt": "", "discountRate": "1.2"}],
        None,
    ],
)
def test_broken_discounts_are_refused(details: Any) -> None:
    """A gap, a rate above 1, none at all."""
    with pytest.raises(BadAnswer):
        read_discounts(wrapped({"ccy": "BTC", "details": details}))


def test_one_broken_currency_does_not_take_the_others_along() -> None:
    """Whoever holds it finds its discount missing; everybody else is not blind for it."""
    usdt = {"ccy": "USDT", "details": [{"minAmt": "0", "maxAmt": "", "discountRate": "1"}]}
    odd = {"ccy": "ODD", "details": [{"minAmt": "1", "maxAmt": "", "discountRate": "1"}]}
    rises = {"minAmt": "0", "maxAmt": "5", "discountRate": "0.5"}, {"minAmt": "5", "maxAmt": "", "discountRate": "0.9"}
    assert set(read_discounts(wrapped(usdt, odd, {"ccy": "UP", "details": [*rises]}, {"details": []}))) == {"USDT"}


def test_the_taker_fee_by_groups() -> None:
    """The venue is about to tell fees by groups of contracts only: the highest of them, unless one is told for all."""
    groups = [{"groupId": "1", "taker": "-0.0005"}, {"groupId": "2", "taker": "-0.0007"}, {"groupId": "3", "taker": ""}]
    assert read_taker_fee(wrapped({"taker": "", "takerU": "", "feeGroup": groups})) == 0.0007
    assert read_taker_fee(wrapped({"feeGroup": groups})) == 0.0007
    assert read_taker_fee(wrapped({"taker": "-0.0004", "feeGroup": groups})) == 0.0004
    with pytest.raises(BadAnswer, match="no taker fee"):
        read_taker_fee(wrapped({"taker": "", "feeGroup": []}))


def test_the_taker_fee_is_the_highest_of_contracts() -> None:
    """The venue writes charges below 0, and rebates above."""
    assert read_taker_fee(wrapped({"taker": "-0.0005", "takerU": "-0.0003", "takerUSDC": ""})) == 0.0005
    assert read_taker_fee(wrapped({"taker": "0.0001"})) == 0.0
    with pytest.raises(BadAnswer, match="no taker fee"):
        read_taker_fee(wrapped({"taker": ""}))


def test_marks_and_depth() -> None:
    """A contract without a mark is left out; a level is price and contracts, and more that is not read."""
    assert read_marks(wrapped({"instId": "A", "markPx": "2.5"}, {"instId": "B", "markPx": ""})) == {"A": 2.5}
    book = {"bids": [["10", "3", "0", "1"]], "asks": [["11", "4", "0", "2"]]}
    depth = read_depth(wrapped(book), "X")
    assert [(level.price, level.contracts) for level in (*depth.bids, *depth.asks)] == [(10.0, 3.0), (11.0, 4.0)]
    many: list[dict[str, Any]] = [{"bids": []}, {**book, "asks": [["0", "1"]]}, {**book, "asks": [["1"]]}]
    for broken in many:
        with pytest.raises(BadAnswer):
            read_depth(wrapped(broken), "X")


def market(**info: Any) -> dict[str, Any]:
    """A market structure of ccxt."""
    row = {
        "ctType": "linear",
        "ctVal": "0.01",
        "ctMult": "1",
        "ctValCcy": "BTC",
        "instFamily": "BTC-USDT",
        "lotSz": "0.01",
        "minSz": "0.01",
        "tickSz": "0.1",
        "maxLmtSz": "",
    }
    fields = {"id": "BTC-USDT-SWAP", "symbol": "BTC/USDT:USDT", "settle": "USDT", "taker": 0.0005, "maker": 0.0002}
    return {**fields, "info": {**row, **info}}


def test_listings() -> None:
    """Sizes in base units (linear) and quote units (inverse); what cannot be read is left out."""
    inverse = {
        **market(ctType="inverse", ctVal="100", ctValCcy="USD", instFamily="BTC-USD"),
        "id": "BTC-USD-SWAP",
        "symbol": "BTC/USD:BTC",
        "settle": "BTC",
    }
    bad = [market(**{name: "x"}) for name in ("ctType", "ctVal", "ctValCcy", "instFamily", "lotSz")]
    table = read_markets([market(), inverse, {"id": "NEW-SWAP", "info": {}}, *bad])
    assert {name: (row.kind, row.contract_size) for name, row in table.by_id.items()} == {
        "BTC-USDT-SWAP": ("linear", 0.01),
        "BTC-USD-SWAP": ("inverse", 100.0),
    }
    with pytest.raises(BadAnswer, match="no contract"):
        read_markets(bad)
