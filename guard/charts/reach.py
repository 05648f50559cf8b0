"""What a picture of distances to liquidation shows: one bar for each account or pool, the nearest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from guard.charts.history import bars_of
from guard.charts.picture import ReachPicture, ReachRow
from guard.charts.series import BY_URGENCY
from guard.charts.words import label, minute, share
from guard.ports.records import Snapshot
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import BLIND, LADDER, Zone, ZonePolicy

ROWS_MAX: Final = 14
"""More do not fit on a phone; the farther ones are counted."""
_BLIND: Final = frozenset(quality.value for quality in BLIND)


def accounts_picture(snapshots: Sequence[Snapshot], policy: ZonePolicy | None, now: datetime) -> ReachPicture:
    """Distances of a person's accounts, from their latest snapshots.

    Args:
        snapshots: one of each account.
        policy: whose bars are shown; None where the accounts have different ones.
        now: the present.
    """
    rows = [_account_row(snapshot) for snapshot in snapshots]
    data = [snapshot.data_at for snapshot in snapshots if snapshot.data_at is not None]
    read = f"Oldest data as of {min(data):%d %b %H:%M:%S} UTC" if data else f"Never read until {minute(now)}"
    return _picture("Distance to liquidation", read, rows, policy)


def pools_picture(risk: AccountRisk, policy: ZonePolicy) -> ReachPicture:
    """Distances of the pools of one account, from an assessment."""
    told = not risk.of_present_only
    rows = [_pool_row(pool, policy, told=told) for pool in risk.pools if pool.positions]
    return _picture(risk.account, f"Data as of {risk.as_of:%d %b %H:%M:%S} UTC", rows, policy)


def _picture(subject: str, read: str, rows: list[ReachRow], policy: ZonePolicy | None) -> ReachPicture:
    """The nearest first, unknown ones before all: they may be nearer than any."""
    ordered = sorted(rows, key=_order)
    shown, more = ordered[:ROWS_MAX], len(ordered) - ROWS_MAX
    note = f"... and {more} more, farther away" if more > 0 else ""
    title = f"{label(subject)}:\n{_verdict(ordered)}."
    bars = bars_of(policy, "distance") if policy is not None else ()
    return ReachPicture(title, read, tuple(shown), bars, note)


def _verdict(rows: list[ReachRow]) -> str:
    """The nearest, and how many are not known."""
    unknown = sum(row.zone is Zone.UNKNOWN for row in rows)
    known = next((row for row in rows if row.distance is not None and row.zone is not Zone.UNKNOWN), None)
    if known is None:
        return "not known" if unknown else "out of reach"
    name = label(known.name, 18)
    nearest = f"{name} {known.words}" if known.distance else f"{name}: {known.words}"
    return f"{nearest}{f'; {unknown} unknown' if unknown else ''}"


def _account_row(snapshot: Snapshot) -> ReachRow:
    name, zone = snapshot.account, snapshot.zone
    if snapshot.equity is None or snapshot.quality in _BLIND:
        return ReachRow(name, None, Zone.UNKNOWN, "unknown")
    if snapshot.risk_ratio is None:
        return ReachRow(name, 0.0, zone, "no equity left")
    if snapshot.distance is None and snapshot.of_present_only:
        return ReachRow(name, None, Zone.UNKNOWN, "unknown")
    if snapshot.distance is None:
        return ReachRow(name, None, zone, "out of reach")
    return ReachRow(name, snapshot.distance, zone, share(snapshot.distance))


def _pool_row(pool: PoolRisk, policy: ZonePolicy, *, told: bool) -> ReachRow:
    """`told`: a distance that is absent is out of reach; else nobody tells it."""
    name = f"{pool.symbol} isolated" if pool.symbol else f"{pool.currency} cross"
    if pool.risk_ratio is None:
        return ReachRow(name, 0.0, Zone.LIQUIDATION, "no equity left")
    if pool.distance is None:
        return (
            ReachRow(name, None, Zone.SAFE, "out of reach") if told else ReachRow(name, None, Zone.UNKNOWN, "unknown")
        )
    down = pool.liquidation_shock_down is not None and abs(pool.liquidation_shock_down) == pool.distance
    return ReachRow(
        name, pool.distance, _zone_at(pool.distance, policy), f"{'-' if down else '+'}{share(pool.distance)}"
    )


def _zone_at(distance: float, policy: ZonePolicy) -> Zone:
    """The worst zone whose bar of distance is reached."""
    reached = (zone for zone in reversed(LADDER[1:]) if distance <= (policy.bars(zone).distance or -1.0))
    return next(reached, Zone.SAFE)


def _order(row: ReachRow) -> tuple[int, float, int, str]:
    unknown = row.zone is Zone.UNKNOWN
    return (0 if unknown else 1, 1e9 if row.distance is None else row.distance, -BY_URGENCY.index(row.zone), row.name)
