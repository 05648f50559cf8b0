"""From a price tick to a finished assessment, and to the request at Telegram: the whole service, 50 streamed accounts.

Venue and Telegram live in another process and say when they sent a tick and when a message came in; both processes
read one clock. Each account holds five contracts, four of which all hold and one of its own.

1 Contracts that one account holds move, one after the other. From sending a tick to the end of its assessment.
2 Every 250 ms a contract that all hold moves: 50 assessments in a row, each measured to its end.
3 Every 250 ms the own contract of one account falls so far that it enters a worse zone: one message each.
"""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from guard.app.opening import opened
from guard.app.service import Service
from guard.app.settings import Database, Schedule, Settings, Telegram, Web
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec, Credentials
from guard.store.migrate import upgrade
from tests.benchmarks.result import Result, at_most

ALONE = 200
TICKS = 40
PAUSE_S = 0.25
# Marks of an account's own contract, as parts of the first, that lead into watch, warning and danger.
FALLS = (0.81, 0.76, 0.735)

_Assessment = tuple[str, float, set[tuple[str, float]]]


def run() -> Iterator[Result]:
    """The two 99th percentiles, and the medians beside them."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        alone_s, crowded_s, told_s = asyncio.run(_measure())
    finally:
        logging.disable(logging.NOTSET)
        structlog.reset_defaults()
    for who, delays_s in (("one of them holds it", alone_s), ("all of them hold it", crowded_s)):
        tick = f"price tick to finished assessment, 50 streamed accounts, {who}"
        yield at_most(f"{tick}, p99 of {len(delays_s)}", _percentile(delays_s, 0.99) * 1000, "ms", 20)
        yield at_most(f"{tick}, median", _percentile(delays_s, 0.5) * 1000, "ms", 20)
    sent = "price tick to Telegram request, 50 streamed accounts"
    yield at_most(f"{sent}, p99 of {len(told_s)}", _percentile(told_s, 0.99) * 1000, "ms", 250)
    yield at_most(f"{sent}, median", _percentile(told_s, 0.5) * 1000, "ms", 250)


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class _Outside:
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
        sent_at: float = (await self.ask({"prices": {symbol: f"{price:.4f}"}}))["sent_at"]
        return sent_at

    def close(self) -> None:
        """End it."""
        self._process.communicate("", timeout=10)


async def _measure() -> tuple[list[float], list[float], list[float]]:
    async with _world() as (outside, service):
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
        return alone, _delays(noted, sent, TICKS * len(accounts)), await _told(outside)


def _delays(noted: list[_Assessment], sent: dict[tuple[str, float], float], wanted: int) -> list[float]:
    """From each tick to the end of every assessment that first saw it; nearly all must have been seen."""
    seen: dict[tuple[str, tuple[str, float]], float] = {}
    for account, at, marks in noted:
        for mark in marks & sent.keys():
            seen.setdefault((account, mark), at - sent[mark])
    if len(seen) < 0.95 * wanted:
        raise RuntimeError(f"only {len(seen)} of {wanted} assessments were seen")
    return list(seen.values())


async def _told(outside: _Outside) -> list[float]:
    """Delays from the tick that leads into a worse zone to the message to that account's owner."""
    sent: dict[tuple[int, int], float] = {}
    for turn, part in enumerate(FALLS):
        for account in outside.said["accounts"]:
            sent[account["chat"], turn] = await outside.tick(account["own"], account["mark"] * part)
            await asyncio.sleep(PAUSE_S)
    await asyncio.sleep(2)
    came: dict[int, list[float]] = {}
    for chat, at in await outside.ask({"texts": True}):
        came.setdefault(chat, []).append(at)
    delays = []
    for (chat, turn), at in sent.items():
        following = sent.get((chat, turn + 1), float("inf"))
        first = next((each for each in came.get(chat, ()) if at <= each < following), None)
        if first is None:
            raise RuntimeError(f"chat {chat} was not told of fall {turn}: {came.get(chat)}")
        delays.append(first - at)
    return delays


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


@asynccontextmanager
async def _world() -> AsyncIterator[tuple[_Outside, Service]]:
    """The service as `guard run` has it, its streams up and every account read."""
    outside = _Outside()
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
