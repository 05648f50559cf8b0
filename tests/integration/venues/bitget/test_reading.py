"""Real ccxt against the sandbox's Bitget: kinds of accounts, products, and that an account dies where we say."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import OrderRejected
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.sandbox.engine.sides import Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness
from tests.integration.venues.bitget.legs import BTC, D, asked, btc, reduction


@pytest.mark.parametrize("mode", ["", "older"])
async def test_the_rule_of_a_leg_is_that_of_its_opening(bench: Harness, mode: str) -> None:
    """Far up the tiers: by slices since November 2025, whole before; the venue agrees with either."""
    account = bench.account("alice", btc(bench, "40", leverage=10), balances={"USDT": 300_000})
    account.account.mode = mode
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-9)
    assert conformity(assess(fetched.book), fetched.book) == ()
    (pool,) = assess(fetched.book).pools
    value = 40 * 43_500
    whole, sliced = value * 0.025, value * 0.025 - 16_300
    assert pool.maintenance_margin == pytest.approx(whole if mode else sliced)
    assert pool.closing_fees == pytest.approx(value * 0.0006)


async def test_every_product_at_once(bench: Harness) -> None:
    """Legs of two settlement currencies in hedge mode, an isolated one beside them; both pools agree."""
    legs = (
        btc(bench, "20", "LONG", leverage=20),
        btc(bench, "-15", "SHORT", leverage=20),
        bench.holding("ETHUSDT", "-100", "3300", "SHORT", isolated_wallet=D(40_000)),
        bench.holding("BTCUSDC", "-3", "44000", "SHORT"),
    )
    account = bench.account("alice", *legs, hedge_mode=True, balances={"USDT": 150_000, "USDC": 20_000})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-9)
    assert fetched.book.model == "bitget"
    assert fetched.book.position_mode == "hedge"
    pools = {(pool.currency, pool.margin_mode): pool for pool in assess(fetched.book).pools}
    assert set(pools) == {("USDT", "cross"), ("USDC", "cross"), ("USDT", "isolated")}
    # Of 870,000 long against 652,500 short the long side is charged.
    assert pools["USDT", "cross"].closing_fees == pytest.approx(870_000 * 0.0006)


@pytest.mark.parametrize("mode", ["", "older"])
@pytest.mark.parametrize("qty", ["30", "-30"])
async def test_an_account_dies_where_the_guard_says(bench: Harness, qty: str, mode: str) -> None:
    """A hair before our liquidation price it lives, a hair behind it is gone."""
    account = bench.account("alice", btc(bench, qty, leverage=20), bench.holding("ETHUSDT", "-10", "3400"))
    account.account.mode = mode
    fetched = await (await bench.open(account)).fetch_book()
    legs = [leg for pool in assess(fetched.book).pools for leg in pool.positions if leg.symbol == BTC]
    (price,) = [leg.liquidation_price for leg in legs]
    assert price is not None
    away = 1 if qty.startswith("-") else -1
    bench.server.set_price("BTCUSDT", D(repr(price * (1 - away * 1e-6))))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", D(repr(price * (1 + away * 1e-6))))
    assert bench.server.liquidated("alice")


async def test_a_hedged_account_dies_where_the_guard_says(bench: Harness) -> None:
    """The smaller side needs nothing, and its PnL counts."""
    legs = (btc(bench, "30", "LONG", leverage=20), btc(bench, "-10", "SHORT", leverage=20))
    account = bench.account("alice", *legs, hedge_mode=True)
    fetched = await (await bench.open(account)).fetch_book()
    found = {leg.liquidation_price for pool in assess(fetched.book).pools for leg in pool.positions}
    (price,) = found - {None}
    assert price is not None
    bench.server.set_price("BTCUSDT", D(repr(price * (1 + 1e-6))))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", D(repr(price * (1 - 1e-6))))
    assert bench.server.liquidated("alice")


async def test_coin_margined_contracts_stand_on_the_venues_figures(bench: Harness) -> None:
    """Their value in coin is fixed: no rule of ours; the requirement, the PnL and the ratio are the venue's."""
    legs = (bench.holding("BTCUSD", "-30000", "42000"), btc(bench, "1"))
    account = bench.account("alice", *legs, balances={"USDT": 50_000, "BTC": "0.2"})
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    assert fetched.book.model == "reported"
    pools = {pool.currency: pool for pool in assess(fetched.book).pools}
    coins = D(30_000) / 42_000
    assert pools["BTC"].maintenance_margin == pytest.approx(float(coins * D("0.0046")))
    (leg,) = pools["BTC"].positions
    assert leg.unrealized_pnl == pytest.approx(float(-coins * 1_500 / 43_500))
    assert pools["USDT"].equity == pytest.approx(50_500)
    bench.server.set_price("BTCUSD", 44_000)
    moved = await (await bench.open(account)).fetch_book()
    bench.server.set_price("BTCUSD", 59_000)
    assert bench.server.liquidated("alice")
    ratio = {pool.currency: pool.risk_ratio for pool in assess(moved.book).pools}["BTC"]
    before = pools["BTC"].risk_ratio
    assert ratio is not None
    assert before is not None
    assert before < ratio < 1


async def test_an_isolated_leg_that_the_venue_tells_nothing_of_is_named(bench: Harness) -> None:
    """Its requirement is in no figure of the venue's, and no rule of ours computes it."""
    leg = bench.holding("BTCUSD", "30000", "43000", isolated_wallet=D("0.05"))
    fetched = await (await bench.open(bench.account("alice", leg, balances={"BTC": 1}))).fetch_book()
    (missing,) = fetched.missing
    assert missing.startswith("requirement of BTC/USD:BTC, isolated")


async def test_multi_assets_mode(bench: Harness) -> None:
    """One pool of several coins: the venue's equity, requirement and ratio."""
    legs = (btc(bench, "5"), bench.holding("ETHUSDT", "-20", "3300"))
    account = bench.account("alice", *legs, balances={"USDT": 20_000, "USDC": 30_000}, multi_assets=True)
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    pool = next(pool for pool in assess(fetched.book).pools if pool.currency == "USDT")
    assert pool.equity == pytest.approx(20_000 + 30_000 + 5 * 500 - 20 * 100)
    figures = bench.server.engine.figures(account.account)
    (real,) = bench.server.engine.market.rule.pools(account.account, bench.server.engine.market, figures)
    assert pool.maintenance_margin == pytest.approx(float(real.maintenance))
    check = await opened.check()
    assert "multi-assets mode in USDT-FUTURES" in check.account_mode


def unified(bench: Harness, *legs: Any, **fields: Any) -> Any:
    """A unified account."""
    account = bench.account("alice", *legs, multi_assets=True, **fields)
    account.account.mode = "unified"
    return account


async def test_a_unified_account_is_told_apart_and_read(bench: Harness) -> None:
    """The classic requests are refused with a code of their own; the pool in USD is the venue's."""
    legs = (btc(bench, "5"), bench.holding("BTCUSDC", "-2", "43000"), bench.holding("BTCUSD", "30000", "43000"))
    account = unified(bench, *legs, balances={"USDT": 20_000, "USDC": 30_000, "BTC": 1})
    bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000")
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    opened = await bench.open(account)
    check = await opened.check()
    fetched = check.fetched
    assert (fetched.missing, fetched.book.model, fetched.position_mode_proven) == ((), "reported", True)
    assert check.account_mode.startswith("unified account")
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, True, False)
    (pool,) = assess(fetched.book).pools
    figures = bench.server.engine.figures(account.account)
    (real,) = bench.server.engine.market.rule.pools(account.account, bench.server.engine.market, figures)
    assert pool.currency == "USD"
    assert pool.equity == pytest.approx(float(real.equity))
    assert pool.risk_ratio == pytest.approx(float(real.ratio or 0))
    assert {leg.symbol for leg in fetched.book.positions} == {BTC, "BTC/USDC:USDC", "BTC/USD:BTC"}
    assert {(each.side, each.conditional, each.reduce_only) for each in fetched.book.orders} == {
        ("buy", False, False),
        ("sell", True, True),
    }
    classic = len(asked(bench, "/v2/mix/account/accounts"))
    await opened.fetch_book()
    assert len(asked(bench, "/v2/mix/account/accounts")) == classic


async def test_unified_accounts_are_not_traded(bench: Harness) -> None:
    """Nothing leaves."""
    opened = await bench.open(unified(bench, btc(bench)))
    await opened.fetch_book()
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(reduction())
    assert asked(bench, bench.orders) == []


@pytest.mark.parametrize(("before", "after"), [("", "unified"), ("unified", "")])
async def test_an_account_that_changes_its_kind_is_read_at_once(bench: Harness, before: str, after: str) -> None:
    """Either way, in the very cycle in which the old requests are refused."""
    account = bench.account("alice", btc(bench), multi_assets=True)
    account.account.mode = before
    opened = await bench.open(account)
    assert (await opened.fetch_book()).missing == ()
    account.account.mode = after
    fetched = await opened.fetch_book()
    assert fetched.missing == ()
    assert set(fetched.book.venue_reported.pools) == ({"USD"} if after else {"USDT"})
    assert (await opened.check()).account_mode.startswith("unified" if after else "classic")
