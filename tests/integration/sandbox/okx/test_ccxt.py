"""Unmodified ccxt and ccxt.pro, with their unified methods, against the sandbox's OKX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import ccxt.async_support
import ccxt.pro
import pytest

from guard.sandbox.dialects.okx.signing import PHRASE
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxAccount
from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_okx import Okx

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
_LONGEST_S = 5.0


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Okx) as harness:
        yield harness


@pytest.fixture
def alice(bench: Harness) -> SandboxAccount:
    """An account that is 2 BTC long."""
    return bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))


def connected(kind: Any, bench: Harness, account: SandboxAccount, **config: Any) -> Any:
    """An exchange with an account's key, pointed at the sandbox."""
    keys = {"apiKey": account.api_key, "secret": account.secret, "password": PHRASE}
    quick = {"enableRateLimit": False, "timeout_on_exit": 0}  # nobody is spared here
    exchange = kind({**keys, **quick, "options": {"fetchMarkets": {"types": ["swap"]}}, **config})
    base = urlsplit(bench.server.base_url)
    for name, url in exchange.urls["api"].items():
        parts = urlsplit(url)
        scheme = "ws" if parts.scheme == "wss" else "http"
        exchange.urls["api"][name] = urlunsplit((scheme, base.netloc, parts.path, "", ""))
    exchange.has["fetchCurrencies"] = False
    return exchange


@pytest.fixture
async def exchange(bench: Harness, alice: SandboxAccount) -> AsyncIterator[Any]:
    """REST."""
    made = connected(ccxt.async_support.okx, bench, alice)
    yield made
    await made.close()


@pytest.fixture
async def pro(bench: Harness, alice: SandboxAccount) -> AsyncIterator[Any]:
    """Streams."""
    made = connected(ccxt.pro.okx, bench, alice)
    yield made
    await made.close()


async def test_an_account_is_read(exchange: Any) -> None:
    """Balance, positions, leverage, tiers, marks, as ccxt understands them."""
    balance = await exchange.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(101_000.0)
    (position,) = await exchange.fetch_positions()
    assert (position["symbol"], position["side"], position["contracts"]) == (BTC, "long", 200.0)
    assert float(position["info"]["mgnRatio"]) == pytest.approx(101_000 / (87_000 * 0.0055))
    assert (await exchange.fetch_leverage(BTC))["longLeverage"] == 20
    tiers = await exchange.fetch_market_leverage_tiers(BTC)
    assert (tiers[0]["maxNotional"], tiers[1]["minNotional"]) == (115.0, 116.0)
    marks = await exchange.fetch_mark_prices([BTC, ETH])
    assert {symbol: row["markPrice"] for symbol, row in marks.items()} == {BTC: 43_500.0, ETH: 3_400.0}


async def test_orders_and_conditional_orders(exchange: Any, alice: SandboxAccount) -> None:
    """Placed, listed, cancelled; a stop waits in its own list."""
    placed = await exchange.create_order(BTC, "limit", "buy", 10, 40_000)
    (resting,) = await exchange.fetch_open_orders(BTC)
    assert (resting["id"], resting["price"], resting["remaining"]) == (placed["id"], 40_000.0, 10.0)
    stop = await exchange.create_order(BTC, "market", "sell", 50, None, {"stopLossPrice": 41_000, "reduceOnly": True})
    (waiting,) = await exchange.fetch_open_orders(BTC, params={"ordType": "conditional"})
    assert waiting["id"] == stop["id"]
    await exchange.cancel_order(placed["id"], BTC)
    await exchange.cancel_order(stop["id"], BTC, {"stop": True})
    assert await exchange.fetch_open_orders(BTC) == []
    assert not alice.account.open_orders
    assert not alice.account.open_algo_orders
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.fetch_order("12345", BTC)
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order(BTC, "market", "buy", 9_000)


async def test_leverage_and_position_mode(exchange: Any, bench: Harness) -> None:
    """The mode only while nothing is held."""
    await exchange.set_leverage(7, BTC, {"mgnMode": "cross"})
    assert (await exchange.fetch_leverage(BTC))["longLeverage"] == 7
    with pytest.raises(ccxt.ExchangeError, match="59000"):
        await exchange.set_position_mode(hedged=True)
    bob = connected(ccxt.async_support.okx, bench, bench.account("bob"))
    await bob.set_position_mode(hedged=True)
    assert (await bob.privateGetAccountConfig())["data"][0]["posMode"] == "long_short_mode"
    await bob.close()


async def test_marks_are_streamed(pro: Any, bench: Harness) -> None:
    """At once, and as they change."""
    async with asyncio.timeout(_LONGEST_S):
        first = await pro.watch_mark_price(BTC)
        assert first["markPrice"] == 43_500.0
        bench.server.set_price("BTCUSDT", 44_000)
        while (await later(pro, bench))["markPrice"] != 44_000.0:
            pass


async def later(pro: Any, bench: Harness) -> Any:
    """The next mark, with the venue's pulse quickened."""
    waiting = asyncio.ensure_future(pro.watch_mark_price(BTC))
    while not waiting.done():
        bench.server.served.streams.push(bench.server.sync())
        await asyncio.sleep(0.05)
    return await waiting


async def test_an_account_is_streamed(pro: Any, exchange: Any) -> None:
    """Balance, positions and orders, after a login."""
    async with asyncio.timeout(_LONGEST_S):
        balance = await pro.watch_balance()
        assert balance["USDT"]["total"] == pytest.approx(101_000.0)
        orders = asyncio.ensure_future(pro.watch_orders())
        await pro.authenticate()
        positions = asyncio.ensure_future(pro.watch_positions())
        (held,) = await positions
        assert held["contracts"] == 200.0
        await exchange.create_order(BTC, "market", "sell", 50, None, {"reduceOnly": True})
        (order,) = await orders
        assert order["side"] == "sell"
        while (await pro.watch_positions())[0]["contracts"] != 150.0:
            pass


async def test_conditional_orders_are_streamed(pro: Any, exchange: Any, bench: Harness) -> None:
    """On a channel of their own."""
    async with asyncio.timeout(_LONGEST_S):
        waiting = asyncio.ensure_future(pro.watch_orders(params={"trigger": True}))
        await bench.server.served.streams.until_listened()
        await exchange.create_order(BTC, "market", "sell", 50, None, {"stopLossPrice": 41_000, "reduceOnly": True})
        (order,) = await waiting
        assert order["info"]["slTriggerPx"] == "41000"


async def test_a_wrong_login_and_a_dropped_stream(pro: Any, bench: Harness, alice: SandboxAccount) -> None:
    """Each is an error of its own kind."""
    wrong = connected(ccxt.pro.okx, bench, alice, password="other")
    async with asyncio.timeout(_LONGEST_S):
        with pytest.raises(ccxt.AuthenticationError):
            await wrong.watch_balance()
        await wrong.close()
        await pro.watch_mark_price(BTC)
        bench.server.add_fault(FaultKind.STREAM_DROP)
        bench.server.served.streams.push(bench.server.sync())
        with pytest.raises(ccxt.NetworkError):
            await pro.watch_mark_price(BTC)


async def test_a_leg_that_is_gone_is_told_with_a_size_of_zero(pro: Any, exchange: Any, alice: SandboxAccount) -> None:
    """Closed altogether."""
    async with asyncio.timeout(_LONGEST_S):
        await pro.watch_positions()
        await exchange.create_order(BTC, "market", "sell", 200, None, {"reduceOnly": True})
        assert alice.account.position("BTCUSDT", next(iter(alice.account.positions))[1]).qty == Decimal(0)
        while (rows := await pro.watch_positions()) and rows[0]["info"]["pos"] != "0":
            pass
