"""Where an alert stands and whether a message is due, look by look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.alerts.engine import AlertPolicy, Condition, acknowledge, advance, gravity, snooze, told
from guard.alerts.escalation import EscalationPolicy, escalation_due
from guard.alerts.rulebook import RULES
from guard.alerts.rules import Rule
from guard.ports.alerting import AlertState, AlertStatus
from guard.ports.records import AlertReason
from guard.risk.zones import Zone

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = AlertPolicy()
FIRST, WORSE, BETTER = AlertReason.FIRST, AlertReason.WORSE, AlertReason.BETTER
REPEAT, RESOLVED, NONE = AlertReason.REPEAT, AlertReason.RESOLVED, AlertReason.NONE


class Looks:
    """One condition looked at again and again; what is due is told, unless it is muted."""

    def __init__(self, rule: Rule = Rule.ZONE) -> None:
        self.rule = rule
        self.state: AlertState | None = None

    def look(
        self,
        minute: float,
        level: Zone | None,
        *,
        muted: bool = False,
        known: Zone = Zone.SAFE,
        distance: float | None = None,
    ) -> AlertReason:
        """One look; `level` None: it does not hold."""
        now = START + timedelta(minutes=minute)
        condition = (
            Condition("a", self.rule, level, f"it is {level}", known=known, distance=distance) if level else None
        )
        step = advance(self.state, condition, now, POLICY)
        if step is None:
            return NONE
        self.state = step.state
        if step.reason is not NONE and not muted:
            self.state = told(step.state, step.reason, now, known=known, distance=distance)
        return step.reason

    def acknowledge(self, minute: float) -> None:
        """By user u."""
        assert self.state is not None
        self.state = acknowledge(self.state, "u", START + timedelta(minutes=minute))

    def snooze(self, minute: float, until: float) -> None:
        """By user u."""
        assert self.state is not None
        at = START + timedelta(minutes=minute)
        self.state = snooze(self.state, "u", at, START + timedelta(minutes=until))


@pytest.mark.parametrize(
    ("level", "known", "pause"),
    [
        (Zone.WATCH, Zone.SAFE, None),
        (Zone.WARNING, Zone.SAFE, 30),
        (Zone.DANGER, Zone.SAFE, 5),
        (Zone.LIQUIDATION, Zone.SAFE, 2),
        (Zone.UNKNOWN, Zone.SAFE, 30),
        (Zone.UNKNOWN, Zone.DANGER, 5),
        (Zone.UNKNOWN, Zone.LIQUIDATION, 2),
    ],
)
def test_a_level_is_repeated_at_its_pace_until_acknowledged(level: Zone, known: Zone, pause: float | None) -> None:
    """Watch never, warning 30 min, danger 5 min, liquidation 2 min; unknown like a warning, or like what was known."""
    looks = Looks(Rule.BLIND if level is Zone.UNKNOWN else Rule.ZONE)
    assert looks.look(0, level, known=known) is FIRST
    if pause is None:
        assert looks.look(10_000, level) is NONE
        return
    assert looks.look(pause - 0.01, level, known=known) is NONE
    assert looks.look(pause, level, known=known) is REPEAT
    assert looks.look(pause + 1, level, known=known) is NONE
    looks.acknowledge(pause + 1)
    assert looks.look(pause * 100, level, known=known) is NONE


def test_worse_better_and_resolved() -> None:
    """Each change of level is told once."""
    looks = Looks()
    levels = (Zone.WATCH, Zone.DANGER, Zone.WARNING, Zone.WARNING, None, None)
    assert [looks.look(minute, level) for minute, level in enumerate(levels)] == [
        FIRST,
        WORSE,
        BETTER,
        NONE,
        RESOLVED,
        NONE,
    ]


def test_acknowledged_is_silent_until_it_gets_worse_or_is_resolved() -> None:
    """Whoever acknowledged a warning has not acknowledged danger."""
    looks = Looks()
    looks.look(0, Zone.WARNING)
    looks.acknowledge(1)
    assert looks.look(300, Zone.WARNING) is NONE
    assert looks.look(301, Zone.DANGER) is WORSE
    assert looks.state is not None
    assert (looks.state.status, looks.state.seen_by) == (AlertStatus.FIRING, None)
    looks.acknowledge(302)
    assert looks.look(400, None) is RESOLVED


@pytest.mark.parametrize("answer", ["acknowledged", "snoozed"])
def test_answered_danger_rings_again_at_half_the_distance(answer: str) -> None:
    """Between the bars of danger and liquidation is the whole way that kills; a warning is left to its bars."""
    looks = Looks()
    for level, rings in ((Zone.WARNING, NONE), (Zone.DANGER, WORSE)):
        looks.look(0, level, distance=0.038)
        if answer == "acknowledged":
            looks.acknowledge(1)
        else:
            looks.snooze(1, until=1_000)
        assert looks.look(2, level, distance=0.0191) is NONE
        assert looks.look(3, level) is NONE
        assert looks.look(4, level, distance=0.019) is rings
    assert looks.state is not None
    assert looks.state.status is AlertStatus.FIRING
    looks.acknowledge(5)
    reasons = [looks.look(6 + place, Zone.DANGER, distance=each) for place, each in enumerate([0.04, 0.0096, 0.0095])]
    assert reasons == [NONE, NONE, WORSE]


@pytest.mark.parametrize("level", [Zone.DANGER, Zone.LIQUIDATION])
def test_what_was_told_as_no_distance_at_all_cannot_come_nearer(level: Zone) -> None:
    """Else every answer to an account beyond liquidation would ring in the next cycle."""
    looks = Looks()
    looks.look(0, level, distance=0.0)
    looks.acknowledge(1)
    assert looks.look(2, level, distance=0.0) is NONE


def test_a_snooze_ends_by_itself() -> None:
    """At its time with a repeat, and at once when it gets worse; good news waits, but the end is told."""
    looks = Looks()
    looks.look(0, Zone.WARNING)
    looks.snooze(1, until=61)
    assert looks.look(60, Zone.WARNING) is NONE
    assert looks.look(61, Zone.WARNING) is REPEAT
    looks.snooze(62, until=120)
    assert looks.look(63, Zone.WATCH) is NONE
    assert looks.look(64, Zone.LIQUIDATION) is WORSE
    looks.snooze(65, until=120)
    assert looks.look(70, None) is RESOLVED


def test_what_is_muted_stays_due_and_is_told_when_it_still_holds() -> None:
    """A mute hides the message, not the alert; what came and went while muted is never told."""
    looks = Looks()
    assert looks.look(0, Zone.WARNING, muted=True) is FIRST
    assert looks.look(1, Zone.WARNING, muted=True) is FIRST
    assert looks.look(2, Zone.WARNING) is FIRST
    assert looks.look(3, Zone.DANGER, muted=True) is WORSE
    assert looks.look(4, Zone.DANGER) is WORSE
    other = Looks()
    other.look(0, Zone.WARNING, muted=True)
    assert other.look(1, None) is NONE
    assert other.state is not None
    assert other.state.status is AlertStatus.RESOLVED


def test_an_answer_to_what_was_never_told_is_an_answer_to_its_level() -> None:
    """Somebody who acknowledges from the list has seen what stands there."""
    looks = Looks()
    looks.look(0, Zone.WARNING, muted=True)
    looks.acknowledge(1)
    assert looks.look(2, Zone.WARNING) is NONE
    assert looks.look(3, Zone.DANGER) is WORSE


def test_a_threshold_rule_must_be_cleared_for_two_looks() -> None:
    """One clear look is none."""
    looks = Looks(Rule.STRESS)
    reasons = [
        looks.look(m, level) for m, level in enumerate([Zone.WARNING, None, Zone.WARNING, None, None, Zone.WARNING])
    ]
    assert reasons == [FIRST, NONE, NONE, NONE, RESOLVED, FIRST]


def test_a_dispute_stands_for_a_quarter_of_an_hour() -> None:
    """What comes and goes with every tick is told once in that time."""
    looks = Looks(Rule.DISPUTED)
    reasons = [looks.look(minute, None if minute % 2 else Zone.WATCH) for minute in range(16)]
    assert reasons == [FIRST, *[NONE] * 14, RESOLVED]


def test_good_news_that_did_not_last_is_told_when_it_does() -> None:
    """After the first return, being better counts only after a quarter of an hour."""
    looks = Looks()
    reasons = [looks.look(minute, None if minute // 5 % 2 else Zone.DANGER) for minute in range(60)]
    assert [reason for reason in reasons[:11] if reason is not NONE] == [FIRST, RESOLVED, FIRST]
    assert RESOLVED not in reasons[11:]
    assert WORSE not in reasons
    assert [looks.look(60 + minute, None) for minute in range(20)].count(RESOLVED) == 1


def test_swinging_between_two_levels_is_damped_too() -> None:
    """Warning, danger, warning, danger, ... each five minutes."""
    looks = Looks()
    reasons = [looks.look(minute, Zone.WARNING if minute // 5 % 2 else Zone.DANGER) for minute in range(60)]
    assert [reason for reason in reasons if reason not in {NONE, REPEAT}] == [FIRST, BETTER, WORSE]


def test_slow_rules_stand_for_an_hour() -> None:
    """A figure that swings over its threshold all day is told twice an hour at most, not at every crossing."""
    for rule in (Rule.DRAWDOWN, Rule.SHARE, Rule.FUNDING):
        looks = Looks(rule)
        reasons = [looks.look(minute, RULES[rule].level if minute % 4 < 2 else None) for minute in range(60)]
        assert [reason for reason in reasons if reason is not REPEAT and reason is not NONE] == [FIRST]
        assert [looks.look(minute, None) for minute in (60, 61)] == [RESOLVED, NONE]


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    """What was told in a time that is yet to come is repeated now, and then at its pace."""
    looks = Looks()
    assert [looks.look(minute, Zone.DANGER) for minute in (600, 599.9)] == [FIRST, NONE]
    assert [looks.look(minute, Zone.DANGER) for minute in (0, 1, 5)] == [REPEAT, NONE, REPEAT]
    assert looks.state is not None
    waiting = replace(looks.state, unanswered_since=START + timedelta(hours=5))
    assert escalation_due(waiting, START, EscalationPolicy()) is not None


def test_unanswered_danger_keeps_its_first_moment() -> None:
    """The clock of escalation begins with danger told, goes on through worse, and ends with an answer or relief."""
    looks = Looks()
    looks.look(0, Zone.WARNING)
    assert looks.state is not None
    assert looks.state.unanswered_since is None
    looks.look(1, Zone.DANGER)
    looks.look(3, Zone.LIQUIDATION)
    assert looks.state.unanswered_since == START + timedelta(minutes=1)
    looks.acknowledge(4)
    assert looks.state.unanswered_since is None
    looks.state = replace(looks.state, status=AlertStatus.FIRING, escalated=2)
    looks.look(5, Zone.WARNING)
    assert (looks.state.unanswered_since, looks.state.escalated) == (None, 0)


@pytest.mark.parametrize("status", list(AlertStatus))
@pytest.mark.parametrize("level", [None, *Zone])
@pytest.mark.parametrize("told_level", list(Zone))
def test_every_step_is_well_formed(status: AlertStatus, level: Zone | None, told_level: Zone) -> None:
    """Whatever stands and whatever is seen: graver than told always rings, and a resolved alert is never repeated."""
    if level is Zone.SAFE:
        return
    state = AlertState("a/zone", "a", "zone", status, Zone.WARNING, "h", START, START, START, told_level, 1)
    now = START + timedelta(hours=1)
    condition = Condition("a", Rule.ZONE, level, "h") if level else None
    step = advance(state, condition, now, POLICY)
    assert step is not None
    if condition is None:
        assert step.state.status is AlertStatus.RESOLVED
    elif status is AlertStatus.RESOLVED:
        assert step.reason is FIRST
    elif gravity(condition.level) > gravity(told_level):
        assert (step.reason, step.state.status) == (WORSE, AlertStatus.FIRING)
    if step.reason is REPEAT:
        assert step.state.status is AlertStatus.FIRING
