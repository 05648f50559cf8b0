"""When a message is tried again, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from guard.alerts.delivery import Postponed
from guard.ports.records import OutboxMessage

_DOUBLINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently messages are repeated.

    Args:
        first_s: pause after the first failure; it doubles with each further one.
        cap_s: longest pause that the guard chooses by itself (a channel may ask for more).
        give_up_after: age at which a message that still did not arrive is dead and shown as undelivered.
        defect_attempts: attempts after which a message that makes a sink fail by a defect is dead.
    """

    first_s: float = 1.0
    cap_s: float = 60.0
    give_up_after: timedelta = timedelta(hours=24)
    defect_attempts: int = 5


def pause_s(attempts: int, retry_after_s: float | None, policy: RetryPolicy, chance: float) -> float:
    """Seconds until the next attempt.

    Args:
        attempts: attempts that failed so far, at least 1.
        retry_after_s: what the channel asked for; never undercut, whatever the cap.
        policy: first pause and cap.
        chance: a number in [0, 1) that spreads many messages: half of the pause up to all of it.
    """
    full = min(policy.cap_s, policy.first_s * 2.0 ** min(attempts - 1, _DOUBLINGS_MAX))
    pause = full * (0.5 + 0.5 * chance)
    if retry_after_s is None:
        return pause
    return max(pause, retry_after_s + min(policy.first_s, 1.0) * chance)


def is_given_up(message: OutboxMessage, failure: Postponed, now: datetime, policy: RetryPolicy) -> bool:
    """Whether one more failure ends the message's life."""
    if failure.defect and message.attempts + 1 >= policy.defect_attempts:
        return True
    return now - message.created_at >= policy.give_up_after
