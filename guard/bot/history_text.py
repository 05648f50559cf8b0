"""The past of an account in words for a phone. Pure: history in, Telegram HTML out; times in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from guard.bot.figures import UNKNOWN, age, amount, percent
from guard.bot.limits import fitted
from guard.bot.status_text import ICONS, NAME_CLIP, escaped
from guard.ports.history import AccountHistory, Extreme, Extremes
from guard.ports.records import AlertRecord, IntentRecord, ZoneChange
from guard.risk.zones import Zone

REASON_CLIP: Final = 120
_STATES: Final = {
    "open": "acting",
    "done": "acted",
    "refused": "refused to act",
    "failed": "failed to act",
    "dry_run": "would have acted",
}


def history_text(past: AccountHistory, now: Zone, span: str) -> str:
    """The extremes, then what happened, the newest first; what does not fit is counted.

    Args:
        past: the account's history.
        now: its present zone.
        span: how far back, in words.
    """
    head = "\n".join(
        [
            f"{ICONS[now]} <b>{escaped(past.account, NAME_CLIP)}</b>, last {span}: now <b>{now.upper()}</b>",
            *_extremes(past.extremes, past.since, past.until),
            _counts(past),
        ]
    )
    events = [
        *((change.at, 2, _change(change)) for change in past.changes),
        *((alert.at, 1, _alert(alert)) for alert in past.alerts),
        *((intent.at, 0, _action(intent)) for intent in past.intents),
    ]
    items = [text for _, _, text in sorted(events, key=_newest_first)]
    return fitted(head, items, f"{_moment(past.since)} to {_moment(past.until)} UTC", "events")


def _newest_first(event: tuple[datetime, int, str]) -> tuple[float, int]:
    return (-event[0].timestamp(), event[1])


def _extremes(extremes: Extremes, since: datetime, until: datetime) -> list[str]:
    if not extremes.readings:
        return ["Nothing was recorded in this time."]
    lines = []
    if extremes.worst_ratio is None or extremes.best_ratio is None:
        lines.append("The account was never seen in this time.")
    else:
        worst, best = _ratio(extremes.worst_ratio), _ratio(extremes.best_ratio)
        lines.append(f"Risk ratio: worst {worst}, best {best}")
    if extremes.nearest is not None and extremes.nearest.value is not None:
        lines.append(f"Nearest to liquidation: {percent(extremes.nearest.value)}{_at(extremes.nearest)}")
    lowest, highest = extremes.lowest_equity, extremes.highest_equity
    if lowest is not None and highest is not None:
        lines.append(
            f"Equity: lowest {_money(lowest, extremes.currency)}{_at(lowest)}, "
            f"highest {_money(highest, extremes.currency)}{_at(highest)}"
        )
    if extremes.other_pools:
        pools = escaped(", ".join(extremes.other_pools), 60)
        lines.append(f"Equity is of the {escaped(extremes.currency, 12)} pool; at times the worst pool was {pools}.")
    if extremes.blind_s > 0:
        lines.append(f"Blind for {age(extremes.blind_s)} in all")
    if extremes.first_at is not None and (extremes.first_at - since) > 0.02 * (until - since):
        lines.append(f"Recorded since {_moment(extremes.first_at)} UTC")
    return lines


def _counts(past: AccountHistory) -> str:
    return (
        f"{_number(past.extremes.readings, 'reading')}, {_number(len(past.changes), 'zone change')}, "
        f"{_number(len(past.alerts), 'alert')}, {_number(len(past.intents), 'action')}"
    )


def _change(change: ZoneChange) -> str:
    line = f"{ICONS[change.after]} {_moment(change.at)} {change.before} → <b>{change.after.upper()}</b>"
    return f"{line}\n{escaped(change.reason, REASON_CLIP)}" if change.reason else line


def _alert(alert: AlertRecord) -> str:
    return f"🔔 {_moment(alert.at)} alert, {escaped(alert.rule, 40)}: {alert.zone} ({alert.reason})"


def _action(intent: IntentRecord) -> str:
    levels = []
    if intent.risk_ratio_before is not None:
        levels.append(f"risk ratio {percent(intent.risk_ratio_before)}")
        if intent.risk_ratio_after is not None:
            levels[0] += f" → {percent(intent.risk_ratio_after)}"
    line = ", ".join([f"🛠 {_moment(intent.at)} {_STATES[intent.state]} in {intent.zone}", *levels])
    return f"{line}\n{escaped(intent.reason, REASON_CLIP)}" if intent.reason else line


def _ratio(extreme: Extreme) -> str:
    value = "beyond 100 % (no equity left)" if extreme.value is None else percent(extreme.value)
    return f"{value}{_at(extreme)}"


def _money(extreme: Extreme, currency: str) -> str:
    return UNKNOWN if extreme.value is None else amount(extreme.value, escaped(currency, 12))


def _at(extreme: Extreme) -> str:
    return f" ({_moment(extreme.at)})"


def _moment(at: datetime) -> str:
    """A moment to the minute; the zone stands at the end of the message."""
    return f"{at.day} {at:%b %H:%M}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
