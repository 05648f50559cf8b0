"""A venue in memory, a journal that can crash, and what an executor needs around it.

The venue is harsher than a real one: it executes an order again when the same client id arrives twice, so that a
double order shows in the book.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected, VenueUnavailable
from guard.ports.records import AccountRecord, IntentRecord, OrderJournalState, OrderRecord
from guard.ports.venue import (
    AccountCheck,
    AccountSpec,
    Depth,
    FetchedBook,
    Instrument,
    OrderRequest,
    OrderState,
    OrderStatus,
)
from guard.protect.executor import Executor
from guard.protect.intents import draft_intent
from guard.protect.outcome import Announcement
from guard.protect.plan import PlanLimits, Target, plan_reduction
from guard.protect.policy import ExecutionBounds, ProtectPolicy
from guard.protect.run import Assignment
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, Position, PositionMode, Side, Tier
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
TIERS = (
    Tier(0.0, 50_000.0, 0.004),
    Tier(50_000.0, 250_000.0, 0.005),
    Tier(250_000.0, 1_000_000.0, 0.01),
    Tier(1_000_000.0, None, 0.025),
)


def instrument(symbol: str, step: str = "0.001") -> Instrument:
    """Trading rules with a step of a thousandth and a tick of a dime."""
    return Instrument(symbol, Decimal(step), Decimal(step), Decimal("0.1"), Decimal(1), Decimal(5))


def position(symbol: str, side: Side, contracts: float, entry: float, mark: float) -> Position:
    """A linear cross leg settled in USDT."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", entry, mark, 20.0)


def book(positions: Sequence[Position], balance: float, mode: PositionMode = "one_way", at: datetime = START) -> Book:
    """A Binance USD-M book with four tiers for every symbol."""
    return Book(
        account="alice",
        venue="binanceusdm",
        model="binance-usdm",
        as_of=at,
        position_mode=mode,
        fees=Fees(taker=0.0005),
        collateral=(Collateral("USDT", balance),),
        positions=tuple(positions),
        tiers={leg.symbol: TIERS for leg in positions},
    )


class ManualClock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        """Wall time."""
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += seconds
        await asyncio.sleep(0)


class Crash(Exception):
    """The process dies here."""


@dataclass
class CrashAt:
    """Dies at the n-th step that is worth dying at; 0 = never."""

    at: int = 0
    steps: int = 0

    def step(self) -> None:
        """One more step."""
        self.steps += 1
        if self.steps == self.at:
            raise Crash


class Journal:
    """The store's part in memory. A crash can come before or after each write."""

    def __init__(self, crash: CrashAt) -> None:
        self.crash = crash
        self.on_save: Callable[[], None] = lambda: None
        self.history: list[tuple[str, OrderJournalState]] = []
        self.intents: dict[str, IntentRecord] = {}
        self.orders: dict[str, OrderRecord] = {}

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


@dataclass
class Venue:
    """One account. `faults` are taken one for each submit; `reads` one for each read of the book.

    Faults of a submit: `ok`, `rejected`, `unfilled`, `open` (filled when looked up), `half`, `lost` (never arrived, no
    answer), `silent` (arrived, no answer), `hang` (arrived, answers never), `late` (arrives after the second look-up),
    `flip` (an opposite leg appears), `grow` (another leg changes), `overfill`, `bad_price`, `gone` (venue unreachable
    before it was sent).
    Faults of a look-up: `ok`, `down`, `open` (not ended yet), `arrives` (late orders arrive after this answer), `rally`
    (the market comes back meanwhile), `stop` (the kill switch is pulled meanwhile), `forgotten` (not known any more).
    Faults of a read: `ok`, `down`, `stale`, `lag` (the fills do not show yet), `torn`.
    """

    clock: ManualClock
    crash: CrashAt
    book: Book
    rules: dict[str, Instrument]
    band_bps: float = 50.0
    faults: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    arrived: list[OrderRequest] = field(default_factory=list)
    answers: dict[str, OrderState] = field(default_factory=dict)
    sent: int = 0
    late: list[OrderRequest] = field(default_factory=list)
    slip: float = 0.0005
    after_submit: Callable[[], None] | None = None
    stop: Callable[[], None] = lambda: None
    legs_before: dict[tuple[str, str], float] = field(default_factory=dict)

    async def fetch_book(self) -> FetchedBook:
        """The book as it stands, or as the fault says."""
        fault = self.reads.pop(0) if self.reads else "ok"
        if fault == "down":
            raise VenueUnavailable("the venue is down")
        self.crash.step()
        found = self.previous if fault == "lag" else self.book
        at = self.clock.now() - timedelta(hours=1) if fault == "stale" else self.clock.now()
        parts = dict.fromkeys(("balances", "positions", "marks"), at)
        return FetchedBook(
            replace(found, as_of=at), parts, position_mode_proven=True, torn=("x",) if fault == "torn" else ()
        )

    async def check(self) -> AccountCheck:
        """Not used here."""
        raise NotImplementedError

    async def instrument(self, symbol: str) -> Instrument:
        """Trading rules."""
        return self.rules[symbol]

    async def depth(self, symbol: str) -> Depth:
        """Not used here."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing to release."""

    async def submit(self, request: OrderRequest) -> OrderState:
        """Check the order as the invariants demand, then do what the fault says."""
        self.sent += 1
        self._check(request)
        fault = self.faults.pop(0) if self.faults else "ok"
        self.previous = self.book
        if fault == "gone":
            raise VenueUnavailable("no route to the venue")
        if fault == "rejected":
            raise OrderRejected("ReduceOnly Order is rejected", code="-2022")
        if fault == "lost":
            raise OrderOutcomeUnknown("cut connection")
        if fault == "late":
            self.late.append(request)
            raise OrderOutcomeUnknown("cut connection")
        state = self._execute(request, fault)
        self.crash.step()
        if self.after_submit:
            self.after_submit()
        if fault == "silent":
            raise OrderOutcomeUnknown("no answer")
        if fault == "hang":
            await asyncio.Event().wait()
        return replace(state, status=OrderStatus.OPEN, filled=Decimal(0)) if fault == "open" else state

    async def find_order(self, client_order_id: str, symbol: str) -> OrderState | None:
        """What became of an order."""
        fault = self.lookups.pop(0) if self.lookups else "ok"
        if fault == "down":
            raise VenueUnavailable("the venue is down")
        self.crash.step()
        found = self.answers.get(client_order_id)
        if fault == "rally":
            self.move(0.12)
        if fault == "stop":
            self.stop()
        if fault == "forgotten":
            return None
        for request in self.late if fault == "arrives" else []:
            self._execute(request, "ok")
        if fault == "open" and found:
            return replace(found, status=OrderStatus.OPEN)
        return found

    def _check(self, request: OrderRequest) -> None:
        """Invariant 2: the order makes an open leg smaller, on the step, inside the band, never below zero."""
        rules = self.rules[request.symbol]
        leg = next(each for each in self.book.positions if (each.symbol, each.side) == (request.symbol, request.leg))
        assert request.reduce_only
        assert request.time_in_force == "IOC"
        assert request.position_mode == self.book.position_mode
        assert request.side == ("sell" if request.leg == "long" else "buy")
        assert 0 < request.contracts <= Decimal(repr(leg.contracts))
        assert request.contracts % rules.step == 0
        assert request.limit_price % rules.tick == 0
        loss = leg.sign * (leg.mark_price - float(request.limit_price)) / leg.mark_price
        assert loss <= self.band_bps / 10_000 + 1e-12

    def _execute(self, request: OrderRequest, fault: str) -> OrderState:
        self.arrived.append(request)
        filled = {"unfilled": Decimal(0), "overfill": request.contracts + self.rules[request.symbol].step}.get(
            fault, request.contracts
        )
        if fault == "half":
            step = self.rules[request.symbol].step
            filled = (request.contracts / 2 // step) * step
        price = self._fill(request, filled, fault)
        if fault == "flip":
            other: Side = "short" if request.leg == "long" else "long"
            mark = next(each.mark_price for each in self.book.positions if each.symbol == request.symbol)
            self.book = replace(
                self.book, positions=(*self.book.positions, position(request.symbol, other, 0.01, mark, mark))
            )
        if fault == "grow":
            self.book = replace(
                self.book,
                positions=tuple(
                    replace(leg, contracts=leg.contracts + 1.0) if leg.symbol != request.symbol else leg
                    for leg in self.book.positions
                ),
            )
        status = OrderStatus.FILLED if filled >= request.contracts else OrderStatus.PARTLY_FILLED
        if not filled:
            status = OrderStatus.EXPIRED
        state = OrderState(
            request.client_order_id, f"v{len(self.arrived)}", request.symbol, status, filled, price if filled else None
        )
        self.answers[request.client_order_id] = state
        return state

    def _fill(self, request: OrderRequest, filled: Decimal, fault: str) -> float:
        leg = next(each for each in self.book.positions if (each.symbol, each.side) == (request.symbol, request.leg))
        price = leg.mark_price * (1.0 - leg.sign * self.slip)
        if fault == "bad_price":
            price = leg.mark_price * (1.0 - leg.sign * 0.02)
        left = Decimal(repr(leg.contracts)) - filled
        size = float(filled)
        gain = leg.sign * size * (price - leg.entry_price) - 0.0005 * size * price
        legs = [replace(each, contracts=float(left)) if each is leg else each for each in self.book.positions]
        (wallet,) = self.book.collateral
        self.book = replace(
            self.book,
            positions=tuple(each for each in legs if each.contracts > 0),
            collateral=(replace(wallet, balance=wallet.balance + gain),),
        )
        return price

    def move(self, share: float) -> None:
        """All marks move by a fraction."""
        legs = tuple(replace(leg, mark_price=round(leg.mark_price * (1.0 + share), 1)) for leg in self.book.positions)
        self.book = replace(self.book, positions=legs)

    previous: Book = field(init=False)

    def __post_init__(self) -> None:
        self.previous = self.book
        self.legs_before = self.legs()

    def legs(self) -> dict[tuple[str, str], float]:
        """Open legs."""
        return {(leg.symbol, leg.side): leg.contracts for leg in self.book.positions}


class World:
    """A venue, a journal, a clock and an executor around one account in danger."""

    def __init__(self, start: Book, policy: ProtectPolicy | None = None) -> None:
        self.clock = ManualClock()
        self.crash = CrashAt()
        symbols = {leg.symbol for leg in start.positions}
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
        )
        return Assignment(self.account, intent, orders, plan, fetched, self.rules, daily_cap)

    def assert_sound(self) -> None:
        """Invariants 2, 3 and 6: nothing sent twice, no leg grew, none flipped, the journal tells what arrived."""
        ids = [request.client_order_id for request in self.venue.arrived]
        assert len(ids) == len(set(ids)), "an order was executed twice"
        legs = self.venue.legs()
        assert legs.keys() <= self.venue.legs_before.keys()
        assert all(contracts <= self.venue.legs_before[key] for key, contracts in legs.items())
        journalled = {order.client_order_id: Decimal(order.filled) for order in self.journal.orders.values()}
        assert {key: state.filled for key, state in self.venue.answers.items()} == {key: journalled[key] for key in ids}

    @property
    def restored(self) -> bool:
        """Whether the account is back under its target."""
        return self.policy.target.holds(assess(self.venue.book))


@pytest.fixture
def btc_book() -> Book:
    """1 BTC long in danger: 3.8 % from liquidation."""
    return book([position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 5_500.0)


@pytest.fixture
def world(btc_book: Book) -> World:
    """An account with one long leg in danger; a plan takes three children."""
    return World(btc_book)


@pytest.fixture
def new_world() -> Callable[..., World]:
    """Builds a world from a book."""
    return World


@pytest.fixture
def make() -> Any:
    """Builders of values: `make.book(...)`, `make.position(...)`, `make.instrument(...)`."""

    class Make:
        book = staticmethod(book)
        position = staticmethod(position)
        instrument = staticmethod(instrument)
        target = Target()
        limits = PlanLimits()

    return Make


@pytest.fixture
def crash() -> type[Crash]:
    """What a dying process raises."""
    return Crash
