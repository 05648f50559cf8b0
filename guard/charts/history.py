"""What a picture of an account's history shows. Pure: levels, alerts, actions and bars in, a picture as a value out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from guard.charts.picture import Bar, HistoryPicture, Line, Mark, MarkKind
from guard.charts.series import BY_URGENCY, COLUMNS, Series, series_of, thin_line, zone_spans
from guard.charts.words import label, minute, span_words, zone_name
from guard.ports.history import Level
from guard.ports.records import AlertRecord, IntentRecord
from guard.risk.zones import LADDER, Zone, ZonePolicy

FAR: Final = 0.5
"""A distance above this is drawn as this: from there on the difference means nothing."""
RATIO_TOP: Final = 1.1
"""A risk ratio above this, or no equity at all, is drawn here: it is past liquidation either way."""
MARK_PLACES: Final = 48
"""Marks of one kind that fit beside each other on a phone."""
ALONE_S: Final = 60.0
"""A single reading is no axis: it is shown as a minute."""
_HELD: Final = frozenset({"refused", "failed", "dry_run"})


def history_picture(
    account: str,
    levels: Sequence[Level],
    *,
    since: datetime,
    until: datetime,
    gap_s: float,
    policy: ZonePolicy,
    alerts: Iterable[AlertRecord] = (),
    intents: Iterable[IntentRecord] = (),
) -> HistoryPicture:
    """The picture of an account between two times.

    Args:
        account: its name.
        levels: its readings, in any order.
        since: how far back was asked.
        until: the present.
        gap_s: two readings further apart than this have nothing known between them.
        policy: the account's bars.
        alerts: what was sent.
        intents: what was done, or would have been.

    Returns:
        The picture; the axis begins with the first reading. Without readings a picture that says so.
    """
    series = series_of(levels, until.timestamp(), gap_s)
    if not len(series):
        asked = span_words(until.timestamp() - since.timestamp())
        title = f"{label(account)}:\nnothing was recorded in the last {asked}."
        end_s = until.timestamp()
        subtitle = f"{minute(since)} to {minute(until)}"
        return HistoryPicture(title, subtitle, since.timestamp(), end_s, (), (), Line(), Line(), Line(), "")
    start_s = float(series.at_s[0])
    end_s = max(until.timestamp(), float(series.at_s[-1]))
    end_s = end_s if end_s > start_s else start_s + ALONE_S
    marks = (*(_alert_mark(alert) for alert in alerts), *(_action_mark(intent) for intent in intents))
    return HistoryPicture(
        title=title_of(account, series),
        subtitle=_subtitle(series, since, until),
        start_s=start_s,
        end_s=end_s,
        zones=zone_spans(series, end_s),
        blind=thin_spans(series.blind, start_s, end_s),
        ratio=thin_line(series, series.ratio, start_s, end_s, RATIO_TOP),
        distance=thin_line(series, series.distance, start_s, end_s, FAR),
        equity=thin_line(series, series.equity, start_s, end_s),
        currency=series.currency,
        ratio_bars=bars_of(policy, "risk_ratio"),
        distance_bars=bars_of(policy, "distance"),
        marks=thin_marks(marks, start_s, end_s),
        note=_note(series),
    )


def bars_of(policy: ZonePolicy, figure: str) -> tuple[Bar, ...]:
    """The bars of one figure (`risk_ratio`, `distance`), in the order of the ladder; zones without one are left out."""
    found = [(zone, getattr(policy.bars(zone), figure)) for zone in LADDER[1:]]
    return tuple(Bar(zone, float(value)) for zone, value in found if value is not None)


def thin_spans(spans: Iterable[tuple[float, float]], start_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    """Spans as they can be drawn: none narrower than a column, those less than a column apart as one."""
    width_s = (end_s - start_s) / COLUMNS
    drawn: list[tuple[float, float]] = []
    for start, ended in spans:
        end = min(end_s, max(ended, start + width_s))
        if drawn and start - drawn[-1][1] < width_s:
            drawn[-1] = (drawn[-1][0], max(end, drawn[-1][1]))
        else:
            drawn.append((start, end))
    return tuple(drawn)


def thin_marks(marks: Iterable[Mark], start_s: float, end_s: float) -> tuple[Mark, ...]:
    """Marks of one kind that would cover each other as one: the first one's time, the worst zone, and how many."""
    merged: dict[tuple[MarkKind, int], Mark] = {}
    for mark in sorted((mark for mark in marks if start_s <= mark.at_s <= end_s), key=_mark_time):
        place = int(MARK_PLACES * (mark.at_s - start_s) / (end_s - start_s))
        known = merged.get((mark.kind, place))
        if known is None:
            merged[mark.kind, place] = mark
        else:
            worst = max(known.zone, mark.zone, key=BY_URGENCY.index)
            merged[mark.kind, place] = Mark(known.at_s, known.kind, worst, known.count + 1)
    return tuple(sorted(merged.values(), key=_mark_time))


def title_of(account: str, series: Series) -> str:
    """What happened, in two lines: where the account is now; its worst zone, and whether the guard was blind."""
    zones = [BY_URGENCY[rank] for rank in sorted(set(series.rank.tolist()))]
    now = Zone.UNKNOWN if series.silent and series.silent[-1][1] > series.at_s[-1] else BY_URGENCY[series.rank[-1]]
    known = [zone for zone in zones if zone is not Zone.UNKNOWN]
    first = f"{label(account)}: now {zone_name(now)}."
    if not known:
        return f"{first}\nThe guard never saw the account."
    worst = max(known, key=LADDER.index)
    second = f"At worst {zone_name(worst)}" if len({*zones, now}) > 1 else "All the time"
    blind = series.blind or len(known) < len(zones)
    return f"{first}\n{second}{', and blind at times' if blind else ''}."


def _subtitle(series: Series, since: datetime, until: datetime) -> str:
    count, asked_s = len(series), until.timestamp() - since.timestamp()
    readings = "one reading" if count == 1 else f"{count:,} readings"
    first = f"Last {span_words(asked_s)}, {readings}"
    if series.at_s[0] - since.timestamp() > 0.02 * asked_s:
        first += f", the first at {minute(_moment(series.at_s[0]))}"
    seen = series.at_s[series.seen]
    known = f"Data as of {_moment(seen[-1]):%d %b %H:%M:%S} UTC" if len(seen) else "No data in this time"
    return f"{first}\n{known}"


def _note(series: Series) -> str:
    """What could be misread."""
    if not series.other_pools:
        return ""
    return f"Equity of the {series.currency} pool; gaps where the {' or '.join(series.other_pools)} pool was the worst."


def _alert_mark(alert: AlertRecord) -> Mark:
    return Mark(alert.at.timestamp(), "alert", alert.zone)


def _action_mark(intent: IntentRecord) -> Mark:
    return Mark(intent.at.timestamp(), "held" if intent.state in _HELD else "acted", intent.zone)


def _mark_time(mark: Mark) -> float:
    return mark.at_s


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(float(at_s), tz=UTC)
