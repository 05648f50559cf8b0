"""What is remembered of alerts between cycles: where a condition stands, what a person set, what is shown live.

Times are timezone-aware UTC. Identifiers are strings made by `guard.ports.clock.Ids`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from guard.risk.zones import Zone


class AlertStatus(StrEnum):
    """Where a condition stands. An event that is over as soon as it is told is RESOLVED from the start."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class BlindCause(StrEnum):
    """Why an account is not seen."""

    VENUE = "venue unreachable"
    KEY = "key rejected"
    DATA = "data stale or missing"


@dataclass(frozen=True, slots=True)
class AlertState:
    """What is remembered of a condition: one row for each fingerprint, for ever.

    `level` is how grave it is now, `headline` one plain English line for lists. `told_at` is when a message about it
    was last put into the outbox (None: never yet, it was muted), `told_level` the level of that message,
    `told_distance` how far liquidation was away then, as a fraction (None: not known). `seen_by` is the user id of
    who acknowledged or snoozed; either ends when the level rises above `told_level`, or in danger at half of
    `told_distance`, a snooze also at `snoozed_until`. `escalated` counts the further receivers that were told: 1
    second channel, 2 second person.

    `clear_since` is since when it has looked better than was told, without that having been told. `eased_at` is when
    good news was last told, `flaps` how often it came back soon after that. `unanswered_since` is since when it has
    been danger or worse, was told, and nobody has acknowledged.
    """

    fingerprint: str
    account_id: str
    rule: str
    status: AlertStatus
    level: Zone
    headline: str
    since: datetime
    changed_at: datetime
    told_at: datetime | None = None
    told_level: Zone = Zone.SAFE
    times_told: int = 0
    seen_by: str | None = None
    snoozed_until: datetime | None = None
    escalated: int = 0
    clear_since: datetime | None = None
    eased_at: datetime | None = None
    flaps: int = 0
    unanswered_since: datetime | None = None
    told_distance: float | None = None


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """A threshold that a person has set for one account; `value` None switches the rule off.

    `rule` is a name of `guard.alerts.rulebook.RULES`, which says the unit; shares are fractions, 0.05 is 5 %.
    """

    account_id: str
    rule: str
    value: float | None
    set_by: str | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class MaintenanceRecord:
    """A time in which the alarms of an account (None: of all of the person's) below liquidation make no message."""

    window_id: str
    user_id: str
    account_id: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AlertBriefing:
    """What is asked before anything is told of an account: all its conditions that ever were, and windows of all."""

    states: tuple[AlertState, ...] = ()
    windows: tuple[MaintenanceRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """The one status message of an account in a chat that is edited in place. `shown` is a hash of its text."""

    destination: str
    account_id: str
    message_id: str
    shown: str
    edited_at: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Who had what done: every change that a person asked for, in chat or on the command line."""

    at: datetime
    user_id: str | None
    account_id: str | None
    what: str
    detail: str
