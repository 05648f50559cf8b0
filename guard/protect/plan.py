"""The planner: the cheapest way back under the target over every remedy that is allowed. Pure.

Steps of `plan_protection`, numbered in the code:

1. Assess the book; nothing to do when the goal is met.
2. What costs nothing: cancel opening orders that hold margin, move collateral in (`guard.protect.freeing`).
3. Which legs may be traded, and what that costs (`guard.protect.levers`).
4. Per pool that misses the goal, isolated ones first: the cheapest sizes and a bound on what any plan costs
   (`guard.protect.restore`, `guard.protect.isolated`). A pool that nothing restores is left out, by name: it must not
   keep the others from being saved.
5. Assess the book after it in full, and take one more step of the venue where rounding left it a hair short.
6. Check the whole against the limits. A plan that fails any check is infeasible, has no steps, and says why and what
   collateral would do (`guard.protect.top_up`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from guard.ports.venue import Depth, Instrument
from guard.protect.freeing import (
    cancelled,
    every_order_cancelled,
    everything_transferred,
    transferred,
    with_releases,
)
from guard.protect.isolated import restore_isolated
from guard.protect.journal import CHILDREN_MAX, STEPS_MAX
from guard.protect.legs import LegKey
from guard.protect.lever import Lever
from guard.protect.levers import (
    Hedges,
    Market,
    alone,
    cutting_levers,
    hedging_levers,
    netting_groups,
    proxy_obstacles,
)
from guard.protect.plan_json import plan_json
from guard.protect.plan_steps import steps_of
from guard.protect.plan_values import LeftOut, Plan, PlanLimits, Step, Target, TopUp, amount_places
from guard.protect.poolkey import PoolKey
from guard.protect.restore import Restored, Task, Unrestored, margin_is_free, restore
from guard.protect.sizing import largest_child
from guard.protect.slack import Goal, holding, slack_of
from guard.protect.top_up import top_up
from guard.protect.watched_only import watched_only
from guard.risk.assess import assess
from guard.risk.book import Book, Position
from guard.risk.bookerror import BookError
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.scenarios import Scenario

__all__ = ["Plan", "PlanLimits", "Step", "Target", "TopUp", "plan_json", "plan_protection", "plan_reduction"]

REDUCTION = ("net", "reduce")
_REPAIRS = 4
# The rest of a step's child numbers is for what fills in part.
_PLANNED_CHILDREN_MAX = CHILDREN_MAX * 9 // 10


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked, and the market that it is asked in."""

    book: Book
    goal: Goal
    aim: Goal
    remedies: Collection[str]
    market: Market
    betas: Mapping[str, float]
    hedged: Mapping[LegKey, float]

    @property
    def limits(self) -> PlanLimits:
        return self.market.limits


def plan_reduction(
    book: Book,
    target: Target,
    instruments: Mapping[str, Instrument],
    *,
    limits: PlanLimits,
    depth: Mapping[str, Depth] | None = None,
    aim: Target | None = None,
) -> Plan:
    """The cheapest plan that makes legs smaller and does nothing else; see `plan_protection`."""
    return plan_protection(book, target, instruments, remedies=REDUCTION, limits=limits, depth=depth, aim=aim)


def plan_protection(
    book: Book,
    target: Target,
    instruments: Mapping[str, Instrument],
    *,
    remedies: Collection[str],
    limits: PlanLimits,
    depth: Mapping[str, Depth] | None = None,
    aim: Target | None = None,
    shocks: Sequence[Scenario] = (),
    betas: Mapping[str, float] | None = None,
    hedged: Mapping[LegKey, float] | None = None,
) -> Plan:
    """The cheapest plan that restores `target`.

    Args:
        book: a well-formed book.
        target: levels that every pool must have after the plan.
        instruments: trading rules by symbol; a leg without them is not touched.
        remedies: what may be done, of cancel, net, transfer, reduce, hedge.
        limits: what the plan may use.
        depth: order books by symbol; without one, `limits.allowance_bps` stands in for spread and slippage.
        aim: what the pools that miss the target are brought to, a little beyond it: at the next tick a pool that only
            just reaches it would miss it again. None = the target.
        shocks: scenarios that every pool must survive after the plan; none of them fills orders.
        betas: beta of assets. With `hedge` among the remedies, symbols in `instruments` whose asset has beta 1 are
            proxies for legs of the other assets.
        hedged: quote value of legs that proxies stand against already.

    Returns:
        The plan. Infeasible when nothing that is allowed restores the target of any pool that misses it within the
        limits, or when selling costs more than it helps (its total cost rate is not below equity / notional); then it
        says what collateral would do.

    Raises:
        BookError: the book cannot be assessed.
    """
    before = assess(book)  # 1
    goal = Goal(target, tuple(shocks))
    if goal.shocks and (unplannable := watched_only(book)):
        return _infeasible(before, unplannable, ())
    missed = [pool for pool, holds in zip(before.pools, holding(book, before, goal), strict=True) if not holds]
    if not missed:
        return Plan(True, "the target holds already", (), 0.0, before, before, 0.0)
    if unplannable := watched_only(book):
        return _infeasible(before, unplannable, ())
    market = Market(instruments, depth or {}, limits, book.fees.taker)
    aimed = Goal(aim or target, goal.shocks)
    plan = _planned(_Request(book, goal, aimed, remedies, market, betas or {}, hedged or {}), before, missed)
    if "hedge" not in remedies or not betas:
        return plan
    return replace(plan, notes=tuple(proxy_obstacles(book, market, betas)))


def _planned(request: _Request, before: AccountRisk, missed: Sequence[PoolRisk]) -> Plan:
    book, aim, limits = request.book, request.aim, request.limits
    top_ups = _top_ups(book, aim, missed)
    cross = [PoolKey.of(pool) for pool in missed if pool.margin_mode == "cross"]
    freed, free_steps = book, list[Step]()  # 2
    if "cancel" in request.remedies:
        freed, free_steps = cancelled(freed, cross, aim, limits)
    if "transfer" in request.remedies:
        freed, moved = transferred(freed, cross, aim, limits)
        free_steps += moved
    cutting, obstacles = cutting_levers(book, request.market)  # 3
    now, found, left = freed, list[Restored](), list[LeftOut]()
    for pool in sorted(missed, key=lambda pool: pool.margin_mode == "cross"):  # 4
        restored = _restore(request, now, before, pool, cutting, found)
        if isinstance(restored, LeftOut):
            left.append(restored)
        elif restored is not None:
            found.append(restored)
            now = restored.task.after(restored.units)
    if not found and len(left) == len(missed):
        return _infeasible(before, "; ".join([*(each.why for each in left), *obstacles]), top_ups)
    found, last, after = _repaired(freed, found, aim)  # 5
    # What an isolated leg gives back may do for the cross pool after all.
    lost = {
        PoolKey.of(pool)
        for pool, holds in zip(after.pools, holding(last, after, request.goal), strict=True)
        if not holds
    }
    left = [each for each in left if each.pool in lost]
    steps = steps_of(free_steps, found, request.remedies, limits)
    reason = "; ".join([_reason(steps), *([*(each.why for each in left), *obstacles] if left else [])])
    bound = sum(each.bound for each in found)
    cost = sum(step.cost for step in steps)
    plan = Plan(True, reason, steps, cost, before, after, bound, top_ups, tuple(left), book_after=last)
    problem = _breaks(plan, last, request) or _too_many_orders(plan, found, limits)  # 6
    return _infeasible(before, problem, top_ups, bound) if problem else plan


def _restore(
    request: _Request,
    book: Book,
    before: AccountRisk,
    pool: PoolRisk,
    cutting: Sequence[Lever],
    found: Sequence[Restored],
) -> Restored | LeftOut | None:
    """The sizes that restore one pool, why there are none, or None where it needs none any more."""
    key = PoolKey.of(pool)
    if key.isolated is None and _meets(book, key, request.aim):
        return None
    inside = {(held.symbol, held.side) for held in pool.positions}
    levers = [lever for lever in cutting if lever.key in inside]
    reducing = bool({"reduce", "net"} & set(request.remedies))
    if pool.equity <= 0.0 and _meets_nothing(book, key, request.aim):
        left = f"{pool.equity:,.{amount_places(pool.currency)}f} {pool.currency}"
        return LeftOut(key, f"{key.text} has no equity left ({left}): reducing does not help")
    useless = _useless(pool, key, levers) if reducing else ""
    if useless and key.isolated is not None:  # closing it takes more from the wallet than it gives back
        return LeftOut(key, useless)
    tasks = _tasks(request, book, before, key, levers, found)
    answers = [_payable(request, before, task) for task in tasks]
    restored = [answer for answer in answers if isinstance(answer, Restored)]
    if restored:
        best = min(restored, key=lambda each: each.cost)
        return replace(best, bound=min(each.bound for each in restored))
    useless = "" if "hedge" in request.remedies else useless
    return LeftOut(key, useless or _missing(request, tasks) or f"{_nothing(request)} restores {key.text}")


def _payable(request: _Request, before: AccountRisk, task: Task) -> Restored | Unrestored:
    """The sizes that restore a pool, with hedges only as far as margin is free for them: others a venue would refuse.

    Hedges come last, so whatever is cut has freed its margin by then.
    """
    found = _answer(task)
    if isinstance(found, Unrestored) or margin_is_free(task, found.units):
        return found
    level = max(1.0, task.goal.target.margin_level or 0.0)
    goal = replace(task.goal, target=replace(task.goal.target, margin_level=level))
    least = slack_of(_at_best(request, before), task.pool, goal)
    paid = _answer(replace(task, goal=goal, bound_slack=least))
    if isinstance(paid, Unrestored) or not margin_is_free(task, paid.units):
        return Unrestored()
    return replace(paid, bound=min(paid.bound, found.bound))


def _answer(task: Task) -> Restored | Unrestored:
    if task.pool.isolated is not None:
        return restore_isolated(task)
    try:
        return restore(task)
    except BookError:
        # The book was assessed: the rule has no answer for a leg that a hedge would open or grow.
        if not any(lever.grows for lever in task.levers):
            raise
        return Unrestored()


def _meets(book: Book, key: PoolKey, goal: Goal) -> bool:
    return bool((slack_of(book, key, goal) >= 0.0).all())


def _meets_nothing(book: Book, key: PoolKey, goal: Goal) -> bool:
    """Whether there is nothing to defend: the pool owes also after what costs nothing."""
    least = replace(goal, target=replace(goal.target, risk_ratio=1.0, pools=()))
    return bool(slack_of(book, key, least)[0] < 0.0)


def _nothing(request: _Request) -> str:
    return "nothing that is allowed" if "hedge" in request.remedies else "no reduction that is allowed"


def _useless(pool: PoolRisk, key: PoolKey, levers: Sequence[Lever]) -> str:
    """Whether closing costs more than it helps; empty = no."""
    cost = sum(lever.curve.cost(float(lever.contracts(lever.top))) for lever in levers)
    notional = sum(lever.top_notional for lever in levers)
    if not levers or cost / notional < pool.equity / pool.gross_notional:
        return ""
    rate, share = cost / notional * 100, pool.equity / pool.gross_notional * 100
    return f"reducing does not help {key.text}: it costs {rate:.2f} % of what is sold, equity is {share:.2f} % of it"


def _tasks(
    request: _Request,
    book: Book,
    before: AccountRisk,
    key: PoolKey,
    cutting: list[Lever],
    found: Sequence[Restored],
) -> list[Task]:
    """What to try: without hedges, and with them."""
    most = request.limits.most_notional
    if most is not None:
        most -= sum(lever.notional(count) for each in found for lever, count in _pulled(each))
    task = Task(book, key, request.aim.of(key), tuple(cutting), alone(cutting), most_notional=most)
    if key.isolated is not None:
        return [task] if "reduce" in request.remedies else []
    task = replace(task, bound_slack=slack_of(_at_best(request, before), key, request.aim))
    if "reduce" not in request.remedies:
        netted, groups, ties = netting_groups(cutting) if "net" in request.remedies else ([], [], [])
        cutting = netted
        task = replace(task, levers=tuple(netted), groups=tuple(groups), ties=tuple(ties), loose=tuple(ties))
    if "hedge" not in request.remedies:
        return [task]
    legs = [leg for leg in book.positions if (leg.symbol, leg.side) in _names(before, key)]
    hedges = hedging_levers(book, legs, cutting, request.market, request.betas, request.hedged)
    return [task, _hedged(task, hedges)] if hedges.levers else [task]


def _hedged(task: Task, hedges: Hedges) -> Task:
    first = len(task.levers)
    return replace(
        task,
        levers=(*task.levers, *hedges.levers),
        groups=(*task.groups, *((first + index,) for index in range(len(hedges.levers)))),
        ties=(*task.ties, *hedges.ties),
        loose=(*task.loose, *hedges.loose),
    )


def _names(risk: AccountRisk, key: PoolKey) -> set[tuple[str, str]]:
    return {(leg.symbol, leg.side) for pool in risk.pools if PoolKey.of(pool) == key for leg in pool.positions}


def _at_best(request: _Request, before: AccountRisk) -> Book:
    """The book with all that costs nothing, and all that isolated legs in trouble could give back.

    For the bound: no plan starts from a better one. Isolated legs that hold the target are left alone.
    """
    book = every_order_cancelled(request.book)
    if "transfer" in request.remedies:
        book = everything_transferred(book, request.limits)
    missed = [
        (pool.currency, pool.equity)
        for pool, holds in zip(before.pools, holding(request.book, before, request.goal), strict=True)
        if pool.margin_mode == "isolated" and not holds
    ]
    return with_releases(book, missed)


def _pulled(each: Restored) -> list[tuple[Lever, int]]:
    return [(lever, count) for lever, count in zip(each.task.levers, each.units, strict=True) if count]


def _missing(request: _Request, tasks: Sequence[Task]) -> str:
    """Whether the cap on what may be traded, or margin for a hedge, is all that is missing; empty = no."""
    most = request.limits.most_notional
    for task in tasks:
        answer = _answer(replace(task, most_notional=None))
        if isinstance(answer, Restored):
            notional = sum(lever.notional(count) for lever, count in _pulled(answer))
            if most is not None and notional > most:
                return _cap_text(notional, request.limits)
            if not margin_is_free(task, answer.units):
                return f"no margin is free for the hedge that would restore {task.pool.text}"
    return ""


def _cap_text(notional: float, limits: PlanLimits) -> str:
    left, most = limits.max_notional_left, limits.max_plan_notional
    if most is not None and (left is None or most < left):
        return f"the plan trades {notional:,.0f}, one plan may trade {most:,.0f} (quote currency)"
    return f"the plan trades {notional:,.0f}, the daily cap leaves {max(left or 0.0, 0.0):,.0f} (quote currency)"


def _repaired(book: Book, found: list[Restored], goal: Goal) -> tuple[list[Restored], Book, AccountRisk]:
    """The sizes, made a step larger as long as the full assessment finds them short; the book after them."""
    mine = {each.task.pool for each in found}
    for _ in range(_REPAIRS):
        last = _chained(book, found)
        after = assess(last)
        short = {
            PoolKey.of(pool)
            for pool, holds in zip(after.pools, holding(last, after, goal), strict=True)
            if not holds and PoolKey.of(pool) in mine
        }
        if not short:
            return found, last, after
        found = [_one_step_more(each) if each.task.pool in short else each for each in found]
    last = _chained(book, found)
    return found, last, assess(last)


def _chained(book: Book, found: Sequence[Restored]) -> Book:
    for each in found:
        book = replace(each.task, book=book).after(each.units)
    return book


def _one_step_more(each: Restored) -> Restored:
    units = tuple(
        lever.fit(count + 1) if count and not lever.grows else count
        for lever, count in zip(each.task.levers, each.units, strict=True)
    )
    return replace(each, units=units)


def _breaks(plan: Plan, after: Book, request: _Request) -> str:
    """The limit that a plan breaks; empty = none."""
    lost = {each.pool for each in plan.left_out}
    for pool, holds in zip(plan.after.pools, holding(after, plan.after, request.goal), strict=True):
        if not holds and PoolKey.of(pool) not in lost:
            return "no reduction on the venue's steps restores the target"
    if plan.notional <= 0.0:
        return ""
    limits, rate_bps = request.limits, plan.cost / plan.notional * 10_000
    if rate_bps > limits.max_cost_bps:
        return f"the plan costs {rate_bps:.1f} bps of what it trades, at most {limits.max_cost_bps:.1f} bps are allowed"
    most = limits.most_notional
    return _cap_text(plan.notional, limits) if most is not None and plan.notional > most * (1.0 + 1e-12) else ""


def _too_many_orders(plan: Plan, found: Sequence[Restored], limits: PlanLimits) -> str:
    """Whether client order ids have room for the plan; empty = yes."""
    if len(plan.steps) > STEPS_MAX:
        return f"the plan has {len(plan.steps)} steps, at most {STEPS_MAX} can be journalled"
    levers = {lever.key: lever for each in found for lever, _ in _pulled(each)}
    for step in plan.steps:
        lever = levers.get((step.symbol, step.leg))
        if lever is None or step.remedy in {"cancel", "transfer"}:
            continue
        position: Position = lever.position
        largest = largest_child(lever.instrument, position, step.limit_price, limits.max_child_notional)
        if step.contracts / largest > _PLANNED_CHILDREN_MAX:
            what = "hedging on" if step.remedy == "hedge" else "reducing"
            return f"{what} {step.symbol} takes too many orders of at most {largest} contracts; raise the limit"
    return ""


def _top_ups(book: Book, goal: Goal, missed: Sequence[PoolRisk]) -> tuple[TopUp, ...]:
    found = (top_up(book, PoolKey.of(pool), goal, pool.gross_notional) for pool in missed)
    return tuple(each for each in found if each is not None)


_DOING = {
    "cancel": "cancelling orders on",
    "net": "netting",
    "transfer": "moving in",
    "reduce": "reducing",
    "hedge": "hedging with",
}


def _reason(steps: Sequence[Step]) -> str:
    """What the steps do, by remedy."""
    done: dict[str, list[str]] = {}
    for step in steps:
        if step.remedy == "transfer":
            name = f"{step.contracts} {step.symbol}"
        else:
            name = step.symbol if step.remedy in {"net", "cancel"} else f"{step.symbol} {step.leg}"
        done.setdefault(step.remedy, []).append(name)
    what = ", ".join(f"{_DOING[remedy]} {', '.join(dict.fromkeys(names))}" for remedy, names in done.items())
    return f"{what} restores the target at the least cost found"


def _infeasible(before: AccountRisk, reason: str, top_ups: tuple[TopUp, ...], bound: float = 0.0) -> Plan:
    instead = ", ".join(each.line for each in top_ups)
    text = f"{reason}; {instead}" if instead else reason
    return Plan(False, text, (), 0.0, before, before, bound, top_ups)
