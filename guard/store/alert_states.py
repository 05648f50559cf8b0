"""Statements over where alerts stand: states, thresholds that people set, maintenance, live messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, delete, insert, select, update

from guard.ports.alerting import AlertBriefing, AlertState, AlertStatus, LiveMessage, MaintenanceRecord, RuleSetting
from guard.risk.zones import Zone, severity
from guard.store.tables import AlertStateRow, LiveMessageRow, MaintenanceRow, RuleSettingRow, table

_states: Final = table(AlertStateRow)
_settings: Final = table(RuleSettingRow)
_windows: Final = table(MaintenanceRow)
_live: Final = table(LiveMessageRow)
_of_fingerprint: Final[BindParameter[str]] = bindparam("of_fingerprint")
# Made once, as every cycle that tells something uses them; a parameter may not be named like a column.
_THIS: Final = select(_states).where(_states.c.fingerprint == _of_fingerprint)
_SET: Final = update(_states).where(_states.c.fingerprint == _of_fingerprint)
_ADD: Final = insert(_states)
_ALL_OF: Final = select(_states).where(_states.c.account_id == bindparam("of_account")).order_by(_states.c.fingerprint)
_OPEN_WINDOWS: Final = (
    select(_windows)
    .where(_windows.c.ends_at > bindparam("now", type_=_windows.c.ends_at.type))
    .order_by(_windows.c.starts_at, _windows.c.window_id)
)
_ANSWERED: Final = frozenset({AlertStatus.ACKNOWLEDGED, AlertStatus.SNOOZED})


def save_states(connection: Connection, states: Iterable[AlertState]) -> None:
    """Store where conditions stand now, new or known."""
    for state in states:
        row = _row(state)
        if connection.execute(_SET, {"of_fingerprint": state.fingerprint, **row}).rowcount == 0:
            connection.execute(_ADD, row)


def save_cycle_states(connection: Connection, states: Iterable[AlertState], at: datetime) -> None:
    """Store where a cycle of that time has left conditions; what a person answered since then stays answered.

    Else an acknowledgement that comes in while a cycle is at work would be overwritten by what the cycle had read
    before. The cycle has the last word where it found the condition over, or graver than the person had seen.
    """
    save_states(connection, [_as_answered(alert_state(connection, state.fingerprint), state, at) for state in states])


def _as_answered(there: AlertState | None, state: AlertState, at: datetime) -> AlertState:
    answered = there is not None and there.status in _ANSWERED and there.changed_at > at
    if there is None or not answered or state.status is not AlertStatus.FIRING or _is_graver(state.level, there.level):
        return state
    return replace(
        there,
        level=state.level,
        told_at=state.told_at,
        told_level=state.told_level,
        told_distance=state.told_distance,
        times_told=state.times_told,
    )


def _is_graver(level: Zone, than: Zone) -> bool:
    known = Zone.UNKNOWN not in {level, than}
    return severity(level) > severity(than) if known else level is not than


def change_state(
    connection: Connection, fingerprint: str, change: Callable[[AlertState], AlertState]
) -> AlertState | None:
    """Change where a condition stands, read and written in one transaction; None when it never was."""
    statement = select(_states).where(_states.c.fingerprint == fingerprint).with_for_update()
    row = connection.execute(statement).mappings().first()
    if row is None:
        return None
    before = _state(row)
    after = change(before)
    if after != before:
        save_states(connection, (after,))
    return after


def alert_state(connection: Connection, fingerprint: str) -> AlertState | None:
    """Where one condition stands."""
    row = connection.execute(_THIS, {"of_fingerprint": fingerprint}).mappings().first()
    return None if row is None else _state(row)


def alert_states(connection: Connection, account_id: str) -> list[AlertState]:
    """The account's conditions that are not resolved, the longest standing first."""
    open_ones = (_states.c.account_id == account_id) & (_states.c.status != AlertStatus.RESOLVED.value)
    statement = select(_states).where(open_ones).order_by(_states.c.since, _states.c.fingerprint)
    return [_state(row) for row in connection.execute(statement).mappings()]


def briefing(connection: Connection, account_id: str, now: datetime) -> AlertBriefing:
    """All of the account's conditions that ever were, and the windows that are not over."""
    rows = connection.execute(_ALL_OF, {"of_account": account_id}).mappings()
    states = tuple(_state(row) for row in rows)
    return AlertBriefing(states, tuple(maintenance(connection, now)))


def all_rule_settings(connection: Connection) -> list[RuleSetting]:
    """The thresholds that people set for all accounts."""
    statement = select(_settings).order_by(_settings.c.account_id, _settings.c.rule)
    return [RuleSetting(**row) for row in connection.execute(statement).mappings()]


def rule_settings(connection: Connection, account_id: str) -> list[RuleSetting]:
    """The thresholds that people set for an account, by rule."""
    statement = select(_settings).where(_settings.c.account_id == account_id).order_by(_settings.c.rule)
    return [RuleSetting(**row) for row in connection.execute(statement).mappings()]


def set_rule(connection: Connection, setting: RuleSetting) -> None:
    """Set a threshold; the former one of the same rule is replaced."""
    forget_rule(connection, setting.account_id, setting.rule)
    connection.execute(insert(_settings), asdict(setting))


def forget_rule(connection: Connection, account_id: str, rule: str) -> None:
    """Let the configured threshold hold again."""
    this = (_settings.c.account_id == account_id) & (_settings.c.rule == rule)
    connection.execute(delete(_settings).where(this))


def add_maintenance(connection: Connection, window: MaintenanceRecord) -> None:
    """Announce a maintenance window."""
    connection.execute(insert(_windows), asdict(window))


def end_maintenance(connection: Connection, window_id: str, at: datetime) -> None:
    """End a window now, unless it is over already."""
    this = (_windows.c.window_id == window_id) & (_windows.c.ends_at > at)
    connection.execute(update(_windows).where(this).values(ends_at=at))


def maintenance(connection: Connection, now: datetime) -> list[MaintenanceRecord]:
    """Windows that are not over yet, the earliest first."""
    return [MaintenanceRecord(**row) for row in connection.execute(_OPEN_WINDOWS, {"now": now}).mappings()]


def live_message(connection: Connection, destination: str, account_id: str) -> LiveMessage | None:
    """The live message of an account in a chat."""
    this = (_live.c.destination == destination) & (_live.c.account_id == account_id)
    row = connection.execute(select(_live).where(this)).mappings().first()
    return None if row is None else LiveMessage(**row)


def save_live_message(connection: Connection, live: LiveMessage) -> None:
    """Remember a live message, new or known."""
    forget_live_message(connection, live.destination, live.account_id)
    connection.execute(insert(_live), asdict(live))


def forget_live_message(connection: Connection, destination: str, account_id: str) -> None:
    """The message is gone; the next one is sent anew."""
    this = (_live.c.destination == destination) & (_live.c.account_id == account_id)
    connection.execute(delete(_live).where(this))


def _row(state: AlertState) -> dict[str, object]:
    values = {"status": state.status.value, "level": state.level.value, "told_level": state.told_level.value}
    return {**asdict(state), **values}


def _state(row: RowMapping) -> AlertState:
    values = dict(row)
    values |= {"status": AlertStatus(row["status"]), "level": Zone(row["level"]), "told_level": Zone(row["told_level"])}
    return AlertState(**values)
