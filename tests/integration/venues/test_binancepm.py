"""Real ccxt against the sandbox's portfolio margin: both branches in one book, and death where the guard says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderRejected
from guard.ports.venue import OrderRequest
from guard.risk.assess import assess
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched

D = Decimal
BTC, COIN_BTC, COIN_ETH = "BTC/USDT:USDT", "BTC/USD:BTC", "ETH/USD:ETH"
MONEY = {"USDT": 100_000, "BTC": "1.5", "ETH": -5}


class Portfolio(Harness):
    """A sandbox of portfolio margin."""

    venue = "binancepm"

    def mixed(self, **fields: Any) -> Any:
        """Legs of both branches, coins as collateral, and a loan of 5 ETH."""
        legs = (
            self.holding("BTCUSDT", "2", "43000", leverage=10),
            self.holding("BTCUSDC", "-1", "44000"),
            self.holding("BTCUSD", "-100000", "44000"),
        )
        return self.account("alice", *legs, **{"balances": MONEY, **fields})


@pytest.fixture
async def bench() -> AsyncIterator[Portfolio]:
    """One venue."""
    async with benched(Portfolio) as harness:
        assert isinstance(harness, Portfolio)
        yield harness


async def test_both_branches_loans_and_haircuts_agree_with_the_venue(bench: Portfolio) -> None:
    """Equity, requirement and uniMMR are the venue's own."""
    fetched = await (await bench.open(bench.mixed())).fetch_book()
    agrees(fetched, 1e-6)
    book = fetched.book
    assert {leg.symbol: leg.settle for leg in book.positions} == {
        BTC: "USDT",
        "BTC/USDC:USDC": "USDC",
        COIN_BTC: "BTC",
    }
    money = {item.asset: item for item in book.collateral}
    assert (money["USDT"].balance, money["BTC"].balance, money["USDC"].balance) == (100_000.0, 1.5, 0.0)
    assert (money["BTC"].haircut, money["BTC"].price) == (pytest.approx(0.05), 43_500.0)
    assert (money["ETH"].borrowed, money["ETH"].borrow_mm_rate) == (5.0, 0.08)
    assert book.venue_reported.risk_ratio == pytest.approx(assess(book).risk_ratio, rel=1e-6)
    assert fetched.position_mode_proven


async def test_hedge_mode_and_orders_of_both_branches(bench: Portfolio) -> None:
    """Legs by side; an order that would fill at a loss is taken off equity, here and there."""
    legs = (
        bench.holding("BTCUSDT", "2", "43000", "LONG"),
        bench.holding("BTCUSDT", "-1", "44000", "SHORT"),
        bench.holding("BTCUSD", "50000", "43000", "LONG"),
    )
    account = bench.account("alice", *legs, balances={"USDT": 100_000, "BTC": 1, "ETH": 10}, hedge_mode=True)
    bench.rest(account, "BTCUSDT", Side.BUY, "1", "43400", leg=Leg.LONG)
    bench.rest(account, "ETHUSD", Side.SELL, "2000", "3500", leg=Leg.SHORT)
    bench.stop(account, "BTCUSDT", Side.SELL, "2", "40000", leg=Leg.LONG)
    bench.stop(account, "BTCUSD", Side.SELL, "50000", "40000", leg=Leg.LONG)
    bench.server.engine.market.set_price("ETHUSD", D(3600))
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    orders = {(each.symbol, each.conditional): (each.remaining, each.position_side) for each in fetched.book.orders}
    assert orders == {
        (BTC, False): (1.0, "long"),
        (COIN_ETH, False): (200.0, "short"),
        (BTC, True): (2.0, "long"),
        (COIN_BTC, True): (500.0, "long"),
    }
    assert fetched.book.parameters.keys() == {COIN_ETH}
    assert fetched.book.position_mode == "hedge"


async def test_an_order_that_settles_in_what_nobody_has(bench: Portfolio) -> None:
    """Its loss is counted in an asset that the account has nothing of."""
    account = bench.account("alice", balances={"USDT": 10_000})
    bench.rest(account, "BTCUSDC", Side.SELL, "0.1", "44000")
    bench.server.engine.market.set_price("BTCUSDC", D(45_000))
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(10_000 - 100)


@pytest.mark.parametrize(
    ("name", "symbol", "beyond"),
    [("BTCUSDT", BTC, -1), ("BTCUSD", COIN_BTC, 1)],
)
async def test_an_account_dies_where_the_guard_says(bench: Portfolio, name: str, symbol: str, beyond: int) -> None:
    """One tick before our liquidation price of a leg it lives, one tick behind it it is dead; coins stand still."""
    bench.server.engine.market.assets |= {
        "BTC": AssetIndex(D(43_500), bid_buffer=D("0.05")),
        "ETH": AssetIndex(D(3_400), bid_buffer=D("0.1")),
    }
    legs = (bench.holding("BTCUSDT", "12", "43000"), bench.holding("BTCUSD", "-300000", "44000"))
    account = bench.account("alice", *legs, balances=MONEY)
    risk = assess((await (await bench.open(account)).fetch_book()).book)
    price = next(leg.liquidation_price for pool in risk.pools for leg in pool.positions if leg.symbol == symbol)
    assert price is not None
    exact, tick = D(repr(price)).quantize(D("1e-6")), D("0.1") * beyond
    bench.server.engine.set_price(name, exact - tick)
    assert len(account.account.liquidations) == 0
    bench.server.engine.set_price(name, exact + tick)
    assert len(account.account.liquidations) == 2


async def test_a_fall_of_everything_kills_where_the_guard_says(bench: Portfolio) -> None:
    """Marks and the coins that back the account fall together."""
    legs = (bench.holding("BTCUSDT", "3", "43000"), bench.holding("ETHUSD", "20000", "3300"))
    account = bench.account("alice", *legs, balances={"USDT": 20_000, "BTC": "0.5", "ETH": 3})
    risk = assess((await (await bench.open(account)).fetch_book()).book)
    (pool,) = risk.pools
    assert pool.liquidation_shock_down is not None
    marks = bench.server.engine.market.marks()
    for step, dead in ((D("0.00001"), 0), (D("-0.00001"), 2)):
        factor = 1 + D(repr(pool.liquidation_shock_down)) + step
        bench.server.engine.set_prices({name: (mark * factor).quantize(D("1e-8")) for name, mark in marks.items()})
        assert len(account.account.liquidations) == dead


async def test_rates_that_cannot_be_read_are_missing(bench: Portfolio) -> None:
    """No figure stands in for them: the book says what it lacks."""
    bench.tampering.pages["/sapi/v1/portfolio/collateralRate"] = (404, "text/html", b"<html>nothing here</html>")
    bench.tampering.pages["/sapi/v1/portfolio/margin-asset-leverage"] = (404, "text/html", b"<html>nothing</html>")
    fetched = await (await bench.open(bench.mixed())).fetch_book()
    assert fetched.missing == (
        "collateral rate of BTC",
        "collateral rate of ETH",
        "loan margin rate of ETH",
        "collateral rate of USDC",
        "collateral rate of USDT",
    )


async def test_an_asset_without_a_price_is_missing_when_it_counts(bench: Portfolio) -> None:
    """One that is no collateral needs none."""
    bench.tampering.changes["/portfolio/asset-index-price"] = lambda rows: [
        row for row in rows if row["asset"] == "USDT"
    ]
    bench.tampering.changes["/portfolio/collateralRate"] = lambda rows: [row for row in rows if row["asset"] != "ETH"]
    account = bench.account("alice", balances={"USDT": 1_000, "BTC": 1, "ETH": 1})
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("index price of BTC",)


async def test_a_check_and_an_order(bench: Portfolio) -> None:
    """The right that counts is the one of portfolio margin; orders are refused before anything is sent."""
    opened = await bench.open(bench.mixed())
    checked = await opened.check()
    assert (checked.account_mode, checked.rights.trade, checked.rights.withdraw) == ("portfolio margin", True, False)
    assert any("watched only" in warning for warning in checked.warnings)
    assert (await opened.depth(COIN_BTC)).bids
    assert (await opened.instrument(BTC)).contract_size == 1
    request = OrderRequest("g-1", BTC, "sell", "long", D(1), D(42_000), reduce_only=True, position_mode="one_way")
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(request)
