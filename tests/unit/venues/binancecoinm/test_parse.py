"""COIN-M's words: what real answers leave out, spell in two ways, or say with something else in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.book import Tier
from guard.venues.binance.listings import read_markets
from guard.venues.binance.names import coin_of, inverse_symbol, linear_settle_of, linear_symbol
from guard.venues.binance.parse_reference import read_brackets, read_mark
from guard.venues.binancecoinm.branch import COINM
from guard.venues.binancecoinm.parse import read_account, read_positions


def position(**fields: object) -> dict[str, Any]:
    """A row of the positions' answer: 40 contracts long."""
    return {
        "symbol": "BTCUSD_PERP",
        "positionAmt": "40",
        "entryPrice": "41000.5",
        "markPrice": "43500.00000000",
        "unRealizedProfit": "0.00560672",
        "liquidationPrice": "0",
        "leverage": "20",
        "maxQty": "50",
        "marginType": "cross",
        "isolatedMargin": "0.00000000",
        "isAutoAddMargin": "false",
        "positionSide": "BOTH",
        "notionalValue": "0.09195402",
        "updateTime": 1700000000000,
        **fields,
    }


def test_a_cross_leg_in_contracts() -> None:
    """Its coin comes from its name; its leverage stands beside it."""
    (row,) = read_positions([position()])
    assert (row.amount, row.entry_price, row.mark_price, row.notional) == (40.0, 41_000.5, 43_500.0, 0.09195402)
    assert (row.margin_asset, row.leverage, row.is_isolated, row.side) == ("BTC", 20.0, False, "long")


def test_a_row_without_a_position_keeps_its_mark_and_leverage() -> None:
    """The venue lists every contract; an empty one may lack all the rest."""
    (row,) = read_positions([position(positionAmt="0", entryPrice="0.0", marginType="")])
    assert (row.amount, row.mark_price, row.leverage, row.is_isolated) == (0.0, 43_500.0, 20.0, False)


@pytest.mark.parametrize(
    ("fields", "wallet"),
    [
        ({"isolatedWallet": "0.00268058", "isolatedMargin": "0.1"}, 0.00268058),
        ({"isolatedMargin": "0.01060672"}, 0.005),
        ({"isolatedWallet": "", "isolatedMargin": "0.01060672"}, 0.005),
    ],
)
def test_an_isolated_leg_has_its_own_coins(fields: dict[str, str], wallet: float) -> None:
    """Without its PnL, which the venue counts into the margin that it tells."""
    (row,) = read_positions([position(marginType="isolated", **fields)])
    assert row.is_isolated
    assert row.isolated_wallet == pytest.approx(wallet, abs=1e-12)


@pytest.mark.parametrize(
    "fields",
    [
        {"marginType": "portfolio"},
        {"marginType": None},
        {"marginType": "isolated", "isolatedMargin": ""},
        {"positionAmt": ""},
        {"entryPrice": "0.0"},
        {"positionSide": "SHORT"},
    ],
)
def test_what_cannot_be_understood_is_refused(fields: dict[str, object]) -> None:
    """Nothing is guessed of a leg that is held."""
    with pytest.raises(BadAnswer, match="binancecoinm GET dapi/v1/positionRisk"):
        read_positions([position(**fields)])


def test_the_account_has_coins_and_no_totals() -> None:
    """Empty coins are left out."""
    asset = {"asset": "BTC", "crossWalletBalance": "0.5", "crossUnPnl": "-0.01", "maintMargin": "0.002"}
    empty = {"asset": "XRP", "crossWalletBalance": "0", "crossUnPnl": "0", "maintMargin": "0"}
    account = read_account({"assets": [asset, empty], "positions": [position()]})
    assert [(row.asset, row.cross_wallet, row.maintenance_margin) for row in account.assets] == [("BTC", 0.5, 0.002)]
    assert account.legs["BTCUSD_PERP", "BOTH"].amount == 40.0
    assert account.total_margin_balance is None


@pytest.mark.parametrize("floor", ["qtyFloor", "qtylFloor"])
def test_brackets_in_coin_under_either_spelling(floor: str) -> None:
    """The venue's documents have both."""
    rows = [
        {"bracket": 1, "initialLeverage": 125, "qtyCap": 5, floor: 0, "maintMarginRatio": 0.004, "cum": 0.0},
        {"bracket": 2, "initialLeverage": 100, "qtyCap": 10, floor: 5, "maintMarginRatio": 0.005, "cum": 0.005},
    ]
    table = read_brackets(
        [{"symbol": "BTCUSD_PERP", "brackets": rows}], "brackets", COINM.bracket_floors, COINM.bracket_cap
    )
    assert table == {"BTCUSD_PERP": (Tier(0.0, 5.0, 0.004, 0.0, 125.0), Tier(5.0, None, 0.005, 0.005, 100.0))}


def test_a_bracket_without_a_floor_is_refused() -> None:
    """Under neither spelling."""
    rows = [{"bracket": 1, "qtyCap": 5, "maintMarginRatio": 0.004}]
    with pytest.raises(BadAnswer, match="has no qtyFloor"):
        read_brackets([{"symbol": "X", "brackets": rows}], "brackets", COINM.bracket_floors, COINM.bracket_cap)


def test_one_mark_comes_as_a_list() -> None:
    """Of one row."""
    assert read_mark([{"symbol": "BTCUSD_PERP", "markPrice": "43500"}], "marks") == 43_500.0
    with pytest.raises(BadAnswer):
        read_mark([], "marks")


@pytest.mark.parametrize(("size", "listed"), [(100, 100.0), ("10", 10.0), (0, None), (None, None)])
def test_contract_sizes_are_read_or_the_contract_is_not_listed(size: object, listed: float | None) -> None:
    """A contract of unknown size would be worth anything."""
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"},
    ]
    info = {"filters": filters, "contractSize": size}
    good = {"id": "ETHUSD_PERP", "symbol": "ETH/USD:ETH", "settle": "ETH", "inverse": True, "taker": 0.0005, "maker": 0}
    market = {**good, "id": "BTCUSD_PERP", "symbol": "BTC/USD:BTC", "settle": "BTC", "info": info}
    table = read_markets([{**good, "info": {**info, "contractSize": 10}}, market], "markets")
    found = table.by_id.get("BTCUSD_PERP")
    assert (found.contract_size if found else None) == listed
    if found:
        assert found.instrument.contract_size == Decimal(str(size))


def test_names_say_what_a_listing_would() -> None:
    """For contracts that are not listed any more."""
    assert (coin_of("BTCUSD_PERP"), coin_of("DOGEUSD_261225")) == ("BTC", "DOGE")
    assert inverse_symbol("BTCUSD_PERP", "BTC") == "BTC/USD:BTC"
    assert inverse_symbol("BTCUSD_261225", "BTC") == "BTC/USD:BTC-261225"
    assert (linear_settle_of("BTCUSDT_261225"), linear_settle_of("ETHUSDC")) == ("USDT", "USDC")
    assert linear_symbol("BTCUSDT_261225", "USDT") == "BTC/USDT:USDT-261225"
