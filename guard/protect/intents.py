"""From a plan to journal records, and back: what an intent remembers so that a crash loses nothing. Pure.

The intent's `detail` holds the plan for people, and for recovery the legs as they stood when it was made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.ports.records import IntentRecord, OrderJournalState, OrderRecord
from guard.ports.venue import Instrument
from guard.protect.gate import Refusal
from guard.protect.journal import Event, advance, client_order_id
from guard.protect.legs import LegKey, legs_of
from guard.protect.plan_json import plan_json
from guard.protect.plan_values import Plan, Step
from guard.protect.policy import ProtectPolicy
from guard.protect.sizing import contract_notional, largest_child, split
from guard.risk.book import Book
from guard.risk.zones import Zone


@dataclass(frozen=True, slots=True)
class Remembered:
    """What recovery needs of an intent: legs before it, quote value of a contract, position mode, distance before."""

    legs: dict[LegKey, Decimal]
    unit: dict[LegKey, float]
    position_mode: str
    distance: float | None


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
) -> tuple[IntentRecord, tuple[OrderRecord, ...]]:
    """The records of a feasible plan: to be stored in one transaction with the cycle that made it.

    Orders are approved (or, in a dry run, only planned), split to the policy's largest child, with ids that derive
    from intent, step and child.
    """
    orders = [
        order
        for number, step in enumerate(plan.steps)
        for order in _children(step, number, book, instruments[step.symbol], policy, intent_id, account_id, at)
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
        detail=json.dumps(_detail(plan, book)),
        risk_ratio_before=plan.before.risk_ratio,
        finished_at=at if policy.dry_run else None,
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
    )


def _detail(plan: Plan, book: Book) -> dict[str, Any]:
    units = {
        (position.symbol, position.side): contract_notional(position.kind, position.contract_size, position.mark_price)
        for position in book.positions
    }
    return {
        "plan": plan_json(plan),
        "position_mode": book.position_mode,
        "distance": plan.before.distance,
        "legs": [
            {"symbol": key[0], "leg": key[1], "contracts": str(contracts), "unit": units[key]}
            for key, contracts in legs_of(book).items()
        ],
    }


def _children(
    step: Step,
    number: int,
    book: Book,
    instrument: Instrument,
    policy: ProtectPolicy,
    intent_id: str,
    account_id: str,
    at: datetime,
) -> list[OrderRecord]:
    position = next(leg for leg in book.positions if (leg.symbol, leg.side) == (step.symbol, step.leg))
    largest = largest_child(instrument, position, step.limit_price, policy.max_child_notional)
    orders = []
    for child, contracts in enumerate(split(step.contracts, largest, instrument.step)):
        order_id = client_order_id(intent_id, number, child)
        orders.append(
            OrderRecord(
                order_id=order_id,
                intent_id=intent_id,
                account_id=account_id,
                step=number,
                client_order_id=order_id,
                remedy=step.remedy,
                symbol=step.symbol,
                side=step.side,
                leg=step.leg,
                contracts=str(contracts),
                limit_price=str(step.limit_price),
                reduce_only=True,
                state=OrderJournalState.PLANNED,
                updated_at=at,
            )
        )
    return orders
