"""Is a message due, and why? Pure.

Owns the rules' names, their fingerprints and the decision for each. A decision looks only at what was and what is;
repetition, inhibition and silences belong after it, not in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from guard.ports.records import AlertReason, AlertRecord
from guard.risk.quality import Quality
from guard.risk.zones import Zone, ZoneState, severity

_PRIORITY: Final = {
    Zone.LIQUIDATION: 60,
    Zone.DANGER: 50,
    Zone.UNKNOWN: 40,
    Zone.WARNING: 30,
    Zone.WATCH: 20,
    Zone.SAFE: 10,
}

# From here on a message also goes where chats do not reach: see `guard.alerts.second`.
GRAVE_PRIORITY: Final = _PRIORITY[Zone.DANGER]

# From safe to liquidated can be one gap in price between two cycles: as urgent as an alarm.
EMPTIED_PRIORITY: Final = _PRIORITY[Zone.DANGER]

# A dispute that comes and goes with every tick is told once in this time, not at every tick.
DISPUTE_HOLD: Final = timedelta(minutes=15)


class Rule(StrEnum):
    """What an alert is about. An account has at most one open alert of each."""

    ZONE = "zone"
    BLIND = "blind"
    DISPUTED = "disputed"
    PROTECTION = "protection"
    EMPTIED = "emptied"
    POSITION = "position"
    MONEY = "money"
    TIERS = "tiers"
    MODE = "mode"
    ADL = "adl"
    DEPEG = "depeg"
    DISTANCE = "distance"
    STRESS = "stress"
    RISK_RATIO = "risk_ratio"
    MARGIN_LEVEL = "margin_level"
    AVAILABLE = "available"
    AVAILABLE_MONEY = "available_money"
    DRAWDOWN = "drawdown"
    SHARE = "share"
    FUNDING = "funding"
    AWAY = "away"


def fingerprint(account_id: str, rule: Rule, part: str = "") -> str:
    """The name of a condition: the same account, rule and part have the same one for ever.

    `part` tells apart what one rule may report of an account at the same time, such as the ways not to act.
    """
    return "/".join(name for name in (account_id, rule.value, part) if name)


def decide_zone_alert(before: Zone, after: Zone, last_known: Zone = Zone.SAFE) -> AlertReason:
    """Whether the change from one zone to another is worth a message, and why.

    Args:
        before: the zone that was shown.
        after: the zone that is shown now.
        last_known: the last zone other than unknown; used only when `before` is unknown.

    Returns:
        NONE when nothing changed. Going blind is FIRST, or WORSE when the account was in alarm already. When data is
        back the level is compared with the last known one: RESOLVED when safe, BETTER when it is no worse than
        before the gap, WORSE when it is, FIRST when the account was safe before the gap.
    """
    if before == after:
        return AlertReason.NONE
    if after is Zone.UNKNOWN:
        return AlertReason.FIRST if before is Zone.SAFE else AlertReason.WORSE
    if before is not Zone.UNKNOWN:
        return _level_change(before, after)
    if after is Zone.SAFE:
        return AlertReason.RESOLVED
    change = _level_change(last_known, after)
    return AlertReason.BETTER if change is AlertReason.NONE else change


def has_worsened_unseen(before: ZoneState, after: ZoneState) -> bool:
    """Whether an account stays unknown, and what can be seen of it has become worse than anything that was told.

    A book that stays incomplete would else fall from safe to liquidation behind the word "unknown".
    """
    if before.zone is not Zone.UNKNOWN or after.zone is not Zone.UNKNOWN or after.last_known is Zone.UNKNOWN:
        return False
    return severity(after.last_known) > severity(before.last_known)


def _level_change(before: Zone, after: Zone) -> AlertReason:
    """The reason between two zones of the order; NONE when they are equal."""
    if severity(after) > severity(before):
        return AlertReason.FIRST if before is Zone.SAFE else AlertReason.WORSE
    if severity(after) < severity(before):
        return AlertReason.RESOLVED if after is Zone.SAFE else AlertReason.BETTER
    return AlertReason.NONE


def zone_alerts(before: Zone, after: Zone, last_known: Zone = Zone.SAFE) -> tuple[tuple[Rule, AlertReason], ...]:
    """Which alerts a change of zone opens, moves or closes; arguments as of `decide_zone_alert`.

    Blindness and level are two conditions: going blind leaves the level's alert as it was, and data that is back
    closes the blindness whatever the level is now. The message about the change is still one.
    """
    if before == after:
        return ()
    if after is Zone.UNKNOWN:
        return ((Rule.BLIND, AlertReason.FIRST),)
    if before is not Zone.UNKNOWN:
        return ((Rule.ZONE, _level_change(before, after)),)
    level = _level_change(last_known, after)
    back = (Rule.BLIND, AlertReason.RESOLVED)
    return (back,) if level is AlertReason.NONE else ((Rule.ZONE, level), back)


def decide_dispute_alert(last: AlertRecord | None, quality: Quality, now: datetime) -> AlertReason:
    """Whether agreement with the venue's own figures was lost or found again.

    Args:
        last: the last alert of this rule for the account; None = never.
        quality: the verdict on this cycle's data. Only fresh data ends a dispute: no data proves nothing.
        now: the cycle's time.
    """
    firing = last is not None and last.reason is not AlertReason.RESOLVED
    if quality is Quality.DISPUTED:
        return AlertReason.NONE if firing else AlertReason.FIRST
    if quality is Quality.FRESH and last is not None and firing and now - last.at >= DISPUTE_HOLD:
        return AlertReason.RESOLVED
    return AlertReason.NONE


def zone_priority(before: Zone, after: Zone) -> int:
    """How urgent the message about a change is, higher first; good news ranks with the zone that is reached."""
    if after is Zone.UNKNOWN:
        return max(_PRIORITY[after], _PRIORITY[before])  # blind in danger is as urgent as danger
    return _PRIORITY[after]


DISPUTE_PRIORITY: Final = 25
