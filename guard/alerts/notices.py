"""Messages that are no change of zone: what protection did, a store that does not record, a drill. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from guard.alerts.announce import Announcement, messages_of
from guard.alerts.figures import percent, utc_time
from guard.alerts.markup import bold, plain_text, safe
from guard.alerts.rules import Rule, fingerprint, zone_priority
from guard.ports.clock import Ids
from guard.ports.records import AlertReason, AlertRecord, Reading
from guard.risk.zones import Zone

MAX_LINE: Final = 600


def protection_notice(
    account_id: str,
    key: str,
    text: str,
    zone: Zone,
    at: datetime,
    recipients: Sequence[str],
    ids: Ids,
) -> Announcement:
    """What protection did or did not do, as protection worded it.

    Args:
        account_id: whose account.
        key: names the event; the same event, told twice, makes one message.
        text: plain lines, the first one is the headline.
        zone: the account's zone at the time.
        at: when.
        recipients: destinations; without any, the console.
        ids: identifiers.
    """
    headline, *lines = text.splitlines()
    html = "\n".join([f"🛡 {bold(headline)}", *(safe(line, MAX_LINE) for line in lines), utc_time(at)])
    alert = AlertRecord(
        alert_id=ids.new("alert"),
        account_id=account_id,
        rule=Rule.PROTECTION,
        fingerprint=fingerprint(account_id, Rule.PROTECTION, key),
        zone=zone,
        reason=AlertReason.FIRST,
        at=at,
        text=plain_text(html),
    )
    return Announcement((alert,), messages_of(alert, html, zone_priority(zone, zone), recipients, ids, event=key))


def render_unrecorded(reading: Reading, why: str) -> str:
    """The message that takes another way because the guard cannot record: zone, level, and what is wrong."""
    level = "unknown"
    if reading.risk is not None:
        ratio = reading.risk.risk_ratio
        level = "above 100 %, no equity is left" if ratio is None else percent(ratio)
    lines = [
        f"⚠️ <b>{reading.zone.upper()}</b> · {bold(reading.account)}",
        "<b>The guard cannot record; this message is sent directly.</b>",
        f"Why: {safe(why)}",
        f"Zone {reading.zone}: {safe(reading.reason)}" if reading.reason else f"Zone {reading.zone}",
        f"Risk ratio {level} (100 % = liquidation)",
        "No order is sent while nothing can be recorded. Look at the guard's machine.",
        utc_time(reading.at),
    ]
    return "\n".join(lines)


def render_drill(at: datetime) -> str:
    """A test message that cannot be mistaken for an alarm."""
    return "\n".join(
        [
            "🔔 <b>DRILL</b> · this is a test of the risk guard",
            "An alarm would look like this and arrive here.",
            utc_time(at),
        ]
    )
