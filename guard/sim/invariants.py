"""What must hold at every step of a simulation, whatever the world does.

Each check compares what the guard says with what the store, the channels and the venue know. A check that fails makes a
violation; nothing here influences the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from guard.app.watch import Watch
from guard.ports.clock import Clock
from guard.ports.records import SUPERSEDED, OutboxMessage, Reading
from guard.risk.quality import Quality
from guard.risk.zones import Zone
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.orders import Order
from guard.sim.channel import ScriptedSink
from guard.sim.virtual_time import START
from guard.store.store import Store

_VENUE_ORDERS = "autoclose-"
_ACTING = (Zone.DANGER, Zone.LIQUIDATION)


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold: which one, when (virtual seconds), and what was seen."""

    seed: int
    invariant: str
    at: float
    detail: str


@dataclass(slots=True)
class _Seen:
    """What the checks remember of one account."""

    zone: Zone = Zone.SAFE
    changes: int = 0
    blind_cycles: int = 0
    orders: int = 0
    legs: dict[tuple[str, str], Decimal] | None = None


class Invariants:
    """Checks after every cycle and at the end.

    Args:
        seed: of the run, for the report.
        clock: time.
        store: what the guard remembers.
        sink: the channel, with what arrived.
        accounts: the venue's accounts by name.
        armed: names of those on which the guard may act.
    """

    def __init__(
        self,
        seed: int,
        clock: Clock,
        store: Store,
        sink: ScriptedSink,
        accounts: dict[str, Account],
        armed: frozenset[str],
    ) -> None:
        self._seed = seed
        self._clock = clock
        self._store = store
        self._sink = sink
        self._accounts = accounts
        self._armed = armed
        self._seen = {name: _Seen() for name in accounts}
        self.violations: list[Violation] = []

    def _require(self, holds: object, invariant: str, detail: str) -> None:
        if not holds:
            self.violations.append(Violation(self._seed, invariant, self._clock.monotonic(), detail))

    async def after_cycle(self, watch: Watch, reading: Reading, restarted: bool) -> None:  # noqa: FBT001  # a fact
        """Everything that holds after any cycle. `restarted`: this is the account's first cycle of a life."""
        seen, account = self._seen[reading.account], self._accounts[reading.account]
        await self._recorded(reading, seen, restarted=restarted)
        self._blindness(reading, seen, watch.policy.zones.blind_cycles, restarted=restarted)
        self._orders(reading, seen, account)
        self._legs(reading.account, seen, account)

    async def _recorded(self, reading: Reading, seen: _Seen, *, restarted: bool) -> None:
        """Every zone change is recorded once, every cycle leaves its snapshot, memory and store agree."""
        name = reading.account
        state = await self._store.zone_state(reading.account_id)
        self._require(state == reading.zone_state, "zone state stored", f"{name}: {state} is not {reading.zone_state}")
        snapshot = await self._store.latest_snapshot(reading.account_id)
        self._require(snapshot and snapshot.at == reading.at, "cycle recorded", f"{name}: no snapshot at {reading.at}")
        if restarted or reading.zone is not seen.zone:
            await self._chain(name, reading.account_id, reading.zone, seen.changes + 1 if not restarted else None)
            seen.changes = len(await self._store.zone_changes(reading.account_id, START))
            seen.zone = reading.zone

    async def _chain(self, name: str, account_id: str, zone: Zone, expected: int | None) -> None:
        """The recorded changes lead from safe to the shown zone without a gap.

        `expected` is how many there must be; None after a crash: a killed life may have recorded one that nobody saw.
        """
        changes = await self._store.zone_changes(account_id, START)
        shown = [Zone.SAFE, *(change.after for change in changes)]
        for before, change in zip(shown, changes, strict=False):
            self._require(change.before is before, "zone changes are a chain", f"{name}: {change} after {before}")
        self._require(shown[-1] is zone, "zone change recorded", f"{name}: {shown[-1]}, shown {zone}")
        if expected is not None:
            self._require(len(changes) == expected, "no change invented", f"{name}: {len(changes)}, seen {expected}")

    def _blindness(self, reading: Reading, seen: _Seen, blind_cycles: int, *, restarted: bool) -> None:
        """Without figures for `blind_cycles` cycles the account is unknown; unknown is never shown with fresh data."""
        blind = reading.risk is None
        seen.blind_cycles = (0 if restarted else seen.blind_cycles) + 1 if blind else 0
        if seen.blind_cycles >= blind_cycles:
            self._require(reading.zone is Zone.UNKNOWN, "never silently blind", f"{reading.account}: {reading.zone}")
        if reading.quality.quality is Quality.FRESH:
            self._require(reading.zone is not Zone.UNKNOWN, "fresh is not unknown", reading.account)

    def _orders(self, reading: Reading, seen: _Seen, account: Account) -> None:
        """Orders come from armed accounts in danger, on fresh data, reduce-only, each once."""
        own = [order for order in account.orders.values() if not order.client_order_id.startswith(_VENUE_ORDERS)]
        fresh = own[seen.orders :]
        seen.orders = len(own)
        name = reading.account
        self._require(not own or name in self._armed, "no order unless armed", f"{name}: {len(own)} orders")
        for order in fresh:
            self._require(order.closes, "orders only reduce", f"{name}: {_told(order)}")
            good = reading.quality.quality is Quality.FRESH and reading.zone in _ACTING
            self._require(good, "orders on fresh data in danger", f"{name}: {reading.zone}, {reading.quality}")
        names = Counter(order.client_order_id for order in own)
        twice = [name for name, count in names.items() if count > 1]
        self._require(not twice, "no order twice", f"{name}: {twice}")

    def _legs(self, name: str, seen: _Seen, account: Account) -> None:
        """No leg grows or changes its side: nobody but the guard and the liquidation trades here."""
        now = {(position.symbol, position.leg.value): position.qty for position in account.held()}
        for leg, qty in now.items():
            before = qty if seen.legs is None else seen.legs.get(leg, Decimal(0))
            self._require(
                0 <= qty / before <= 1 if before else False, "no leg grows", f"{name}: {leg} {before} -> {qty}"
            )
        seen.legs = now

    def deliveries(self, asked: Sequence[OutboxMessage], lives: int) -> None:
        """Nothing arrives that was not to be told; nothing arrives twice but for a crash in between."""
        wanted = Counter((message.destination, message.html) for message in asked)
        arrived = Counter((to, _as_written(html)) for to, html in self._sink.arrived)
        for message, count in arrived.items():
            self._require(message in wanted, "nothing invented", str(message)[:200])
            allowed = max(1, wanted[message]) + lives - 1
            self._require(count <= allowed, "nothing twice without a crash", f"{count} times: {str(message)[:200]}")

    async def end(self, kept: Sequence[OutboxMessage]) -> None:
        """When everything is quiet: whatever was stored to be told has arrived, and no change was invented."""
        for record in await self._store.accounts():
            seen = self._seen[record.name]
            await self._chain(record.name, record.account_id, seen.zone, seen.changes)
        arrived = {(to, _as_written(html)) for to, html in self._sink.arrived}
        dead = await self._store.dead_messages(START)
        superseded = superseded_by(dead)
        known = {message.message_id: message for message in kept}
        for message in kept:
            newest = known.get(superseded.get(message.message_id, message.message_id))
            told = newest is not None and (newest.destination, newest.html) in arrived
            self._require(told, "every alert delivered", f"{message.message_id} to {message.destination}")
            if newest is not None and newest is not message:
                about = newest.collapse_key is not None and newest.collapse_key == message.collapse_key
                later = newest.destination == message.destination and newest.created_at >= message.created_at
                self._require(
                    about and later, "superseded by newer news of the same", f"{message.message_id} by {newest}"[:200]
                )
        pending = await self._store.outbox_pending()
        self._require(pending == 0, "outbox empties", f"{pending} messages are pending")
        lost = len(dead) - len(superseded)
        self._require(not lost, "nothing is given up", f"{lost} messages are dead")


def superseded_by(dead: Sequence[OutboxMessage]) -> dict[str, str]:
    """By message that was not sent, the one that was sent instead."""
    errors = {each.message_id: each.last_error or "" for each in dead}
    return {name: error.removeprefix(SUPERSEDED) for name, error in errors.items() if error.startswith(SUPERSEDED)}


def _as_written(html: str) -> str:
    """A message without what the outbox adds: that it is a repeat, and what it supersedes."""
    repeat, _, rest = html.partition("\n")
    return (rest if repeat.startswith("🔁") else html).partition("\n\n⏭")[0]


def _told(order: Order) -> str:
    return f"{order.side.value} {order.qty} {order.symbol} {order.client_order_id}"
