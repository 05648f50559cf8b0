"""A scene while it runs: set up, prices that move, and what is recorded of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from rich.console import Console

from guard.alerts.rules import Rule
from guard.app.clock import SystemClock
from guard.demo.files import Files
from guard.demo.installation import PERSON, PERSON_ID, Installation, running_guard, settings_of
from guard.demo.phone import Phone, Received
from guard.demo.realchat import Echo, RealChat
from guard.demo.recording import Done, Recording, Seen, Told
from guard.demo.scenes import Pace
from guard.demo.screen import Screen, scale_words, screen_on
from guard.demo.stage import Moment, Stage
from guard.ports.clock import Clock
from guard.ports.records import AlertRecord, OrderJournalState, OrderRecord, Reading
from guard.risk.zones import Zone
from guard.sandbox.telegram import TelegramSandbox

LOOK_S = 0.25
# After the last price: the guard's last messages are on their way.
DRAIN_S = 3.0
DRAIN_LOOK_S = 0.05
NOT_SENT = frozenset({OrderJournalState.PLANNED, OrderJournalState.APPROVED, OrderJournalState.SKIPPED})
# What a reading makes worth telling; the time from it to the chat service is the alert's latency.
OF_READINGS = frozenset({Rule.ZONE.value, Rule.BLIND.value, Rule.DISPUTED.value})


async def perform(
    pace: Pace, files: Files, log: TextIO, console: Console | None, real: RealChat | None = None
) -> Recording:
    """Set a scene up, play it and collect what happened; everything that was started has ended when this returns."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        screen = stack.enter_context(screen_on(console, pace))
        stage, chat = Stage(pace, clock), TelegramSandbox(clock)
        stack.push_async_callback(stage.server.stop)
        stack.push_async_callback(chat.stop)
        await stage.server.start()
        await chat.start()
        screen.note(
            f"a venue at {stage.server.base_url} with two equal accounts of {float(pace.scene.world.balance):,.0f} USDT"
        )
        echo = _entered_echo(stack, real)
        phone = _entered_phone(stack, chat, clock, screen, echo)
        settings = settings_of(files, pace, chat)
        guard = await stack.enter_async_context(running_guard(settings, stage, phone, clock, log))
        screen.note("a guard in mode auto watches one of them and writes to you; nobody watches the other")
        screen.note(f"time is scaled: {scale_words(pace)}")
        play = Play(guard, stage, clock, screen, phone)
        await play.run()
        recording = await play.collect()
    if echo is not None:
        screen.note(f"{echo.delivered} messages also went to Telegram chat {echo.chat.chat_id}")
        for problem in dict.fromkeys(echo.problems):
            screen.note(f"not sent to Telegram: {problem}")
    return recording


def _entered_echo(stack: AsyncExitStack, real: RealChat | None) -> Echo | None:
    if real is None:
        return None
    echo = Echo(real)
    echo.start()
    stack.push_async_callback(echo.stop)
    return echo


def _entered_phone(
    stack: AsyncExitStack, chat: TelegramSandbox, clock: Clock, screen: Screen, echo: Echo | None
) -> Phone:
    def ring(message: Received) -> None:
        screen.message(message)
        if echo is not None:
            echo.send(message.html)

    phone = Phone(chat, chat.person(PERSON_ID, PERSON), clock, ring, screen.written)
    phone.start()
    stack.push_async_callback(phone.stop)
    return phone


@dataclass(slots=True)
class Play:
    """One run of a scene."""

    guard: Installation
    stage: Stage
    clock: Clock
    screen: Screen
    phone: Phone
    recording: Recording = field(init=False)
    _began: datetime = field(init=False)
    _zone: Zone | None = None

    def __post_init__(self) -> None:
        self.recording = Recording(self.stage.scene, self.stage.pace.speed)
        self._began = self.clock.now()

    async def run(self) -> None:
        """Let prices move until the scene ends, and the guard's last messages arrive."""
        self.guard.service.on_reading(self._read)
        self._began = self.clock.now()
        self.stage.begin()
        asked = False
        while self._look().scene_s < self.stage.scene.end_s:
            if not asked and self.recording.moments[-1].scene_s >= self.stage.scene.ask_s:
                asked = True
                await self.phone.write("/status")
            await self.clock.sleep(LOOK_S)
        await self._drained()

    def _look(self) -> Moment:
        moment = self.stage.look()
        self.recording.moments.append(moment)
        self.screen.moment(moment, self._zone)
        return moment

    def _read(self, reading: Reading) -> None:
        """A reading of the guard. Those that begin after the scene's end are not part of it."""
        scene_s = self._scene_s(reading.at)
        if scene_s <= self.stage.scene.end_s:
            self._zone = reading.zone
            self.recording.seen.append(Seen(scene_s, reading.zone))

    def _scene_s(self, at: datetime) -> float:
        return self.stage.scene_s(at.timestamp() * 1000)

    async def _drained(self) -> None:
        """Wait until nothing is undelivered, at most `DRAIN_S`."""
        until = self.clock.monotonic() + DRAIN_S
        while await self.guard.opened.store.outbox_pending() and self.clock.monotonic() < until:
            await self.clock.sleep(DRAIN_LOOK_S)

    async def collect(self) -> Recording:
        """What the guard stored of this run: alerts with their latency, orders; and what they cost."""
        store, account_id = self.guard.opened.store, self.guard.account.account_id
        arrivals = {message.text: message.at for message in reversed(self.phone.received)}
        alerts = {alert.text.strip(): alert for alert in await store.alerts(self._began, account_id)}
        told = [self._told(text, alert, arrivals.get(text)) for text, alert in alerts.items()]
        self.recording.told = sorted(told, key=lambda each: each.scene_s)
        for intent in await store.intents(self._began, account_id):
            orders = await store.orders_of(intent.intent_id)
            self.recording.done += [self._done(order) for order in orders if order.state not in NOT_SENT]
        self.recording.done.sort(key=lambda each: each.scene_s)
        self.recording.cost = self.stage.cost_of_protection()
        return self.recording

    def _told(self, text: str, alert: AlertRecord, arrived: datetime | None) -> Told:
        """One message; an event that moves two alerts is one message and stands here once."""
        timed = arrived is not None and alert.rule in OF_READINGS
        latency_ms = (arrived - alert.at).total_seconds() * 1000 if timed and arrived else None
        return Told(self._scene_s(alert.at), alert.zone, alert.rule, text.partition("\n")[0], latency_ms)

    def _done(self, order: OrderRecord) -> Done:
        return Done(
            scene_s=self._scene_s(order.updated_at),
            at=order.updated_at.isoformat(timespec="milliseconds"),
            remedy=order.remedy,
            symbol=order.symbol,
            leg=order.leg,
            side=order.side,
            contracts=float(order.filled),
            price=order.average_price,
            state=order.state.value,
        )
