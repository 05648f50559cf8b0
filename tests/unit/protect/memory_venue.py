"""A venue in memory, harsher than a real one: it executes an order again when the same client id arrives twice.

A double order therefore shows in the book. Every order is checked as the invariants demand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from guard.ports.errors import CredentialsRejected, OrderOutcomeUnknown, OrderRejected, VenueUnavailable
from guard.ports.venue import (
    AccountCheck,
    Depth,
    DepthLevel,
    FetchedBook,
    Instrument,
    OrderRequest,
    OrderState,
    OrderStatus,
)
from guard.risk.book import Book, Collateral, Fees, Position, PositionMode, Side, Tier

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
        tiers=dict.fromkeys({BTC, ETH, *(leg.symbol for leg in positions)}, TIERS),
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


@dataclass
class Venue:
    """One account. `faults` are taken one for each submit; `reads` one for each read of the book.

    Faults of a submit: `ok`, `rejected`, `unfilled`, `open` (filled when looked up), `half`, `lost` (never arrived, no
    answer), `silent` (arrived, no answer), `hang` (arrived, answers never), `late` (arrives after the second look-up),
    `flip` (an opposite leg appears), `grow` (another leg changes), `overfill`, `bad_price`, `gone` (venue unreachable
    before it was sent), `revoked` (the key is not known any more), `good_price`, `taken` (accepted, and not shown),
    `twice` (its id is in use: it arrived before).
    Faults of a cancellation: `ok`, `lost`, `silent` (cancelled, no answer), `refused`, `fills` (it fills instead),
    `lies` (said to be cancelled, and rests).
    Faults of a look-up: `ok`, `down`, `open` (not ended yet), `arrives` (late orders arrive after this answer), `rally`
    (the market comes back meanwhile), `stop` (the kill switch is pulled meanwhile), `forgotten` (not known any more).
    Faults of a read: `ok`, `down`, `revoked`, `stale`, `lag` (the fills do not show yet), `torn`.
    """

    clock: ManualClock
    crash: CrashAt
    book: Book
    rules: dict[str, Instrument]
    band_bps: float = 50.0
    betas: Mapping[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    arrived: list[OrderRequest] = field(default_factory=list)
    answers: dict[str, OrderState] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    middles: dict[str, float] = field(default_factory=dict)
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
        if fault == "revoked":
            raise CredentialsRejected("the venue does not know the key any more", code="-2015")
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
        """A book of one level around the middle that the test says; none elsewhere."""
        middle = self.middles.get(symbol)
        if middle is None:
            return Depth(symbol, (), ())
        return Depth(symbol, (DepthLevel(middle - 0.1, 10.0),), (DepthLevel(middle + 0.1, 10.0),))

    async def cancel_order(self, symbol: str, venue_order_id: str) -> bool:
        """Take a resting order out of the book, or do what the fault says."""
        fault = self.cancels.pop(0) if self.cancels else "ok"
        self.crash.step()
        resting = next((each for each in self.book.orders if each.order_id == venue_order_id), None)
        if fault == "refused":
            raise OrderRejected("the key may not trade", code="-2015")
        if fault == "lost":
            raise OrderOutcomeUnknown("cut connection")
        if resting is None:
            return False
        assert not resting.reduce_only
        if fault == "lies":
            return True
        self.book = replace(self.book, orders=tuple(each for each in self.book.orders if each is not resting))
        self.cancelled.append(venue_order_id)
        if fault == "fills":
            self.change(symbol, "long" if resting.side == "buy" else "short", Decimal(repr(resting.remaining)))
            self.legs_before = self.legs()
            return False
        self.crash.step()
        if fault == "silent":
            raise OrderOutcomeUnknown("no answer")
        return True

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
        if fault == "revoked":
            raise CredentialsRejected("the venue does not know the key any more", code="-2015")
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
        if fault in {"silent", "twice"}:
            raise OrderOutcomeUnknown("no answer" if fault == "silent" else "duplicate id", code="-4116")
        if fault == "taken":
            raise OrderOutcomeUnknown("was accepted, and the venue does not show it yet", accepted=True)
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
        """Invariant 2: an order makes an open leg smaller, or is a hedge of no more than what is exposed."""
        rules = self.rules[request.symbol]
        mark = self._mark(request.symbol)
        assert request.time_in_force == "IOC"
        assert request.position_mode == self.book.position_mode
        assert request.contracts > 0
        assert request.contracts % rules.step == 0
        assert request.limit_price % rules.tick == 0
        assert abs(float(request.limit_price) - mark) / mark <= self.band_bps / 10_000 + 1e-12
        held = self._held(request.symbol, request.leg)
        if request.reduce_only:
            assert request.side == ("sell" if request.leg == "long" else "buy")
            assert held is not None
            assert request.contracts <= Decimal(repr(held.contracts))
            return
        assert request.side == ("buy" if request.leg == "long" else "sell")
        opposite = self._held(request.symbol, "short" if request.leg == "long" else "long")
        assert opposite is None or self.book.position_mode == "hedge", "in one-way mode it would reduce"
        weighed = [leg for leg in self.book.positions if leg.side != request.leg]
        others = sum(leg.contracts * leg.mark_price * self.betas.get(leg.base, 1.0) for leg in weighed)
        own = held.contracts * mark if held else 0.0
        assert own + float(request.contracts) * mark <= others * (1 + 1e-9), "a hedge beyond what it is against"

    def _held(self, symbol: str, leg: str) -> Position | None:
        return next((each for each in self.book.positions if (each.symbol, each.side) == (symbol, leg)), None)

    def _mark(self, symbol: str) -> float:
        return (
            next((each.mark_price for each in self.book.positions if each.symbol == symbol), 0.0)
            or (self.middles[symbol])
        )

    def change(self, symbol: str, leg: Side, contracts: Decimal, gain: float = 0.0) -> None:
        """Add contracts to a leg (or take them off), and money to the wallet."""
        held = self._held(symbol, leg)
        mark = self._mark(symbol)
        before = held or position(symbol, leg, 0.0, mark, mark)
        after = replace(before, contracts=float(Decimal(repr(before.contracts)) + contracts))
        legs = [after if each is held else each for each in self.book.positions]
        legs += [after] if held is None else []
        (wallet,) = self.book.collateral
        self.book = replace(
            self.book,
            positions=tuple(each for each in legs if each.contracts > 0),
            collateral=(replace(wallet, balance=wallet.balance + gain),),
        )

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
        """Execute at a price a little worse than the mark; returns it."""
        mark = self._mark(request.symbol)
        worse = {"bad_price": 0.02, "good_price": -0.001}.get(fault, self.slip)
        price = mark * (1.0 - worse if request.side == "sell" else 1.0 + worse)
        held = self._held(request.symbol, request.leg)
        size, fee = float(filled), 0.0005 * float(filled) * price
        if request.reduce_only and held is not None:
            self.change(request.symbol, request.leg, -filled, held.sign * size * (price - held.entry_price) - fee)
        elif filled:
            self.change(request.symbol, request.leg, filled, -fee)
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
