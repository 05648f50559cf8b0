"""The configuration of alerts in the words of the alerts room: pauses, escalation, thresholds of an account."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from guard.alerts.changes import ChangeBars, ChangeKind
from guard.alerts.engine import AlertPolicy
from guard.alerts.escalation import EscalationPolicy
from guard.alerts.named_shocks import NamedShock, read_shocks
from guard.alerts.rulebook import Thresholds, default_thresholds
from guard.alerts.rules import Rule
from guard.app.settings import Settings
from guard.risk.zones import Zone

_KINDS = {
    ChangeKind.TIERS: Rule.TIERS,
    ChangeKind.ACCOUNT_MODE: Rule.MODE,
    ChangeKind.POSITION_MODE: Rule.MODE,
}


@dataclass(frozen=True, slots=True)
class AlertingPolicy:
    """How alerts are repeated and escalated, to whom, and what holds for an account by name without a person's own."""

    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    second_person: str = ""
    thresholds: Callable[[str], Thresholds] = field(default=lambda _: default_thresholds())
    shocks: Callable[[str], tuple[NamedShock, ...]] = field(default=lambda _: ())

    @classmethod
    def of(cls, settings: Settings) -> AlertingPolicy:
        """As configured."""
        alerts, repeat = settings.alerts, settings.alerts.repeat
        pauses = {
            Zone.WARNING: repeat.warning_s,
            Zone.DANGER: repeat.danger_s,
            Zone.LIQUIDATION: repeat.liquidation_s,
        }
        return cls(
            AlertPolicy({zone: timedelta(seconds=pause) for zone, pause in pauses.items() if pause is not None}),
            EscalationPolicy(_pause(alerts.escalate_after_s), _pause(alerts.second_person_after_s)),
            alerts.second_person,
            lambda account: configured_thresholds(settings, account),
            lambda account: configured_shocks(settings, account),
        )


def _pause(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def configured_thresholds(settings: Settings, account: str) -> dict[Rule, float | None]:
    """What holds for an account without a person's own settings: `[alerts.rules]` and `[integrity]`."""
    integrity = settings.integrity
    rules = ((Rule(name), value) for name, value in settings.rules_of(account))
    found: dict[Rule, float | None] = {rule: value for rule, value in rules if rule is not Rule.SHOCKS}
    found |= {Rule.MONEY: integrity.transfer, Rule.ADL: integrity.adl, Rule.DEPEG: integrity.depeg}
    return found if integrity.positions else found | {Rule.POSITION: None}


def configured_shocks(settings: Settings, account: str) -> tuple[NamedShock, ...]:
    """The named shocks of an account without a person's own: `[alerts.rules] shocks`."""
    return tuple(dict.fromkeys(each for text in settings.rules_of(account).shocks or () for each in read_shocks(text)))


def change_bars(thresholds: Thresholds) -> ChangeBars:
    """From where on changes are told; what is switched off never is."""
    bars = {rule: thresholds.get(rule) for rule in (Rule.MONEY, Rule.ADL, Rule.DEPEG)}
    transfer, adl, depeg = (math.inf if bar is None else bar for bar in bars.values())
    return ChangeBars(transfer=transfer, adl=adl, depeg=depeg, legs=Rule.POSITION not in thresholds)


def is_switched_off(kind: ChangeKind, thresholds: Thresholds) -> bool:
    """Whether a person wants to hear nothing of this kind of change."""
    rule = _KINDS.get(kind)
    return rule is not None and rule in thresholds
