"""What a picture of distances to liquidation shows: one bar for each account or pool, the nearest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from guard.charts.figures import label, share
from guard.charts.history import bars_of
from guard.charts.picture import Bar, ReachPicture, ReachRow
from guard.charts.series import BY_URGENCY
from guard.charts.words import data_as_of, minute, second, zone_name
from guard.language.speech import ENGLISH, Speech
from guard.language.words import zone_word
from guard.ports.records import Snapshot
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import BLIND, LADDER, Zone, ZonePolicy

ROWS_MAX: Final = 14
"""More do not fit on a phone; the farther ones are counted."""
_BLIND: Final = frozenset(quality.value for quality in BLIND)


def accounts_picture(
    snapshots: Sequence[Snapshot], policy: ZonePolicy | None, now: datetime, speech: Speech = ENGLISH
) -> ReachPicture:
    """Distances of a person's accounts, from their latest snapshots.

    Args:
        snapshots: one of each account.
        policy: whose bars are shown; None where the accounts have different ones.
        now: the present.
        speech: of whoever asked.
    """
    rows = [_account_row(snapshot, speech) for snapshot in snapshots]
    data = [snapshot.data_at for snapshot in snapshots if snapshot.data_at is not None]
    if data:
        read = speech.text("Oldest data as of {at}", at=second(speech, min(data)))
    else:
        read = speech.text("Never read until {at}", at=minute(speech, now))
    return _picture(speech.text("Distance to liquidation"), read, rows, policy, speech)


def pools_picture(risk: AccountRisk, policy: ZonePolicy, speech: Speech = ENGLISH) -> ReachPicture:
    """Distances of the pools of one account, from an assessment."""
    told = not risk.of_present_only
    rows = [_pool_row(pool, policy, speech, told=told) for pool in risk.pools if pool.positions]
    return _picture(label(risk.account), data_as_of(speech, risk.as_of), rows, policy, speech)


def _picture(subject: str, read: str, rows: list[ReachRow], policy: ZonePolicy | None, speech: Speech) -> ReachPicture:
    """The nearest first, unknown ones before all: they may be nearer than any."""
    ordered = sorted(rows, key=_order)
    shown, more = ordered[:ROWS_MAX], len(ordered) - ROWS_MAX
    bars = bars_of(policy, "distance") if policy is not None else ()
    return ReachPicture(
        title=speech.text("{subject}:\n{verdict}.", subject=subject, verdict=_verdict(ordered, speech)),
        subtitle=read,
        rows=tuple(shown),
        axis=_axis(bars, speech),
        bars=bars,
        note=speech.text("... and {count} more, farther away", count=more) if more > 0 else "",
    )


def _axis(bars: Sequence[Bar], speech: Speech) -> str:
    measured = speech.text("move of all prices to liquidation, %")
    if not bars:
        return measured
    words = ", ".join(f"{zone_word(speech, bar.zone)} {share(bar.value)}" for bar in bars)
    return f"{measured}\n{speech.text('dashed: {bars}', bars=words)}"


def _verdict(rows: list[ReachRow], speech: Speech) -> str:
    """The nearest, and how many are not known."""
    unknown = sum(row.zone is Zone.UNKNOWN for row in rows)
    known = next((row for row in rows if row.distance is not None and row.zone is not Zone.UNKNOWN), None)
    if known is None:
        return speech.text("not known") if unknown else speech.text("out of reach")
    name = label(known.name, 18)
    nearest = f"{name} {known.words}" if known.distance else f"{name}: {known.words}"
    return speech.text("{nearest}; {count} unknown", nearest=nearest, count=unknown) if unknown else nearest


def _account_row(snapshot: Snapshot, speech: Speech) -> ReachRow:
    name, zone = snapshot.account, snapshot.zone
    if snapshot.equity is None or snapshot.quality in _BLIND:
        return _unknown(name, speech)
    if snapshot.risk_ratio is None:
        return _row(name, 0.0, zone, speech.text("no equity left"), speech)
    if snapshot.distance is None and snapshot.of_present_only:
        return _unknown(name, speech)
    if snapshot.distance is None:
        return _row(name, None, zone, speech.text("out of reach"), speech)
    return _row(name, snapshot.distance, zone, share(snapshot.distance), speech)


def _pool_row(pool: PoolRisk, policy: ZonePolicy, speech: Speech, *, told: bool) -> ReachRow:
    """`told`: a distance that is absent is out of reach; else nobody tells it."""
    if pool.symbol:
        name = speech.text("{symbol} isolated", symbol=pool.symbol)
    else:
        name = speech.text("{currency} cross", currency=pool.currency)
    if pool.risk_ratio is None:
        return _row(name, 0.0, Zone.LIQUIDATION, speech.text("no equity left"), speech)
    if pool.distance is None:
        return _row(name, None, Zone.SAFE, speech.text("out of reach"), speech) if told else _unknown(name, speech)
    down = pool.liquidation_shock_down is not None and abs(pool.liquidation_shock_down) == pool.distance
    move = f"{'-' if down else '+'}{share(pool.distance)}"
    return _row(name, pool.distance, _zone_at(pool.distance, policy), move, speech)


def _row(name: str, distance: float | None, zone: Zone, words: str, speech: Speech) -> ReachRow:
    beside = speech.text("{words}, {zone}", words=words, zone=zone_name(speech, zone))
    return ReachRow(name, distance, zone, words, beside)


def _unknown(name: str, speech: Speech) -> ReachRow:
    words = speech.text("unknown")
    return ReachRow(name, None, Zone.UNKNOWN, words, words)


def _zone_at(distance: float, policy: ZonePolicy) -> Zone:
    """The worst zone whose bar of distance is reached."""
    reached = (zone for zone in reversed(LADDER[1:]) if distance <= (policy.bars(zone).distance or -1.0))
    return next(reached, Zone.SAFE)


def _order(row: ReachRow) -> tuple[int, float, int, str]:
    unknown = row.zone is Zone.UNKNOWN
    return (0 if unknown else 1, 1e9 if row.distance is None else row.distance, -BY_URGENCY.index(row.zone), row.name)
