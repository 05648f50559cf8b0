"""What a picture of an account's history shows. Pure: levels, alerts, actions and bars in, a picture as a value out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from guard.charts.figures import label, share
from guard.charts.picture import FAR, RATIO_TOP, Bar, HistoryPicture, HistoryWords, Line, Mark, MarkKind
from guard.charts.series import BY_URGENCY, COLUMNS, Series, series_of, thin_line, zone_spans
from guard.charts.time_axis import ticks
from guard.charts.words import (
    amounts_of,
    bar_words,
    data_as_of,
    either,
    minute,
    span_words,
    zone_name,
    zone_names,
)
from guard.language.speech import ENGLISH, Speech
from guard.ports.history import Level
from guard.ports.records import AlertRecord, IntentRecord
from guard.risk.zones import LADDER, Zone, ZonePolicy

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
    speech: Speech = ENGLISH,
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
        speech: of whoever asked.

    Returns:
        The picture; the axis begins with the first reading. Without readings a picture that says so.
    """
    series = series_of(levels, until.timestamp(), gap_s)
    if not len(series):
        words = history_words(speech, "", (), (), until)
        return HistoryPicture(
            title=speech.text(
                "{account}:\nnothing was recorded in the last {span}.",
                account=label(account),
                span=span_words(speech, until.timestamp() - since.timestamp()),
            ),
            subtitle=speech.text("{since} to {until}", since=minute(speech, since), until=minute(speech, until)),
            start_s=since.timestamp(),
            end_s=until.timestamp(),
            zones=(),
            blind=(),
            ratio=Line(),
            distance=Line(),
            equity=Line(),
            words=words,
        )
    start_s = float(series.at_s[0])
    end_s = max(until.timestamp(), float(series.at_s[-1]))
    end_s = end_s if end_s > start_s else start_s + ALONE_S
    ratio_bars, distance_bars = bars_of(policy, "risk_ratio"), bars_of(policy, "distance")
    marks = (*(_alert_mark(alert) for alert in alerts), *(_action_mark(intent) for intent in intents))
    return HistoryPicture(
        title=title_of(account, series, speech),
        subtitle=_subtitle(series, since, until, speech),
        start_s=start_s,
        end_s=end_s,
        zones=zone_spans(series, end_s),
        blind=thin_spans(series.blind, start_s, end_s),
        ratio=thin_line(series, series.ratio, start_s, end_s, RATIO_TOP),
        distance=thin_line(series, series.distance, start_s, end_s, FAR),
        equity=thin_line(series, series.equity, start_s, end_s),
        words=history_words(speech, series.currency, ratio_bars, distance_bars, until),
        ticks=ticks(start_s, end_s, speech),
        ratio_bars=ratio_bars,
        distance_bars=distance_bars,
        marks=thin_marks(marks, start_s, end_s),
        note=_note(series, speech),
    )


def history_words(
    speech: Speech, currency: str, ratio_bars: Sequence[Bar], distance_bars: Sequence[Bar], at: datetime
) -> HistoryWords:
    """What stands at the panels; the zone of the times is called as it is at `at`."""
    return HistoryWords(
        zone=speech.text("Zone"),
        ratio=speech.text("Risk ratio, % (100 % is liquidation)"),
        distance=speech.text("Distance to liquidation, % of price"),
        equity=speech.text("Equity, {currency}", currency=currency) if currency else speech.text("Equity"),
        time=speech.text("time, {zone}", zone=speech.zone_name(at)),
        no_equity=speech.text("≥ {share}, or\nno equity", share=share(RATIO_TOP)),
        out_of_reach=speech.text("≥ {share}, or\nout of reach", share=share(FAR)),
        marks={
            "alert": speech.text("▼ alert"),
            "acted": speech.text("◆ acted"),
            "held": speech.text("◇ refused or not sent"),
        },
        zones=zone_names(speech),
        ratio_bars={bar.zone: bar_words(speech, bar) for bar in ratio_bars},
        distance_bars={bar.zone: bar_words(speech, bar) for bar in distance_bars},
        amounts=amounts_of(speech),
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


def title_of(account: str, series: Series, speech: Speech = ENGLISH) -> str:
    """What happened, in two lines: where the account is now; its worst zone, and whether the guard was blind."""
    zones = [BY_URGENCY[rank] for rank in sorted(set(series.rank.tolist()))]
    now = Zone.UNKNOWN if series.silent and series.silent[-1][1] > series.at_s[-1] else BY_URGENCY[series.rank[-1]]
    known = [zone for zone in zones if zone is not Zone.UNKNOWN]
    first = speech.text("{account}: now {zone}.", account=label(account), zone=zone_name(speech, now))
    if not known:
        return f"{first}\n{speech.text('The guard never saw the account.')}"
    blind = bool(series.blind) or len(known) < len(zones)
    if len({*zones, now}) == 1:
        second = speech.text("All the time, and blind at times.") if blind else speech.text("All the time.")
        return f"{first}\n{second}"
    worst = zone_name(speech, max(known, key=LADDER.index))
    if blind:
        return f"{first}\n{speech.text('At worst {zone}, and blind at times.', zone=worst)}"
    return f"{first}\n{speech.text('At worst {zone}.', zone=worst)}"


def _subtitle(series: Series, since: datetime, until: datetime, speech: Speech) -> str:
    asked_s = until.timestamp() - since.timestamp()
    span = span_words(speech, asked_s)
    readings = speech.plural("{count} reading", "{count} readings", len(series))
    if series.at_s[0] - since.timestamp() > 0.02 * asked_s:
        at = minute(speech, _moment(series.at_s[0]))
        first = speech.text("Last {span}, {readings}, the first at {at}", span=span, readings=readings, at=at)
    else:
        first = speech.text("Last {span}, {readings}", span=span, readings=readings)
    seen = series.at_s[series.seen]
    known = data_as_of(speech, _moment(seen[-1])) if len(seen) else speech.text("No data in this time")
    return f"{first}\n{known}"


def _note(series: Series, speech: Speech) -> str:
    """What could be misread."""
    if not series.other_pools:
        return ""
    return speech.text(
        "Equity of the {currency} pool; gaps where the {pools} pool was the worst.",
        currency=series.currency,
        pools=either(speech, series.other_pools),
    )


def _alert_mark(alert: AlertRecord) -> Mark:
    return Mark(alert.at.timestamp(), "alert", alert.zone)


def _action_mark(intent: IntentRecord) -> Mark:
    return Mark(intent.at.timestamp(), "held" if intent.state in _HELD else "acted", intent.zone)


def _mark_time(mark: Mark) -> float:
    return mark.at_s


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(float(at_s), tz=UTC)
