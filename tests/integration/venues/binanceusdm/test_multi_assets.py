"""Multi-assets mode, hedged: one pool in dollars, debts at the ask, and death where the guard says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.risk.assess import assess
from guard.sandbox.engine.market import AssetIndex
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import benched
from tests.contract.venues.harness_binanceusdm import HARNESS

D = Decimal
RATES = {
    "USDT": AssetIndex(D("0.999"), D("0.001"), D("0.002")),
    "USDC": AssetIndex(D("1.0001"), D("0.001"), D("0.002")),
    "BTC": AssetIndex(D(43_500), D("0.05"), D("0.05")),
}


@pytest.mark.parametrize(("symbol", "beyond"), [("BTCUSDT", -1), ("BTCUSDC", 1)])
async def test_it_agrees_and_dies_where_the_guard_says(symbol: str, beyond: int) -> None:
    """USDT is owed, bitcoin backs it: one tick before our price the account lives, one tick behind it it is dead."""
    async with benched(HARNESS) as bench:
        bench.server.engine.market.assets.update(RATES)
        legs = (
            bench.holding("BTCUSDT", "9", "44500", "LONG"),
            bench.holding("BTCUSDT", "-2", "43000", "SHORT"),
            bench.holding("BTCUSDC", "-3", "43000", "SHORT"),
        )
        money = {"USDT": 2_000, "USDC": 500, "BTC": "0.8"}
        account = bench.account("alice", *legs, balances=money, hedge_mode=True, multi_assets=True)
        fetched = await (await bench.open(account)).fetch_book()
        agrees(fetched, 1e-6)
        assert (fetched.book.model, fetched.book.position_mode) == ("binance-usdm-multi", "hedge")
        assert set(fetched.book.venue_reported.pools) == {"USD"}

        (pool,) = assess(fetched.book).pools
        (price,) = {leg.liquidation_price for leg in pool.positions if leg.symbol == bench.symbol(symbol)}
        assert price is not None
        exact, tick = D(repr(price)).quantize(D("1e-6")), D("0.1") * beyond
        bench.server.engine.set_price(symbol, exact - tick)
        assert len(account.account.liquidations) == 0
        bench.server.engine.set_price(symbol, exact + tick)
        assert len(account.account.liquidations) == len(legs)
