"""Listings: the venue's exact rules, and a broken one among good ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.venues.binance.listings import read_markets

WHERE = "binanceusdm GET fapi/v1/exchangeInfo"


def test_listings_are_read_exactly(make: Any) -> None:
    """Steps, ticks and limits as the venue writes them."""
    table = read_markets([make.market(), make.market("BTCUSDC")], WHERE)
    listing = table.by_symbol["BTC/USDT:USDT"]
    assert table.by_id["BTCUSDT"] is listing
    rules = listing.instrument
    assert (rules.step, rules.minimum, rules.tick) == (Decimal("0.001"), Decimal("0.001"), Decimal("0.10"))
    assert (rules.min_notional, rules.maximum, rules.contract_size) == (Decimal(100), Decimal(1000), Decimal(1))
    assert (listing.settle, listing.kind, listing.taker, listing.maker) == ("USDT", "linear", 0.0005, 0.0002)


@pytest.mark.parametrize("fields", [{"info": {}}, {"info": None}, {"settle": None}, {"taker": None}, {"symbol": ""}])
def test_one_unreadable_listing_does_not_blind_the_rest(make: Any, fields: dict[str, Any]) -> None:
    """It is left out; who holds it finds it missing."""
    assert set(read_markets([make.market(), make.market("FOOUSDT", **fields)], WHERE).by_id) == {"BTCUSDT"}


@pytest.mark.parametrize("filters", [[], [{"filterType": "LOT_SIZE", "stepSize": "0", "minQty": "1", "maxQty": "2"}]])
def test_a_market_without_rules_lists_nothing(make: Any, filters: list[Any]) -> None:
    """A step of 0 is no step; a table of nothing is no table."""
    with pytest.raises(BadAnswer, match="lists no contract"):
        read_markets([make.market(info={"filters": filters})], WHERE)
