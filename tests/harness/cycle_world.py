"""A cycle with everything around it under a test's control: clock, store, protection, and what the venue answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from guard.alerts.escalation import EscalationPolicy
from guard.app.alert_settings import AlertingPolicy
from guard.app.cycle import Cycle, Recipients
from guard.app.decision import NOTHING, Decision
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
from guard.app.settings import Alerts, Rules, Settings
from guard.app.watch import Watch, watch_of
from guard.ports.alerting import AlertBriefing, AlertState, MaintenanceRecord, RuleSetting
from guard.ports.clock import Clock
from guard.ports.errors import StoreBusy
from guard.ports.recipients import Recipient
from guard.ports.records import (
    AccountRecord,
    AlertRecord,
    CycleRecord,
    GrantRecord,
    HedgeRecord,
    IntentRecord,
    OrderRecord,
    Reading,
    Snapshot,
    UserRecord,
)
from guard.ports.urgency import urgency
from guard.ports.venue import AccountSpec, FetchedBook, VenueAccount
from guard.risk.book import Book, Collateral, Position, Tier
from guard.risk.zones import Zone, ZoneState
from guard.sim.seeded import SeededIds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC = "BTC/USDT:USDT"


class StillClock:
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
    decided: list[IntentRecord] = field(default_factory=list)
    orders: list[OrderRecord] = field(default_factory=list)
    state: ZoneState = field(default_factory=ZoneState)
    states: dict[str, AlertState] = field(default_factory=dict)
    windows: list[MaintenanceRecord] = field(default_factory=list)
    settings: list[RuleSetting] = field(default_factory=list)
    marks: list[tuple[datetime, dict[str, float]]] = field(default_factory=list)
    marks_asked: int = 0
    briefings: int = 0

    async def zone_state(self, account_id: str) -> ZoneState:
        """What was recorded last."""
        return self.state

    async def last_alert(self, fingerprint: str) -> AlertRecord | None:
        """Nothing."""
        return None

    async def latest_snapshot(self, account_id: str, *, whole: bool = False) -> Snapshot | None:
        """Nothing."""
        return None

    async def intents(self, since: datetime, account_id: str | None = None) -> list[IntentRecord]:
        """Those that a test put here."""
        return [intent for intent in self.decided if intent.at >= since]

    async def orders_of(self, intent_id: str) -> list[OrderRecord]:
        """Those that a test put here."""
        return [order for order in self.orders if order.intent_id == intent_id]

    async def open_hedges(self, account_id: str | None = None) -> list[HedgeRecord]:
        """None."""
        return []

    async def alert_briefing(self, account_id: str, now: datetime) -> AlertBriefing:
        """What was recorded, and the windows that a test put here."""
        states = tuple(state for state in self.states.values() if state.account_id == account_id)
        self.briefings += 1
        return AlertBriefing(states, tuple(self.windows))

    async def all_rule_settings(self) -> list[RuleSetting]:
        """Those that a test put here."""
        return self.settings

    async def equity_peaks(self, account_id: str, since: datetime, unless: str) -> list[tuple[datetime, float, str]]:
        """Nothing."""
        return []

    async def hourly_marks(self, account_id: str, since: datetime) -> list[tuple[datetime, dict[str, float]]]:
        """Those that a test put here."""
        self.marks_asked += 1
        if self.broken:
            raise StoreBusy("the database is locked")
        return [(at, prices) for at, prices in self.marks if at >= since]

    async def snapshot_near(self, account_id: str, at: datetime, within: timedelta) -> Snapshot | None:
        """Nothing."""
        return None

    async def grants(self, *, account_id: str | None = None, user_id: str | None = None) -> list[GrantRecord]:
        """Nobody."""
        return []

    async def user(self, user_id: str) -> UserRecord | None:
        """The user whose name is the id."""
        return UserRecord(user_id, user_id, NOW)

    async def user_named(self, name: str) -> UserRecord | None:
        """The same."""
        return UserRecord(name, name, NOW)

    async def recipients_of(self, user_id: str) -> list[Recipient]:
        """One chat of that name."""
        return [Recipient(f"telegram:{user_id}", user_id=user_id)]

    async def recipients(self, account_id: str) -> list[Recipient]:
        """One chat."""
        if self.broken:
            raise StoreBusy("the database is locked")
        return [Recipient("telegram:7", user_id="anna")]

    async def record_cycle(self, record: CycleRecord) -> frozenset[str]:
        """Keep it, or fail."""
        if self.broken:
            raise StoreBusy("the database is locked")
        self.records.append(record)
        self.state = record.reading.zone_state
        self.states |= {state.fingerprint: state for state in record.states}
        return frozenset()


@dataclass
class Protector:
    """Counts what it is asked to carry out."""

    carried: int = 0
    decided: int = 0

    async def decide(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        """Nothing to do."""
        self.decided += 1
        return NOTHING

    async def carry_out(self, watch: Watch, decision: Decision, recipients: Recipients) -> None:
        """Count."""
        self.carried += 1


def book(mark: float, at: datetime = NOW) -> FetchedBook:
    """One BTC long, 10,000 USDT, leverage that makes the mark matter."""
    leg = Position(BTC, "long", 1.0, 1.0, "linear", "USDT", 40_000.0, mark, 10.0)
    made = Book(
        account="main",
        venue="file",
        model="binance-usdm",
        as_of=at,
        collateral=(Collateral("USDT", 10_000.0),),
        positions=(leg,),
        tiers={BTC: (Tier(0.0, None, 0.01),)},
    )
    return FetchedBook(made, {"balances": at, "positions": at}, position_mode_proven=True)


@dataclass
class World:
    """A cycle with everything around it under the test's control."""

    answer: FetchedBook | Exception
    answers: list[FetchedBook | Exception] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    protector: Protector = field(default_factory=Protector)
    told: list[tuple[Zone, str]] = field(default_factory=list)
    woken: int = 0
    urgencies: list[int] = field(default_factory=list)
    second: tuple[str, ...] = ()
    second_person: str = ""
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    shocks: str = ""

    clock: Clock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        record = AccountRecord("account-1", AccountSpec("main", "file"), None, "observe", NOW)
        self.watch = watch_of(record, Settings())
        self.cycle = Cycle(
            store=self.memory,
            clock=self.clock,
            ids=SeededIds(1),
            opener=self._open,
            protector=self.protector,
            handover=Unattended(self._wake),
            tell_directly=self._tell,
            timeout_s=5,
            hearing=Hearing(second=self.second),
            alerting=replace(
                AlertingPolicy.of(Settings(alerts=Alerts(rules=Rules(shocks=(self.shocks,) if self.shocks else ())))),
                second_person=self.second_person,
                escalation=self.escalation,
            ),
        )

    def _wake(self) -> None:
        self.woken += 1

    async def _open(self, spec: AccountSpec) -> VenueAccount:
        return self  # type: ignore[return-value]  # only fetch_book is asked for

    async def _tell(self, watch: Watch, reading: Reading, why: str) -> None:
        self.told.append((reading.zone, why))

    async def fetch_book(self) -> FetchedBook:
        """What the test wants."""
        self.urgencies.append(urgency())
        if self.answers:
            self.answer = self.answers.pop(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def turn(self, answer: FetchedBook | Exception | None = None) -> Reading:
        """One cycle."""
        self.answer = answer or self.answer
        return await self.cycle.run(self.watch)
