"""A person's own order as a plan: sized to the venue's steps, priced, and judged by the book after it. Pure.

The same values as the planner's, so that everything behind them (limits, journal, executor) is the same. A reduction
is rounded up and never beyond its leg; a hedge and a netting are rounded down and never beyond what they offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.ports.records import HedgeRecord
from guard.ports.venue import Depth, Instrument
from guard.ports.wishes import Wish
from guard.protect.cost import cost_curve
from guard.protect.legs import LegKey
from guard.protect.levers import held_twice, quoted_in_coin
from guard.protect.plan_values import Plan, PlanLimits, Remedy, Step, amount_places
from guard.protect.poolkey import PoolKey
from guard.protect.reduced import Cut, reduce_book
from guard.protect.sizing import (
    closing_side,
    contract_notional,
    exact,
    limit_price,
    round_down,
    round_up,
    smallest_order,
    tradable_leg,
)
from guard.protect.watched_only import watched_only
from guard.risk.assess import assess
from guard.risk.book import Book, OrderSide, Position, Side


class CannotPlan(Exception):
    """Why an order cannot be made of a wish, in one line for a person."""


@dataclass(frozen=True, slots=True)
class _Market:
    """What sizes and prices are made from."""

    book: Book
    instruments: Mapping[str, Instrument]
    depth: Mapping[str, Depth]
    limits: PlanLimits

    def rules(self, symbol: str) -> Instrument:
        rules = self.instruments.get(symbol)
        if rules is None:
            raise CannotPlan(f"{symbol} has no trading rules")
        return rules

    def require_tradable(self, leg: Position) -> None:
        """Raise CannotPlan for a leg that limits or orders cannot be told apart for."""
        why = quoted_in_coin(leg.symbol, leg.settle) or held_twice(self.book, leg)
        if why:
            raise CannotPlan(f"{leg.symbol} {leg.side} {why}")

    def leg(self, symbol: str, side: Side) -> Position | None:
        return next((leg for leg in self.book.positions if (leg.symbol, leg.side) == (symbol, side)), None)


def plan_by_hand(
    book: Book,
    wish: Wish,
    instruments: Mapping[str, Instrument],
    *,
    limits: PlanLimits,
    depth: Mapping[str, Depth] | None = None,
    hedges: Sequence[HedgeRecord] = (),
) -> Plan:
    """The plan that does exactly what a person asked for.

    Args:
        book: a well-formed book.
        wish: any but kind `plan`.
        instruments: trading rules by symbol.
        limits: what may be traded, and at what cost.
        depth: order books by symbol.
        hedges: the account's open hedges, for `unhedge`.

    Returns:
        The plan; infeasible, with the reason, when it cannot be made or breaks a limit.

    Raises:
        BookError: the book cannot be assessed.
    """
    before = assess(book)
    market = _Market(book, instruments, depth or {}, limits)
    try:
        steps = _steps(market, wish, hedges)
        after = assess(_book_after(market, steps))
        plan = Plan(True, _reason(steps), steps, sum(step.cost for step in steps), before, after, 0.0, by_hand=True)
        _require_limits(plan, limits)
        _require_margin(plan)
    except CannotPlan as error:
        return Plan(False, str(error), (), 0.0, before, before, 0.0, by_hand=True)
    return plan


def _steps(market: _Market, wish: Wish, hedges: Sequence[HedgeRecord]) -> tuple[Step, ...]:
    unplannable = watched_only(market.book)
    if unplannable:
        raise CannotPlan(unplannable)
    match wish.kind:
        case "reduce":
            return (_reduction(market, wish),)
        case "hedge":
            return (_hedge(market, wish),)
        case "net":
            return _netting(market, wish.symbol)
        case "unhedge":
            return _unwinding(market, hedges)
        case "plan":
            raise CannotPlan("the guard's own plan is not made by hand")


def _reduction(market: _Market, wish: Wish) -> Step:
    leg = _meant_leg(market, wish)
    rules, whole = market.rules(leg.symbol), exact(leg.contracts)
    wanted = whole * exact(wish.share) if wish.share is not None else wish.contracts
    if wanted is None or wanted <= 0:
        raise CannotPlan("how much is not said: such as 25% or 0.5 (contracts)")
    if wanted > whole:
        raise CannotPlan(f"{leg.symbol} {leg.side} is {whole} contracts, {wanted} cannot be taken off it")
    step = _closing(market, leg, "reduce", round_up(wanted, rules.step))
    if step is None:
        raise CannotPlan(f"{leg.symbol} {leg.side}: {wanted} contracts are below the smallest order of the venue")
    return step


def _meant_leg(market: _Market, wish: Wish) -> Position:
    legs = [leg for leg in market.book.positions if leg.symbol == wish.symbol and wish.leg in {None, leg.side}]
    if not legs:
        raise CannotPlan(f"no {f'{wish.leg} ' if wish.leg else ''}position in {wish.symbol or 'any symbol'} is open")
    if len(legs) > 1:
        raise CannotPlan(f"{wish.symbol} has several legs: say long or short")
    return legs[0]


def _closing(market: _Market, leg: Position, remedy: Remedy, wanted: Decimal) -> Step | None:
    """An order that takes `wanted` off a leg, or all of it where the venue could not close what is left; None: dust."""
    market.require_tradable(leg)
    rules = market.rules(leg.symbol)
    price = _price(market, leg, closing_side(leg.side))
    smallest, most = smallest_order(rules, leg, price), tradable_leg(rules, leg)
    size = min(wanted, most)
    if size < smallest:
        return None
    if remedy == "reduce" and Decimal(0) < most - size < smallest:
        size = most
    return _step(market, leg, remedy, closing_side(leg.side), size, price)


def _hedge(market: _Market, wish: Wish) -> Step:
    if market.book.position_mode != "hedge":
        raise CannotPlan(
            "the account is in one-way mode: an opposite order would make the leg smaller, reduce it instead"
        )
    legs = [leg for leg in market.book.positions if leg.symbol == wish.symbol and leg.margin_mode == "cross"]
    if not legs:
        raise CannotPlan(f"no cross position in {wish.symbol or 'any symbol'} is open")
    leg = max(legs, key=lambda each: each.contracts) if wish.leg is None else _meant_leg(market, wish)
    market.require_tradable(leg)
    side: Side = "short" if leg.side == "long" else "long"
    opposite = market.leg(leg.symbol, side)
    exposure = exact(leg.contracts) - (exact(opposite.contracts) if opposite is not None else Decimal(0))
    wanted = exposure * exact(wish.share) if wish.share is not None else wish.contracts
    if wanted is None or wanted <= 0:
        raise CannotPlan(f"{leg.symbol} {leg.side} has no exposure left to hedge, or how much is not said")
    if wanted > exposure:
        raise CannotPlan(f"{leg.symbol} {leg.side} has {exposure} contracts of exposure, a hedge of {wanted} is more")
    rules = market.rules(leg.symbol)
    grown = replace(leg, side=side)
    order_side: OrderSide = "buy" if side == "long" else "sell"
    price = _price(market, leg, order_side)
    size = round_down(wanted, rules.step)
    if size < smallest_order(rules, grown, price):
        raise CannotPlan(f"{leg.symbol}: a hedge of {wanted} contracts is below the smallest order of the venue")
    step = _step(market, grown, "hedge", order_side, size, price)
    return replace(step, protects=f"{leg.symbol} {leg.side}")


def _netting(market: _Market, symbol: str | None) -> tuple[Step, ...]:
    symbols = sorted({leg.symbol for leg in market.book.positions if symbol in {None, leg.symbol}})
    steps = [step for each in symbols for step in _netted(market, each)]
    if not steps:
        raise CannotPlan(f"{symbol or 'any symbol'}: there is no long and short leg in cross margin to net")
    return tuple(steps)


def _netted(market: _Market, symbol: str) -> list[Step]:
    long, short = market.leg(symbol, "long"), market.leg(symbol, "short")
    if long is None or short is None or "isolated" in {long.margin_mode, short.margin_mode}:
        return []
    size = round_down(min(exact(long.contracts), exact(short.contracts)), market.rules(symbol).step)
    steps = [_closing(market, leg, "net", size) for leg in (long, short)]
    return [step for step in steps if step is not None] if all(steps) else []


def _unwinding(market: _Market, hedges: Sequence[HedgeRecord]) -> tuple[Step, ...]:
    """One order a hedge leg; a leg that is gone already needs none."""
    sizes: dict[LegKey, Decimal] = {}
    for hedge in hedges:
        leg = next(
            (each for each in market.book.positions if (each.symbol, each.side) == (hedge.symbol, hedge.leg)), None
        )
        if leg is not None and hedge.closed_at is None:
            key = (leg.symbol, leg.side)
            sizes[key] = sizes.get(key, Decimal(0)) + Decimal(hedge.contracts)
    steps = []
    for (symbol, side), size in sizes.items():
        held = market.leg(symbol, side)
        step = None if held is None else _closing(market, held, "reduce", round_down(size, market.rules(symbol).step))
        steps += [step] if step is not None else []
    if not steps:
        raise CannotPlan("no hedge of the guard is open")
    return tuple(steps)


def _price(market: _Market, leg: Position, side: OrderSide) -> Decimal:
    price = limit_price(side, leg.mark_price, market.limits.max_slippage_bps, market.rules(leg.symbol).tick)
    if price <= 0:
        raise CannotPlan(f"{leg.symbol} has no price inside the band")
    return price


def _step(market: _Market, leg: Position, remedy: Remedy, side: OrderSide, size: Decimal, price: Decimal) -> Step:
    # What an order costs depends on the side of the order book that it eats: that of closing the opposite leg.
    eaten = replace(leg, side="long" if side == "sell" else "short")
    curve = cost_curve(
        eaten,
        market.depth.get(leg.symbol),
        fee_rate=market.book.fees.taker,
        max_slippage_bps=market.limits.max_slippage_bps,
        allowance_bps=market.limits.allowance_bps,
    )
    return Step(
        remedy=remedy,
        symbol=leg.symbol,
        leg=leg.side,
        side=side,
        contracts=size,
        limit_price=price,
        cost=curve.cost(float(size)),
        notional=float(size) * contract_notional(leg.kind, leg.contract_size, leg.mark_price),
        margin_mode=leg.margin_mode,
    )


def _book_after(market: _Market, steps: Sequence[Step]) -> Book:
    cuts, openings = [], {}
    for step in steps:
        key = (step.symbol, step.leg)
        cuts.append(Cut(key, -step.contracts if step.remedy == "hedge" else step.contracts, step.cost))
        if step.remedy == "hedge" and market.leg(*key) is None:
            other = market.leg(step.symbol, "short" if step.leg == "long" else "long")
            if other is not None:
                openings[key] = replace(other, side=step.leg)
    return reduce_book(market.book, cuts, openings)


def _require_limits(plan: Plan, limits: PlanLimits) -> None:
    if plan.notional > 0 and plan.cost / plan.notional * 10_000 > limits.max_cost_bps:
        rate = plan.cost / plan.notional * 10_000
        raise CannotPlan(
            f"the plan costs {rate:.1f} bps of what it trades, at most {limits.max_cost_bps:.1f} bps are allowed"
        )
    left = limits.max_notional_left
    if left is not None and plan.notional > left:
        raise CannotPlan(
            f"the plan trades {plan.notional:,.0f}, the daily cap leaves {max(left, 0.0):,.0f} (quote currency)"
        )


def _require_margin(plan: Plan) -> None:
    """A hedge opens something: what it asks for must be free, or the venue refuses it."""
    if not any(step.remedy == "hedge" for step in plan.steps):
        return
    before = {PoolKey.of(pool): pool for pool in plan.before.pools}
    for pool in plan.after.pools:
        known = before.get(PoolKey.of(pool))
        asked = pool.initial_margin - (known.initial_margin if known else 0.0)
        if asked > 0.0 and pool.equity < pool.initial_margin:
            money = f",.{amount_places(pool.currency)}f"
            free = known.available_margin if known else 0.0
            raise CannotPlan(
                f"the hedge asks for {asked:{money}} {pool.currency} of initial margin, "
                f"{free:{money}} {pool.currency} are free"
            )


def _reason(steps: Sequence[Step]) -> str:
    return "as asked: " + ", ".join(f"{step.remedy} {step.symbol} {step.leg}" for step in steps)
