"""A guard's protection for real: the sandbox over HTTP, real ccxt, the store in SQLite."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.app.clock import RandomIds, SystemClock
from guard.app.judge import appraise, judge_policy
from guard.app.settings import Conformity, Zones
from guard.ports.records import AccountRecord, OrderJournalState, OrderRecord
from guard.ports.venue import AccountSpec, Credentials, FetchedBook, VenueAccount
from guard.protect.executor import Executor
from guard.protect.intents import draft_intent
from guard.protect.outcome import Announcement
from guard.protect.plan import plan_reduction
from guard.protect.policy import ProtectPolicy
from guard.protect.quotes import read_quotes
from guard.protect.run import Assignment
from guard.risk.assess import assess
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.sides import Leg
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.store.store import Store
from guard.store.vault import Vault
from guard.venues.registry import open_account


class JumpingClock:
    """Real time, except that sleeping jumps ahead at once."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Wall time; it does not jump, or the venue would refuse our timestamps."""
        return self._real.now()

    def monotonic(self) -> float:
        """Stopwatch."""
        return self._real.monotonic() + self._ahead_s

    async def sleep(self, seconds: float) -> None:
        """Move the stopwatch ahead instead of waiting."""
        self._ahead_s += seconds
        await asyncio.sleep(0)


@dataclass
class Desk:
    """One guarded account: the venue's truth, our adapter, our store, our executor."""

    server: SandboxServer
    held: SandboxAccount
    venue: VenueAccount
    store: Store
    record: AccountRecord
    clock: JumpingClock
    policy: ProtectPolicy
    told: list[Announcement] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def executor(self) -> Executor:
        """A fresh executor, as after a restart."""
        return Executor(
            self.venue,
            self.store,
            self.clock,
            self.policy,
            self._notify,
            freeze=self._freeze,
            judge=self._judge,
            stop=self.stop,
        )

    async def _notify(self, announcement: Announcement) -> None:
        self.told.append(announcement)

    async def _freeze(self, account_id: str, _reason: str) -> None:
        await self.store.set_frozen(account_id, True)

    def _judge(self, fetched: FetchedBook) -> DataQuality:
        policy = judge_policy(Zones(), Conformity(), 60.0)
        return appraise(fetched, policy, self.clock.now()).quality

    async def assignment(self, name: str = "intent-1") -> Assignment:
        """Read the account and plan with the venue's own rules and order books."""
        fetched = await self.venue.fetch_book()
        assert self._judge(fetched).quality is Quality.FRESH
        quotes = await read_quotes(self.venue, (leg.symbol for leg in fetched.book.positions), 10.0)
        assert quotes.problems == ()
        plan = plan_reduction(
            fetched.book,
            self.policy.target,
            quotes.instruments,
            limits=self.policy.limits(None),
            depth=quotes.depth,
        )
        assert plan.feasible, plan.reason
        intent, orders = draft_intent(
            plan,
            fetched.book,
            quotes.instruments,
            self.policy,
            intent_id=name,
            account_id=self.record.account_id,
            at=self.clock.now(),
            zone=Zone.DANGER,
            reason="a test",
        )
        return Assignment(self.record, intent, orders, plan, fetched, quotes.instruments, 1e9)

    def legs(self) -> dict[tuple[str, str], Decimal]:
        """What the venue itself holds, signed, by symbol and leg."""
        return {(position.symbol, position.leg.value): position.qty for position in self.held.account.held()}

    async def orders(self, name: str = "intent-1") -> list[OrderRecord]:
        """What the journal holds."""
        return await self.store.orders_of(name)

    async def states(self, name: str = "intent-1") -> set[OrderJournalState]:
        """States of the journalled orders."""
        return {order.state for order in await self.orders(name)}

    async def holds(self) -> bool:
        """Whether the target holds, by a fresh reading."""
        return self.policy.target.holds(assess((await self.venue.fetch_book()).book))


@pytest.fixture
def url(tmp_path: Path, empty_database: Path) -> str:
    """A database of this test's own."""
    file = tmp_path / "guard.db"
    shutil.copy(empty_database, file)
    return f"sqlite:///{file}"


@pytest.fixture
async def desk(url: str) -> AsyncIterator[Callable[..., Any]]:
    """Builds a desk for an account with legs and 10,000 USDT, or other money; everything is closed at the end."""
    real = SystemClock()
    servers: list[SandboxServer] = []
    store = await Store.open(url, Vault.of(url), RandomIds())
    opened: list[VenueAccount] = []

    async def build(
        *holdings: Holding,
        usdt: int = 10_000,
        hedge: bool = False,
        name: str = "binanceusdm",
        money: Mapping[str, Decimal] | None = None,
        **policy: Any,
    ) -> Desk:
        dialect = dialect_of(name)
        start_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
        engine = Engine(start_ms=start_ms, instruments=dialect.instruments(), rule=dialect.rule)
        server = SandboxServer(engine, real, seed=1, tick_s=5.0, dialect=dialect)
        servers.append(server)
        server.served.lift_limits()
        await server.start()
        held = server.add_account("alice", money or {"USDT": Decimal(usdt)}, holdings, hedge_mode=hedge)
        clock = JumpingClock()
        spec = AccountSpec("alice", name, Credentials(held.api_key, held.secret), base_url=server.base_url)
        venue = await open_account(spec, clock)
        opened.append(venue)
        record = AccountRecord("account-1", spec, None, "auto", clock.now() - timedelta(days=1))
        await store.add_account(record)
        limits = ProtectPolicy(**({"max_child_notional": 20_000.0} | policy))
        return Desk(server, held, venue, store, record, clock, limits)

    yield build
    for venue in opened:
        await venue.close()
    await store.close()
    for server in servers:
        await server.stop()


@pytest.fixture
def holding() -> Callable[..., Holding]:
    """A leg that an account starts with: `holding("BTCUSDT", "2", "43000")`."""

    def build(symbol: str, qty: str, entry: str, leg: str = "BOTH", **fields: Any) -> Holding:
        return Holding(symbol, Decimal(qty), Decimal(entry), leg=Leg(leg), **fields)

    return build


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store of this test's own."""
    opened = await Store.open(url, Vault.of(url), RandomIds())
    yield opened
    await opened.close()
