"""Steps that were refused, and how long each of them rests: longer each time that the reason is the same. Pure.

A refusal that nothing has changed about is repeated by trying again; what else helps is planned meanwhile. Where the
leg, its price, the balances or the zone have changed much, the step is tried at once, and a failure is news again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from guard.ports.venue import Instrument
from guard.protect.plan_values import Plan, Step
from guard.risk.book import Book
from guard.risk.zones import Zone, severity

HEDGE_REST_S: Final = 600.0
"""How long a hedge rests once it was refused: what else helps must not wait for it."""

PAUSE_MAX_S: Final = 3600.0
_PAUSE_MIN_S: Final = 60.0
"""What is doubled where the cooldown is shorter."""

_FORGOTTEN_S: Final = 2 * PAUSE_MAX_S
_SIZE: Final = 0.05
_PRICE: Final = 0.01
_FIGURES: Final = re.compile(r"\d[\d,]*\.\d+|\d{6,}|\d{1,3}(?:,\d{3})+")

StepKey = tuple[str, str, str]
"""Remedy, symbol, leg."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that was refused, and why, without figures that differ each time."""

    step: StepKey
    reason: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step was tried in: the zone, its leg with its mark (None: not held), the balances by asset."""

    zone: Zone
    contracts: float
    mark: float | None
    balances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Setback:
    """A failure that came so many times in a row; `at_s` is the last one, on the stopwatch."""

    reason: str
    times: int
    at_s: float
    scene: Scene


@dataclass(frozen=True, slots=True)
class Setbacks:
    """What of an account's steps was refused lately."""

    known: Mapping[StepKey, Setback] = field(default_factory=lambda: MappingProxyType({}))

    def noted(self, failure: Failure, scene: Scene, now_s: float) -> Setbacks:
        """These with one more failure; what lies long back is let go of."""
        times = self.known[failure.step].times + 1 if self.knows(failure, scene, now_s) else 1
        recent = {step: each for step, each in self.known.items() if now_s - each.at_s < _FORGOTTEN_S}
        return Setbacks(MappingProxyType({**recent, failure.step: Setback(failure.reason, times, now_s, scene)}))

    def without(self, steps: Iterable[StepKey]) -> Setbacks:
        """These without steps that worked."""
        gone = frozenset(steps)
        if not gone & self.known.keys():
            return self
        return Setbacks(MappingProxyType({step: each for step, each in self.known.items() if step not in gone}))

    def knows(self, failure: Failure, scene: Scene, now_s: float) -> bool:
        """Whether this is no news: it failed for the same reason a while ago, and nothing has changed much since."""
        last = self.known.get(failure.step)
        if last is None or last.reason != failure.reason or now_s - last.at_s >= _FORGOTTEN_S:
            return False
        return not has_changed(last.scene, scene)

    def resting(self, book: Book, zone: Zone, now_s: float, cooldown_s: float) -> frozenset[StepKey]:
        """The steps that are not tried now.

        Args:
            book: as it is now.
            zone: as it is now.
            now_s: the stopwatch.
            cooldown_s: the pause after any plan, which is a gate of its own.
        """
        return frozenset(
            step
            for step, each in self.known.items()
            if now_s - each.at_s < min(pause_s(step, each.times, cooldown_s), _longest_s(step, zone))
            and not has_changed(each.scene, scene_of(book, zone, step))
        )


def pause_s(step: StepKey, times: int, cooldown_s: float) -> float:
    """How long a step rests after so many refusals in a row; after the first one the cooldown is enough.

    Deliberately not so for a hedge: the cooldown stops all remedies, and its refusal says nothing about the others.
    """
    if step[0] == "hedge":
        return float(min(PAUSE_MAX_S, HEDGE_REST_S * 2 ** min(times - 1, 10)))
    if times < 2:
        return 0.0
    return float(min(PAUSE_MAX_S, max(cooldown_s, _PAUSE_MIN_S) * 2 ** min(times - 1, 10)))


def _longest_s(step: StepKey, zone: Zone) -> float:
    """Where liquidation has begun to be due, less than what counts as a move of the price is left: time must do.

    Deliberately not so for a hedge: while one rests the others are planned.
    """
    return _PAUSE_MIN_S if zone is Zone.LIQUIDATION and step[0] != "hedge" else PAUSE_MAX_S


def step_key(step: Step) -> StepKey:
    """By what the refusals of a step are remembered."""
    return (step.remedy, step.symbol, step.leg)


def begins_with(plan: Plan, resting: frozenset[StepKey]) -> bool:
    """Whether nothing of a plan would be done: its first step rests."""
    return plan.feasible and bool(plan.steps) and step_key(plan.steps[0]) in resting


def without_reduced(instruments: Mapping[str, Instrument], resting: frozenset[StepKey]) -> Mapping[str, Instrument]:
    """What may be traded besides symbols of which no reduction is taken now."""
    gone = {symbol for remedy, symbol, _ in resting if remedy == "reduce"}
    return {symbol: rules for symbol, rules in instruments.items() if symbol not in gone} if gone else instruments


def scene_of(book: Book, zone: Zone, step: StepKey) -> Scene:
    """What a step is tried in."""
    _, symbol, leg = step
    of_symbol = [position for position in book.positions if position.symbol == symbol]
    contracts = sum(position.contracts for position in of_symbol if position.side == leg)
    mark = of_symbol[0].mark_price if of_symbol else None
    return Scene(zone, contracts, mark, {each.asset: each.balance for each in book.collateral})


def has_changed(then: Scene, now: Scene) -> bool:
    """Whether enough has changed that what was refused may be accepted, or is needed more than it was."""
    if _place(now.zone) > _place(then.zone) or _differ(then.contracts, now.contracts, _SIZE):
        return True
    if then.mark is not None and now.mark is not None and _differ(then.mark, now.mark, _PRICE):
        return True
    assets = then.balances.keys() | now.balances.keys()
    return any(_differ(then.balances.get(each, 0.0), now.balances.get(each, 0.0), _SIZE) for each in assets)


def _place(zone: Zone) -> int:
    return -1 if zone is Zone.UNKNOWN else severity(zone)


def _differ(one: float, two: float, share: float) -> bool:
    return abs(one - two) > share * max(abs(one), abs(two))


def plain_reason(said: str) -> str:
    """A venue's reason without prices, sizes and numbers of orders; its short codes stay."""
    return _FIGURES.sub("#", " ".join(said.split()))
