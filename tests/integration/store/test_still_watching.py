"""The daily line and the absence over a real database: told once, whatever is begun anew, to the right people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from guard.app.hearing import Hearing
from guard.app.settings import Alerts, Settings
from guard.app.still_watching import StillWatching, due_moment
from guard.ports.errors import StoreError
from guard.ports.records import QUIET_PRIORITY, AccountRecord, CycleRecord, OutboxMessage, Reading
from guard.ports.venue import AccountSpec
from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone, ZoneState
from guard.sim.seeded import SeededIds
from guard.store.store import Store
from guard.store.vault import Vault

MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FAR = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """A database, a time, and lives of the guard over them."""

    store: Store
    ids: SeededIds
    now_at: datetime = MORNING
    woken: int = 0
    lives: list[StillWatching] = field(default_factory=list)

    def now(self) -> datetime:
        """The time."""
        return self.now_at

    def monotonic(self) -> float:
        """Not asked."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Not asked."""
        raise NotImplementedError

    def life(self, **alerts: object) -> StillWatching:
        """The guard, begun anew."""

        def wake() -> None:
            self.woken += 1

        settings = Settings.model_construct(alerts=Alerts.model_validate({"console": False, **alerts}))
        return StillWatching(self.store, self, self.ids, settings, hearing=Hearing.of(settings, ()), wake_outbox=wake)

    async def account(self, name: str, owner: str | None, *, days_old: float = 5) -> None:
        """An account that was added so long ago."""
        created = self.now_at - timedelta(days=days_old)
        await self.store.add_account(AccountRecord(name, AccountSpec(name, "file"), owner, "observe", created))

    async def person(self, name: str, chat_id: int) -> str:
        """A person with a linked chat; their id."""
        user = await self.store.add_user(name, self.now_at)
        code = self.ids.code(8)
        await self.store.create_link_code(user.user_id, code, self.now_at + timedelta(hours=1))
        await self.store.redeem_link_code(code, chat_id, chat_id, name, self.now_at)
        return user.user_id

    async def read(self, name: str, at: datetime, ratio: float | None = 0.41, zone: Zone = Zone.SAFE) -> None:
        """A reading that was recorded; without a ratio nothing was seen."""
        seen = ratio is not None
        risk = AccountRisk(name, "file", "m", at, ratio, None, ()) if seen else None
        quality = DataQuality(Quality.FRESH if seen else Quality.MISSING, (), 0.0)
        state = ZoneState(zone=zone)
        await self.store.record_cycle(
            CycleRecord(Reading(name, name, at, quality, state, zone, "", risk, None, None if seen else "no", 1.0))
        )

    async def waiting(self) -> list[OutboxMessage]:
        """What the outbox holds."""
        return await self.store.due_messages(FAR, 100)


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    """An empty database in the morning."""
    ids = SeededIds(1)
    store = await Store.open(url, Vault.of(url, None), ids)
    yield World(store, ids)
    await store.close()


async def test_each_owner_reads_of_their_accounts_once_a_day(world: World) -> None:
    """Two owners, two messages, nothing of the other's; another look and another life write nothing more."""
    mia, ben = await world.person("mia", 501), await world.person("ben", 502)
    await world.account("alice", mia)
    await world.account("bob", ben)
    await world.read("alice", MORNING - timedelta(seconds=20))
    for _ in range(2):
        life = world.life()
        await life.look()
        await life.look()
    first, second = sorted(await world.waiting(), key=lambda message: message.destination)
    assert (first.destination, second.destination) == ("telegram:501", "telegram:502")
    assert "alice" in first.html
    assert "bob" not in first.html
    assert "risk ratio 41.0 %" in first.html
    assert "bob</b>: not read yet" in second.html
    assert first.priority == QUIET_PRIORITY
    world.now_at += timedelta(days=1)
    await world.life().look()
    assert len(await world.waiting()) == 4


@pytest.mark.parametrize(
    ("at", "daily_at", "expected"),
    [
        (MORNING - timedelta(seconds=1), "08:00", 0),
        (MORNING, "08:00", 1),
        (MORNING + timedelta(hours=5), "08:00", 1),
        (MORNING, "", 0),
        (MORNING, "23:59", 0),
    ],
)
async def test_the_line_is_due_from_its_time_on(world: World, at: datetime, daily_at: str, expected: int) -> None:
    """Not before; late when the guard was away; never when it is switched off."""
    await world.account("alice", None)
    world.now_at = at
    await world.life(daily_at=daily_at).look()
    assert len(await world.waiting()) == expected


async def test_who_came_since_is_told_from_tomorrow_on(world: World) -> None:
    """An account that is added after the time of day is no reason to write at once."""
    world.now_at = MORNING + timedelta(hours=3)
    await world.account("alice", None, days_old=0.01)
    await world.life().look()
    assert await world.waiting() == []


async def test_hours_without_data_and_lost_messages_are_counted(world: World) -> None:
    """What waits for long, and what was given up, of this owner alone."""
    mia = await world.person("mia", 501)
    await world.account("alice", mia)
    for minutes in range(24 * 60, 0, -1):
        if minutes % 10 == 0:
            await world.read("alice", MORNING - timedelta(minutes=minutes), 0.2 if minutes > 120 else None)
    old, new = MORNING - timedelta(hours=1), MORNING - timedelta(seconds=5)
    for number, (destination, at) in enumerate(
        [("telegram:501", old), ("telegram:501", old), ("telegram:501", new), ("telegram:999", old)]
    ):
        await world.store.add_message(OutboxMessage(f"m{number}", f"k{number}", destination, "x", at))
    await world.store.mark_dead("m1", old, "gone")
    settings = Settings.model_construct(alerts=Alerts(console=False))
    settings = settings.model_copy(update={"schedule": settings.schedule.model_copy(update={"calm_s": 300})})
    hearing = Hearing.of(settings, ())
    life = StillWatching(world.store, world, world.ids, settings, hearing=hearing, wake_outbox=lambda: None)
    await life.look()
    (daily,) = [message for message in await world.waiting() if message.dedupe_key.startswith("daily")]
    assert "without data 2.2 h of 24 h" in daily.html
    assert "Messages not delivered in 24 h: 2" in daily.html


async def test_an_absence_is_told_once_over_quick_restarts(world: World) -> None:
    """Two starts before the first cycle find the same absence; after a cycle there is none."""
    await world.account("alice", await world.person("mia", 501))
    await world.read("alice", MORNING - timedelta(minutes=37), 0.6, Zone.WARNING)
    for seconds in (0, 3, 8):
        world.now_at = MORNING + timedelta(seconds=seconds)
        await world.life(daily_at="").begin()
    (away,) = await world.waiting()
    assert "07:23:00 UTC</b>" not in away.html
    assert "from 2026-11-22 07:23:00 UTC to 2026-11-22 08:00:00 UTC (37 min)" in away.html
    assert "warning, risk ratio 60.0 %" in away.html
    assert world.woken >= 1
    await world.read("alice", world.now_at)
    await world.life(daily_at="").begin()
    assert len(await world.waiting()) == 1


async def test_a_short_pause_and_a_first_start_are_no_absence(world: World) -> None:
    """An update of the guard, or a new installation, is no news."""
    await world.account("alice", None)
    await world.life(daily_at="").begin()
    await world.read("alice", MORNING - timedelta(seconds=100))
    await world.life(daily_at="").begin()
    world.now_at = MORNING - timedelta(days=1)  # a clock that was set back
    await world.life(daily_at="").begin()
    assert await world.waiting() == []


async def test_an_absence_that_could_not_be_written_is_told_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails at the start; cycles go on, and the absence is still told."""
    await world.account("alice", None)
    await world.read("alice", MORNING - timedelta(minutes=37))
    life = world.life(daily_at="")
    with monkeypatch.context() as broken:

        async def fail(message: OutboxMessage) -> bool:
            raise StoreError("disk full")

        broken.setattr(world.store, "add_message", fail)
        await life.begin()
    await world.read("alice", MORNING)
    world.now_at += timedelta(minutes=1)
    await life.look()
    await life.look()
    (away,) = await world.waiting()
    assert away.destination == "console"
    assert "(37 min)" in away.html


async def test_a_dead_chat_gets_nothing(world: World) -> None:
    """The line goes where somebody reads it."""
    await world.account("alice", await world.person("mia", 501))
    await world.store.mark_chat_dead(501, MORNING)
    await world.life().look()
    (daily,) = await world.waiting()
    assert daily.destination == "console"


def test_the_moment_is_in_utc() -> None:
    """Whatever the zone of the clock's answer."""
    now = datetime.fromisoformat("2026-11-22T01:00:00+09:00")
    assert due_moment("08:00", now) == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert due_moment("", now) is None
