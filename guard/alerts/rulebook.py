"""The table of rules: what each one compares, in which unit, from where on, how grave it is. Pure.

`/alerts`, `/set` and the documentation are made from it. Thresholds are stored as they are computed with (shares as
fractions); `read_threshold` and `Unit` say how people write them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from guard.alerts.rules import Rule
from guard.language.speech import marked
from guard.ports.errors import InputError
from guard.risk.zones import Zone


class Unit(StrEnum):
    """What a threshold is in: PERCENT is stored as a fraction, MONEY in dollars of any kind, NONE has no threshold."""

    PERCENT = "%"
    MONEY = "USD"
    NONE = ""


class Story(StrEnum):
    """What rules belong together: of one story the gravest is told, the others are recorded."""

    LEVEL = "level"
    SIGHT = "sight"
    ACCOUNT = "account"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule.

    `level` is how grave it is when it fires; zones and blindness have levels of their own. `default` is the threshold
    without any setting (None: off, or no threshold). `falling`: it fires at or below its threshold, else at or above.
    `lasting`: it goes on until it is resolved, else it is an event, over when it is told. `looks` is how many looks in
    a row must find it cleared; `holds` how long it stands at least. `optional`: a person may switch it off.
    """

    rule: Rule
    title: str
    help: str
    level: Zone
    story: Story
    unit: Unit = Unit.NONE
    default: float | None = None
    falling: bool = False
    lasting: bool = True
    optional: bool = True
    looks: int = 2
    holds: timedelta = timedelta(0)

    @property
    def has_threshold(self) -> bool:
        """Whether a number can be set."""
        return self.unit is not Unit.NONE


EXIT_BUFFER: Final = 0.1
"""A threshold rule is left when its threshold is cleared by this part of it."""

_DISPUTE_HOLDS: Final = timedelta(minutes=15)
# Of what is no matter of minutes: whoever was told once need not hear each time that it crosses its threshold.
_SLOW_HOLDS: Final = timedelta(hours=1)

_ALL: Final = (
    RuleSpec(
        Rule.ZONE,
        marked("Zone"),
        marked("the account is in watch, warning, danger or liquidation, by the bars of its zones"),
        Zone.WATCH,
        Story.LEVEL,
        optional=False,
        looks=1,
    ),
    RuleSpec(
        Rule.DISTANCE,
        marked("Distance to liquidation"),
        marked("the smallest move of all prices together that liquidates the account"),
        Zone.WARNING,
        Story.LEVEL,
        Unit.PERCENT,
        falling=True,
    ),
    RuleSpec(
        Rule.STRESS,
        marked("Stress"),
        marked(
            "a move of this size liquidates the account: everything down, everything up, or half of it each for longs"
            " down and shorts up"
        ),
        Zone.WARNING,
        Story.LEVEL,
        Unit.PERCENT,
        default=0.05,
        falling=True,
    ),
    RuleSpec(
        Rule.SHOCKS,
        marked("Named shock"),
        marked("one of the moves that you name liquidates the account: /set stress BTC -8% ETH -12%"),
        Zone.WARNING,
        Story.LEVEL,
    ),
    RuleSpec(
        Rule.RISK_RATIO,
        marked("Risk ratio"),
        marked("required margin as a share of equity; 100 % is liquidation"),
        Zone.WARNING,
        Story.LEVEL,
        Unit.PERCENT,
    ),
    RuleSpec(
        Rule.MARGIN_LEVEL,
        marked("Margin level"),
        marked("equity as a share of the initial margin"),
        Zone.WARNING,
        Story.LEVEL,
        Unit.PERCENT,
        falling=True,
    ),
    RuleSpec(
        Rule.AVAILABLE,
        marked("Available margin"),
        marked("margin that is free for losses and orders, as a share of equity"),
        Zone.WARNING,
        Story.LEVEL,
        Unit.PERCENT,
        falling=True,
    ),
    RuleSpec(
        Rule.AVAILABLE_MONEY,
        marked("Available margin in money"),
        marked("margin that is free for losses and orders, in dollars"),
        Zone.WARNING,
        Story.LEVEL,
        Unit.MONEY,
        falling=True,
    ),
    RuleSpec(
        Rule.DRAWDOWN,
        marked("Drawdown"),
        marked("how far equity is below its highest of the last 24 hours; money that was taken out does not count"),
        Zone.WARNING,
        Story.ACCOUNT,
        Unit.PERCENT,
        default=0.40,
        holds=_SLOW_HOLDS,
    ),
    RuleSpec(
        Rule.SHARE,
        marked("Share of one position"),
        marked("the largest position as a share of all positions"),
        Zone.WATCH,
        Story.ACCOUNT,
        Unit.PERCENT,
        holds=_SLOW_HOLDS,
    ),
    RuleSpec(
        Rule.FUNDING,
        marked("Funding drain"),
        marked(
            "funding that is paid at the present rates, as a share of equity a day; silent where the venue does not"
            " tell"
        ),
        Zone.WATCH,
        Story.ACCOUNT,
        Unit.PERCENT,
        default=0.01,
        holds=_SLOW_HOLDS,
    ),
    RuleSpec(
        Rule.BLIND,
        marked("Blind"),
        marked(
            "the guard cannot see the account: its venue is unreachable, its key is rejected, or its data are stale or"
            " missing"
        ),
        Zone.UNKNOWN,
        Story.SIGHT,
        optional=False,
        looks=1,
    ),
    RuleSpec(
        Rule.DISPUTED,
        marked("Disputed"),
        marked("our figures and the venue's own do not agree"),
        Zone.WATCH,
        Story.SIGHT,
        optional=False,
        looks=1,
        holds=_DISPUTE_HOLDS,
    ),
    RuleSpec(
        Rule.ADL,
        marked("Auto-deleveraging"),
        marked("a position is this far ahead in the venue's queue of forced reductions; 100 % is next"),
        Zone.WARNING,
        Story.CHANGE,
        Unit.PERCENT,
        default=0.8,
        lasting=False,
    ),
    RuleSpec(
        Rule.DEPEG,
        marked("Depeg"),
        marked("a stablecoin among the collateral is this far off its peg"),
        Zone.WARNING,
        Story.CHANGE,
        Unit.PERCENT,
        default=0.01,
        lasting=False,
    ),
    RuleSpec(
        Rule.POSITION,
        marked("Position vanished"),
        marked("a position is gone or smaller without an order that the guard knows of"),
        Zone.DANGER,
        Story.CHANGE,
        lasting=False,
    ),
    RuleSpec(
        Rule.EMPTIED,
        marked("All positions gone"),
        marked("an account that held positions holds none: closed, or liquidated between two readings"),
        Zone.DANGER,
        Story.CHANGE,
        lasting=False,
        optional=False,
    ),
    RuleSpec(
        Rule.MONEY,
        marked("Money moved"),
        marked("money came or went, as a share of the balance of its currency"),
        Zone.WARNING,
        Story.CHANGE,
        Unit.PERCENT,
        default=0.01,
        lasting=False,
    ),
    RuleSpec(
        Rule.TIERS,
        marked("Margin tables"),
        marked("the venue changed the margin that it requires"),
        Zone.WATCH,
        Story.CHANGE,
        lasting=False,
    ),
    RuleSpec(
        Rule.MODE,
        marked("Account mode"),
        marked("the account's position mode or margin mode is another one"),
        Zone.WARNING,
        Story.CHANGE,
        lasting=False,
    ),
    RuleSpec(
        Rule.PROTECTION,
        marked("Protection"),
        marked("the guard acted, refused to act, or failed to"),
        Zone.WARNING,
        Story.CHANGE,
        lasting=False,
        optional=False,
    ),
    RuleSpec(
        Rule.AWAY,
        marked("Guard was away"),
        marked("the guard did not run for a while and is back"),
        Zone.WARNING,
        Story.SIGHT,
        lasting=False,
        optional=False,
    ),
)

RULES: Final[Mapping[str, RuleSpec]] = {spec.rule.value: spec for spec in _ALL}
"""Every rule by its name, in the order in which people read them."""

Thresholds = Mapping[Rule, float | None]
"""What holds for an account: the threshold of each rule that has one; None: the rule is off.

A rule without a threshold stands here only when it is off."""


def default_thresholds() -> dict[Rule, float | None]:
    """What holds without any setting."""
    return {spec.rule: spec.default for spec in _ALL if spec.has_threshold}


def merged(general: Thresholds, own: Iterable[tuple[str, float | None]]) -> dict[Rule, float | None]:
    """Thresholds with a person's own on top; names that are no rule (any more) are left out."""
    thresholds = dict(general)
    for name, value in own:
        spec = RULES.get(name)
        if spec is not None and (spec.has_threshold or (value is None and spec.optional)):
            thresholds[spec.rule] = value
    return thresholds


def rule_named(name: str) -> RuleSpec:
    """The rule that a person means; `-`, spaces and case do not matter.

    Raises:
        InputError: there is no such rule.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    spec = RULES.get(wanted)
    if spec is None:
        raise InputError(f"there is no rule {name.strip()!r}", fix=f"rules: {', '.join(RULES)}")
    return spec


def read_threshold(spec: RuleSpec, text: str) -> float | None:
    """A threshold as a person writes it: `5%` or `5` for shares, `2500` for money, `off`.

    Returns:
        The stored value, shares as fractions; None: off.

    Raises:
        InputError: it is none, or the rule cannot be set so.
    """
    word = text.strip().lower().replace(",", "").replace(" ", "")
    if word == "off":
        if not spec.optional:
            raise InputError(f"{spec.rule} cannot be switched off", fix="acknowledge or snooze its alert instead")
        return None
    if not spec.has_threshold:
        raise InputError(f"{spec.rule} has no threshold", fix="it can be switched off" if spec.optional else "")
    example = "5%" if spec.unit is Unit.PERCENT else "2500"
    try:
        value = float(word.removesuffix("%" if spec.unit is Unit.PERCENT else "usd"))
    except ValueError:
        raise InputError(f"{spec.rule} was {text.strip()!r}, must be a number", fix=f"such as {example}") from None
    if not math.isfinite(value) or value <= 0:
        raise InputError(f"{spec.rule} was {text.strip()}, must be above 0", fix=f"such as {example}, or off")
    value = value / 100 if spec.unit is Unit.PERCENT else value
    highest = highest_threshold(spec)
    if value > highest:
        raise InputError(
            f"{spec.rule} was {text.strip()}, must be at most {highest * 100:g}%", fix=f"such as {example}"
        )
    return value


_SHARES_OF_ALL: Final = frozenset(
    {Rule.DISTANCE, Rule.STRESS, Rule.DRAWDOWN, Rule.SHARE, Rule.ADL, Rule.DEPEG, Rule.MONEY}
)


def highest_threshold(spec: RuleSpec) -> float:
    """The largest value that makes sense: shares of a whole end at 1."""
    if spec.rule is Rule.STRESS:
        return 0.95
    return 1.0 if spec.rule in _SHARES_OF_ALL else math.inf
