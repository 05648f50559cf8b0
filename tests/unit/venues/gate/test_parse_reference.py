"""Listings, tiers, marks, books and rights as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import KeyRights
from guard.risk.book import HaircutTier
from guard.risk.tiers import TierTables
from guard.venues.gate.listings import read_markets
from guard.venues.gate.parse_reference import (
    read_depth,
    read_discounts,
    read_index_prices,
    read_marks,
    read_restriction,
    read_rights,
    read_spot_price,
    read_tiers,
)

KEY = "c5dcfbf1f3a7aaaabbbbccccddddeeee"


def market(market_id: str = "BTC_USDT", settle: str = "USDT", **info: object) -> dict[str, Any]:
    """A market structure of ccxt with the venue's own row inside."""
    base, quote = market_id.split("_")
    row: dict[str, object] = {"name": market_id, "type": "direct", "quanto_multiplier": "0.0001"}
    row |= {"order_size_min": 1, "order_size_max": 1_000_000, "order_price_round": "0.1", "taker_fee_rate": "0.00075"}
    symbol = f"{base}/{quote}:{settle}"
    return {"id": market_id, "symbol": symbol, "settle": settle, "taker": 0.0005, "maker": 0.0002, "info": row | info}


def test_listings() -> None:
    """Sizes are coins, or one dollar; parts of a contract where the venue trades them."""
    table = read_markets(
        [
            market(),
            market("LINK_USDT", quanto_multiplier="1", enable_decimal=True, order_size_min="0.1"),
            market("BTC_USD", "BTC", type="inverse", quanto_multiplier="0"),
        ]
    )
    btc, link, coin = table.by_id.values()
    assert (btc.symbol, btc.kind, btc.contract_size, btc.taker) == ("BTC/USDT:USDT", "linear", 0.0001, 0.00075)
    assert [str(each.instrument.step) for each in (btc, link, coin)] == ["1", "0.1", "1"]
    assert (coin.symbol, coin.kind, coin.contract_size) == ("BTC/USD:BTC", "inverse", 1.0)


@pytest.mark.parametrize(
    "spoiled",
    [
        market("ETH_USD", "BTC", type="direct"),
        market(type="quanto"),
        market(quanto_multiplier="0"),
        market(quanto_multiplier=""),
        market(order_price_round="0"),
        market(taker_fee_rate=None),
    ],
)
def test_listings_that_are_left_out(spoiled: dict[str, Any]) -> None:
    """What settles in a third currency is no part of any rule; one listing never blinds the rest."""
    assert set(read_markets([spoiled, market("ETH_USDT")]).by_id) == {"ETH_USDT"}
    with pytest.raises(BadAnswer, match="lists no contract"):
        read_markets([spoiled])


def tier(number: int, cap: str, rate: str, **fields: object) -> dict[str, Any]:
    """One row."""
    return {"contract": "BTC_USDT", "tier": number, "risk_limit": cap, "maintenance_rate": rate, **fields}


def test_tiers() -> None:
    """In any order; the last one has no end; a deduction that is not told is None."""
    found = read_tiers(
        [tier(2, "20", "0.01", deduction="0.06"), tier(1, "10", "0.004", leverage_max="125")], "BTC_USDT"
    )
    assert [(each.floor, each.cap, each.mm_rate, each.mm_deduction) for each in found] == [
        (0.0, 10.0, 0.004, None),
        (10.0, None, 0.01, 0.06),
    ]
    assert found[0].max_leverage == 125.0
    assert read_tiers([], "BTC_USDT") == ()


def test_deductions_that_are_all_0_are_none() -> None:
    """A contract whose table was not filled in is computed with slices all the same, and refuses no book."""
    rows = [tier(1, "10", "0.004", deduction="0"), tier(2, "20", "0.01", deduction="0")]
    found = read_tiers(rows, "BTC_USDT")
    assert [each.mm_deduction for each in found] == [None, None]
    table = TierTables({"BTC/USDT:USDT": found}).table("BTC/USDT:USDT")
    assert table.maintenance(20.0) == pytest.approx(10 * 0.004 + 10 * 0.01)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([tier(1, "10", "0.004"), tier(2, "10", "0.01")], "tier 2 ends at 10"),
        ([tier(1, "0", "0.004")], "risk_limit"),
        ([tier(1, "10", "")], "maintenance_rate"),
        ([tier(1, "10", "0.004", contract="ETH_USDT")], "tiers of ETH_USDT"),
    ],
)
def test_tiers_that_are_refused(rows: list[dict[str, Any]], said: str) -> None:
    """Named."""
    with pytest.raises(BadAnswer, match=said):
        read_tiers(rows, "BTC_USDT")


def test_marks_and_books() -> None:
    """Contracts without a mark are left out; levels are positive."""
    rows = [{"contract": "BTC_USDT", "mark_price": "41000"}, {"contract": "X_USDT", "mark_price": ""}]
    assert read_marks(rows) == {"BTC_USDT": 41_000.0}
    book = {"bids": [{"p": "40999", "s": 3}], "asks": [{"p": "41001", "s": "0.5"}]}
    depth = read_depth(book, "BTC/USDT:USDT")
    assert (depth.bids[0].contracts, depth.asks[0].contracts) == (3.0, 0.5)
    with pytest.raises(BadAnswer):
        read_depth({**book, "bids": [{"p": "40999", "s": 0}]}, "BTC/USDT:USDT")


def counted(*tiers: tuple[str, object, str]) -> dict[str, Any]:
    """A row of discount tiers: what counts."""
    rows = [{"lower_limit": start, "upper_limit": end, "discount": rate} for start, end, rate in tiers]
    return {"currency": "BTC", "discount_tiers": rows}


def test_discounts() -> None:
    """What is not counted; behind the last limit nothing counts."""
    assert read_discounts([counted(("20", "+", "0.95"), ("0", "20", "0.98"))])["BTC"] == (
        HaircutTier(0.0, 20.0, 0.02),
        HaircutTier(20.0, None, 0.05),
    )
    assert read_discounts([counted(("0", "20", "0.98"))])["BTC"][1] == HaircutTier(20.0, None, 1.0)
    row = counted(("0", "+", "1"))
    assert read_discounts([[row]]) == read_discounts([row])
    for spoiled in (counted(("1", "+", "1")), counted(("0", "+", "2")), counted(("0", "0", "1"))):
        with pytest.raises(BadAnswer, match="BTC"):
            read_discounts([spoiled])


def test_prices() -> None:
    """Indexes of contracts in USDT, last prices of pairs; 0 is none."""
    rows = [{"contract": "BTC_USDT", "index_price": "41000"}, {"contract": "X_USDT", "index_price": "0"}]
    assert read_index_prices([*rows, {"contract": "BTC_USD", "index_price": "1"}]) == {"BTC": 41_000.0}
    assert read_spot_price([{"last": "2.5"}]) == 2.5
    assert read_spot_price([{"last": "0"}]) is None
    assert read_spot_price([]) is None


def shown(key: str = "c5dcfbf1f3a7*****", *perms: tuple[str, bool], **fields: object) -> dict[str, Any]:
    """A key in the list: its rights with whether they are for reading only."""
    listed = [{"name": name, "read_only": read_only} for name, read_only in perms]
    return {"key": key, "perms": listed, "ip_whitelist": [], **fields}


def test_rights() -> None:
    """Of the key that is ours; a right that stands nowhere is not told."""
    other = shown("0000*****", ("withdraw", False))
    mine = shown("c5dcfbf1f3a7*****", ("futures", False), ("wallet", True), ip_whitelist=["203.0.113.1"])
    assert read_rights([other, mine], KEY) == KeyRights(True, True, None, False, True)
    told = shown("c5dcfbf1f3a7*****", ("futures", True), ("withdraw", False))
    assert read_rights([told], KEY) == KeyRights(True, False, True, None, False)
    assert read_rights({**shown("", ("futures", False)), "key": {"mode": 1}}, KEY).trade is True


@pytest.mark.parametrize("listed", [[], [shown("0000****")], [shown(), shown("c5dc***")]])
def test_keys_among_which_ours_is_not_certain(listed: list[dict[str, Any]]) -> None:
    """A key of a sub-account, or two that look alike: nothing is told."""
    assert read_rights(listed, KEY) == KeyRights(read=True)


def test_restriction() -> None:
    """An empty list is open to all addresses; none at all is not told."""
    assert read_restriction({"ip_whitelist": []}) is False
    assert read_restriction({"ip_whitelist": ["203.0.113.1"]}) is True
    assert read_restriction({}) is None
