"""Real ccxt and ccxt.pro against KuCoin's dialect: reading, trading, every stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro
import pytest

from guard.app.clock import SystemClock
from guard.sandbox.dialects.kucoinfutures.dialect import DIALECT
from guard.sandbox.dialects.kucoinfutures.signing import PHRASE
from guard.sandbox.engine.engine import Engine
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.venues.addresses import replace_host

BTC = "BTC/USDT:USDT"


async def soon(awaitable: Awaitable[Any]) -> Any:
    """The result, within five seconds."""
    return await asyncio.wait_for(awaitable, 5)


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """A running venue whose prices stand still."""
    clock = SystemClock()
    start_ms = int(clock.now().timestamp() * 1000)
    engine = Engine(start_ms=start_ms, instruments=DIALECT.instruments(), rule=DIALECT.rule)
    running = SandboxServer(engine, clock, tick_s=0.05, dialect=DIALECT)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def alice(server: SandboxServer) -> SandboxAccount:
    """A one-way account with 100,000 USDT."""
    return server.add_account("alice", {"USDT": 100_000})


@pytest.fixture
async def pro(server: SandboxServer, alice: SandboxAccount) -> AsyncIterator[Any]:
    """ccxt.pro with alice's key."""
    exchange: Any = ccxt.pro.kucoinfutures(
        {
            "apiKey": alice.api_key,
            "secret": alice.secret,
            "password": PHRASE,
            "enableRateLimit": False,
            "timeout_on_exit": 0,
            "options": {"hf": True, "uta": False},
        }
    )
    exchange.urls["api"] = replace_host(exchange.urls["api"], server.base_url)
    exchange.set_markets(await exchange.fetch_markets({"marginables": False}))
    yield exchange
    await exchange.close()


async def test_listings(pro: Any) -> None:
    """Linear, in both dollars, and inverse."""
    found = {symbol: (market["contractSize"], market["linear"]) for symbol, market in pro.markets.items()}
    assert found[BTC] == (0.001, True)
    assert found["BTC/USDC:USDC"] == (0.001, True)
    assert found["BTC/USD:BTC"] == (1.0, False)
    assert await pro.fetch_time() > 0
    assert (await pro.fetch_mark_price(BTC))["markPrice"] == 43_500
    assert (await pro.fetch_order_book(BTC, 20))["bids"][0][0] < 43_500
    assert (await pro.fetch_market_leverage_tiers(BTC))[0]["maintenanceMarginRate"] == 0.004


async def test_trading(pro: Any, alice: SandboxAccount) -> None:
    """Opening, resting, a stop, looking up, cancelling, closing; contracts are whole numbers."""
    cross = {"marginMode": "cross"}
    await pro.create_order(BTC, "market", "buy", 2_000, params=cross)
    (position,) = await pro.fetch_positions()
    assert (position["side"], position["contracts"], position["marginMode"]) == ("long", 2_000, "cross")
    assert (await pro.fetch_balance({"code": "USDT"}))["USDT"]["total"] == pytest.approx(99_950, rel=1e-3)
    resting = await pro.create_order(BTC, "limit", "buy", 10, 40_000, {**cross, "clientOrderId": "mine-1"})
    assert (await pro.fetch_order(None, BTC, {"clientOid": "mine-1"}))["id"] == resting["id"]
    await pro.create_order(BTC, "market", "sell", 500, None, {**cross, "stopLossPrice": 40_000})
    assert len(await pro.fetch_open_orders()) == 1
    (stop,) = await pro.fetch_open_orders(params={"stop": True})
    assert stop["reduceOnly"]
    await pro.cancel_order(stop["id"])
    await pro.cancel_order(resting["id"])
    assert alice.account.open_orders == {}
    await pro.create_order(BTC, "market", "sell", 2_000, params={**cross, "reduceOnly": True})
    assert alice.account.held() == []


async def test_settings(pro: Any, alice: SandboxAccount) -> None:
    """Leverage, margin mode, position mode."""
    await pro.set_leverage(7, BTC)
    assert (await pro.fetch_leverage(BTC))["longLeverage"] == 7
    await pro.set_margin_mode("isolated", BTC)
    assert (await pro.fetch_margin_mode(BTC))["marginMode"] == "isolated"
    with pytest.raises(ccxt.InvalidOrder, match="margin mode"):
        await pro.create_order(BTC, "market", "buy", 1, params={"marginMode": "cross"})
    await pro.set_position_mode(hedged=True)
    assert (await pro.fetch_position_mode())["hedged"]
    with pytest.raises(ccxt.InvalidOrder, match="position mode"):
        await pro.create_order("ETH/USDT:USDT", "market", "buy", 1, params={"marginMode": "cross"})
    await pro.create_order("ETH/USDT:USDT", "market", "buy", 100, params={"marginMode": "cross", "hedged": True})
    assert [position.qty for position in alice.account.held()] == [Decimal(1)]


@pytest.mark.parametrize(
    ("side", "amount", "price", "params", "error"),
    [
        ("sell", 10, None, {"reduceOnly": True}, ccxt.InvalidOrder),
        ("buy", 900_000, None, {}, ccxt.ExchangeError),
        ("buy", 4_000_000, 40_000, {}, ccxt.BadRequest),
        ("buy", 100_000, None, {}, ccxt.InsufficientFunds),
        ("buy", 10, 60_000, {}, ccxt.InvalidOrder),
    ],
)
async def test_refusals(pro: Any, side: str, amount: int, price: Any, params: dict[str, Any], error: Any) -> None:
    """In codes that ccxt knows."""
    kind = "limit" if price else "market"
    with pytest.raises(error):
        await pro.create_order(BTC, kind, side, amount, price, {"marginMode": "cross", **params})


async def listening(pro: Any, server: SandboxServer, *watched: Awaitable[Any]) -> list[asyncio.Task[Any]]:
    """Tasks that watch, once somebody listens to the account."""
    tasks = [asyncio.ensure_future(each) for each in watched]
    await soon(server.served.streams.until_listened())
    await asyncio.sleep(0)
    assert pro.clients
    return tasks


async def test_tickers_and_marks(pro: Any, server: SandboxServer) -> None:
    """Classic tickers by a token, marks by the push service; they follow the price."""
    assert (await soon(pro.watch_tickers([BTC])))[BTC]["last"] == 43_500
    assert (await soon(pro.watch_mark_price(BTC)))["markPrice"] == 43_500
    server.set_price("BTCUSDT", 40_000)
    seen = 0.0
    while seen != 40_000:
        seen = (await soon(pro.watch_mark_price(BTC)))["markPrice"]


async def subscribed(server: SandboxServer, topic: str) -> None:
    """Wait until a connection has asked for `topic`."""
    streams: Any = server.served.streams
    for _ in range(1_000):
        if any(topic in connection.state.topics for connection in streams._sockets):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(topic)


async def test_orders_and_balance(pro: Any, server: SandboxServer, alice: SandboxAccount) -> None:
    """One trade is told as an order with its price, and as a wallet."""
    pro.options["watchBalance"] = {"fetchBalanceSnapshot": False}
    orders, balance = await listening(pro, server, pro.watch_orders(), pro.watch_balance())
    await subscribed(server, "/contractMarket/tradeOrders")
    await subscribed(server, "/contractAccount/wallet")
    placed = await pro.create_order(BTC, "market", "buy", 100, params={"marginMode": "cross"})
    assert (await soon(orders))[-1]["id"] == placed["id"]
    await soon(balance)
    order = pro.orders[-1]
    assert (order["filled"], order["average"]) == (100, pytest.approx(43_500, rel=1e-3))
    told = float(pro.balance["contract"]["info"]["walletBalance"])
    assert told == pytest.approx(float(alice.account.wallets["USDT"]))


async def test_positions(pro: Any, server: SandboxServer) -> None:
    """By the push service, with the token of the account in its address. ccxt fails at the first news of a leg."""
    url = await pro.get_uta_url()
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await soon(socket.receive_json()))["message"] == "welcome"
        await socket.send_json({"id": "1", "action": "subscribe", "channel": "positionAll", "tradeType": "TRADE"})
        assert await soon(socket.receive_json()) == {"id": "1", "result": True}
        await pro.create_order(BTC, "market", "buy", 100, params={"marginMode": "cross"})
        news = await soon(socket.receive_json())
    assert (news["T"], news["d"]["s"], news["d"]["q"]) == ("positionAll.FUTURES", "XBTUSDTM", "100")
    del server


async def private_socket(server: SandboxServer, pro: Any) -> tuple[aiohttp.ClientSession, Any]:
    """A classic stream without ccxt."""
    found = (await pro.futuresPrivatePostBulletPrivate())["data"]
    session = aiohttp.ClientSession()
    socket = await session.ws_connect(f"{found['instanceServers'][0]['endpoint']}?token={found['token']}&connectId=c1")
    assert await soon(socket.receive_json()) == {"id": "c1", "type": "welcome"}
    del server
    return session, socket


async def test_topics_that_ccxt_does_not_use(server: SandboxServer, pro: Any) -> None:
    """Marks and legs of classic streams, conditional orders; a leg that is gone is told with size 0."""
    session, socket = await private_socket(server, pro)
    for number, topic in enumerate(("/contract/positionAll", "/contractMarket/advancedOrders")):
        await socket.send_json({"id": number, "type": "subscribe", "topic": topic, "response": True})
        assert await soon(socket.receive_json()) == {"id": number, "type": "ack"}
    await pro.create_order(BTC, "market", "buy", 100, params={"marginMode": "cross"})
    held = await soon(socket.receive_json())
    assert (held["topic"], held["data"]["currentQty"]) == ("/contract/positionAll", 100)
    await pro.create_order(BTC, "market", "sell", 50, None, {"marginMode": "cross", "stopLossPrice": 40_000})
    assert (await soon(socket.receive_json()))["subject"] == "stopOrder"
    await pro.create_order(BTC, "market", "sell", 100, params={"marginMode": "cross", "reduceOnly": True})
    closed = (await soon(socket.receive_json()))["data"]
    assert (closed["currentQty"], closed["isOpen"]) == (0, False)
    await socket.send_json({"id": 9, "type": "subscribe", "topic": "/contract/instrument:XBTUSDTM"})
    assert (await soon(socket.receive_json()))["data"]["markPrice"] == 43_500
    await session.close()


async def test_talk_that_is_not_understood(server: SandboxServer, pro: Any) -> None:
    """Errors in the venue's form; private topics need a private token."""
    session, socket = await private_socket(server, pro)
    await socket.send_str("hello")
    assert (await soon(socket.receive_json()))["type"] == "error"
    await socket.send_json({"id": 1, "type": "shout", "topic": "/x"})
    assert (await soon(socket.receive_json()))["code"] == 415
    await socket.send_json({"id": 2, "type": "ping"})
    assert (await soon(socket.receive_json()))["type"] == "pong"
    public = await session.ws_connect(f"{server.base_url}/endpoint?token=unknown")
    await public.receive_json()
    await public.send_json({"id": 3, "type": "subscribe", "topic": "/contractAccount/wallet"})
    assert (await soon(public.receive_json()))["data"] == "token is invalid"
    pushed = await session.ws_connect(f"{server.base_url}/")
    await pushed.receive_json()
    await pushed.send_json({"id": 4, "action": "subscribe", "channel": "positionAll"})
    assert (await soon(pushed.receive_json()))["result"] is False
    await session.close()


async def test_streams_drop(server: SandboxServer, pro: Any) -> None:
    """While the fault is on."""
    session, socket = await private_socket(server, pro)
    server.add_fault(FaultKind.STREAM_DROP)
    message = await soon(socket.receive())
    assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    await session.close()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"apiKey": "x" * 64}, "400003"),
        ({"secret": "y" * 64}, "400005"),
        ({"password": "other"}, "400004"),
    ],
)
async def test_who_asks(pro: Any, change: dict[str, str], code: str) -> None:
    """Key, signature and passphrase are checked, each with its code."""
    for name, value in change.items():
        setattr(pro, name, value)
    with pytest.raises(ccxt.AuthenticationError, match=code):
        await pro.fetch_positions()


async def test_rights_of_keys(server: SandboxServer, alice: SandboxAccount, pro: Any) -> None:
    """A key that may only read; one from another address; a stale timestamp."""
    reading = server.add_key(alice.account, futures=False)
    pro.apiKey, pro.secret = reading.key, reading.secret
    assert await pro.fetch_positions() == []
    with pytest.raises(ccxt.AuthenticationError, match="400007"):
        await pro.create_order(BTC, "market", "buy", 1, params={"marginMode": "cross"})
    elsewhere = server.add_key(alice.account, ips=frozenset({"10.0.0.1"}))
    pro.apiKey, pro.secret = elsewhere.key, elsewhere.secret
    with pytest.raises(ccxt.AuthenticationError, match="400006"):
        await pro.fetch_positions()
    pro.options["timeDifference"] = 60_000
    with pytest.raises(ccxt.InvalidNonce, match="400002"):
        await pro.fetch_positions()
