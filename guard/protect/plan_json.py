"""A plan as JSON: names and order of `guard plan --json`. Pure."""

from __future__ import annotations

from typing import Any

from guard.protect.explain import plan_lines
from guard.protect.plan_values import Plan
from guard.risk.reportfile import pool_json


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan as one JSON object; sizes, prices and money are numbers, `contracts` a multiple of the venue's step."""
    return {
        "feasible": plan.feasible,
        "reason": plan.reason,
        "steps": [
            {
                "remedy": step.remedy,
                "symbol": step.symbol,
                "leg": step.leg,
                "side": step.side,
                "contracts": float(step.contracts),
                "limit_price": float(step.limit_price),
                "cost": step.cost,
                "notional": step.notional,
                "order_id": step.order_id,
                "protects": step.protects,
                "margin_mode": step.margin_mode,
            }
            for step in plan.steps
        ],
        "cost": plan.cost,
        "notional": plan.notional,
        "before": [pool_json(pool) for pool in plan.before.pools],
        "after": [pool_json(pool) for pool in plan.after.pools],
        "bound": plan.bound,
        "add_collateral": [
            {"currency": top_up.currency, "amount": top_up.amount, "symbol": top_up.symbol}
            for top_up in plan.add_collateral
        ],
        "left_out": [{"pool": each.pool.text, "why": each.why} for each in plan.left_out],
        "notes": list(plan.notes),
        "explanation": list(plan_lines(plan)),
    }
