"""A real store on a file, a real Telegram client, a loopback Telegram, and an outbox between them."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from guard.alerts.backoff import RetryPolicy
from guard.alerts.outbox import Outbox, OutboxPolicy
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.clock import SystemClock
from guard.bot.standalone import standalone_sender
from guard.ports.records import OutboxMessage
from guard.ports.sending import Sink
from guard.sandbox.telegram import Person, TelegramSandbox
from guard.sim.seeded import SeededIds
from guard.store.store import Store
from guard.store.vault import Vault

# Real time: pauses are short, and every wait in a test ends as soon as what it waits for is there.
POLICY = OutboxPolicy(poll_s=0.2, send_timeout_s=2.0, retry=RetryPolicy(first_s=0.05, cap_s=0.2))


@dataclass(frozen=True)
class Delivery:
    """A worker at work on the store."""

    store: Store
    outbox: Outbox
    console: io.StringIO

    async def put(self, number: int, destination: str = "telegram:1001", **fields: str) -> None:
        """Write a message and wake the worker."""
        await self.store.add_message(
            OutboxMessage(
                message_id=f"m{number}",
                dedupe_key=f"k{number}",
                destination=destination,
                html=fields.get("html", f"<b>message {number}</b>"),
                created_at=SystemClock().now() + timedelta(microseconds=number),
            )
        )
        self.outbox.wake()

    async def settled(self) -> None:
        """Return once nothing is pending."""
        for _ in range(2000):
            if not await self.store.outbox_pending():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError("messages were still pending after 20 s")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSandbox]:
    """A Telegram that runs."""
    sandbox = TelegramSandbox(SystemClock())
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def anna(telegram: TelegramSandbox) -> Person:
    """A person who has started the bot."""
    return telegram.person(1001, "Anna", started=True)


@pytest.fixture
def process(
    telegram: TelegramSandbox, tmp_path: Path, empty_database: Path
) -> Callable[[], AbstractAsyncContextManager[Delivery]]:
    """Begins a life of the delivering process over the same database; leaving it stops the worker."""
    url = f"sqlite:///{tmp_path}/guard.db"
    shutil.copy(empty_database, tmp_path / "guard.db")

    @asynccontextmanager
    async def begin() -> AsyncIterator[Delivery]:
        ids = SeededIds(1)
        store = await Store.open(url, Vault.of(url, None), ids)
        console = io.StringIO()
        async with standalone_sender(SecretStr(telegram.token), telegram.base_url) as sender:
            assert sender is not None
            sinks: list[Sink] = [TelegramSink(sender), ConsoleSink(console)]
            outbox = Outbox(store, sinks, SystemClock(), ids, chance=lambda: 0.5, policy=POLICY)
            worker = asyncio.create_task(outbox.run())
            yield Delivery(store, outbox, console)
            await outbox.stop()
            await worker
        await store.close()

    return begin


@pytest.fixture
async def delivery(process: Callable[[], AbstractAsyncContextManager[Delivery]]) -> AsyncIterator[Delivery]:
    """One life of the process."""
    async with process() as life:
        yield life
