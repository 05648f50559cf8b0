"""Turns at a chat service, on virtual time: who goes when, and that the documented limits hold whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from guard.alerts.rules import GRAVE_PRIORITY
from guard.app.clock import SystemClock
from guard.ports.pace import ANSWER, GRAVE, LIVE, PICTURE, Limits, Pacer
from guard.sandbox.telegram.trouble import FloodGate, FloodLimits
from guard.sim.seeded import seeded_random
from guard.sim.virtual_time import VirtualClock, run_virtual

Gone = list[tuple[float, int, int]]


def play(script: Callable[[Pacer, Callable[[int, int], None]], Awaitable[None]], limits: Limits | None = None) -> Gone:
    """Let `script` ask for turns; when each was granted, for which chat, how urgent it was."""
    gone: Gone = []

    async def main() -> None:
        pacer = Pacer(VirtualClock.running(), limits)
        tasks: list[asyncio.Task[None]] = []

        async def go(chat_id: int, urgency: int) -> None:
            async with pacer.turn(chat_id, urgency):
                gone.append((round(asyncio.get_running_loop().time(), 6), chat_id, urgency))

        await script(pacer, lambda chat_id, urgency: tasks.append(asyncio.create_task(go(chat_id, urgency))))
        await asyncio.gather(*tasks)

    run_virtual(main())
    return gone


def test_nobody_waits_for_nothing() -> None:
    """The plain case: three chats, at once."""

    async def script(_: Pacer, ask: Callable[[int, int], None]) -> None:
        for chat_id in (1, 2, 3):
            ask(chat_id, 10)

    assert [at for at, _, _ in play(script)] == [0.0, 0.0, 0.0]


def test_a_chat_takes_a_short_burst_and_then_one_a_second() -> None:
    """As the service says; other chats do not notice."""

    async def script(_: Pacer, ask: Callable[[int, int], None]) -> None:
        for _number in range(5):
            ask(1, 10)
        ask(2, 10)

    gone = play(script)
    assert [at for at, chat, _ in gone if chat == 1] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert [at for at, chat, _ in gone if chat == 2] == [0.0]


def test_the_most_urgent_goes_first_and_has_room_of_its_own() -> None:
    """A hundred pictures are waiting when danger comes: it leaves at once, before all that wait."""

    async def script(_: Pacer, ask: Callable[[int, int], None]) -> None:
        for chat_id in range(100):
            ask(chat_id, PICTURE)
        await asyncio.sleep(0.5)
        ask(1000, GRAVE)
        ask(1001, ANSWER)

    gone = play(script)
    assert (0.5, 1000, GRAVE) in gone
    assert next(at for at, _, urgency in gone if urgency == ANSWER) == 1.1
    assert gone[-1][0] == 4.4


def test_a_group_takes_twenty_a_minute_at_most() -> None:
    """The last of them are kept for what is grave."""

    async def script(_: Pacer, ask: Callable[[int, int], None]) -> None:
        for _number in range(16):
            ask(-5, 10)
        await asyncio.sleep(30)
        for _number in range(5):
            ask(-5, GRAVE)

    gone = play(script)
    assert sum(at <= 20 for at, _, urgency in gone if urgency == 10) == 15
    assert [at for at, _, urgency in gone if urgency == GRAVE] == [30.0, 30.0, 30.0, 31.0, 61.0]


def test_a_live_message_leaves_room_for_an_alert() -> None:
    """It never takes the last that a chat takes now."""

    async def script(pacer: Pacer, ask: Callable[[int, int], None]) -> None:
        for urgency in (10, 10, LIVE):
            ask(1, urgency)
        await asyncio.sleep(0)
        assert not pacer.idle_for(1)
        ask(1, GRAVE)
        await asyncio.sleep(0.5)

    assert play(script) == [(0.0, 1, 10), (0.0, 1, 10), (0.0, 1, GRAVE), (2.0, 1, LIVE)]


def test_who_is_hastened_overtakes() -> None:
    """Danger came for a chat whose quiet news waits: the chat's turn comes now."""

    async def script(pacer: Pacer, ask: Callable[[int, int], None]) -> None:
        for chat_id in range(60):
            ask(chat_id, 10)
        await asyncio.sleep(0.5)
        pacer.hasten(59, GRAVE)

    assert (0.5, 59, 10) in play(script)


def test_a_refusal_holds_its_chat_and_two_hold_all() -> None:
    """The service never says whom it means: one chat alone is that chat, two at the same time are everybody."""

    async def script(pacer: Pacer, ask: Callable[[int, int], None]) -> None:
        pacer.refused(1, 10)
        ask(1, GRAVE)
        ask(2, GRAVE)
        await asyncio.sleep(1)
        pacer.refused(2, 20)
        ask(3, GRAVE)

    assert play(script) == [(0.0, 2, GRAVE), (21.0, 1, GRAVE), (21.0, 3, GRAVE)]


def test_a_refusal_long_ago_is_no_sign() -> None:
    """The second one comes after the first was over."""

    async def script(pacer: Pacer, ask: Callable[[int, int], None]) -> None:
        pacer.refused(1, 10)
        await asyncio.sleep(10.5)
        pacer.refused(2, 20)
        ask(3, 10)

    assert play(script) == [(10.5, 3, 10)]


def test_only_so_many_at_once() -> None:
    """Requests that hang are not joined by ever more; the next goes when one has ended."""

    async def main() -> list[float]:
        pacer = Pacer(VirtualClock.running(), Limits.only_at_once(2))
        began: list[float] = []

        async def go(chat_id: int) -> None:
            async with pacer.turn(chat_id, 10):
                began.append(asyncio.get_running_loop().time())
                await asyncio.sleep(5)

        await asyncio.gather(*(go(chat_id) for chat_id in range(5)))
        return began

    assert run_virtual(main()) == [0.0, 0.0, 5.0, 5.0, 10.0]


def test_a_turn_inside_a_turn() -> None:
    """The first message inside is what the turn was for; a further one waits for the chat, never for a free place."""

    async def main() -> list[float]:
        pacer = Pacer(VirtualClock.running(), Limits(at_once=1, chat_burst=1))
        sent: list[float] = []
        async with pacer.turn(1, 10):
            for _ in range(3):
                async with pacer.turn(1, 0):
                    sent.append(asyncio.get_running_loop().time())
        return sent

    assert run_virtual(main()) == [0.0, 1.0, 2.0]


def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    """Cancelled before, and in the very moment of being let go; the others go on."""

    async def main() -> None:
        pacer = Pacer(VirtualClock.running(), Limits.only_at_once(1))

        async def go() -> None:
            async with pacer.turn(1, 10):
                await asyncio.sleep(1)

        first, second, third = (asyncio.create_task(go()) for _ in range(3))
        await asyncio.sleep(0.5)
        second.cancel()
        await first
        await asyncio.wait((second,))
        third.cancel()
        await asyncio.wait((third,))
        assert pacer.waiting == 0
        await asyncio.wait_for(go(), 2)

    run_virtual(main())


@pytest.mark.parametrize("seed", range(5))
def test_any_crowd_stays_within_the_documented_limits(seed: int) -> None:
    """Chats, groups, urgencies and moments by chance: the service's gate, its clock a thousandth fast, refuses none."""
    chance = seeded_random(seed, "crowd")

    async def script(_: Pacer, ask: Callable[[int, int], None]) -> None:
        for _number in range(400):
            ask(chance.choice([*range(1, 60), *range(-5, 0)]), chance.choice([GRAVE, ANSWER, PICTURE, LIVE, 10]))
            if chance.random() < 0.2:
                await asyncio.sleep(chance.random())

    gone = play(script, Limits(chat_burst=1))
    assert len(gone) == 400
    gate = FloodGate(FloodLimits.documented())
    assert all(gate.admit(at * 1.001, chat, group=chat < 0) is None for at, chat, _ in gone)


def test_grave_means_the_same_everywhere() -> None:
    """The pacer's scale is that of alerts."""
    assert GRAVE == GRAVE_PRIORITY


async def test_a_clock_that_goes_on_while_turns_are_granted() -> None:
    """A real stopwatch reads later at every look: a turn that is free now is granted now."""
    pacer = Pacer(SystemClock())
    async with asyncio.timeout(1), pacer.turn(1, GRAVE):
        assert pacer.waiting == 0
    assert pacer.idle_for(2)


def test_live_messages_leave_room_for_alerts() -> None:
    """However many are to be brought up to date: a mild alert goes at once."""

    async def script(pacer: Pacer, ask: Callable[[int, int], None]) -> None:
        for chat_id in range(1, 60):
            ask(chat_id, LIVE)
        await asyncio.sleep(0.01)
        ask(99, 10)

    assert [at for at, chat_id, _ in play(script) if chat_id == 99] == [0.01]


async def test_free_is_what_would_go_at_once() -> None:
    """Not a chat whose burst is used up, nor anything that is no more urgent than who waits."""
    pacer = Pacer(SystemClock(), Limits(chat_burst=1))
    assert pacer.is_free(1, 10)
    async with pacer.turn(1, GRAVE):
        pass
    assert (pacer.is_free(1, 10), pacer.is_free(2, 10)) == (False, True)
    waiting = asyncio.ensure_future(pacer.turn(1, GRAVE).__aenter__())
    await asyncio.sleep(0)
    assert (pacer.is_free(2, 10), pacer.is_free(2, GRAVE + 1)) == (False, True)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
