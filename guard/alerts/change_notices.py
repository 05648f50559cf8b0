"""How a change of the account that nobody in the guard made is told, and recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from guard.alerts.announce import Announcement, messages_of
from guard.alerts.buttons import about_buttons
from guard.alerts.changes import Change, ChangeKind
from guard.alerts.markup import bold, plain_text, safe
from guard.alerts.rulebook import RULES
from guard.alerts.rules import Rule, fingerprint
from guard.language.speech import ENGLISH, Speech
from guard.language.words import zone_word
from guard.ports.clock import Ids
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord, Reading

_MAX_LINE: Final = 400
_RULES: Final[Mapping[ChangeKind, Rule]] = {
    ChangeKind.LEG_GONE: Rule.POSITION,
    ChangeKind.LEG_SHRUNK: Rule.POSITION,
    ChangeKind.MONEY_OUT: Rule.MONEY,
    ChangeKind.MONEY_IN: Rule.MONEY,
    ChangeKind.TIERS: Rule.TIERS,
    ChangeKind.POSITION_MODE: Rule.MODE,
    ChangeKind.ACCOUNT_MODE: Rule.MODE,
    ChangeKind.ADL: Rule.ADL,
    ChangeKind.DEPEG: Rule.DEPEG,
}
_MARKS: Final[Mapping[Rule, str]] = {
    Rule.POSITION: "📉",
    Rule.MONEY: "💸",
    Rule.TIERS: "📐",
    Rule.MODE: "⚙️",
    Rule.ADL: "⏳",
    Rule.DEPEG: "🪙",
}
# Between a warning (30) and a danger (50): a leg that is gone may be a liquidation; money that came in can wait.
_PRIORITIES: Final[Mapping[ChangeKind, int]] = {
    ChangeKind.LEG_GONE: 45,
    ChangeKind.LEG_SHRUNK: 45,
    ChangeKind.MONEY_OUT: 35,
    ChangeKind.DEPEG: 35,
    ChangeKind.ACCOUNT_MODE: 30,
    ChangeKind.POSITION_MODE: 30,
    ChangeKind.ADL: 30,
    ChangeKind.TIERS: 25,
    ChangeKind.MONEY_IN: 15,
}


def change_fingerprint(account_id: str, change: Change) -> str:
    """The name of the condition: the same change of the same thing has the same one."""
    return fingerprint(account_id, _RULES[change.kind], f"{change.kind.value}:{change.subject}")


def announce_changes(
    reading: Reading, changes: Iterable[Change], *, recipients: Sequence[Recipient], ids: Ids
) -> Announcement:
    """One alert for each change, and one message about all of them.

    Args:
        reading: the cycle's result.
        changes: what changed since the last one.
        recipients: who is told; without any, the console.
        ids: identifiers.
    """
    found = tuple(changes)
    if not found:
        return Announcement()
    worst = max(found, key=lambda change: _PRIORITIES[change.kind])

    def render(speech: Speech) -> str:
        return _html(speech, reading, worst, found)

    alerts = tuple(
        AlertRecord(
            alert_id=ids.new("alert"),
            account_id=reading.account_id,
            rule=_RULES[change.kind],
            fingerprint=change_fingerprint(reading.account_id, change),
            zone=RULES[_RULES[change.kind]].level,
            reason=AlertReason.FIRST,
            at=reading.at,
            text=plain_text("\n".join(safe(line, _MAX_LINE) for line in change.told(ENGLISH))),
        )
        for change in found
    )
    lead = alerts[found.index(worst)]
    buttons = about_buttons(reading.account_id)
    return Announcement(alerts, messages_of(lead, render, _PRIORITIES[worst.kind], recipients, ids, buttons=buttons))


def _html(speech: Speech, reading: Reading, worst: Change, changes: Sequence[Change]) -> str:
    rule = _RULES[worst.kind]
    what = speech.text("CHANGED") if len(changes) > 1 else _headline(speech, rule)
    lines = [f"{_MARKS[rule]} <b>{what}</b> · {bold(reading.account)}"]
    for change in changes:
        first, *rest = (safe(line, _MAX_LINE) for line in change.told(speech))
        lines += [f"<b>{first}</b>", *rest]
    zone = speech.text("Zone {zone}", zone=zone_word(speech, reading.zone))
    return "\n".join([*lines, f"{zone} · {speech.moment(reading.at)}"])


def _headline(speech: Speech, rule: Rule) -> str:
    match rule:
        case Rule.POSITION:
            return speech.text("POSITION")
        case Rule.MONEY:
            return speech.text("MONEY")
        case Rule.TIERS:
            return speech.text("TIERS")
        case Rule.ADL:
            return speech.text("ADL")
        case Rule.DEPEG:
            return speech.text("DEPEG")
        case _:
            return speech.text("MODE")
