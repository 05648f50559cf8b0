"""What one look tells, mutes and keeps; and a day of prices that swing over a bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from guard.alerts.conditions import Observation
from guard.alerts.engine import AlertPolicy, Condition, acknowledge, is_open
from guard.alerts.rulebook import RULES
from guard.alerts.rules import Rule
from guard.alerts.verdict import NO_MUTES, Mutes, Telling, Verdict, decide
from guard.ports.alerting import AlertState
from guard.ports.records import AlertReason
from guard.risk.zones import Zone

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = AlertPolicy()
EVERY_RULE = frozenset(spec.rule for spec in RULES.values())
FIRST, WORSE, BETTER = AlertReason.FIRST, AlertReason.WORSE, AlertReason.BETTER
REPEAT, RESOLVED = AlertReason.REPEAT, AlertReason.RESOLVED


class Account:
    """One account looked at again and again."""

    def __init__(self) -> None:
        self.states: dict[str, AlertState] = {}
        self.told: list[tuple[float, Telling]] = []

    def look(
        self,
        minute: float,
        zone: Zone = Zone.SAFE,
        *,
        blind: bool = False,
        rules: tuple[Rule, ...] = (),
        judged: frozenset[Rule] = EVERY_RULE,
        mutes: Mutes = NO_MUTES,
        headline: str = "",
    ) -> Verdict:
        """One look; `zone` is the last known one where it is blind."""
        conditions = [Condition("a", rule, RULES[rule].level, headline or rule.value) for rule in rules]
        if zone is not Zone.SAFE:
            conditions.append(Condition("a", Rule.ZONE, zone, "zone"))
        if blind:
            conditions.append(Condition("a", Rule.BLIND, Zone.UNKNOWN, "blind", known=zone))
        now = START + timedelta(minutes=minute)
        verdict = decide("a", self.states, Observation(tuple(conditions), judged), now, POLICY, mutes)
        self.states = dict(verdict.states)
        self.told += [(minute, telling) for telling in verdict.tellings]
        return verdict

    def answer(self, minute: float) -> None:
        """All is acknowledged."""
        now = START + timedelta(minutes=minute)
        self.states = {name: acknowledge(state, "u", now) for name, state in self.states.items()}


@pytest.fixture
def account() -> Account:
    """Nothing is known of it."""
    return Account()


def heard(verdict: Verdict) -> list[tuple[str, AlertReason]]:
    """What leads each message, and why it is sent."""
    return [(telling.dues[0].state.rule, telling.reason) for telling in verdict.tellings]


def test_zone_and_blindness_are_one_message(account: Account) -> None:
    """Going blind, worse unseen, and data that is back, with the zone that was told last."""
    assert heard(account.look(0, Zone.WARNING)) == [("zone", FIRST)]
    assert heard(account.look(1, Zone.WARNING, blind=True)) == [("blind", WORSE)]
    assert heard(account.look(2, Zone.DANGER, blind=True)) == [("zone", WORSE)]
    back = account.look(3, Zone.WATCH)
    assert heard(back) == [("zone", BETTER)]
    assert [due.state.rule for due in back.tellings[0].dues] == ["zone", "blind"]
    assert back.tellings[0].before is Zone.UNKNOWN
    assert heard(account.look(4)) == [("zone", RESOLVED)]


def test_blindness_that_ends_at_the_same_level_is_better(account: Account) -> None:
    """And resolved where all is safe."""
    account.look(0, Zone.WARNING)
    account.look(1, Zone.WARNING, blind=True)
    assert heard(account.look(2, Zone.WARNING)) == [("blind", BETTER)]
    calm = Account()
    calm.look(0, blind=True)
    assert heard(calm.look(1)) == [("blind", RESOLVED)]


def test_danger_mutes_a_warning_until_it_is_over(account: Account) -> None:
    """The drawdown is recorded; when the zone is left and it still holds, it is told."""
    account.look(0, Zone.DANGER)
    muted = account.look(1, Zone.DANGER, rules=(Rule.DRAWDOWN,))
    assert muted.tellings == ()
    assert [due.state.rule for due in muted.recorded] == ["drawdown"]
    assert account.look(2, Zone.DANGER, rules=(Rule.DRAWDOWN,)).recorded == ()
    assert heard(account.look(3, rules=(Rule.DRAWDOWN,))) == [("zone", RESOLVED), ("drawdown", FIRST)]


def test_what_nobody_was_told_must_be_gone_for_two_looks_each_time(account: Account) -> None:
    """Also when it was gone for one look before."""
    account.look(0, Zone.DANGER)
    account.look(1, Zone.DANGER, rules=(Rule.DISTANCE,))
    account.look(2, Zone.DANGER)
    account.look(3, Zone.DANGER, rules=(Rule.DISTANCE,))
    account.look(4, Zone.DANGER)
    assert is_open(account.states["a/distance"])
    account.look(5, Zone.DANGER)
    assert not is_open(account.states["a/distance"])


def test_what_is_told_late_or_again_is_told_with_the_figure_of_now(account: Account) -> None:
    """A drawdown that danger muted at 41 % is at 60 % when the danger is over."""
    account.look(0, Zone.DANGER)
    account.look(1, Zone.DANGER, rules=(Rule.DRAWDOWN,), headline="41 %")
    assert account.look(2, Zone.DANGER, rules=(Rule.DRAWDOWN,), headline="50 %").changed == ()
    for minute, headline in ((3, "60 %"), (33, "70 %")):
        told = account.look(minute, rules=(Rule.DRAWDOWN,), headline=headline).tellings[-1]
        assert told.dues[0].state.headline == headline
        assert account.states["a/drawdown"].headline == headline


def test_rules_over_the_level_are_muted_by_a_zone_that_is_as_grave(account: Account) -> None:
    """They tell the same; with a milder zone they are told."""
    account.look(0, Zone.WARNING)
    assert account.look(1, Zone.WARNING, rules=(Rule.STRESS, Rule.DISTANCE)).tellings == ()
    milder = Account()
    milder.look(0, Zone.WATCH)
    assert heard(milder.look(1, Zone.WATCH, rules=(Rule.DISTANCE,))) == [("distance", FIRST)]


def test_an_account_that_is_not_seen_mutes_its_position_rules(account: Account) -> None:
    """Nobody knows what they would say."""
    account.look(0, blind=True)
    assert account.look(1, blind=True, rules=(Rule.DRAWDOWN, Rule.SHARE)).tellings == ()


def test_what_cannot_be_judged_stays_as_it_was(account: Account) -> None:
    """Data that is stale ends no alert."""
    account.look(0, rules=(Rule.STRESS,))
    unseen = frozenset({Rule.ZONE, Rule.BLIND})
    for minute in range(1, 10):
        assert account.look(minute, judged=unseen).changed == ()
    account.look(10)
    assert heard(account.look(11)) == [("stress", RESOLVED)]


def test_one_message_reminds_of_all_that_is_no_graver(account: Account) -> None:
    """Two warnings that began ten minutes apart are one stream of reminders."""
    account.look(0, rules=(Rule.DRAWDOWN,))
    account.look(10, Zone.WARNING, rules=(Rule.DRAWDOWN,))
    for minute in range(11, 131):
        account.look(minute, Zone.WARNING, rules=(Rule.DRAWDOWN,))
    assert [minute for minute, telling in account.told if telling.reason is REPEAT] == [40, 70, 100, 130]


def test_a_joint_message_keeps_the_end_of_blindness_due(account: Account) -> None:
    """What waits is not lost: neither that it is blind, nor that it sees again."""
    waits = Mutes(waits=True)
    assert account.look(0, blind=True, mutes=waits).tellings == ()
    assert heard(account.look(1, blind=True)) == [("blind", FIRST)]
    assert account.look(2, mutes=waits).tellings == ()
    assert heard(account.look(3)) == [("blind", RESOLVED)]
    # An account that is worse meanwhile does not wait.
    assert heard(account.look(4, Zone.WARNING, mutes=waits)) == [("zone", FIRST)]


def test_a_calm_look_changes_nothing(account: Account) -> None:
    """Nor does one at a standing alarm that is not due."""
    assert account.look(0).changed == ()
    account.look(1, Zone.WATCH)
    assert account.look(2, Zone.WATCH) == Verdict(account.states)


def swinging(low: Zone, high: Zone, period_min: float) -> Callable[[float], Zone]:
    """Half of each period in either zone."""
    return lambda minute: high if minute % period_min < period_min / 2 else low


def day() -> Iterator[float]:
    """Every ten seconds of 24 hours, in minutes."""
    return (second / 60 for second in range(0, 86_400, 10))


@pytest.mark.parametrize(
    ("low", "high", "period_min", "messages"),
    [
        (Zone.SAFE, Zone.WATCH, 2, 3),
        (Zone.SAFE, Zone.WATCH, 20, 3),
        (Zone.WATCH, Zone.WARNING, 10, 50),  # 3, and a reminder each half hour
        (Zone.SAFE, Zone.WARNING, 10, 50),
        (Zone.WARNING, Zone.DANGER, 10, 145),  # half of what a danger that stays makes: one in five minutes
        (Zone.SAFE, Zone.DANGER, 10, 145),
        (Zone.DANGER, Zone.DANGER, 10, 288),
    ],
)
def test_24_hours_of_flapping(account: Account, low: Zone, high: Zone, period_min: float, messages: int) -> None:
    """8,640 looks without an answer: no more messages than of the same alarm if it stayed, and the two of the start."""
    zone = swinging(low, high, period_min)
    for minute in day():
        account.look(minute, zone(minute))
    assert len(account.told) == messages


@pytest.mark.parametrize("low", [Zone.SAFE, Zone.WARNING])
def test_24_hours_of_flapping_after_an_answer(account: Account, low: Zone) -> None:
    """Once acknowledged it is silent, until it is calm for a quarter of an hour."""
    zone = swinging(low, Zone.DANGER, 10)
    for minute in day():
        account.look(minute, zone(minute))
        if minute == 31:
            account.answer(31)
    assert max(minute for minute, _ in account.told) < 31
    account.look(1440, low)
    assert heard(account.look(1456, low)) == [("zone", RESOLVED if low is Zone.SAFE else BETTER)]
