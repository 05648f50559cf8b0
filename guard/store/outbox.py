"""Statements over the outbox: messages wait here until a channel has taken them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from guard.ports.errors import StoreError
from guard.ports.records import BEGUN, SUPERSEDED, AlertCopy, OutboxMessage
from guard.store.tables import AlertRow, OutboxRow, table

COPIES_MAX: Final = 200

_outbox: Final = table(OutboxRow)
_alerts: Final = table(AlertRow)
_older: Final = _outbox.alias("older")

_AT_ONCE: Final = 500
_IS_PENDING: Final = _outbox.c.delivered_at.is_(None) & _outbox.c.dead_at.is_(None)

# A second message with the same dedupe key is a no-op; any other clash is an error.
_ADD: Final = {
    "sqlite": sqlite.insert(_outbox).on_conflict_do_nothing(index_elements=["dedupe_key"]),
    "postgresql": postgresql.insert(_outbox).on_conflict_do_nothing(index_elements=["dedupe_key"]),
}

_now: Final = bindparam("now", type_=_outbox.c.created_at.type)
_OVERTAKES: Final = (
    select(_older.c.seq)
    .where(
        _older.c.delivered_at.is_(None)
        & _older.c.dead_at.is_(None)
        & (_older.c.destination == _outbox.c.destination)
        & (_older.c.priority == _outbox.c.priority)
        & (_older.c.next_attempt_at > _now)
        & or_(
            _older.c.created_at < _outbox.c.created_at,
            (_older.c.created_at == _outbox.c.created_at) & (_older.c.seq < _outbox.c.seq),
        )
    )
    .exists()
)
_DUE: Final = (
    select(_outbox)
    .where(_IS_PENDING & or_(_outbox.c.next_attempt_at.is_(None), _outbox.c.next_attempt_at <= _now) & ~_OVERTAKES)
    .order_by(_outbox.c.priority.desc(), _outbox.c.created_at, _outbox.c.seq)
)


_PENDING_AT: Final = select(_outbox.c.destination).where(
    _IS_PENDING & _outbox.c.destination.in_(bindparam("destinations", expanding=True))
)


def add_messages(connection: Connection, messages: Iterable[OutboxMessage]) -> int:
    """Put messages in, except those that were put in before; returns how many are new."""
    statement = _ADD[connection.dialect.name]
    return sum(connection.execute(statement, _row(message)).rowcount for message in messages)


def add_going(connection: Connection, messages: Sequence[OutboxMessage], going: Collection[str]) -> frozenset[str]:
    """Put messages in, those of `going` as begun where nothing else is pending at their destination.

    Returns:
        The ids of those that were put in as begun.
    """
    if not going:
        add_messages(connection, messages)
        return frozenset()
    wanted = {message.destination for message in messages if message.message_id in going}
    busy = set(connection.execute(_PENDING_AT, {"destinations": list(wanted)}).scalars())
    statement, begun = _ADD[connection.dialect.name], set()
    for message in messages:
        begins = message.message_id in going and message.destination not in busy
        row = _row(replace(message, last_error=BEGUN) if begins else message)
        if connection.execute(statement, row).rowcount and begins:
            begun.add(message.message_id)
    return frozenset(begun)


def due_messages(connection: Connection, now: datetime, limit: int) -> list[OutboxMessage]:
    """Messages to send now: highest priority first, then oldest first.

    A message waits while an older one of the same destination and priority waits for its next attempt: what a
    person reads stays in the order in which it happened.
    """
    rows = connection.execute(_DUE.limit(limit), {"now": now}).mappings()
    return [_message(row) for row in rows]


def mark_begun(connection: Connection, message_id: str, note: str) -> None:
    """An attempt is about to be made; `note` is what is to be known of it if nothing more is ever heard."""
    _settle(connection, message_id, last_error=note)


def mark_delivered(
    connection: Connection, message_id: str, at: datetime, receipt: str, superseding: Sequence[str] = ()
) -> None:
    """The channel took it, and with it what it supersedes. The first receipt is kept."""
    _settle(connection, message_id, delivered_at=at, receipt=receipt, attempts=_outbox.c.attempts + 1, last_error=None)
    _supersede(connection, message_id, at, superseding)


def mark_retry(connection: Connection, message_id: str, at: datetime, error: str, next_attempt_at: datetime) -> None:
    """An attempt failed; the next one is not before `next_attempt_at`."""
    if next_attempt_at < at:
        raise ValueError(f"the next attempt at {next_attempt_at} would be before the failed one at {at}")
    _settle(
        connection,
        message_id,
        attempts=_outbox.c.attempts + 1,
        last_error=error,
        next_attempt_at=next_attempt_at,
    )


def mark_dead(
    connection: Connection, message_id: str, at: datetime, error: str, superseding: Sequence[str] = ()
) -> None:
    """It will never be delivered, nor what it supersedes; all stay to be shown."""
    _settle(connection, message_id, dead_at=at, attempts=_outbox.c.attempts + 1, last_error=error)
    _supersede(connection, message_id, at, superseding)


def _supersede(connection: Connection, message_id: str, at: datetime, older: Sequence[str]) -> None:
    """Older messages about the same are not sent any more; they stay to be shown."""
    for start in range(0, len(older), _AT_ONCE):
        these = _outbox.c.message_id.in_(older[start : start + _AT_ONCE])
        values = {"dead_at": at, "last_error": f"{SUPERSEDED}{message_id}"}
        connection.execute(update(_outbox).where(these & _IS_PENDING).values(**values))


def outbox_pending(connection: Connection) -> int:
    """How many messages wait."""
    return int(connection.execute(select(func.count()).select_from(_outbox).where(_IS_PENDING)).scalar_one())


def dead_messages(connection: Connection, since: datetime) -> list[OutboxMessage]:
    """Messages given up since then, oldest first."""
    statement = select(_outbox).where(_outbox.c.dead_at >= since).order_by(_outbox.c.dead_at, _outbox.c.seq)
    return [_message(row) for row in connection.execute(statement).mappings()]


def alert_copies(
    connection: Connection, account_id: str, fingerprints: Sequence[str], since: datetime, until: datetime
) -> list[AlertCopy]:
    """What chats had at `until` of these alerts of an account since `since`; newest first, at most `COPIES_MAX`."""
    told = select(_alerts.c.alert_id).where(_alerts.c.fingerprint.in_(fingerprints) & (_alerts.c.at >= since))
    statement = (
        select(_outbox)
        .where(
            (_outbox.c.account_id == account_id)
            & _outbox.c.alert_id.in_(told)
            & (_outbox.c.delivered_at <= until)
            & _outbox.c.receipt.is_not(None)
            & _outbox.c.destination.startswith("telegram:")
        )
        .order_by(_outbox.c.created_at.desc(), _outbox.c.seq.desc())
        .limit(COPIES_MAX)
    )
    rows = list(connection.execute(statement).mappings())
    stood_for = _replaced(connection, account_id, [row["message_id"] for row in rows if row["collapse_key"]])
    return [AlertCopy(_message(row), row["receipt"], tuple(stood_for.get(row["message_id"], ()))) for row in rows]


def _replaced(connection: Connection, account_id: str, message_ids: Sequence[str]) -> dict[str, list[OutboxMessage]]:
    """What each of these messages superseded, oldest first."""
    notes = {f"{SUPERSEDED}{message_id}": message_id for message_id in message_ids}
    these = (_outbox.c.account_id == account_id) & _outbox.c.last_error.in_(list(notes))
    statement = select(_outbox).where(these).order_by(_outbox.c.created_at, _outbox.c.seq)
    found: dict[str, list[OutboxMessage]] = {}
    for row in connection.execute(statement).mappings() if notes else ():
        found.setdefault(notes[row["last_error"]], []).append(_message(row))
    return found


def _settle(connection: Connection, message_id: str, **values: Any) -> None:
    """Change a pending message. One that is settled already stays as it is: a worker may report twice."""
    this = _outbox.c.message_id == message_id
    if connection.execute(update(_outbox).where(this & _IS_PENDING).values(**values)).rowcount:
        return
    if connection.execute(select(_outbox.c.seq).where(this)).first() is None:
        raise StoreError(f"no message has the id {message_id!r}", fix="nothing was changed")


def _row(message: OutboxMessage) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "dedupe_key": message.dedupe_key,
        "destination": message.destination,
        "html": message.html,
        "created_at": message.created_at,
        "priority": message.priority,
        "alert_id": message.alert_id,
        "account_id": message.account_id,
        "attempts": message.attempts,
        "next_attempt_at": message.next_attempt_at,
        "last_error": message.last_error,
        "collapse_key": message.collapse_key,
        "buttons": json.dumps(message.buttons) if message.buttons else None,
        "silent": message.silent,
    }


def _message(row: RowMapping) -> OutboxMessage:
    return OutboxMessage(
        message_id=row["message_id"],
        dedupe_key=row["dedupe_key"],
        destination=row["destination"],
        html=row["html"],
        created_at=row["created_at"],
        priority=row["priority"],
        alert_id=row["alert_id"],
        account_id=row["account_id"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        last_error=row["last_error"],
        collapse_key=row["collapse_key"],
        buttons=_buttons(row["buttons"]),
        silent=row["silent"],
    )


def _buttons(stored: str | None) -> tuple[tuple[tuple[str, str], ...], ...]:
    rows = json.loads(stored) if stored else []
    return tuple(tuple((str(label), str(data)) for label, data in row) for row in rows)
