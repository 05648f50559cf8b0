"""The planner: the cheapest known way back under the target, by making legs smaller. Pure.

Steps of `plan_reduction`, numbered in the code:

1. Assess the book; nothing to do when the target holds.
2. Decide which legs may be sold, and what selling them costs.
3. Per pool that misses the target, isolated ones first: search (`guard.protect.search`), bound (`guard.protect.bound`),
   and the collateral that would do instead (`guard.protect.top_up`). A pool that nothing restores is left out, by name:
   it must not keep the others from being saved.
4. Assess the reduced book in full, and take one more step of the venue where rounding left it a hair short.
5. Check the whole against the limits. A plan that fails any check is infeasible, has no steps, and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guard.ports.venue import Depth, Instrument
from guard.protect.bound import bounds_of
from guard.protect.cost import cost_curve
from guard.protect.journal import CHILDREN_MAX, STEPS_MAX
from guard.protect.plan_json import plan_json
from guard.protect.plan_values import LeftOut, Plan, PlanLimits, Step, Target, TopUp, amount_places
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import reduce_book
from guard.protect.search import Search, SellableLeg, Units
from guard.protect.sizing import closing_side, largest_child, limit_price, smallest_order, tradable_leg
from guard.protect.top_up import top_up
from guard.protect.watched_only import watched_only
from guard.risk.assess import assess
from guard.risk.assets import FIAT, STABLE, parts
from guard.risk.book import Book, Position
from guard.risk.report import AccountRisk, PoolRisk

__all__ = ["Plan", "PlanLimits", "Step", "Target", "TopUp", "plan_json", "plan_reduction"]

_REPAIRS = 4
# The rest of a step's child numbers is for what fills in part.
_PLANNED_CHILDREN_MAX = CHILDREN_MAX * 9 // 10


@dataclass(frozen=True, slots=True)
class _Restored:
    """A search with the sizes that restore its pool and the bound on what any plan costs there."""

    search: Search
    units: Units
    bound: float


def plan_reduction(
    book: Book,
    target: Target,
    instruments: Mapping[str, Instrument],
    *,
    limits: PlanLimits,
    depth: Mapping[str, Depth] | None = None,
    aim: Target | None = None,
) -> Plan:
    """The reduce-only plan with the least notional that restores `target`.

    Args:
        book: a well-formed book.
        target: levels that every pool must have after the plan.
        instruments: trading rules by symbol; a leg without them is not touched.
        limits: what the plan may use.
        depth: order books by symbol; without one, `limits.allowance_bps` stands in for spread and slippage.
        aim: what the pools that miss the target are brought to, a little beyond it: at the next tick a pool that only
            just reaches it would miss it again. None = the target.

    Returns:
        The plan. Infeasible when no sizes restore the target of any pool that misses it within the limits, or when
        selling costs more than it helps (its total cost rate is not below equity / notional); then it says what
        collateral would do.

    Raises:
        BookError: the book cannot be assessed.
    """
    before = assess(book)  # 1
    if target.holds(before):
        return Plan(True, "the target holds already", (), 0.0, before, before, 0.0)
    unplannable = watched_only(book)
    if unplannable:
        return _infeasible(before, unplannable, ())
    sellable, obstacles = _sellable(book, instruments, limits, depth or {})  # 2
    missed = [pool for pool in before.pools if not target.holds_for(pool)]
    missed.sort(key=lambda pool: pool.margin_mode == "cross")
    aim = target if aim is None else aim
    top_ups = _top_ups(book, aim, missed)
    found = [_restore(book, before, pool, sellable, aim) for pool in missed]  # 3
    restored = [each for each in found if isinstance(each, _Restored)]
    left_out = [each for each in found if isinstance(each, LeftOut)]
    if not restored:
        return _infeasible(before, "; ".join([*(each.why for each in left_out), *obstacles]), top_ups)
    restored, after = _repaired(book, restored, aim)  # 4
    # What an isolated leg gives back may do for the cross pool after all.
    lost = {PoolKey.of(pool) for pool in after.pools if not target.holds_for(pool)}
    left_out = [each for each in left_out if each.pool in lost]
    bound = sum(each.bound for each in restored)
    steps = tuple(step for each in restored for step in _steps(each, limits))
    reason = "; ".join([_reason(steps), *([*(each.why for each in left_out), *obstacles] if left_out else [])])
    plan = Plan(True, reason, steps, sum(s.cost for s in steps), before, after, bound, top_ups, tuple(left_out))
    problem = _over_limits(plan, target, limits) or _too_many_orders(plan, book, instruments, limits)  # 5
    return _infeasible(before, problem, top_ups, bound) if problem else plan


def _sellable(
    book: Book, instruments: Mapping[str, Instrument], limits: PlanLimits, depth: Mapping[str, Depth]
) -> tuple[list[SellableLeg], list[str]]:
    """The legs that may be sold, and why the others may not."""
    legs, obstacles = [], []
    for position in book.positions:
        leg = _sellable_leg(book, position, instruments.get(position.symbol), limits, depth.get(position.symbol))
        if isinstance(leg, str):
            obstacles.append(leg)
        else:
            legs.append(leg)
    # By name: the plan must not depend on the order in which a venue lists positions.
    return sorted(legs, key=lambda leg: leg.key), obstacles


def _sellable_leg(
    book: Book, position: Position, instrument: Instrument | None, limits: PlanLimits, depth: Depth | None
) -> SellableLeg | str:
    name = f"{position.symbol} {position.side}"
    if instrument is None:
        return f"{name} has no trading rules"
    untouchable = _untouchable(book, position, limits)
    if untouchable:
        return f"{name} {untouchable}"
    price = limit_price(closing_side(position.side), position.mark_price, limits.max_slippage_bps, instrument.tick)
    if price <= 0:
        return f"{name} has no price inside the band: its mark is below the venue's tick of {instrument.tick}"
    smallest = smallest_order(instrument, position, price)
    leg = tradable_leg(instrument, position)
    if leg < smallest:
        return f"{name} of {leg} contracts is below the smallest order of {smallest}"
    if largest_child(instrument, position, price, limits.max_child_notional) < 2 * smallest:
        return f"{name} has a smallest order of {smallest} contracts, above half of the largest order allowed"
    curve = cost_curve(
        position,
        depth,
        fee_rate=book.fees.taker,
        max_slippage_bps=limits.max_slippage_bps,
        allowance_bps=limits.allowance_bps,
    )
    step = instrument.step
    return SellableLeg(position, instrument, curve, top=int(leg / step), smallest=int(smallest / step))


def _untouchable(book: Book, position: Position, limits: PlanLimits) -> str:
    """Why a leg may not be sold whatever its size; empty = it may."""
    if limits.allow_symbols and position.symbol not in limits.allow_symbols:
        return "is not in allow_symbols"
    quote = parts(position.symbol, position.settle)[1]
    if quote not in STABLE and quote not in FIAT:
        return f"is quoted in {quote}, limits are in dollars"
    if sum((held.symbol, held.side) == (position.symbol, position.side) for held in book.positions) > 1:
        # No order and no look at what is left could tell the two apart.
        return "is held twice, in cross and isolated margin"
    return ""


def _restore(
    book: Book, before: AccountRisk, pool: PoolRisk, sellable: Sequence[SellableLeg], target: Target
) -> _Restored | LeftOut:
    """The sizes that restore one pool, or why there are none."""
    key = PoolKey.of(pool)
    inside = {(held.symbol, held.side) for held in pool.positions}
    legs = tuple(leg for leg in sellable if leg.key in inside)
    if pool.equity <= 0.0:
        left = f"{pool.equity:,.{amount_places(pool.currency)}f} {pool.currency}"
        return LeftOut(key, f"{key.text} has no equity left ({left}): reducing does not help")
    cost = sum(leg.cost(leg.top) for leg in legs)
    notional = sum(leg.notional(leg.top) for leg in legs)
    if legs and cost / notional >= pool.equity / pool.gross_notional:
        rate, share = cost / notional * 100, pool.equity / pool.gross_notional * 100
        why = f"reducing does not help {key.text}: it costs {rate:.2f} % of what is sold, equity is {share:.2f} % of it"
        return LeftOut(key, why)
    search = Search(book, key, legs, target)
    bounds = bounds_of(search, before)
    units = search.find(bounds.least) if legs else None
    if units is None:
        return LeftOut(key, f"no reduction that is allowed restores {key.text}")
    return _Restored(search, units, bounds.cost)


def _repaired(book: Book, restored: list[_Restored], target: Target) -> tuple[list[_Restored], AccountRisk]:
    """The sizes, made a step larger as long as the full assessment finds them short."""
    mine = {each.search.pool for each in restored}
    after = _after(book, restored)
    for _ in range(_REPAIRS):
        if all(target.holds_for(pool) for pool in after.pools if pool.positions and PoolKey.of(pool) in mine):
            break
        restored = [_one_step_more(each) for each in restored]
        after = _after(book, restored)
    return restored, after


def _one_step_more(each: _Restored) -> _Restored:
    units = tuple(leg.fit(count + 1) if count else 0 for leg, count in zip(each.search.legs, each.units, strict=True))
    return _Restored(each.search, units, each.bound)


def _after(book: Book, restored: Sequence[_Restored]) -> AccountRisk:
    return assess(reduce_book(book, [cut for each in restored for cut in each.search.cuts(each.units)]))


def _steps(each: _Restored, limits: PlanLimits) -> list[Step]:
    """One step a leg, the largest first: it does most of the work if the rest fails."""
    steps = [_step(leg, count, limits) for leg, count in zip(each.search.legs, each.units, strict=True) if count]
    return sorted(steps, key=lambda step: (-step.notional, step.symbol, step.leg))


def _step(leg: SellableLeg, units: int, limits: PlanLimits) -> Step:
    position, side = leg.position, closing_side(leg.position.side)
    return Step(
        remedy="reduce",
        symbol=position.symbol,
        leg=position.side,
        side=side,
        contracts=leg.contracts(units),
        limit_price=limit_price(side, position.mark_price, limits.max_slippage_bps, leg.instrument.tick),
        cost=leg.cost(units),
        notional=leg.notional(units),
    )


def _over_limits(plan: Plan, target: Target, limits: PlanLimits) -> str:
    """The limit that a plan breaks; empty = none."""
    if not plan.restores(target, plan.after):
        return "no reduction on the venue's steps restores the target"
    rate_bps = plan.cost / plan.notional * 10_000
    if rate_bps > limits.max_cost_bps:
        return f"the plan costs {rate_bps:.1f} bps of what it trades, at most {limits.max_cost_bps:.1f} bps are allowed"
    left = limits.max_notional_left
    if left is not None and plan.notional > left:
        return f"the plan trades {plan.notional:,.0f}, the daily cap leaves {max(left, 0.0):,.0f} (quote currency)"
    return ""


def _too_many_orders(plan: Plan, book: Book, instruments: Mapping[str, Instrument], limits: PlanLimits) -> str:
    """Whether client order ids have room for the plan; empty = yes."""
    if len(plan.steps) > STEPS_MAX:
        return f"the plan has {len(plan.steps)} steps, at most {STEPS_MAX} can be journalled"
    held = {(position.symbol, position.side): position for position in book.positions}
    for step in plan.steps:
        position = held[step.symbol, step.leg]
        largest = largest_child(instruments[step.symbol], position, step.limit_price, limits.max_child_notional)
        if step.contracts / largest > _PLANNED_CHILDREN_MAX:
            return f"reducing {step.symbol} takes too many orders of at most {largest} contracts; raise the limit"
    return ""


def _top_ups(book: Book, target: Target, missed: Sequence[PoolRisk]) -> tuple[TopUp, ...]:
    found = (top_up(book, PoolKey.of(pool), target, pool.gross_notional) for pool in missed)
    return tuple(each for each in found if each is not None)


def _reason(steps: Sequence[Step]) -> str:
    legs = ", ".join(f"{step.symbol} {step.leg}" for step in steps)
    return f"reducing {legs} restores the target with the least notional found"


def _infeasible(before: AccountRisk, reason: str, top_ups: tuple[TopUp, ...], bound: float = 0.0) -> Plan:
    instead = ", ".join(each.line for each in top_ups)
    text = f"{reason}; {instead}" if instead else reason
    return Plan(False, text, (), 0.0, before, before, bound, top_ups)
