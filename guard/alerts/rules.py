"""What alerts are about: names of rules, fingerprints of conditions, how urgent their messages are. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from guard.risk.zones import Zone

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
    SHOCKS = "shocks"
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


def zone_priority(before: Zone, after: Zone) -> int:
    """How urgent the message about a change is, higher first; good news ranks with the zone that is reached."""
    if after is Zone.UNKNOWN:
        return max(_PRIORITY[after], _PRIORITY[before])  # blind in danger is as urgent as danger
    return _PRIORITY[after]


SIGHT: Final = frozenset({Rule.ZONE, Rule.BLIND})
"""The rules that tell one story together: how near liquidation is, and whether that can be seen."""

DISPUTE_PRIORITY: Final = 25
