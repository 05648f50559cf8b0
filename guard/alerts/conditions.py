"""What holds of an account now: its zone, whether it is seen, disputes, and the rules with a threshold. Pure.

Owns what each rule compares. A rule that is firing is left only when its threshold is cleared by the exit buffer, and
only data that can be believed clear it: what is stale, torn, disputed or missing may raise an alert, never end one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final

from guard.alerts.engine import Condition
from guard.alerts.named_shocks import NamedShock, liquidating
from guard.alerts.rulebook import EXIT_BUFFER, RULES, RuleSpec, Thresholds, Unit
from guard.alerts.rules import Rule
from guard.alerts.shares import available_share, breaks_with, funding_drain, may_break, position_share
from guard.ports.alerting import BlindCause
from guard.ports.records import Reading
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone, percent

_THRESHOLDS: Final = frozenset(spec.rule for spec in RULES.values() if spec.lasting and spec.has_threshold)
_JUDGED_SIGHT: Final = frozenset({Quality.FRESH, Quality.DISPUTED})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reading alone does not tell, in dollars; None: not known.

    `peak` is the highest equity of the last 24 hours, `equity` that of now, `available` the free margin. `shocks` are
    those that the account's people have named.
    """

    equity: float | None = None
    peak: float | None = None
    available: float | None = None
    shocks: tuple[NamedShock, ...] = ()


NOTHING_ELSE: Final = Facts()


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at an account: what holds, and which rules could be judged. What is not judged stays as it was."""

    conditions: tuple[Condition, ...]
    judged: frozenset[Rule]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the comparisons look at."""

    risk: AccountRisk
    book: Book
    funding: Mapping[str, float]
    facts: Facts
    bar: float


def observe(
    reading: Reading, thresholds: Thresholds, firing: Container[str], facts: Facts = NOTHING_ELSE
) -> Observation:
    """Look at a reading.

    Args:
        reading: the cycle's result.
        thresholds: the account's; rules that are not in it are silent.
        firing: rules that stand: they are left later than they are entered.
        facts: what is known besides.
    """
    conditions = sight_of(reading)
    judged = {Rule.ZONE, Rule.BLIND}
    if reading.quality.quality in _JUDGED_SIGHT:
        judged.add(Rule.DISPUTED)
    if reading.quality.quality is Quality.FRESH:  # switched off is cleared, too
        judged |= _THRESHOLDS | {Rule.SHOCKS}
    if reading.risk is None or reading.fetched is None:
        return Observation(tuple(conditions), frozenset(judged))
    try:
        conditions += _shocked(reading.account_id, reading.fetched.book, facts.shocks, firing=Rule.SHOCKS in firing)
    except BookError:  # the model knows the present only
        judged.discard(Rule.SHOCKS)
    for rule, bar in thresholds.items():
        compare = _COMPARED.get(rule)
        if compare is None or bar is None:
            continue
        spec = RULES[rule.value]
        held = _held(bar, spec, firing=rule in firing)
        value = compare(_Seen(reading.risk, reading.fetched.book, reading.fetched.funding, facts, held))
        if value is None:
            judged.discard(rule)
        elif value <= held if spec.falling else value >= held:
            conditions.append(Condition(reading.account_id, rule, spec.level, _headline(spec, value, bar)))
    return Observation(tuple(conditions), frozenset(judged))


def sight_of(reading: Reading) -> list[Condition]:
    """Zone, blindness and dispute of a reading."""
    found = []
    known, of = reading.zone_state.last_known, reading.account_id
    if known not in {Zone.SAFE, Zone.UNKNOWN}:
        distance = reading.risk.distance if reading.risk is not None else None
        found.append(Condition(of, Rule.ZONE, known, reading.reason, distance=distance))
    if reading.zone is Zone.UNKNOWN:
        found.append(Condition(of, Rule.BLIND, Zone.UNKNOWN, blindness(reading), known=known))
    if reading.quality.quality is Quality.DISPUTED:
        why = "; ".join(reading.quality.reasons) or "no detail"
        found.append(Condition(of, Rule.DISPUTED, Zone.WATCH, f"figures disagree with the venue's: {why}"))
    return found


def blindness(reading: Reading) -> str:
    """Why an account is not seen, its cause named first."""
    why = reading.error or "; ".join(reading.quality.reasons) or reading.reason
    return f"{(reading.cause or BlindCause.DATA).value}: {why}"


def _shocked(account_id: str, book: Book, shocks: tuple[NamedShock, ...], *, firing: bool) -> tuple[Condition, ...]:
    """Named shocks that liquidate the account; one that stands is left when somewhat larger ones do not."""
    if not shocks or not book.positions:
        return ()
    hit = liquidating(book, shocks, 1 + EXIT_BUFFER if firing else 1.0)
    if not hit:
        return ()
    headline = f"the shock {' or '.join(each.name for each in hit)} liquidates the account"
    return (Condition(account_id, Rule.SHOCKS, RULES[Rule.SHOCKS.value].level, headline),)


def _held(bar: float, spec: RuleSpec, *, firing: bool) -> float:
    if not firing:
        return bar
    return bar * (1 + EXIT_BUFFER) if spec.falling else bar * (1 - EXIT_BUFFER)


def _headline(spec: RuleSpec, value: float, bar: float) -> str:
    """`drawdown 21.3 % is at or above 20 %`."""
    if spec.rule is Rule.STRESS:
        return f"a move of {percent(bar)} liquidates the account"
    side = "at or below" if spec.falling else "at or above"
    return f"{spec.title.lower()} {_shown(spec, value)} is {side} {_shown(spec, bar)}"


def _shown(spec: RuleSpec, value: float) -> str:
    if math.isinf(value):
        return "without limit"
    return percent(value) if spec.unit is Unit.PERCENT else f"{value:,.0f} USD"


def _distance(seen: _Seen) -> float:
    if seen.risk.risk_ratio is None:
        return 0.0
    return math.inf if seen.risk.distance is None else seen.risk.distance


def _stress(seen: _Seen) -> float | None:
    """The size of the move that liquidates, as far as it matters: the bar, or out of reach of it.

    Everything down and everything up is the distance, which is known. What that cannot see is a hedge that breaks.
    """
    distance = _distance(seen)
    if distance <= seen.bar:
        return distance
    if not may_break(seen.risk, seen.bar / 2):
        return math.inf
    try:
        broken = breaks_with(seen.book, seen.bar / 2)
    except BookError:  # the model knows the present only
        return None
    return seen.bar if broken else math.inf


def _risk_ratio(seen: _Seen) -> float | None:
    return math.inf if seen.risk.risk_ratio is None else seen.risk.risk_ratio


def _margin_level(seen: _Seen) -> float | None:
    return math.inf if seen.risk.margin_level is None else seen.risk.margin_level


def _drawdown(seen: _Seen) -> float | None:
    peak, equity = seen.facts.peak, seen.facts.equity
    return None if peak is None or equity is None or peak <= 0 else max(0.0, 1 - equity / peak)


_COMPARED: Final[Mapping[Rule, Callable[[_Seen], float | None]]] = {
    Rule.DISTANCE: _distance,
    Rule.STRESS: _stress,
    Rule.RISK_RATIO: _risk_ratio,
    Rule.MARGIN_LEVEL: _margin_level,
    Rule.AVAILABLE: lambda seen: available_share(seen.risk),
    Rule.AVAILABLE_MONEY: lambda seen: seen.facts.available,
    Rule.DRAWDOWN: _drawdown,
    Rule.SHARE: lambda seen: position_share(seen.risk),
    Rule.FUNDING: lambda seen: funding_drain(seen.risk, seen.funding),
}
