"""Every sink with a way to see what arrives and a way to break its channel."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web
from pydantic import SecretStr

from guard.alerts.sinks.apprise import NO_TITLE, AppriseSink
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.bot.standalone import standalone_sender
from guard.ports.sending import Sink
from guard.sandbox.telegram import TelegramSandbox
from guard.sim.virtual_time import START, VirtualClock, VirtualTimeLoop


@dataclass(frozen=True)
class Channel:
    """A sink, a destination that it serves, what a person sees there, and a switch that breaks it."""

    sink: Sink
    destination: str
    seen: Callable[[], list[str]]
    break_down: Callable[[], None]


def _console() -> Channel:
    stream = io.StringIO()
    return Channel(
        ConsoleSink(stream),
        "console",
        lambda: [block for block in stream.getvalue().split("ALERT ") if block],
        stream.close,
    )


@asynccontextmanager
async def _apprise() -> AsyncIterator[Channel]:
    """The real library, posting JSON to a server on loopback."""
    seen: list[str] = []
    status = [200]

    async def take(request: web.Request) -> web.Response:
        sent = await request.json()
        if status[0] == 200:
            seen.append(sent["message"] if sent["title"] == NO_TITLE else f"{sent['title']}\n{sent['message']}")
        return web.Response(status=status[0])

    app = web.Application(client_max_size=2**22)
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sink = AppriseSink({1: SecretStr(f"json://127.0.0.1:{runner.addresses[0][1]}")})
    yield Channel(sink, sink.destinations[0], lambda: seen, lambda: status.__setitem__(0, 503))
    await runner.cleanup()


@pytest.fixture(params=["console", "telegram", "apprise"])
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    """The console on a stream; Telegram and Apprise over HTTP, with the real libraries, against loopback servers."""
    if request.param == "console":
        yield _console()
        return
    if request.param == "apprise":
        async with _apprise() as posted:
            yield posted
        return
    idle = VirtualTimeLoop()  # a clock that stands still: no flood window passes
    telegram = TelegramSandbox(VirtualClock(idle, START))
    await telegram.start()
    anna = telegram.person(1001, "Anna", started=True)
    async with asyncio.timeout(30), standalone_sender(SecretStr(telegram.token), telegram.base_url) as sender:
        assert sender is not None
        yield Channel(
            TelegramSink(sender),
            "telegram:1001",
            lambda: [message.text for message in anna.seen()],
            lambda: telegram.fail_next(1000, method="sendMessage", status=502),
        )
    await telegram.stop()
    idle.close()
