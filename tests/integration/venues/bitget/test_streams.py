"""Real ccxt.pro listens to the sandbox's Bitget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import ccxt.pro as ccxt
import pytest

from guard.sandbox.dialects.bitget.signing import PHRASE
from guard.sandbox.engine.sides import Side
from guard.venues.addresses import replace_host
from tests.contract.venues.harness import Harness
from tests.integration.venues.bitget.legs import BTC, btc


async def _soon(watched: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(watched, 5)


async def test_streams_as_ccxt_listens_to_them(bench: Harness) -> None:
    """Marks of all, and after a login the legs, orders and money of the account."""
    account = bench.account("alice", btc(bench))
    exchange = ccxt.bitget(
        {
            "apiKey": account.api_key,
            "secret": account.secret,
            "password": PHRASE,
            "enableRateLimit": False,
            "timeout_on_exit": 0,
            "options": {"defaultType": "swap", "uta": False, "fetchMarkets": {"types": ["swap"]}},
        }
    )
    exchange.urls["api"] = replace_host(exchange.urls["api"], bench.server.base_url)
    try:
        await exchange.load_markets()
        ticker = await _soon(exchange.watch_ticker(BTC))
        assert float(ticker["info"]["markPrice"]) == 43_500.0
        (leg,) = await _soon(exchange.watch_positions([BTC]))
        assert (leg["contracts"], leg["side"]) == (2.0, "long")
        listening = asyncio.create_task(exchange.watch_orders(BTC))
        money = await _soon(exchange.watch_balance({"type": "swap"}))
        assert money["USDT"]["total"] == pytest.approx(101_000.0)
        await bench.server.served.streams.until_listened()
        await asyncio.sleep(0.1)
        bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000")
        (order,) = await _soon(listening)
        assert (order["price"], order["status"]) == (40_000.0, "open")
    finally:
        await exchange.close()


async def test_a_wrong_passphrase_does_not_log_in(bench: Harness) -> None:
    """Told on the stream."""
    account = bench.account()
    exchange = ccxt.bitget({"apiKey": account.api_key, "secret": account.secret, "password": "wrong"})
    exchange.options["uta"] = False
    exchange.options["fetchMarkets"] = {"types": ["swap"]}
    exchange.urls["api"] = replace_host(exchange.urls["api"], bench.server.base_url)
    try:
        await exchange.load_markets()
        with pytest.raises(ccxt.AuthenticationError):
            await _soon(exchange.watch_positions([BTC]))
    finally:
        await exchange.close()
