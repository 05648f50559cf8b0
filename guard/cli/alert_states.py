"""Alerts that hold now, for `guard alerts`: where each stands, and who has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from guard.app.opening import Opened
    from guard.ports.alerting import AlertState


async def open_alerts(opened: Opened, account_id: str | None) -> list[dict[str, object]]:
    """What holds on one account or all, the longest standing first; names instead of identifiers."""
    store = opened.store
    people = {user.user_id: user.name for user in await store.users()}
    return [
        alert_row(state, account.name, people.get(state.seen_by or ""))
        for account in await store.accounts()
        if account_id in {None, account.account_id}
        for state in await store.alert_states(account.account_id)
    ]


def alert_row(state: AlertState, account: str, seen_by: str | None) -> dict[str, object]:
    """One alert as `--json` prints it; `seen_by` is who acknowledged or snoozed it, by name."""
    return {
        "account": account,
        "rule": state.rule,
        "status": state.status.value,
        "level": state.level.value,
        "headline": state.headline,
        "since": _stamp(state.since),
        "told_at": _stamp(state.told_at),
        "seen_by": seen_by,
        "snoozed_until": _stamp(state.snoozed_until),
    }


def open_line(row: dict[str, object]) -> str:
    """`alice  danger, zone, since ...: acknowledged by anna: risk_ratio 80 % is at or above 75 %`."""
    status = str(row["status"])
    if row["seen_by"] is not None:
        status += f" by {row['seen_by']}"
    if row["snoozed_until"] is not None:
        status += f" until {row['snoozed_until']}"
    return f"{row['account']}  {row['level']}, {row['rule']}, since {row['since']}: {status}: {row['headline']}"


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
