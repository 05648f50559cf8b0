"""Every sink with a way to see what arrives and a way to break its channel."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

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


@pytest.fixture(params=["console", "telegram"])
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    """The console on a stream; Telegram over HTTP with the real library against a loopback Bot API."""
    if request.param == "console":
        yield _console()
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
