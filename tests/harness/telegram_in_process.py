"""The Bot API without a socket: the real client library asks the sandbox's methods in the same process.

For virtual time, where no socket can be. Everything but HTTP is what runs in life: the library makes the requests and
reads the answers, the sandbox checks them and keeps its flood limits.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot
from telegram.request import BaseRequest, RequestData

from guard.bot.sender import TelegramSender
from guard.ports.clock import Clock
from guard.ports.pace import Pacer
from guard.sandbox.telegram import DEFAULT_TOKEN, FloodLimits, User
from guard.sandbox.telegram.answers import ApiError, ok
from guard.sandbox.telegram.methods import METHODS
from guard.sandbox.telegram.parameters import Parameters
from guard.sandbox.telegram.world import World

LATENCY_S = 0.03


class InProcessRequest(BaseRequest):
    """Answers as the sandbox does, after a fixed latency; notes when each message was taken, and by which chat."""

    def __init__(self, clock: Clock, limits: FloodLimits) -> None:
        self._clock = clock
        self.world = World(clock, User(1, "Guard", "guard_bot", is_bot=True))
        self.world.flood.limits = limits
        self.taken: list[tuple[float, int]] = []

    @property
    def read_timeout(self) -> float | None:
        """None is needed."""
        return None

    async def initialize(self) -> None:
        """Nothing is opened."""

    async def shutdown(self) -> None:
        """Nothing is open."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        """One call."""
        assert method == "POST"
        await self._clock.sleep(LATENCY_S)
        texts = request_data.json_parameters if request_data is not None else {}
        try:
            result = await METHODS[url.rpartition("/")[2].lower()](self.world, Parameters(texts, {}))
        except ApiError as error:
            return error.code, json.dumps(error.body()).encode()
        self.taken.append((self._clock.monotonic(), int(texts.get("chat_id", 0))))
        return 200, json.dumps(ok(result)).encode()


@asynccontextmanager
async def telegram_in_process(
    clock: Clock, limits: FloodLimits, chats: int
) -> AsyncIterator[tuple[InProcessRequest, TelegramSender, Pacer]]:
    """A paced sender to a Telegram in which the people 1 to `chats` have started the bot."""
    request, pacer = InProcessRequest(clock, limits), Pacer(clock)
    for number in range(1, chats + 1):
        request.world.private_chat(User(number, f"Person {number}")).known = True
    bot = Bot(DEFAULT_TOKEN, base_url="http://telegram.invalid/bot", request=request, get_updates_request=request)
    yield request, TelegramSender(bot, pacer), pacer
