"""Messages that are no change of zone: what protection did, a store that does not record, a drill. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from guard.alerts.announce import Announcement, messages_of
from guard.alerts.buttons import about_buttons
from guard.alerts.markup import bold, plain_text, safe
from guard.alerts.render import risk_ratio_word
from guard.alerts.rules import Rule, fingerprint, zone_priority
from guard.language.speech import ENGLISH, Speech
from guard.language.words import zone_word
from guard.ports.clock import Ids
from guard.ports.recipients import Recipient
from guard.ports.records import AlertReason, AlertRecord, Reading
from guard.risk.zones import Zone

MAX_LINE: Final = 600


def protection_notice(
    account_id: str,
    key: str,
    text: str,
    zone: Zone,
    at: datetime,
    recipients: Sequence[Recipient],
    ids: Ids,
) -> Announcement:
    """What protection did or did not do, as protection worded it.

    Args:
        account_id: whose account.
        key: names the event; the same event, told twice, makes one message.
        text: plain lines in English, the first one is the headline; each is recognised as a sentence.
        zone: the account's zone at the time.
        at: when.
        recipients: who is told; without any, the console.
        ids: identifiers.
    """

    def render(speech: Speech) -> str:
        headline, *lines = (speech.sentence(line) for line in text.splitlines())
        return "\n".join([f"🛡 {bold(headline)}", *(safe(line, MAX_LINE) for line in lines), speech.moment(at)])

    alert = AlertRecord(
        alert_id=ids.new("alert"),
        account_id=account_id,
        rule=Rule.PROTECTION,
        fingerprint=fingerprint(account_id, Rule.PROTECTION, key),
        zone=zone,
        reason=AlertReason.FIRST,
        at=at,
        text=plain_text(render(ENGLISH)),
    )
    priority, buttons = zone_priority(zone, zone), about_buttons(account_id)
    return Announcement((alert,), messages_of(alert, render, priority, recipients, ids, event=key, buttons=buttons))


def render_unrecorded(speech: Speech, reading: Reading, why: str) -> str:
    """The message that takes another way because the guard cannot record: zone, level, and what is wrong."""
    level = speech.text("unknown") if reading.risk is None else risk_ratio_word(speech, reading.risk)
    zone = speech.text("Zone {zone}", zone=zone_word(speech, reading.zone))
    lines = [
        f"⚠️ <b>{zone_word(speech, reading.zone).upper()}</b> · {bold(reading.account)}",
        f"<b>{speech.text('The guard cannot record; this message is sent directly.')}</b>",
        speech.text("Why: {why}", why=safe(speech.sentence(why))),
        f"{zone}: {safe(speech.sentence(reading.reason))}" if reading.reason else zone,
        speech.text("Risk ratio {level}{was} (100 % = liquidation)", level=level, was=""),
        speech.text("No order is sent while nothing can be recorded. Look at the guard's machine."),
        speech.moment(reading.at),
    ]
    return "\n".join(lines)


def render_drill(speech: Speech, at: datetime) -> str:
    """A test message that cannot be mistaken for an alarm."""
    return "\n".join(
        [
            f"🔔 <b>{speech.text('DRILL')}</b> · {speech.text('this is a test of the risk guard')}",
            speech.text("An alarm would look like this and arrive here."),
            speech.moment(at),
        ]
    )
