"""What is remembered: values that `store` writes and reads, without knowing how.

Times are timezone-aware UTC. Identifiers are strings made by `guard.ports.clock.Ids`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final, Literal

from guard.ports.alerting import AlertState, BlindCause
from guard.ports.venue import AccountSpec, FetchedBook
from guard.risk.own_volatility import OwnHours
from guard.risk.quality import DataQuality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone, ZoneState

Mode = Literal["observe", "suggest", "confirm", "auto"]
Role = Literal["owner", "operator", "viewer"]


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person who owns accounts and may be linked to chats.

    `timezone` is an IANA name. Between `quiet_from` and `quiet_to`, in that zone, what is no danger makes no sound.
    """

    user_id: str
    name: str
    created_at: datetime
    language: str = "en"
    timezone: str = "UTC"
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """What somebody else than the owner may do with an account: `operator` acts, `viewer` looks."""

    account_id: str
    user_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group chat, or one topic of it, that receives alerts of a person's accounts; nothing can be done there.

    `account_id` None: of all accounts of the person. `topic_id` None: the group itself.
    """

    chat_id: int
    topic_id: int | None
    user_id: str
    account_id: str | None
    title: str
    linked_at: datetime
    dead_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """A linked chat. `chat_user_id` is the person's id at the chat service, checked on every message."""

    chat_id: int
    chat_user_id: int
    user_id: str
    title: str
    linked_at: datetime
    dead_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownModes:
    """In which modes an account was when it was last read: how its margin is computed, and in which currencies."""

    position_mode: str
    model: str
    settles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A watched account. `spec` carries decrypted credentials only when they were asked for.

    `modes` is None until the account was read once. From `mode_until` on the mode is `observe` again; None = no end.
    """

    account_id: str
    spec: AccountSpec
    owner: str | None
    mode: Mode
    created_at: datetime
    frozen: bool = False
    modes: KnownModes | None = None
    mode_until: datetime | None = None

    @property
    def name(self) -> str:
        """The account's name, unique in this installation."""
        return self.spec.name


@dataclass(frozen=True, slots=True)
class Reading:
    """One cycle's result for an account. `risk` and `fetched` are None when the venue could not be read.

    `error` is the one-line reason then. `duration_ms` covers fetch to assessment. `cause` is what kept the account from
    being seen in this cycle, None: nothing did. `own_hours` is None where nobody asks for hours of own volatility, or
    they cannot be told of this reading.
    """

    account_id: str
    account: str
    at: datetime
    quality: DataQuality
    zone_state: ZoneState
    zone: Zone
    reason: str
    risk: AccountRisk | None
    fetched: FetchedBook | None
    error: str | None
    duration_ms: float
    cause: BlindCause | None = None
    own_hours: OwnHours | None = None


@dataclass(frozen=True, slots=True)
class PositionSnapshot:
    """One leg as it stood at a snapshot; units as in `guard.risk.report.PositionRisk`.

    `currency` is that of its pool, in which its money stands; None: stored before that was known.
    """

    symbol: str
    side: str
    contracts: float
    entry_price: float
    mark_price: float
    notional: float
    unrealized_pnl: float
    maintenance_margin: float
    liquidation_price: float | None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known of an account after one cycle.

    `data_at` is when the figures were read at the venue (None: never); money is of the worst pool, in `currency`.
    All figures are None and `error` is set when the venue could not be read. `hedges` are those of the guard that
    stand, where it is made for a person to look at; nothing stores them with it.
    """

    account_id: str
    account: str
    at: datetime
    zone: Zone
    reason: str
    quality: str
    data_at: datetime | None
    currency: str | None
    equity: float | None
    unrealized_pnl: float | None
    initial_margin: float | None
    maintenance_margin: float | None
    available_margin: float | None
    risk_ratio: float | None
    margin_level: float | None
    distance: float | None
    effective_leverage: float | None
    error: str | None
    positions: tuple[PositionSnapshot, ...] = ()
    hedges: tuple[HedgeRecord, ...] = ()

    @property
    def of_present_only(self) -> bool:
        """Whether the venue's own figures are all there is: an absent distance is not known then, not out of reach.

        Their legs have no requirement of their own.
        """
        return bool(self.positions) and all(
            leg.maintenance_margin == 0.0 and leg.liquidation_price is None for leg in self.positions
        )


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """The flip: an account went from one zone to another at a time for a reason."""

    change_id: str
    account_id: str
    at: datetime
    before: Zone
    after: Zone
    reason: str


class AlertReason(StrEnum):
    """Why a message is due."""

    FIRST = "first"
    WORSE = "worse"
    BETTER = "better"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """A decided alert. `fingerprint` names the condition: the same condition has the same one for ever."""

    alert_id: str
    account_id: str
    rule: str
    fingerprint: str
    zone: Zone
    reason: AlertReason
    at: datetime
    text: str


SUPERSEDED: Final = "superseded by "
"""Begins the stored error of a message that was not sent because a newer one about the same was."""

MAYBE: Final = "may have arrived: "
"""Begins the stored error of an attempt whose answer was lost; the repeat is then marked as one for the reader."""

BEGUN: Final = f"{MAYBE}the guard ended while it was being sent"
"""The stored error of a message while it is being sent."""

QUIET_PRIORITY: Final = -1
"""Of messages that can wait for the morning: after all others, and without a sound where the channel can do so."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that must arrive. `destination` is `telegram:<chat id>` or `console`; `html` text with markup.

    `dedupe_key` makes a second insert of the same message a no-op. With `QUIET_PRIORITY` it makes no sound.
    Of the pending messages of a destination with the same `collapse_key` only the newest is still worth sending.
    `buttons` are rows of (label, data); `silent` makes no sound whatever the priority.
    """

    message_id: str
    dedupe_key: str
    destination: str
    html: str
    created_at: datetime
    priority: int = 0
    alert_id: str | None = None
    account_id: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_error: str | None = None
    collapse_key: str | None = None
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class AlertCopy:
    """A message about an alert as one chat has it; `receipt` is the service's id of it.

    `replaced` are older messages that it stood for, oldest first.
    """

    message: OutboxMessage
    receipt: str
    replaced: tuple[OutboxMessage, ...] = ()


class OrderJournalState(StrEnum):
    """States of a journalled step; see `guard.protect.journal` for the table of transitions."""

    PLANNED = "planned"
    APPROVED = "approved"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    FILLED = "filled"
    PARTLY_FILLED = "partly_filled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order of an intent in the journal. Sizes and prices are exact decimal strings.

    `mark_price` is the symbol's mark when it was planned.
    """

    order_id: str
    intent_id: str
    account_id: str
    step: int
    client_order_id: str
    remedy: str
    symbol: str
    side: str
    leg: str
    contracts: str
    limit_price: str
    reduce_only: bool
    state: OrderJournalState
    updated_at: datetime
    venue_order_id: str | None = None
    filled: str = "0"
    average_price: float | None = None
    error: str | None = None
    mark_price: float | None = None


IntentOrigin = Literal["auto", "confirm", "command", "unwind"]
IntentState = Literal["open", "done", "refused", "failed", "dry_run"]


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """A decision to act, with why, and the levels before and after. `detail` is JSON text of the plan.

    `origin` says what led to it, `requested_by` which user. Costs (fees, spread, slippage) are in quote currency.
    """

    intent_id: str
    account_id: str
    at: datetime
    state: IntentState
    zone: Zone
    reason: str
    detail: str
    risk_ratio_before: float | None
    risk_ratio_after: float | None = None
    notional: float = 0.0
    finished_at: datetime | None = None
    origin: IntentOrigin = "auto"
    requested_by: str | None = None
    cost_planned: float | None = None
    cost_actual: float | None = None


@dataclass(frozen=True, slots=True)
class ProposalRecord:
    """A plan that waits for a person's consent. Bound to one account and, where `user_id` is set, to one person.

    Only the SHA-256 of its one-use nonce is kept. `request` is JSON text: what was asked for, from which the plan is
    made anew at the tap.
    """

    proposal_id: str
    nonce_hash: str
    account_id: str
    user_id: str | None
    request: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_by: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class HedgeRecord:
    """A leg that the guard opened against another one. `contracts` is an exact decimal string, what is still open."""

    hedge_id: str
    account_id: str
    intent_id: str
    symbol: str
    leg: str
    contracts: str
    protects_symbol: str
    protects_leg: str
    opened_at: datetime
    closed_at: datetime | None = None
    close_reason: str | None = None
    safe_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """Everything one cycle leaves behind; stored in ONE transaction.

    `modes` is set when they are not as stored; `states` are the alert states that changed. `going` are ids of messages
    that are sent at once: stored as begun, unless something else is pending at their destination.
    """

    reading: Reading
    modes: KnownModes | None = None
    change: ZoneChange | None = None
    alerts: tuple[AlertRecord, ...] = ()
    messages: tuple[OutboxMessage, ...] = ()
    intent: IntentRecord | None = None
    orders: tuple[OrderRecord, ...] = ()
    states: tuple[AlertState, ...] = ()
    going: frozenset[str] = frozenset()
