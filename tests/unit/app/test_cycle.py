"""The cycle when things fail around it: nothing is silent, nothing is told twice, nothing acts unrecorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from guard.app.cycle import Cycle
from guard.app.decision import NOTHING, Decision
from guard.app.settings import Settings
from guard.app.watch import Watch, watch_of
from guard.ports.errors import CredentialsRejected, StoreBusy, VenueUnavailable
from guard.ports.records import AccountRecord, AlertRecord, CycleRecord, Reading, Snapshot
from guard.ports.venue import AccountSpec, FetchedBook, VenueAccount
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.zones import Zone, ZoneState
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC = "BTC/USDT:USDT"


class Clock:
    """Time that stands still unless moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """The time."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self.at - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Move."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Memory:
    """A store that can be broken."""

    records: list[CycleRecord] = field(default_factory=list)
    broken: bool = False
    state: ZoneState = field(default_factory=ZoneState)

    async def zone_state(self, account_id: str) -> ZoneState:
        """What was recorded last."""
        return self.state

    async def last_alert(self, fingerprint: str) -> AlertRecord | None:
        """Nothing."""
        return None

    async def latest_snapshot(self, account_id: str) -> Snapshot | None:
        """Nothing."""
        return None

    async def recipients(self, account_id: str) -> list[str]:
        """One chat."""
        if self.broken:
            raise StoreBusy("the database is locked")
        return ["telegram:7"]

    async def record_cycle(self, record: CycleRecord) -> None:
        """Keep it, or fail."""
        if self.broken:
            raise StoreBusy("the database is locked")
        self.records.append(record)
        self.state = record.reading.zone_state


@dataclass
class Protector:
    """Counts what it is asked to carry out."""

    carried: int = 0

    async def decide(
        self, watch: Watch, reading: Reading, recipients: Callable[[Watch], Awaitable[list[str]]]
    ) -> Decision:
        """Nothing to do."""
        return NOTHING

    async def carry_out(
        self, watch: Watch, decision: Decision, recipients: Callable[[Watch], Awaitable[list[str]]]
    ) -> None:
        """Count."""
        self.carried += 1


def book(mark: float) -> FetchedBook:
    """One BTC long, 10,000 USDT, leverage that makes the mark matter."""
    leg = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, mark, 10.0)
    made = Book(
        account="main",
        venue="file",
        model="binance-usdm",
        as_of=NOW,
        collateral=(Collateral("USDT", 10_000.0),),
        positions=(leg,),
        tiers={BTC: (Tier(0.0, None, 0.01),)},
    )
    return FetchedBook(made, {"balances": NOW, "positions": NOW}, position_mode_proven=True)


@dataclass
class World:
    """A cycle with everything around it under the test's control."""

    answer: FetchedBook | Exception
    memory: Memory = field(default_factory=Memory)
    protector: Protector = field(default_factory=Protector)
    told: list[tuple[Zone, str]] = field(default_factory=list)
    woken: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock()
        record = AccountRecord("account-1", AccountSpec("main", "file"), None, "observe", NOW)
        self.watch = watch_of(record, Settings())
        self.cycle = Cycle(
            store=self.memory,
            clock=self.clock,
            ids=SeededIds(1),
            opener=self._open,
            protector=self.protector,
            wake_outbox=self._wake,
            tell_directly=self._tell,
            timeout_s=5,
            console=True,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def _open(self, spec: AccountSpec) -> VenueAccount:
        return self  # type: ignore[return-value]  # only fetch_book is asked for

    async def _tell(self, watch: Watch, reading: Reading, why: str) -> None:
        self.told.append((reading.zone, why))

    async def fetch_book(self) -> FetchedBook:
        """What the test wants."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def turn(self, answer: FetchedBook | Exception | None = None) -> Reading:
        """One cycle."""
        self.answer = answer or self.answer
        return await self.cycle.run(self.watch)


async def test_zone_change_is_recorded_with_its_alert_and_messages() -> None:
    """Snapshot, change, alert and a message for each recipient are one record; the outbox is woken."""
    world = World(book(32_000.0))
    reading = await world.turn()
    record = world.memory.records[0]
    assert reading.zone is Zone.WARNING
    assert record.change is not None
    assert (record.change.before, record.change.after) == (Zone.SAFE, Zone.WARNING)
    assert [message.destination for message in record.messages] == ["telegram:7", "console"]
    assert {message.alert_id for message in record.messages} == {record.alerts[0].alert_id}
    assert world.woken == 1
    await world.turn()
    assert world.memory.records[1].change is None
    assert world.memory.records[1].messages == ()


async def test_store_that_does_not_record_is_told_directly_once_and_nothing_acts() -> None:
    """The zone is told on another way, once for each zone; protection carries nothing out; recording goes on later."""
    world = World(book(40_000.0))
    await world.turn()
    assert world.protector.carried == 1
    world.memory.broken = True
    for _ in range(3):
        await world.turn(book(32_000.0))
    assert [zone for zone, _ in world.told] == [Zone.WARNING]
    assert "locked" in world.told[0][1]
    await world.turn(book(31_000.0))
    assert [zone for zone, _ in world.told] == [Zone.WARNING, Zone.DANGER]
    assert world.protector.carried == 1
    world.memory.broken = False
    await world.turn(book(31_000.0))
    change = world.memory.records[-1].change
    assert change is not None
    assert (change.before, change.after) == (Zone.SAFE, Zone.DANGER)
    assert world.watch.unrecorded is None


async def test_venue_that_fails_is_blind_after_two_cycles_and_a_rejected_key_at_once() -> None:
    """A hiccup is not an alarm; two in a row are; a key that is refused does not wait."""
    world = World(book(40_000.0))
    await world.turn()
    first = await world.turn(VenueUnavailable("no answer"))
    second = await world.turn()
    assert (first.zone, second.zone) == (Zone.SAFE, Zone.UNKNOWN)
    assert "no answer" in second.reason
    rejected = World(CredentialsRejected("key refused"))
    assert (await rejected.turn()).zone is Zone.UNKNOWN


async def test_defect_is_a_blind_cycle_that_is_told() -> None:
    """An error nobody foresaw ends no watch and is not silent; the next good cycle goes on."""
    world = World(book(40_000.0))
    await world.turn()
    reading = await world.turn(ZeroDivisionError("oops"))
    assert reading.risk is None
    assert "ZeroDivisionError" in world.told[0][1] or "oops" in world.told[0][1]
    assert (await world.turn(book(40_000.0))).zone is Zone.SAFE


@pytest.mark.parametrize("mark", [40_000.0, 32_000.0])
async def test_book_that_cannot_be_assessed_is_incomplete_and_names_what_is_missing(mark: float) -> None:
    """No tiers for a held symbol: INCOMPLETE, blind after two cycles, the symbol named; the level never falls."""
    world = World(book(mark))
    before = (await world.turn()).zone
    bare = book(mark)
    broken = FetchedBook(
        Book(**{name: getattr(bare.book, name) for name in bare.book.__slots__} | {"tiers": {}}),
        bare.parts,
        missing=(f"tiers of {BTC}",),
        position_mode_proven=True,
    )
    first = await world.turn(broken)
    second = await world.turn()
    assert first.quality.quality.value == "incomplete"
    assert (first.zone, second.zone) == (before, Zone.UNKNOWN)
    assert BTC in second.reason


async def test_broker_account_is_judged_by_the_brokers_levels() -> None:
    """Under `margin-level` the broker's own levels come first: 45 % is its warning zone."""
    leg = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, 40_000.0, 2.0)
    made = Book(
        account="main",
        venue="file",
        model="margin-level",
        as_of=NOW,
        collateral=(Collateral("USDT", 18_000.0),),  # used margin 20,000 at 2x
        positions=(leg,),
        parameters={"*": {"safe_level": 1.2, "warning_level": 0.95, "danger_level": 0.6, "stop_out_level": 0.5}},
    )
    world = World(FetchedBook(made, {"balances": NOW, "positions": NOW}, position_mode_proven=True))
    reading = await world.turn()
    assert reading.risk is not None
    assert reading.risk.margin_level == pytest.approx(0.9)
    assert "margin_level" in reading.reason
    assert reading.zone is Zone.WARNING
