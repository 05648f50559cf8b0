"""Measuring and upkeep over the real store and a real reading: whose it is, how old, what goes into the outbox."""

from __future__ import annotations

import shutil
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from guard.app.desks.backstage import Backstage
from guard.app.desks.desk import StoreDesk
from guard.app.opening import Opened, opened
from guard.app.past import Past
from guard.app.settings import Database, Settings
from guard.app.watch import Watch
from guard.bot.desks.measuring import Absence, FreshRead
from guard.bot.desks.upkeep import AccountState, Drill
from guard.charts.studio import Studio
from guard.ports.alerting import AuditRecord
from guard.ports.records import SUPERSEDED, AccountRecord, CycleRecord, GrantRecord, IntentRecord, Reading, ZoneChange
from guard.ports.venue import AccountSpec
from guard.risk.zones import Zone
from guard.web.health import AccountHealth, Health, HeartbeatHealth, ListeningHealth, StreamHealth
from tests.harness.cycle_world import NOW, StillClock, World, book

HEALTH = Health(
    problems=("b is not watched: no key",),
    accounts=tuple(AccountHealth(name, "safe", "fresh", 1.0, 0.1, 2.0, 0.3) for name in "abc"),
    outbox_pending=2,
    last_cycle_age_s=1.0,
    telegram="running",
    cycles_total=1,
    failed_cycles_total=0,
    delivered_total=0,
    refusals_total=4,
    orders_total=0,
    listening=ListeningHealth((StreamHealth("x", healthy=True, why="", falls=0),)),
    heartbeat=HeartbeatHealth("good", age_s=20.0),
)


@dataclass
class Installation:
    """A desk and what is behind it. Anna owns `a` and looks at `b`, which is bert's; nobody else sees `c`."""

    desk: StoreDesk
    opened: Opened
    clock: StillClock
    people: dict[str, str]
    watches: dict[str, Watch]
    readings: list[Reading | None] = field(default_factory=list)
    read: list[tuple[str, float]] = field(default_factory=list)
    woken: list[datetime] = field(default_factory=list)


@pytest.fixture
async def there(tmp_path: Path, empty_database: Path) -> AsyncIterator[Installation]:
    """`a` was read once; `b` and `c` never."""
    settings = Settings(database=Database(url=f"sqlite:///{tmp_path / 'guard.db'}"))
    shutil.copy(empty_database, tmp_path / "guard.db")
    clock, studio = StillClock(), Studio()
    async with opened(settings, clock=clock) as everything:
        store = everything.store
        people = {name: (await store.add_user(name, NOW)).user_id for name in ("anna", "bert", "carl", "dora")}
        for name, owner in (("a", "anna"), ("b", "bert"), ("c", "carl")):
            spec = AccountSpec(name, "file")
            await store.add_account(AccountRecord(f"id-{name}", spec, people[owner], "observe", NOW))
        await store.grant(GrantRecord("id-b", people["anna"], "viewer"))
        found: list[Installation] = []
        watches: dict[str, Watch] = {}

        async def read_now(account_id: str, patience_s: float) -> Reading | None:
            found[0].read.append((account_id, patience_s))
            return found[0].readings.pop(0)

        async def health() -> Health:
            return HEALTH

        stage = Backstage(
            store,
            clock,
            everything.ids,
            settings,
            Past(store, clock, settings),
            studio,
            lambda _: None,
            watch_of=watches.get,
            wake_outbox=lambda: found[0].woken.append(clock.now()),
            read_now=read_now,
            health=health,
            second={"apprise:12345678": "ntfys (line 1)"},
        )
        installation = Installation(StoreDesk(stage), everything, clock, people, watches)
        found.append(installation)
        world = World(book(36_000.0))
        reading = replace(await world.turn(), account_id="id-a", account="a")
        await store.record_cycle(CycleRecord(reading))
        world.watch.remember(reading)
        world.watch.record = replace(world.watch.record, account_id="id-a", spec=AccountSpec("a", "file"))
        watches["id-a"] = world.watch
        installation.readings = [reading]
        yield installation
    await studio.close()


async def test_a_book_is_held_for_whoever_may_see_the_account(there: Installation) -> None:
    """With its age; without one, why; nothing of anybody else's."""
    anna, bert = there.people["anna"], there.people["bert"]
    account = await there.desk.held(anna, "id-a")
    assert account is not None
    assert account.held is not None
    assert (account.held.read_at, account.held.book.positions[0].mark_price) == (NOW, 36_000.0)
    assert account.snapshot.risk_ratio == account.held.risk.risk_ratio
    for user, account_id in ((bert, "id-a"), (anna, "id-c"), (anna, "id-x"), ("nobody", "id-a")):
        assert await there.desk.held(user, account_id) is None
        assert await there.desk.read_now(user, account_id) is None
    unwatched = await there.desk.held(anna, "id-b")
    assert unwatched is not None
    assert (unwatched.held, unwatched.absence) == (None, Absence.NOT_WATCHED)
    watch = there.watches["id-a"]
    watch.last_good = None
    blind = await there.desk.held(anna, "id-a")
    assert blind is not None
    assert blind.absence is Absence.BLIND
    watch.last = None
    new = await there.desk.held(anna, "id-a")
    assert new is not None
    assert new.absence is Absence.NOT_YET


async def test_reading_at_once_is_bounded_and_honest(there: Installation) -> None:
    """Once in 5 s for an account; what a venue does not answer is told as that."""
    anna = there.people["anna"]
    good = there.readings[0]
    assert good is not None
    there.readings = [good, None, replace(good, risk=None, error="timeout")]
    assert await there.desk.read_now(anna, "id-a") is FreshRead.DONE
    assert await there.desk.read_now(anna, "id-a") is FreshRead.TOO_SOON
    there.clock.at += timedelta(seconds=5)
    assert await there.desk.read_now(anna, "id-a") is FreshRead.SILENT
    there.clock.at += timedelta(seconds=5)
    assert await there.desk.read_now(anna, "id-a") is FreshRead.FAILED
    assert there.read == [("id-a", 5.0)] * 3
    assert await there.desk.read_now(anna, "id-b") is FreshRead.NOT_WATCHED


async def test_work_is_done_beside_the_loop_and_its_errors_come_back(there: Installation) -> None:
    """In another thread, one piece at a time: the loop that watches is not held up."""
    threads = {await there.desk.computed(threading.get_ident) for _ in range(3)}
    assert threading.get_ident() not in threads

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await there.desk.computed(fail)


async def test_the_state_shows_ones_own_accounts_only(there: Installation) -> None:
    """Others are counted, never named; who has no account is told nothing."""
    there.clock.at += timedelta(seconds=30)
    state = await there.desk.service_state(there.people["anna"])
    assert state is not None
    zone = there.watches["id-a"].last.zone if there.watches["id-a"].last else Zone.UNKNOWN
    assert state.accounts == (
        AccountState("a", zone, 30.0, 30.0),
        AccountState("b", Zone.UNKNOWN, None, None, watched=False, problem="no key"),
    )
    assert (state.accounts_total, state.telegram, state.pending, state.dead, state.refusals) == (3, "running", 2, 0, 4)
    assert (state.heartbeat, state.heartbeat_s, state.streams) == ("good", 20.0, (1, 1))
    assert (state.database, state.second) == ("sqlite", ("ntfys (line 1)",))
    assert state.answers_ms is not None
    assert await there.desk.service_state(there.people["dora"]) is None
    there.clock.at += timedelta(hours=1)
    late = await there.desk.service_state(there.people["anna"])
    assert late is not None
    assert late.accounts[0].overdue


async def test_the_log_of_ones_own_accounts(there: Installation) -> None:
    """What was asked for, what changed and what was done; of others nothing, and nobody else's name."""
    store, anna = there.opened.store, there.people["anna"]
    reading = replace(there.readings[0], at=NOW + timedelta(seconds=1)) if there.readings[0] else None
    assert reading is not None
    change = ZoneChange("change-1", "id-a", NOW, Zone.SAFE, Zone.WATCH, "why")
    intent = IntentRecord("intent-1", "id-a", NOW, "refused", Zone.DANGER, "not armed", "{}", 0.8)
    await store.record_cycle(CycleRecord(reading, change=change, intent=intent))
    for account, person in (("id-a", anna), ("id-c", there.people["carl"])):
        await store.record_audit(AuditRecord(NOW, person, account, "mode", "observe to suggest"))
    for account_id in ("id-a", None):
        view = await there.desk.log_of(anna, account_id, 10)
        assert view is not None
        assert [entry.account_id for entry in view.audits] == ["id-a"]
        assert view.changes == (change,)
        assert [each.intent_id for each in view.intents] == ["intent-1"]
        assert view.accounts == {"id-a": "a", "id-b": "b"}
        assert view.people == {anna: "anna"}
    assert await there.desk.log_of(anna, "id-c", 10) is None


async def test_a_drill_goes_through_the_outbox(there: Installation) -> None:
    """To the chat that asked; to second channels only for an owner who asked for that; not twice in 10 s."""
    store, anna, dora = there.opened.store, there.people["anna"], there.people["dora"]
    names = ("ntfys (line 1)",)
    assert await there.desk.drill(anna, 501, None, everywhere=False) == Drill("sent", names)
    assert await there.desk.drill(anna, 501, None, everywhere=False) == Drill("too_soon", names)
    assert await there.desk.drill(dora, 777, None, everywhere=True) == Drill("not_owner", names)
    assert await there.desk.drill(anna, -100, 7, everywhere=True) == Drill("sent", names)
    waiting = await store.due_messages(there.clock.now(), 10)
    assert [message.destination for message in waiting] == ["telegram:501", "telegram:-100/7", "apprise:12345678"]
    assert all("DRILL" in message.html for message in waiting)
    assert len(there.woken) == 2
    there.clock.at += timedelta(seconds=10)
    assert await there.desk.drill(anna, 501, None, everywhere=False) == Drill("sent", names)
    assert await store.outbox_pending() == 4
    await store.mark_dead(waiting[0].message_id, there.clock.now(), "chat not found")
    await store.mark_dead(waiting[1].message_id, there.clock.now(), f"{SUPERSEDED}{waiting[0].message_id}")
    state = await there.desk.service_state(anna)
    assert state is not None
    assert state.dead == 1  # what a newer message made needless was not lost
