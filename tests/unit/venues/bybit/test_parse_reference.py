"""Modes, tiers, ratios, loans, fees, prices, rights and order books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, VenueError
from guard.ports.venue import KeyRights
from guard.risk.book import HaircutTier, Tier
from guard.venues.bybit import parse_reference as reads
from guard.venues.bybit.listings import linear_settles, read_markets
from guard.venues.bybit.parse import read_positions
from tests.unit.venues.bybit import answers as made

Row = dict[str, Any]


@pytest.mark.parametrize(
    ("word", "status", "margin", "apart"),
    [
        ("REGULAR_MARGIN", 5, "cross", False),
        ("ISOLATED_MARGIN", 6, "isolated", False),
        ("PORTFOLIO_MARGIN", 6, "portfolio", False),
        ("REGULAR_MARGIN", 4, "cross", True),
        ("REGULAR_MARGIN", 3, "cross", True),
    ],
)
def test_account_modes(word: str, status: int, margin: str, apart: bool) -> None:
    """The margin mode is the whole account's."""
    modes = reads.read_account_info(made.envelope({"marginMode": word, "unifiedMarginStatus": status}))
    assert (modes.margin, modes.has_inverse_apart) == (margin, apart)
    assert modes.account_mode == f"unified account, {margin} margin"


def test_accounts_that_are_not_watched() -> None:
    """A classic account, and a margin mode that nobody knows yet."""
    with pytest.raises(VenueError, match="classic account") as caught:
        reads.read_account_info(made.envelope({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 1}))
    assert "upgrade" in caught.value.fix
    with pytest.raises(BadAnswer, match="NEW_MARGIN"):
        reads.read_account_info(made.envelope({"marginMode": "NEW_MARGIN", "unifiedMarginStatus": 6}))


def test_position_modes_by_symbol() -> None:
    """Hedge mode as soon as one symbol is in it."""
    rows = read_positions([made.position(), made.position("ETHUSDT", positionIdx=1)], "linear")
    modes = reads.modes_of(rows)
    assert modes == {"BTCUSDT": "one_way", "ETHUSDT": "hedge"}
    assert reads.Modes("cross", symbols=modes).position_mode == "hedge"
    assert reads.Modes("cross").position_mode == "one_way"


def limit(cap: str, mm: str, im: str, leverage: str, deduction: str = "") -> Row:
    """One row of the risk limits."""
    return {
        "id": 1,
        "symbol": "BTCUSDT",
        "riskLimitValue": cap,
        "maintenanceMargin": mm,
        "initialMargin": im,
        "maxLeverage": leverage,
        "mmDeduction": deduction,
    }


@pytest.mark.parametrize("percent", [False, True], ids=["fractions", "percent"])
def test_tiers(percent: bool) -> None:
    """Whatever the unit and the order of rows; the last one has no end."""
    rows = [
        limit("2600000", "1" if percent else "0.01", "2" if percent else "0.02", "50.00", "10000"),
        limit("2000000", "0.5" if percent else "0.005", "1" if percent else "0.01", "100.00"),
        {**limit("10", "0.1", "1", "1"), "symbol": "OTHER"},
    ]
    tiers = reads.read_tiers(made.listing(rows), "BTCUSDT")
    assert tiers == (
        Tier(0.0, 2_000_000.0, 0.005, None, 100.0),
        Tier(2_000_000.0, None, 0.01, 10_000.0, 50.0),
    )


def test_tiers_that_are_not_there() -> None:
    """None, which the book names; what is there must be readable."""
    assert reads.read_tiers(made.listing([]), "BTCUSDT") == ()
    with pytest.raises(BadAnswer, match="BTCUSDT has no maintenanceMargin"):
        reads.read_tiers(made.listing([limit("1", "", "0.01", "100")]), "BTCUSDT")


def ratio(coin: str, *rows: tuple[str, str, str]) -> Row:
    """Collateral ratios of a coin."""
    names = ("minQty", "maxQty", "collateralRatio")
    return {"currency": coin, "collateralRatioList": [dict(zip(names, row, strict=True)) for row in rows]}


def test_collateral_ratios() -> None:
    """What does not count, by amount; ratios that rise or leave a gap tell nothing."""
    found = reads.read_collateral_ratios(
        made.listing(
            [
                ratio("USDT", ("0", "", "1")),
                ratio("BTC", ("10", "", "0"), ("0", "10", "0.85")),
                ratio("GAP", ("0", "1", "0.9"), ("2", "", "0.5")),
                ratio("RISES", ("0", "1", "0.5"), ("1", "", "0.9")),
                ratio("NONE"),
            ]
        )
    )
    assert found["USDT"] == (HaircutTier(0.0, None, 0.0),)
    assert [(tier.floor, tier.cap) for tier in found["BTC"]] == [(0.0, 10.0), (10.0, None)]
    assert [tier.haircut for tier in found["BTC"]] == pytest.approx([0.15, 1.0])
    assert set(found) == {"USDT", "BTC"}
    with pytest.raises(BadAnswer, match="collateralRatio was 85"):
        reads.read_collateral_ratios(made.listing([ratio("BTC", ("0", "", "85"))]))


def test_loans() -> None:
    """The tier that holds the debt; the last one beyond all."""
    tiers = [{"tier": "2", "borrowLimit": "200", "positionMMR": "0.06"}, {"borrowLimit": "100", "positionMMR": "0.04"}]
    table = reads.read_loan_tiers(made.listing([{"currency": "BTC", "positionTiersRatioList": tiers}]))["BTC"]
    assert [reads.loan_rate(table, amount) for amount in (100.0, 100.1, 900.0)] == [0.04, 0.06, 0.06]
    assert reads.loan_rate((), 1.0) is None


def test_fees_and_prices() -> None:
    """The account's own rates; a price of 0 is none."""
    rates = reads.read_fees(made.listing([{"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "-0.0001"}]))
    assert rates == {"BTCUSDT": (0.00055, -0.0001)}
    prices = [
        reads.read_ticker_price(made.listing(rows), "markPrice")
        for rows in ([{"markPrice": "7"}], [{"markPrice": "0"}], [])
    ]
    assert prices == [7.0, None, None]
    rows = [{"symbol": "A", "markPrice": "7"}, {"symbol": "B", "markPrice": "0"}, {"symbol": "C", "markPrice": ""}]
    assert reads.read_marks(made.listing(rows)) == {"A": 7.0}


def rights(**fields: Any) -> KeyRights:
    """Rights of a key that may do everything but what is said otherwise."""
    permissions = {
        "ContractTrade": ["Order", "Position"],
        "Wallet": ["AccountTransfer", "Withdraw"],
        "Derivatives": ["DerivativesTrade"],
        **fields.pop("permissions", {}),
    }
    return reads.read_rights(made.envelope({"readOnly": 0, "ips": ["10.0.0.1"], "permissions": permissions, **fields}))


def test_rights() -> None:
    """A read-only key may nothing, whatever it lists."""
    assert rights() == KeyRights(read=True, trade=True, withdraw=True, transfer=True, ip_restricted=True)
    assert rights(readOnly=1) == KeyRights(read=True, trade=False, withdraw=False, transfer=False, ip_restricted=True)
    assert rights(permissions={"Wallet": []}).withdraw is False
    assert rights(permissions={"Wallet": ["SubMemberTransfer"]}).transfer is True
    assert rights(permissions={"ContractTrade": ["Position"], "Derivatives": None}).trade is False
    assert [rights(ips=ips).ip_restricted for ips in (["*"], [], None)] == [False, False, False]


@pytest.mark.parametrize("fields", [{"readOnly": None}, {"permissions": {"Wallet": "Withdraw"}}, {"ips": "x"}])
def test_rights_that_cannot_be_understood(fields: dict[str, Any]) -> None:
    """A withdrawal key must not slip in by a strange answer."""
    with pytest.raises(BadAnswer, match="query-api"):
        rights(**fields)


def test_the_order_book() -> None:
    """Pairs of positive numbers, and nothing else."""
    depth = reads.read_depth(made.envelope({"b": [["99", "1"]], "a": [["101", "2"]]}), "X")
    assert [(level.price, level.contracts) for level in (*depth.bids, *depth.asks)] == [(99.0, 1.0), (101.0, 2.0)]
    for levels in ([["99"]], [["0", "1"]], [["99", "-1"]], None, [7]):
        with pytest.raises(BadAnswer, match="orderbook"):
            reads.read_depth(made.envelope({"b": levels, "a": []}), "X")


def market(**fields: Any) -> Row:
    """A market structure of ccxt's, of an inverse contract."""
    info = {
        "lotSizeFilter": {"maxOrderQty": "25000000", "minOrderQty": "1", "qtyStep": "1"},
        "priceFilter": {"tickSize": "0.10"},
    }
    return {
        "id": "BTCUSD",
        "symbol": "BTC/USD:BTC",
        "settle": "BTC",
        "inverse": True,
        "contractSize": 5,
        "taker": 0.0006,
        "maker": 0.0001,
        "info": info,
        **fields,
    }


def test_listings() -> None:
    """Exact grids; one inverse contract is one dollar, whatever the smallest order; unreadable ones are left out."""
    table = read_markets([market(), market(id="ODD", symbol="ODD/USD:ODD", info={})])
    (listing,) = table.by_id.values()
    assert (listing.kind, listing.contract_size, str(listing.instrument.tick)) == ("inverse", 1.0, "0.10")
    assert (listing.instrument.min_notional, listing.instrument.maximum) == (Decimal(0), Decimal(25_000_000))
    with pytest.raises(BadAnswer, match="lists no contract"):
        read_markets([market(info=None)])


def test_settlement_coins() -> None:
    """Those that are listed, and the two that always are."""
    extra = made.contract("BTCEUR", "BTC/EUR:EUR", "EUR")
    table = type(made.MARKETS).of([*made.MARKETS.by_id.values(), extra])
    assert linear_settles(made.MARKETS) == ("USDC", "USDT")
    assert linear_settles(table) == ("EUR", "USDC", "USDT")
