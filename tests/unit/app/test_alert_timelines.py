"""What people are told over hours, on virtual time: the whole cycle, with a store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest

from guard.alerts.engine import acknowledge, snooze
from guard.alerts.escalation import EscalationPolicy
from guard.alerts.telling import was_told
from guard.app.settings import Settings
from guard.app.watch import watch_of
from guard.ports.alerting import AlertState, AlertStatus, MaintenanceRecord, RuleSetting
from guard.ports.errors import CredentialsRejected, RateLimited, VenueUnavailable
from guard.ports.recipients import Recipient
from guard.ports.records import OutboxMessage
from guard.ports.venue import AccountSpec, FetchedBook
from guard.risk.zones import Zone, ZoneState
from tests.harness.cycle_world import NOW, StillClock, World, book

SAFE, WATCH, WARNING, DANGER, LIQUIDATION = 40_000.0, 34_500.0, 32_000.0, 31_000.0, 30_350.0
NEARER = 30_550.0
STEP = timedelta(seconds=30)


@dataclass
class Line:
    """One account looked at twice a minute; what was told, in minutes since the start."""

    world: World
    told: list[tuple[float, OutboxMessage]]

    async def until(self, minute: float, mark: float | Exception) -> None:
        """Look on until then."""
        clock = self.world.clock
        assert isinstance(clock, StillClock)
        while clock.at < NOW + timedelta(minutes=minute):
            await self.look(mark)
            clock.at += STEP

    async def look(self, mark: float | Exception) -> None:
        """One cycle."""
        known = len(self.world.memory.records)
        answer = mark if isinstance(mark, Exception) else book(mark, self.world.clock.now())
        await self.world.turn(answer)
        minute = (self.world.clock.now() - NOW).total_seconds() / 60
        for record in self.world.memory.records[known:]:
            self.told += [(round(minute, 1), message) for message in record.messages]

    def heard(self, destination: str = "telegram:7") -> list[tuple[float, str]]:
        """When and what (the first line) a destination was told."""
        return [
            (minute, message.html.splitlines()[0].replace("<b>", "").replace("</b>", ""))
            for minute, message in self.told
            if message.destination == destination
        ]

    def answer(self, change: Callable[[AlertState], AlertState]) -> None:
        """A person answers, in chat or on the command line."""
        states = self.world.memory.states
        for name, state in states.items():
            states[name] = change(state)


@pytest.fixture
def line() -> Line:
    """An account that nobody has answered for yet."""
    return Line(World(book(SAFE)), [])


def minutes(heard: Iterable[tuple[float, str]]) -> list[float]:
    """Only the times."""
    return [minute for minute, _ in heard]


async def test_danger_is_repeated_every_five_minutes_until_acknowledged(line: Line) -> None:
    """And not again, until liquidation comes near; the end is told."""
    await line.until(12, DANGER)
    assert minutes(line.heard()) == [0, 5, 10]
    line.answer(lambda state: acknowledge(state, "u", line.world.clock.now()))
    await line.until(60, DANGER)
    assert minutes(line.heard()) == [0, 5, 10]
    await line.until(65, LIQUIDATION)
    assert minutes(line.heard()) == [0, 5, 10, 60, 62, 64]
    await line.until(70, SAFE)
    assert line.heard()[-1][1] == "🟢 SAFE · main (resolved, was liquidation)"


async def test_acknowledged_danger_is_told_again_at_half_its_distance(line: Line) -> None:
    """Whoever slept on at 2.5 % is not woken only at 0.5 %; swinging back and forth rings once."""
    await line.until(1, DANGER)
    line.answer(lambda state: acknowledge(state, "u", line.world.clock.now()))
    await line.until(2, NEARER)
    line.answer(lambda state: acknowledge(state, "u", line.world.clock.now()))
    for minute in range(3, 60):
        await line.until(minute, DANGER if minute % 2 else NEARER)
    assert minutes(line.heard()) == [0, 1]
    assert line.heard()[1][1] == "🔴 DANGER · main (nearer to liquidation)"


async def test_a_snooze_ends_at_its_time_or_when_it_gets_worse(line: Line) -> None:
    """Nothing in between."""
    await line.until(1, WARNING)
    now = line.world.clock.now()
    line.answer(lambda state: snooze(state, "u", now, now + timedelta(minutes=59)))
    await line.until(90, WARNING)
    assert minutes(line.heard()) == [0, 60]
    now = line.world.clock.now()
    line.answer(lambda state: snooze(state, "u", now, now + timedelta(hours=8)))
    await line.until(95, WARNING)
    await line.until(96, DANGER)
    assert minutes(line.heard()) == [0, 60, 95]


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_a_snooze_that_is_shorter_than_the_pause_ends_at_its_time_too(line: Line, *, acknowledged: bool) -> None:
    """A warning is told again after 15 minutes, though its pause is 30; also where it was acknowledged before."""
    await line.until(1, WARNING)
    if acknowledged:
        line.answer(lambda state: acknowledge(state, "u", line.world.clock.now()))
        await line.until(40, WARNING)
    now = line.world.clock.now()
    line.answer(lambda state: snooze(state, "u", now, now + timedelta(minutes=15)))
    asked = 40 if acknowledged else 1
    await line.until(asked + 20, WARNING)
    assert minutes(line.heard()) == [0, asked + 15]


async def test_watch_is_told_once_and_a_warning_every_half_hour(line: Line) -> None:
    """Patience follows the level."""
    await line.until(120, WATCH)
    assert minutes(line.heard()) == [0]
    await line.until(240, WARNING)
    assert minutes(line.heard()) == [0, 120, 150, 180, 210]


async def test_quiet_hours_over_midnight_in_tokyo(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 23:00 to 07:00 in Tokyo a warning makes no sound, danger and blindness do."""
    sleeper = Recipient("telegram:7", "en", "Asia/Tokyo", time(23), time(7), user_id="u")

    async def recipients(account_id: str) -> list[Recipient]:
        return [sleeper]

    monkeypatch.setattr(line.world.memory, "recipients", recipients)
    clock = line.world.clock
    assert isinstance(clock, StillClock)
    for hour, mark, silent in (
        (13, WARNING, False),  # 22:00 in Tokyo
        (15, WARNING, True),  # midnight: a reminder
        (21, WARNING, True),  # 06:00
        (22, WARNING, False),  # 07:00
    ):
        clock.at = datetime(2026, 1, 1, hour, tzinfo=UTC)
        await line.look(mark)
        assert line.told[-1][1].silent is silent or line.told[-2][1].silent is silent
    clock.at = datetime(2026, 1, 1, 15, 30, tzinfo=UTC) + timedelta(days=1)
    await line.look(DANGER)
    spoken = [message for _, message in line.told if message.destination == "telegram:7"]
    assert ("DANGER" in spoken[-1].html, spoken[-1].silent) == (True, False)
    for _ in range(2):
        await line.look(VenueUnavailable("no answer"))
    spoken = [message for _, message in line.told if message.destination == "telegram:7"]
    assert ("UNKNOWN" in spoken[-1].html, spoken[-1].silent) == (True, False)


async def test_a_maintenance_window_mutes_all_but_liquidation(line: Line) -> None:
    """What still holds at its end is told then; what came and went in it is not."""
    window = MaintenanceRecord("w", "u", "account-1", NOW, NOW + timedelta(minutes=30), "an upgrade")
    line.world.memory.windows = [window]
    await line.until(5, DANGER)
    await line.until(10, SAFE)
    await line.until(15, LIQUIDATION)
    assert minutes(line.heard()) == [10, 12, 14]
    await line.until(20, SAFE)
    assert [message.silent for _, message in line.told][-1] is True
    await line.until(40, WARNING)
    assert minutes(line.heard())[-1] == 30
    assert "WARNING" in line.heard()[-1][1]


async def test_a_change_in_a_window_is_recorded_and_not_told(line: Line) -> None:
    """Whoever announced that they move positions need not hear that they did."""
    await line.look(SAFE)
    line.world.memory.windows = [MaintenanceRecord("w", "u", "account-1", NOW, NOW + timedelta(hours=1), "")]
    made = book(SAFE, line.world.clock.now())
    half = tuple(replace(leg, contracts=0.5) for leg in made.book.positions)
    await line.world.turn(replace(made, book=replace(made.book, positions=half)))
    record = line.world.memory.records[-1]
    assert ([alert.rule for alert in record.alerts], record.messages) == (["position"], ())
    assert not was_told(record.alerts[0])


async def test_a_window_of_another_person_mutes_nothing(line: Line) -> None:
    """Nor one that is over, or has not begun."""
    hour = timedelta(hours=1)
    line.world.memory.windows = [
        MaintenanceRecord("w1", "u", "account-2", NOW, NOW + hour, ""),
        MaintenanceRecord("w2", "u", None, NOW, NOW + hour, ""),
        MaintenanceRecord("w3", "u", "account-1", NOW + hour, NOW + 2 * hour, ""),
    ]
    await line.look(WARNING)
    assert len(line.heard()) == 1


async def test_danger_that_nobody_acknowledges_goes_to_the_second_channel_then_to_a_second_person() -> None:
    """After 10 minutes, and 10 more; each once; who was asked first is named, and the end is told to all of them."""
    line = Line(World(book(SAFE), second=("apprise:1",), second_person="ben"), [])
    await line.until(45, DANGER)
    rung = line.heard("apprise:1")
    assert minutes(rung) == [0, 10]
    assert rung[1][1].startswith("⏫ Nobody has acknowledged this for 10 min · main")
    helped = [message.html for _, message in line.told if message.destination == "telegram:ben"]
    assert minutes(line.heard("telegram:ben")) == [20]
    assert "Asked first: anna" in helped[0]
    assert "DANGER" in helped[0]
    await line.until(50, SAFE)
    assert "resolved" in line.heard("telegram:ben")[-1][1]
    assert "resolved" in line.heard("apprise:1")[-1][1]


async def test_an_answer_stops_the_escalation() -> None:
    """Whoever acknowledges has it in hand."""
    line = Line(World(book(SAFE), second=("apprise:1",), second_person="ben"), [])
    await line.until(8, DANGER)
    line.answer(lambda state: acknowledge(state, "anna", line.world.clock.now()))
    await line.until(60, DANGER)
    assert minutes(line.heard("apprise:1")) == [0]
    assert line.heard("telegram:ben") == []


ALONE = "There is nobody else to tell: add a second channel ([apprise] urls_file) or an operator (guard user role)."


def alone(line: Line) -> list[float]:
    """When it was said that nobody else is there."""
    return [minute for minute, message in line.told if ALONE in message.html and message.destination == "telegram:7"]


async def test_who_has_nobody_else_to_tell_hears_so_once_in_each_danger(line: Line) -> None:
    """In the reminder after the time of the first step; an answer or the end makes it a new story."""
    await line.until(40, DANGER)
    assert alone(line) == [10]
    await line.until(50, SAFE)
    await line.until(75, DANGER)
    assert [minute for minute in alone(line) if minute > 50] == [60]


@pytest.mark.parametrize(("second", "person"), [(("apprise:1",), ""), ((), "ben"), (("apprise:1",), "ben")])
async def test_who_has_somebody_else_does_not(second: tuple[str, ...], person: str) -> None:
    """A second channel or a second person."""
    line = Line(World(book(SAFE), second=second, second_person=person), [])
    await line.until(40, DANGER)
    assert alone(line) == []


async def test_whoever_switched_the_steps_off_wants_nobody_told() -> None:
    """Then nothing is missing."""
    line = Line(World(book(SAFE), escalation=EscalationPolicy(None, None)), [])
    await line.until(40, DANGER)
    assert alone(line) == []


async def test_one_story_is_one_message(line: Line) -> None:
    """A fall into danger reaches distance, stress, drawdown and margins at once: the zone tells it."""
    line.world.memory.settings = [
        RuleSetting("account-1", rule, value, "u", NOW)
        for rule, value in (("distance", 0.2), ("risk_ratio", 0.1), ("available", 0.5), ("margin_level", 0.9))
    ]
    await line.look(SAFE)
    line.told.clear()
    await line.until(4, DANGER)
    assert [text for _, text in line.heard()] == ["🔴 DANGER · main (was safe)"]
    firing = {state.rule for state in line.world.memory.states.values() if state.status is AlertStatus.FIRING}
    assert {"zone", "distance", "stress", "drawdown"} <= firing


async def test_what_else_is_wrong_is_said_in_the_same_message(line: Line) -> None:
    """Equity is far below its peak, which the milder zone does not say: one message, as urgent as the graver."""
    await line.look(SAFE)
    await line.look(WATCH)
    [message] = [message for _, message in line.told if message.destination == "telegram:7"]
    assert message.html.startswith("🟡 <b>WATCH</b>")
    assert message.html.splitlines()[-2] == "Also: drawdown 55 % is at or above 40 %"
    assert message.priority == 30
    assert message.collapse_key is None  # a newer one about the zone would not say it


async def test_what_is_muted_is_recorded_with_its_own_level_and_as_not_told(line: Line) -> None:
    """A drawdown in danger is no danger, and nobody was told of it by itself."""
    await line.look(DANGER)
    line.world.memory.settings = [RuleSetting("account-1", "share", 0.5, "u", NOW)]
    line.world.cycle.alerting.memory.settings_changed()
    await line.look(DANGER)
    alerts = {alert.rule: alert for record in line.world.memory.records for alert in record.alerts}
    assert (alerts["zone"].zone, was_told(alerts["zone"])) == (Zone.DANGER, True)
    assert (alerts["share"].zone, was_told(alerts["share"])) == (Zone.WATCH, False)


async def test_positions_that_are_gone_out_of_an_alarm_are_no_quiet_news(line: Line) -> None:
    """Safe like a closed account, or like a liquidated one: as urgent as from safe, also where legs are not watched."""
    line.world.memory.settings = [RuleSetting("account-1", "position", None, "u", NOW)]
    await line.look(WARNING)
    made = book(WARNING, line.world.clock.now())
    for _ in range(3):
        await line.world.turn(replace(made, book=replace(made.book, positions=())))
    messages = [message for record in line.world.memory.records[1:] for message in record.messages]
    gone = [message for message in messages if "NO POSITIONS" in message.html]
    assert [(message.priority, message.silent) for message in gone if message.destination == "telegram:7"] == [
        (50, False)
    ]


async def test_positions_that_are_gone_wait_for_no_calm(line: Line) -> None:
    """Good news of what came back lately is told after a quarter of an hour; a liquidation is told now."""
    line.world.memory.settings = [RuleSetting("account-1", "position", None, "u", NOW)]
    await line.until(1, DANGER)
    await line.until(3, SAFE)
    await line.until(4, DANGER)
    clock = line.world.clock
    assert isinstance(clock, StillClock)
    for _ in range(4):
        made = book(DANGER, clock.now())
        await line.world.turn(replace(made, book=replace(made.book, positions=())))
        clock.at += STEP
    messages = [message.html for record in line.world.memory.records for message in record.messages]
    assert "NO POSITIONS" in messages[-1]


async def test_accounts_that_others_read_are_told_in_messages_of_their_own() -> None:
    """Nobody hears of an account by the message of another one, and nobody who reads only of his own misses it."""
    world = World(book(SAFE))
    readers = {"account-1": "telegram:7", "account-2": "telegram:7", "account-3": "telegram:8"}

    async def recipients(account_id: str) -> list[Recipient]:
        return [Recipient(readers[account_id], user_id=account_id)]

    world.memory.recipients = recipients  # type: ignore[method-assign]  # who reads is what this is about
    watches = [
        watch_of(replace(world.watch.record, account_id=name, spec=AccountSpec(name, "file")), Settings())
        for name in readers
    ]
    world.answer = VenueUnavailable("no answer")
    for _ in range(2):
        for watch in watches:
            world.memory.state = watch.last.zone_state if watch.last else ZoneState()
            await world.cycle.run(watch)
    told = [(each.account_id, each.destination) for record in world.memory.records for each in record.messages]
    chats = [each for each in told if each[1].startswith("telegram")]
    assert chats == [("account-1", "telegram:7"), ("account-3", "telegram:8")]  # the second waits for the first


@pytest.mark.parametrize("removed", [False, True])
async def test_an_account_that_was_removed_is_in_no_message_of_others(*, removed: bool) -> None:
    """It lost sight of the venue with two others, and went before the message about all of them was due."""
    world = World(VenueUnavailable("no answer"))
    names = ("first", "gone", "last")
    watches = [
        watch_of(replace(world.watch.record, account_id=name, spec=AccountSpec(name, "file")), Settings())
        for name in names
    ]
    for second in range(0, 70, 10):
        if second == 20 and removed:
            world.cycle.alerting.gone("gone")
            watches = [watch for watch in watches if watch.record.name != "gone"]
        for watch in watches:
            world.memory.state = watch.last.zone_state if watch.last else ZoneState()
            await world.cycle.run(watch)
        await world.clock.sleep(10)
    told = [message.html for record in world.memory.records for message in record.messages]
    joint = [html for html in told if "last" in html]
    assert joint
    assert any("gone" in html for html in joint) != removed


async def test_a_persons_own_threshold_counts_from_the_next_look(line: Line) -> None:
    """Set to 50 % the distance rings in safe, and is over when it is switched off."""
    await line.look(SAFE)
    line.world.memory.settings = [RuleSetting("account-1", "distance", 0.5, "u", NOW)]
    line.world.cycle.alerting.memory.settings_changed()
    await line.look(SAFE)
    assert line.heard() == [(0, "🟠 Distance to liquidation · main")]
    line.world.memory.settings = [RuleSetting("account-1", "distance", None, "u", NOW)]
    line.world.cycle.alerting.memory.settings_changed()
    await line.look(SAFE)
    await line.look(SAFE)
    assert line.heard()[-1] == (0, "🟢 Distance to liquidation · main (resolved)")


async def test_a_named_shock_that_liquidates_is_told_and_left_later(line: Line) -> None:
    """Far from every bar: BTC may not lose 30 % here. At a price at which it may lose just that, it still stands."""
    line.world.memory.settings = [RuleSetting("account-1", "shocks BTC -30 %", 1.0, "u", NOW)]
    await line.look(SAFE)
    assert line.heard() == [(0, "🟠 Named shock · main")]
    message = line.told[0][1]
    assert "the shock BTC -30 % liquidates the account" in message.html
    await line.until(3, 43_000.0)
    assert len(line.heard()) == 1
    await line.until(25, 60_000.0)
    assert line.heard()[-1][1] == "🟢 Named shock · main (resolved)"


async def test_named_shocks_that_are_configured_hold_unless_a_person_has_their_own(line: Line) -> None:
    """Off is one's own, too."""
    line = Line(World(book(SAFE), shocks="BTC -30%"), [])
    line.world.memory.settings = [RuleSetting("account-1", "shocks", None, "u", NOW)]
    await line.look(SAFE)
    assert line.heard() == []
    line.world.memory.settings = []
    line.world.cycle.alerting.memory.settings_changed()
    await line.look(SAFE)
    assert line.heard() == [(0, "🟠 Named shock · main")]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (VenueUnavailable("no answer"), "venue unreachable: no answer"),
        (RateLimited("slow down"), "venue unreachable: slow down"),
        (CredentialsRejected("key refused"), "key rejected: key refused"),
    ],
)
async def test_blindness_names_its_cause(line: Line, error: Exception, cause: str) -> None:
    """The venue, the key, or the data."""
    await line.look(error)
    await line.look(error)
    [state] = [state for state in line.world.memory.states.values() if state.rule == "blind"]
    assert state.headline == cause


async def test_missing_data_are_a_cause_of_their_own(line: Line) -> None:
    """A book that is not whole."""
    torn: FetchedBook = replace(book(SAFE), missing=("tiers of FOO/USDT:USDT",))
    await line.world.turn(torn)
    await line.world.turn(torn)
    [state] = [state for state in line.world.memory.states.values() if state.rule == "blind"]
    assert state.headline.startswith("data stale or missing: tiers of FOO/USDT:USDT")


async def test_a_calm_account_asks_the_store_once(line: Line) -> None:
    """However often it is read."""
    await line.until(10, SAFE)
    assert line.world.memory.briefings == 1
    assert all(record.states == () for record in line.world.memory.records)
