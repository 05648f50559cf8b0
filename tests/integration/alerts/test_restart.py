"""Alerts over restarts, with a real database: nothing is told twice, nothing is forgotten, answers count."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from guard.alerts.engine import acknowledge, snooze
from guard.app.alert_settings import AlertingPolicy
from guard.app.cycle import Cycle
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
from guard.app.once import NoProtection
from guard.app.settings import Settings
from guard.app.watch import watch_of
from guard.ports.alerting import AlertStatus, RuleSetting
from guard.ports.errors import VenueUnavailable
from guard.ports.records import AccountRecord, OutboxMessage, Reading
from guard.ports.venue import AccountSpec, FetchedBook, VenueAccount
from guard.risk.zones import Zone
from guard.sim.seeded import SeededIds
from guard.store.store import Store
from guard.store.vault import Vault
from tests.harness.cycle_world import NOW, StillClock, book

SAFE, WARNING, DANGER = 40_000.0, 32_000.0, 31_000.0
BLIND = VenueUnavailable("no answer")


class Life:
    """A guard that is started anew for every look when `restarts`; what is stored survives."""

    def __init__(self, url: str, names: tuple[str, ...] = ("main",), *, restarts: bool = True) -> None:
        self.url = url
        self.clock = StillClock()
        self.ids = SeededIds(7)
        self.restarts = restarts
        self.records = [AccountRecord(f"id-{name}", AccountSpec(name, "file"), None, "observe", NOW) for name in names]
        self.answers: dict[str, FetchedBook | Exception] = {}
        self.seen: set[str] = set()
        self.told: list[OutboxMessage] = []

    async def begin(self) -> None:
        """Open the database and start."""
        self.store = await Store.open(self.url, Vault.of(self.url), self.ids)
        self.cycle = Cycle(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            opener=self._open,
            protector=NoProtection(),
            handover=Unattended(),
            tell_directly=self._tell,
            timeout_s=5,
            hearing=Hearing(),
            alerting=AlertingPolicy.of(Settings()),
        )
        self.watches = [watch_of(record, Settings()) for record in self.records]

    async def look(self, mark: float | Exception, seconds: float = 10) -> list[str]:
        """One cycle of every account; the first line of what is told in it."""
        if self.restarts:
            await self.store.close()
            await self.begin()
        for watch in self.watches:
            answer = mark if isinstance(mark, Exception) else book(mark, self.clock.now())
            self.answers[watch.record.name] = answer
            reading = await self.cycle.run(watch)
            assert reading.account == watch.record.name
        self.clock.at += timedelta(seconds=seconds)
        return await self.fresh()

    async def fresh(self) -> list[str]:
        """The first line of every message that was not looked at yet."""
        messages = await self.store.due_messages(self.clock.at + timedelta(days=9), 10_000)
        new = sorted((each for each in messages if each.message_id not in self.seen), key=lambda each: each.created_at)
        self.seen |= {message.message_id for message in new}
        self.told += new
        return [message.html.splitlines()[0].replace("<b>", "").replace("</b>", "") for message in new]

    async def _open(self, spec: AccountSpec) -> VenueAccount:
        return _Venue(self, spec.name)  # type: ignore[return-value]  # only fetch_book is asked for

    async def _tell(self, _: object, reading: Reading, why: str) -> None:
        raise AssertionError(f"not recorded: {why}: {reading}")


class _Venue:
    def __init__(self, life: Life, name: str) -> None:
        self._life, self._name = life, name

    async def fetch_book(self) -> FetchedBook:
        """What the test wants."""
        answer = self._life.answers[self._name]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def url(empty_database: Path, tmp_path: Path) -> str:
    """A database of this test's own."""
    file = tmp_path / "guard.db"
    shutil.copy(empty_database, file)
    return f"sqlite:///{file}"


@pytest.fixture
async def life(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Life]:
    """One account, started anew for every look; or as a test says."""
    options = getattr(request, "param", {})
    made = Life(url, **options)
    await made.begin()
    for record in made.records:
        await made.store.add_account(record)
    yield made
    await made.store.close()


async def test_a_guard_that_restarts_at_every_look_tells_each_thing_once(life: Life) -> None:
    """Alarm, reminders, an acknowledgement, worse, blind, back, resolved: as if it had never been away."""
    assert await life.look(WARNING) == ["🟠 WARNING · main (was safe)"]
    assert [await life.look(WARNING, 600) for _ in range(3)] == [[], [], []]
    assert await life.look(WARNING) == ["🟠 WARNING · main (still)"]
    await life.store.add_user("anna", NOW)
    [anna] = await life.store.users()
    for state in await life.store.alert_states("id-main"):
        await life.store.change_alert_state(
            state.fingerprint, lambda state: acknowledge(state, anna.user_id, life.clock.now())
        )
    assert [await life.look(WARNING, 3600) for _ in range(3)] == [[], [], []]
    assert await life.look(DANGER) == ["🔴 DANGER · main (was warning)"]
    assert await life.look(BLIND) == []
    assert await life.look(BLIND) == ["⚫ UNKNOWN · main (was danger)"]
    assert await life.look(BLIND) == []
    assert await life.look(DANGER) == ["🔴 DANGER · main (data is back)"]
    assert await life.look(SAFE) == []
    assert await life.look(SAFE) == ["🟢 SAFE · main (resolved, was danger)"]
    assert await life.look(SAFE) == []


async def test_a_snooze_and_a_window_survive_a_restart(life: Life) -> None:
    """What was set counts in the next life."""
    await life.look(WARNING)
    await life.store.add_user("anna", NOW)
    until = life.clock.now() + timedelta(hours=1)
    await life.store.change_alert_state("id-main/zone", lambda state: snooze(state, None, life.clock.now(), until))
    assert await life.look(WARNING, 3600) == []
    assert await life.look(WARNING) == ["🟠 WARNING · main (still)"]


@pytest.mark.parametrize("life", [{"restarts": False}], indirect=True)
async def test_an_answer_from_another_process_is_seen_before_a_reminder(life: Life) -> None:
    """The service holds the alert in memory; the command line acknowledges it in the database."""
    await life.look(DANGER)
    await life.store.change_alert_state("id-main/zone", lambda state: acknowledge(state, None, life.clock.now()))
    assert [await life.look(DANGER, 600) for _ in range(3)] == [[], [], []]
    state = await life.store.alert_state("id-main/zone")
    assert state is not None
    assert (state.status, state.level) == (AlertStatus.ACKNOWLEDGED, Zone.DANGER)


@pytest.mark.parametrize("life", [{"restarts": False}], indirect=True)
async def test_an_answer_from_another_process_is_kept_when_nothing_is_told(life: Life) -> None:
    """A look that only notes that it may be over must not write over what it does not know of."""
    await life.store.set_rule(RuleSetting("id-main", "distance", 0.5, None, NOW))
    assert await life.look(SAFE) == ["🟠 Distance to liquidation · main"]
    name = "id-main/distance"
    await life.store.change_alert_state(name, lambda state: acknowledge(state, None, life.clock.now()))
    await life.store.set_rule(RuleSetting("id-main", "distance", None, None, NOW))
    life.cycle.alerting.memory.settings_changed()
    assert await life.look(SAFE) == []
    state = await life.store.alert_state(name)
    assert state is not None
    assert (state.status, state.clear_since is None) == (AlertStatus.ACKNOWLEDGED, False)


FIVE = ("ann", "ben", "cas", "dan", "eve")


@pytest.mark.parametrize(
    "life", [{"names": FIVE, "restarts": False}, {"names": FIVE}], ids=["in one life", "in many"], indirect=True
)
async def test_a_venue_that_is_away_is_told_in_two_messages_not_in_five(life: Life) -> None:
    """The first account at once, the others together half a minute later; the same when it is back."""
    await life.look(SAFE)
    told = [line for _ in range(15) for line in await life.look(BLIND, 3)]
    if life.restarts:  # who waits is not remembered over a restart: told by itself, never lost
        assert sorted(line.split(" · ")[1].split()[0] for line in told if " · " in line) == list(FIVE)
        return
    assert told == ["⚫ UNKNOWN · ann (was safe)", "⚫ 4 more accounts are not seen"]
    joint = life.told[-1].html
    assert all(f"<b>{name}</b>" in joint for name in FIVE[1:])
    assert "Why: no answer" in joint
    [*reminded] = [line for _ in range(32) for line in await life.look(BLIND, 60)]
    assert reminded == ["⚫ UNKNOWN · ann (still)", "⚫ 4 more are still not seen"]
    back = [line for _ in range(15) for line in await life.look(SAFE, 3)]
    assert back == ["🟢 SAFE · ann (data is back)", "🟢 4 more accounts are seen again"]
    assert await life.store.alert_states("id-eve") == []


@pytest.mark.parametrize("life", [{"names": FIVE, "restarts": False}], indirect=True)
async def test_an_outage_that_is_over_before_others_were_told_of_stays_untold(life: Life) -> None:
    """What was never told to be gone needs no message that it is back."""
    await life.look(SAFE)
    told = [line for _ in range(4) for line in await life.look(BLIND, 3)]
    told += [line for _ in range(15) for line in await life.look(SAFE, 3)]
    assert told == ["⚫ UNKNOWN · ann (was safe)", "🟢 SAFE · ann (data is back)"]


@pytest.mark.parametrize("life", [{"names": FIVE, "restarts": False}], indirect=True)
async def test_an_account_in_danger_does_not_wait_for_others(life: Life) -> None:
    """Its people are told at once that it is not seen."""
    await life.look(DANGER)
    told = [line for _ in range(3) for line in await life.look(BLIND, 3)]
    assert told == [f"⚫ UNKNOWN · {name} (was danger)" for name in FIVE]
