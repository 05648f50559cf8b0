"""A request that broke off is not sent again behind our back: at some venues an order is a GET."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from guard.app.clock import SystemClock
from guard.venues.hub import VenueHub

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


async def test_the_connections_repeat_nothing() -> None:
    """The venue reads the second request on a kept connection and hangs up: what it did with it nobody knows."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.split()[1])
            if head.startswith(b"GET /sell"):
                break
            writer.write(_OK)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    hub = VenueHub(SystemClock())
    try:
        session = hub.site("deribit", base, 60).session()
        async with session.get(f"{base}/time") as answer:
            assert await answer.json() == {}
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(f"{base}/sell?label=g-1")
        assert seen == [b"/time", b"/sell?label=g-1"]
    finally:
        await hub.close()
        server.close()
        await server.wait_closed()
