"""The past of an account in words for a phone. Pure: history and a reader's `Speech` in, Telegram HTML out."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from guard.bot.limits import fitted
from guard.bot.status_text import ICONS, NAME_CLIP, escaped
from guard.language.speech import Speech, marked
from guard.language.words import zone_word
from guard.ports.history import AccountHistory, Extreme, Extremes
from guard.ports.records import AlertReason, AlertRecord, IntentRecord, ZoneChange
from guard.risk.zones import Zone

REASON_CLIP: Final = 120
_STATES: Final = {
    "open": marked("acting in {zone}"),
    "done": marked("acted in {zone}"),
    "refused": marked("refused to act in {zone}"),
    "failed": marked("failed to act in {zone}"),
    "dry_run": marked("would have acted in {zone}"),
}
_WHY: Final = {
    AlertReason.FIRST: marked("first"),
    AlertReason.WORSE: marked("worse"),
    AlertReason.BETTER: marked("better"),
    AlertReason.REPEAT: marked("repeat"),
    AlertReason.RESOLVED: marked("resolved"),
    AlertReason.NONE: marked("none"),
}


def history_text(speech: Speech, past: AccountHistory, now: Zone, span: str) -> str:
    """The extremes, then what happened, the newest first; what does not fit is counted.

    Args:
        speech: how the reader reads; times are in their zone.
        past: the account's history.
        now: its present zone.
        span: how far back, in words such as `last 24 h`.
    """
    present = speech.text("now <b>{zone}</b>", zone=zone_word(speech, now).upper())
    head = "\n".join(
        [
            f"{ICONS[now]} {speech.listed(f'<b>{escaped(past.account, NAME_CLIP)}</b>', span)}: {present}",
            *_extremes(speech, past.extremes, past.since, past.until),
            _counts(speech, past),
        ]
    )
    events = [
        *((change.at, 2, _change(speech, change)) for change in past.changes),
        *((alert.at, 1, _alert(speech, alert)) for alert in past.alerts),
        *((intent.at, 0, _action(speech, intent)) for intent in past.intents),
    ]
    items = [text for _, _, text in sorted(events, key=_newest_first)]
    tail = speech.text(
        "{since} to {until} {zone}",
        since=speech.short_time(past.since),
        until=speech.short_time(past.until),
        zone=speech.zone_name(past.until),
    )
    return fitted(head, items, tail, partial(_more, speech))


def _more(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more event", "... and {count} more events", count)


def _newest_first(event: tuple[datetime, int, str]) -> tuple[float, int]:
    return (-event[0].timestamp(), event[1])


def _extremes(speech: Speech, extremes: Extremes, since: datetime, until: datetime) -> list[str]:
    text = speech.text
    if not extremes.readings:
        return [text("Nothing was recorded in this time.")]
    lines = []
    if extremes.worst_ratio is None or extremes.best_ratio is None:
        lines.append(text("The account was never seen in this time."))
    else:
        worst, best = _ratio(speech, extremes.worst_ratio), _ratio(speech, extremes.best_ratio)
        lines.append(text("Risk ratio: worst {worst}, best {best}", worst=worst, best=best))
    if extremes.nearest is not None and extremes.nearest.value is not None:
        nearest = f"{speech.percent(extremes.nearest.value)}{_at(speech, extremes.nearest)}"
        lines.append(text("Nearest to liquidation: {nearest}", nearest=nearest))
    lowest, highest = extremes.lowest_equity, extremes.highest_equity
    if lowest is not None and highest is not None:
        low = f"{_money(speech, lowest, extremes.currency)}{_at(speech, lowest)}"
        high = f"{_money(speech, highest, extremes.currency)}{_at(speech, highest)}"
        lines.append(text("Equity: lowest {low}, highest {high}", low=low, high=high))
    if extremes.other_pools:
        lines.append(
            text(
                "Equity is of the {currency} pool; at times the worst pool was {pools}.",
                currency=escaped(extremes.currency, 12),
                pools=escaped(", ".join(extremes.other_pools), 60),
            )
        )
    if extremes.blind_s > 0:
        lines.append(text("Blind for {age} in all", age=speech.duration(extremes.blind_s)))
    if extremes.first_at is not None and (extremes.first_at - since) > 0.02 * (until - since):
        lines.append(text("Recorded since {at}", at=speech.short_time(extremes.first_at)))
    return lines


def _counts(speech: Speech, past: AccountHistory) -> str:
    return speech.listed(
        speech.plural("{count} reading", "{count} readings", past.extremes.readings),
        speech.plural("{count} zone change", "{count} zone changes", len(past.changes)),
        speech.plural("{count} alert", "{count} alerts", len(past.alerts)),
        speech.plural("{count} action", "{count} actions", len(past.intents)),
    )


def _change(speech: Speech, change: ZoneChange) -> str:
    before, after = zone_word(speech, change.before), zone_word(speech, change.after).upper()
    line = f"{ICONS[change.after]} {speech.short_time(change.at)} {before} → <b>{after}</b>"
    return f"{line}\n{escaped(speech.sentence(change.reason), REASON_CLIP)}" if change.reason else line


def _alert(speech: Speech, alert: AlertRecord) -> str:
    said = speech.text(
        "alert, {rule}: {zone} ({why})",
        rule=escaped(alert.rule, 40),
        zone=zone_word(speech, alert.zone),
        why=speech.text(_WHY[alert.reason]),
    )
    return f"🔔 {speech.short_time(alert.at)} {said}"


def _action(speech: Speech, intent: IntentRecord) -> str:
    done = speech.text(_STATES[intent.state], zone=zone_word(speech, intent.zone))
    line = f"🛠 {speech.short_time(intent.at)} {done}"
    if intent.risk_ratio_before is not None:
        levels = speech.percent(intent.risk_ratio_before)
        if intent.risk_ratio_after is not None:
            levels += f" → {speech.percent(intent.risk_ratio_after)}"
        line = speech.listed(line, speech.text("risk ratio {ratio}", ratio=levels))
    return f"{line}\n{escaped(speech.sentence(intent.reason), REASON_CLIP)}" if intent.reason else line


def _ratio(speech: Speech, extreme: Extreme) -> str:
    value = speech.text("beyond 100 % (no equity left)") if extreme.value is None else speech.percent(extreme.value)
    return f"{value}{_at(speech, extreme)}"


def _money(speech: Speech, extreme: Extreme, currency: str) -> str:
    return speech.text("unknown") if extreme.value is None else speech.money(extreme.value, escaped(currency, 12))


def _at(speech: Speech, extreme: Extreme) -> str:
    return f" ({speech.short_time(extreme.at)})"
