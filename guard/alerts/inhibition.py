"""Which alerts are not told because another one tells their story. Pure.

1. Danger mutes what is a warning or less, whatever it is about.
2. The zone mutes rules over the same level (distance, stress, ratio, margins) that are no graver than it is.
3. An account that is not seen mutes the rules over its positions and its equity: nobody knows what they would say.

Zone and blindness themselves are never muted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.alerts.engine import gravity, is_grave, is_open
from guard.alerts.rulebook import RULES, Story
from guard.alerts.rules import Rule, fingerprint
from guard.ports.alerting import AlertState
from guard.risk.zones import Zone

NEVER: Final = frozenset({Rule.ZONE.value, Rule.BLIND.value})
_NEEDS_SIGHT: Final = frozenset({Story.LEVEL, Story.ACCOUNT})


def inhibited_by(rule: str, level: Zone, account_id: str, states: Mapping[str, AlertState]) -> Rule | None:
    """The rule whose alert tells this one's story; None: it is told by itself.

    Args:
        rule: the one in question.
        level: how grave it is.
        account_id: whose.
        states: where the account's alerts stand, by fingerprint.
    """
    if rule in NEVER:
        return None
    zone = states.get(fingerprint(account_id, Rule.ZONE))
    if zone is not None and is_open(zone):
        if is_grave(zone.level) and not is_grave(level):
            return Rule.ZONE
        if story_of(rule) is Story.LEVEL and gravity(zone.level) >= gravity(level):
            return Rule.ZONE
    if is_open(states.get(fingerprint(account_id, Rule.BLIND))) and story_of(rule) in _NEEDS_SIGHT:
        return Rule.BLIND
    return None


def story_of(rule: str) -> Story:
    """What a rule belongs to; one that is no longer known stands for itself."""
    return RULES[rule].story if rule in RULES else Story.CHANGE
