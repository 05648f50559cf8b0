"""Servers that end while somebody is connecting: no connection outlives them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from guard.app.clock import SystemClock
from guard.sandbox.engine.engine import Engine
from guard.sandbox.server import SandboxServer
from guard.sandbox.telegram import TelegramSandbox
from guard.web.server import WebServer

Begun = tuple[str, Callable[[], Awaitable[None]]]


async def venue() -> Begun:
    """A venue."""
    server = SandboxServer(Engine(start_ms=0), SystemClock())
    return await server.start(), server.stop


async def telegram() -> Begun:
    """A Telegram."""
    server = TelegramSandbox(SystemClock())
    await server.start()
    return server.base_url, server.stop


async def page() -> Begun:
    """The guard's own page."""
    server = WebServer(web.Application(), "127.0.0.1:0")
    await server.start()
    return server.address, server.stop


@pytest.mark.parametrize("begin", [venue, telegram, page])
@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_is_being_made_is_closed_too(begin: Callable[[], Awaitable[Begun]], turns: int) -> None:
    """However far the server is with accepting it: the other side sees the end."""
    address, stop = await begin()
    with socket.socket() as client:
        client.connect(("127.0.0.1", urlsplit(address).port))  # the system answers, whatever the server is doing
        client.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        await stop()
        async with asyncio.timeout(5):
            # A connection that nobody had accepted is ended by the system, in its own way.
            with suppress(ConnectionResetError):
                assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
