"""From the end of an assessment that finds a worse zone to the request at Telegram: the whole service, 50 accounts.

Venue and Telegram live in another process and say when they sent a tick and when a message came in; both processes
read one clock. Every account holds a contract of its own.

1 The contract of one account falls so far that it enters watch, later danger, from where it comes back before it is
  looked at again; the others are calm.
2 Every 250 ms the contract of one account falls, while more and more of the others are in danger and read every 3 s.
3 The contracts of all accounts fall at once, three times; one of them, the riskiest, goes farther than the others.
  Telegram takes 28 messages a second, so that most of the others have to wait for it.

The steps are those of the first: what is told is found out (people, earlier figures, ways out) and written, it is
recorded, the outbox takes it up, and the request is made.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import structlog

from guard.app.service import Service
from guard.ports.records import AccountRecord, CycleRecord, Reading
from guard.risk.zones import ZoneState
from tests.benchmarks.result import Result, at_most, percentile
from tests.harness.streamed_service import Outside, streamed_service

PAUSE_S = 0.25
QUIET_PAUSE_S = 0.5
SETTLED_S = 5.0
ARRIVED_S = 30.0
CROWDS = 2
# Marks of an account's own contract, as parts of the first, that lead into watch, warning, danger, and farther without
# a liquidation by the venue.
WATCH, WARNING, DANGER, DEEP = 0.81, 0.76, 0.735, 0.72
FALLS = (WATCH, WARNING, DANGER)
FAR = (WARNING, DANGER, DEEP)

_STEPS = ("assessed", "written", "recorded", "taken up", "came")
_NAMES = ("finding out and writing", "recording", "outbox", "request")


@dataclass(slots=True)
class _Path:
    """When a message passed each step, in Unix seconds; only the first time counts."""

    sent: float = 0.0
    passed: dict[str, float] = field(default_factory=dict)

    def pass_(self, step: str, *, after: str = "") -> None:
        """It is there now, if it has passed the one before."""
        if not after or after in self.passed:
            self.passed.setdefault(step, time.time())

    def took_ms(self) -> float:
        """From the assessment to the request."""
        return (self.passed["came"] - self.passed["assessed"]) * 1000


def run() -> Iterator[Result]:
    """The 99th percentiles, the medians beside them, and the steps."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        quiet, busy = asyncio.run(_quiet()), asyncio.run(_busy())
        crowds = [crowd for _ in range(CROWDS) for crowd in asyncio.run(_crowded())]
    finally:
        logging.disable(logging.NOTSET)
        structlog.reset_defaults()
    yield from _of_ticks(busy)
    yield from _of_zones(quiet, busy)
    yield from _of_crowds(crowds)


def _of_ticks(busy: list[_Path]) -> Iterator[Result]:
    sent = "price tick to Telegram request, 50 streamed accounts"
    delays_ms = [(path.passed["came"] - path.sent) * 1000 for path in busy]
    yield at_most(f"{sent}, p99 of {len(delays_ms)}", percentile(delays_ms, 0.99), "ms", 250)
    yield at_most(f"{sent}, median", percentile(delays_ms, 0.5), "ms", 250)


def _of_zones(quiet: list[_Path], busy: list[_Path]) -> Iterator[Result]:
    for paths, others in ((quiet, "the others calm"), (busy, "the others in trouble too")):
        told = f"zone change to Telegram request after the assessment, one of 50 accounts, {others}"
        delays_ms = [path.took_ms() for path in paths]
        yield at_most(f"{told}, p99 of {len(delays_ms)}", percentile(delays_ms, 0.99), "ms", 50)
        yield at_most(f"{told}, median", percentile(delays_ms, 0.5), "ms", 50)
    for name, (begin, end) in zip(_NAMES, pairwise(_STEPS), strict=True):
        parts_ms = [(path.passed[end] - path.passed[begin]) * 1000 for path in quiet]
        yield at_most(f"of these, the others calm: {name}, p99", percentile(parts_ms, 0.99), "ms", 50)
        yield at_most(f"of these, the others calm: {name}, median", percentile(parts_ms, 0.5), "ms", 50)


def _of_crowds(crowds: list[tuple[_Path, list[_Path]]]) -> Iterator[Result]:
    told = "zone change to Telegram request after the assessment, all 50 accounts at once"
    riskiest_ms = [riskiest.took_ms() for riskiest, _ in crowds]
    all_ms = [path.took_ms() for _, paths in crowds for path in paths]
    from_tick_ms = [(riskiest.passed["came"] - riskiest.sent) * 1000 for riskiest, _ in crowds]
    yield at_most(f"{told}, riskiest account, largest of {len(crowds)}", max(riskiest_ms), "ms", 50)
    yield at_most(f"{told}, riskiest account, median", percentile(riskiest_ms, 0.5), "ms", 50)
    yield at_most(f"{told}, all accounts, median", percentile(all_ms, 0.5), "ms", 2_000)
    yield at_most(f"{told}, all accounts, largest of {len(all_ms)}", max(all_ms), "ms", 5_000)
    fallen = "price tick to Telegram request, all 50 accounts at once"
    yield at_most(f"{fallen}, riskiest account, largest of {len(crowds)}", max(from_tick_ms), "ms", 250)


async def _quiet() -> list[_Path]:
    """One account after the other, each alone in its trouble."""
    async with streamed_service() as (outside, service):
        paths = []
        with _noted(service, outside) as notes:
            for part, after in ((WATCH, WATCH), (DANGER, 1.0)):
                for account in outside.said["accounts"]:
                    paths.append(await _fall(outside, notes, account, part, QUIET_PAUSE_S))
                    await outside.tick(account["own"], account["mark"] * after)
            await asyncio.sleep(SETTLED_S / 2)
        return await _arrived(outside, paths)


async def _busy() -> list[_Path]:
    """One account after the other, each deeper in every turn."""
    async with streamed_service() as (outside, service):
        with _noted(service, outside) as notes:
            paths = [
                await _fall(outside, notes, account, part, PAUSE_S)
                for part in FALLS
                for account in outside.said["accounts"]
            ]
            await asyncio.sleep(SETTLED_S / 2)
        return await _arrived(outside, paths)


async def _fall(
    outside: Outside, notes: _Notes, account: dict[str, Any], part: float, pause_s: float
) -> tuple[int, _Path]:
    """Let the contract of one account fall, and wait a little; whose chat is told, and how."""
    path = notes.follow(account["chat"])
    path.sent = await outside.tick(account["own"], account["mark"] * part)
    await asyncio.sleep(pause_s)
    return account["chat"], path


async def _crowded() -> list[tuple[_Path, list[_Path]]]:
    """All at once; the riskiest, and all. Who has fallen farthest once stays there."""
    crowds = []
    async with streamed_service() as (outside, service):
        with _noted(service, outside) as notes:
            standing = list(outside.said["accounts"])
            for part, far in zip(FALLS, FAR, strict=True):
                riskiest = standing[len(standing) // 2]
                paths = {account["chat"]: notes.follow(account["chat"]) for account in standing}
                moved_at = await outside.move(
                    {each["own"]: each["mark"] * (far if each is riskiest else part) for each in standing}
                )
                for path in paths.values():
                    path.sent = moved_at
                await asyncio.sleep(SETTLED_S)
                await _arrived(outside, list(paths.items()))
                crowds.append((paths[riskiest["chat"]], list(paths.values())))
                standing.remove(riskiest)
    return crowds


async def _arrived(outside: Outside, paths: list[tuple[int, _Path]]) -> list[_Path]:
    """The paths with their ends, once all have one."""
    async with asyncio.timeout(ARRIVED_S):
        while True:
            came = await outside.came()
            for chat, path in paths:
                taken_up = path.passed.get("taken up", float("inf"))
                came_at = next((at for at in came.get(chat, ()) if at >= taken_up), None)
                if came_at is not None:
                    path.passed["came"] = came_at
            if all(set(path.passed) == set(_STEPS) for _, path in paths):
                return [path for _, path in paths]
            await asyncio.sleep(1)


class _Notes:
    """Notes when what is told of an account passes each step. `chats` are the owners' by the names of the accounts."""

    def __init__(self, chats: dict[str, int]) -> None:
        self._paths: dict[int, _Path] = {}
        self._chats = chats

    def follow(self, chat: int) -> _Path:
        """What is told to a chat from now on."""
        path = self._paths[chat] = _Path()
        return path

    def judging(self, plain: Callable[..., Reading]) -> Callable[..., Reading]:
        """A judgement that notes its end when it finds another zone."""

        def judged(record: AccountRecord, fetched: Any, prior: ZoneState, *args: Any, **kwargs: Any) -> Reading:
            reading = plain(record, fetched, prior, *args, **kwargs)
            if reading.zone is not prior.zone:
                self._path(record.name).pass_("assessed")
            return reading

        return judged

    def recording(self, plain: Callable[[CycleRecord], Awaitable[Any]]) -> Callable[[CycleRecord], Awaitable[Any]]:
        """A record that notes its begin and its end."""

        async def recorded(cycle: CycleRecord) -> Any:
            path = self._path(cycle.reading.account)
            path.pass_("written", after="assessed")
            stored = await plain(cycle)
            path.pass_("recorded", after="written")
            return stored

        return recorded

    def delivering(self, plain: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        """A delivery that notes its begin."""

        async def delivered(destination: str, *args: Any, **kwargs: Any) -> str:
            self._paths.get(int(destination.partition(":")[2]), _Path()).pass_("taken up", after="recorded")
            return await plain(destination, *args, **kwargs)

        return delivered

    def _path(self, account: str) -> _Path:
        return self._paths.get(self._chats[account], _Path())


@contextmanager
def _noted(service: Service, outside: Outside) -> Iterator[_Notes]:
    """Notes of a service, which is otherwise left as it is."""
    notes = _Notes({f"account{number:02d}": each["chat"] for number, each in enumerate(outside.said["accounts"])})
    cycles: Any = importlib.import_module("guard.app.cycle")
    store, sink = service._opened.store, service._sinks["telegram"]
    gc.collect()
    gc.freeze()
    with (
        patch.object(cycles, "judge_live", notes.judging(cycles.judge_live)),
        patch.object(cycles, "judge", notes.judging(cycles.judge)),
        patch.object(store, "record_cycle", notes.recording(store.record_cycle)),
        patch.object(sink, "deliver", notes.delivering(sink.deliver)),
    ):
        yield notes
