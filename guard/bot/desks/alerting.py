"""What the commands over alerts ask for: states, acknowledging, snoozing, thresholds, quiet hours, maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from guard.ports.alerting import AlertStatus, MaintenanceRecord
from guard.ports.records import AlertReason, Role
from guard.risk.zones import Zone


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """A condition that stands: `rank` is how grave it is (0 = safe), `seen_by` the name of who answered it.

    `title` names its rule in English, as the catalogue has it. `gone_since`: it has not held since then, and is over
    when that lasts.
    """

    rule: str
    title: str
    level: Zone
    rank: int
    status: AlertStatus
    headline: str
    since: datetime
    told_at: datetime | None
    seen_by: str | None
    snoozed_until: datetime | None
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """Something that was decided lately; `title` as above. `alone`: it had a message of its own."""

    at: datetime
    title: str
    zone: Zone
    reason: AlertReason
    alone: bool = True


@dataclass(frozen=True, slots=True)
class AlertBoard:
    """One account's alerts: what holds now (the gravest first), what was told lately, windows that are not over."""

    account_id: str
    account: str
    role: Role
    open: tuple[OpenAlert, ...] = ()
    recent: tuple[ToldAlert, ...] = ()
    windows: tuple[MaintenanceRecord, ...] = ()

    @property
    def rank(self) -> int:
        """How grave the gravest open alert is; 0: there is none."""
        return max((alert.rank for alert in self.open), default=0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer of a person did: how many alerts it was about, and what it was not about.

    `graver`: something worse than what the person was shown holds, and was left as it is. `until`: when a snooze ends,
    which may be earlier than was asked for: danger is not silent for long.
    """

    account: str
    count: int
    graver: Zone | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as it holds for an account: `value` in the unit of storage (shares are fractions), None: off.

    `title` and `help` are English, as the catalogue has them. `unit` is `%`, `USD` or empty: no threshold. `own`: a
    person set it. `optional`: it may be switched off. `text` is what holds where that is no number.
    """

    name: str
    title: str
    help: str
    unit: str
    value: float | None
    is_off: bool
    own: bool
    optional: bool
    text: str = ""


class AlertingDesk(Protocol):
    """The counterpart of the commands over alerts.

    Every method may raise a `GuardError` when the answer cannot be had now, `NotAllowed` when the role is too low.
    """

    async def alert_boards(self, user_id: str, since: datetime) -> list[AlertBoard]:
        """Alerts of every account that the person may see, by name; what was told is since then."""
        ...

    async def acknowledge(self, user_id: str, account_id: str, rank: int | None = None) -> Answered:
        """The person has seen the alerts of an account that are at most as grave as `rank` (None: all).

        Raises:
            NotAllowed: operators and owners may.
        """
        ...

    async def snooze(self, user_id: str, account_id: str, until: datetime, rank: int | None = None) -> Answered:
        """Silence about the alerts of an account until then, or until one gets worse; `rank` as above.

        Raises:
            NotAllowed: operators and owners may.
        """
        ...

    async def rules(self, user_id: str, account_id: str) -> list[RuleLine]:
        """The rules of an account, in the order in which people read them.

        Raises:
            NotAllowed: the account is not one that the person may see.
        """
        ...

    async def set_rule(self, user_id: str, account_id: str, rule: str, value: str) -> RuleLine:
        """Set a threshold as a person writes it (`5%`, `2500`, `off`), or the configured one again (`default`).

        Raises:
            NotAllowed: only the owner may.
            InputError: there is no such rule, or it cannot be set so.
        """
        ...

    async def set_quiet(self, user_id: str, quiet_from: time | None, quiet_to: time | None) -> None:
        """The person's quiet hours in their own zone; None: none."""
        ...

    async def quiet_hours(self, user_id: str) -> tuple[time, time] | None:
        """The person's quiet hours in their own zone."""
        ...

    async def begin_maintenance(self, user_id: str, account_id: str | None, until: datetime, reason: str) -> None:
        """From now until then only liquidation is told of an account, or of all that the person owns (None).

        Raises:
            NotAllowed: of one account operators and owners may, of all owners.
        """
        ...

    async def end_maintenance(self, user_id: str, account_id: str | None) -> int:
        """End open windows of an account, or (None) all that the person may end; how many there were.

        Raises:
            NotAllowed: as above.
        """
        ...
