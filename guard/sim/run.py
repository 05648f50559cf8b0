"""A simulation from its seed to its report: a world, a guard with several lives, and the checks.

The same options give the same run, to the last line of its trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from guard.app.settings import Alerts, Schedule, Settings
from guard.app.watch import Watch
from guard.ports.records import AccountRecord, Mode, OutboxMessage, Reading
from guard.ports.sending import SendRetry
from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.engine.accounts import Account
from guard.sim.channel import Answer, ScriptedSink
from guard.sim.in_process import BASE_URL
from guard.sim.invariants import Invariants, Violation
from guard.sim.process import GuardProcess, Outside
from guard.sim.seeded import SeededIds, seeded_random
from guard.sim.virtual_time import VirtualClock, run_virtual
from guard.sim.world import World
from guard.store.migrate import upgrade
from guard.store.store import Store
from guard.store.vault import Vault

CHAT: Final = 1001
DESTINATION: Final = f"telegram:{CHAT}"

_QUIET_S: Final = 900.0
_ACCOUNTS: Final[Mapping[str, Mode]] = {"armed": "auto", "watched": "observe"}
_ARMED: Final = frozenset(name for name, mode in _ACCOUNTS.items() if mode == "auto")
_SCHEDULE: Final = Schedule(calm_s=120, warning_s=30, danger_s=10)


@dataclass(frozen=True, slots=True)
class SimOptions:
    """What to simulate.

    Args:
        seed: decides everything that is left to chance.
        hours: virtual hours of prices and trouble; a quiet quarter of an hour follows.
        trouble: whether the venue's wire fails now and then.
        chat_trouble: whether the chat service fails now and then.
        crashes: how often the guard is killed and started again.
        schedule: how often accounts are read.
    """

    seed: int
    hours: float = 3.0
    trouble: bool = True
    chat_trouble: bool = True
    crashes: int = 0
    schedule: Schedule = _SCHEDULE


@dataclass(frozen=True, slots=True)
class SimRun:
    """What happened. `trace` has one line for each cycle, delivery and order, in order of time."""

    options: SimOptions
    virtual_hours: float
    cycles: int
    faults: Mapping[str, int]
    orders: int
    alerts: int
    liquidated: tuple[str, ...]
    equity: Mapping[str, float]
    violations: tuple[Violation, ...]
    trace: tuple[str, ...]


def prepare(folder: Path) -> Path:
    """An empty database in `folder`; a copy of the folder is as good."""
    upgrade(_url(folder))
    return folder


def simulate(options: SimOptions, folder: Path) -> SimRun:
    """Run one simulation.

    Args:
        options: what to simulate.
        folder: a folder made by `prepare`, used up by this run.
    """
    return run_virtual(_Simulation(options, folder).run(), limit_s=(options.hours + 2) * 3600)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'guard.db'}"


class _Simulation:
    """One run in the making. Made outside the loop, used inside."""

    def __init__(self, options: SimOptions, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._trace: list[str] = []
        self._asked: list[OutboxMessage] = []
        self._kept: list[OutboxMessage] = []
        self._arrived = 0
        self._cycles = 0
        self._lives = 0
        self._fresh_lives: dict[str, int] = {}

    async def run(self) -> SimRun:
        """1 make the world and the guard's memory; 2 live, crash, live on until it is quiet; 3 check and report."""
        options, clock = self._options, VirtualClock.running()
        self._clock = clock
        ids = SeededIds(options.seed)
        url = _url(self._folder)
        store = await Store.open(url, Vault.of(url, None), ids, ordered=True)
        world = World(clock, options.seed, options.hours, trouble=options.trouble)
        accounts = await self._move_in(store, world, ids)
        sink = ScriptedSink("telegram", {DESTINATION: self._chat_trouble()})
        self._sink = sink
        self._invariants = Invariants(options.seed, clock, store, sink, accounts, _ARMED)
        chance = seeded_random(options.seed, "jitter")
        settings = Settings(schedule=options.schedule, alerts=Alerts(console=False))
        outside = Outside(settings, clock, ids, chance.random, store, [sink], world.session, self._asked, self._kept)
        await self._live(outside)
        await self._invariants.end(self._kept)
        orders = self._note_orders(accounts)
        run = self._report(world, accounts, orders)
        await store.close()
        return run

    async def _move_in(self, store: Store, world: World, ids: SeededIds) -> dict[str, Account]:
        """A person with a linked chat, who owns an armed and a merely watched account."""
        now = self._clock.now()
        user = await store.add_user("anna", now)
        await store.create_link_code(user.user_id, "CODE2345", now + timedelta(hours=1))
        await store.redeem_link_code("CODE2345", CHAT, CHAT, "Anna", now)
        accounts = {}
        for name, mode in _ACCOUNTS.items():
            opened = world.open_account(name)
            spec = AccountSpec(name, "binanceusdm", Credentials(opened.api_key, opened.secret), BASE_URL)
            await store.add_account(AccountRecord(ids.new("account"), spec, user.user_id, mode, now))
            accounts[name] = opened.account
        return accounts

    def _chat_trouble(self) -> list[Answer]:
        """Answers of the chat service: mostly fine, sometimes slow, down, or asking to wait."""
        chance = seeded_random(self._options.seed, "chat")

        def answer() -> Answer:
            draw = chance.random()
            if draw < 0.1:
                return SendRetry("the chat service is down")
            if draw < 0.15:
                return SendRetry("too many messages", retry_after_s=chance.uniform(1, 90))
            return chance.uniform(0.02, 2.0) if draw < 0.6 else None

        return [answer() for _ in range(500)] if self._options.chat_trouble else []

    async def _live(self, outside: Outside) -> None:
        """The lives of the guard, one after the other; all but the last end by a kill at a moment of chance."""
        chance = seeded_random(self._options.seed, "crashes")
        total_s = self._options.hours * 3600
        moments = sorted(chance.uniform(0.05, 0.95) * total_s for _ in range(self._options.crashes))
        for moment in [*moments, None]:
            self._lives += 1
            process = GuardProcess(outside, self._after_cycle)
            await process.start()
            until = total_s + _QUIET_S if moment is None else moment
            await self._clock.sleep(max(0.0, until - self._clock.monotonic()))
            failure = process.failure()
            if failure is not None:
                raise failure
            if moment is None:
                await process.stop()
            else:
                await process.kill()
                self._note(f"killed life {self._lives}")
                await self._clock.sleep(chance.uniform(1, 60))
        self._invariants.deliveries(self._asked, self._lives)

    async def _after_cycle(self, watch: Watch, reading: Reading) -> None:
        self._cycles += 1
        restarted = self._fresh_lives.get(reading.account) != self._lives
        self._fresh_lives[reading.account] = self._lives
        ratio = reading.risk.risk_ratio if reading.risk else None
        self._note(f"cycle {reading.account} {reading.zone} {reading.quality.quality} {ratio!r} {reading.reason}")
        self._note_arrivals()
        await self._invariants.after_cycle(watch, reading, restarted)
        self._invariants.deliveries(self._asked, self._lives)

    def _note(self, line: str) -> None:
        self._trace.append(f"{self._clock.monotonic():.6f} {line}")

    def _note_arrivals(self) -> None:
        for destination, html in self._sink.arrived[self._arrived :]:
            self._note(f"arrived {destination} {html}")
        self._arrived = len(self._sink.arrived)

    def _note_orders(self, accounts: Mapping[str, Account]) -> int:
        """Every order that the venue accepted, its own liquidations included; returns how many were the guard's."""
        self._note_arrivals()
        for name, account in accounts.items():
            for order in account.orders.values():
                self._note(f"order {name} {order}")
        client_ids = (order.client_order_id for account in accounts.values() for order in account.orders.values())
        return sum(not client_id.startswith("autoclose-") for client_id in client_ids)

    def _report(self, world: World, accounts: Mapping[str, Account], orders: int) -> SimRun:
        return SimRun(
            options=self._options,
            virtual_hours=self._clock.monotonic() / 3600,
            cycles=self._cycles,
            faults=dict(sorted(world.struck.items())),
            orders=orders,
            alerts=len(self._sink.arrived),
            liquidated=tuple(name for name, account in accounts.items() if account.liquidated),
            equity={name: float(world.venue.engine.equity(account)) for name, account in accounts.items()},
            violations=tuple(self._invariants.violations),
            trace=tuple(self._trace),
        )
