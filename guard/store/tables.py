"""The tables, as SQLModel classes by concept: people, accounts, history, alerts, protection.

Owns names, types, keys and indexes; `alembic/versions` builds the same (a test compares both). Rows are written and
read with Core statements over `table(...)`, never as objects: a cycle stores twenty rows every few seconds.

Identifiers are the caller's strings. `seq` columns number rows in the order of writing: equal times keep their order,
and the many rows of `snapshot_positions` refer to a snapshot by eight bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table, Text, false
from sqlmodel import Field, SQLModel

from guard.store.columns import Finite, Serial, UtcMicros

# Every constraint has a name, or a later migration could not drop it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """Ties every table to our own metadata."""

    metadata: ClassVar[MetaData] = metadata


def table(row: type[Row]) -> Table:
    """The Core table of a row class."""
    return metadata.tables[str(row.__tablename__)]


class MetaRow(Row, table=True):
    """Facts about the database itself, such as which key seals its credentials."""

    __tablename__ = "meta"
    name: str = Field(primary_key=True)
    value: str


# People


class UserRow(Row, table=True):
    """A person who owns accounts."""

    __tablename__ = "users"
    user_id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcMicros)
    language: str = Field(default="en", sa_column_kwargs={"server_default": "en"})
    timezone: str = Field(default="UTC", sa_column_kwargs={"server_default": "UTC"})
    quiet_from: str | None = None
    quiet_to: str | None = None


class GrantRow(Row, table=True):
    """What somebody else than its owner may do with an account."""

    __tablename__ = "grants"
    account_id: str = Field(primary_key=True, foreign_key="accounts.account_id", ondelete="CASCADE")
    user_id: str = Field(primary_key=True, foreign_key="users.user_id", ondelete="CASCADE", index=True)
    role: str


class GroupRow(Row, table=True):
    """A group chat, or a topic of it (0 = the group itself), that receives a person's alerts."""

    __tablename__ = "groups"
    chat_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    topic_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    user_id: str = Field(primary_key=True, foreign_key="users.user_id", ondelete="CASCADE", index=True)
    account_id: str | None = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    title: str
    linked_at: datetime = Field(sa_type=UtcMicros)
    dead_since: datetime | None = Field(sa_type=UtcMicros)


class ChatRow(Row, table=True):
    """A person in a chat. Two people may share a group chat; a person may be in several chats, for one user only."""

    __tablename__ = "chats"
    chat_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    chat_user_id: int = Field(
        primary_key=True, index=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    user_id: str = Field(foreign_key="users.user_id", ondelete="CASCADE", index=True)
    title: str
    linked_at: datetime = Field(sa_type=UtcMicros)
    dead_since: datetime | None = Field(sa_type=UtcMicros)


class LinkCodeRow(Row, table=True):
    """A one-time code that links a chat to a user. Only its SHA-256 is kept: a copied database links nobody."""

    __tablename__ = "link_codes"
    code_hash: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.user_id", ondelete="CASCADE", index=True)
    expires_at: datetime = Field(sa_type=UtcMicros)


class RefusalRow(Row, table=True):
    """Strangers who were refused. One row a stranger, counted: nobody can fill the disk by writing to the bot."""

    __tablename__ = "refusals"
    chat_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    chat_user_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    first_at: datetime = Field(sa_type=UtcMicros)
    last_at: datetime = Field(sa_type=UtcMicros)
    times: int
    what: str


# Accounts


class AccountRow(Row, table=True):
    """A watched account. `credentials` is sealed by `guard.store.vault` under the key `key_id`."""

    __tablename__ = "accounts"
    account_id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    venue: str
    base_url: str | None
    book_file: str | None
    owner_id: str | None = Field(foreign_key="users.user_id", ondelete="RESTRICT", index=True)
    mode: str
    frozen: bool
    created_at: datetime = Field(sa_type=UtcMicros)
    credentials: bytes | None = Field(sa_type=LargeBinary)
    key_id: str | None
    position_mode: str | None = None
    margin_model: str | None = None
    settles: str | None = None
    mode_until: datetime | None = Field(default=None, sa_type=UtcMicros)


class WatchStateRow(Row, table=True):
    """What the zone machine of an account remembers, and when its last cycle was."""

    __tablename__ = "watch_states"
    account_id: str = Field(primary_key=True, foreign_key="accounts.account_id", ondelete="CASCADE")
    zone: str
    last_known: str
    clear_cycles: int
    blind_cycles: int
    reason: str
    last_cycle_at: datetime | None = Field(sa_type=UtcMicros)


# History


class SnapshotRow(Row, table=True):
    """What was known of an account after one cycle; units as in `guard.ports.records.Snapshot`."""

    __tablename__ = "snapshots"
    __table_args__: ClassVar[Any] = (Index(None, "account_id", "at"),)
    seq: int = Field(primary_key=True, sa_type=Serial)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcMicros)
    zone: str
    reason: str
    quality: str
    data_at: datetime | None = Field(sa_type=UtcMicros)
    currency: str | None
    equity: float | None = Field(sa_type=Finite)
    unrealized_pnl: float | None = Field(sa_type=Finite)
    initial_margin: float | None = Field(sa_type=Finite)
    maintenance_margin: float | None = Field(sa_type=Finite)
    available_margin: float | None = Field(sa_type=Finite)
    risk_ratio: float | None = Field(sa_type=Finite)
    margin_level: float | None = Field(sa_type=Finite)
    distance: float | None = Field(sa_type=Finite)
    effective_leverage: float | None = Field(sa_type=Finite)
    error: str | None


class PositionRow(Row, table=True):
    """One leg at one snapshot. By far the most rows: stored in the tree of its key, without a second index."""

    __tablename__ = "snapshot_positions"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}
    snapshot_seq: int = Field(
        primary_key=True,
        sa_type=Serial,
        foreign_key="snapshots.seq",
        ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )
    ordinal: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    symbol: str
    side: str
    contracts: float = Field(sa_type=Finite)
    entry_price: float = Field(sa_type=Finite)
    mark_price: float = Field(sa_type=Finite)
    notional: float = Field(sa_type=Finite)
    unrealized_pnl: float = Field(sa_type=Finite)
    maintenance_margin: float = Field(sa_type=Finite)
    liquidation_price: float | None = Field(sa_type=Finite)
    currency: str | None


class ZoneChangeRow(Row, table=True):
    """The flip: from one zone to another at a time for a reason."""

    __tablename__ = "zone_changes"
    __table_args__: ClassVar[Any] = (Index(None, "account_id", "at"),)
    seq: int = Field(primary_key=True, sa_type=Serial)
    change_id: str = Field(unique=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcMicros)
    before: str
    after: str
    reason: str


# Alerts


class AlertRow(Row, table=True):
    """A decided alert."""

    __tablename__ = "alerts"
    __table_args__: ClassVar[Any] = (Index(None, "fingerprint", "at"), Index(None, "account_id", "at"))
    seq: int = Field(primary_key=True, sa_type=Serial)
    alert_id: str = Field(unique=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE")
    rule: str
    fingerprint: str
    zone: str
    reason: str
    at: datetime = Field(sa_type=UtcMicros, index=True)
    text: str = Field(sa_type=Text)


class AlertStateRow(Row, table=True):
    """Where a condition stands; see `guard.ports.alerting.AlertState`."""

    __tablename__ = "alert_states"
    fingerprint: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    rule: str
    status: str
    level: str
    headline: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=UtcMicros)
    changed_at: datetime = Field(sa_type=UtcMicros)
    told_at: datetime | None = Field(sa_type=UtcMicros)
    told_level: str
    times_told: int
    seen_by: str | None = Field(foreign_key="users.user_id", ondelete="SET NULL", index=True)
    snoozed_until: datetime | None = Field(sa_type=UtcMicros)
    escalated: int
    clear_since: datetime | None = Field(sa_type=UtcMicros)
    eased_at: datetime | None = Field(sa_type=UtcMicros)
    flaps: int
    unanswered_since: datetime | None = Field(sa_type=UtcMicros)
    told_distance: float | None = Field(sa_type=Finite)


class RuleSettingRow(Row, table=True):
    """A threshold that a person has set; no value: the rule is off."""

    __tablename__ = "rule_settings"
    account_id: str = Field(primary_key=True, foreign_key="accounts.account_id", ondelete="CASCADE")
    rule: str = Field(primary_key=True)
    value: float | None = Field(sa_type=Finite)
    set_by: str | None = Field(foreign_key="users.user_id", ondelete="SET NULL", index=True)
    set_at: datetime = Field(sa_type=UtcMicros)


class MaintenanceRow(Row, table=True):
    """A time in which alarms below liquidation make no message."""

    __tablename__ = "maintenance"
    window_id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.user_id", ondelete="CASCADE", index=True)
    account_id: str | None = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    starts_at: datetime = Field(sa_type=UtcMicros)
    ends_at: datetime = Field(sa_type=UtcMicros, index=True)
    reason: str


class LiveMessageRow(Row, table=True):
    """The one status message of an account in a chat that is edited in place."""

    __tablename__ = "live_messages"
    destination: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True, foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    message_id: str
    shown: str
    edited_at: datetime = Field(sa_type=UtcMicros)
    pinned: bool


class AuditRow(Row, table=True):
    """Who had what done. It outlives people and accounts."""

    __tablename__ = "audit"
    __table_args__: ClassVar[Any] = (Index(None, "account_id", "at"),)
    seq: int = Field(primary_key=True, sa_type=Serial)
    at: datetime = Field(sa_type=UtcMicros, index=True)
    user_id: str | None
    account_id: str | None
    what: str
    detail: str = Field(sa_type=Text)


class OutboxRow(Row, table=True):
    """A message that must arrive. Pending until `delivered_at` or `dead_at` is set; it outlives its account."""

    __tablename__ = "outbox"
    seq: int = Field(primary_key=True, sa_type=Serial)
    message_id: str = Field(unique=True)
    dedupe_key: str = Field(unique=True)
    destination: str
    html: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcMicros)
    priority: int
    alert_id: str | None = Field(foreign_key="alerts.alert_id", ondelete="SET NULL", index=True)
    account_id: str | None = Field(foreign_key="accounts.account_id", ondelete="SET NULL", index=True)
    attempts: int
    next_attempt_at: datetime | None = Field(sa_type=UtcMicros)
    last_error: str | None
    delivered_at: datetime | None = Field(sa_type=UtcMicros)
    receipt: str | None
    dead_at: datetime | None = Field(sa_type=UtcMicros)
    collapse_key: str | None = None
    buttons: str | None = Field(default=None, sa_type=Text)
    silent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


_outbox = table(OutboxRow)
_pending = _outbox.c.delivered_at.is_(None) & _outbox.c.dead_at.is_(None)
_waiting = _pending & _outbox.c.next_attempt_at.is_not(None)
# Of all messages ever sent only the few pending ones are looked at again, and of these only the few that failed before
# can hold others back: without the second index each message would be compared with all older ones.
Index("ix_outbox_pending", _outbox.c.priority, _outbox.c.created_at, sqlite_where=_pending, postgresql_where=_pending)
Index(
    "ix_outbox_waiting",
    _outbox.c.destination,
    _outbox.c.priority,
    _outbox.c.next_attempt_at,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)


# Protection


class IntentRow(Row, table=True):
    """A decision to act."""

    __tablename__ = "intents"
    __table_args__: ClassVar[Any] = (Index(None, "account_id", "at"), Index(None, "state", "at"))
    seq: int = Field(primary_key=True, sa_type=Serial)
    intent_id: str = Field(unique=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcMicros, index=True)
    state: str
    zone: str
    reason: str
    detail: str = Field(sa_type=Text)
    risk_ratio_before: float | None = Field(sa_type=Finite)
    risk_ratio_after: float | None = Field(sa_type=Finite)
    notional: float = Field(sa_type=Finite)
    finished_at: datetime | None = Field(sa_type=UtcMicros)
    origin: str = Field(default="auto", sa_column_kwargs={"server_default": "auto"})
    requested_by: str | None = None
    cost_planned: float | None = Field(default=None, sa_type=Finite)
    cost_actual: float | None = Field(default=None, sa_type=Finite)


class OrderRow(Row, table=True):
    """One order of an intent. Sizes and prices are exact decimal strings, as they were sent."""

    __tablename__ = "orders"
    seq: int = Field(primary_key=True, sa_type=Serial)
    order_id: str = Field(unique=True)
    intent_id: str = Field(foreign_key="intents.intent_id", ondelete="CASCADE", index=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    step: int
    client_order_id: str = Field(unique=True)
    remedy: str
    symbol: str
    side: str
    leg: str
    contracts: str
    limit_price: str
    reduce_only: bool
    state: str
    updated_at: datetime = Field(sa_type=UtcMicros)
    venue_order_id: str | None
    filled: str
    average_price: float | None = Field(sa_type=Finite)
    error: str | None
    mark_price: float | None = Field(default=None, sa_type=Finite)


class ProposalRow(Row, table=True):
    """A plan that waits for a person's consent; only the hash of its one-use nonce is kept."""

    __tablename__ = "proposals"
    proposal_id: str = Field(primary_key=True)
    nonce_hash: str = Field(unique=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    user_id: str | None = Field(foreign_key="users.user_id", ondelete="CASCADE", index=True)
    request: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcMicros)
    expires_at: datetime = Field(sa_type=UtcMicros)
    used_at: datetime | None = Field(sa_type=UtcMicros)
    used_by: str | None
    outcome: str | None


class HedgeRow(Row, table=True):
    """A leg that the guard opened against another one; `contracts` is what is still open."""

    __tablename__ = "hedges"
    hedge_id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.account_id", ondelete="CASCADE", index=True)
    intent_id: str
    symbol: str
    leg: str
    contracts: str
    protects_symbol: str
    protects_leg: str
    opened_at: datetime = Field(sa_type=UtcMicros)
    closed_at: datetime | None = Field(sa_type=UtcMicros)
    close_reason: str | None
    safe_since: datetime | None = Field(sa_type=UtcMicros)
