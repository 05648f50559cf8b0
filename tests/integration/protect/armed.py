"""One armed account and its unguarded twin at a venue's dialect of the sandbox: real ccxt, store, cycle and protection.

What a venue calls things is known by its harness of the contract suite.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from guard.app.clock import RandomIds, SystemClock
from guard.app.cycle import Cycle
from guard.app.execution import Execution
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
from guard.app.protection import Protection
from guard.app.settings import Protect, Settings
from guard.app.watch import Watch, watch_of
from guard.ports.records import AccountRecord, IntentRecord, OrderRecord, OutboxMessage, Reading
from guard.ports.venue import AccountSpec, Credentials, VenueAccount
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.margin import account_figures
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.store.store import Store
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account
from tests.contract.venues.harness import Harness, JumpingClock

_FOLDER = Path(__file__).parents[2] / "contract" / "venues"
Legs = dict[tuple[str, str], Decimal]


def trading_venues() -> list[type[Harness]]:
    """Every venue with a dialect whose adapter sends orders."""
    names = sorted(path.stem for path in _FOLDER.glob("harness_*.py"))
    kinds: list[type[Harness]] = [importlib.import_module(f"tests.contract.venues.{name}").HARNESS for name in names]
    return [kind for kind in kinds if kind.can_trade]


@dataclass
class Armed:
    """A guarded account, its twin that nobody guards, and everything around them."""

    harness: Harness
    store: Store
    cycle: Cycle
    watch: Watch
    guarded: SandboxAccount
    twin: SandboxAccount
    names: tuple[str, ...]
    """What the suite calls the contracts that are held."""
    marks: dict[str, Decimal]

    @property
    def server(self) -> SandboxServer:
        """The venue."""
        return self.harness.server

    def allow_trading(self, *, allowed: bool) -> None:
        """What the owner does to the guard's key at the venue's own site."""
        key = self.server.keys.find(self.guarded.api_key)
        assert key is not None
        key.futures = allowed

    def spoil_the_next_order(self, kind: FaultKind) -> None:
        """Let something go wrong with the next order, and with no look-up of it."""
        fault = self.server.add_fault(kind, path=self.harness.orders, times=1)
        fault.method = "POST"

    def sent_at_venue(self) -> int:
        """How many orders the venue itself has of the account."""
        return len(self.guarded.account.orders)

    async def turn(self) -> Reading:
        """One cycle."""
        return await self.cycle.run(self.watch)

    def move(self, share: float) -> None:
        """Put every held contract at this part of where it began."""
        prices = {symbol: round(mark * Decimal(str(share)), 1) for symbol, mark in self.marks.items()}
        self.server.set_prices(prices)

    async def fall(self, left: float = 0.03, *, rises: bool = False) -> float:
        """Read in calm, then let the market fall (or rise) until so much is left; returns where the liquidation is."""
        reading = await self.turn()
        assert reading.quality.quality.value == "fresh", reading.quality
        assert reading.risk is not None
        distance = reading.risk.distance
        assert distance is not None
        assert distance > 2 * left
        end, step = (1 + distance, -left) if rises else (1 - distance, left)
        self.move(end + step)
        return end

    def fall_to_ratio(self, wanted: float) -> None:
        """Let the market fall until the venue's own requirement is at least this part of the account's equity."""
        for step in range(1, 4000):
            self.move(1 - step / 4000)
            market = self.server.engine.market
            pools = market.rule.pools(self.guarded.account, market, account_figures(self.guarded.account, market))
            if max(pool.ratio or 0 for pool in pools) >= wanted:
                return
        raise AssertionError("no fall is enough")

    def legs(self) -> Legs:
        """What the venue itself holds, signed, in the engine's units."""
        return {(position.symbol, position.leg.value): position.qty for position in self.guarded.account.held()}

    async def intents(self) -> list[IntentRecord]:
        """What the journal holds, oldest first."""
        return await self.store.intents(self.watch.record.created_at, self.watch.record.account_id)

    async def orders(self) -> list[OrderRecord]:
        """Every order that the journal holds."""
        return [order for intent in await self.intents() for order in await self.store.orders_of(intent.intent_id)]

    async def messages(self) -> list[OutboxMessage]:
        """What people are about to be told."""
        return await self.store.due_messages(datetime.now(tz=UTC) + timedelta(days=1), 100)

    async def filled(self) -> Legs:
        """What the journal says was taken off each leg, in the engine's units; signed like the leg."""
        taken: Legs = {}
        by_symbol = {self.harness.symbol(name): self.harness.engine_symbol(name) for name in self.names}
        assert self.watch.venue is not None
        for order in await self.orders():
            instrument = await self.watch.venue.instrument(order.symbol)
            sign = 1 if order.leg == "long" else -1
            leg = order.leg.upper() if self.guarded.account.hedge_mode else "BOTH"
            key = (by_symbol[order.symbol], leg)
            taken[key] = taken.get(key, Decimal(0)) + sign * Decimal(order.filled) * instrument.contract_size
        return taken


def _alone(wallet: int | None) -> dict[str, Any]:
    return {} if wallet is None else {"isolated_wallet": wallet}


async def _nobody(_watch: Watch, _reading: Reading, why: str) -> None:
    raise AssertionError(f"the store did not record: {why}")


@asynccontextmanager
async def armed_at(
    kind: type[Harness],
    store: Store,
    legs: list[tuple[str, str, str, str]],
    *,
    isolated: dict[str, int] | None = None,
    balances: dict[str, Decimal] | None = None,
    leverage: int | None = None,
    protect: Mapping[str, Any] | None = None,
    **fields: Any,
) -> AsyncIterator[Armed]:
    """An account in mode auto with legs (name, size in coins, entry, leg) and its twin.

    Args:
        kind: the venue.
        store: where the journal is.
        legs: what both hold.
        isolated: the own money of isolated legs, in dollars, by name.
        leverage: that of every leg; None = the sandbox's usual one.
        protect: further keys of `[protect]`.
        balances: their money; None = 100,000 dollars' worth of the venue's usual one.
        **fields: of the sandbox account.
    """
    dialect = dialect_of(kind.venue)
    start_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
    engine = Engine(start_ms=start_ms, instruments=dialect.instruments(), rule=dialect.rule)
    server = SandboxServer(engine, SystemClock(), seed=1, tick_s=5.0, dialect=dialect)
    server.served.lift_limits()
    await server.start()
    clock = JumpingClock()
    hub = VenueHub(clock, timeout_s=10.0, requests_per_minute=10**6)
    # Only what knows the venue's names is used of it: no proxy stands in between.
    harness = kind(server, cast("Any", SimpleNamespace()), clock, hub)
    if balances is not None:
        fields["balances"] = balances

    def held() -> list[Holding]:
        wallets = isolated or {}
        chosen: dict[str, Any] = {} if leverage is None else {"leverage": leverage}
        return [harness.holding(*leg, **chosen | _alone(wallets.get(leg[0]))) for leg in legs]

    guarded, twin = (harness.account(name, *held(), **fields) for name in ("alice", "bob"))
    key = Credentials(**harness.credentials(guarded))
    spec = AccountSpec("alice", kind.venue, key, base_url=server.base_url)
    record = AccountRecord("account-1", spec, None, "auto", clock.now() - timedelta(days=1))
    await store.add_account(record)
    ids = RandomIds()

    async def opener(asked: AccountSpec) -> VenueAccount:
        return await open_account(asked, clock, hub)

    protection = Protection(
        Execution(
            store=store, clock=clock, ids=ids, stop=asyncio.Event(), wake_outbox=lambda: None, tell_directly=_nobody
        )
    )
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
    settings = Settings(protect=Protect(**{"max_child_notional": 200_000, "cooldown_s": 0} | dict(protect or {})))
    watch = watch_of(record, settings)
    marks = {name: engine.market.mark(name) for name in {each.symbol for each in held()}}
    armed = Armed(harness, store, cycle, watch, guarded, twin, tuple(dict.fromkeys(leg[0] for leg in legs)), marks)
    try:
        yield armed
    finally:
        await watch.close()
        await hub.close()
        await server.stop()
