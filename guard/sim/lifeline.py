"""The death of a process, simulated: at one moment nothing that it does reaches the outside any more.

Owns the cut and the stand-ins that know of it. What was on its way at that moment has arrived or has not, as in life.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

from guard.ports.errors import StoreError
from guard.ports.records import AlertRecord, CycleRecord, OutboxMessage
from guard.ports.sending import Buttons, SendRetry, Sink
from guard.sim.in_process import InProcessSession
from guard.store.store import Store


class Lifeline:
    """Whole until it is cut."""

    def __init__(self) -> None:
        self.cut = False


class LivingStore:
    """The store, as long as the process lives. Notes what was to be told and what was stored to be told."""

    def __init__(self, store: Store, lifeline: Lifeline, asked: list[OutboxMessage], kept: list[OutboxMessage]) -> None:
        self._store = store
        self._lifeline = lifeline
        self._asked = asked
        self._kept = kept

    def _require_life(self) -> None:
        if self._lifeline.cut:
            raise StoreError("this process is dead", fix="nothing was stored")

    async def record_cycle(self, record: CycleRecord) -> frozenset[str]:
        """Store a cycle."""
        self._require_life()
        self._asked += record.messages
        begun = await self._store.record_cycle(record)
        self._kept += record.messages
        return begun

    async def record_announcement(self, alerts: Sequence[AlertRecord], messages: Sequence[OutboxMessage]) -> None:
        """Store alerts outside a cycle."""
        self._require_life()
        self._asked += messages
        await self._store.record_announcement(alerts, messages)
        self._kept += messages

    async def add_message(self, message: OutboxMessage) -> bool:
        """Store a message."""
        self._require_life()
        self._asked.append(message)
        added = await self._store.add_message(message)
        if added:
            self._kept.append(message)
        return added

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._require_life()
            return await method(*args, **kwargs)

        return call


class LivingSink:
    """A sink, as long as the process lives."""

    def __init__(self, sink: Sink, lifeline: Lifeline) -> None:
        self.scheme = sink.scheme
        self._sink = sink
        self._lifeline = lifeline

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Deliver.

        Raises:
            SendRetry: the process is dead.
        """
        if self._lifeline.cut:
            raise SendRetry("this process is dead")
        return await self._sink.deliver(destination, html, silent=silent, buttons=buttons)


class LivingSession(InProcessSession):
    """The wire, as long as the process lives."""

    def __init__(self, session: InProcessSession, lifeline: Lifeline) -> None:
        self._session = session
        self._lifeline = lifeline

    async def ask(self, request: Any) -> Any:
        """Ask the venue.

        Raises:
            aiohttp.ClientConnectionError: the process is dead.
        """
        if self._lifeline.cut:
            raise aiohttp.ClientConnectionError("this process is dead")
        return await self._session.ask(request)
