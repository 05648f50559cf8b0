"""Where an alert stands and whether a message about it is due: the semantics of an alert manager, as pure functions.

A condition is looked at again and again; what is remembered of it is one `AlertState`. `advance` says what the next
state is and why something would be told; it never says that it was told: whoever tells it says so with `told`. So what
is muted (by another alert, a maintenance window, a snooze) stays due, and is told when the mute ends while it holds.

| stands | looks | then |
| --- | --- | --- |
| nothing, or resolved | a condition | firing; FIRST |
| not resolved | graver than told | firing, whoever acknowledged or snoozed it; WORSE |
| answered | danger or worse, and half as far from liquidation as told | firing; WORSE |
| not resolved | milder than told | BETTER, but not while snoozed |
| firing | as told | REPEAT after the level's pause |
| acknowledged | as told | nothing |
| snoozed | as told | nothing until the snooze ends, then like firing, with a REPEAT |
| not resolved | no condition, for the rule's looks | resolved; RESOLVED if it was ever told |

Good news that did not last (the condition came back within `flap_window` of it) is told only after it has lasted
`good_news_after`: what swings over a bar all day rings no more often than what stays there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from guard.alerts.elapsed import elapsed
from guard.alerts.rulebook import RULES
from guard.alerts.rules import Rule, fingerprint
from guard.ports.alerting import AlertState, AlertStatus
from guard.ports.records import AlertReason
from guard.risk.zones import LADDER, Zone

_RANKS: Final[Mapping[Zone, int]] = {zone: place for place, zone in enumerate(LADDER)}
_GRAVE: Final = _RANKS[Zone.DANGER]
# Of the distance that was told: an answer to danger at 3.8 % is none to danger at 1.9 %.
_NEARER: Final = 0.5
_GOOD_NEWS: Final = frozenset({AlertReason.BETTER, AlertReason.RESOLVED})


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now. `part` tells apart what one rule says of an account at the same time.

    `headline` is one plain English line. `known` is the last known zone behind a `level` of unknown. `distance` is how
    far liquidation is away, as a fraction, where the condition is about that.
    """

    account_id: str
    rule: Rule
    level: Zone
    headline: str
    part: str = ""
    known: Zone = Zone.SAFE
    distance: float | None = None

    @property
    def fingerprint(self) -> str:
        """The name of the condition."""
        return fingerprint(self.account_id, self.rule, self.part)


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """How patiently alerts are repeated; a level without a pause is never repeated.

    Unknown is repeated like a warning, or like the last known zone where that was graver.
    """

    repeat: Mapping[Zone, timedelta] = field(
        default_factory=lambda: {
            Zone.WARNING: timedelta(minutes=30),
            Zone.DANGER: timedelta(minutes=5),
            Zone.LIQUIDATION: timedelta(minutes=2),
        }
    )
    flap_window: timedelta = timedelta(minutes=30)
    good_news_after: timedelta = timedelta(minutes=15)

    def pause(self, level: Zone, known: Zone = Zone.SAFE) -> timedelta | None:
        """How long until a repeat; None: never."""
        return self.repeat.get(LADDER[gravity(level, known)])


@dataclass(frozen=True, slots=True)
class Advance:
    """What a look comes to: where the condition stands now, and why a message would be due."""

    state: AlertState
    reason: AlertReason


def gravity(level: Zone, known: Zone = Zone.SAFE) -> int:
    """How grave a level is, 0 = safe. Unknown ranks with warning, or with the last known zone where that is graver."""
    if level is not Zone.UNKNOWN:
        return _RANKS[level]
    return max(_RANKS[Zone.WARNING], _RANKS.get(known, 0))


def is_grave(level: Zone, known: Zone = Zone.SAFE) -> bool:
    """Whether it is danger or worse."""
    return gravity(level, known) >= _GRAVE


def is_open(state: AlertState | None) -> bool:
    """Whether a condition still holds, as far as is known."""
    return state is not None and state.status is not AlertStatus.RESOLVED


def advance(
    state: AlertState | None, condition: Condition | None, now: datetime, policy: AlertPolicy
) -> Advance | None:
    """One look at a condition.

    Args:
        state: what is remembered; None: nothing.
        condition: what holds now; None: it does not hold. (What cannot be judged now is not to be looked at.)
        now: the cycle's time.
        policy: pauses.

    Returns:
        The next state and why a message is due; None when there was nothing and is nothing.
    """
    if condition is None:
        if state is None or state.status is AlertStatus.RESOLVED:
            return None if state is None else Advance(state, AlertReason.NONE)
        return _absent(state, now, policy)
    if state is None or state.status is AlertStatus.RESOLVED:
        return Advance(_begun(state, condition, now, policy), AlertReason.FIRST)
    return _standing(state, condition, now, policy)


def told(
    state: AlertState,
    reason: AlertReason,
    now: datetime,
    *,
    known: Zone = Zone.SAFE,
    distance: float | None = None,
) -> AlertState:
    """The state after a message about it was put into the outbox."""
    grave = state.status is AlertStatus.FIRING and is_grave(state.level, known)
    return replace(
        state,
        told_at=now,
        told_level=state.level,
        told_distance=state.told_distance if distance is None else distance,
        times_told=state.times_told + 1,
        clear_since=None,
        eased_at=now if reason in _GOOD_NEWS else state.eased_at,
        unanswered_since=(state.unanswered_since or now) if grave else None,
        escalated=state.escalated if grave else 0,
    )


def acknowledge(state: AlertState, user_id: str | None, now: datetime) -> AlertState:
    """Somebody has seen it: no repeats until it gets worse or is resolved. What is resolved stays as it is."""
    if state.status is AlertStatus.RESOLVED:
        return state
    return replace(_seen(state, user_id, now), status=AlertStatus.ACKNOWLEDGED, snoozed_until=None)


def snooze(state: AlertState, user_id: str | None, now: datetime, until: datetime) -> AlertState:
    """Somebody wants silence until then, or until it gets worse. What is resolved stays as it is."""
    if state.status is AlertStatus.RESOLVED or until <= now:
        return state
    return replace(_seen(state, user_id, now), status=AlertStatus.SNOOZED, snoozed_until=until)


def _seen(state: AlertState, user_id: str | None, now: datetime) -> AlertState:
    """Whoever answers has seen the level that is shown: it is as good as told."""
    return replace(
        state,
        seen_by=user_id,
        changed_at=now,
        told_at=state.told_at or now,
        told_level=state.level,
        clear_since=None,
        unanswered_since=None,
        escalated=0,
    )


def _begun(state: AlertState | None, condition: Condition, now: datetime, policy: AlertPolicy) -> AlertState:
    return AlertState(
        fingerprint=condition.fingerprint,
        account_id=condition.account_id,
        rule=condition.rule.value,
        status=AlertStatus.FIRING,
        level=condition.level,
        headline=condition.headline,
        since=now,
        changed_at=now,
        flaps=_flaps(state, now, policy) if state is not None else 0,
        eased_at=state.eased_at if state is not None else None,
    )


def _flaps(state: AlertState, now: datetime, policy: AlertPolicy) -> int:
    """How often in a row it has come back soon after good news, this time included."""
    soon = state.eased_at is not None and elapsed(state.eased_at, now) < policy.flap_window
    return state.flaps + 1 if soon else 0


def _standing(state: AlertState, condition: Condition, now: datetime, policy: AlertPolicy) -> Advance:
    """A condition that held before still holds."""
    level = condition.level
    now_at = state
    if level is not state.level:
        now_at = replace(state, level=level, headline=condition.headline, changed_at=now)
    if state.told_at is None:
        return _untold(replace(now_at, clear_since=None), now)
    rank, was = gravity(level, condition.known), gravity(state.told_level, condition.known)
    if rank > was or (rank == was and _is_nearer(now_at, condition)):
        return Advance(_rung(now_at, now, policy), AlertReason.WORSE)
    awake = now_at.status is AlertStatus.SNOOZED and (now_at.snoozed_until is None or now_at.snoozed_until <= now)
    if awake:
        now_at = replace(now_at, status=AlertStatus.FIRING, snoozed_until=None, changed_at=now)
    if rank < was:
        return _eased(now_at, now, policy)
    now_at = replace(now_at, clear_since=None)
    if now_at.status is not AlertStatus.FIRING:
        return Advance(now_at, AlertReason.NONE)
    pause = policy.pause(level, condition.known)
    due = pause is not None and (awake or elapsed(state.told_at, now) >= pause)
    return Advance(now_at, AlertReason.REPEAT if due else AlertReason.NONE)


def _is_nearer(state: AlertState, condition: Condition) -> bool:
    """Whether liquidation is much nearer than when it was told, and somebody has answered: nothing else would ring."""
    if state.status is AlertStatus.FIRING or not is_grave(condition.level, condition.known):
        return False
    if condition.distance is None or state.told_distance is None:
        return False
    # Told as none at all, which is liquidation: nothing is nearer.
    return state.told_distance > 0.0 and condition.distance <= _NEARER * state.told_distance


def _untold(state: AlertState, now: datetime) -> Advance:
    """Muted until now: it is still the first message that is due, unless somebody has answered it."""
    if state.status is AlertStatus.SNOOZED and state.snoozed_until is not None and state.snoozed_until <= now:
        state = replace(state, status=AlertStatus.FIRING, snoozed_until=None, changed_at=now)
    due = state.status is AlertStatus.FIRING
    return Advance(state, AlertReason.FIRST if due else AlertReason.NONE)


def _rung(state: AlertState, now: datetime, policy: AlertPolicy) -> AlertState:
    """Graver than told: whoever acknowledged or snoozed it has not seen this."""
    return replace(
        state,
        status=AlertStatus.FIRING,
        seen_by=None,
        snoozed_until=None,
        clear_since=None,
        flaps=_flaps(state, now, policy),
    )


def _eased(state: AlertState, now: datetime, policy: AlertPolicy) -> Advance:
    """Milder than told, and not gone."""
    since = state.clear_since or now
    state = replace(state, clear_since=since)
    lasts = state.flaps == 0 or elapsed(since, now) >= policy.good_news_after
    snoozed = state.status is AlertStatus.SNOOZED
    return Advance(state, AlertReason.BETTER if lasts and not snoozed else AlertReason.NONE)


def _absent(state: AlertState, now: datetime, policy: AlertPolicy) -> Advance:
    """It does not hold any more: resolved once the rule's patience is over."""
    spec = RULES.get(state.rule)
    looks, holds = (spec.looks, spec.holds) if spec is not None else (1, timedelta(0))
    since = state.clear_since
    lasts = looks == 1 or since is not None
    if state.flaps and state.told_at is not None:
        lasts = since is not None and elapsed(since, now) >= policy.good_news_after
    if not lasts or elapsed(state.since, now) < holds:
        return Advance(replace(state, clear_since=since or now), AlertReason.NONE)
    return Advance(resolved(state, now), AlertReason.NONE if state.told_at is None else AlertReason.RESOLVED)


def resolved(state: AlertState, now: datetime) -> AlertState:
    """The state of what is over."""
    return replace(
        state,
        status=AlertStatus.RESOLVED,
        level=Zone.SAFE,
        changed_at=now,
        clear_since=None,
        snoozed_until=None,
        unanswered_since=None,
    )
