"""The state of one execution while it runs: the newest book, what was sent, what filled, what it cost.

Owned by one `guard.protect.executor.Executor` call at a time; nothing of it survives a crash, the journal does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from guard.ports.records import AccountRecord, HedgeRecord, IntentRecord, OrderRecord
from guard.ports.venue import FetchedBook, Instrument
from guard.protect.hedging import Protected, protected_by_step
from guard.protect.journal import child_number
from guard.protect.legs import LegKey, expected_legs, legs_of
from guard.protect.outcome import Ending, Level
from guard.protect.plan_values import Plan, Target
from guard.protect.sizing import contract_notional
from guard.risk.book import Position, Side
from guard.risk.report import AccountRisk


@dataclass(frozen=True, slots=True)
class Assignment:
    """An intent to carry out: what `guard.protect.intents.draft_intent` made, and what it was made from.

    `fetched` is the book that the plan was made from, already judged fresh by the gates. `daily_cap` is in quote
    currency. `target` are the levels that it is to restore; None: those of the policy.
    """

    account: AccountRecord
    intent: IntentRecord
    orders: tuple[OrderRecord, ...]
    plan: Plan
    fetched: FetchedBook
    instruments: Mapping[str, Instrument]
    daily_cap: float
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Halt:
    """Why an execution ends here, with what was unexpected."""

    ending: Ending
    reason: str
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One execution in progress. `sent` holds every order that was sent, by client order id, as journalled last.

    `hedges` are the account's open ones, as they were recorded before this execution.
    """

    task: Assignment
    intent: IntentRecord
    fetched: FetchedBook
    risk: AccountRisk
    legs: dict[LegKey, Decimal]
    sent: dict[str, OrderRecord] = field(default_factory=dict)
    hedges: tuple[HedgeRecord, ...] = ()
    notional: float = 0.0
    cost: float = 0.0

    @classmethod
    def start(cls, task: Assignment) -> Run:
        """The state before the first order."""
        return cls(task, task.intent, task.fetched, task.plan.before, legs_of(task.fetched.book))

    @property
    def expected(self) -> dict[LegKey, Decimal]:
        """The legs that the book must show now."""
        return expected_legs(self.legs, self.sent.values())

    @property
    def level(self) -> Level:
        """The account's level by the newest verified book."""
        return Level(self.risk.risk_ratio, self.risk.distance)

    def restored(self, target: Target) -> bool:
        """Whether the target holds, by the newest verified book, wherever the plan was to restore it."""
        return self.task.plan.restores(self.task.target or target, self.risk)

    def is_calm_over(self, target: Target) -> bool:
        """Whether hedges are taken off by the guard itself and the target, which held before, does not any more."""
        target = self.task.target or target
        by_itself = self.intent.origin == "unwind" and self.intent.requested_by is None
        return by_itself and target.holds(self.task.plan.before) and not target.holds(self.risk)

    def protected(self, order: OrderRecord) -> Protected:
        """Which leg a hedging order is against."""
        return protected_by_step(self.task.plan.steps[order.step])

    def hedging(self) -> tuple[HedgeRecord, ...]:
        """Every hedge that stands: those of before, and what this execution has opened."""
        opened = [order for order in self.sent.values() if order.remedy == "hedge" and Decimal(order.filled)]
        return (*self.hedges, *(_hedge_of(order, self.protected(order)) for order in opened))

    def position(self, symbol: str, leg: str) -> Position | None:
        """A leg in the newest verified book."""
        for position in self.fetched.book.positions:
            if (position.symbol, position.side) == (symbol, leg):
                return position
        return None

    def book_fill(self, order: OrderRecord, mark: Position, fee_rate: float) -> None:
        """Count what an order filled: traded notional, and cost against the mark at which it was sent.

        One that traded at a better price than its mark counts at the mark: what was reserved of the daily cap is never
        passed by good luck.
        """
        self.sent[order.client_order_id] = order
        filled = float(order.filled)
        if filled <= 0:
            return
        price = float(order.limit_price) if order.average_price is None else order.average_price
        counted = min(price, max(mark.mark_price, float(order.limit_price)))
        worse = mark.mark_price - price if order.side == "sell" else price - mark.mark_price
        traded = filled * contract_notional(mark.kind, mark.contract_size, price)
        self.notional += filled * contract_notional(mark.kind, mark.contract_size, counted)
        self.cost += traded * (fee_rate + worse / mark.mark_price)

    def in_order(self) -> tuple[OrderRecord, ...]:
        """The orders that were sent, by step and child."""
        return tuple(sorted(self.sent.values(), key=lambda order: (order.step, child_number(order))))


def leg_key(order: OrderRecord) -> LegKey:
    """The leg that an order acts on."""
    return (order.symbol, cast("Side", order.leg))


def _hedge_of(order: OrderRecord, hedge: Protected) -> HedgeRecord:
    return HedgeRecord(
        hedge_id=order.client_order_id,
        account_id=order.account_id,
        intent_id=order.intent_id,
        symbol=order.symbol,
        leg=order.leg,
        contracts=order.filled,
        protects_symbol=hedge.key[0],
        protects_leg=hedge.key[1],
        opened_at=order.updated_at,
    )
