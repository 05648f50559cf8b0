"""The outbox worker: delivers what the store holds, whatever happens to the channels, the store or the process.

Owns order, pace and shutdown of deliveries. What is worth a message is decided elsewhere and stored beforehand; what
became of it is stored by `guard.alerts.outbox_ledger`.

Promises, each with a test:

1. A message is marked delivered only after its sink said so. A crash between the two sends it once more, marked as a
   repeat: that an attempt begins is stored before it is made.
2. Messages of one destination arrive by urgency, equally urgent ones in the order in which they were written, also over
   failures and restarts. What a newer message about the same supersedes is not sent; the newer one says so.
3. A slow, failing or dead destination never delays another one.
4. What cannot be delivered is dead with an error in the log and a notice, with its whole text, on the console.
5. A store that fails is asked again; a sink that fails in an unforeseen way costs only its own message.
6. `stop` returns within 2 s and leaves nothing half-written.
7. A chat that has moved is followed and stored; a destination that accepts nothing is told on the second channels,
   once a day, besides every notice on the console.
8. A service's limits are kept by the pacer, the most urgent message of all destinations going first.
9. What is recorded while nothing else waits for its destination goes out without another look into the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from guard.alerts.backoff import RetryPolicy
from guard.alerts.delivery import Outcome, Postponed, attempt, telegram_address
from guard.alerts.outbox_handover import Handover
from guard.alerts.outbox_ledger import Ledger, OutboxStore
from guard.alerts.outbox_notes import is_silent, needs_words, worded
from guard.alerts.outbox_queue import Parcel, may_have_arrived, queues
from guard.language.speech import ENGLISH, Speech
from guard.ports.clock import Clock, Ids
from guard.ports.errors import StoreError
from guard.ports.pace import Limits, Pacer
from guard.ports.records import OutboxMessage
from guard.ports.sending import Sink

log = structlog.get_logger(__name__)

# Deliberately asks for messages that are not due yet too: the oldest message of a destination holds back the younger
# ones while it waits, so it must be seen. It also makes a wall clock that is set back harmless.
_ALL_PENDING: Final = datetime(9000, 1, 1, tzinfo=UTC)
_WINDOW_GROWTH: Final = 4
_CANCEL_GRACE_S: Final = 0.5

# With a backlog the store is asked for at most this part of the time, and even so at least twice a second.
_ASKING_SHARE: Final = 1 / 3
_ASKING_PAUSE_MAX_S: Final = 0.5
_ASKING_FREE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class OutboxPolicy:
    """Limits of the worker; times in seconds.

    Args:
        poll_s: longest sleep; messages of other processes are noticed after this long.
        send_timeout_s: longest wait for one answer of a sink.
        begin_timeout_s: longest wait until it is stored that an attempt begins; an alarm does not wait for a store.
        window: messages asked of the store at once; grows until all that are pending have been seen.
        window_max: largest window.
        concurrent: most chats served at the same time, where no pacer says otherwise.
        store_pause_s: pause after a failure of the store.
        stop_sending_s: how long `stop` lets deliveries in flight end by themselves.
        stop_writing_s: how long it then lets their results be written.
        retry: how patiently messages are repeated.
    """

    poll_s: float = 5.0
    send_timeout_s: float = 20.0
    begin_timeout_s: float = 0.25
    window: int = 200
    window_max: int = 50_000
    concurrent: int = 32
    store_pause_s: float = 1.0
    stop_sending_s: float = 1.0
    stop_writing_s: float = 0.7
    retry: RetryPolicy = field(default_factory=RetryPolicy)


async def _english(_: OutboxMessage) -> Speech:
    return ENGLISH


class Outbox:
    """Delivers pending messages until it is stopped.

    Args:
        store: where messages wait.
        sinks: channels; their schemes must differ.
        clock: time.
        ids: identifiers of its own notices.
        chance: numbers in [0, 1) that spread repeats.
        policy: limits.
        second: destinations that are told, besides the console, when another one accepts nothing.
        pacer: the chat service's limits, shared with all who send there; None: only `concurrent` holds.
        speech: how whoever gets a message reads; asked only when the outbox adds words of its own.
    """

    def __init__(
        self,
        store: OutboxStore,
        sinks: Iterable[Sink],
        clock: Clock,
        ids: Ids,
        *,
        chance: Callable[[], float],
        policy: OutboxPolicy | None = None,
        second: Sequence[str] = (),
        pacer: Pacer | None = None,
        speech: Callable[[OutboxMessage], Awaitable[Speech]] = _english,
    ) -> None:
        self._store = store
        self._sinks = {sink.scheme: sink for sink in sinks}
        self._clock = clock
        self._policy = policy or OutboxPolicy()
        self._pacer = pacer or Pacer(clock, Limits.only_at_once(self._policy.concurrent))
        self._speech = speech
        self._ledger = Ledger(store, clock, ids, chance=chance, retry=self._policy.retry, second=second)
        self._window = self._policy.window
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._queues: dict[str, list[Parcel]] = {}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        # On the monotonic clock: until when a message waits, and a destination that asked to be left alone.
        self._holds: dict[str, float] = {}
        self._quiet: dict[str, float] = {}
        self._in_flight: dict[str, Parcel] = {}
        # What was read before these were decided may still show them as pending.
        self._settled: set[str] = set()
        self._writing: dict[str, asyncio.Task[bool]] = {}
        self._beginning: set[asyncio.Task[bool]] = set()
        self._unwritten: dict[str, Outcome] = {}
        self._handover = Handover()
        self._at_work = False

    @property
    def delivered(self) -> int:
        """How many messages arrived."""
        return self._ledger.delivered

    @property
    def postponed(self) -> int:
        """How many attempts failed that will be repeated."""
        return self._ledger.postponed

    @property
    def superseded(self) -> int:
        """How many messages were not sent because a newer one about the same was."""
        return self._ledger.superseded

    @property
    def dead(self) -> int:
        """How many messages will never arrive."""
        return self._ledger.dead

    def wake(self) -> None:
        """Look for messages at once."""
        self._woken.set()

    def expect(self, messages: Sequence[OutboxMessage]) -> frozenset[str]:
        """Which of these, once they are recorded, can go at once: the first to each destination that nobody is at.

        The record notes that an attempt of these begins, unless something else waits there. `recorded` has to follow.
        """
        if not self._at_work or self._stopping.is_set():
            return frozenset()
        now_s = self._clock.monotonic()
        first = [parcels[0] for parcels in queues(messages).values() if not parcels[0].replaced]
        return self._handover.expect(each.message for each in first if self._is_free(each.message, now_s))

    def recorded(
        self, messages: Sequence[OutboxMessage], expected: frozenset[str], begun: frozenset[str] = frozenset()
    ) -> None:
        """They are in the store, `begun` of those expected as begun; or, with none of them begun, perhaps not."""
        going = [message for message in messages if message.message_id in begun]
        self._handover.end(expected, going)
        for message in going:
            if message.destination not in self._lanes and not self._queues.get(message.destination):
                self._queues[message.destination] = [Parcel(message)]
                self._start_lane(message.destination)
            else:
                self._woken.set()
        if len(going) < max(len(messages), len(expected)):
            self._woken.set()

    def _is_free(self, message: OutboxMessage, now_s: float) -> bool:
        """Whether nothing is sent there, nothing is known to wait for it, and its service takes a message now."""
        destination, address = message.destination, telegram_address(message.destination)
        return (
            destination not in self._lanes
            and not self._queues.get(destination)
            and self._quiet.get(destination, 0.0) <= now_s
            and (address is None or self._pacer.is_free(address.chat_id, message.priority))
        )

    async def run(self) -> None:
        """Deliver until `stop` is called or this task is cancelled."""
        self._at_work = True
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                began = self._clock.monotonic()
                if not await self._survive(self._round(), "outbox round"):
                    await self._pause(self._stopping, self._policy.store_pause_s)
                    continue
                took_s = self._clock.monotonic() - began
                if took_s > _ASKING_FREE_S:
                    await self._pause(self._stopping, min(_ASKING_PAUSE_MAX_S, took_s * (1 / _ASKING_SHARE - 1)))
                await self._pause(self._woken, self._next_look_s())
        finally:
            await self.stop()

    async def flush(self, timeout_s: float) -> bool:
        """Deliver everything that may go now; for commands that run without the worker.

        Returns:
            True when nothing is pending any more; False when something waits for a repeat, or time ran out.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while await self._round():
                    await asyncio.wait(list(self._lanes.values()))
        except TimeoutError:
            return False
        return not await self._store.due_messages(_ALL_PENDING, 1)

    async def stop(self) -> None:
        """End within 2 s: deliveries in flight may finish, what is unfinished stays pending."""
        self._stopping.set()
        self._woken.set()
        lanes = list(self._lanes.values())
        if lanes:
            await asyncio.wait(lanes, timeout=self._policy.stop_sending_s)
            for lane in lanes:
                lane.cancel()
            await asyncio.wait(lanes, timeout=self._policy.stop_writing_s / 2)
        undoing = [self._survive(self._ledger.undo(each), "undoing") for each in self._handover.untried]
        writing = [*self._writing.values(), *self._beginning, *map(asyncio.create_task, undoing)]
        if writing:
            await asyncio.wait(writing, timeout=self._policy.stop_writing_s)
            for write in writing:
                write.cancel()

    # Looking

    async def _round(self) -> bool:
        """See what is pending and start a lane for every destination that may be served; whether any is at work."""
        known, begun = frozenset(self._settled), self._handover.begun
        pending = self._handover.seen(await self._pending(), begun)
        gone = known | self._settled
        self._settled -= known  # what is read from now on cannot show them any more
        busy = {each for parcel in self._in_flight.values() for each in parcel.ids}
        ids = {message.message_id for message in pending}
        self._holds = {each: until for each, until in self._holds.items() if each in ids | busy}
        self._queues = queues(
            (message for message in pending if message.message_id not in gone | busy), self._unwritten
        )
        for destination, parcels in self._queues.items():
            if destination in self._lanes:
                self._hasten(destination, parcels[0].message.priority)
            elif self._may_go(parcels[0].message):
                self._start_lane(destination)
        return bool(self._lanes)

    def _start_lane(self, destination: str) -> None:
        if destination not in self._lanes:
            self._lanes[destination] = asyncio.create_task(self._lane(destination), name=f"outbox {destination}")

    async def _pending(self) -> list[OutboxMessage]:
        """All pending messages, as far as they can be overseen: what supersedes what cannot be seen in a part."""
        while True:
            pending = await self._store.due_messages(_ALL_PENDING, self._window)
            if len(pending) < self._window or self._window >= self._policy.window_max:
                break
            self._window *= _WINDOW_GROWTH
        if len(pending) * _WINDOW_GROWTH * 2 < self._window:
            self._window = max(self._policy.window, self._window // _WINDOW_GROWTH)
        return pending

    def _may_go(self, message: OutboxMessage) -> bool:
        """Whether a message may be tried now; remembers until when it may not."""
        if message.message_id not in self._holds:
            due = message.next_attempt_at
            self._hold(message, max(0.0, (due - self._clock.now()).total_seconds()) if due else 0.0)
        return self._free_at(message) <= self._clock.monotonic()

    def _free_at(self, message: OutboxMessage) -> float:
        return max(self._holds.get(message.message_id, 0.0), self._quiet.get(message.destination, 0.0))

    def _hold(self, message: OutboxMessage, seconds: float) -> None:
        self._holds[message.message_id] = self._clock.monotonic() + seconds

    def _next_look_s(self) -> float:
        """Seconds until the next destination may be served, at most the poll."""
        waits = [
            self._free_at(parcels[0].message)
            for destination, parcels in self._queues.items()
            if parcels and destination not in self._lanes
        ]
        first = min(waits, default=float("inf")) - self._clock.monotonic()
        return min(self._policy.poll_s, max(0.0, first))

    # Serving

    async def _lane(self, destination: str) -> None:
        """Serve one destination while it can be served."""
        done = False
        try:
            done = await self._survive(self._serve(destination), f"deliveries to {destination}")
        finally:
            self._in_flight.pop(destination, None)
            del self._lanes[destination]
            if not done or self._queues.get(destination):
                self._woken.set()

    async def _serve(self, destination: str) -> None:
        """Deliver one after the other, until one must wait."""
        while (head := self._next(destination)) is not None:
            async with self._turn(head.message):
                # What is due now: newer and graver ones may have come while this one waited for its turn.
                parcel = self._next(destination)
                if parcel is None:
                    break
                self._in_flight[destination] = parcel
                self._hold(parcel.message, self._policy.retry.cap_s)  # stands only if a defect ends this turn
                outcome = self._unwritten.get(parcel.message.message_id) or await self._attempt(parcel)
            if not await self._settle(parcel, outcome):
                self._in_flight.pop(destination, None)  # before the next look, or it would not be seen
                self._woken.set()
                break  # one that waits, or that has moved: the others have moved with it

    def _next(self, destination: str) -> Parcel | None:
        """What is to be sent next; None when nothing may be."""
        parcels = self._queues.get(destination)
        if self._stopping.is_set() or not parcels or not self._may_go(parcels[0].message):
            return None
        return parcels[0]

    @asynccontextmanager
    async def _turn(self, message: OutboxMessage) -> AsyncIterator[None]:
        """Wait until the destination's service takes a message of this urgency."""
        address = telegram_address(message.destination)
        if address is None or message.message_id in self._unwritten:
            yield
            return
        async with self._pacer.turn(address.chat_id, message.priority):
            yield

    def _hasten(self, destination: str, priority: int) -> None:
        """A lane that waits for its turn may have something graver to send by now."""
        address = telegram_address(destination)
        if address is not None:
            self._pacer.hasten(address.chat_id, priority)

    async def _attempt(self, parcel: Parcel) -> Outcome:
        """One attempt; the store knows of it beforehand."""
        message = parcel.message
        html = message.html
        if needs_words(parcel):
            html = worded(parcel, await self._speech_for(message))
        if not self._handover.try_now(message) and not may_have_arrived(message):
            begin = asyncio.create_task(self._survive(self._ledger.begin(message), "beginning of an attempt"))
            self._beginning.add(begin)
            begin.add_done_callback(self._beginning.discard)
            await asyncio.wait((begin,), timeout=self._policy.begin_timeout_s)
        outcome = await attempt(
            message.destination,
            html,
            self._sinks,
            self._policy.send_timeout_s,
            silent=is_silent(parcel),
            buttons=message.buttons,
        )
        return self._ledger.judged(message, outcome)

    async def _speech_for(self, message: OutboxMessage) -> Speech:
        try:
            return await self._speech(message)
        except StoreError as error:
            log.warning("not known how a person reads, saying it in English", to=message.destination, error=str(error))
            return ENGLISH

    async def _settle(self, parcel: Parcel, outcome: Outcome) -> bool:
        """Record an outcome; False when the destination must wait, or its messages be looked up anew."""
        # Shielded: a mark that was begun is written even when the lane is cancelled, else the message comes twice.
        write = asyncio.create_task(self._write(parcel, outcome), name=f"mark {parcel.message.message_id}")
        self._writing[parcel.message.message_id] = write
        written = await asyncio.shield(write)
        if isinstance(outcome, Postponed):
            if outcome.retry_after_s is not None:
                self._quiet[parcel.message.destination] = self._clock.monotonic() + outcome.retry_after_s
            return False
        if written:
            self._settled |= parcel.ids
            queue = self._queues.get(parcel.message.destination, [])
            queue[:] = [each for each in queue if each.message.message_id not in parcel.ids]
        self._in_flight.pop(parcel.message.destination, None)
        return written and outcome.moved_to is None

    async def _write(self, parcel: Parcel, outcome: Outcome) -> bool:
        """Record an outcome; when the store fails, remember it: the next turn writes it without sending again."""
        message = parcel.message
        try:
            written = await self._survive(self._ledger.record(parcel, outcome, self._hold), "mark of a message")
        finally:
            del self._writing[message.message_id]
        if written:
            self._unwritten.pop(message.message_id, None)
        elif not isinstance(outcome, Postponed):
            self._unwritten[message.message_id] = outcome
            self._hold(message, self._policy.store_pause_s)
        return written

    async def _survive(self, work: Coroutine[Any, Any, object], what: str) -> bool:
        """Run a step of the worker; False when it failed, which is logged and never ends the worker."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait((task,), timeout=_CANCEL_GRACE_S)
            raise
        error = None if task.cancelled() else task.exception()
        if error is None:
            return not task.cancelled()
        if isinstance(error, StoreError):
            log.warning("the store failed, trying again", what=what, error=str(error))
        else:
            log.error("a defect, trying again", what=what, exc_info=error)
        return False

    async def _pause(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for `event`, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
