"""Unified accounts: the venue's pool, legs and orders as shown, and what is named when it does not fit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import FetchedBook, Instrument
from guard.risk.assess import assess
from guard.venues.bitget.unified import (
    UnifiedAnswers,
    assemble_unified,
    read_assets,
    read_orders,
    read_plans,
    read_positions,
)
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 1, 5, tzinfo=UTC)
USDT, COIN = "USDT-FUTURES", "COIN-FUTURES"


def listing(market_id: str, symbol: str) -> Listing:
    """A listed contract."""
    grid = Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1))
    return Listing(market_id, symbol, symbol.partition(":")[2], "linear", 1.0, grid, 0.0006, 0.0002)


MARKETS = MarketTable.of([listing("BTCUSDT", "BTC/USDT:USDT"), listing("BTCUSD", "BTC/USD:BTC")])


def assets(**fields: Any) -> dict[str, Any]:
    """The pool."""
    coins = [
        {"coin": "USDT", "equity": "6000", "usdValue": "6003", "balance": "6000", "debt": "0"},
        {"coin": "BGB", "equity": "-1.5", "usdValue": "-6", "balance": "0", "debt": "1.5"},
    ]
    told = {"accountEquity": "6500", "effEquity": "6400", "mmr": "160", "imr": "700", "mgnRatio": "0.03"}
    return {**told, "assets": coins, **fields}


def leg(**fields: Any) -> dict[str, Any]:
    """A leg."""
    row = {
        "symbol": "BTCUSDT",
        "marginCoin": "USDT",
        "holdMode": "hedge_mode",
        "posSide": "long",
        "marginMode": "crossed",
        "positionBalance": "500",
        "total": "0.5",
        "leverage": "20",
        "avgPrice": "40000",
        "unrealisedPnl": "500",
        "mmr": "",
        "markPrice": "41000",
        "createdTime": "1766000000000",
    }
    return {**row, **fields}


def order(**fields: Any) -> dict[str, Any]:
    """A resting order."""
    row = {
        "symbol": "BTCUSDT",
        "orderId": "1",
        "clientOid": "",
        "side": "sell",
        "price": "45000",
        "qty": "0.4",
        "cumExecQty": "0.1",
        "posSide": "long",
        "holdMode": "hedge_mode",
        "reduceOnly": "NO",
        "takeProfit": None,
    }
    return {**row, **fields}


def plan(**fields: Any) -> dict[str, Any]:
    """A waiting order."""
    row = {"symbol": "BTCUSDT", "orderId": "2", "clientOid": "2", "qty": "0.2", "posSide": "long", "stopLoss": "38000"}
    return {**row, **fields}


@pytest.fixture
def book(enveloped: Any) -> Any:
    """A book of answers."""

    def make(
        pool: dict[str, Any], legs: Any = None, orders: Any = None, plans: Any = None, product: str = USDT
    ) -> FetchedBook:
        resting, _ = read_orders(enveloped({"list": orders, "cursor": None}), product)
        answers = UnifiedAnswers(
            read_assets(enveloped(pool)),
            read_positions(enveloped({"list": legs}), product),
            resting + read_plans(enveloped(plans), product),
            {"balances": NOW, "positions": NOW},
        )
        return assemble_unified("alice", answers, MARKETS, "hedge")

    return make


def test_the_pool_is_the_venues(book: Any) -> None:
    """Effective equity and its requirement; the rounded ratio is not used."""
    fetched = book(assets(), [leg()])
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    (pool,) = assess(fetched.book).pools
    assert (pool.currency, pool.equity, pool.maintenance_margin) == ("USD", 6_400.0, 160.0)
    assert pool.risk_ratio == pytest.approx(0.025)
    assert [(item.asset, item.balance) for item in fetched.book.collateral] == [("USDT", 6_000.0), ("BGB", -1.5)]
    (shown,) = fetched.book.positions
    assert (shown.contracts, shown.side, shown.settle) == (0.5, "long", "USDT")


def test_orders_and_plans(book: Any) -> None:
    """Closing ones are told by leg and side; a plan without a size has the leg's."""
    opening = order(orderId="3", side="buy")
    fetched = book(assets(), [leg()], [order(), opening], [plan(), plan(orderId="4", qty="")])
    assert [
        (each.side, each.remaining, each.reduce_only, each.conditional, each.position_side)
        for each in fetched.book.orders
    ] == [
        ("sell", pytest.approx(0.3), True, False, "long"),
        ("buy", pytest.approx(0.3), False, False, "long"),
        ("sell", 0.2, True, True, "long"),
        ("sell", 0.5, True, True, "long"),
    ]
    assert book(assets(), [], [], [plan(qty="")]).book.orders == ()


def test_a_one_way_plan_closes_what_is_held(book: Any) -> None:
    """It names no leg and no side."""
    short = leg(holdMode="one_way_mode", posSide="short")
    (found,) = book(assets(), [short], [], [plan(posSide="", qty="")]).book.orders
    assert (found.side, found.remaining, found.position_side) == ("buy", 0.5, None)


def test_what_is_missing_is_named(book: Any) -> None:
    """Isolated legs, marks, listings, sizes, equity."""
    isolated = leg(marginMode="isolated", posSide="short", markPrice="")
    fetched = book(assets(effEquity="0"), [isolated, leg(symbol="NEWUSDT")])
    assert set(fetched.missing) == {
        "requirement of BTC/USDT:USDT, isolated: the venue tells that of cross positions only",
        "mark price of BTC/USDT:USDT",
        "listing of NEWUSDT",
        "effective equity: the venue says none is left",
    }
    coin = leg(symbol="BTCUSD", marginCoin="BTC", total="20000", unrealisedPnl="0.0122")
    strange = book(assets(), [coin], product=COIN)
    assert strange.missing == ("size of BTC/USD:BTC: its PnL is not that of 20000 BTC",)


@pytest.mark.parametrize("name", ["effEquity", "mmr"])
@pytest.mark.parametrize("empty", ["", None, "?"])
def test_a_pool_without_its_figures_is_none(enveloped: Any, name: str, empty: object) -> None:
    """Refused."""
    with pytest.raises(BadAnswer, match="bitget GET v3/account/assets"):
        read_assets(enveloped(assets(**{name: empty})))


@pytest.mark.parametrize("change", [{"qty": "0.1"}, {"holdMode": ""}, {"side": ""}, {"posSide": "up"}])
def test_orders_that_cannot_be_read(enveloped: Any, change: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadAnswer):
        read_orders(enveloped({"list": [order(**change)], "cursor": ""}), USDT)


def test_nothing_at_all(enveloped: Any) -> None:
    """Null in every place where a list may stand."""
    assert read_positions(enveloped({"list": None}), USDT) == read_positions(enveloped(None), USDT) == ()
    assert read_orders(enveloped({"list": None, "cursor": None}), USDT) == ((), None)
    assert read_plans(enveloped(None), USDT) == ()
