"""Real ccxt against the sandbox's COIN-M: what is read, and that an account dies where the guard says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from guard.ports.errors import OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.sandbox.engine.engine import Holding
from guard.sandbox.engine.sides import Leg, Side
from guard.venues.addresses import replace_host
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched

D = Decimal
BTC, ETH, QUARTER = "BTC/USD:BTC", "ETH/USD:ETH", "BTC/USD:BTC-301227"


class Coinm(Harness):
    """A sandbox of COIN-M."""

    venue = "binancecoinm"


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Coinm) as harness:
        yield harness


async def test_several_coins_and_terms_agree_with_the_venue(bench: Harness) -> None:
    """Perpetuals beside a delivery contract, two coin pools, contract sizes of 100 and 10 USD."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSD", "400000", "41000", leverage=10),
        bench.holding("BTCUSD_301227", "-250000", "45000"),
        bench.holding("ETHUSD", "-90000", "3300"),
        balances={"BTC": 3, "ETH": 40},
    )
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    legs = {leg.symbol: (leg.side, leg.contracts, leg.contract_size, leg.settle) for leg in fetched.book.positions}
    assert legs == {
        BTC: ("long", 4000.0, 100.0, "BTC"),
        QUARTER: ("short", 2500.0, 100.0, "BTC"),
        ETH: ("short", 9000.0, 10.0, "ETH"),
    }
    assert set(fetched.book.venue_reported.pools) == {"BTC", "ETH"}
    assert {leg.leverage for leg in fetched.book.positions} == {10.0, 20.0}


async def test_hedge_and_isolated_legs_agree_with_the_venue(bench: Harness) -> None:
    """Both legs of a symbol, and an isolated one beside them with its own coins."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSD", "400000", "41000", "LONG"),
        bench.holding("BTCUSD", "-100000", "45000", "SHORT"),
        bench.holding("ETHUSD", "60000", "3300", "LONG", isolated_wallet=D("2.5")),
        balances={"BTC": 3, "ETH": 40},
        hedge_mode=True,
    )
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    (eth,) = [leg for leg in fetched.book.positions if leg.symbol == ETH]
    assert (eth.margin_mode, eth.isolated_margin, fetched.book.position_mode) == ("isolated", 2.5, "hedge")


async def test_orders_of_both_kinds_are_in_contracts(bench: Harness) -> None:
    """A resting order and a stop, on a symbol that is held and on one that is not."""
    account = bench.account("alice", bench.holding("BTCUSD", "40000", "41000"), balances={"BTC": 3, "ETH": 40})
    bench.rest(account, "ETHUSD", Side.BUY, "1200", "3000")
    bench.stop(account, "BTCUSD", Side.SELL, "40000", "30000", reduce_only=True)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    orders = {
        order.symbol: (order.side, order.price, order.remaining, order.conditional) for order in fetched.book.orders
    }
    assert orders == {ETH: ("buy", 3000.0, 120.0, False), BTC: ("sell", None, 400.0, True)}
    assert fetched.book.parameters[ETH] == {"contract_size": 10.0, "leverage": 20.0, "mark_price": 3400.0}


async def test_a_reduction_is_sent_in_contracts(bench: Harness) -> None:
    """It fills in the coin market, is found by its id, and never flips the leg."""
    account = bench.account("alice", bench.holding("BTCUSD", "40000", "41000"), balances={"BTC": 3})
    opened = await bench.open(account)
    assert (await opened.instrument(BTC)).contract_size == 100
    assert (await opened.depth(BTC)).bids[0].contracts >= 1000
    request = order("g-1", "150")
    state = await opened.submit(request)
    assert (state.status, state.filled) == (OrderStatus.FILLED, D(150))
    assert state.average_price == pytest.approx(43_500, rel=1e-3)
    assert await opened.find_order("g-1", BTC) == state
    assert account.account.position("BTCUSD", Leg.BOTH).qty == 25_000
    with pytest.raises(OrderRejected):
        await opened.submit(order("g-2", "0.5"))


def order(client_order_id: str, contracts: str) -> OrderRequest:
    """A reduction of the long leg, far below the market."""
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=BTC,
        side="sell",
        leg="long",
        contracts=D(contracts),
        limit_price=D(42_000),
        reduce_only=True,
        position_mode="one_way",
    )


async def test_check_names_the_mode_and_the_rights(bench: Harness) -> None:
    """What a person is told of the account."""
    opened = await bench.open(bench.account("alice", balances={"BTC": 1}))
    checked = await opened.check()
    assert (checked.account_mode, checked.position_mode, checked.rights.withdraw) == ("coin-margined", "one_way", False)


@pytest.mark.parametrize(
    "legs",
    [
        [("BTCUSD", "400000", "43500", Leg.BOTH)],
        [("BTCUSD", "-900000", "43500", Leg.BOTH)],
        [("BTCUSD", "900000", "40000", Leg.LONG), ("BTCUSD", "-250000", "45000", Leg.SHORT)],
        [("BTCUSD", "300000", "43500", Leg.BOTH), ("BTCUSD_301227", "200000", "44200", Leg.BOTH)],
    ],
    ids=["long", "short", "hedge", "two terms"],
)
async def test_an_account_dies_where_the_guard_says(bench: Harness, legs: list[Any]) -> None:
    """One tick on the safe side of our liquidation price it lives, one tick beyond it it is dead."""
    holdings = [Holding(symbol, D(qty), D(entry), leg=leg) for symbol, qty, entry, leg in legs]
    balances = {"BTC": D("5.5")}
    account = bench.account("alice", *holdings, balances=balances, hedge_mode=legs[0][3] is not Leg.BOTH)
    risk = assess((await (await bench.open(account)).fetch_book()).book)
    (price,) = {leg.liquidation_price for pool in risk.pools for leg in pool.positions if leg.symbol == BTC}
    assert price is not None
    tick = D("0.1") if price > 43_500 else D("-0.1")
    exact = D(repr(price)).quantize(D("1e-6"))
    bench.server.engine.set_price("BTCUSD", exact - tick)
    assert len(account.account.liquidations) == 0
    bench.server.engine.set_price("BTCUSD", exact + tick)
    assert len(account.account.liquidations) == len(legs)


async def test_real_listeners_are_told_in_contracts(bench: Harness) -> None:
    """Marks, the order, the leg and the coins of one trade come over the streams."""
    account = bench.account("alice", balances={"BTC": 3})
    keys = {"apiKey": account.api_key, "secret": account.secret}
    pro = ccxt.pro.binancecoinm(
        {**keys, "enableRateLimit": False, "timeout_on_exit": 0, "options": {"defaultType": "swap"}}
    )
    pro.urls["api"] = replace_host(pro.urls["api"], bench.server.base_url)
    async with asyncio.timeout(10):
        await pro.load_markets()
        assert (await pro.watch_mark_price(BTC))["markPrice"] == 43_500
        watched = (pro.watch_orders(), pro.watch_positions(), pro.watch_balance())
        tasks = [asyncio.ensure_future(each) for each in watched]
        await bench.server.served.streams.until_listened()
        await pro.create_order(BTC, "market", "buy", 10)
        orders, positions, balance = [await task for task in tasks]
    await pro.close()
    assert (orders[-1]["filled"], orders[-1]["fee"]["currency"]) == (10.0, "BTC")
    assert [(leg["symbol"], leg["side"], leg["contracts"]) for leg in positions] == [(BTC, "long", 10)]
    assert balance["BTC"]["total"] == pytest.approx(float(account.account.wallets["BTC"]))
