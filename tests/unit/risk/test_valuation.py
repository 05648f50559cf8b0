"""The engine over a scenario axis: chunks, plain pools and the general way give the same figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.movers import market_after, movers_of
from guard.risk.rules import pools_of
from guard.risk.valuation import Market, market_now, value_pool

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]
SCENARIOS = 40_000


@pytest.fixture
def hedged(book: MakeBook, leg: MakeLeg) -> Book:
    """A hedged symbol and another one, with fees, three tiers."""
    eth = leg(symbol="ETH/USDT:USDT", side="short", contracts=30.0, entry_price=600.0, mark_price=500.0)
    rows = (Tier(0.0, 8_000.0, 0.004), Tier(8_000.0, 15_000.0, 0.01), Tier(15_000.0, None, 0.05))
    legs = (leg(), leg(side="short", contracts=2.0), eth)
    return book(model="bingx", position_mode="hedge", positions=legs, tiers={each.symbol: rows for each in legs})


def many(book: Book) -> Market:
    """Random marks, scenario 0 first."""
    pool = pools_of(book)[0]
    factor = np.random.default_rng(3).uniform(0.2, 3.0, (SCENARIOS, pool.legs.size.size))
    factor[0] = 1.0
    count = np.ones(SCENARIOS)
    return Market(pool.legs.mark * factor, np.ones((SCENARIOS, 1)), count)


def test_many_scenarios_equal_one_by_one(hedged: Book) -> None:
    """Chunked and narrowed to the lines in reach, or one scenario alone: the same within 1e-12."""
    pool, market = pools_of(hedged)[0], many(hedged)
    together = value_pool(pool, market)
    for index in (0, 1, 17, SCENARIOS - 1):
        alone = value_pool(pool, next(iter(Market(market.v[index:], market.price, market.own).rows(1))))
        for name in ("equity", "maintenance", "fees", "initial", "unrealized_pnl"):
            assert getattr(together, name)[index] == pytest.approx(getattr(alone, name)[0], rel=1e-12)


def test_plain_pools_take_a_shorter_way(hedged: Book) -> None:
    """The general way gives the same figures for a plain pool."""
    pool, market = pools_of(hedged)[0], many(hedged)
    assert pool.plain
    short, general = value_pool(pool, market), value_pool(replace(pool, plain=False), market)
    for name in ("equity", "maintenance", "fees", "initial", "unrealized_pnl"):
        assert getattr(short, name) == pytest.approx(getattr(general, name), rel=1e-12, abs=1e-8)


def test_a_deduction_in_the_first_tier_is_never_a_credit(book: MakeBook) -> None:
    """Also in thousands of scenarios the requirement is not below 0."""
    cut = book(tiers={"BTC/USDT:USDT": (Tier(0.0, None, 0.01, 90.0),)})
    pool, market = pools_of(cut)[0], many(cut)
    assert float(value_pool(pool, market).maintenance.min()) == 0.0


def test_moves_reach_marks_and_collateral(book: MakeBook, leg: MakeLeg) -> None:
    """BTC down 10 %: the linear mark and the coin collateral fall with it, a stable coin stands."""
    wallet = (Collateral("USDT", 1000.0), Collateral("BTC", 1.0, price=10_000.0))
    pool = pools_of(book(model="tiered", collateral=wallet))[0]
    movers = movers_of(pool)
    market = market_after(pool, movers, -0.1 * movers.common()[None, :])
    assert market.v[0].tolist() == pytest.approx([9000.0])
    assert market.price[0].tolist() == pytest.approx([1.0, 9000.0])
    assert market.own[0] == 1.0


def test_a_depeg_of_the_quote_moves_marks_the_other_way(book: MakeBook) -> None:
    """USDT at 0.98 of a dollar: BTC costs more USDT, and the pool's own unit is worth less."""
    pool = pools_of(book())[0]
    movers = movers_of(pool)
    market = market_after(pool, movers, movers.vector({"USDT": -0.02})[None, :])
    assert float(market.v[0, 0]) == pytest.approx(10_000.0 / 0.98)
    assert float(market.own[0]) == pytest.approx(0.98)


def test_no_asset_loses_more_than_everything(book: MakeBook) -> None:
    """A move of -100 % is refused."""
    pool = pools_of(book())[0]
    movers = movers_of(pool)
    with pytest.raises(BookError, match="at or below -100 %"):
        market_after(pool, movers, -1.0 * movers.common()[None, :])


def test_ratio_without_equity_is_infinite(book: MakeBook) -> None:
    """In a scenario array there is no None: a dead pool is beyond every bar."""
    pool = pools_of(book(collateral=(Collateral("USDT", -1.0),)))[0]
    assert value_pool(pool, market_now(pool)).risk_ratio.tolist() == [np.inf]
