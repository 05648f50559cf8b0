"""BingX with real ccxt against the sandbox: what the suite of all venues cannot ask."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro as ccxt
import pytest

from guard.ports.errors import ClockSkew, OrderOutcomeUnknown, OrderRejected, PermissionMissing
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.sandbox.engine.choices import set_leverage
from guard.sandbox.engine.sides import Leg, Side
from guard.sandbox.faults import FaultKind
from guard.venues.addresses import replace_host
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_bingx import Bingx

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
COIN_POSITIONS = "/openApi/cswap/v1/user/positions"


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """The venue."""
    async with benched(Bingx) as harness:
        yield harness


async def soon(awaitable: Awaitable[Any]) -> Any:
    """The result, within five seconds."""
    return await asyncio.wait_for(awaitable, 5)


def dies_at(bench: Harness, account: Any, symbol: str, price: float, tick: str = "0.01") -> bool:
    """Whether the account lives one tick before `price`, seen from the mark, and is dead one tick beyond."""
    mark = float(bench.server.engine.market.mark(symbol))
    step = Decimal(tick) if price > mark else -Decimal(tick)
    at = Decimal(str(price)).quantize(Decimal(tick))
    bench.server.set_price(symbol, at - step)
    before = bool(account.account.liquidated)
    bench.server.set_price(symbol, at + step)
    return not before and bool(account.account.liquidated)


async def test_an_account_dies_where_we_say(bench: Harness) -> None:
    """Two cross legs over several tiers, fees in the requirement."""
    legs = (
        bench.holding("BTCUSDT", "30", "43000", leverage=20),
        bench.holding("ETHUSDT", "-100", "3300", leverage=10),
    )
    account = bench.account("alice", *legs, balances={"USDT": 200_000})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    (pool,) = assess(fetched.book).pools
    leg = next(leg for leg in pool.positions if leg.symbol == BTC)
    assert leg.liquidation_price is not None
    assert 0 < leg.liquidation_price < 43_500
    assert dies_at(bench, account, "BTCUSDT", leg.liquidation_price)


async def test_a_full_hedge_dies_when_the_price_rises(bench: Harness) -> None:
    """The venue's own example in our tiers: neutral in PnL, but both legs pay."""
    legs = (bench.holding("BTCUSDT", "2", "43500", "LONG"), bench.holding("BTCUSDT", "-2", "43500", "SHORT"))
    account = bench.account("alice", *legs, hedge_mode=True, balances={"USDT": 8_000})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    (pool,) = assess(fetched.book).pools
    price = pool.positions[0].liquidation_price
    assert price is not None
    assert price > 43_500
    assert dies_at(bench, account, "BTCUSDT", price)


async def test_an_isolated_leg_dies_alone(bench: Harness) -> None:
    """Its closing fee included; the cross leg lives on."""
    legs = (
        bench.holding("BTCUSDT", "1", "43000"),
        bench.holding("ETHUSDT", "-10", "3400", isolated_wallet=Decimal(1700)),
    )
    account = bench.account("alice", *legs)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    alone = next(pool for pool in assess(fetched.book).pools if pool.margin_mode == "isolated")
    price = alone.positions[0].liquidation_price
    assert price is not None
    assert dies_at(bench, account, "ETHUSDT", price)
    assert [position.symbol for position in account.account.held()] == ["BTCUSDT"]


async def test_what_orders_freeze_carries_nothing(bench: Harness) -> None:
    """Equity is less, here and at the venue; reducing and waiting orders freeze nothing."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", leverage=20))
    bench.rest(account, "BTCUSDT", Side.BUY, "1", "40000")
    bench.rest(account, "BTCUSDT", Side.SELL, "1", "50000", reduce_only=True)
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-6)
    (wallet,) = fetched.book.collateral
    assert wallet.frozen == pytest.approx(2_000)
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(100_000 + 1_000 - 2_000)
    assert conformity(assess(fetched.book), fetched.book) == ()


async def test_an_order_alone_brings_its_terms(bench: Harness) -> None:
    """The leverage of a symbol without a position is asked for, and its mark."""
    account = bench.account()
    bench.rest(account, "ETHUSDT", Side.BUY, "1", "3000")
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    assert fetched.book.parameters == {ETH: {"contract_size": 1.0, "leverage": 20.0, "mark_price": 3400.0}}


@pytest.mark.parametrize("qty", ["30000", "-30000"])
async def test_coin_margined_contracts_are_read_and_named(bench: Harness, qty: str) -> None:
    """Their tiers are not published: the rate that the venue implies stands in, so that the ratio is the venue's."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSD", qty, "43000"),
        bench.holding("BTCUSDT", "1", "43000"),
        balances={"USDT": 10_000, "BTC": "0.2"},
    )
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("tiers of BTC/USD:BTC",)
    pools = {pool.currency: pool for pool in assess(fetched.book).pools}
    said = fetched.book.venue_reported.pools
    for currency in ("USDT", "BTC"):
        assert pools[currency].equity == pytest.approx(said[currency].equity, rel=1e-6)
        assert pools[currency].risk_ratio == pytest.approx(said[currency].risk_ratio, rel=1e-5)
    coin = next(leg for leg in fetched.book.positions if leg.kind == "inverse")
    assert (coin.contracts, coin.contract_size, coin.settle) == (300.0, 100.0, "BTC")


async def test_coin_margined_orders_are_read(bench: Harness) -> None:
    """In the venue's other words."""
    account = bench.account("alice", balances={"BTC": "1"})
    bench.rest(account, "BTCUSD", Side.SELL, "1000", "50000")
    fetched = await (await bench.open(account)).fetch_book()
    (order,) = fetched.book.orders
    assert (order.symbol, order.side, order.remaining, order.price) == ("BTC/USD:BTC", "sell", 10.0, 50_000.0)
    assert fetched.book.parameters["BTC/USD:BTC"]["contract_size"] == 100.0


async def test_multi_assets_mode_is_the_venues_word(bench: Harness) -> None:
    """Told as such, reported with the venue's ratio, incomplete."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"), multi_assets=True)
    opened = await bench.open(account)
    check = await opened.check()
    assert check.account_mode == "multi-assets"
    assert check.fetched.book.model == "reported"
    assert check.fetched.missing == ("value of the margin in multi-assets mode",)


async def test_a_mode_that_was_changed_is_noticed(bench: Harness) -> None:
    """While flat; the first leg of the other mode contradicts what was stated before."""
    account = bench.account()
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    account.account.hedge_mode = True
    holding = bench.holding("BTCUSDT", "1", "43000", "LONG")
    bench.server.engine._hold(account.account, holding)
    fetched = await opened.fetch_book()
    assert fetched.book.position_mode == "hedge"


async def test_standard_futures_that_the_key_may_not_see(bench: Harness) -> None:
    """The account is read all the same, and the mode says so."""
    denied = b'{"code":100004,"msg":"Permission denied as the API key was created without the permission"}'
    bench.tampering.pages["/contract/v1/allPosition"] = (200, "application/json", denied)
    check = await (await bench.open(bench.account())).check()
    assert check.fetched.missing == ()
    assert "cannot be seen" in check.account_mode


async def test_a_key_that_may_only_read_where_the_venue_wants_more(bench: Harness) -> None:
    """Its documents ask for the right to trade to list orders: the balances tell whether any of them would open."""
    denied = b'{"code":100004,"msg":"Permission denied as the API key was created without the permission"}'
    for path in (bench.open_orders, "/cswap/v1/trade/openOrders", "/swap/v1/trade/assetMode"):
        bench.tampering.pages[path] = (200, "application/json", denied)
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert fetched.missing == ()
    assert assess(fetched.book).pools[0].positions
    told = (await opened.check()).account_mode
    assert "may not ask" in told
    assert "orders cannot be seen" in told
    bench.rest(account, "ETHUSDT", Side.BUY, "1", "3000")
    listing = "bingx GET swap/v2/trade/openOrders, which the venue tells keys only that may trade"
    assert (await opened.fetch_book()).missing == (listing,)


async def test_a_key_that_may_only_read_and_a_wallet_of_two_assets(bench: Harness) -> None:
    """Which of them carries what depends on the mode that it may not ask for."""
    denied = b'{"code":100004,"msg":"Permission denied as the API key was created without the permission"}'
    bench.tampering.pages["/swap/v1/trade/assetMode"] = (200, "application/json", denied)
    opened = await bench.open(bench.account("alice", balances={"USDT": 1_000, "USDC": 1_000}))
    assert (await opened.fetch_book()).missing == (
        "asset mode, which the venue tells keys only that may trade perpetual futures",
    )


async def test_standard_futures_that_are_held(bench: Harness) -> None:
    """They are another account: named at the check, and no hole in the book of this one, for that would never end."""
    bench.tampering.changes["/contract/v1/allPosition"] = lambda answer: {
        **answer,
        "data": [{"symbol": "LTC/USDT", "positionAmt": "1.2"}],
    }
    check = await (await bench.open(bench.account())).check()
    assert check.fetched.missing == ()
    assert "standard futures are held" in check.account_mode


async def test_a_leg_that_is_traded_during_the_reading_is_read_again(bench: Harness) -> None:
    """Once; what stays torn is said."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    asked = bench.tampering.count(bench.positions)

    def later(answer: Any) -> Any:
        answer["data"][0].update(initialMargin="1.0", updateTime=int(bench.clock.now().timestamp() * 1000) + 60_000)
        return answer

    bench.tampering.changes[bench.positions] = later
    fetched = await opened.fetch_book()
    assert fetched.torn == ("BTC-USDT LONG was traded between balances and positions",)
    assert bench.tampering.count(bench.positions) == asked + 2


async def test_a_key_without_the_right_to_read(bench: Harness) -> None:
    """Says which right is missing."""
    account = bench.account()
    opened = await bench.open(account, **bench.key(account, reading=False))
    with pytest.raises(PermissionMissing, match="rights to read"):
        await opened.fetch_book()


@pytest.mark.parametrize("drift_s", [-3_600.0, 3_600.0])
async def test_timestamps_are_on_the_venues_clock(bench: Harness, drift_s: float) -> None:
    """The library signs with the plain clock here; the measured difference is taken off."""
    bench.clock.drift_s = drift_s
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    assert len((await opened.fetch_book()).book.positions) == 1
    bench.clock.drift_s += 30.0
    assert len((await opened.fetch_book()).book.positions) == 1, "measured again when the venue complains"


async def test_a_clock_that_runs_away_stops_orders(bench: Harness) -> None:
    """A refusal for its timestamp is a refusal: nothing is open."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.CLOCK_SKEW, path=bench.orders, value_ms=120_000)
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(reduction())
    assert isinstance(caught.value.__cause__, ClockSkew)
    assert [position.qty for position in account.account.held()] == [Decimal(2)]


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes half a BTC of the long leg, with capitals in its id."""
    request = OrderRequest(
        client_order_id="G-Abc-1",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts=Decimal("0.5"),
        limit_price=Decimal(43_000),
        reduce_only=True,
        position_mode="one_way",
    )
    return replace(request, **fields)


async def test_ids_keep_their_capitals_here(bench: Harness) -> None:
    """The venue writes them small; the journal must find its own."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    state = await opened.submit(reduction())
    assert (state.client_order_id, state.status) == ("G-Abc-1", OrderStatus.FILLED)
    assert "g-abc-1" in account.account.client_ids
    assert await opened.find_order("G-Abc-1", BTC) == state


async def test_an_id_that_was_used_is_looked_up(bench: Harness) -> None:
    """A repeated request never becomes a second order, and is never taken for refused."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    bench.rest(account, "BTCUSDT", Side.SELL, "0.5", "50000", reduce_only=True, client_order_id="g-abc-1")
    with pytest.raises(OrderOutcomeUnknown, match="101481"):
        await opened.submit(reduction())
    found = await opened.find_order("G-Abc-1", BTC)
    assert (found.status, found.filled) == (OrderStatus.OPEN, Decimal(0))
    assert [position.qty for position in account.account.held()] == [Decimal(2)]


@pytest.fixture
async def pro(bench: Harness) -> AsyncIterator[Any]:
    """ccxt.pro on an account that is 1 BTC long."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000", "LONG"), hedge_mode=True)
    quick = {"enableRateLimit": False, "timeout_on_exit": 0}  # nobody is spared here
    exchange: Any = ccxt.bingx(
        {"apiKey": account.api_key, "secret": account.secret, "options": {"defaultType": "swap"}, **quick}
    )
    exchange.urls["api"] = replace_host(exchange.urls["api"], bench.server.base_url)
    yield exchange
    await exchange.close()


async def test_ccxt_reads_the_dialect(pro: Any) -> None:
    """Its unified calls, as far as they can be trusted."""
    await pro.load_markets()
    (position,) = await pro.fetch_positions()
    assert (position["symbol"], position["side"], position["contracts"]) == (BTC, "long", 1.0)
    tiers = await pro.fetch_market_leverage_tiers(BTC)
    assert [tier["maintenanceMarginRate"] for tier in tiers][:2] == [0.004, 0.005]
    book = await pro.fetch_order_book(BTC)
    assert book["bids"][0][0] < 43_500 < book["asks"][0][0]
    assert (await pro.fetch_position_mode())["hedged"] is True
    order = await pro.create_order(BTC, "limit", "sell", 0.5, 50_000, {"hedged": True, "reduceOnly": True})
    assert [each["id"] for each in await pro.fetch_open_orders(BTC)] == [order["id"]]
    await pro.cancel_order(order["id"], BTC)
    assert await pro.fetch_open_orders(BTC) == []


async def test_ccxt_listens_to_the_dialect(pro: Any, bench: Harness) -> None:
    """Gzipped frames: prices, and an order with its position and balance by listen key."""
    await pro.load_markets()
    assert (await soon(pro.watch_ticker(BTC)))["last"] == 43_500
    watched = [asyncio.ensure_future(each) for each in (pro.watch_orders(), pro.watch_positions())]
    await soon(bench.server.served.streams.until_listened())
    await pro.create_order(BTC, "market", "sell", 0.25, None, {"hedged": True, "reduceOnly": True})
    orders, positions = [await soon(task) for task in watched]
    assert (orders[-1]["symbol"], orders[-1]["side"]) == (BTC, "sell")
    assert positions[-1]["contracts"] in {0.75, 1.0}
    assert Leg.LONG.value.lower() == positions[-1]["side"]


async def test_everything_of_an_account_is_told(bench: Harness) -> None:
    """Marks of both kinds, a changed leverage, a waiting order: each frame gzipped, with a ping among them."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    heard: list[Any] = []
    async with aiohttp.ClientSession() as session:
        base = bench.server.base_url
        headers = {"X-BX-APIKEY": account.api_key}
        query = f"timestamp={int(bench.clock.now().timestamp() * 1000)}"
        signature = hmac.new(account.secret.encode(), query.encode(), "sha256").hexdigest()
        url = f"{base}/openApi/user/auth/userDataStream?{query}&signature={signature}"
        async with session.post(url, headers=headers) as answer:
            key = (await answer.json())["listenKey"]
        async with session.ws_connect(f"{base}/swap-market?listenKey={key}") as socket:
            for name in ("BTC-USDT@markPrice", "BTC-USD@markPrice", "nonsense"):
                await socket.send_json({"id": "1", "reqType": "sub", "dataType": name})
            set_leverage(bench.server.engine.state, account.account, "BTCUSDT", 10)
            bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
            wanted = {"Ping", "SUCCESS", "BTC-USDT@markPrice", "BTC-USD@markPrice"}
            wanted |= {"ACCOUNT_CONFIG_UPDATE", "ORDER_TRADE_UPDATE"}
            while not wanted <= {name for each in heard for name in names(each)}:
                text = gzip.decompress((await soon(socket.receive())).data).decode()
                heard.append(text if text == "Ping" else json.loads(text))
    coin = next(each["data"] for each in heard if names(each) & {"BTC-USD@markPrice"})
    assert float(coin[0]["p"]) == 43_500


def names(message: Any) -> set[str]:
    """What a frame is about."""
    if isinstance(message, str):
        return {message}
    return {str(message[key]) for key in ("e", "dataType", "msg") if key in message}
