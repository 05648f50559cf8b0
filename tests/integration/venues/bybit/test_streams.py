"""The dialect's WebSocket side, heard with real ccxt.pro: marks for everybody, an account's own news after a login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.sides import Leg, Side
from guard.venues.addresses import replace_host
from tests.contract.venues.harness import Harness

_PATIENCE_S = 10.0


@pytest.fixture
async def pro(bench: Harness) -> AsyncIterator[Any]:
    """Makes a ccxt.pro client of an account's key, pointed at the sandbox."""
    from ccxt import pro as ccxtpro

    made: list[Any] = []

    def make(api_key: str, secret: str) -> Any:
        options = {
            "fetchCurrencies": False,
            "fetchMarkets": {"types": ["linear", "inverse"]},
            "enableUnifiedMargin": False,
            "enableUnifiedAccount": True,
            "unifiedMarginStatus": 6,
        }
        client = ccxtpro.bybit({"apiKey": api_key, "secret": secret, "options": options})
        client.urls["api"] = replace_host(client.urls["api"], bench.server.base_url)
        client.has["fetchCurrencies"] = False
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


async def test_marks(bench: Harness, pro: Any) -> None:
    """Of linear and inverse contracts."""
    account = bench.account()
    client = pro(account.api_key, account.secret)
    async with asyncio.timeout(_PATIENCE_S):
        linear = await client.watch_ticker("BTC/USDT:USDT")
        inverse = await client.watch_ticker("BTC/USD:BTC")
    assert (linear["markPrice"], inverse["markPrice"]) == (43_500.0, 43_500.0)


async def test_an_account_hears_of_its_trades(bench: Harness, pro: Any) -> None:
    """Orders, positions and the wallet, one channel after the other."""
    account = bench.account("alice", bench.holding("BTCUSDT", "4", "43000"))
    client = pro(account.api_key, account.secret)
    await client.load_markets()
    client.options["watchPositions"] = {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False}
    streams: Any = bench.server.served.streams

    async def heard(watching: Any) -> Any:
        """What a channel says of a sale that comes when it is listened to."""
        streams._sockets.listened.clear()
        said = asyncio.create_task(watching)
        await streams.until_listened()
        sale = OrderRequest(
            "BTCUSDT", Side.SELL, Leg.BOTH, OrderKind.LIMIT, Decimal(1), Decimal(43_000), reduce_only=True
        )
        place_order(bench.server.engine.state, account.account, sale)
        return await said

    async with asyncio.timeout(_PATIENCE_S):
        orders = await heard(client.watch_orders())
        balance = await heard(client.watch_balance())
        positions = await heard(client.watch_positions())
    assert (orders[-1]["symbol"], orders[-1]["side"]) == ("BTC/USDT:USDT", "sell")
    assert balance["USDT"]["total"] == pytest.approx(100_000, rel=0.05)
    assert (positions[0]["side"], positions[0]["contracts"], positions[0]["entryPrice"]) == ("long", 1.0, 43_000.0)


async def test_a_wrong_signature_hears_nothing(bench: Harness) -> None:
    """Refused at the login, and at every subscription behind it."""
    account = bench.account()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{bench.server.base_url}/v5/private") as socket,
    ):
        await socket.send_json({"op": "auth", "args": [account.api_key, "9999999999999", "0" * 64]})
        assert (await socket.receive_json())["success"] is False
        await socket.send_json({"op": "subscribe", "args": ["position"]})
        assert (await socket.receive_json())["success"] is False
