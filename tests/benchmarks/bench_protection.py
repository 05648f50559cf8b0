"""From danger to the first order: armed accounts whose market has fallen, one after the other, over HTTP on loopback.

Venue, database and guard share one process and one core, which is harder than life. Measured for each account: from the
start of the cycle that reads the danger, and from the moment at which it is known, to the first order leaving. The
venue's rules and order book are read, the plan is made and journalled in between.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from guard.app.clock import RandomIds, SystemClock
from guard.app.cycle import Cycle
from guard.app.execution import Execution
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
from guard.app.killswitch import KillSwitch
from guard.app.protection import Protection
from guard.app.settings import Protect, Settings
from guard.app.watch import Watch, watch_of
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.server import SandboxServer
from guard.store.migrate import upgrade
from guard.store.store import Store
from guard.store.vault import Vault
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account
from tests.benchmarks.result import Result, at_most

ACCOUNTS = 120
DANGER = Decimal(29_700)


def run() -> Iterator[Result]:
    """The 99th percentiles and the medians."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        known_s, begun_s = asyncio.run(_measure())
    finally:
        logging.disable(logging.NOTSET)
        structlog.reset_defaults()
    for since, delays_s in (("danger known", known_s), ("start of the cycle that reads it", begun_s)):
        what = f"{since} to first order sent, reading rules and order book, planning, journalling"
        yield at_most(f"{what}, p99 of {len(delays_s)}", _percentile(delays_s, 0.99) * 1000, "ms", 300)
        yield at_most(f"{what}, median", _percentile(delays_s, 0.5) * 1000, "ms", 300)


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def _measure() -> tuple[list[float], list[float]]:
    clock, ids = SystemClock(), RandomIds()
    engine = Engine(start_ms=int(clock.now().timestamp() * 1000))
    server = SandboxServer(engine, clock, tick_s=5.0)
    server.served.lift_limits()
    await server.start()
    hub = VenueHub(clock, requests_per_minute=10**6)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'guard.db'}"
        upgrade(url)
        store = await Store.open(url, Vault.of(url), ids)
        protection = Protection(
            Execution(
                store=store,
                clock=clock,
                ids=ids,
                stop=KillSwitch(Path(folder) / "guard.stop", clock, _nobody),
                wake_outbox=lambda: None,
                tell_directly=_nobody,
            )
        )

        async def opener(spec: AccountSpec) -> VenueAccount:
            return await open_account(spec, clock, hub)

        cycle = Cycle(
            store=store,
            clock=clock,
            ids=ids,
            opener=opener,
            protector=protection,
            handover=Unattended(),
            tell_directly=_nobody,
            timeout_s=10.0,
            hearing=Hearing(),
        )
        settings = Settings(protect=Protect(confirm_cycles=1, max_child_notional=1_000_000))
        watches = [await _armed(server, store, settings, clock, number) for number in range(ACCOUNTS)]
        try:
            for watch in watches:
                await cycle.run(watch)
            server.set_price("BTCUSDT", DANGER)
            delays = [await _delays(cycle, protection, watch) for watch in watches]
        finally:
            for watch in watches:
                await watch.close()
            await hub.close()
            await store.close()
            await server.stop()
    return [known for known, _ in delays], [begun for _, begun in delays]


async def _armed(server: SandboxServer, store: Store, settings: Settings, clock: SystemClock, number: int) -> Watch:
    name = f"account{number:03d}"
    leg = Holding(symbol="BTCUSDT", qty=Decimal(2), entry_price=Decimal(43_500))
    held = server.add_account(name, {"USDT": Decimal(30_000)}, [leg])
    spec = AccountSpec(name, "binanceusdm", Credentials(held.api_key, held.secret), server.base_url)
    record = AccountRecord(f"id-{name}", spec, None, "auto", clock.now() - timedelta(days=1))
    await store.add_account(record)
    return watch_of(record, settings)


async def _delays(cycle: Cycle, protection: Protection, watch: Watch) -> tuple[float, float]:
    """Seconds from the danger being known, and from the start of the cycle, to the first order."""
    moments: dict[str, float] = {}
    venue: Any = watch.venue
    deciding: Any = protection
    submit, decide = venue.submit, deciding.decide

    async def noted_submit(request: Any) -> Any:
        moments.setdefault("sent", time.perf_counter())
        return await submit(request)

    async def noted_decide(*arguments: Any) -> Any:
        moments.setdefault("known", time.perf_counter())
        return await decide(*arguments)

    venue.submit, deciding.decide = noted_submit, noted_decide
    began = time.perf_counter()
    try:
        await cycle.run(watch)
    finally:
        venue.submit, deciding.decide = submit, decide
    return moments["sent"] - moments["known"], moments["sent"] - began


async def _nobody(*_: Any) -> None:
    """Nobody is told."""
