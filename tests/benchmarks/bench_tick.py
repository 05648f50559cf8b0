"""From a price tick to a finished assessment: the whole service, 50 streamed accounts.

The venue lives in another process and says when it sent a tick; both processes read one clock. Each account holds five
contracts, four of which all hold and one of its own.

1 Contracts that one account holds move, one after the other. From sending a tick to the end of its assessment.
2 Every 250 ms a contract that all hold moves: 50 assessments in a row, each measured to its end.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Iterator
from typing import Any

import structlog

from guard.app.service import Service
from tests.benchmarks.result import Result, at_most, percentile
from tests.harness.streamed_service import streamed_service

ALONE = 200
TICKS = 40
PAUSE_S = 0.25

_Assessment = tuple[str, float, set[tuple[str, float]]]


def run() -> Iterator[Result]:
    """The two 99th percentiles, and the medians beside them."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        alone_s, crowded_s = asyncio.run(_measure())
    finally:
        logging.disable(logging.NOTSET)
        structlog.reset_defaults()
    for who, delays_s in (("one of them holds it", alone_s), ("all of them hold it", crowded_s)):
        tick = f"price tick to finished assessment, 50 streamed accounts, {who}"
        yield at_most(f"{tick}, p99 of {len(delays_s)}", percentile(delays_s, 0.99) * 1000, "ms", 20)
        yield at_most(f"{tick}, median", percentile(delays_s, 0.5) * 1000, "ms", 20)


async def _measure() -> tuple[list[float], list[float]]:
    async with streamed_service() as (outside, service):
        noted = _noted_assessments(service)
        gc.collect()
        gc.freeze()
        sent: dict[tuple[str, float], float] = {}
        accounts = outside.said["accounts"]
        for turn in range(ALONE // len(accounts)):
            for account in accounts:
                price = round(account["mark"] * (1 + 0.0001 * (turn + 1)), 4)
                sent[account["own"], price] = await outside.tick(account["own"], price)
                await asyncio.sleep(PAUSE_S / 5)
        await asyncio.sleep(PAUSE_S)
        alone = _delays(noted, sent, ALONE)
        noted.clear()
        sent.clear()
        for step in range(TICKS):
            price = 43_500.0 + 0.1 * (step + 1)
            sent["BTCUSDT", price] = await outside.tick("BTCUSDT", price)
            await asyncio.sleep(PAUSE_S)
        return alone, _delays(noted, sent, TICKS * len(accounts))


def _delays(noted: list[_Assessment], sent: dict[tuple[str, float], float], wanted: int) -> list[float]:
    """From each tick to the end of every assessment that first saw it; nearly all must have been seen."""
    seen: dict[tuple[str, tuple[str, float]], float] = {}
    for account, at, marks in noted:
        for mark in marks & sent.keys():
            seen.setdefault((account, mark), at - sent[mark])
    if len(seen) < 0.95 * wanted:
        raise RuntimeError(f"only {len(seen)} of {wanted} assessments were seen")
    return list(seen.values())


def _noted_assessments(service: Service) -> list[_Assessment]:
    """Every finished assessment from now on: whose, when, and the marks that it saw."""
    live: Any = service.live
    plain = live._assess
    noted: list[_Assessment] = []

    def assess(account: Any) -> None:
        before = live.assessments
        plain(account)
        if live.assessments > before:
            at, name = time.time(), account.watch.record.account_id
            board = live._streams.board(name)
            marks = {(symbol, board.mark(symbol)) for symbol in account.symbols}
            noted.append((name, at, {(_wire(symbol), mark.price) for symbol, mark in marks if mark}))

    live._assess = assess
    return noted


def _wire(symbol: str) -> str:
    return symbol.partition(":")[0].replace("/", "")
