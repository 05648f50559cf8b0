"""What every adapter reads: the book of an account as the venue has it, agreeing with the venue's own figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.assess import assess
from guard.risk.bookfile import dump_book, parse_book
from guard.sandbox.engine.market import AssetIndex

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def agrees(book: Any) -> None:
    """Our figures of every cross pool are the venue's, far below its rounding."""
    pools = [pool for pool in assess(book).pools if pool.margin_mode == "cross"]
    assert {pool.currency for pool in pools} == set(book.venue_reported.pools)
    for pool in pools:
        reported = book.venue_reported.pools[pool.currency]
        assert pool.equity == pytest.approx(reported.equity, rel=1e-9)
        assert pool.maintenance_margin == pytest.approx(reported.maintenance_margin, rel=1e-7, abs=1e-7)
        assert pool.initial_margin == pytest.approx(reported.initial_margin, rel=1e-7, abs=1e-7)
        assert pool.risk_ratio == pytest.approx(reported.risk_ratio, rel=1e-7, abs=1e-9)


async def test_a_flat_account(bench: Any) -> None:
    """Money and nothing else; complete, whole, its mode stated."""
    fetched = await (await bench.open(bench.account())).fetch_book()
    assert (fetched.missing, fetched.torn, fetched.position_mode_proven) == ((), (), True)
    assert [(item.asset, item.balance) for item in fetched.book.collateral] == [("USDT", 100_000.0)]
    assert (fetched.book.positions, fetched.book.orders) == ((), ())
    assert (fetched.book.account, fetched.book.venue) == ("alice", bench.venue)
    agrees(fetched.book)


async def test_long_and_short_in_one_way_mode(bench: Any) -> None:
    """Signs, prices, leverage; every tier of a large position."""
    legs = (
        bench.holding("BTCUSDT", "40", "43000", leverage=10),
        bench.holding("ETHUSDT", "-120", "3500", leverage=5),
    )
    fetched = await (await bench.open(bench.account("alice", *legs, balances={"USDT": 500_000}))).fetch_book()
    btc, eth = fetched.book.positions
    assert (btc.symbol, btc.side, btc.contracts, btc.entry_price, btc.leverage) == (BTC, "long", 40.0, 43000.0, 10.0)
    assert (eth.symbol, eth.side, eth.contracts, eth.mark_price, eth.leverage) == (ETH, "short", 120.0, 3400.0, 5.0)
    assert fetched.book.position_mode == "one_way"
    assert (fetched.missing, fetched.torn) == ((), ())
    agrees(fetched.book)


async def test_both_legs_of_a_symbol_in_hedge_mode(bench: Any) -> None:
    """Each leg is a position with its own entry."""
    legs = (
        bench.holding("BTCUSDT", "3", "43000", "LONG"),
        bench.holding("BTCUSDT", "-1", "44000", "SHORT"),
    )
    fetched = await (await bench.open(bench.account("alice", *legs, hedge_mode=True))).fetch_book()
    assert [(leg.symbol, leg.side, leg.contracts, leg.entry_price) for leg in fetched.book.positions] == [
        (BTC, "long", 3.0, 43000.0),
        (BTC, "short", 1.0, 44000.0),
    ]
    assert (fetched.book.position_mode, fetched.missing) == ("hedge", ())
    reported = fetched.book.venue_reported.pools["USDT"]
    (pool,) = assess(fetched.book).pools
    assert pool.maintenance_margin == pytest.approx(reported.maintenance_margin, rel=1e-7)
    assert pool.equity == pytest.approx(reported.equity, rel=1e-9)


async def test_an_isolated_leg_beside_a_cross_leg(bench: Any) -> None:
    """It has its own money; the cross pool's figures are without it, here and at the venue."""
    legs = (
        bench.holding("BTCUSDT", "2", "43000"),
        bench.holding("ETHUSDT", "-10", "3300", isolated_wallet=Decimal(7000)),
    )
    fetched = await (await bench.open(bench.account("alice", *legs))).fetch_book()
    cross, isolated = fetched.book.positions
    assert (cross.margin_mode, cross.isolated_margin) == ("cross", None)
    assert (isolated.margin_mode, isolated.isolated_margin) == ("isolated", 7000.0)
    assert fetched.book.collateral[0].balance == 93_000.0
    agrees(fetched.book)


async def test_several_settlement_currencies(bench: Any) -> None:
    """Pools of their own, each with its own figures of the venue."""
    legs = (
        bench.holding("BTCUSDT", "2", "43000"),
        bench.holding("BTCUSDC", "-1", "43000"),
        bench.holding("ETHUSDC", "5", "3300"),
    )
    account = bench.account("alice", *legs, balances={"USDT": 50_000, "USDC": 20_000})
    fetched = await (await bench.open(account)).fetch_book()
    assert {item.asset: item.balance for item in fetched.book.collateral} == {"USDT": 50_000.0, "USDC": 20_000.0}
    assert sorted(leg.settle for leg in fetched.book.positions) == ["USDC", "USDC", "USDT"]
    agrees(fetched.book)


async def test_multi_assets_mode(bench: Any) -> None:
    """One pool of everything in USD, counted at the venue's rates."""
    rates = AssetIndex(index=Decimal(43_500), bid_buffer=Decimal("0.05"), ask_buffer=Decimal("0.05"))
    bench.server.engine.market.assets["BTC"] = rates
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDC", "-3", "3300"))
    account = bench.account("alice", *legs, balances={"USDT": 9_000, "USDC": 1_000, "BTC": "0.1"}, multi_assets=True)
    check = await (await bench.open(account)).check()
    book = check.fetched.book
    assert (check.account_mode, book.model, check.fetched.missing) == ("multi-assets", "binance-usdm-multi", ())
    assert {item.asset for item in book.collateral} == {"USDT", "USDC", "BTC"}
    btc = next(item for item in book.collateral if item.asset == "BTC")
    assert (btc.price, btc.haircut, btc.markup) == pytest.approx((43_500.0, 0.05, 0.05))
    agrees(book)


async def test_a_live_book_is_a_book_file(bench: Any) -> None:
    """Written and read again, it is the same."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    book = (await (await bench.open(account)).fetch_book()).book
    assert parse_book(dump_book(book)) == book


async def test_every_part_has_its_time(bench: Any) -> None:
    """Taken at receipt; the book is as old as its balances and positions."""
    opened = await bench.open(bench.account())
    before = bench.clock.now()
    fetched = await opened.fetch_book()
    assert {"balances", "positions", "marks", "open_orders"} <= set(fetched.parts)
    assert all(before <= moment <= bench.clock.now() for moment in fetched.parts.values())
    assert fetched.book.as_of == min(fetched.parts["balances"], fetched.parts["positions"])


async def test_reference_data_is_read_once(bench: Any) -> None:
    """Listings by the first account of a site, tiers and settings by each account; then only what moves."""
    one, two = await bench.open(bench.account("alice")), await bench.open(bench.account("bob"))
    for _ in range(3):
        await one.fetch_book()
        await two.fetch_book()
    counts = {name: bench.tampering.count(name) for name in (bench.listings, bench.tiers, bench.mode, bench.time)}
    assert counts == {bench.listings: 1, bench.tiers: 2, bench.mode: 2, bench.time: 1}
    assert bench.tampering.count(bench.positions) == 6


async def test_reference_data_is_read_again_after_a_day(bench: Any) -> None:
    """Contracts come and go."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    await opened.fetch_book()
    bench.clock.jump(86_401)
    await opened.fetch_book()
    assert (bench.tampering.count(bench.listings), bench.tampering.count(bench.tiers)) == (2, 2)


async def test_tiers_that_the_venue_changes_are_read_within_the_hour(bench: Any) -> None:
    """Until then our requirement is not the venue's, and the account is disputed."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    before = (await opened.fetch_book()).book.tiers["BTC/USDT:USDT"][0].mm_rate

    def raised(rows: list[Any]) -> list[Any]:
        for row in rows:
            for bracket in row["brackets"]:
                bracket["maintMarginRatio"] *= 2
                bracket["cum"] *= 2
        return rows

    bench.tampering.changes[bench.tiers] = raised
    bench.clock.jump(3_601)
    after = (await opened.fetch_book()).book.tiers["BTC/USDT:USDT"][0].mm_rate
    assert after == pytest.approx(2 * before)


async def test_a_failing_table_of_tiers_does_not_blind_an_account_that_knows_it(bench: Any) -> None:
    """Yesterday's table stands in; at first there is none."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    await opened.fetch_book()
    bench.clock.jump(86_401)
    bench.tampering.pages[bench.tiers] = (200, "application/json", b"{")
    assert (await opened.fetch_book()).missing == ()
    fresh = await bench.open(bench.account("bob"))
    with pytest.raises(BadAnswer, match="leverageBracket"):
        await fresh.fetch_book()


async def test_a_changed_leverage_is_noticed(bench: Any) -> None:
    """The margin that the venue charges gives it away."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", leverage=20))
    opened = await bench.open(account)
    await opened.fetch_book()
    account.account.settings_of("BTCUSDT").leverage = 7
    bench.clock.jump(61)
    (leg,) = (await opened.fetch_book()).book.positions
    assert leg.leverage == 7.0


async def test_a_changed_position_mode_is_noticed(bench: Any) -> None:
    """A user may switch while flat; the next legs contradict what was stated, and it is asked again."""
    account = bench.account("alice")
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    account.account.hedge_mode = True
    bench.server.engine._hold(account.account, bench.holding("BTCUSDT", "2", "43000", "LONG"))
    fetched = await opened.fetch_book()
    assert (fetched.book.position_mode, fetched.book.positions[0].side) == ("hedge", "long")


async def test_a_mode_that_contradicts_the_legs_is_refused(bench: Any) -> None:
    """Neither the word nor the legs are to be believed."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", "LONG"), hedge_mode=True)
    bench.tampering.changes[bench.mode] = lambda answer: {**answer, "dualSidePosition": False}
    with pytest.raises(BadAnswer, match="says one_way, the held legs say otherwise"):
        await (await bench.open(account)).fetch_book()


async def test_instrument_and_depth(bench: Any) -> None:
    """Exact rules, and a book best level first."""
    opened = await bench.open(bench.account())
    rules = await opened.instrument(BTC)
    assert (rules.step, rules.tick, rules.min_notional) == (Decimal("0.001"), Decimal("0.1"), Decimal(100))
    depth = await opened.depth(BTC)
    assert len(depth.bids) >= 20
    assert len(depth.asks) >= 20
    assert depth.bids[0].price < depth.asks[0].price
    assert [level.price for level in depth.bids] == sorted((level.price for level in depth.bids), reverse=True)
