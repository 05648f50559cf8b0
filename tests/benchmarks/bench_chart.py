"""Pictures: CPU and size of each, of a week read every 3 s too, and how long the loop stands while one is drawn.

CPU is of the drawing process, once it is warm: the median of several. The loop's longest pause is measured beside the
real drawing process, its start included; the same in a thread stands beside it, as the reason for the process.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

from guard.charts.draw import draw
from guard.charts.exposure import exposure_picture
from guard.charts.heat import heat_picture
from guard.charts.history import history_picture
from guard.charts.picture import Picture
from guard.charts.reach import accounts_picture
from guard.charts.studio import Studio
from guard.language.speech import ENGLISH, Speech, speech_of
from guard.ports.history import Level
from guard.ports.records import AlertReason, AlertRecord, IntentRecord, PositionSnapshot, Snapshot
from guard.risk.zones import Zone, ZonePolicy
from tests.benchmarks.bench_risk import book_of
from tests.benchmarks.result import Result, at_most

END = datetime(2026, 11, 22, tzinfo=UTC)
JAPANESE = speech_of("ja", "Asia/Tokyo")
RUNS = 7
LADDER = (("safe", 0.3), ("watch", 0.5), ("warning", 0.75), ("danger", 0.95), ("liquidation", 9.0))


def run() -> Iterator[Result]:
    """CPU, size, pauses."""
    for name, picture in _everyones_pictures().items():
        draw(picture)
        times_s = []
        for _ in range(RUNS):
            began = time.process_time()
            png = draw(picture)
            times_s.append(time.process_time() - began)
        yield at_most(f"picture, {name}, CPU, median of {RUNS}", statistics.median(times_s) * 1000, "ms", 400)
        yield at_most(f"picture, {name}, size", len(png) / 1000, "kB", 150)
    levels = _levels(7 * 24, 3)
    made = time.process_time()
    _history(levels, 7 * 24, JAPANESE)
    yield at_most(
        f"picture prepared from {len(levels):,} readings, CPU", (time.process_time() - made) * 1000, "ms", 2000
    )
    yield from asyncio.run(_pauses(_pictures(ENGLISH)["history of 7 days"], ""))
    yield from asyncio.run(_pauses(_pictures(JAPANESE)["history of 7 days"], ", Japanese"))


def _everyones_pictures() -> dict[str, Picture]:
    """English ones, Japanese ones, and an English one of an account with a Japanese name."""
    english, japanese = _pictures(ENGLISH), _pictures(JAPANESE)
    named = {"history of 24 h, Japanese name": _history(_levels(24, 30), 24, ENGLISH, "口座メイン")}
    return english | named | {f"{name}, Japanese": picture for name, picture in japanese.items()}


def _pictures(speech: Speech) -> dict[str, Picture]:
    policy = ZonePolicy()
    book = book_of(20)
    legs = [
        PositionSnapshot(f"C{n}/USDT:USDT", "long" if n % 3 else "short", 1, 1, 1, 1e5 / (n + 1), 0, 0, None)
        for n in range(12)
    ]
    accounts = [
        Snapshot(
            f"a{n}",
            f"account {n}",
            END,
            Zone.WATCH,
            "",
            "fresh",
            END,
            "USDT",
            1e4,
            0,
            0,
            0,
            0,
            0.3,
            2,
            0.02 * n + 0.01,
            1,
            None,
        )
        for n in range(14)
    ]
    return {
        "history of 24 h": _history(_levels(24, 30), 24, speech),
        "history of 7 days": _history(_levels(7 * 24, 30), 7 * 24, speech),
        "exposure of 12 symbols": exposure_picture("main", legs, currency="USDT", data_at=END, speech=speech),
        "distance of 14 accounts": accounts_picture(accounts, policy, END, speech),
        "stress of 10 assets": heat_picture(book, policy, speech),
    }


def _history(levels: list[Level], hours: int, speech: Speech, name: str = "main") -> Picture:
    since = END - timedelta(hours=hours)
    alerts = [
        AlertRecord("a", "m", "zone", "f", Zone.DANGER, AlertReason.FIRST, since + timedelta(hours=hours * n / 40), "")
        for n in range(40)
    ]
    intents = [IntentRecord("i", "m", alert.at, "done", Zone.DANGER, "", "{}", 0.8) for alert in alerts[::5]]
    return history_picture(
        name,
        levels,
        since=since,
        until=END,
        gap_s=150,
        policy=ZonePolicy(),
        alerts=alerts,
        intents=intents,
        speech=speech,
    )


def _levels(hours: int, step_s: int) -> list[Level]:
    """Up and down through all zones, blind now and then."""
    count, levels = hours * 3600 // step_s, []
    for n in range(count):
        at_s = END.timestamp() - hours * 3600 + n * step_s
        ratio = 0.45 + 0.45 * math.sin(20 * n / count) + 0.02 * math.sin(n * 1.7)
        if n * 50 // count % 10 == 9:
            levels.append(Level(at_s, "unknown", "missing", None, None, None, None))
            continue
        zone = next(name for name, bar in LADDER if ratio < bar)
        levels.append(Level(at_s, zone, "fresh", "USDT", 1e5 * (1.2 - ratio), ratio, 0.3 * (1 - ratio)))
    return levels


async def _pauses(picture: Picture, whose: str) -> list[Result]:
    studio = Studio()
    try:
        cold_s = await _longest_pause_s(lambda: studio.draw(picture))
        warm_s = min([await _longest_pause_s(lambda: studio.draw(picture)) for _ in range(RUNS)])
        thread_s = min([await _longest_pause_s(lambda: asyncio.to_thread(draw, picture)) for _ in range(RUNS)])
    finally:
        await studio.close()
    return [
        at_most(f"loop's longest pause, first picture (the drawing process starts){whose}", cold_s * 1000, "ms", 50),
        at_most(f"loop's longest pause while a picture is drawn{whose}, least of {RUNS}", warm_s * 1000, "ms", 50),
        at_most(f"the same if it were drawn in a thread{whose}, least of {RUNS}", thread_s * 1000, "ms", 50),
    ]


async def _longest_pause_s(work: Callable[[], Awaitable[object]]) -> float:
    task = asyncio.ensure_future(work())
    longest, last = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await task
    return longest
