"""Collateral that a person could move in: told beside a plan that does without it. Pure.

The guard moves no money, and nobody has to move any: whatever is carried out must hold without it. So a plan is made
twice, and of the one with the money only this is told: what it moves, and what would still have to be traded.
"""

from __future__ import annotations

from dataclasses import replace

from guard.protect.explain import unit_of
from guard.protect.plan_values import Plan, Step, amount_places

# A plan that is cheaper by less is not worth a sentence.
_CHEAPER = 0.99


def with_move_told(plan: Plan, eased: Plan) -> Plan:
    """A plan with a note of the cheaper way, or of the only one.

    Args:
        plan: made without any money from elsewhere.
        eased: the same with it.
    """
    moves = [step for step in eased.steps if step.remedy == "transfer"]
    if not eased.feasible or not moves or eased.left_out:
        return plan
    helps = not plan.feasible or bool(plan.left_out)
    if not helps and eased.cost >= plan.cost * _CHEAPER:
        return plan
    what = "what would do" if helps else "cheaper"
    amounts = " and ".join(map(_amount, moves))
    return replace(plan, notes=(*plan.notes, f"{what}: moving {amounts} into this account yourself, {_traded(eased)}"))


def _amount(step: Step) -> str:
    return f"{step.contracts:,.{amount_places(step.symbol)}f} {step.symbol}"


def _traded(eased: Plan) -> str:
    if eased.notional <= 0.0:
        return "with nothing traded"
    unit = unit_of(step.symbol for step in eased.steps if step.notional > 0.0)
    return f"with {eased.notional:,.2f} {unit} traded for {eased.cost:,.2f} {unit}"
