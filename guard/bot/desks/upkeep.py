"""What upkeep asks for: the state of the service, the log, a drill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from guard.ports.alerting import AuditRecord
from guard.ports.records import IntentRecord, ZoneChange
from guard.risk.zones import Zone


@dataclass(frozen=True, slots=True)
class AccountState:
    """One of the person's accounts. Ages in seconds; None = never, or not since the service was started.

    `problem` says why it is not seen, empty = it is; `overdue`: it should have been looked at again by now.
    """

    name: str
    zone: Zone
    checked_s: float | None
    data_s: float | None
    watched: bool = True
    overdue: bool = False
    problem: str = ""
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The service as one person may see it: their own accounts, and what all share.

    `accounts_total` counts everybody's. `telegram` and `heartbeat` are states as in `guard.web.health.Health`.
    `second` names the second channels, `dead` counts messages given up in the last day, `streams` are (healthy, all).
    `database` is its kind, `answers_ms` how long one question took; None = it does not answer.
    """

    accounts: tuple[AccountState, ...]
    accounts_total: int
    telegram: str
    second: tuple[str, ...]
    heartbeat: str
    heartbeat_error: str
    heartbeat_s: float | None
    pending: int
    dead: int
    refusals: int
    streams: tuple[int, int]
    database: str
    answers_ms: float | None
    version: str


@dataclass(frozen=True, slots=True)
class LogView:
    """What happened, oldest first in each kind; `accounts` and `people` are names by id, of those who may be named."""

    since: datetime
    audits: tuple[AuditRecord, ...] = ()
    changes: tuple[ZoneChange, ...] = ()
    intents: tuple[IntentRecord, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drill:
    """What became of a wish for a drill.

    `sent` went into the outbox, `too_soon` was not repeated, `not_owner` was not allowed for channels that all share.
    `second` names the second channels there are.
    """

    outcome: Literal["sent", "too_soon", "not_owner"]
    second: tuple[str, ...] = ()


class UpkeepDesk(Protocol):
    """What upkeep asks for.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """

    async def service_state(self, user_id: str) -> ServiceState | None:
        """The state of the service; None when the person has no role on any account."""
        ...

    async def log_of(self, user_id: str, account_id: str | None, limit: int) -> LogView | None:
        """The newest `limit` entries of each kind of an account, or of all of the person's; None: not theirs."""
        ...

    async def drill(self, user_id: str, chat_id: int, topic_id: int | None, *, everywhere: bool) -> Drill:
        """Put a drill into the outbox for this chat, and with `everywhere` for the second channels (owners only)."""
        ...
