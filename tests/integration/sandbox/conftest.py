"""A sandbox venue on loopback and unmodified ccxt pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import ccxt.async_support
import ccxt.pro
import pytest

from guard.app.clock import SystemClock
from guard.sandbox.engine.engine import Engine
from guard.sandbox.server import SandboxAccount, SandboxServer

Connect = Callable[..., Any]


def repointed(urls: Any, base_url: str) -> Any:
    """The same URLs with scheme and host of `base_url`; web sockets stay web sockets."""
    if isinstance(urls, dict):
        return {name: repointed(url, base_url) for name, url in urls.items()}
    if not isinstance(urls, str) or "://" not in urls:
        return urls
    old, new = urlsplit(urls), urlsplit(base_url)
    scheme = "ws" if old.scheme.startswith("ws") else new.scheme
    return urlunsplit((scheme, new.netloc, old.path, old.query, old.fragment))


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """A running venue whose prices stand still."""
    clock = SystemClock()
    engine = Engine(start_ms=int(clock.now().timestamp() * 1000))
    running = SandboxServer(engine, clock, tick_s=0.05)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def alice(server: SandboxServer) -> SandboxAccount:
    """A one-way account with 100,000 USDT."""
    return server.add_account("alice", {"USDT": 100_000})


@pytest.fixture
async def connect(server: SandboxServer) -> AsyncIterator[Connect]:
    """Make ccxt exchanges for an account; every one is closed at the end."""
    opened: list[Any] = []

    def make(account: SandboxAccount | None, *, kind: Any = ccxt.async_support.binanceusdm, **config: Any) -> Any:
        keys = {} if account is None else {"apiKey": account.api_key, "secret": account.secret}
        exchange = kind({**keys, "enableRateLimit": False, "timeout_on_exit": 0, **config})
        exchange.urls["api"] = repointed(exchange.urls["api"], server.base_url)
        opened.append(exchange)
        return exchange

    yield make
    for exchange in opened:
        await exchange.close()


@pytest.fixture
def exchange(connect: Connect, alice: SandboxAccount) -> Any:
    """Ccxt (async) with alice's key."""
    return connect(alice)


@pytest.fixture
def pro(connect: Connect, alice: SandboxAccount) -> Any:
    """ccxt.pro with alice's key."""
    return connect(alice, kind=ccxt.pro.binanceusdm)
