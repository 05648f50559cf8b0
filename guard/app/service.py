"""The service: everything that runs while accounts are watched, started and stopped in order.

The composition root of `guard run` and of the demonstration: rooms that must not know each other meet here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TextIO

import structlog

from guard.alerts.outbox import Outbox
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.alert_settings import AlertingPolicy
from guard.app.answered_copies import AlertAnswer, AnsweredCopies
from guard.app.channels import destinations_of, names_of, require_known, second_channels, speech_for
from guard.app.consent import Consent
from guard.app.cycle import Cycle
from guard.app.desks.backstage import Backstage
from guard.app.desks.desk import StoreDesk
from guard.app.direct import DirectTeller
from guard.app.execution import Execution
from guard.app.fresh_reading import FreshReadings
from guard.app.health import HealthReport
from guard.app.hearing import Hearing
from guard.app.heartbeat import Heartbeat
from guard.app.killswitch import KillSwitch, kill_switch_file
from guard.app.live import HEAD_START_S, Live
from guard.app.live_health import listening_health
from guard.app.live_messages import LOOK_S, LiveMessages
from guard.app.opening import Opened
from guard.app.past import Past
from guard.app.protection import Protection
from guard.app.reachability import Reachability
from guard.app.round import round_problems
from guard.app.scheduler import Scheduler
from guard.app.settings import Stream
from guard.app.still_watching import StillWatching
from guard.app.stop_notice import StopNotice
from guard.app.watch import Watch, watch_of
from guard.bot.app import ChatBot
from guard.charts.studio import Studio
from guard.ports.errors import GuardError
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, Reading
from guard.ports.sending import Sink
from guard.ports.venue import AccountSpec, VenueAccount
from guard.protect.policy import ExecutionBounds
from guard.protect.programme import prepare
from guard.risk.book import Book
from guard.risk.zones import Zone
from guard.venues.hub import VenueHub
from guard.venues.registry import entry_of, open_account
from guard.venues.streaming.hub import StreamHub
from guard.venues.streaming.plan import StreamBounds
from guard.web.health import HEARTBEAT_OFF, Health, health_app
from guard.web.server import WebServer

log = structlog.get_logger(__name__)

ROSTER_S = 5.0
PRUNE_S = 3600.0
STILL_WATCHING_S = 20.0
STOP_TURNS_S = 1.5


class Service:
    """Watches every account in the store until it is stopped.

    Args:
        opened: settings, clock, identifiers and the open store.
        console: where the console sink writes.
        bounds: timeouts and limits of protective orders; the demonstration's time runs faster.
    """

    def __init__(self, opened: Opened, console: TextIO, bounds: ExecutionBounds | None = None) -> None:
        settings = opened.settings
        self._opened = opened
        self._hub = VenueHub(opened.clock, tells_funding=True)
        self._watches: dict[str, Watch] = {}
        self._not_watched: dict[str, str] = {}
        self._turns: set[asyncio.Task[Zone]] = set()
        self._seen: list[Callable[[Reading], None]] = []
        self._studio = Studio()
        self._fresh = FreshReadings(lambda account_id: self._scheduler.hasten(account_id))  # noqa: PLW0108  # made below
        self._stage = Backstage(
            store=opened.store,
            clock=opened.clock,
            ids=opened.ids,
            settings=settings,
            past=Past(opened.store, opened.clock, settings),
            studio=self._studio,
            book_of=self._last_book,
            watch_of=self._watches.get,
            wake_outbox=lambda: self.outbox.wake(),  # noqa: PLW0108  # the outbox is made further below
            read_now=self._fresh.wait_for,
            health=self.health,
            second=names_of(settings),
            consent=lambda: self.consent,
            answered=self._answered,
        )
        token = settings.telegram.token()
        self.bot = (
            ChatBot(
                token.get_secret_value(),
                StoreDesk(self._stage),
                opened.clock,
                base_url=settings.telegram.base_url,
                membership=Reachability(
                    opened.store,
                    opened.clock,
                    opened.ids,
                    tuple(names_of(settings)),
                    lambda: self.outbox.wake(),  # noqa: PLW0108  # the outbox is made further below
                ).changed,
            )
            if token
            else None
        )
        self._sinks: dict[str, Sink] = {"console": ConsoleSink(console)}
        if self.bot is not None:
            self._sinks["telegram"] = TelegramSink(self.bot.sender)
        self._second = second_channels(settings)
        if self._second is not None:
            self._sinks[self._second.scheme] = self._second
        direct = DirectTeller(self._sinks)
        self.outbox = Outbox(
            opened.store,
            self._sinks.values(),
            opened.clock,
            opened.ids,
            chance=random.Random().random,  # noqa: S311  # spreads repeats, no secret
            second=destinations_of(self._second),
            pacer=self.bot.pacer if self.bot is not None else None,
            speech=speech_for(opened.store),
        )
        self._copies = AnsweredCopies(opened.store, self.bot.sender) if self.bot is not None else None
        self.live_messages: LiveMessages | None = None
        if self.bot is not None and settings.alerts.live:
            self.live_messages = LiveMessages(opened.store, self.bot.sender, self.bot.pacer, opened.clock)
            self.on_reading(self.live_messages.on_reading)
        self._deliveries: asyncio.Task[None] | None = None
        notice = StopNotice(
            opened.store,
            opened.clock,
            opened.ids,
            watches=self._watches.values,
            recipients=self._recipients_of,
            wake_outbox=self.outbox.wake,
        )
        self.kill_switch = KillSwitch(kill_switch_file(settings), opened.clock, notice.tell)
        self._stop_looks: asyncio.Task[None] | None = None
        self.protection = Protection(
            Execution(
                store=opened.store,
                clock=opened.clock,
                ids=opened.ids,
                stop=self.kill_switch,
                wake_outbox=self.outbox.wake,
                tell_directly=direct.tell,
                bounds=bounds,
            )
        )
        hearing = Hearing.of(settings, destinations_of(self._second))
        self.cycle = Cycle(
            store=opened.store,
            clock=opened.clock,
            ids=opened.ids,
            opener=self._open,
            protector=self.protection,
            handover=self.outbox,
            tell_directly=direct.tell,
            timeout_s=settings.schedule.timeout_s,
            hearing=hearing,
            alerting=AlertingPolicy.of(settings),
        )
        self._still_watching = StillWatching(
            opened.store,
            opened.clock,
            opened.ids,
            settings,
            hearing=hearing,
            wake_outbox=self.outbox.wake,
        )
        self._scheduler = Scheduler(self._turn, settings.schedule, opened.clock, settings.stream.min_gap_s)
        self.streams: StreamHub | None = None
        self.live: Live | None = None
        if settings.stream.enabled:
            self._listen(settings.stream)
        self.web = WebServer(health_app(self), settings.web.listen)
        self.consent = Consent(
            store=opened.store,
            clock=opened.clock,
            ids=opened.ids,
            protection=self.protection,
            watch_of=self._watches.get,
            recipients=self.cycle.recipients,
            wake_outbox=self.outbox.wake,
            hasten=self._scheduler.hasten,
            timeout_s=settings.schedule.timeout_s,
        )
        self._report = HealthReport(settings.schedule, opened.clock)
        self._heartbeat = (
            Heartbeat(settings.heartbeat.url, settings.heartbeat.interval_s, opened.clock, self._round_problems)
            if settings.heartbeat.url.get_secret_value()
            else None
        )

    def _listen(self, stream: Stream) -> None:
        """Make what listens between readings."""
        self.streams = StreamHub(
            self._hub,
            entry_of,
            self._opened.clock,
            StreamBounds(
                silent_after_s=stream.silent_after_s, calm_s=stream.marks_calm_s, urgent_s=stream.marks_warning_s
            ),
        )
        self.live = Live(
            streams=self.streams,
            cycle=self.cycle,
            clock=self._opened.clock,
            hasten=self._scheduler.hasten,
            hasten_told=partial(self._scheduler.hasten, after_s=HEAD_START_S),
            told=self._tell_listeners,
            per_second=stream.assessments_per_s,
        )
        self.streams.listener = self.live

    def _answered(self, answer: AlertAnswer) -> None:
        """Somebody has answered alerts."""
        if self._copies is not None:
            self._copies.answered(answer)

    def on_reading(self, listener: Callable[[Reading], None]) -> None:
        """Call `listener` with every reading; it must be quick and not raise."""
        self._seen.append(listener)

    async def start(self) -> None:
        """Start everything; a Telegram that cannot be reached delays nothing.

        Raises:
            InputError: the health address cannot be used, or a second channel is none.
        """
        await require_known(self._second)
        await self.web.start()
        self._deliveries = asyncio.create_task(self.outbox.run(), name="outbox")
        if self.bot is not None:
            await self.bot.start()
        if self.live is not None:
            self.live.start()
        await self._still_watching.begin()
        await self._update_roster()
        self._stop_looks = asyncio.create_task(self.kill_switch.run(), name="kill switch")
        self._scheduler.start()
        self._scheduler.every(ROSTER_S, self._update_roster, "roster")
        self._scheduler.every(PRUNE_S, self._prune, "prune")
        self._scheduler.every(STILL_WATCHING_S, self._still_watching.look, "still watching")
        if self.live_messages is not None:
            self._scheduler.every(LOOK_S, self.live_messages.look, "live messages")
        if self._heartbeat is not None:
            self._heartbeat.start()
        log.info(
            "watching", accounts=sorted(watch.record.name for watch in self._watches.values()), web=self.web.address
        )

    async def stop(self) -> None:
        """Stop in order, within 5 s: no new cycle, no new order, running cycles end, what is open is closed."""
        self.kill_switch.set()
        if self._stop_looks is not None:
            self._stop_looks.cancel()
        self._scheduler.stop()
        if self._heartbeat is not None:
            await self._heartbeat.stop()
        if self.live is not None:
            await self.live.stop()
        await asyncio.gather(self._end_turns(), self.consent.close())
        stops: list[Awaitable[None]] = [self._stop_deliveries(), self.web.stop()]
        if self.streams is not None:
            stops.append(self.streams.close())
        if self._copies is not None:
            stops.append(self._copies.stop())
        if self.bot is not None:
            stops.append(self.bot.stop())
        stops.append(self._studio.close())
        for result in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("not stopped cleanly", error=str(result))
        for watch in self._watches.values():
            await watch.close()
        await self._hub.close()
        log.info("stopped")

    async def _stop_deliveries(self) -> None:
        await self.outbox.stop()
        if self._deliveries is not None:
            await self._deliveries

    async def _end_turns(self) -> None:
        """Give running cycles a moment, then cancel them: the journal and the store survive that at any point."""
        if not self._turns:
            return
        _, late = await asyncio.wait(self._turns, timeout=STOP_TURNS_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _turn(self, account_id: str) -> Zone:
        """One cycle, as the scheduler triggers it."""
        watch = self._watches.get(account_id)
        if watch is None:
            return Zone.SAFE
        task = asyncio.current_task()
        if task is not None:
            self._turns.add(task)
            task.add_done_callback(self._turns.discard)
        reading = await self.cycle.run(watch)
        self._fresh.came(reading)
        self._tell_listeners(reading)
        if self.live is not None:
            self.live.after_reading(watch)
        return reading.zone

    def _tell_listeners(self, reading: Reading) -> None:
        for listener in self._seen:
            listener(reading)

    async def _open(self, spec: AccountSpec) -> VenueAccount:
        return await open_account(spec, self._opened.clock, self._hub)

    async def _update_roster(self) -> None:
        """Take up accounts that were added, let go of those that were removed, follow changes of mode."""
        try:
            asked_s = self._opened.clock.monotonic()
            records = {record.account_id: record for record in await self._opened.store.accounts()}
            for account_id in self._watches.keys() - records.keys():
                self._scheduler.forget(account_id)
                watch = self._watches.pop(account_id)
                watch.obey(replace(watch.record, mode="observe"), asked_s)  # stops an execution that is under way
                self.cycle.alerting.gone(account_id)
                if self.live is not None:
                    await self.live.forget(account_id)
                await watch.close()
            names = {record.name for record in records.values()}
            self._not_watched = {name: why for name, why in self._not_watched.items() if name in names}
            for record in records.values():
                await self._try_to_follow(record, asked_s)
            if any(record.mode != "observe" for record in records.values()):
                await asyncio.to_thread(prepare)
            for watch in list(self._watches.values()):
                # Known before they are needed: who is to be told when the store cannot be asked any more.
                await self.cycle.recipients(watch)
        except GuardError as error:
            log.error("accounts not read", error=str(error))

    async def _try_to_follow(self, record: AccountRecord, asked_s: float) -> None:
        """Follow an account; one whose row cannot be used must not keep the others from being watched."""
        try:
            await self._follow(record, asked_s)
        except GuardError as error:
            if self._not_watched.get(record.name) != str(error):
                log.error("account not watched", account=record.name, error=str(error))
            self._not_watched[record.name] = str(error)
        else:
            self._not_watched.pop(record.name, None)

    async def _follow(self, record: AccountRecord, asked_s: float) -> None:
        known = self._watches.get(record.account_id)
        if known is None:
            full = await self._opened.store.account_named(record.name, secrets=True)
            if full is not None:
                watch = self._watches[record.account_id] = watch_of(full, self._opened.settings)
                self._scheduler.watch(record.account_id)
                if self.live is not None:
                    self.live.follow(watch)
        elif known.follow(record, asked_s):
            log.info("account changed", account=record.name, mode=record.mode, frozen=record.frozen)

    def _last_book(self, account_id: str) -> Book | None:
        """The book of the last good reading of an account."""
        watch = self._watches.get(account_id)
        reading = watch.last_good if watch is not None else None
        return reading.fetched.book if reading is not None and reading.fetched is not None else None

    async def _recipients_of(self, watch: Watch) -> list[Recipient]:
        return await self.cycle.recipients(watch)

    async def _prune(self) -> None:
        before = self._opened.clock.now() - timedelta(days=self._opened.settings.database.keep_days)
        try:
            forgotten = await self._opened.store.prune_snapshots(before)
            await self._opened.store.forget_proposals(before)
        except GuardError as error:
            log.error("old snapshots not deleted", error=str(error))
            return
        if forgotten:
            log.info("old snapshots deleted", count=forgotten)

    async def health(self) -> Health:
        """The present state, for `/healthz` and `/metrics`."""
        health = await self._report.health(
            watches=list(self._watches.values()),
            store=self._opened.store,
            cycle=self.cycle,
            orders=self.protection.execution.orders_sent,
            delivered=self.outbox.delivered,
            telegram=self.bot.health if self.bot else None,
            listening=listening_health(self.streams, self.live),
            heartbeat=self._heartbeat.health() if self._heartbeat else HEARTBEAT_OFF,
        )
        unwatched = tuple(f"{name} is not watched: {why}" for name, why in sorted(self._not_watched.items()))
        stopped = self.kill_switch.look()
        return replace(
            health, problems=health.problems + unwatched, orders_stopped=stopped.why if stopped is not None else ""
        )

    async def _round_problems(self) -> tuple[str, ...]:
        """Why the watchdog elsewhere must not hear that all is well."""
        health = await self.health()
        now = self._opened.clock.now()
        return round_problems(health, list(self._watches.values()), self._opened.settings.schedule, now)
