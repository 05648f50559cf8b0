"""Real ccxt against the sandbox's Gate: what is read in each account mode, and that accounts die as the guard says."""

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
from tests.contract.venues.harness_gate import Gate

BTC, ETH, LINK, COIN = "BTC/USDT:USDT", "ETH/USDT:USDT", "LINK/USDT:USDT", "BTC/USD:BTC"
EXACT = 1e-9


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Gate) as harness:
        yield harness


async def test_a_classic_account_agrees(bench: Harness) -> None:
    """A high tier, a contract that is traded in parts, an isolated leg beside."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSDT", "60", "43000", leverage=10),
        bench.holding("LINKUSDT", "-30.5", "40"),
        bench.holding("SOLUSDT", "-30", "57", isolated_wallet=Decimal(400)),
        balances={"USDT": 500_000},
    )
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    book = fetched.book
    assert (book.model, book.parameters) == ("gate", {"*": {"account_mode": "classic", "tiered_mm": True}})
    assert book.fees.taker == 0.00075
    held = {leg.symbol: leg for leg in book.positions}
    assert (held[BTC].contracts, held[BTC].contract_size, held[BTC].leverage) == (600_000.0, 0.0001, 10.0)
    assert (held[LINK].contracts, held[LINK].side) == (30.5, "short")
    assert book.collateral[0].balance == pytest.approx(499_600)
    check = await opened.check()
    assert (check.account_mode, check.position_mode) == ("classic futures", "one_way")


@pytest.mark.parametrize("short", ["-1", "-10"])
async def test_of_a_hedged_contract_the_larger_side_is_charged(bench: Harness, short: str) -> None:
    """By value, at its own tier."""
    legs = (bench.holding("BTCUSDT", "4", "43000", "LONG"), bench.holding("BTCUSDT", short, "43500", "SHORT"))
    agrees(await (await bench.open(bench.account("alice", *legs, hedge_mode=True))).fetch_book(), EXACT)


async def test_an_account_with_coins_in_it_is_taken_as_reported(bench: Harness) -> None:
    """A pool for each settlement currency, with the venue's own figures."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("BTCUSD", "-50000", "44000"))
    account = bench.account("alice", *legs, balances={"USDT": 20_000, "BTC": "0.8"})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "reported"
    assert {pool.currency for pool in assess(fetched.book).pools} == {"USDT", "BTC"}
    assert {leg.symbol: (leg.kind, leg.contracts) for leg in fetched.book.positions}[COIN] == ("inverse", 50_000.0)


async def test_coins_that_only_lie_there_change_nothing(bench: Harness) -> None:
    """A second pool without legs; linear contracts are computed."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 20_000, "BTC": 1})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert (fetched.book.model, set(fetched.book.venue_reported.pools)) == ("gate", {"USDT", "BTC"})


async def test_a_currency_that_is_funded_later_is_seen(bench: Harness) -> None:
    """First as an account that was not there, then as one that was empty."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 20_000})
    opened = await bench.open(account)
    await opened.fetch_book()
    asked = bench.tampering.count("/btc/accounts")
    await opened.fetch_book()
    assert bench.tampering.count("/btc/accounts") == asked
    account.account.wallets["BTC"] = Decimal(0)
    bench.clock.jump(130)
    assert (await opened.fetch_book()).book.model == "gate"
    await opened.fetch_book()
    positions = bench.tampering.count("/btc/positions")
    await opened.fetch_book()
    assert bench.tampering.count("/btc/positions") == positions
    account.account.wallets["BTC"] = Decimal(1)
    order = EngineOrder("BTCUSD", Side.BUY, Leg.BOTH, OrderKind.MARKET, Decimal(10_000))
    place_order(bench.server.engine.state, account.account, order)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert COIN in {leg.symbol for leg in fetched.book.positions}


async def test_single_currency_mode_agrees(bench: Harness) -> None:
    """The unified account's own figures of the currency."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "-5", "3300"))
    account.account.mode = "single_currency"
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "gate"
    assert (await opened.check()).account_mode == "unified, single-currency margin"
    asked = len(bench.tampering.seen)
    await opened.fetch_book()
    assert len(await opened.reader.ccxt_calls()) == len(bench.tampering.seen[asked:]) / 2


@pytest.mark.parametrize("hedge", [False, True])
async def test_multi_currency_mode_agrees_in_usd(bench: Harness, hedge: bool) -> None:
    """Coins count by their tiers, others for nothing, a debt in full."""
    legs = [bench.holding("BTCUSDT", "40", "43000", "LONG" if hedge else "BOTH")]
    legs += [bench.holding("BTCUSDT", "-15", "44000", "SHORT")] if hedge else []
    account = bench.account(
        "alice",
        *legs,
        hedge_mode=hedge,
        multi_assets=True,
        balances={"USDT": -20_000, "BTC": 27, "ETH": 120, "DOGE": 5},
    )
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert (fetched.book.model, fetched.book.parameters["*"]["account_mode"]) == ("gate", "unified")
    assert {item.asset: item.price for item in fetched.book.collateral} == {"USDT": 1, "BTC": 43_500, "ETH": 3_400}
    assert (await opened.check()).account_mode == "unified, multi-currency margin"


async def test_an_isolated_leg_in_multi_currency_mode_has_its_own_money(bench: Harness) -> None:
    """Beside one pool in USD."""
    isolated = bench.holding("ETHUSDT", "-30", "3350", isolated_wallet=Decimal(9000))
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"), isolated, multi_assets=True)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "gate"
    assert sorted(pool.margin_mode for pool in assess(fetched.book).pools) == ["cross", "isolated"]


@pytest.mark.parametrize(
    "fields", [{"spot_order_loss": "5"}, {"balances": {"USDT": {"freeze": "0", "equity": "1", "borrowed": "3"}}}]
)
async def test_loans_and_losses_of_spot_orders_are_taken_as_reported(bench: Harness, fields: dict[str, Any]) -> None:
    """What they ask for is not known."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), multi_assets=True)
    bench.tampering.changes["/unified/accounts"] = lambda answer: {**answer, **fields}
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "reported"


async def test_portfolio_margin_is_taken_as_reported(bench: Harness) -> None:
    """One pool in USD: the venue's own equity, requirement and ratio."""
    account = bench.account(
        "alice", bench.holding("BTCUSDT", "2", "43000"), multi_assets=True, balances={"USDT": 40_000, "BTC": "0.5"}
    )
    account.account.mode = "portfolio"
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.model == "reported"
    (pool,) = assess(fetched.book).pools
    assert pool.currency == "USD"
    assert pool.equity == pytest.approx(40_000 + 1_000 + 0.5 * 43_500 * 0.98)
    assert pool.maintenance_margin == pytest.approx(87_000 * 0.06)
    assert (await opened.check()).account_mode == "unified, portfolio margin"


async def test_a_user_without_futures_account_is_told(bench: Harness) -> None:
    """What to do about it."""
    opened = await bench.open(bench.account(balances={}))
    with pytest.raises(VenueError, match="no futures account") as caught:
        await opened.fetch_book()
    assert caught.value.fix == "move funds to the futures account at the venue first"


@pytest.mark.parametrize("hedge", [False, True])
async def test_orders_are_read_with_what_they_are_for(bench: Harness, hedge: bool) -> None:
    """Opening and closing ones, and one of a contract that is not held, with its own leverage."""
    long, short = (Leg.LONG, Leg.SHORT) if hedge else (Leg.BOTH, Leg.BOTH)
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", long.value), hedge_mode=hedge)
    bench.rest(account, "BTCUSDT", Side.BUY, "0.7", "42000", leg=long)
    bench.rest(account, "BTCUSDT", Side.SELL, "1", "47000", leg=long, **({} if hedge else {"reduce_only": True}))
    set_leverage(bench.server.engine.state, account.account, "ETHUSDT", 7)
    bench.rest(account, "ETHUSDT", Side.SELL, "30", "3500", leg=short)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.parameters[ETH] == {"contract_size": 0.01, "leverage": 7.0, "mark_price": 3_400.0}
    found = {(order.symbol, order.side): order for order in fetched.book.orders}
    assert [found[BTC, side].reduce_only for side in ("buy", "sell")] == [False, True]
    assert [found[BTC, side].position_side for side in ("buy", "sell")] == (["long", "long"] if hedge else [None, None])
    assert found[ETH, "sell"].position_side == ("short" if hedge else None)
    (pool,) = assess(fetched.book).pools
    figures = fetched.book.venue_reported.pools["USDT"]
    assert pool.initial_margin == pytest.approx(figures.initial_margin, rel=0.001)


async def test_price_orders_of_every_form(bench: Harness) -> None:
    """Sent as the venue takes them: one with a size, one that closes whatever is held."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "-5", "3300"))
    opened = await bench.open(account)
    await opened.fetch_book()
    exchange = opened._client.exchange
    for initial, trigger in (
        ({"contract": "BTC_USDT", "size": -5000, "price": "0", "tif": "ioc", "reduce_only": True}, ("41000", 2)),
        ({"contract": "ETH_USDT", "size": 0, "price": "0", "tif": "ioc", "close": True}, ("3600", 1)),
        ({"contract": "BTC_USDT", "size": 1000, "price": "41000", "text": "t-mine"}, ("42000", 2)),
    ):
        price, rule = trigger
        await exchange.privateFuturesPostSettlePriceOrders(
            {"settle": "usdt", "initial": initial, "trigger": {"price": price, "rule": rule, "price_type": 1}}
        )
    orders = (await opened.fetch_book()).book.orders
    assert {(each.symbol, each.side, each.remaining, each.price, each.reduce_only) for each in orders} == {
        (BTC, "sell", 5_000.0, None, True),
        (ETH, "buy", 500.0, None, True),
        (BTC, "buy", 1_000.0, 41_000.0, False),
    }
    assert all(each.conditional for each in orders)
    assert {each.client_order_id for each in orders} == {None, "mine"}


async def test_orders_in_isolated_margin_reserve_and_ask_for_nothing_else(bench: Harness) -> None:
    """Taken off the cross equity; they ask nothing of the cross pool."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    account.account.settings_of("ETHUSDT").isolated = True
    bench.rest(account, "ETHUSDT", Side.BUY, "30", "3300")
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.collateral[0].frozen == pytest.approx(99_000 / 20)
    assert [order.margin_mode for order in fetched.book.orders] == ["isolated"]


async def test_more_orders_than_a_page(bench: Harness) -> None:
    """All of them, each once."""
    account = bench.account(balances={"USDT": 10_000_000})
    for index in range(130):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.01", str(40_000 - index))
    orders = (await (await bench.open(account)).fetch_book()).book.orders
    assert {order.price for order in orders} == {float(40_000 - index) for index in range(130)}
    assert len(orders) == 130
    assert bench.tampering.count(bench.open_orders) == 2


@pytest.mark.parametrize("case", ["long", "short", "hedge", "orders", "isolated", "single", "multi"])
async def test_accounts_die_where_the_guard_says(bench: Harness, case: str) -> None:
    """Alive a ten-millionth before the price, dead as much behind it."""
    account, symbol = dying(bench, case)
    fetched = await (await bench.open(account)).fetch_book()
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
    if case == "isolated":
        isolated = bench.holding("ETHUSDT", "-30", "3400", isolated_wallet=Decimal(9000))
        return bench.account("alice", bench.holding("BTCUSDT", "1", "43000"), isolated), "ETHUSDT"
    if case == "hedge":
        legs = (bench.holding("BTCUSDT", "30", "43000", "LONG"), bench.holding("BTCUSDT", "-10", "43500", "SHORT"))
        return bench.account("alice", *legs, hedge_mode=True), "BTCUSDT"
    if case == "multi":
        legs = (bench.holding("BTCUSDT", "40", "43000"), bench.holding("ETHUSDT", "-50", "3500"))
        return bench.account("alice", *legs, multi_assets=True, balances={"USDT": 30_000, "ETH": 30}), "BTCUSDT"
    qty = "-20" if case == "short" else "20"
    account = bench.account("alice", bench.holding("BTCUSDT", qty, "43000"), bench.holding("ETHUSDT", "10", "3400"))
    if case == "orders":
        # Out of reach of the price at which the account dies, so that it does not fill before.
        bench.rest(account, "BTCUSDT", Side.SELL, "10", "49000")
    if case == "single":
        account.account.mode = "single_currency"
    return account, "BTCUSDT"


async def test_modes_that_changed_are_noticed(bench: Harness) -> None:
    """The futures account states them with every reading; then everything is read once more."""
    account = bench.account()
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    set_hedge_mode(account.account, hedge_mode=True)
    account.account.mode = "single_currency"
    fetched = await opened.fetch_book()
    agrees(fetched, EXACT)
    assert fetched.book.position_mode == "hedge"
    modes = await opened.reader.modes()
    assert (modes.position_mode, modes.account_mode) == ("hedge", "unified, single-currency margin")


async def test_an_account_that_does_not_fit_its_legs_is_read_again(bench: Harness) -> None:
    """Once off: read again. Always off by the same: no tear, and the figures are compared elsewhere."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "1", "43000")))
    await opened.fetch_book()
    factors = [1.5, 1.0, 1.2, 1.2, 1.2]

    def off(answer: Any) -> Any:
        margin = float(answer["cross_maintenance_margin"]) * factors.pop(0)
        return {**answer, "cross_maintenance_margin": str(margin)}

    bench.tampering.changes[bench.balances] = off
    asked = bench.tampering.count(bench.positions)
    assert (await opened.fetch_book()).torn == ()
    assert bench.tampering.count(bench.positions) == asked + 2
    assert (await opened.fetch_book()).torn == ()
    assert (await opened.fetch_book()).torn == ()
    assert bench.tampering.count(bench.positions) == asked + 5


async def test_an_order_that_ended_a_while_ago_is_found_in_the_list(bench: Harness) -> None:
    """The venue knows an order by its text for a minute after its end only."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    request = OrderRequest("g1", BTC, "sell", "long", Decimal(5_000), Decimal(43_000), True, "one_way")
    state = await opened.submit(request)
    assert (state.status, state.filled) == (OrderStatus.FILLED, Decimal(5_000))
    account.account.orders[int(state.venue_order_id)].updated_ms -= 100_000
    assert await opened.find_order("g1", BTC) == state
    assert bench.tampering.seen[-1][2]["status"] == "finished"


async def test_a_resting_order_is_found_open_and_refusals_are_certain(bench: Harness) -> None:
    """GTC out of reach; the second order of that id is no certain refusal, one without margin is."""
    opened = await bench.open(bench.account())
    request = OrderRequest("g1", BTC, "buy", "long", Decimal(10), Decimal(42_000), False, "one_way", "GTC")
    state = await opened.submit(request)
    assert (state.status, state.filled) == (OrderStatus.OPEN, Decimal(0))
    with pytest.raises(VenueError, match="REPEATED_CREATION") as caught:
        await opened.submit(request)
    assert not isinstance(caught.value, OrderRejected)
    too_large = OrderRequest("g2", BTC, "buy", "long", Decimal(900_000), Decimal(43_500), False, "one_way")
    with pytest.raises(OrderRejected, match="INSUFFICIENT_AVAILABLE"):
        await opened.submit(too_large)


async def test_parts_of_a_contract_are_sent_as_text(bench: Harness) -> None:
    """Where the venue trades them."""
    opened = await bench.open(bench.account("alice", bench.holding("LINKUSDT", "30", "41")))
    request = OrderRequest("g1", LINK, "sell", "long", Decimal("2.5"), Decimal(40), True, "one_way")
    assert (await opened.submit(request)).filled == Decimal("2.5")
    assert (await opened.fetch_book()).book.positions[0].contracts == 27.5


async def test_contracts_of_other_kinds_are_named_as_missing(bench: Harness) -> None:
    """Held beside, and not read; an account for them that is away blinds nobody."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    options = (200, "application/json", b'{"init_margin":"5","order_margin":"0"}')
    delivery = (200, "application/json", b'{"position_margin":"0","order_margin":"0"}')
    bench.tampering.pages.update({"/options/accounts": options, "/delivery/usdt/accounts": delivery})
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("options, which the guard does not read",)
    bench.tampering.pages["/options/accounts"] = (503, "text/html", b"<html></html>")
    agrees(await (await bench.open(account)).fetch_book(), EXACT)


async def test_a_key_without_the_right_to_the_accounts_data_tells_nothing(bench: Harness) -> None:
    """No list of keys: what it may do is unknown, and the account is read all the same."""
    opened = await bench.open(bench.account())
    refusal = (403, "application/json", b'{"label":"FORBIDDEN","message":"no permission"}')
    bench.tampering.pages.update({bench.rights: refusal, "/account/detail": refusal})
    rights = (await opened.check()).rights
    assert (rights.read, rights.trade, rights.withdraw, rights.ip_restricted) == (True, None, None, None)
    bench.tampering.pages.pop("/account/detail")
    assert (await opened.reader.rights()).ip_restricted is False


async def test_what_the_venue_cannot_tell_of_one_thing_blinds_nobody(bench: Harness) -> None:
    """Settings of a contract that is ordered only, and the price of a coin: named, and the rest is read."""
    account = bench.account(
        "alice", bench.holding("BTCUSDT", "2", "43000"), multi_assets=True, balances={"USDT": 40_000, "ETH": 2}
    )
    bench.rest(account, "ETHUSDT", Side.BUY, "1", "3000")
    gone = (400, "application/json", b'{"label":"POSITION_NOT_FOUND","message":"no position"}')
    unpaired = (400, "application/json", b'{"label":"INVALID_CURRENCY_PAIR","message":"no pair"}')
    bench.tampering.pages.update({"/positions/ETH_USDT": gone, "/spot/tickers": unpaired})
    bench.tampering.changes["/futures/usdt/tickers"] = lambda answer: [
        {**row, "index_price": ""} if row["contract"] == "ETH_USDT" else row for row in answer
    ]
    fetched = await (await bench.open(account)).fetch_book()
    assert set(fetched.missing) == {f"leverage of {ETH}", "price of ETH"}


@pytest.mark.parametrize("path", ["/risk_limit_tiers", "/currency_discount_tiers"])
async def test_tables_are_read_anew_every_hour(bench: Harness, path: str) -> None:
    """The venue changes them without notice."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), multi_assets=True))
    await opened.fetch_book()
    asked = bench.tampering.count(path)
    bench.clock.jump(3_700)
    await opened.fetch_book()
    assert bench.tampering.count(path) == asked + 1
