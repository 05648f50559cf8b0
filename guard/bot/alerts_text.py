"""Alerts and thresholds in words: what holds, who has seen it, what was told, the rules. Pure; Telegram HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from guard.bot.desks.alerting import AlertBoard, Answered, OpenAlert, RuleLine, ToldAlert
from guard.bot.limits import TEXT_MAX, Lazy, fitted, size
from guard.bot.status_text import ICONS, NAME_CLIP, escaped
from guard.language.speech import Speech
from guard.language.words import zone_word
from guard.ports.alerting import AlertStatus, MaintenanceRecord
from guard.ports.records import AlertReason

HEADLINE_CLIP = 300
RECENT_SHOWN = 10
WINDOWS_SHOWN = 3
REASON_CLIP = 100


def boards_text(speech: Speech, boards: Sequence[AlertBoard], now: datetime, span: str) -> str:
    """What holds on each account, then what was told lately; `span` is such as `24h`."""
    ordered = sorted(boards, key=lambda board: (-board.rank, board.account))
    items = [item for board in ordered for item in _board(speech, board, now)]
    told = sorted(((alert, board.account) for board in boards for alert in board.recent), key=lambda each: each[0].at)
    if told:
        items.append(partial(_all_told, speech, told, span))
    else:
        items.append(lambda: speech.text("Nothing was told in the last {span}.", span=span))
    return fitted("", Lazy(items), speech.text("Updated {at}", at=speech.moment(now)), partial(_more, speech))


def _more(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more", "... and {count} more", count)


def _board(speech: Speech, board: AlertBoard, now: datetime) -> list[Callable[[], str]]:
    """The paragraphs of an account: its name with its windows and its gravest alert, then each further alert."""
    return [
        partial(_first_paragraph, speech, board, now),
        *(partial(_further_paragraph, speech, alert, now) for alert in board.open[1:]),
    ]


def _first_paragraph(speech: Speech, board: AlertBoard, now: datetime) -> str:
    name = f"<b>{escaped(board.account, NAME_CLIP)}</b>"
    head = name if board.open else f"🟢 {name}: {speech.text('no alert holds')}"
    windows = [window_line(speech, window) for window in board.windows[:WINDOWS_SHOWN]]
    return "\n".join([head, *windows, *(line for alert in board.open[:1] for line in open_alert(speech, alert, now))])


def _further_paragraph(speech: Speech, alert: OpenAlert, now: datetime) -> str:
    return "\n".join(open_alert(speech, alert, now))


def _all_told(speech: Speech, told: Sequence[tuple[ToldAlert, str]], span: str) -> str:
    lines = [f"<b>{speech.text('Told in the last {span}', span=span)}</b>"]
    lines += [_told(speech, alert, account) for alert, account in told[-RECENT_SHOWN:][::-1]]
    if len(told) > RECENT_SHOWN:
        lines.append(_more(speech, len(told) - RECENT_SHOWN))
    return "\n".join(lines)


def open_alert(speech: Speech, alert: OpenAlert, now: datetime) -> list[str]:
    """One condition that holds: what and since when, its headline, who has seen it."""
    since = speech.duration((now - alert.since).total_seconds())
    title = escaped(speech.text(alert.title), NAME_CLIP)
    level = zone_word(speech, alert.level)
    head = speech.text("{title}: {level}, for {time}", title=f"<b>{title}</b>", level=level, time=since)
    lines = [f"{ICONS[alert.level]} {head}"]
    if alert.headline:
        lines.append(escaped(speech.sentence(alert.headline), HEADLINE_CLIP))
    if alert.gone_since is not None:
        at = speech.clock_time(alert.gone_since)
        lines.append(speech.text("it has not held since {time}, and is over when that lasts", time=at))
    return [*lines, _standing(speech, alert)]


def _standing(speech: Speech, alert: OpenAlert) -> str:
    who = speech.text("somebody") if alert.seen_by is None else escaped(alert.seen_by, NAME_CLIP)
    match alert.status:
        case AlertStatus.ACKNOWLEDGED:
            return f"✅ {speech.text('acknowledged by {name}', name=who)}"
        case AlertStatus.SNOOZED if alert.snoozed_until is not None:
            until = speech.clock_time(alert.snoozed_until)
            return f"🔕 {speech.text('snoozed by {name} until {time}', name=who, time=until)}"
        case _ if alert.told_at is None:
            return speech.text("not told by itself: something graver is, or a maintenance window is open")
        case _:
            return f"🔔 {speech.text('nobody has acknowledged it')}"


def window_line(speech: Speech, window: MaintenanceRecord) -> str:
    """A maintenance window."""
    until, reason = speech.moment(window.ends_at), escaped(window.reason, REASON_CLIP)
    return f"🛠 {speech.text('Maintenance until {time}: {reason}', time=until, reason=reason)}"


def _told(speech: Speech, alert: ToldAlert, account: str) -> str:
    """`🔴 2026-11-21 12:00:05 UTC alice: Zone, danger (worse)`."""
    what = f"{escaped(speech.text(alert.title), NAME_CLIP)}, {zone_word(speech, alert.zone)}"
    head = f"{ICONS[alert.zone]} {speech.moment(alert.at)} <b>{escaped(account, NAME_CLIP)}</b>"
    why = _reason(speech, alert.reason)
    if not alert.alone:
        why = speech.text("{reason}, no message of its own", reason=why)
    return f"{head}: {what} ({why})"


def _reason(speech: Speech, reason: AlertReason) -> str:
    match reason:
        case AlertReason.FIRST:
            return speech.text("first")
        case AlertReason.WORSE:
            return speech.text("worse")
        case AlertReason.BETTER:
            return speech.text("better")
        case AlertReason.REPEAT:
            return speech.text("repeat")
        case AlertReason.RESOLVED:
            return speech.text("resolved")
        case AlertReason.NONE:
            return speech.text("none")


def answered_line(speech: Speech, name: str, now: datetime, until: datetime | None) -> str:
    """The line under a message that was answered: who, when, until when it is silent."""
    who, time = escaped(name, NAME_CLIP), speech.clock_time(now)
    if until is None:
        return f"✅ {speech.text('Acknowledged by {name}, {time}', name=who, time=time)}"
    silent = speech.moment(until)
    return f"🔕 {speech.text('Snoozed by {name}, {time}, until {until}', name=who, time=time, until=silent)}"


def acknowledged(speech: Speech, answers: Sequence[Answered]) -> str:
    """What acknowledging did."""
    lines = [line for answer in answers for line in _acknowledged(speech, answer)]
    return whole if size(whole := "\n".join(lines)) <= TEXT_MAX else fitted("", lines, "", partial(_more, speech))


def _acknowledged(speech: Speech, answer: Answered) -> list[str]:
    account = f"<b>{escaped(answer.account, NAME_CLIP)}</b>"
    if answer.count == 0:
        return [f"{account}: {speech.text('there is no alert to acknowledge')}"]
    done = speech.plural(
        "{count} alert acknowledged; it is silent until it gets worse or ends",
        "{count} alerts acknowledged; they are silent until they get worse or end",
        answer.count,
    )
    return [f"✅ {account}: {done}"]


def snoozed(speech: Speech, answers: Sequence[Answered], asked: datetime) -> str:
    """What snoozing did, and where it ends earlier than was asked."""
    lines: list[str] = []
    for answer in answers:
        account = f"<b>{escaped(answer.account, NAME_CLIP)}</b>"
        if answer.count == 0 or answer.until is None:
            lines.append(f"{account}: {speech.text('there is no alert to snooze')}")
            continue
        until = speech.moment(answer.until)
        lines.append(f"🔕 {account}: {speech.text('silent until {time}, or until it gets worse', time=until)}")
        if answer.until < asked:
            lines[-1] += f"\n{speech.text('Danger is never silent for longer than that.')}"
    return whole if size(whole := "\n".join(lines)) <= TEXT_MAX else fitted("", lines, "", partial(_more, speech))


def worse_now(speech: Speech, answer: Answered) -> str:
    """The notice on a tap under a message that is older than what holds now."""
    level = "" if answer.graver is None else zone_word(speech, answer.graver).upper()
    return speech.text(
        "{account} is worse than this message says: {level}. Answer the newest message.",
        account=answer.account,
        level=level,
    )


def rules_text(speech: Speech, account: str, rules: Sequence[RuleLine], now: datetime) -> str:
    """Every rule with its value, its unit, and what it means."""
    head = speech.text("Rules of <b>{account}</b>", account=escaped(account, NAME_CLIP))
    items = [_rule(speech, rule) for rule in rules]
    how = speech.text("Change one: /set drawdown 15%, /set drawdown off, /set drawdown default")
    return fitted(head, items, f"{how}\n{speech.moment(now)}", partial(_more, speech))


def _rule(speech: Speech, rule: RuleLine) -> str:
    head = f"<code>{escaped(rule.name)}</code> <b>{shown_value(speech, rule)}</b>"
    if rule.own:
        head += f" ({speech.text('set by a person')})"
    return f"{head}\n{escaped(speech.text(rule.help), HEADLINE_CLIP)}"


def shown_value(speech: Speech, rule: RuleLine) -> str:
    """`20 %`, `2,500 USD`, `off`, `on`."""
    if rule.is_off:
        return speech.text("off")
    if rule.text:
        return escaped(rule.text, HEADLINE_CLIP)
    if rule.value is None:
        return speech.text("on")
    if rule.unit == "%":
        return f"{speech.number(rule.value * 100, 2, at_least=0)} %"
    return speech.money(rule.value, rule.unit)


def rule_set(speech: Speech, account: str, rule: RuleLine) -> str:
    """A threshold was set."""
    value = shown_value(speech, rule)
    title = escaped(speech.text(rule.title), NAME_CLIP)
    line = speech.text("{account}: {title} is {value} now.", account=escaped(account, 64), title=title, value=value)
    return line if rule.own else f"{line} {speech.text('That is the configured value.')}"
