"""Tiers, modes, rights, books, listings and the venue's time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Tier
from guard.venues.bingx import endpoints as at
from guard.venues.bingx.listings import read_markets
from guard.venues.bingx.parse_reference import (
    read_depth,
    read_holds_standard,
    read_is_multi_assets,
    read_leverages,
    read_mark,
    read_position_mode,
    read_rights,
    read_tiers,
)

TIER = {
    "tier": "Tier 1",
    "symbol": "X-USDT",
    "minPositionVal": "0",
    "maxPositionVal": "900",
    "maintMarginRatio": "0.01",
}
NEXT = {**TIER, "tier": "Tier 2", "minPositionVal": "900", "maxPositionVal": "9000", "maintMarginRatio": "0.02"}


def enveloped(data: object) -> dict[str, Any]:
    """A good answer."""
    return {"code": 0, "msg": "", "data": data}


def test_tiers_are_sorted_and_open_above() -> None:
    """A maintenance amount that is empty is derived later."""
    rows = [{**NEXT, "maintAmount": ""}, {**TIER, "maintAmount": "0.000000"}]
    assert read_tiers(enveloped(rows), "X-USDT") == (Tier(0.0, 900.0, 0.01, 0.0), Tier(900.0, None, 0.02, None))


def test_tiers_of_another_symbol_are_refused() -> None:
    """The venue was asked for one."""
    with pytest.raises(BadAnswer, match="another symbol"):
        read_tiers(enveloped([TIER]), "Y-USDT")


@pytest.mark.parametrize("key", ["minPositionVal", "maxPositionVal", "maintMarginRatio"])
def test_a_tier_without_a_figure_is_refused(key: str) -> None:
    """Never 0."""
    with pytest.raises(BadAnswer, match=key):
        read_tiers(enveloped([{**TIER, key: ""}]), "X-USDT")


@pytest.mark.parametrize(("word", "mode"), [("true", "hedge"), ("false", "one_way"), (True, "hedge")])
def test_the_position_mode(word: object, mode: str) -> None:
    """As a word or a truth value."""
    assert read_position_mode(enveloped({"dualSidePosition": word})) == mode


def test_the_asset_mode() -> None:
    """One of two words."""
    assert read_is_multi_assets(enveloped({"assetMode": "singleAssetMode"})) is False
    assert read_is_multi_assets(enveloped({"assetMode": "multiAssetsMode"})) is True
    with pytest.raises(BadAnswer, match="portfolioMode"):
        read_is_multi_assets(enveloped({"assetMode": "portfolioMode"}))


def test_standard_futures() -> None:
    """Held or not."""
    assert read_holds_standard(enveloped([])) is False
    assert read_holds_standard(enveloped([{"symbol": "LTC/USDT", "positionAmt": "1.2"}])) is True


def test_leverages() -> None:
    """Of both sides."""
    assert read_leverages(enveloped({"longLeverage": 5, "shortLeverage": "7"}), at.LEVERAGE) == (5.0, 7.0)


def test_a_mark() -> None:
    """Of a lone answer and of a list of one; empty is none."""
    assert read_mark(enveloped({"symbol": "X", "markPrice": "2.5"}), at.MARK) == 2.5
    assert read_mark(enveloped([{"symbol": "X", "markPrice": "2.5"}]), at.COIN_MARK) == 2.5
    assert read_mark(enveloped({"symbol": "X", "markPrice": ""}), at.MARK) is None


@pytest.mark.parametrize("numbers", [[2, 3], ["2", "3"]])
def test_rights_are_numbers(numbers: list[Any]) -> None:
    """As numbers or as words, bare or in the envelope."""
    bare = {"apiKey": "k", "permissions": numbers, "ipAddresses": []}
    for answer in (bare, enveloped(bare)):
        found = read_rights(answer)
        assert (found.read, found.trade, found.withdraw, found.transfer) == (True, True, False, False)
        assert found.ip_restricted is False


def test_rights_that_matter() -> None:
    """Withdrawal, transfers, addresses."""
    found = read_rights({"permissions": [1, 2, 5, 7], "ipAddresses": ["10.0.0.1"]})
    assert (found.trade, found.withdraw, found.transfer, found.ip_restricted) == (False, True, True, True)


def test_rights_that_are_not_told() -> None:
    """Not known, never False."""
    found = read_rights({"apiKey": "k"})
    assert (found.read, found.trade, found.withdraw, found.ip_restricted) == (True, None, None, None)


def test_the_book_is_in_coins_best_first() -> None:
    """`bids` count a smaller unit; levels that were cut off to 0 say nothing; asks come from the dearest."""
    data = {
        "bids": [["10", "70000"]],
        "asks": [["12", "20000"], ["11", "70861"]],
        "bidsCoin": [["10", "7.0"], ["9", "0.0000"]],
        "asksCoin": [["12", "2.0"], ["11", "7.0861"]],
    }
    depth = read_depth(enveloped(data), "X/USDT:USDT", at.DEPTH, ("bidsCoin", "asksCoin"))
    assert [(level.price, level.contracts) for level in depth.bids] == [(10.0, 7.0)]
    assert [(level.price, level.contracts) for level in depth.asks] == [(11.0, 7.0861), (12.0, 2.0)]


def market(**info: object) -> dict[str, Any]:
    """A linear market as ccxt makes it."""
    known = {
        "quantityPrecision": 4,
        "pricePrecision": 1,
        "tradeMinQuantity": 0.0003,
        "tradeMinUSDT": 2,
        "takerFeeRate": "0.0006",
        "makerFeeRate": "",
    }
    fees = {"taker": 0.0005, "maker": 0.0002}
    return {"id": "X-USDT", "symbol": "X/USDT:USDT", "settle": "USDT", "info": {**known, **info}, **fees}


def coin_market(**info: object) -> dict[str, Any]:
    """A coin-margined one."""
    known = {"pricePrecision": 2, "minTickSize": "10", "minQty": "1.00000000"}
    return {"id": "X-USD", "symbol": "X/USD:X", "settle": "X", "info": {**known, **info}, "taker": 0.0005, "maker": 0.0}


def test_listings() -> None:
    """Grids are exact; the venue's own fees stand before ccxt's."""
    table = read_markets([market()], [coin_market()])
    listed, coin = table.by_id["X-USDT"], table.by_symbol["X/USD:X"]
    rules = listed.instrument
    assert (rules.step, rules.minimum, rules.tick) == (Decimal("0.0001"), Decimal("0.0003"), Decimal("0.1"))
    assert (rules.min_notional, listed.taker, listed.maker) == (Decimal(2), 0.0006, 0.0002)
    assert (coin.kind, coin.contract_size, coin.instrument.step) == ("inverse", 10.0, Decimal(1))


@pytest.mark.parametrize("info", [{"quantityPrecision": None}, {"pricePrecision": 1.5}, {"tradeMinQuantity": "x"}])
def test_a_listing_that_cannot_be_read_is_left_out(info: dict[str, Any]) -> None:
    """It cannot blind every account."""
    broken = {**market(**info), "id": "Y-USDT"}
    assert set(read_markets([market(), broken], [coin_market(minTickSize="0")]).by_id) == {"X-USDT"}
    with pytest.raises(BadAnswer, match="lists no contract"):
        read_markets([broken], [])


def test_the_venues_time() -> None:
    """In its envelope."""
    assert at.DIALECT.time_ms(enveloped({"serverTime": 1675319535362})) == 1675319535362
    with pytest.raises(BadAnswer, match="serverTime"):
        at.DIALECT.time_ms(enveloped({}))
