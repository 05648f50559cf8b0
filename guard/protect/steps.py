"""From the steps of a plan to the orders that may be sent for them, and what a plan must never say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from guard.ports.records import OrderJournalState, OrderRecord
from guard.ports.venue import Instrument
from guard.protect.hedging import OTHER_SIDE, empty_leg, protected_by_step, reference_leg
from guard.protect.journal import client_order_id
from guard.protect.legs import legs_of
from guard.protect.plan_values import Plan, Step
from guard.protect.policy import ProtectPolicy
from guard.protect.sizing import closing_side, largest_child, split
from guard.risk.book import Book, Order, Position, Side


def check_plan(plan: Plan, book: Book) -> None:
    """Refuse a plan that contradicts itself or its book.

    Raises:
        ValueError: names the step; a defect of ours.
    """
    legs = legs_of(book)
    for number, step in enumerate(plan.steps):
        wrong = ""
        if step.remedy == "cancel":
            wrong = "" if _resting(book, step) else f"no order {step.order_id!r} rests that could open anything"
        elif step.reduces and step.side != closing_side(step.leg):
            wrong = f"{step.side} does not close the {step.leg} leg"
        elif step.reduces and step.contracts > legs.get((step.symbol, step.leg), Decimal(0)):
            wrong = f"{step.contracts} contracts are more than the leg holds"
        elif step.remedy == "hedge" and step.side == closing_side(step.leg):
            wrong = f"{step.side} does not open the {step.leg} leg"
        elif step.remedy == "hedge" and not legs.get(protected_by_step(step).key):
            wrong = f"there is no leg {step.protects!r} to protect"
        elif step.remedy == "net" and not _paired(plan.steps, number):
            wrong = "the other leg is not netted by the same size beside it"
        if wrong:
            raise ValueError(f"step {number} ({step.remedy} {step.symbol}): {wrong}")


def _resting(book: Book, step: Step) -> Order | None:
    """The order that a step cancels: it could open something and holds margin."""
    for order in book.orders:
        if order.order_id == step.order_id and order.symbol == step.symbol:
            return None if order.reduce_only or order.conditional else order
    return None


def _paired(steps: Sequence[Step], number: int) -> bool:
    """Whether the run of netting steps that this one is part of comes in pairs."""
    for netting, group in groupby(enumerate(steps), key=lambda each: (each[1].remedy == "net", each[1].symbol)):
        members = [step for _, step in group]
        if not netting[0] or steps[number] not in members:
            continue
        pairs = zip(members[::2], members[1::2], strict=False)
        return len(members) % 2 == 0 and all(
            first.leg == OTHER_SIDE[second.leg] and first.contracts == second.contracts for first, second in pairs
        )
    return False


def children_of_step(
    step: Step,
    number: int,
    book: Book,
    instruments: Mapping[str, Instrument],
    policy: ProtectPolicy,
    intent_id: str,
    account_id: str,
    at: datetime,
) -> list[OrderRecord]:
    """The orders of a step, as planned; none of one that is only told."""
    if step.remedy == "transfer":
        return []
    resting = _resting(book, step) if step.remedy == "cancel" else None
    leg = step.leg if resting is None else _leg_of(resting)
    sizes: Sequence[Decimal] = (step.contracts,)
    position = reference_leg(book, step.symbol, step.leg)
    if resting is None:
        position = position or _unheld(step, instruments[step.symbol])
        largest = largest_child(instruments[step.symbol], position, step.limit_price, policy.max_child_notional)
        sizes = split(step.contracts, largest, instruments[step.symbol].step)
    orders = []
    for child, contracts in enumerate(sizes):
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
                side=step.side if resting is None else resting.side,
                leg=leg,
                contracts=str(contracts),
                limit_price=str(step.limit_price),
                reduce_only=step.reduces,
                state=OrderJournalState.PLANNED,
                updated_at=at,
                venue_order_id=step.order_id or None,
                mark_price=position.mark_price if position else None,
            )
        )
    return orders


def _leg_of(order: Order) -> Side:
    """The leg that a resting order would open."""
    return order.position_side or ("long" if order.side == "buy" else "short")


def _unheld(step: Step, instrument: Instrument) -> Position:
    """A leg of a symbol that is not held, near enough to its price to divide an order."""
    return empty_leg(step.symbol, step.leg, float(step.limit_price), instrument, step.margin_mode)
