"""Time that is simulated: fast, in order, the same every time, and honest about hangs."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite
import pytest

from guard.ports.clock import Clock, Ids
from guard.sim.seeded import SeededIds, seeded_random
from guard.sim.virtual_time import VirtualClock, VirtualTimeError, VirtualTimeLoop, run_virtual


def test_nine_virtual_hours_pass_well_under_a_second() -> None:
    """Sleeping costs no real time, however long."""

    async def main() -> float:
        for _ in range(9 * 60):
            await asyncio.sleep(60)
        return asyncio.get_running_loop().time()

    started = time.perf_counter()
    assert run_virtual(main()) == pytest.approx(9 * 3600)
    assert time.perf_counter() - started < 0.5


def test_timers_fire_in_the_order_of_their_times() -> None:
    """Concurrent sleepers wake by time, and equal times by the order of asking."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, asyncio.get_running_loop().time()))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for name, seconds in (("c", 30.0), ("a", 10.0), ("b", 10.0), ("zero", 0.0)):
                group.create_task(sleeper(name, seconds))

    run_virtual(main())
    assert woken == [("zero", 0.0), ("a", 10.0), ("b", 10.0), ("c", 30.0)]


def test_timeout_ends_a_wait_that_never_ends_by_itself() -> None:
    """asyncio.timeout runs on virtual time."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 3600


def test_time_stands_still_while_a_thread_works() -> None:
    """A one-second timeout does not end real work of a tenth of a second."""

    async def main() -> tuple[str, float]:
        def work() -> str:
            time.sleep(0.1)  # real work, longer than the loop would need to jump over the timeout
            return "done"

        async with asyncio.timeout(1):
            answer = await asyncio.to_thread(work)
        return answer, asyncio.get_running_loop().time()

    assert run_virtual(main()) == ("done", 0.0)


async def _count_rows(path: Path, trace: list[tuple[float, str]]) -> None:
    """A writer and a reader on two connections of one database, beside a ticking timer."""
    loop = asyncio.get_running_loop()

    async def write() -> None:
        async with aiosqlite.connect(path) as db:
            await db.execute("create table t (n integer)")
            for n in range(20):
                await db.execute("insert into t values (?)", (n,))
                await db.commit()
                trace.append((loop.time(), f"wrote {n}"))
                await asyncio.sleep(1)

    async def read() -> None:
        await asyncio.sleep(0.5)
        async with aiosqlite.connect(path) as db:
            for _ in range(20):
                async with db.execute("select count(*) from t") as cursor:
                    row = await cursor.fetchone()
                trace.append((loop.time(), f"read {row}"))
                await asyncio.sleep(1)

    async def tick() -> None:
        for _ in range(40):
            trace.append((loop.time(), "tick"))
            await asyncio.sleep(0.5)

    await asyncio.gather(write(), read(), tick())


def test_work_of_aiosqlite_ends_before_time_advances(tmp_path: Path) -> None:
    """Every row written at second n is there for the reader at n + 0.5."""
    trace: list[tuple[float, str]] = []
    run_virtual(_count_rows(tmp_path / "one.sqlite", trace))
    reads = [(at, what) for at, what in trace if what.startswith("read")]
    assert reads == [(n + 0.5, f"read ({n + 1},)") for n in range(20)]


def test_same_program_leaves_the_same_trace(tmp_path: Path) -> None:
    """The interleaving of threads, timers and callbacks repeats exactly."""
    traces: list[list[tuple[float, str]]] = [[], [], []]
    for number, trace in enumerate(traces):
        run_virtual(_count_rows(tmp_path / f"{number}.sqlite", trace))
    assert len(traces[0]) == 80
    assert traces[1] == traces[0]
    assert traces[2] == traces[0]


def test_answers_of_threads_come_back_in_the_order_of_asking() -> None:
    """The slow first piece of work is answered before the quick second one."""

    async def main() -> list[str]:
        answered: list[str] = []

        async def ask(name: str, seconds: float) -> None:
            await asyncio.to_thread(time.sleep, seconds)
            answered.append(name)

        await asyncio.gather(ask("slow", 0.05), ask("quick", 0.0))
        return answered

    assert run_virtual(main()) == ["slow", "quick"]


def test_younger_answer_overtakes_when_the_older_work_waits_for_it() -> None:
    """Work that waits for a lock held by later work does not stop the loop for ever."""

    async def main() -> list[str]:
        import threading

        gate = threading.Event()
        answered: list[str] = []

        async def ask(name: str, work: object) -> None:
            assert callable(work)
            await asyncio.to_thread(work)
            answered.append(name)

        await asyncio.gather(ask("older", lambda: gate.wait(10)), ask("younger", gate.set))
        return answered

    loop = VirtualTimeLoop(patience_s=0.05)
    try:
        assert sorted(loop.run_until_complete(main())) == ["older", "younger"]
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_a_hang_is_an_error_that_says_where() -> None:
    """Nothing scheduled and somebody waiting: an error naming the line, not an endless run."""

    async def waits_for_ever() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.sleep(5)
        await asyncio.create_task(waits_for_ever(), name="lonely")

    with pytest.raises(VirtualTimeError, match=r"hang at 5\.0 s[\s\S]*lonely waits at .*locks\.py"):
        run_virtual(main())


def test_spinning_is_an_error() -> None:
    """A task that polls without sleeping never lets time pass."""

    async def main() -> None:
        try:
            for _ in itertools.count():
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(1)
            cleaned.append(True)

    cleaned: list[bool] = []
    with pytest.raises(VirtualTimeError, match="spinning"):
        run_virtual(main())
    assert cleaned


def test_running_for_ever_is_an_error() -> None:
    """A limit on everything: also on virtual time."""

    async def main() -> None:
        try:
            for _ in itertools.count():
                await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1)
            cleaned.append(True)

    cleaned: list[bool] = []
    with pytest.raises(VirtualTimeError, match=r"limit of 3600"):
        run_virtual(main(), limit_s=3600)
    assert cleaned


def test_real_sockets_are_refused() -> None:
    """A socket would answer at a moment that no seed decides."""

    async def main() -> None:
        with socket.socket() as listener:
            listener.setblocking(False)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            await asyncio.get_running_loop().sock_accept(listener)

    with pytest.raises(VirtualTimeError, match="a real socket"):
        run_virtual(main())


def test_errors_of_the_program_pass_through() -> None:
    """The loop adds nothing to an ordinary failure."""

    async def main() -> None:
        await asyncio.sleep(1)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run_virtual(main())


def test_virtual_clock_is_a_clock() -> None:
    """Wall time and stopwatch move together, from the start date on."""

    async def main() -> tuple[datetime, float]:
        clock: Clock = VirtualClock.running(datetime(2026, 3, 1, tzinfo=UTC))
        began = clock.now()
        assert began == datetime(2026, 3, 1, tzinfo=UTC)
        await clock.sleep(90)
        assert clock.now() - began == timedelta(seconds=90)
        return clock.now(), clock.monotonic()

    assert run_virtual(main()) == (datetime(2026, 3, 1, 0, 1, 30, tzinfo=UTC), 90.0)


async def test_virtual_clock_refuses_a_real_loop() -> None:
    """A virtual clock on a real loop would be a real clock in disguise."""
    with pytest.raises(VirtualTimeError, match="needs a virtual loop"):
        VirtualClock.running()


def test_seeded_ids_repeat_and_differ() -> None:
    """Equal seeds give equal sequences, other seeds and other calls give other identifiers."""
    ids: Ids = SeededIds(7)
    first = [ids.new("alert"), ids.new("alert"), ids.code(8)]
    again = SeededIds(7)
    assert [again.new("alert"), again.new("alert"), again.code(8)] == first
    assert first[0] != first[1]
    assert first[0].startswith("alert-")
    assert len(first[2]) == 8
    assert set(first[2]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789")
    assert SeededIds(8).new("alert") != first[0]


def test_chance_is_separate_for_each_purpose() -> None:
    """Drawing for one purpose changes nothing for another."""
    jitter = seeded_random(1, "jitter")
    undisturbed = jitter.random()
    other = seeded_random(1, "faults")
    other.random()
    assert seeded_random(1, "jitter").random() == undisturbed
    assert seeded_random(1, "faults").random() != undisturbed
