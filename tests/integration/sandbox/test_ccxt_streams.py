"""Real ccxt.pro listens to the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import aiohttp
import ccxt.pro as ccxt
import pytest

from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxAccount, SandboxServer

BTC = "BTC/USDT:USDT"


async def soon(awaitable: Awaitable[Any]) -> Any:
    """The result, within five seconds."""
    return await asyncio.wait_for(awaitable, 5)


async def listening(pro: Any, server: SandboxServer, *watched: Awaitable[Any]) -> list[asyncio.Task[Any]]:
    """Tasks that watch, once the user data stream is open."""
    tasks = [asyncio.ensure_future(each) for each in watched]
    await soon(server.served.streams.until_listened())
    return tasks


async def test_mark_prices(pro: Any, server: SandboxServer) -> None:
    """Marks of one symbol and of all come in, and follow the price."""
    first = await soon(pro.watch_mark_price(BTC))
    assert first[BTC]["markPrice"] if BTC in first else first["markPrice"] == 43_500
    assert len(await soon(pro.watch_mark_prices())) == 15
    server.set_price("BTCUSDT", 40_000)
    seen = 0.0
    while seen != 40_000:
        seen = (await soon(pro.watch_mark_prices([BTC])))[BTC]["markPrice"]


async def test_orders_positions_and_balance(pro: Any, server: SandboxServer) -> None:
    """One trade is told as an order, a position and a balance."""
    await pro.load_markets()
    tasks = await listening(pro, server, pro.watch_orders(), pro.watch_positions(), pro.watch_balance())
    placed = await pro.create_order(BTC, "market", "buy", 1)
    orders, positions, balance = [await soon(task) for task in tasks]
    assert (orders[-1]["id"], orders[-1]["status"]) == (placed["id"], "closed")
    assert [(item["symbol"], item["side"], item["contracts"]) for item in positions] == [(BTC, "long", 1)]
    assert balance["USDT"]["total"] == pytest.approx(float(server.accounts["alice"].account.wallets["USDT"]))


async def test_liquidation_is_told(pro: Any, server: SandboxServer) -> None:
    """The stream tells of the forced order before anybody asks."""
    await pro.load_markets()
    await pro.create_order(BTC, "market", "buy", 40)
    (task,) = await listening(pro, server, pro.watch_orders())
    server.set_price("BTCUSDT", 40_000)
    order = (await soon(task))[-1]
    assert order["clientOrderId"].startswith("autoclose-")
    assert order["info"]["o"] == "LIQUIDATION"


async def raw_stream(server: SandboxServer, path: str) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    """A stream without ccxt."""
    session = aiohttp.ClientSession()
    return session, await session.ws_connect(server.base_url + path)


async def test_user_events_ccxt_does_not_surface(server: SandboxServer, pro: Any) -> None:
    """MARGIN_CALL, ACCOUNT_CONFIG_UPDATE and ALGO_UPDATE arrive under the listen key, in the older address form too."""
    await pro.load_markets()
    await pro.create_order(BTC, "market", "buy", 40)
    key = (await pro.fapiPrivatePostListenKey())["listenKey"]
    session, socket = await raw_stream(server, f"/ws/{key}")
    await pro.set_leverage(19, BTC)
    await pro.create_order(BTC, "market", "sell", 1, params={"stopLossPrice": 20_000})
    server.set_price("BTCUSDT", 41_700)
    kinds = [(await soon(socket.receive_json()))["e"] for _ in range(3)]
    assert kinds == ["ACCOUNT_CONFIG_UPDATE", "ALGO_UPDATE", "MARGIN_CALL"]
    await session.close()


async def test_unknown_listen_key_is_refused(server: SandboxServer) -> None:
    """A stream without a valid listen key does not open."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(server.base_url + "/private/ws?listenKey=none")


async def test_combined_streams_and_subscription_messages(server: SandboxServer) -> None:
    """Combined streams name their stream; subscriptions are added, listed and removed by message."""
    session, socket = await raw_stream(server, "/stream?streams=btcusdt@markPrice@1s")
    message = await soon(socket.receive_json())
    assert (message["stream"], message["data"]["e"]) == ("btcusdt@markPrice@1s", "markPriceUpdate")
    await socket.send_json({"method": "SUBSCRIBE", "params": ["ethusdt@bookTicker"], "id": 7})
    assert await soon(socket.receive_json()) == {"result": None, "id": 7}
    assert (await soon(socket.receive_json()))["data"]["s"] == "ETHUSDT"
    await socket.send_json({"method": "UNSUBSCRIBE", "params": ["ethusdt@bookTicker"], "id": 8})
    await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 9})
    await socket.send_str("not json")
    answers = [message for message in [await soon(socket.receive_json()) for _ in range(3)] if "data" not in message]
    assert answers[:2] == [{"result": None, "id": 8}, {"result": ["btcusdt@markPrice@1s"], "id": 9}]
    await session.close()


async def test_dropped_stream_is_noticed_and_heals(pro: Any, server: SandboxServer) -> None:
    """While streams are dropped ccxt raises; afterwards watching works again."""
    await soon(pro.watch_mark_prices([BTC]))
    server.add_fault(FaultKind.STREAM_DROP)

    async def watch_on() -> None:
        while True:
            await soon(pro.watch_mark_prices([BTC]))

    with pytest.raises(ccxt.NetworkError):
        await watch_on()
    server.clear_faults()
    assert BTC in await soon(pro.watch_mark_prices([BTC]))


async def test_silent_and_doubled_streams(server: SandboxServer, alice: SandboxAccount) -> None:
    """A silent stream stays open and says nothing; a doubled one says everything twice."""
    server.add_fault(FaultKind.STREAM_SILENT)
    session, socket = await raw_stream(server, "/ws/btcusdt@markPrice@1s")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(socket.receive_json(), 0.2)
    server.clear_faults()
    server.add_fault(FaultKind.STREAM_DUPLICATE)
    first, second = await soon(socket.receive_json()), await soon(socket.receive_json())
    assert first == second
    await session.close()


async def test_outage_strikes_streams_too(server: SandboxServer) -> None:
    """No stream opens while the venue is away."""
    server.add_fault(FaultKind.OUTAGE)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(server.base_url + "/ws")
