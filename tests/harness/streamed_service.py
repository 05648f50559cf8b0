"""The whole service over 50 streamed accounts, and the process that is its venue and its Telegram.

Both processes read one clock, so that a moment told by the one can be compared with a moment of the other.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from guard.app.lifecycle import prompt_interpreter
from guard.app.opening import opened
from guard.app.service import Service
from guard.app.settings import Database, Schedule, Settings, Telegram, Web
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec, Credentials
from guard.store.migrate import upgrade


class Outside:
    """The other process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.harness.outside_process"]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said = self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def _asked(self, command: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._line()

    async def ask(self, command: object) -> Any:
        """One command and its answer, without holding the loop up."""
        return await asyncio.to_thread(self._asked, command)

    async def tick(self, symbol: str, price: float) -> float:
        """Move a mark; when it was sent, in Unix seconds."""
        return await self.move({symbol: price})

    async def move(self, prices: Mapping[str, float]) -> float:
        """Move several marks at once; when they were sent, in Unix seconds."""
        told = await self.ask({"prices": {symbol: f"{price:.4f}" for symbol, price in prices.items()}})
        sent_at: float = told["sent_at"]
        return sent_at

    async def came(self) -> dict[int, list[float]]:
        """When messages came in at Telegram, by chat."""
        found: dict[int, list[float]] = {}
        for chat, at in await self.ask({"texts": True}):
            found.setdefault(chat, []).append(at)
        return found

    def close(self) -> None:
        """End it."""
        self._process.communicate("", timeout=10)


@asynccontextmanager
async def streamed_service() -> AsyncIterator[tuple[Outside, Service]]:
    """The service as `guard run` has it, its streams up and every account read."""
    outside = Outside()
    try:
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder) / "token"
            token.write_text(outside.said["token"], encoding="utf-8")
            settings = Settings(
                database=Database(url=f"sqlite:///{Path(folder) / 'guard.db'}"),
                telegram=Telegram(token_file=token, base_url=outside.said["telegram_url"]),
                schedule=Schedule(calm_s=30, warning_s=10, danger_s=3),
                web=Web(listen="127.0.0.1:0"),
            )
            upgrade(settings.database.url)
            with prompt_interpreter():
                async with opened(settings) as everything:
                    for number, account in enumerate(outside.said["accounts"]):
                        await _register(everything, outside.said["base_url"], f"account{number:02d}", account)
                    service = Service(everything, io.StringIO())
                    # The venue's own budget would make the first readings of 50 accounts wait for minutes.
                    service._hub._requests_per_minute = 10**6
                    await service.start()
                    try:
                        await _until_up(service)
                        yield outside, service
                    finally:
                        await service.stop()
    finally:
        outside.close()


async def _register(everything: Any, base_url: str, name: str, account: dict[str, Any]) -> None:
    store, now = everything.store, everything.clock.now()
    user = await store.add_user(f"owner-{name}", now)
    await store.create_link_code(user.user_id, f"CODE{name}", now + timedelta(minutes=5))
    await store.redeem_link_code(f"CODE{name}", account["chat"], account["chat"], "owner", now)
    spec = AccountSpec(name, "binanceusdm", Credentials(account["key"], account["secret"]), base_url)
    await store.add_account(AccountRecord(everything.ids.new("account"), spec, user.user_id, "observe", now))


async def _until_up(service: Service) -> None:
    assert service.streams is not None
    async with asyncio.timeout(60):
        while True:
            states, health = service.streams.states(), await service.health()
            if len(states) == 51 and all(state.healthy for state in states) and not health.problems:
                break
            await asyncio.sleep(0.2)
    await asyncio.sleep(3)  # readings that the start has brought forward
