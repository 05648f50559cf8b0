"""From a plan to journal records, and back: what an intent remembers so that a crash loses nothing. Pure.

The intent's `detail` holds the plan for people, and for recovery the legs as they stood when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.ports.records import HedgeRecord, IntentOrigin, IntentRecord, OrderRecord
from guard.ports.venue import Instrument
from guard.protect.gate import Refusal
from guard.protect.hedging import Protected, protected_by_step
from guard.protect.journal import Event, advance
from guard.protect.legs import LegKey, legs_of
from guard.protect.plan_json import plan_json
from guard.protect.plan_values import Plan, Step
from guard.protect.policy import ProtectPolicy
from guard.protect.sizing import contract_notional
from guard.protect.steps import check_plan, children_of_step
from guard.risk.book import Book
from guard.risk.zones import Zone


@dataclass(frozen=True, slots=True)
class Remembered:
    """What recovery needs of an intent.

    Legs before it, quote value of a contract, position mode, distance before; which leg a hedge is against, by step;
    the hedges that it takes off, as they stood before it. `told` is what was planned and is left to people.
    """

    legs: dict[LegKey, Decimal]
    unit: dict[LegKey, float]
    position_mode: str
    distance: float | None
    hedges: dict[int, Protected] = field(default_factory=dict)
    unwinds: dict[str, Decimal] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def draft_intent(
    plan: Plan,
    book: Book,
    instruments: Mapping[str, Instrument],
    policy: ProtectPolicy,
    *,
    intent_id: str,
    account_id: str,
    at: datetime,
    zone: Zone,
    reason: str,
    origin: IntentOrigin = "auto",
    requested_by: str | None = None,
    unwinds: Sequence[HedgeRecord] = (),
) -> tuple[IntentRecord, tuple[OrderRecord, ...]]:
    """The records of a feasible plan: to be stored in one transaction with the cycle that made it.

    Orders are approved (or, in a dry run, only planned), split to the policy's largest child, with ids that derive
    from intent, step and child. `unwinds` are the hedges that the plan takes off.

    Raises:
        ValueError: the plan contradicts itself or the book; nothing of it may be sent.
    """
    check_plan(plan, book)
    orders = [
        order
        for number, step in enumerate(plan.steps)
        for order in children_of_step(step, number, book, instruments, policy, intent_id, account_id, at)
    ]
    if not policy.dry_run:
        orders = [advance(order, Event.APPROVE, at=at) for order in orders]
    intent = IntentRecord(
        intent_id=intent_id,
        account_id=account_id,
        at=at,
        state="dry_run" if policy.dry_run else "open",
        zone=zone,
        reason=reason,
        detail=json.dumps(_detail(plan, book, unwinds)),
        risk_ratio_before=plan.before.risk_ratio,
        finished_at=at if policy.dry_run else None,
        origin=origin,
        requested_by=requested_by,
        cost_planned=plan.cost,
    )
    return intent, tuple(orders)


def refused_intent(
    refusals: Sequence[Refusal], *, intent_id: str, account_id: str, at: datetime, zone: Zone, risk_ratio: float | None
) -> IntentRecord:
    """The record of a decision not to act, with every closed gate."""
    return IntentRecord(
        intent_id=intent_id,
        account_id=account_id,
        at=at,
        state="refused",
        zone=zone,
        reason="; ".join(refusal.text for refusal in refusals),
        detail=json.dumps({"refusals": [{"code": refusal.code, "text": refusal.text} for refusal in refusals]}),
        risk_ratio_before=risk_ratio,
        finished_at=at,
    )


def infeasible_intent(plan: Plan, *, intent_id: str, account_id: str, at: datetime, zone: Zone) -> IntentRecord:
    """The record of a decision not to act because no plan helps."""
    return IntentRecord(
        intent_id=intent_id,
        account_id=account_id,
        at=at,
        state="refused",
        zone=zone,
        reason=plan.reason,
        detail=json.dumps({"plan": plan_json(plan)}),
        risk_ratio_before=plan.before.risk_ratio,
        finished_at=at,
    )


def remembered(intent: IntentRecord) -> Remembered:
    """Read back what `draft_intent` wrote.

    Raises:
        KeyError: the intent was not written by `draft_intent`.
    """
    detail = json.loads(intent.detail)
    legs = {(row["symbol"], row["leg"]): row for row in detail["legs"]}
    return Remembered(
        legs={key: Decimal(row["contracts"]) for key, row in legs.items()},
        unit={key: float(row["unit"]) for key, row in legs.items()},
        position_mode=detail["position_mode"],
        distance=detail["distance"],
        hedges={
            row["step"]: Protected(row["symbol"], row["leg"], (row["protects_symbol"], row["protects_leg"]))
            for row in detail.get("hedges", ())
        },
        unwinds={hedge_id: Decimal(contracts) for hedge_id, contracts in detail.get("unwinds", {}).items()},
        told=tuple(detail.get("told", ())),
    )


def _detail(plan: Plan, book: Book, unwinds: Sequence[HedgeRecord]) -> dict[str, Any]:
    units = {
        (position.symbol, position.side): contract_notional(position.kind, position.contract_size, position.mark_price)
        for position in book.positions
    }
    hedges = [(number, step) for number, step in enumerate(plan.steps) if step.remedy == "hedge"]
    legs = {(step.symbol, step.leg): Decimal(0) for _, step in hedges} | legs_of(book)
    for _, step in hedges:
        units.setdefault((step.symbol, step.leg), step.notional / float(step.contracts))
    return {
        "plan": plan_json(plan),
        "position_mode": book.position_mode,
        "distance": plan.before.distance,
        "legs": [
            {"symbol": key[0], "leg": key[1], "contracts": str(contracts), "unit": units[key]}
            for key, contracts in legs.items()
        ],
        "hedges": [_hedge_row(number, protected_by_step(step)) for number, step in hedges],
        "unwinds": {hedge.hedge_id: hedge.contracts for hedge in unwinds},
        "told": [*(told_line(step) for step in plan.steps if step.remedy == "transfer"), *plan.notes],
    }


def _hedge_row(number: int, hedge: Protected) -> dict[str, Any]:
    against = {"protects_symbol": hedge.key[0], "protects_leg": hedge.key[1]}
    return {"step": number, "symbol": hedge.symbol, "leg": hedge.leg, **against}


def told_line(step: Step) -> str:
    """What a person has to do, because the guard moves no money."""
    return f"not done by the guard, it moves no money: transfer {step.contracts} {step.symbol} to this account"
