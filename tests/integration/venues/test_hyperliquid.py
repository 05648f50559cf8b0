"""Real ccxt against the sandbox's Hyperliquid: what is read, who may sign, and that an account dies where we say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro as ccxt
import pytest

from guard.ports.errors import CredentialsRejected, InputError, OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.sandbox.dialects.hyperliquid.signing import private_key_of
from guard.sandbox.dialects.hyperliquid.wallets import signer_of, wallet_of
from guard.sandbox.engine.sides import Side
from guard.sandbox.faults import FaultKind
from guard.venues.addresses import replace_host
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_hyperliquid import Hyperliquid

D = Decimal
BTC, GOLD = "BTC/USDC:USDC", "XYZ-GOLD/USDC:USDC"


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Hyperliquid) as harness:
        yield harness


def btc(bench: Harness, qty: str = "2", **fields: Any) -> Any:
    """A leg in BTC."""
    return bench.holding("BTCUSDT", qty, "43000", **fields)


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes half a BTC of a long leg."""
    request = OrderRequest(
        client_order_id="g0123456789abcdef01s12c3",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts=D("0.5"),
        limit_price=D(43_000),
        reduce_only=True,
        position_mode="one_way",
    )
    return replace(request, **fields)


async def test_an_address_is_enough_to_watch(bench: Harness) -> None:
    """Without a key everything is read, nothing can be sent, and both are told."""
    account = bench.account("alice", btc(bench))
    check = await (await bench.open(account, secret="")).check()
    agrees(check.fetched, 1e-6)
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, False, False)
    assert any("watched only" in warning for warning in check.warnings)


async def test_tiers_of_large_positions_agree_with_the_venue(bench: Harness) -> None:
    """Far into the second tier, beside an isolated leg, in both directions."""
    account = bench.account(
        "alice",
        btc(bench, "5000", leverage=10),
        bench.holding("ETHUSDT", "-9000", "3500", leverage=10),
        bench.holding("SOLUSDT", "100", "60", leverage=5, isolated_wallet=D(2500)),
        balances={"USDC": 60_000_000},
    )
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-9)
    assert conformity(assess(fetched.book), fetched.book) == ()
    assert [tier.max_leverage for tier in fetched.book.tiers[BTC]] == [40.0, 20.0]


@pytest.mark.parametrize("qty", ["60", "-60"])
async def test_an_account_dies_where_the_guard_says(bench: Harness, qty: str) -> None:
    """A hair before our liquidation price it lives, a hair behind it is gone."""
    account = bench.account("alice", btc(bench, qty, leverage=40), bench.holding("ETHUSDT", "-10", "3400"))
    fetched = await (await bench.open(account)).fetch_book()
    risk = assess(fetched.book)
    (price,) = [leg.liquidation_price for pool in risk.pools for leg in pool.positions if leg.symbol == BTC]
    assert price is not None
    away = 1 if qty.startswith("-") else -1
    bench.server.set_price("BTCUSDT", D(str(price)) * (1 - away * D("0.00001")))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", D(str(price)) * (1 + away * D("0.00001")))
    assert bench.server.liquidated("alice")


async def test_a_builders_dex_is_looked_at(bench: Harness) -> None:
    """An isolated leg on another dex is in the book, with its own tiers and money."""
    gold = bench.holding("GOLDUSDC", "30", "98", leverage=5, isolated_wallet=D(700))
    fetched = await (await bench.open(bench.account("alice", btc(bench), gold))).fetch_book()
    agrees(fetched, 1e-9)
    leg = next(leg for leg in fetched.book.positions if leg.symbol == GOLD)
    assert (leg.margin_mode, leg.isolated_margin, leg.contracts) == ("isolated", pytest.approx(700.0), 30.0)
    assert fetched.book.tiers[GOLD][0].mm_rate == pytest.approx(1 / 40)


async def test_cross_legs_of_a_second_pool_are_missing_by_name(bench: Harness) -> None:
    """They have money of their own in the same currency, which one book cannot hold: it is INCOMPLETE."""
    account = bench.account("alice", btc(bench), bench.holding("GOLDUSDC", "30", "98", leverage=5))
    fetched = await (await bench.open(account)).fetch_book()
    assert any("dex xyz" in name for name in fetched.missing)


async def test_a_unified_account_has_one_balance_for_every_dex(bench: Harness) -> None:
    """Its money is in spot; the legs of both dexes share it; the mode is told."""
    account = bench.account(
        "alice",
        btc(bench),
        bench.holding("GOLDUSDC", "-300", "98", leverage=5),
        bench.holding("SOLUSDT", "100", "60", leverage=5, isolated_wallet=D(2500)),
    )
    account.account.mode = "unifiedAccount"
    check = await (await bench.open(account)).check()
    agrees(check.fetched, 1e-9)
    assert check.account_mode == "unified account"
    assert {leg.symbol for leg in check.fetched.book.positions if leg.margin_mode == "cross"} == {BTC, GOLD}


async def test_a_portfolio_margin_account_is_as_the_venue_reports_it(bench: Harness) -> None:
    """Nothing is recomputed: the ratio is the venue's, scaled so that 1 is liquidation."""
    account = bench.account("alice", btc(bench), balances={"USDC": 50_000, "UBTC": "0.5"})
    account.account.mode = "portfolioMargin"
    fetched = await (await bench.open(account)).fetch_book()
    assert (fetched.book.model, fetched.missing) == ("reported", ())
    spot = 51_000 + 0.5 * 43_500
    ratio = 2 * 43_500 / 80 / (51_000 + 0.5 * 43_500 / 2)
    assert fetched.book.venue_reported.equity == pytest.approx(spot)
    assert assess(fetched.book).risk_ratio == pytest.approx(ratio / 0.95)


async def test_orders_on_contracts_without_a_position(bench: Harness) -> None:
    """Their margin is known: mark and leverage are read for them, on a builder's dex too."""
    account = bench.account("alice", btc(bench))
    bench.rest(account, "ETHUSDT", Side.BUY, "10", "3000")
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    terms = fetched.book.parameters["ETH/USDC:USDC"]
    assert terms == {"contract_size": 1.0, "leverage": 20.0, "mark_price": 3400.0}
    assert assess(fetched.book).pools[0].initial_margin == pytest.approx(2 * 43_500 / 20 + 10 * 3_000 / 20)


async def test_a_stop_that_closes_everything_has_the_size_of_its_leg(bench: Harness) -> None:
    """The venue writes it as 0."""
    account = bench.account("alice", btc(bench))
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    next(iter(account.account.open_algo_orders.values())).request = replace(
        next(iter(account.account.open_algo_orders.values())).request, qty=None, close_position=True
    )
    (order,) = (await (await bench.open(account)).fetch_book()).book.orders
    assert (order.conditional, order.reduce_only, order.remaining, order.price) == (True, True, 2.0, None)


async def test_an_agents_address_is_no_account(bench: Harness) -> None:
    """It would look empty and safe; the account's own address is named."""
    account = bench.account("alice", btc(bench))
    key = bench.server.keys.find(account.api_key)
    assert key is not None
    with pytest.raises(CredentialsRejected, match=wallet_of(account.account)):
        await (await bench.open(account, wallet_address=signer_of(key))).fetch_book()
    with pytest.raises(CredentialsRejected, match="no account with this wallet address"):
        await (await bench.open(account, wallet_address="0x" + "ab" * 20)).fetch_book()


@pytest.mark.parametrize("wrong", [{"wallet_address": "0x12"}, {"secret": "not hex"}])
async def test_credentials_of_another_form(bench: Harness, wrong: dict[str, Any]) -> None:
    """Refused at once, without repeating a secret."""
    with pytest.raises(InputError) as caught:
        await bench.open(bench.account(), **wrong)
    assert "not hex" not in str(caught.value)


async def test_a_strangers_key_cannot_trade(bench: Harness) -> None:
    """Its signature belongs to nobody: refused for certain, and told before by the rights."""
    account = bench.account("alice", btc(bench))
    opened = await bench.open(account, secret=private_key_of("somebody else"))
    assert (await opened.check()).rights.trade is False
    with pytest.raises(OrderRejected, match="does not exist"):
        await opened.submit(reduction())
    assert account.account.held()[0].qty == 2


async def test_an_order_that_comes_too_late_is_not_executed(bench: Harness) -> None:
    """It names the moment after which the venue must drop it."""
    account = bench.account("alice", btc(bench))
    opened = await bench.open(account, directly=True)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.CLOCK_SKEW, path="/exchange", value_ms=6_000)
    with pytest.raises((OrderRejected, OrderOutcomeUnknown), match="expired"):
        await opened.submit(reduction())
    assert account.account.held()[0].qty == 2


async def test_an_order_is_found_under_the_same_id_by_another_process(bench: Harness) -> None:
    """The venue's id is made of ours."""
    account = bench.account("alice", btc(bench))
    state = await (await bench.open(account)).submit(reduction())
    found = await (await bench.open(account)).find_order(state.client_order_id, BTC)
    assert found == state
    assert (found.status, found.filled) == (OrderStatus.FILLED, D("0.5"))


async def test_a_price_with_too_many_digits_is_not_sent(bench: Harness) -> None:
    """The grid depends on the height of the price; whole numbers are always taken."""
    bench.server.set_price("BTCUSDT", 9_000)
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "9000")))
    assert (await opened.instrument(BTC)).tick == D("0.1")
    bench.server.set_price("BTCUSDT", 123_456)
    with pytest.raises(OrderRejected, match="significant digits"):
        await opened.submit(reduction(limit_price=D("12345.6")))
    bench.clock.jump(301)
    assert (await opened.instrument(BTC)).tick == 1


async def soon(awaitable: Awaitable[Any]) -> Any:
    """The result, within five seconds."""
    return await asyncio.wait_for(awaitable, 5)


def by_ccxt(bench: Harness, account: Any) -> Any:
    """ccxt.pro with the account's agent."""
    options = {"enableUnifiedMargin": False, "builderFee": False}
    quick = {"enableRateLimit": False, "timeout_on_exit": 0}  # nobody is spared here
    pro = ccxt.hyperliquid({"walletAddress": wallet_of(account.account), "options": options, **quick})
    pro.privateKey = private_key_of(account.secret)
    pro.urls["api"] = replace_host(pro.urls["api"], bench.server.base_url)
    return pro


async def test_streams_as_ccxt_listens(bench: Harness) -> None:
    """Prices of one and of all, positions, balance and orders."""
    account = bench.account("alice", btc(bench))
    pro = by_ccxt(bench, account)
    try:
        await pro.load_markets()
        assert (await soon(pro.watch_ticker(BTC)))["info"]["markPx"] == "43500.0"
        assert BTC in await soon(pro.watch_tickers())
        positions = await soon(pro.watch_positions())
        assert [(leg["symbol"], leg["contracts"]) for leg in positions] == [(BTC, 2.0)]
        orders, balance = asyncio.ensure_future(pro.watch_orders()), asyncio.ensure_future(pro.watch_balance())
        # One socket, in order: when the book has come, the orders' subscription stands.
        assert (await soon(pro.watch_order_book(BTC)))["bids"][0][0] < 43_500
        placed = await pro.create_order(BTC, "limit", "buy", 0.5, 40_000)
        assert [order["id"] for order in await soon(orders)] == [placed["id"]]
        assert placed["info"]["resting"]["oid"] in account.account.open_orders
        assert (await soon(balance))["USDC"]["total"] == pytest.approx(101_000)
    finally:
        await pro.close()


async def test_orders_as_ccxt_sends_them(bench: Harness) -> None:
    """Placed, looked up, cancelled; leverage changed; a wrong price refused in the venue's words."""
    account = bench.account("alice", btc(bench))
    pro = by_ccxt(bench, account)
    try:
        placed = await pro.create_order(BTC, "limit", "buy", 0.5, 40_000)
        assert (await pro.fetch_order(placed["id"], BTC))["status"] == "open"
        assert [order["id"] for order in await pro.fetch_open_orders()] == [placed["id"]]
        await pro.cancel_order(placed["id"], BTC)
        assert (await pro.fetch_order(placed["id"], BTC))["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound):
            await pro.cancel_order(placed["id"], BTC)
        await pro.set_leverage(10, BTC, {"marginMode": "cross"})
        assert account.account.settings_of("BTCUSDT").leverage == 10
        with pytest.raises(ccxt.InsufficientFunds):
            await pro.create_order(BTC, "limit", "buy", 1000, 43_000)
        assert len(await pro.fetch_my_trades(BTC)) == 0
    finally:
        await pro.close()


async def test_news_of_an_address(bench: Harness) -> None:
    """Fills as user events; the whole account once a second; a doubled and an unknown subscription refused."""
    account = bench.account("alice", btc(bench))
    opened = await bench.open(account)
    user = wallet_of(account.account)
    async with aiohttp.ClientSession() as session, session.ws_connect(bench.server.base_url + "/ws") as socket:
        for kind in ("userEvents", "webData2", "webData2", "nonsense"):
            await socket.send_json({"method": "subscribe", "subscription": {"type": kind, "user": user}})
        await socket.send_json({"method": "ping"})
        said = [await soon(socket.receive_json()) for _ in range(6)]
        channels = ["subscriptionResponse", "subscriptionResponse", "webData2", "error", "error", "pong"]
        assert [message["channel"] for message in said] == channels
        assert said[2]["data"]["clearinghouseState"]["assetPositions"][0]["position"]["coin"] == "BTC"
        await opened.submit(reduction())
        news = [await soon(socket.receive_json()) for _ in range(2)]
        fills = next(message["data"]["fills"] for message in news if message["channel"] == "user")
        assert [(fill["coin"], fill["sz"], fill["side"]) for fill in fills] == [("BTC", "0.5", "A")]
