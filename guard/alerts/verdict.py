"""One look at an account, decided: where its alerts stand now, what is told, what is only recorded. Pure.

1. Each condition is advanced by the engine.
2. Zone and blindness are one story with one message.
3. What another alert tells, a maintenance window or a joint message mutes is recorded; it stays due.
4. A message about an account reminds of all that is no graver: their repeats begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from guard.alerts.conditions import Observation
from guard.alerts.engine import AlertPolicy, Condition, advance, gravity, is_open, resolved, told
from guard.alerts.inhibition import inhibited_by, story_of
from guard.alerts.rulebook import Story
from guard.alerts.rules import SIGHT, Rule, fingerprint
from guard.ports.alerting import AlertState, AlertStatus
from guard.ports.records import AlertReason
from guard.risk.zones import Zone

_GOOD: Final = frozenset({AlertReason.BETTER, AlertReason.RESOLVED})
_LIQUIDATION: Final = gravity(Zone.LIQUIDATION)


@dataclass(frozen=True, slots=True)
class Mutes:
    """What keeps messages back now.

    `maintenance`: a window is open. `waits`: blindness and its end wait for other accounts with the same cause.
    """

    maintenance: bool = False
    waits: bool = False


NO_MUTES: Final = Mutes()


@dataclass(frozen=True, slots=True)
class Due:
    """One alert with something to tell: where it stood, where it stands, why; `condition` None: it is over."""

    before: AlertState | None
    state: AlertState
    reason: AlertReason
    condition: Condition | None

    @property
    def rule(self) -> Rule:
        """What it is about."""
        return Rule(self.state.rule)

    @property
    def is_good(self) -> bool:
        """Whether it is good news."""
        return self.reason in _GOOD

    @property
    def rank(self) -> int:
        """How grave it is; good news ranks with what it leads to."""
        return gravity(self.state.level, self.condition.known if self.condition else Zone.SAFE)

    @property
    def is_fresh(self) -> bool:
        """Whether it is new, not only due since an earlier look."""
        was = self.before
        if was is None or was.status is AlertStatus.RESOLVED or self.reason is AlertReason.REPEAT:
            return self.reason is not AlertReason.REPEAT
        return was.level is not self.state.level or was.status is not self.state.status


@dataclass(frozen=True, slots=True)
class Telling:
    """One message: what leads it, and what it tells besides.

    `reason` and `before` (the zone that was told last) are for the message of zone and blindness. `also` are rules that
    it mentions. `hushed`: no sound.
    """

    dues: tuple[Due, ...]
    reason: AlertReason
    before: Zone
    also: tuple[Due, ...] = ()
    hushed: bool = False

    @property
    def is_sight(self) -> bool:
        """Whether it is about zone and blindness."""
        return self.dues[0].rule in SIGHT

    @property
    def is_blindness(self) -> bool:
        """Whether it tells only that an account is not seen, or seen again."""
        return all(due.rule is Rule.BLIND for due in self.dues)

    @property
    def rank(self) -> int:
        """How grave it is."""
        return max(due.rank for due in (*self.dues, *self.also))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look comes to.

    `states` are all alerts of the account by fingerprint, `changed` those to be stored. `recorded` has no message.
    """

    states: Mapping[str, AlertState] = field(default_factory=dict)
    changed: tuple[AlertState, ...] = ()
    tellings: tuple[Telling, ...] = ()
    recorded: tuple[Due, ...] = ()


def decide(
    account_id: str,
    states: Mapping[str, AlertState],
    seen: Observation,
    now: datetime,
    policy: AlertPolicy,
    mutes: Mutes = NO_MUTES,
) -> Verdict:
    """Decide one look.

    Args:
        account_id: whose.
        states: where alerts stood, by fingerprint.
        seen: what holds now, and what could be judged.
        now: the cycle's time.
        policy: pauses.
        mutes: what keeps messages back.
    """
    after, dues = _advanced(states, seen, now, policy)
    sight = _sight(account_id, states, dues)
    others = [due for due in dues if due.rule not in SIGHT]
    tellings: list[Telling] = []
    recorded: list[Due] = []
    if sight is not None and sight.is_blindness and mutes.waits:
        _postpone(sight, after)
        sight = None
    elif sight is not None:
        sight = _in_window(sight, recorded, mutes)
    if sight is not None:
        tellings.append(sight)
    for due in sorted(others, key=lambda due: -due.rank):
        muted = inhibited_by(due.state.rule, due.state.level, account_id, after) is not None
        if muted or (due.is_good and sight is not None):
            # The level has one history: that of the zone.
            recorded += [due] if due.is_fresh and story_of(due.state.rule) is not Story.LEVEL else []
        elif sight is not None and not sight.dues[0].is_good:
            after[due.state.fingerprint] = told(due.state, due.reason, now)
            recorded += [due] if due.is_fresh else []
            tellings[0] = replace(tellings[0], also=(*tellings[0].also, due))
        elif due.reason is not AlertReason.REPEAT or not tellings:
            telling = _in_window(Telling((due,), due.reason, Zone.SAFE), recorded, mutes)
            tellings += [telling] if telling is not None else []
    _mark(tellings, after, now)
    changed = tuple(state for name, state in after.items() if states.get(name) != state)
    return Verdict(after, changed, tuple(tellings), tuple(recorded))


def _advanced(
    states: Mapping[str, AlertState], seen: Observation, now: datetime, policy: AlertPolicy
) -> tuple[dict[str, AlertState], list[Due]]:
    """Every alert after this look, and those with something to tell."""
    holding = {condition.fingerprint: condition for condition in seen.conditions}
    after = dict(states)
    dues: list[Due] = []
    for name in dict.fromkeys([*holding, *(name for name, state in states.items() if is_open(state))]):
        before, condition = states.get(name), holding.get(name)
        if condition is None and before is not None and before.rule not in seen.judged:
            continue
        step = advance(before, condition, now, policy)
        if step is None:
            continue
        after[name] = step.state
        if step.reason is not AlertReason.NONE:
            # What was muted for hours, or is told again, is told with today's figure.
            told_of = step.state if condition is None else replace(step.state, headline=condition.headline)
            dues.append(Due(before, told_of, step.reason, condition))
    return after, dues


def _sight(account_id: str, states: Mapping[str, AlertState], dues: list[Due]) -> Telling | None:
    """What zone and blindness have to tell together."""
    zone = next((due for due in dues if due.rule is Rule.ZONE), None)
    blind = next((due for due in dues if due.rule is Rule.BLIND), None)
    before = _shown(account_id, states)
    if blind is not None and blind.reason is AlertReason.FIRST:
        reason = AlertReason.FIRST if before is Zone.SAFE else AlertReason.WORSE
        worse = zone is not None and zone.reason is not AlertReason.REPEAT
        return Telling((blind, zone) if worse and zone is not None else (blind,), reason, before)
    if blind is not None and blind.reason is AlertReason.RESOLVED:
        if zone is not None and zone.reason is not AlertReason.REPEAT:
            return Telling((zone, blind), zone.reason, before)
        stays = is_open(states.get(fingerprint(account_id, Rule.ZONE)))
        return Telling((blind,), AlertReason.BETTER if stays else AlertReason.RESOLVED, before)
    found = tuple(due for due in (zone, blind) if due is not None)
    if not found:
        return None
    if zone is not None and zone.reason is not AlertReason.REPEAT:
        return Telling((zone,), zone.reason, before)
    return Telling(found, found[0].reason, before)


def _shown(account_id: str, states: Mapping[str, AlertState]) -> Zone:
    """The zone that people were told last."""
    blind = states.get(fingerprint(account_id, Rule.BLIND))
    if blind is not None and is_open(blind) and blind.told_at is not None:
        return Zone.UNKNOWN
    zone = states.get(fingerprint(account_id, Rule.ZONE))
    return zone.told_level if zone is not None and is_open(zone) and zone.told_at is not None else Zone.SAFE


def _postpone(sight: Telling, after: dict[str, AlertState]) -> None:
    """Blindness that a later message tells. The end of what waits has not come yet, or it would be lost in a crash."""
    for due in sight.dues:
        if due.is_good and due.before is not None:
            after[due.state.fingerprint] = due.before


def told_together(state: AlertState, now: datetime, at: datetime, *, over: bool) -> Due:
    """What a message about several accounts has told of this one's blindness.

    Args:
        state: of the blindness.
        now: the cycle's time.
        at: when the first of these accounts was told: all are repeated from then on.
        over: whether it was told that the account is seen again.
    """
    if over:
        return Due(state, told(resolved(state, now), AlertReason.RESOLVED, at), AlertReason.RESOLVED, None)
    reason = AlertReason.FIRST if state.told_at is None else AlertReason.REPEAT
    return Due(state, told(state, reason, at), reason, None)


def _in_window(telling: Telling, recorded: list[Due], mutes: Mutes) -> Telling | None:
    """What a maintenance window leaves of a message: liquidation whole, good news without a sound, else nothing."""
    if not mutes.maintenance or telling.rank >= _LIQUIDATION:
        return telling
    if all(due.is_good for due in telling.dues):
        return replace(telling, hushed=True)
    recorded += [due for due in telling.dues if due.is_fresh]
    return None


def _mark(tellings: list[Telling], after: dict[str, AlertState], now: datetime) -> None:
    """What is told now, and what people are reminded of by it."""
    for telling in tellings:
        for due in telling.dues:
            known = due.condition.known if due.condition else Zone.SAFE
            distance = due.condition.distance if due.condition else None
            after[due.state.fingerprint] = told(due.state, due.reason, now, known=known, distance=distance)
    alarms = [telling.rank for telling in tellings if not all(due.is_good for due in telling.dues)]
    if not alarms:
        return
    for name, state in after.items():
        if state.status is AlertStatus.FIRING and state.told_at is not None and state.told_at < now:
            reminded = state.level is state.told_level and gravity(state.level) <= max(alarms)
            after[name] = replace(state, told_at=now) if reminded else state
