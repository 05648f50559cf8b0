"""Risk between two readings: when marks move, the last fresh book is assessed anew.

What a tick may do, and what not:

- It may put an account into a worse zone, at once: told and recorded through `Cycle.worsen`, and the account is read.
- It never leaves a zone and never counts for the dwell: `dwell_cycles`, `blind_cycles` and `confirm_cycles` count
  private readings, so that a minute of calm ticks cannot burn down what was meant to take two readings.
- It never leads to an order. A tick into danger brings the next reading forward, and that one decides: a book that
  mixes old balances with new marks is good enough to warn and too torn to act on.
- It makes nothing younger: a reading that is stale, torn, incomplete, missing or disputed has no ticks until the next
  one, and a fresh one none any more once its private parts are older than `stale_after_s`.
- A book on which orders were sent is not what is held any more: it has no ticks either.
- Nothing is written while the zone stays.

Conflated: of however many ticks come while an account waits for its turn, one assessment sees the newest marks. An
account has at most `per_second` of them, the riskiest first. Owns this order of work; the arithmetic is
`guard.app.live_book`'s.

When many get worse at once, few are told at the same time, the gravest first: what all do at once is done for all at
the end. Danger is told at once, what is milder after all that is due was looked at; and what is milder is read again
after all are told. Who waits is looked at like anybody, and told the gravest that was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from guard.app.cycle import Cycle
from guard.app.live_book import MARKS, Onlooker, glance, is_live, marked_symbols, revalued
from guard.app.watch import Watch
from guard.ports.clock import Clock
from guard.ports.errors import InputError
from guard.ports.records import Reading
from guard.ports.venue import AccountSpec, FetchedBook
from guard.risk.zones import Zone, severity
from guard.venues.streaming.board import Mark, MarkBoard

log = structlog.get_logger(__name__)

# Marks that come together are assessed together: the frames of one burst arrive within this time.
SETTLE_S = 0.001
# Longest work without letting others have their turn.
SLICE_S = 0.005
# So much later than its message is an account read that a tick has put into a worse zone: both at once would delay the
# message by more than this.
HEAD_START_S = 0.02
# One is told while the other's record is written; more would only be slower together.
TOLD_AT_ONCE = 2
_CALM = frozenset({Zone.SAFE, Zone.WATCH})
_GRAVE = severity(Zone.DANGER)


class Streams(Protocol):
    """`guard.venues.streaming.hub.StreamHub`, as the live loop sees it."""

    def follow(self, account_id: str, spec: AccountSpec) -> bool:
        """Listen to an account."""
        ...

    def hold(self, account_id: str, symbols: frozenset[str], *, urgent: bool) -> None:
        """Say what an account holds."""
        ...

    def board(self, account_id: str) -> MarkBoard | None:
        """The marks of the account's site."""
        ...

    async def forget(self, account_id: str) -> None:
        """Listen to an account no more."""
        ...


@dataclass(frozen=True, slots=True)
class _Worse:
    """A book at marks that put its account into a worse zone, since when, and how grave that is."""

    reading: Reading
    fetched: FetchedBook
    heard_s: float
    severity: int
    risk_ratio: float

    @property
    def gravity(self) -> tuple[int, float]:
        """By what two of them are compared: the higher, the graver."""
        return self.severity, self.risk_ratio

    @property
    def is_grave(self) -> bool:
        """Danger, or beyond."""
        return self.severity >= _GRAVE


@dataclass(slots=True)
class _Account:
    """One live account. `tokens` are assessments that it may have now, `refilled_s` when they were counted.

    `worse` is what waits to be told, the gravest since the last reading. `is_failing`: a defect of ours stopped the
    last assessment; it is told, and the account read, once.
    """

    watch: Watch
    onlooker: Onlooker | None = None
    symbols: frozenset[str] = frozenset()
    tokens: float = 1.0
    refilled_s: float = 0.0
    dirty_s: float | None = None
    worse: _Worse | None = None
    telling: asyncio.Task[None] | None = None
    is_failing: bool = False


class Live:
    """Assesses accounts between readings.

    Args:
        streams: where marks come from.
        cycle: the one way to alerts and records.
        clock: time.
        hasten: has an account read as soon as may be.
        hasten_told: the same for an account that is just being told of; None: the same.
        told: called with every reading that a tick has made worth recording.
        per_second: most assessments of one account in a second.
    """

    def __init__(
        self,
        *,
        streams: Streams,
        cycle: Cycle,
        clock: Clock,
        hasten: Callable[[str], None],
        hasten_told: Callable[[str], None] | None = None,
        told: Callable[[Reading], None],
        per_second: float,
    ) -> None:
        self._streams = streams
        self._cycle = cycle
        self._clock = clock
        self._hasten = hasten
        self._hasten_told = hasten_told or hasten
        self._told = told
        self._per_second = per_second
        self._accounts: dict[str, _Account] = {}
        self._holders: dict[MarkBoard, dict[str, set[str]]] = {}
        self._woken = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._at_work: _Account | None = None
        self._to_read: list[str] = []
        self.assessments = 0
        self.worsened = 0
        self.broken = ""

    def follow(self, watch: Watch) -> None:
        """Listen to an account from now on, where its venue can be listened to."""
        try:
            is_heard = self._streams.follow(watch.record.account_id, watch.record.spec)
        except InputError as error:  # the cycle says the same, as an alarm
            log.warning("not streamed", account=watch.record.name, error=str(error))
            return
        if is_heard:
            self._accounts[watch.record.account_id] = _Account(watch, refilled_s=self._clock.monotonic())

    async def forget(self, account_id: str) -> None:
        """Listen to an account no more."""
        account = self._accounts.pop(account_id, None)
        if account is not None:
            self._hold(account, frozenset(), urgent=False)
        await self._streams.forget(account_id)

    def after_reading(self, watch: Watch) -> None:
        """An account was read: other symbols may be held, another book be fresh, newer marks have come meanwhile."""
        account = self._accounts.get(watch.record.account_id)
        last = watch.last_good
        if account is None or last is None or last.fetched is None:
            return
        urgent = watch.last is None or watch.last.zone not in _CALM
        self._hold(account, marked_symbols(last.fetched.book), urgent=urgent)
        self._soil(account, self._clock.monotonic())

    def on_marks(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        """Marks have changed; called by the streams."""
        now_s = self._clock.monotonic()
        holders = self._holders.get(board, {})
        for account_id in set().union(*(holders.get(symbol, ()) for symbol in symbols)):
            self._soil(self._accounts[account_id], now_s)

    def on_event(self, account_id: str) -> None:
        """An account has changed; called by the streams."""
        self._hasten(account_id)

    def start(self) -> None:
        """Begin to assess."""
        self._worker = asyncio.create_task(self._work(), name="live")
        self._worker.add_done_callback(self._ended)

    async def stop(self) -> None:
        """End. What is being recorded is the store's to finish or to roll back."""
        tasks = [account.telling for account in self._accounts.values() if account.telling]
        self._to_read.clear()
        for account in self._accounts.values():
            account.worse = None  # else the next would be told when one is cancelled
        if self._worker is not None:
            tasks.append(self._worker)
            self._worker = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hold(self, account: _Account, symbols: frozenset[str], *, urgent: bool) -> None:
        account_id = account.watch.record.account_id
        board = self._streams.board(account_id)
        if board is not None and symbols != account.symbols:
            holders = self._holders.setdefault(board, {})
            for symbol in account.symbols - symbols:
                holders[symbol].discard(account_id)
            for symbol in symbols - account.symbols:
                holders.setdefault(symbol, set()).add(account_id)
            account.symbols = symbols
        self._streams.hold(account_id, symbols, urgent=urgent)

    def _soil(self, account: _Account, now_s: float) -> None:
        if account.dirty_s is None:
            account.dirty_s = now_s
        self._woken.set()

    async def _work(self) -> None:
        """Assess what is due, the riskiest first, until cancelled."""
        while True:
            await self._woken.wait()
            await self._clock.sleep(SETTLE_S)
            self._woken.clear()
            began_s = self._clock.monotonic()
            for account in self._due(began_s):
                self._at_work = account
                self._assess(account)
                self._at_work = None
                if self._clock.monotonic() - began_s > SLICE_S:
                    self._tell_next(only_grave=True)
                    await self._clock.sleep(0)
                    began_s = self._clock.monotonic()
            self._tell_next()
            await self._wait_for_tokens()

    async def _wait_for_tokens(self) -> None:
        """Nothing to do but for accounts that have had their share: sleep until the first has another."""
        waiting = [account for account in self._accounts.values() if self._is_waiting(account)]
        if not waiting or self._woken.is_set():
            return
        now_s = self._clock.monotonic()
        short = max(0.0, min(1.0 - self._tokens(account, now_s) for account in waiting))
        waking = asyncio.ensure_future(self._clock.sleep(short / self._per_second))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({waking, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            woken.cancel()
            await asyncio.gather(waking, woken, return_exceptions=True)
        self._woken.set()

    def _due(self, now_s: float) -> list[_Account]:
        """Accounts that have something new and may be assessed; the riskiest first."""
        due = [
            account
            for account in self._accounts.values()
            if self._is_waiting(account) and self._tokens(account, now_s) >= 1
        ]
        return sorted(due, key=_danger, reverse=True)

    @staticmethod
    def _is_waiting(account: _Account) -> bool:
        """Whether there are new marks and nobody at work on the account; who is at work wakes this loop after it."""
        return account.dirty_s is not None and _is_idle(account)

    def _tokens(self, account: _Account, now_s: float) -> float:
        account.tokens += (now_s - account.refilled_s) * self._per_second
        account.tokens = min(account.tokens, max(1.0, self._per_second))
        account.refilled_s = now_s
        return account.tokens

    def _assess(self, account: _Account) -> None:
        heard_s, account.dirty_s = account.dirty_s, None
        watch, last = account.watch, account.watch.last
        if heard_s is None or last is None or last.fetched is None or not is_live(last) or watch.acted:
            return
        onlooker = account.onlooker
        if onlooker is None or onlooker.reading is not last:
            onlooker = account.onlooker = Onlooker(last, watch.policy)
        marks, oldest = self._newer_marks(account, last.fetched)
        if not onlooker.moves(marks):
            return
        account.tokens -= 1
        fetched, now = None, self._clock.now()
        seen = onlooker.glance(marks, now)
        if seen is None:
            fetched = revalued(last.fetched, marks, oldest)
            seen = glance(fetched, last.zone_state, watch.policy, now)
        self.assessments += 1
        account.is_failing = False
        if seen is None:
            return
        watch.live = seen.risk
        if fetched is not None and seen.is_worse:
            ratio = float("inf") if seen.risk.risk_ratio is None else seen.risk.risk_ratio
            account.worse = _worst(account.worse, _Worse(last, fetched, heard_s, seen.severity, ratio))

    def _newer_marks(self, account: _Account, fetched: FetchedBook) -> tuple[dict[str, float], datetime]:
        """Marks that came in after the book's own, and when the oldest of the book's marks with these in it did."""
        board = self._streams.board(account.watch.record.account_id)
        parts = fetched.parts
        read_at = parts.get(MARKS) or parts.get("positions") or min(parts.values())
        found: dict[str, Mark] = {}
        now = self._clock.now()
        for symbol in account.symbols:
            mark = board.mark(symbol) if board else None
            # One from the future was received before the clock was set back: nobody knows how old it is.
            if mark is not None and read_at < mark.at <= now:
                found[symbol] = mark
        oldest = (
            read_at if len(found) < len(account.symbols) else min((mark.at for mark in found.values()), default=read_at)
        )
        return {symbol: mark.price for symbol, mark in found.items()}, oldest

    def _tell_next(self, *, only_grave: bool = False) -> None:
        """Begin to tell what is worse, the gravest first, as many at a time as may be."""
        waiting = [(each.worse, each) for each in self._accounts.values() if each.worse and _is_idle(each)]
        waiting.sort(key=lambda item: item[0].gravity, reverse=True)
        at_work = sum(account.telling is not None for account in self._accounts.values())
        for worse, account in waiting:
            if at_work >= TOLD_AT_ONCE or (only_grave and not worse.is_grave):
                return
            account.worse = None
            if _still_counts(worse, account.watch):
                self._begin_to_tell(account, worse)
                at_work += 1
        if at_work == 0:
            self._read_told()

    def _begin_to_tell(self, account: _Account, worse: _Worse) -> None:
        account.telling = asyncio.create_task(self._tell(account, worse), name="live telling")
        account.telling.add_done_callback(lambda task: self._was_told(account, task))

    async def _tell(self, account: _Account, worse: _Worse) -> None:
        if account.watch.turn.locked():  # taken meanwhile; whoever deals with it may have read nothing
            account.worse = worse
            return
        reading = await self._cycle.worsen(account.watch, worse.fetched, worse.heard_s)
        if reading is None:
            return
        self.worsened += 1
        self._told(reading)
        if worse.is_grave:
            self._hasten_told(account.watch.record.account_id)
        else:
            self._to_read.append(account.watch.record.account_id)

    def _read_told(self) -> None:
        """All are told: have read what could wait for that."""
        to_read, self._to_read = self._to_read, []
        for account_id in to_read:
            self._hasten_told(account_id)

    def _was_told(self, account: _Account, task: asyncio.Task[None]) -> None:
        account.telling = None
        self._tell_next()
        self._woken.set()
        if not task.cancelled() and task.exception() is not None:
            self._failed(account, task.exception())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A defect of ours: that account waits for its next reading, the others go on."""
        if task.cancelled() or self._worker is not task:
            return
        failed, self._at_work = self._at_work, None
        self._failed(failed, task.exception())
        self.start()
        self._tell_next()
        if failed is not None:  # its marks are used up; those of the others wait
            self._woken.set()

    def _failed(self, account: _Account | None, error: BaseException | None) -> None:
        name = account.watch.record.name if account else "no account"
        self.broken = f"{name}: {type(error).__name__}: {error}"
        if account is not None:
            if account.is_failing:  # else every reading would bring the next one forward, for ever
                return
            account.is_failing = True
            self._hasten(account.watch.record.account_id)
        log.error("live assessment failed", account=name, error=self.broken)


def _worst(known: _Worse | None, new: _Worse) -> _Worse:
    """The graver one; what was seen of an earlier reading counts no more."""
    if known is not None and known.reading is new.reading and known.gravity > new.gravity:
        return known
    return new


def _is_idle(account: _Account) -> bool:
    """Whether nobody is at work on an account."""
    return account.telling is None and not account.watch.turn.locked()


def _still_counts(worse: _Worse, watch: Watch) -> bool:
    """Whether what was seen is to be told: what was read anew is looked at anew, unless that reading failed."""
    return watch.last is worse.reading or not (is_live(watch.last) or watch.acted)


def _danger(account: _Account) -> float:
    """How urgent an account is: its risk_ratio as last known; infinite where equity is gone."""
    risk = account.watch.live or (account.watch.last.risk if account.watch.last else None)
    if risk is None:
        return 0.0
    return float("inf") if risk.risk_ratio is None else risk.risk_ratio
