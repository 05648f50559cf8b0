"""When danger that nobody acknowledges goes further: to the second channels, then to a second person. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from guard.alerts.elapsed import elapsed
from guard.ports.alerting import AlertState, AlertStatus


class Step(IntEnum):
    """How far an alert has gone beyond the chats of its own people; stored as `AlertState.escalated`."""

    NOWHERE = 0
    SECOND_CHANNEL = 1
    SECOND_PERSON = 2


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """How long danger may stand unacknowledged before each step; None: the step is not taken.

    `person` counts from the second channel on, or from the beginning where there is no step to one.
    """

    channel: timedelta | None = timedelta(minutes=10)
    person: timedelta | None = timedelta(minutes=10)


def escalation_due(state: AlertState, now: datetime, policy: EscalationPolicy) -> Step | None:
    """The next step, if it is due now; each is taken once.

    Args:
        state: where the alert stands. Only what fires, was told, and is danger or worse has `unanswered_since`.
        now: the cycle's time.
        policy: the pauses.
    """
    if state.unanswered_since is None or state.status is not AlertStatus.FIRING:
        return None
    waited = elapsed(state.unanswered_since, now)
    first = policy.channel or timedelta(0)
    if state.escalated < Step.SECOND_PERSON and policy.person is not None and waited >= first + policy.person:
        taken = state.escalated == Step.SECOND_CHANNEL or policy.channel is None
        return Step.SECOND_PERSON if taken else Step.SECOND_CHANNEL
    if state.escalated < Step.SECOND_CHANNEL and policy.channel is not None and waited >= policy.channel:
        return Step.SECOND_CHANNEL
    return None


def first_told_since_due(before: AlertState | None, state: AlertState, now: datetime, policy: EscalationPolicy) -> bool:
    """Whether a message about an alert is the first one since its first step fell due.

    Args:
        before: where the alert stood when it was told last.
        state: where it stands.
        now: the cycle's time.
        policy: the pauses; without any there is no step.
    """
    pause = policy.channel or policy.person
    if pause is None or before is None or before.told_at is None:
        return False
    if state.unanswered_since is None or state.status is not AlertStatus.FIRING:
        return False
    return elapsed(state.unanswered_since, before.told_at) < pause <= elapsed(state.unanswered_since, now)
