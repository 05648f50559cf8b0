"""A thousand linked chats, and a market that falls for all of them at once: who is told when, on virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from guard.alerts.outbox import Outbox
from guard.alerts.sinks.telegram import TelegramSink
from guard.ports.pace import PICTURE, Pacer
from guard.ports.records import OutboxMessage
from guard.sandbox.telegram import FloodLimits
from guard.sim.memory_outbox import MemoryOutbox
from guard.sim.seeded import SeededIds
from guard.sim.virtual_time import START, VirtualClock, run_virtual
from tests.harness.telegram_in_process import telegram_in_process

ASSESSED_AFTER_S = 0.001
"""How long after one account the next one is assessed."""
PICTURES = 20

_LEVELS = ((60, "LIQUIDATION"), (50, "DANGER"), (30, "WARNING"), (20, "WATCH"))


@dataclass(frozen=True)
class Crash:
    """What came of it; seconds since the riskiest account was assessed, which was the last one."""

    riskiest_s: float
    grave_s: float
    all_s: float
    refused: int
    arrived: int
    busiest_second: int


def crash(chats: int, *, storm_s: float = 0.0) -> Crash:
    """Let the market fall.

    Args:
        chats: linked chats, each of one account; the riskiest is the last to be assessed.
        storm_s: for how long Telegram refuses everything with 429 in the middle of it.
    """
    return run_virtual(_crash(chats, storm_s))


async def _crash(chats: int, storm_s: float) -> Crash:
    clock, memory = VirtualClock.running(), MemoryOutbox()
    async with telegram_in_process(clock, FloodLimits.documented(), chats) as (request, sender, pacer):
        outbox = Outbox(memory, [TelegramSink(sender)], clock, SeededIds(1), chance=lambda: 0.5, pacer=pacer)
        worker = asyncio.create_task(outbox.run())
        pictures = [asyncio.create_task(_picture(pacer, chats - number)) for number in range(PICTURES)]
        for number in range(1, chats + 1):
            memory.messages[f"m{number}"] = _message(number, chats)
            if number % 50 == 0 or number == chats:  # not after each: under virtual time looking costs no time
                outbox.wake()
            await clock.sleep(ASSESSED_AFTER_S)
        assessed_at = clock.monotonic()
        if storm_s:
            await clock.sleep(3)
            request.world.flood.hold(clock.monotonic() + storm_s)
        while memory.pending:
            await clock.sleep(0.5)
        await asyncio.gather(*pictures)
        await outbox.stop()
        await worker
    at = {chat: moment - assessed_at for moment, chat in request.taken}
    moments = [moment for moment, _ in request.taken]
    grave = [int(each.destination.partition(":")[2]) for each in memory.messages.values() if each.priority >= 50]
    return Crash(
        riskiest_s=at[chats],
        grave_s=max(at[chat] for chat in grave),
        all_s=max(at.values()),
        refused=request.world.flood.refusals,
        arrived=len(memory.delivered),
        busiest_second=max(sum(first <= each < first + 1 for each in moments) for first in moments),
    )


def _message(number: int, chats: int) -> OutboxMessage:
    """One in twenty is in danger; the last one alone is at liquidation."""
    priority, zone = _LEVELS[0] if number == chats else _LEVELS[1] if number % 20 == 0 else _LEVELS[2 + number % 2]
    return OutboxMessage(
        message_id=f"m{number}",
        dedupe_key=f"k{number}",
        destination=f"telegram:{number}",
        html=f"<b>{zone}</b> · account {number}",
        created_at=START + timedelta(milliseconds=number),
        priority=priority,
        collapse_key=f"zone/{number}",
        buttons=((("Acknowledge", f"ack:{number}"),),),
    )


async def _picture(pacer: Pacer, chat_id: int) -> None:
    async with pacer.turn(chat_id, PICTURE):
        pass
