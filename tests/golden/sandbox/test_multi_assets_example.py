"""The venue's published example of multi-assets mode, on the sandbox's own engine.

Source: Binance FAQ, "How to calculate margin ratio in the multi-assets mode": 200 USDT and 220 USDC; USDT at index 0.99
with buffers of 1 % and 0.5 %; 0.5 BTC at 20,000 (100x, maintenance 0.8 %) and 20 ETH at 600 (50x, maintenance 1 %).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.instruments import make_brackets
from guard.sandbox.engine.listing import default_instruments
from guard.sandbox.engine.margin import usd_equity
from guard.sandbox.engine.market import AssetIndex

D = Decimal


@pytest.fixture
def engine() -> Engine:
    """A venue with the example's prices, rates and asset index."""
    instruments = default_instruments()
    instruments["BTCUSDT"] = replace(instruments["BTCUSDT"], brackets=make_brackets([(0, "0.008", 100)], 1_000_000))
    instruments["ETHUSDC"] = replace(instruments["ETHUSDC"], brackets=make_brackets([(0, "0.01", 50)], 1_000_000))
    engine = Engine(start_ms=0, instruments=instruments)
    engine.set_prices({"BTCUSDT": D(20_000), "ETHUSDC": D(600)})
    engine.market.assets["USDT"] = AssetIndex(D("0.99"), D("0.01"), D("0.005"))
    return engine


def opened(engine: Engine, *holdings: Holding) -> Account:
    """The account of the example."""
    return engine.add_account("example", {"USDT": D(200), "USDC": D(220)}, holdings, multi_assets=True)


def test_without_positions(engine: Engine) -> None:
    """Equity at the bid rate; what is available in an asset is converted at its ask rate."""
    account = opened(engine)
    figures = engine.figures(account)
    assert abs(usd_equity(engine.market, figures) - D("416.02")) < D("0.005")
    assert abs(engine.market.rule.available(account, engine.market, figures, "USDT") - D("418.13")) < D("0.005")
    assert abs(engine.market.rule.available(account, engine.market, figures, "USDC") - D("416.02")) < D("0.005")


def test_with_positions(engine: Engine) -> None:
    """Maintenance margin in USD, the account's ratio and what is available."""
    account = opened(
        engine,
        Holding("BTCUSDT", D("0.5"), D(20_000), leverage=100),
        Holding("ETHUSDC", D(20), D(600), leverage=50),
    )
    figures = engine.figures(account)
    (pool,) = engine.market.rule.pools(account, engine.market, figures)
    assert abs(pool.maintenance - D("199.596")) < D("0.001")
    assert pool.ratio is not None
    assert abs(pool.ratio - D("0.47977")) < D("1e-5")
    assert abs(engine.market.rule.available(account, engine.market, figures, "USDC") - D("76.525")) < D("0.001")
    assert abs(engine.market.rule.available(account, engine.market, figures, "USDT") - D("76.91")) < D("0.005")
