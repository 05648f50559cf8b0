"""The outbox's worker on virtual time, over a memory that a test fills."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from guard.alerts.outbox import Outbox
from guard.ports.pace import Limits, Pacer
from guard.ports.records import OutboxMessage
from guard.sim.channel import ScriptedSink
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds
from guard.sim.virtual_time import START, VirtualClock, run_virtual

REPEATED = "🔁 Repeated, it may have reached you already:\n"


def queued(number: int, destination: str = "telegram:1", **fields: Any) -> OutboxMessage:
    """A message that was written a millisecond times its number after the start."""
    message = OutboxMessage(
        message_id=f"m{number}",
        dedupe_key=f"k{number}",
        destination=destination,
        html=f"text {number}",
        created_at=START + timedelta(milliseconds=number),
    )
    return replace(message, **fields)


def fill(store: MemoryOutbox, *messages: OutboxMessage) -> None:
    """Put them there."""
    store.messages.update({message.message_id: message for message in messages})


def outbox_over(store: MemoryOutbox, *sinks: ScriptedSink, limits: Limits | None = None, **arguments: Any) -> Outbox:
    """A worker on virtual time, not begun; with `limits` it keeps them over all chats."""
    clock = VirtualClock.running()
    if limits is not None:
        arguments["pacer"] = Pacer(clock, limits)
    return Outbox(store, sinks, clock, SeededIds(1), chance=lambda: 1.0, **arguments)


def crash_before_marking(store: MemoryOutbox, sink: ScriptedSink) -> None:
    """The worker sends, and its process ends before the store hears of it."""

    async def crash() -> None:
        worker = asyncio.create_task(outbox_over(store, sink).run())
        store.failing = {"mark_delivered"}
        await asyncio.sleep(0.1)
        worker.cancel()
        await asyncio.wait((worker,))

    run_virtual(crash())
    store.failing = set()


def worked(
    store: MemoryOutbox,
    *sinks: ScriptedSink,
    seconds: float = 60.0,
    meanwhile: Callable[[Outbox], Awaitable[None]] | None = None,
    **arguments: Any,
) -> Outbox:
    """Run the worker for some virtual seconds, then stop it in order."""

    async def main() -> Outbox:
        outbox = outbox_over(store, *sinks, **arguments)
        worker = asyncio.create_task(outbox.run())
        if meanwhile:
            await meanwhile(outbox)
        await asyncio.sleep(seconds)
        await outbox.stop()
        await worker
        return outbox

    return run_virtual(main())
