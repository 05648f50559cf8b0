"""Sizes as steps: what is sent, in which order, at which limit price. Pure.

Order: cancel, net, transfer, reduce, hedge: what costs least risk first, within a remedy what is largest. Legs of a
symbol that are both cut are netted by what they have in common, where that may be done and leaves orders that the venue
takes; the two steps of a netting follow each other and have one size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from guard.protect.hedging import OTHER_SIDE
from guard.protect.legs import LegKey
from guard.protect.lever import Lever, costs_of
from guard.protect.plan_values import PlanLimits, Remedy, Step
from guard.protect.proxies import after_cuts, divided
from guard.protect.restore import Restored
from guard.protect.sizing import limit_price

_ORDER: dict[Remedy, int] = {"cancel": 0, "net": 1, "transfer": 2, "reduce": 3, "hedge": 4}


def steps_of(
    free: Iterable[Step], found: Iterable[Restored], remedies: Collection[str], limits: PlanLimits
) -> tuple[Step, ...]:
    """The steps of a plan, from those that cost nothing and the sizes of each pool."""
    steps = list(free)
    for each in found:
        pulled = [
            (lever, count, cost)
            for lever, count, cost in zip(
                each.task.levers, each.units, costs_of(each.task.levers, each.units), strict=True
            )
            if count
        ]
        common = _common(pulled) if "net" in remedies else {}
        taken = _taken(pulled)
        for lever, count, cost in pulled:
            if lever.grows:
                steps += _hedges(lever, count, cost, taken, limits)
            else:
                steps += _of_lever(lever, count, cost, common.get(lever.position.symbol, 0), limits)
    nets = {step.symbol: max(s.notional for s in steps if s.symbol == step.symbol) for step in steps}
    return tuple(
        sorted(
            steps,
            key=lambda step: (
                _ORDER[step.remedy],
                # Against its own symbol first: there other hedges on the same leg count as well.
                not step.protects.startswith(f"{step.symbol} "),
                -(nets[step.symbol] if step.remedy == "net" else step.notional),
                step.symbol,
                step.leg,
            ),
        )
    )


def _common(pulled: Sequence[tuple[Lever, int, float]]) -> dict[str, int]:
    """Steps by which both legs of a symbol are cut, where what is left of either is an order that the venue takes."""
    cuts = {lever.key: (lever, count) for lever, count, _ in pulled if not lever.grows}
    found = {}
    for (symbol, side), (long, count) in cuts.items():
        if side != "long" or (symbol, "short") not in cuts:
            continue
        short, other = cuts[symbol, "short"]
        both = min(count, other)
        smallest = max(long.smallest, short.smallest)
        if both >= smallest and all(rest == 0 or rest >= smallest for rest in (count - both, other - both)):
            found[symbol] = both
    return found


def _of_lever(lever: Lever, count: int, cost: float, netted: int, limits: PlanLimits) -> list[Step]:
    """One step, or a netting and the rest."""
    if not netted:
        return [_step("reduce", lever, count, cost, limits)]
    part = cost * netted / count if netted == count else min(cost, lever.curve.cost(float(lever.contracts(netted))))
    steps = [_step("net", lever, netted, part, limits)]
    return steps if netted == count else [*steps, _step("reduce", lever, count - netted, cost - part, limits)]


def _taken(pulled: Sequence[tuple[Lever, int, float]]) -> dict[LegKey, float]:
    """Quote value that a plan takes off the exposure of each leg, without its proxies."""
    found: dict[LegKey, float] = {}
    for lever, count, _ in pulled:
        if lever.shares:
            continue
        symbol, side = lever.key
        value = lever.notional(count) * (-1.0 if lever.grows else 1.0)
        for key, signed in ((lever.key, value), ((symbol, OTHER_SIDE[side]), -value)):
            found[key] = found.get(key, 0.0) + signed
    return found


def _hedges(lever: Lever, count: int, cost: float, taken: Mapping[LegKey, float], limits: PlanLimits) -> list[Step]:
    """One step; of a proxy one for each leg that it is against."""
    shares = after_cuts(lever.shares, taken)
    if not shares:
        return [_step("hedge", lever, count, cost, limits)]
    return [
        _step("hedge", replace(lever, protects=f"{share.key[0]} {share.key[1]}"), units, cost * units / count, limits)
        for share, units in divided(count, lever.step_notional, lever.smallest, shares)
    ]


def _step(remedy: Remedy, lever: Lever, units: int, cost: float, limits: PlanLimits) -> Step:
    position = lever.position
    return Step(
        remedy=remedy,
        symbol=position.symbol,
        leg=position.side,
        side=lever.side,
        contracts=lever.contracts(units),
        limit_price=limit_price(lever.side, position.mark_price, limits.max_slippage_bps, lever.instrument.tick),
        cost=cost,
        notional=lever.notional(units),
        protects=lever.protects if lever.grows else "",
        margin_mode=position.margin_mode,
    )
