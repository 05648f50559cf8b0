"""What every adapter reads: the book of an account as the venue has it, agreeing with the venue's own figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.risk.bookfile import dump_book, parse_book
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness


async def test_a_flat_account(bench: Harness) -> None:
    """Money and nothing else; complete, whole, its mode stated."""
    fetched = await (await bench.open(bench.account())).fetch_book()
    assert (fetched.missing, fetched.torn, fetched.position_mode_proven) == ((), (), True)
    balances = {item.asset: item.balance for item in fetched.book.collateral if item.balance}
    assert balances == pytest.approx({bench.wallet_asset: float(bench.money(100_000))})
    assert (fetched.book.positions, fetched.book.orders) == ((), ())
    assert (fetched.book.account, fetched.book.venue) == ("alice", bench.venue)


async def test_long_and_short_in_one_way_mode(bench: Harness) -> None:
    """Signs, sizes in base units, prices, leverage; every tier of a large position."""
    legs = (
        bench.holding("BTCUSDT", "40", "43000", leverage=10),
        bench.holding("ETHUSDT", "-120", "3500", leverage=5),
    )
    account = bench.account("alice", *legs, balances={bench.wallet_asset: bench.money(500_000)})
    fetched = await (await bench.open(account)).fetch_book()
    found = {leg.symbol: leg for leg in fetched.book.positions}
    btc, eth = found[bench.symbol("BTCUSDT")], found[bench.symbol("ETHUSDT")]
    assert (btc.side, btc.entry_price, btc.leverage, btc.mark_price) == ("long", 43_000.0, 10.0, 43_500.0)
    assert (eth.side, eth.entry_price, eth.leverage, eth.mark_price) == ("short", 3_500.0, 5.0, 3_400.0)
    assert bench.size(btc.contracts, btc.contract_size) == pytest.approx(40.0)
    assert bench.size(eth.contracts, eth.contract_size, "ETHUSDT") == pytest.approx(120.0)
    assert fetched.book.position_mode == "one_way"
    agrees(fetched, bench.relative)


async def test_both_legs_of_a_symbol_in_hedge_mode(bench: Harness) -> None:
    """Each leg is a position with its own entry."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    legs = (bench.holding("BTCUSDT", "3", "43000", "LONG"), bench.holding("BTCUSDT", "-1", "44000", "SHORT"))
    fetched = await (await bench.open(bench.account("alice", *legs, hedge_mode=True))).fetch_book()
    sides = {
        leg.side: (bench.size(leg.contracts, leg.contract_size), leg.entry_price) for leg in fetched.book.positions
    }
    assert sides == {"long": pytest.approx((3.0, 43_000.0)), "short": pytest.approx((1.0, 44_000.0))}
    assert fetched.book.position_mode == "hedge"
    agrees(fetched, bench.relative)


async def test_an_isolated_leg_beside_a_cross_leg(bench: Harness) -> None:
    """It has its own money; the cross pool's figures are without it, here and at the venue."""
    if not bench.has_isolated_beside_cross:
        pytest.skip(f"{bench.venue} has one margin mode for the whole account")
    legs = (
        bench.holding("BTCUSDT", "2", "43000"),
        bench.holding("ETHUSDT", "-10", "3300", isolated_wallet=Decimal(7000)),
    )
    fetched = await (await bench.open(bench.account("alice", *legs))).fetch_book()
    modes = {leg.symbol: leg for leg in fetched.book.positions}
    cross, isolated = modes[bench.symbol("BTCUSDT")], modes[bench.symbol("ETHUSDT")]
    assert (cross.margin_mode, cross.isolated_margin) == ("cross", None)
    assert isolated.margin_mode == "isolated"
    assert isolated.isolated_margin == pytest.approx(float(bench.money(7000)))
    agrees(fetched, bench.relative)


async def test_several_settlement_currencies(bench: Harness) -> None:
    """What is held in each is there, and agrees."""
    if bench.second_settle is None:
        pytest.skip(f"{bench.venue} settles in one currency")
    asset, symbol = bench.second_settle
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding(symbol, "-1", "43000"))
    account = bench.account(
        "alice", *legs, balances={bench.wallet_asset: bench.money(50_000), asset: bench.money(20_000)}
    )
    fetched = await (await bench.open(account)).fetch_book()
    assert {item.asset: item.balance for item in fetched.book.collateral if item.balance} == pytest.approx(
        {bench.wallet_asset: float(bench.money(50_000)), asset: float(bench.money(20_000))}
    )
    assert sorted(leg.settle for leg in fetched.book.positions) == sorted([bench.wallet_asset, asset])
    agrees(fetched, bench.relative)


async def test_an_inverse_contract(bench: Harness) -> None:
    """Its size in quote units, its money in the coin."""
    if bench.inverse is None:
        pytest.skip(f"{bench.venue} has no inverse contracts that the guard reads")
    legs = (bench.holding(bench.inverse, "30000", "43000"),)
    fetched = await (await bench.open(bench.account("alice", *legs, balances={"BTC": "0.2"}))).fetch_book()
    (leg,) = fetched.book.positions
    assert (leg.kind, leg.settle, leg.side) == ("inverse", "BTC", "long")
    assert leg.contracts * leg.contract_size == pytest.approx(30_000.0)
    agrees(fetched, bench.relative)


async def test_open_orders(bench: Harness) -> None:
    """Side, price, what is left, and whether they only reduce."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000")
    bench.rest(account, "BTCUSDT", Side.SELL, "1", "50000", reduce_only=True)
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    (leg,) = fetched.book.positions
    orders = {(each.side, each.price, each.reduce_only, each.conditional): each for each in fetched.book.orders}
    assert set(orders) == {("buy", 40_000.0, False, False), ("sell", 50_000.0, True, False)}
    sizes = {key[0]: bench.size(each.remaining, leg.contract_size) for key, each in orders.items()}
    assert sizes == pytest.approx({"buy": 0.5, "sell": 1.0})


async def test_orders_name_their_leg_in_hedge_mode(bench: Harness) -> None:
    """A sell that closes the long is no short."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", "LONG"), hedge_mode=True)
    bench.rest(account, "BTCUSDT", Side.SELL, "1", "50000", leg=Leg.LONG)
    bench.rest(account, "BTCUSDT", Side.SELL, "0.5", "51000", leg=Leg.SHORT)
    book = (await (await bench.open(account)).fetch_book()).book
    assert {(each.side, each.price, each.position_side) for each in book.orders} == {
        ("sell", 50_000.0, "long"),
        ("sell", 51_000.0, "short"),
    }


async def test_conditional_orders(bench: Harness) -> None:
    """They wait in a book of their own, and are read all the same."""
    if not bench.has_conditional_orders:
        pytest.skip(f"{bench.venue}: no conditional orders")
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    fetched = await (await bench.open(account)).fetch_book()
    (order,) = fetched.book.orders
    (leg,) = fetched.book.positions
    assert (order.side, order.conditional, order.reduce_only) == ("sell", True, True)
    assert bench.size(order.remaining, leg.contract_size) == pytest.approx(1.0)
    assert fetched.missing == ()


async def test_a_live_book_is_a_book_file(bench: Harness) -> None:
    """Written and read again, it is the same."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    book = (await (await bench.open(account)).fetch_book()).book
    assert parse_book(dump_book(book)) == book


async def test_every_part_has_its_time(bench: Harness) -> None:
    """Taken at receipt; the book is as old as its balances and positions."""
    opened = await bench.open(bench.account())
    before = bench.clock.now()
    fetched = await opened.fetch_book()
    assert {"balances", "positions"} <= set(fetched.parts)
    assert all(before <= moment <= bench.clock.now() for moment in fetched.parts.values())
    assert fetched.book.as_of == min(fetched.parts["balances"], fetched.parts["positions"])


async def test_listings_are_read_once_for_all_accounts_of_a_venue(bench: Harness) -> None:
    """By the first; the second finds them."""
    one, two = await bench.open(bench.account("alice")), await bench.open(bench.account("bob"))
    await one.fetch_book()
    await two.fetch_book()
    asked = bench.tampering.count(bench.listings)
    for _ in range(2):
        await one.fetch_book()
        await two.fetch_book()
    assert bench.tampering.count(bench.listings) == asked


async def test_a_second_reading_sees_what_changed(bench: Harness) -> None:
    """Positions and marks are never kept."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    bench.server.set_price(bench.engine_symbol("BTCUSDT"), 40_000)
    (leg,) = (await opened.fetch_book()).book.positions
    assert leg.mark_price == 40_000.0
