"""Real ccxt against the sandbox's OKX: what is read in each account mode, and that accounts die as the guard says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderRejected, VenueError
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.sandbox.engine.choices import set_hedge_mode, set_leverage
from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind
from guard.sandbox.engine.orders import OrderRequest as EngineOrder
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_okx import Okx

BTC, ETH, COIN = "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USD:BTC"
EXACT = 1e-9


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Okx) as harness:
        yield harness


async def test_futures_mode_agrees_in_every_currency(bench: Harness) -> None:
    """Linear and inverse, cross and isolated, a high tier, pools of their own."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSDT", "60", "43000", leverage=10),
        bench.holding("SOLUSDT", "-30", "57", isolated_wallet=Decimal(400)),
        bench.holding("ETHUSDC", "-20", "3300"),
        bench.holding("BTCUSD", "-50000", "44000"),
        balances={"USDT": 500_000, "USDC": 9_000, "BTC": "0.8", "ETH": 3},
    )
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert set(fetched.book.venue_reported.pools) == {"USDT", "USDC", "BTC", "ETH"}
    assert fetched.book.venue_reported.equity is None
    assert {(leg.symbol, leg.contract_size) for leg in fetched.book.positions} == {
        (BTC, 0.01),
        ("SOL/USDT:USDT", 1.0),
        ("ETH/USDC:USDC", 0.1),
        (COIN, 100.0),
    }


@pytest.mark.parametrize("hedge", [False, True])
async def test_multi_currency_mode_agrees_in_usd(bench: Harness, hedge: bool) -> None:
    """Coins count by their tiers, a debt in full; legs settle in several currencies."""
    legs = [bench.holding("BTCUSDT", "40", "43000", "LONG" if hedge else "BOTH")]
    legs += [bench.holding("BTCUSDT", "-15", "44000", "SHORT")] if hedge else []
    legs += [bench.holding("BTCUSD", "-200000", "44000", "SHORT" if hedge else "BOTH")]
    account = bench.account(
        "alice",
        *legs,
        hedge_mode=hedge,
        multi_assets=True,
        balances={"USDT": -20_000, "BTC": 27, "ETH": 1_200, "USDC": 5},
    )
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert set(fetched.book.venue_reported.pools) == {"USD"}
    assert (await opened.check()).account_mode == "multi-currency margin (acctLv 3)"


async def test_portfolio_margin_is_taken_as_reported(bench: Harness) -> None:
    """The venue's own equity, requirement and ratio; nothing is claimed about other prices."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSDT", "2", "43000"),
        bench.holding("BTCUSD", "-60000", "43000"),
        balances={"USDT": 40_000, "BTC": "0.5"},
    )
    account.account.mode = "4"
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "reported"
    (pool,) = assess(fetched.book).pools
    assert pool.maintenance_margin == pytest.approx((87_000 - 60_000) * 0.12 + 147_000 * 0.0005)
    assert (await opened.check()).account_mode == "portfolio margin (acctLv 4)"


async def test_an_account_without_contracts_is_told(bench: Harness) -> None:
    """Spot mode."""
    account = bench.account()
    account.account.mode = "1"
    with pytest.raises(VenueError, match="spot mode") as caught:
        await (await bench.open(account)).fetch_book()
    assert type(caught.value) is VenueError


@pytest.mark.parametrize("hedge", [False, True])
@pytest.mark.parametrize("multi", [False, True])
async def test_orders_ask_for_margin_as_the_venue_says(bench: Harness, hedge: bool, multi: bool) -> None:
    """Both sides of a held contract, of one that is not held, and orders that only close."""
    long, short = (Leg.LONG, Leg.SHORT) if hedge else (Leg.BOTH, Leg.BOTH)
    account = bench.account(
        "alice", bench.holding("BTCUSDT", "2", "43000", long.value), hedge_mode=hedge, multi_assets=multi
    )
    bench.rest(account, "BTCUSDT", Side.BUY, "0.7", "42000", leg=long)
    bench.rest(account, "BTCUSDT", Side.SELL, "5", "45000", leg=short)
    bench.rest(account, "BTCUSDT", Side.SELL, "1", "47000", leg=long, **({} if hedge else {"reduce_only": True}))
    set_leverage(bench.server.engine.state, account.account, "ETHUSDT", 7)
    bench.rest(account, "ETHUSDT", Side.SELL, "30", "3500", leg=short)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert len(fetched.book.orders) == 4
    assert fetched.book.parameters[ETH] == {"contract_size": 0.1, "leverage": 7.0, "mark_price": 3_400.0}


async def test_orders_in_isolated_margin_reserve_and_ask_for_nothing_else(bench: Harness) -> None:
    """Taken off the cross equity; they are no orders of the cross pool."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    account.account.settings_of("ETHUSDT").isolated = True
    bench.rest(account, "ETHUSDT", Side.BUY, "30", "3300")
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    (item,) = fetched.book.collateral
    assert item.frozen == pytest.approx(99_000 * (1 / 20 + 0.0005))
    assert [order.margin_mode for order in fetched.book.orders] == ["isolated"]


async def test_more_orders_than_a_page(bench: Harness) -> None:
    """All of them, each once."""
    account = bench.account(balances={"USDT": 10_000_000})
    for index in range(130):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.01", str(40_000 - index))
    opened = await bench.open(account)
    orders = (await opened.fetch_book()).book.orders
    assert {order.price for order in orders} == {float(40_000 - index) for index in range(130)}
    assert len(orders) == 130
    assert bench.tampering.count(bench.open_orders) == 2


@pytest.mark.parametrize("case", ["long", "short", "hedge", "orders", "isolated", "inverse", "multi"])
async def test_accounts_die_where_the_guard_says(bench: Harness, case: str) -> None:
    """Alive a ten-millionth before the price, dead as much behind it."""
    account, symbol = dying(bench, case)
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    unified = bench.symbol(symbol)
    found = [leg for pool in assess(fetched.book).pools for leg in pool.positions if leg.symbol == unified]
    price, mark = found[0].liquidation_price, found[0].mark_price
    assert price is not None
    away = 1e-7 if price > mark else -1e-7
    bench.server.set_price(symbol, Decimal(repr(price * (1 - away))))
    assert not bench.server.liquidated(account.name)
    bench.server.set_price(symbol, Decimal(repr(price * (1 + away))))
    assert bench.server.liquidated(account.name)


def dying(bench: Harness, case: str) -> tuple[Any, str]:
    """An account that one price can kill, and the contract whose price it is."""
    if case == "inverse":
        return bench.account("alice", bench.holding("BTCUSD", "60000", "43000"), balances={"BTC": "0.2"}), "BTCUSD"
    if case == "isolated":
        legs = (
            bench.holding("BTCUSDT", "1", "43000"),
            bench.holding("ETHUSDT", "-30", "3400", isolated_wallet=Decimal(9000)),
        )
        return bench.account("alice", *legs), "ETHUSDT"
    if case == "hedge":
        legs = (bench.holding("BTCUSDT", "30", "43000", "LONG"), bench.holding("BTCUSDT", "-10", "43500", "SHORT"))
        return bench.account("alice", *legs, hedge_mode=True), "BTCUSDT"
    if case == "multi":
        legs = (bench.holding("BTCUSDT", "40", "43000"), bench.holding("ETHUSDT", "-50", "3500"))
        return bench.account("alice", *legs, multi_assets=True, balances={"USDT": 30_000, "BTC": 3}), "BTCUSDT"
    qty = "-20" if case == "short" else "20"
    account = bench.account("alice", bench.holding("BTCUSDT", qty, "43000"), bench.holding("ETHUSDT", "10", "3400"))
    if case == "orders":
        # Out of reach of the price at which the account dies, so that it does not fill before.
        bench.rest(account, "BTCUSDT", Side.SELL, "45", "49000")
    return account, "BTCUSDT"


async def test_modes_that_changed_are_noticed(bench: Harness) -> None:
    """Stated ten minutes ago, contradicted by what is held now."""
    account = bench.account()
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    set_hedge_mode(account.account, hedge_mode=True)
    state = bench.server.engine.state
    order = EngineOrder("BTCUSDT", Side.BUY, Leg.LONG, OrderKind.MARKET, Decimal(1))
    place_order(state, account.account, order)
    account.account.mode = "3"
    fetched = await opened.fetch_book()
    assert fetched.book.position_mode == "hedge"
    assert fetched.book.parameters["*"] == {"account_mode": "multi"}
    agrees(fetched, EXACT)


async def test_a_venue_that_contradicts_itself_is_not_believed(bench: Harness) -> None:
    """One-way by its word, long and short legs by its list."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "1", "43000", "LONG"), hedge_mode=True))

    def one_way(answer: Any) -> Any:
        answer["data"][0]["posMode"] = "net_mode"
        return answer

    bench.tampering.changes[bench.rights] = one_way
    with pytest.raises(VenueError, match="say otherwise"):
        await opened.fetch_book()


async def test_a_fee_that_cannot_be_read_does_not_blind(bench: Harness) -> None:
    """The figures stand on the listing's fee, and the book says what is missing."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "1", "43000")))
    bench.tampering.changes["/api/v5/account/trade-fee"] = lambda answer: {**answer, "data": [{"level": "Lv1"}]}
    fetched = await opened.fetch_book()
    assert fetched.missing == ("taker fee of the account",)
    assert fetched.book.fees.taker > 0.0


@pytest.mark.parametrize("always", [False, True])
async def test_a_fill_while_the_account_is_read_is_noticed(bench: Harness, always: bool) -> None:
    """Read once more; what changes every time is said to be torn."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    order = EngineOrder("BTCUSDT", Side.BUY, Leg.BOTH, OrderKind.MARKET, Decimal("0.1"))

    def fill() -> None:
        if not always:
            bench.tampering.before.clear()
        bench.server.sync()
        place_order(bench.server.engine.state, account.account, order)

    bench.tampering.before[bench.positions] = fill
    fetched = await opened.fetch_book()
    assert bool(fetched.torn) == always
    if always:
        assert "USDT balance changed while the account was read" in fetched.torn
    else:
        assert fetched.book.positions[0].contracts == pytest.approx(110.0)


async def test_a_resting_order_is_found_open_and_an_id_is_used_once(bench: Harness) -> None:
    """GTC out of reach; the second order of that id is no certain refusal."""
    account = bench.account()
    opened = await bench.open(account)
    request = OrderRequest("g1", BTC, "buy", "long", Decimal(10), Decimal(42_000), False, "one_way", "GTC")
    state = await opened.submit(request)
    assert (state.status, state.filled) == (OrderStatus.OPEN, Decimal(0))
    with pytest.raises(VenueError, match="51016") as caught:
        await opened.submit(request)
    assert not isinstance(caught.value, OrderRejected)
    too_large = OrderRequest("g2", BTC, "buy", "long", Decimal(9_000), Decimal(43_500), False, "one_way")
    with pytest.raises(OrderRejected, match="51008"):
        await opened.submit(too_large)


async def test_a_venue_that_is_away_costs_one_request_a_cycle(bench: Harness) -> None:
    """The balances, until they come again; nothing of the reading that failed is kept."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "1", "43000")))
    await opened.fetch_book()
    away = (503, "text/html", b"<html></html>")
    bench.tampering.pages.update({bench.balances: away, bench.positions: away, bench.open_orders: away})
    for _ in range(2):
        bench.clock.jump(30)
        with pytest.raises(VenueError):
            await opened.fetch_book()
    asked = len(bench.tampering.seen)
    bench.clock.jump(30)
    with pytest.raises(VenueError):
        await opened.fetch_book()
    assert {path for _, path, _ in bench.tampering.seen[asked:]} == {bench.balances}
    bench.tampering.pages.clear()
    agrees(await opened.fetch_book(), EXACT)
