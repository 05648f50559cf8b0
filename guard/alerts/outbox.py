"""The outbox worker: delivers what the store holds, whatever happens to the channels, the store or the process.

Owns order, pace and shutdown of deliveries. What is worth a message is decided elsewhere and stored beforehand.

Promises, each with a test:

1. A message is marked delivered only after its sink said so. A crash between the two sends it once more.
2. Messages of one destination arrive in the order in which they were written, also over failures and restarts.
3. A slow, failing or dead destination never delays another one.
4. What cannot be delivered is dead with an error in the log and a notice, with its whole text, on the console.
5. A store that fails is asked again; a sink that fails in an unforeseen way costs only its own message.
6. `stop` returns within 2 s and leaves nothing half-written.
7. A chat that has moved is followed and stored; a destination that accepts nothing is told on the second channels,
   once a day, besides every notice on the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from guard.alerts.announce import CONSOLE
from guard.alerts.backoff import RetryPolicy, is_given_up, pause_s
from guard.alerts.delivery import Delivered, Outcome, Postponed, Undeliverable, attempt
from guard.alerts.render import render_undelivered
from guard.language.speech import ENGLISH
from guard.ports.clock import Clock, Ids
from guard.ports.errors import StoreError
from guard.ports.records import QUIET_PRIORITY, OutboxMessage
from guard.ports.sending import Sink

log = structlog.get_logger(__name__)

# Deliberately asks for messages that are not due yet too: the oldest message of a destination holds back the younger
# ones while it waits, so it must be seen. It also makes a wall clock that is set back harmless.
_ALL_PENDING: Final = datetime(9000, 1, 1, tzinfo=UTC)
_WINDOW_GROWTH: Final = 4
_CANCEL_GRACE_S: Final = 0.5

# Begins the stored error of an attempt whose answer was lost; the repeat is then marked as one for the reader.
_MAYBE: Final = "may have arrived: "
_UNDELIVERED: Final = "undelivered|"
_REPEAT_NOTE: Final = "🔁 Repeated, it may have reached you already:\n"


class OutboxStore(Protocol):
    """What the outbox needs of the store. Every method may raise a `StoreError`, and has then written nothing."""

    async def add_message(self, message: OutboxMessage) -> object:
        """Add a message; a known `dedupe_key` makes this a no-op."""
        ...

    async def due_messages(self, now: datetime, limit: int) -> list[OutboxMessage]:
        """Pending messages with no `next_attempt_at` after `now`, the most urgent first, then the oldest."""
        ...

    async def mark_delivered(self, message_id: str, at: datetime, receipt: str) -> object:
        """It arrived."""
        ...

    async def mark_retry(self, message_id: str, at: datetime, error: str, next_attempt_at: datetime) -> object:
        """One more attempt failed; the next is not before `next_attempt_at`."""
        ...

    async def mark_dead(self, message_id: str, at: datetime, error: str) -> object:
        """It will never arrive."""
        ...

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> object:
        """Nothing can be sent to this chat any more."""
        ...

    async def move_chat(self, chat_id: int, new_chat_id: int) -> object:
        """The chat has a new id: its links and its waiting messages follow; repeated, it changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxPolicy:
    """Limits of the worker; times in seconds.

    Args:
        poll_s: longest sleep; messages of other processes are noticed after this long.
        send_timeout_s: longest wait for one answer of a sink.
        window: messages asked of the store at once; grows while all of them are held back.
        window_max: largest window.
        concurrent: most destinations served at the same time.
        store_pause_s: pause after a failure of the store.
        stop_sending_s: how long `stop` lets deliveries in flight end by themselves.
        stop_writing_s: how long it then lets their results be written.
        retry: how patiently messages are repeated.
    """

    poll_s: float = 5.0
    send_timeout_s: float = 20.0
    window: int = 200
    window_max: int = 50_000
    concurrent: int = 32
    store_pause_s: float = 1.0
    stop_sending_s: float = 1.0
    stop_writing_s: float = 0.7
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class _Hold:
    """A destination waits for its oldest message until a moment on the monotonic clock."""

    message_id: str
    until: float


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
    ) -> None:
        self._second = tuple(second)
        self._store = store
        self._sinks = {sink.scheme: sink for sink in sinks}
        self._clock = clock
        self._ids = ids
        self._chance = chance
        self._policy = policy or OutboxPolicy()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._slots = asyncio.Semaphore(self._policy.concurrent)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._holds: dict[str, _Hold] = {}
        self._writing: dict[str, asyncio.Task[bool]] = {}
        self._unwritten: dict[str, Outcome] = {}
        self.delivered = 0
        self.postponed = 0
        self.dead = 0

    def wake(self) -> None:
        """Look for messages at once."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop` is called or this task is cancelled."""
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                if not await self._survive(self._round(), "outbox round"):
                    await self._pause(self._stopping, self._policy.store_pause_s)
                    continue
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
        writing = list(self._writing.values())
        if writing:
            await asyncio.wait(writing, timeout=self._policy.stop_writing_s)
            for write in writing:
                write.cancel()

    async def _round(self) -> bool:
        """Start a lane for every destination that may be served; True when one was started or is at work."""
        window = self._policy.window
        while True:
            pending = await self._store.due_messages(_ALL_PENDING, window)
            started = self._start_lanes(pending)
            if started or len(pending) < window or window >= self._policy.window_max:
                return bool(self._lanes)
            window *= _WINDOW_GROWTH  # all that was seen is held back or being served: look behind it

    def _start_lanes(self, pending: list[OutboxMessage]) -> bool:
        started = False
        by_destination: dict[str, list[OutboxMessage]] = {}
        for message in sorted(pending, key=lambda message: message.created_at):
            by_destination.setdefault(message.destination, []).append(message)
        self._holds = {name: hold for name, hold in self._holds.items() if name in by_destination}
        for destination in dict.fromkeys(message.destination for message in pending):  # most urgent first
            messages = by_destination[destination]
            if destination not in self._lanes and self._may_go(messages[0]):
                lane = asyncio.create_task(self._lane(destination, messages), name=f"outbox {destination}")
                self._lanes[destination] = lane
                started = True
        return started

    def _may_go(self, oldest: OutboxMessage) -> bool:
        """Whether a destination's oldest message may be tried now; remembers until when it may not."""
        hold = self._holds.get(oldest.destination)
        if hold is None or hold.message_id != oldest.message_id:
            due = oldest.next_attempt_at
            wait_s = (due - self._clock.now()).total_seconds() if due else 0.0
            hold = self._hold(oldest, max(0.0, wait_s))
        return hold.until <= self._clock.monotonic()

    def _hold(self, message: OutboxMessage, seconds: float) -> _Hold:
        hold = _Hold(message.message_id, self._clock.monotonic() + seconds)
        self._holds[message.destination] = hold
        return hold

    def _next_look_s(self) -> float:
        """Seconds until the next destination may be served, at most the poll."""
        waits = [hold.until for destination, hold in self._holds.items() if destination not in self._lanes]
        first = min(waits, default=float("inf")) - self._clock.monotonic()
        return min(self._policy.poll_s, max(0.0, first))

    async def _lane(self, destination: str, messages: list[OutboxMessage]) -> None:
        """Serve one destination while it can be served."""
        try:
            async with self._slots:
                await self._survive(self._serve(messages), f"deliveries to {destination}")
        finally:
            del self._lanes[destination]
            self._woken.set()

    async def _serve(self, messages: list[OutboxMessage]) -> None:
        """Deliver one after the other, until one must wait."""
        for message in messages:
            if self._stopping.is_set():
                return
            self._hold(message, self._policy.retry.cap_s)  # stands only if a defect of ours ends this turn
            if not await self._deliver(message):
                return  # one that waits, or that has moved: the others have moved with it

    async def _deliver(self, message: OutboxMessage) -> bool:
        """One attempt and its mark; False when the destination must wait for this message."""
        html = message.html
        if (message.last_error or "").startswith(_MAYBE):
            html = _REPEAT_NOTE + html
        outcome = self._unwritten.get(message.message_id)
        if outcome is None:
            silent, timeout_s = message.priority <= QUIET_PRIORITY, self._policy.send_timeout_s
            outcome = await attempt(message.destination, html, self._sinks, timeout_s, silent=silent)
        if isinstance(outcome, Postponed) and is_given_up(message, outcome, self._clock.now(), self._policy.retry):
            error = f"given up after {message.attempts + 1} attempts: {outcome.error}"
            outcome = Undeliverable(error, moved_to=outcome.moved_to)
        # Shielded: a mark that was begun is written even when the lane is cancelled, else the message comes twice.
        write = asyncio.create_task(self._write(message, outcome), name=f"mark {message.message_id}")
        self._writing[message.message_id] = write
        written = await asyncio.shield(write)
        return written and not isinstance(outcome, Postponed) and outcome.moved_to is None

    async def _write(self, message: OutboxMessage, outcome: Outcome) -> bool:
        """Record an outcome; when the store fails, remember it: the next turn writes it without sending again."""
        try:
            written = await self._survive(self._record(message, outcome), "mark of a message")
        finally:
            del self._writing[message.message_id]
        if written:
            self._unwritten.pop(message.message_id, None)
        elif not isinstance(outcome, Postponed):
            self._unwritten[message.message_id] = outcome
            self._hold(message, self._policy.store_pause_s)
        return written

    async def _record(self, message: OutboxMessage, outcome: Outcome) -> None:
        """Store what became of a message.

        A chat's move is stored after the mark of a message that goes on: in between, another lane would find it still
        pending at the new address, and send it again.
        """
        now = self._clock.now()
        match outcome:
            case Delivered():
                await self._store.mark_delivered(message.message_id, now, outcome.receipt)
                self.delivered += 1
                log.info("delivered", message=message.message_id, to=message.destination, attempts=message.attempts + 1)
                await self._follow(message, outcome)
            case Postponed():
                await self._postpone(message, outcome, now)
                await self._follow(message, outcome)
            case Undeliverable():
                await self._bury(await self._follow(message, outcome), outcome, now)

    async def _follow(self, message: OutboxMessage, outcome: Outcome) -> OutboxMessage:
        """Store where the chat went; the message at its new address. What fails here, the next message does anew."""
        old, new = _chat_of(message.destination), _chat_of(outcome.moved_to or "")
        if outcome.moved_to is None or old is None or new is None:
            return message
        try:
            await self._store.move_chat(old, new)
        except StoreError as error:
            log.warning("chat has moved, which is not stored yet", old=message.destination, error=str(error))
            return message
        log.warning("chat has moved", old=message.destination, new=outcome.moved_to)
        return replace(message, destination=outcome.moved_to)

    async def _postpone(self, message: OutboxMessage, outcome: Postponed, now: datetime) -> None:
        wait_s = pause_s(message.attempts + 1, outcome.retry_after_s, self._policy.retry, self._chance())
        # Held in memory first: also when the store fails now, the channel is not asked again too early.
        self._hold(message, wait_s)
        error = _MAYBE + outcome.error if outcome.may_have_arrived else outcome.error
        await self._store.mark_retry(message.message_id, now, error, now + timedelta(seconds=wait_s))
        self.postponed += 1
        level = log.error if outcome.defect else log.warning
        level("not delivered yet", to=message.destination, error=outcome.error, again_in_s=round(wait_s, 1))

    async def _bury(self, message: OutboxMessage, outcome: Undeliverable, now: datetime) -> None:
        """Notice first, mark last: a crash in between repeats a no-op instead of losing the notice."""
        for notice in self._notices(message, outcome, now):
            await self._store.add_message(notice)
        chat_id = _chat_of(message.destination)
        if outcome.chat_gone and chat_id is not None:
            await self._store.mark_chat_dead(chat_id, now)
        await self._store.mark_dead(message.message_id, now, outcome.error)
        self.dead += 1
        log.error("undelivered", message=message.message_id, to=message.destination, error=outcome.error)

    def _notices(self, message: OutboxMessage, outcome: Undeliverable, now: datetime) -> list[OutboxMessage]:
        """Who is told that a message is lost: the console each time, the second channels once a day.

        A lost notice is told on the console alone: channels that are all dead must not write about each other for ever.
        """
        if message.destination == CONSOLE:
            return []
        told = {CONSOLE: f"{_UNDELIVERED}{message.message_id}"}
        if not message.dedupe_key.startswith(_UNDELIVERED):
            day = f"{_UNDELIVERED}{message.destination}|{now.astimezone(UTC):%Y-%m-%d}"
            told |= {other: f"{day}|{other}" for other in self._second if other != message.destination}
        html = render_undelivered(ENGLISH, message.destination, outcome.error, message.html, now)
        return [
            OutboxMessage(
                message_id=self._ids.new("message"),
                dedupe_key=key,
                destination=destination,
                html=html,
                created_at=now,
                priority=message.priority,
                alert_id=message.alert_id,
                account_id=message.account_id,
            )
            for destination, key in told.items()
        ]

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


def _chat_of(destination: str) -> int | None:
    """The chat id of `telegram:1234`; None where there is none."""
    scheme, _, chat = destination.partition(":")
    return int(chat) if scheme == "telegram" and chat.removeprefix("-").isdecimal() else None
