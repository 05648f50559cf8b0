"""An account in danger, with everything around an executor: a journal that can crash, time that does not pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.ports.records import AccountRecord, HedgeRecord, IntentRecord, OrderJournalState, OrderRecord
from guard.ports.venue import AccountSpec, FetchedBook
from guard.protect.executor import Executor
from guard.protect.intents import draft_intent
from guard.protect.outcome import Announcement
from guard.protect.plan import plan_reduction
from guard.protect.plan_values import Plan, Remedy, Step
from guard.protect.policy import ExecutionBounds, ProtectPolicy
from guard.protect.run import Assignment
from guard.protect.sizing import exact, limit_price
from guard.risk.assess import assess
from guard.risk.book import Book, Order, OrderSide, Side
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone
from tests.unit.protect.memory_venue import BTC, START, CrashAt, ManualClock, Venue, instrument


class Journal:
    """The store's part in memory. A crash can come before or after each write."""

    def __init__(self, crash: CrashAt) -> None:
        self.crash = crash
        self.on_save: Callable[[], None] = lambda: None
        self.history: list[tuple[str, OrderJournalState]] = []
        self.intents: dict[str, IntentRecord] = {}
        self.orders: dict[str, OrderRecord] = {}
        self.hedges: dict[str, HedgeRecord] = {}

    async def add_intent(self, intent: IntentRecord, orders: Sequence[OrderRecord]) -> None:
        """All or nothing."""
        self.crash.step()
        assert intent.intent_id not in self.intents
        self.intents[intent.intent_id] = intent
        self.orders.update({order.order_id: order for order in orders})
        self.crash.step()

    async def update_intent(self, intent: IntentRecord) -> None:
        """Overwrite a known intent."""
        self.crash.step()
        assert intent.intent_id in self.intents
        self.intents[intent.intent_id] = intent
        self.crash.step()

    async def save_order(self, order: OrderRecord) -> None:
        """Insert or overwrite; what names an order stays."""
        self.crash.step()
        known = self.orders.get(order.order_id, order)
        assert (known.client_order_id, known.step) == (order.client_order_id, order.step)
        self.orders[order.order_id] = order
        self.history.append((order.client_order_id, order.state))
        self.on_save()
        self.crash.step()

    async def open_intents(self, account_id: str | None = None) -> list[IntentRecord]:
        """Intents that are not ended."""
        return [each for each in self.intents.values() if each.state == "open"]

    async def orders_of(self, intent_id: str) -> list[OrderRecord]:
        """Orders of an intent."""
        return [order for order in self.orders.values() if order.intent_id == intent_id]

    async def notional_traded_since(self, account_id: str, since: datetime) -> float:
        """As the store sums it."""
        counted = [
            each
            for each in self.intents.values()
            if each.state == "open"
            or (each.state in {"done", "failed"} and (each.at >= since or (each.finished_at or each.at) >= since))
        ]
        return sum(each.notional for each in counted)

    async def open_hedges(self, account_id: str | None = None) -> list[HedgeRecord]:
        """Hedges that are not closed."""
        return [hedge for hedge in self.hedges.values() if hedge.closed_at is None]

    async def add_hedge(self, hedge: HedgeRecord) -> None:
        """One that is known stays as it is."""
        self.crash.step()
        self.hedges.setdefault(hedge.hedge_id, hedge)
        self.crash.step()

    async def update_hedge(self, hedge: HedgeRecord) -> None:
        """Overwrite a known hedge."""
        self.crash.step()
        assert hedge.hedge_id in self.hedges
        self.hedges[hedge.hedge_id] = hedge
        self.crash.step()


class World:
    """A venue, a journal, a clock and an executor around one account in danger."""

    def __init__(self, start: Book, policy: ProtectPolicy | None = None) -> None:
        self.clock = ManualClock()
        self.crash = CrashAt()
        symbols = {leg.symbol for leg in start.positions} | {BTC}
        self.rules = {symbol: instrument(symbol) for symbol in symbols}
        self.venue = Venue(self.clock, self.crash, start, self.rules)
        self.journal = Journal(self.crash)
        self.policy = policy or ProtectPolicy(max_child_notional=10_000.0)
        self.bounds = ExecutionBounds(call_timeout_s=0.05)
        self.told: list[Announcement] = []
        self.frozen: list[str] = []
        self.stop = asyncio.Event()
        self.venue.stop = self.stop.set
        self.account = AccountRecord("account-1", AccountSpec("alice", "binanceusdm"), None, "auto", START)
        self.intents = 0

    def executor(self) -> Executor:
        """A fresh executor, as after a restart."""
        return Executor(
            self.venue,
            self.journal,
            self.clock,
            self.policy,
            self._notify,
            freeze=self._freeze,
            judge=self.judge,
            stop=self.stop,
            bounds=self.bounds,
        )

    async def _notify(self, announcement: Announcement) -> None:
        self.crash.step()
        if announcement.key not in {each.key for each in self.told}:
            self.told.append(announcement)
        self.crash.step()

    async def _freeze(self, account_id: str, reason: str) -> None:
        self.crash.step()
        assert account_id == "account-1"
        self.frozen.append(reason)
        self.crash.step()

    def judge(self, fetched: FetchedBook) -> DataQuality:
        """Fresh for a minute, unless torn."""
        age_s = (self.clock.now() - min(fetched.parts.values())).total_seconds()
        if fetched.torn:
            return DataQuality(Quality.TORN, fetched.torn)
        return DataQuality(Quality.FRESH) if age_s < 60 else DataQuality(Quality.STALE, ("too old",), age_s)

    async def assignment(self, *, daily_cap: float = 1e9) -> Assignment:
        """Plan from the present book."""
        fetched = await self.venue.fetch_book()
        plan = plan_reduction(fetched.book, self.policy.target, self.rules, limits=self.policy.limits(None))
        assert plan.feasible, plan.reason
        return self.assign(fetched, plan, daily_cap=daily_cap)

    async def stepped(self, *steps: Step, **fields: Any) -> Assignment:
        """A plan of these very steps."""
        fetched = await self.venue.fetch_book()
        risk = assess(fetched.book)
        cost = sum(step.cost for step in steps)
        plan = Plan(True, "as told", steps, cost, risk, risk, 0.0, by_hand=fields.pop("by_hand", False))
        return self.assign(fetched, plan, **fields)

    def assign(self, fetched: FetchedBook, plan: Plan, *, daily_cap: float = 1e9, **fields: Any) -> Assignment:
        """A plan with its intent and orders."""
        self.intents += 1
        intent, orders = draft_intent(
            plan,
            fetched.book,
            self.rules,
            self.policy,
            intent_id=f"intent-{self.intents}",
            account_id="account-1",
            at=self.clock.now(),
            zone=Zone.DANGER,
            reason="distance to liquidation 3.8 % is at or below 4 %",
            **fields,
        )
        return Assignment(self.account, intent, orders, plan, fetched, self.rules, daily_cap)

    def step(self, remedy: Remedy, symbol: str, leg: Side, contracts: str, **fields: Any) -> Step:
        """One step, priced at the edge of the band."""
        opens = remedy == "hedge"
        side: OrderSide = "buy" if (leg == "long") == opens else "sell"
        mark = next((each.mark_price for each in self.venue.book.positions if each.symbol == symbol), 0.0)
        mark = mark or self.venue.middles[symbol]
        price = limit_price(side, mark, self.policy.max_slippage_bps, Decimal("0.1"))
        size = Decimal(contracts)
        return Step(remedy, symbol, leg, side, size, price, float(size) * mark * 1e-3, float(size) * mark, **fields)

    def rest(self, order_id: str, side: OrderSide, contracts: float, price: float, symbol: str = BTC) -> Step:
        """An order of the user's that rests, and the step that cancels it."""
        order = Order(symbol, side, price, contracts, order_id=order_id)
        self.venue.book = replace(self.venue.book, orders=(*self.venue.book.orders, order))
        self.venue.previous = self.venue.book
        leg: Side = "long" if side == "buy" else "short"
        return Step("cancel", symbol, leg, side, exact(contracts), exact(price), 0.0, 0.0, order_id=order_id)

    def assert_sound(self) -> None:
        """Invariants 2, 3 and 6: nothing sent twice, no leg grew, none flipped, the journal tells what arrived."""
        ids = [request.client_order_id for request in self.venue.arrived]
        assert len(ids) == len(set(ids)), "an order was executed twice"
        opened = {(order.symbol, order.leg) for order in self.journal.orders.values() if order.remedy == "hedge"}
        legs = {key: size for key, size in self.venue.legs().items() if key not in opened}
        assert legs.keys() <= self.venue.legs_before.keys()
        assert all(contracts <= self.venue.legs_before[key] for key, contracts in legs.items())
        journalled = {order.client_order_id: Decimal(order.filled) for order in self.journal.orders.values()}
        assert {key: state.filled for key, state in self.venue.answers.items()} == {key: journalled[key] for key in ids}

    @property
    def restored(self) -> bool:
        """Whether the account is back under its target."""
        return self.policy.target.holds(assess(self.venue.book))
