"""The cheapest trades that restore one cross pool: programme, engine, rounding, engine. Pure.

The programme's optimum is looked at by the engine. Where the rule asks for more than straight lines can say (tiers that
jump, orders that wait), what is missing is put into the programme as a correction, and it is solved again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from guard.protect.lever import Lever, costs_of, cuts_of, openings_of
from guard.protect.plan_values import Target
from guard.protect.poolkey import PoolKey
from guard.protect.poolmodel import PoolModel, model_of
from guard.protect.programme import Optimum, Programme, Tie
from guard.protect.reduced import Cut, reduce_book
from guard.protect.rounding import Rounding, Units
from guard.protect.sizing import exact
from guard.protect.slack import Goal, Slack, pool_named, slack_of, tally_of
from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.pool import Array

_ROUNDS = 6
# The solver is right to about this part.
_SAFETY = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be restored, and with what.

    Args:
        book: the book, after orders were cancelled and collateral was moved in.
        pool: a cross pool of it.
        goal: what it must meet.
        levers: what can be traded.
        groups: levers that move together; every lever is in exactly one.
        ties: what sizes must obey.
        loose: what the sizes of every allowed plan obey, for the bound.
        most_notional: the most that may be traded, None = no cap.
        bound_slack: the pool's slacks at best: without any order, with all that isolated legs could give back.
    """

    book: Book
    pool: PoolKey
    goal: Goal
    levers: tuple[Lever, ...]
    groups: tuple[tuple[int, ...], ...]
    ties: tuple[Tie, ...] = ()
    loose: tuple[Tie, ...] = ()
    most_notional: float | None = None
    bound_slack: Slack | None = field(default=None, compare=False)

    def after(self, units: Units) -> Book:
        """The book after `units` steps of each lever."""
        return reduce_book(self.book, cuts_of(self.levers, units), openings_of(self.levers))

    def holds(self, units: Units) -> bool:
        """Whether the engine finds the goal met after `units`.

        A book that its rule cannot answer for (a pool that is gone leaves a coin without an owner) is no good book.
        """
        book = self.after(units)
        try:
            pool = pool_named(book, self.pool)
            if pool is None or not met(tally_of(pool, self.goal).slack(self.goal), self.goal):
                return pool is None
            if pool.legs.flat is None or not bool(pool.legs.flat.any()):
                return True
            # Between now and the end of the move the requirement jumps: only the search knows.
            assessed = assess(book, prices=False)
        except BookError:
            return False
        return all(self.goal.target.holds_for(each) for each in assessed.pools if PoolKey.of(each) == self.pool)


@dataclass(frozen=True, slots=True)
class Restored:
    """Sizes that restore a pool, and what any plan costs at least there. `levers` and `units` belong together."""

    task: Task
    units: Units
    bound: float

    @property
    def cost(self) -> float:
        """What the sizes cost, in quote currency."""
        return sum(costs_of(self.task.levers, self.units))


@dataclass(frozen=True, slots=True)
class Unrestored:
    """No sizes do."""


def met(slack: Slack, goal: Goal) -> bool:
    """Whether slacks meet a goal: a shock must leave something, a target may be met exactly."""
    shocks = slack[3 : 3 + len(goal.shocks)]
    return bool(np.all(slack >= 0.0)) and bool(np.all(shocks > 0.0))


_MARGIN = Goal(Target(risk_ratio=1.0, distance=0.0, margin_level=1.0))
"""Its last demand is initial margin against equity."""


def margin_is_free(task: Task, units: Units) -> bool:
    """Whether a venue takes the hedges among `units`: their initial margin is free after all cuts, or is none."""
    if not any(count for lever, count in zip(task.levers, units, strict=True) if lever.grows):
        return True
    cut = tuple(0 if lever.grows else count for lever, count in zip(task.levers, units, strict=True))
    after = pool_named(task.after(units), task.pool)
    if after is None:
        return True
    tally = tally_of(after, _MARGIN)
    if tally.equity[-1] >= tally.burden[-1]:
        return True
    try:
        before = pool_named(task.after(cut), task.pool)
    except BookError:  # no book without the hedges to compare with
        return False
    return before is not None and bool(tally.burden[-1] <= tally_of(before, _MARGIN).burden[-1] * (1.0 + 1e-9))


def restore(task: Task) -> Restored | Unrestored:
    """The cheapest sizes that restore a pool, or that there are none.

    Raises:
        BookError: the rule cannot answer for a leg that a lever would open.
    """
    if not task.levers:
        return Unrestored()
    model = model_of(task.book, task.pool, task.goal, task.levers)
    programme = Programme(model, task.ties, most_notional=task.most_notional)
    found = _optimum(task, model, programme)
    if found is None:
        every = tuple(0 if lever.grows else lever.top for lever in task.levers)
        if not task.ties and task.most_notional is None and task.holds(every):
            return Restored(task, every, 0.0)
        return Unrestored()
    optimum, correction = found
    rounding = Rounding(model, task.groups, task.ties, task.most_notional, task.holds)
    units = rounding.near(optimum.traded, correction)
    if units is None:
        return Unrestored()
    return Restored(task, units, _bound(task, model, programme, optimum, correction))


def _optimum(task: Task, model: PoolModel, programme: Programme) -> tuple[Optimum, Slack] | None:
    """The optimum that the engine accepts (or the last one), and the corrections that it took."""
    correction = np.zeros(task.goal.demands)
    last: tuple[Optimum, Slack] | None = None
    tolerance = 1e-7 * model.scale
    for _ in range(_ROUNDS):
        optimum = programme.solve(correction)
        if optimum is None:
            return last
        last = (optimum, correction)
        try:
            real = slack_of(_book_at(task, optimum.traded), task.pool, task.goal)
        except BookError:  # of this very book; sizes next to it may do
            return last
        if bool(np.all(real >= -tolerance)):
            return last
        missing = real - model.slack(optimum.traded[None, :])[0]
        correction = np.where(real < -tolerance, np.minimum(correction, missing), correction)
    return last


def _book_at(task: Task, traded: Array) -> Book:
    """The book after notional of any size was traded by each lever."""
    cuts: dict[tuple[str, str], Cut] = {}
    eaten: dict[tuple[str, str], float] = {}
    for lever, notional in zip(task.levers, traded.tolist(), strict=True):
        contracts = min(exact(notional / lever.curve.unit), lever.contracts(lever.top))
        if contracts <= 0:
            continue
        before = eaten.get(lever.flow, 0.0)
        after = eaten[lever.flow] = before + float(contracts)
        cost = lever.curve.cost(after) - lever.curve.cost(before)
        signed = -contracts if lever.grows else contracts
        known = cuts.get(lever.key, Cut(lever.key, Decimal(0)))
        cuts[lever.key] = Cut(lever.key, known.contracts + signed, known.cost + cost)
    return reduce_book(task.book, cuts.values(), openings_of(task.levers))


def _bound(task: Task, model: PoolModel, programme: Programme, optimum: Optimum, correction: Slack) -> float:
    """What any plan on these levers costs at least; see `guard.protect.programme`."""
    best = np.zeros(task.goal.demands) if task.bound_slack is None else task.bound_slack - model.base
    allowed = np.maximum(best, 0.0) + model.gap
    if task.ties == task.loose and not np.any(allowed) and not np.any(correction):
        return optimum.cost * _SAFETY
    loose = programme if task.ties == task.loose else Programme(model, task.loose, most_notional=task.most_notional)
    least = loose.solve(allowed)
    return 0.0 if least is None else least.cost * _SAFETY
