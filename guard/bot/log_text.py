"""What happened to an account and what was done about it, in one time line. Pure; Telegram HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from guard.bot.desks.upkeep import LogView
from guard.bot.limits import TEXT_MAX, fitted, size
from guard.bot.status_text import ICONS, NAME_CLIP, escaped
from guard.language.speech import Speech, marked
from guard.language.words import zone_word
from guard.ports.alerting import AuditRecord
from guard.ports.records import IntentRecord, ZoneChange

USUAL: Final = 10
MOST: Final = 50
EXAMPLE: Final = "/log main 20"
_CLIP: Final = 160
_BY_COMMAND_LINE: Final = ", by the command line"
_BY_COMMAND_LINE_ONLY: Final = frozenset({"role"})
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?\+00:00")

DEEDS: Final = (
    marked("acknowledge"),
    marked("approve"),
    marked("freeze"),
    marked("maintenance"),
    marked("mode"),
    marked("resume"),
    marked("role"),
    marked("set"),
    marked("snooze"),
)
"""What people do to an account, as it is recorded."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    at: datetime
    html: str


def log_text(speech: Speech, view: LogView, count: int, *, named: bool) -> str:
    """The newest `count` entries, the newest first; `named`: each names its account."""
    entries = sorted(entries_of(speech, view, named=named), key=lambda entry: entry.at, reverse=True)[:count]
    since = speech.short_time(view.since)
    zone = speech.zone_name(view.since)
    if not entries:
        return speech.text("Nothing happened since {since} {zone}.", since=since, zone=zone)
    head = f"<b>{speech.text('Newest first, times in {zone}', zone=zone)}</b>"
    lines = [f"{speech.short_time(entry.at)} {entry.html}" for entry in entries]
    tail = speech.text("I look back to {since}. More: {example}", since=since, example=f"<code>{EXAMPLE}</code>")
    whole = "\n".join([head, *lines, "", tail])
    return whole if size(whole) <= TEXT_MAX else fitted(head, lines, tail, partial(_more, speech))


def entries_of(speech: Speech, view: LogView, *, named: bool) -> list[Entry]:
    """Every entry, in no order."""

    def account(account_id: str | None) -> str:
        name = view.accounts.get(account_id or "", "") if named else ""
        return f"<b>{escaped(name, NAME_CLIP)}</b> " if name else ""

    return [
        *(Entry(entry.at, account(entry.account_id) + _asked(speech, view, entry)) for entry in view.audits),
        *(Entry(change.at, account(change.account_id) + _changed(speech, change)) for change in view.changes),
        *(Entry(intent.at, account(intent.account_id) + _acted(speech, view, intent)) for intent in view.intents),
    ]


def _asked(speech: Speech, view: LogView, entry: AuditRecord) -> str:
    """What somebody had done."""
    said = entry.detail.removesuffix(_BY_COMMAND_LINE)
    if entry.user_id is not None:
        who = escaped(view.people.get(entry.user_id, ""), NAME_CLIP) or speech.text("somebody")
    elif said != entry.detail or entry.what in _BY_COMMAND_LINE_ONLY:
        who = speech.text("command line")
    else:
        who = speech.text("the guard")
    # What was said yes to is told by the action that it led to, not by the stored request.
    said = "" if entry.what == "approve" else _MOMENT.sub(partial(_moment, speech), said)
    detail = f" ({escaped(speech.sentence(said), _CLIP)})" if said else ""
    return f"👤 {who}: {escaped(speech.text(entry.what), _CLIP)}{detail}"


def _moment(speech: Speech, found: re.Match[str]) -> str:
    """A stored moment in the reader's zone."""
    return speech.moment(datetime.fromisoformat(found[0]))


def _changed(speech: Speech, change: ZoneChange) -> str:
    """A flip of the zone."""
    why = f": {escaped(speech.sentence(change.reason), _CLIP)}" if change.reason else ""
    return f"{ICONS[change.after]} {zone_word(speech, change.before)} → {zone_word(speech, change.after)}{why}"


def _acted(speech: Speech, view: LogView, intent: IntentRecord) -> str:
    """What protection did, or why it did not."""
    why = escaped(speech.sentence(intent.reason), _CLIP)
    sign, what = _state(speech, intent)
    levels = ""
    if intent.risk_ratio_before is not None and intent.risk_ratio_after is not None:
        before, after = speech.percent(intent.risk_ratio_before), speech.percent(intent.risk_ratio_after)
        levels = " " + speech.text("risk ratio {before} → {after}", before=before, after=after)
    person = view.people.get(intent.requested_by or "", "")
    by = " " + speech.text("(asked for by {name})", name=escaped(person, NAME_CLIP)) if person else ""
    return f"{sign} {what}: {why}{levels}{by}"


def _state(speech: Speech, intent: IntentRecord) -> tuple[str, str]:
    match intent.state:
        case "open":
            return "🛠", speech.text("acting")
        case "done":
            return "🛡", speech.text("acted")
        case "refused":
            return "🚫", speech.text("not acted")
        case "failed":
            return "❌", speech.text("failed")
        case "dry_run":
            return "📝", speech.text("dry run")


def _more(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more entry", "... and {count} more entries", count)
