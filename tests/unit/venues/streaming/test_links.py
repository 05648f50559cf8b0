"""Links: dialled, watched over, given up when silent, dialled again with patience. On virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from guard.ports.errors import RateLimited, VenueUnavailable
from guard.ports.venue import AccountSpec, Credentials
from guard.sim.virtual_time import VirtualClock, run_virtual
from guard.venues.streaming.account import AccountLink
from guard.venues.streaming.link import Link
from guard.venues.streaming.marks import SiteMarks
from guard.venues.streaming.plan import StreamBounds, StreamPlan

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
BOUNDS = StreamBounds()


@asynccontextmanager
async def running(link: Link, clock: VirtualClock) -> AsyncIterator[None]:
    """The link with the watch that the hub keeps over it."""

    async def look() -> None:
        while True:
            await clock.sleep(1)
            link.check()

    tasks = [asyncio.create_task(link.run()), asyncio.create_task(look())]
    await clock.sleep(0.01)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def listening(stage: Any, plan: StreamPlan) -> AsyncIterator[tuple[Any, SiteMarks, VirtualClock]]:
    """A marks link with BTC held, connected."""
    clock = VirtualClock.running()
    made = stage(clock)
    await made.at.open()
    marks = SiteMarks(made.site, plan, made.sockets, made.caller, BOUNDS, lambda *_: None)
    marks.hold("a", frozenset({BTC}), urgent=False)
    assert marks.link is not None
    async with running(marks.link, clock):
        yield made, marks, clock


def account_link(made: Any, plan: StreamPlan, on_event: Callable[[], None]) -> AccountLink:
    """An account's link."""
    spec = AccountSpec("main", "test", Credentials("the-key", "the-secret"))
    return AccountLink(spec, made.site, plan, made.sockets, BOUNDS, on_event)


def say(made: Any, message: object) -> bool:
    """A frame from the venue."""
    receiver = made.dialled.last.receiver
    receiver.heard()
    taken: bool = receiver.take(message)
    return taken


def test_held_symbols_are_subscribed_and_new_ones_follow(stage: Any, plan: StreamPlan) -> None:
    """One connection: what is held at first, and later what is new, each once."""

    async def story() -> None:
        async with listening(stage, plan) as (made, marks, clock):
            assert made.dialled.last.subscribed == ["BTCUSDT"]
            marks.hold("b", frozenset({BTC, ETH, "NEW/USDT:USDT"}), urgent=False)
            await clock.sleep(0.01)
            assert made.dialled.last.subscribed == ["BTCUSDT", "ETHUSDT"]
            assert len(made.dialled.made) == 1
            assert say(made, {"marks": {"BTCUSDT": 40_000.0, "XRPUSDT": 2.0}})
            assert not say(made, {"result": None})
            assert marks.board.mark(BTC) is not None

    run_virtual(story())


def test_silent_symbol_is_noticed_within_ten_seconds_and_dialled_anew(stage: Any, plan: StreamPlan) -> None:
    """The connection stands and pongs, but says nothing of BTC: unhealthy within 11 s, another is dialled."""

    async def story() -> None:
        async with listening(stage, plan) as (made, marks, clock):
            say(made, {"marks": {"BTCUSDT": 40_000.0}})
            assert marks.link is not None
            assert marks.link.state.healthy
            for _ in range(10):
                await clock.sleep(1)
                made.dialled.last.receiver.heard()
            await clock.sleep(1)
            assert "no mark for 10 s of BTC/USDT:USDT" in marks.link.state.why
            await clock.sleep(2)
            assert len(made.dialled.made) == 2
            assert made.dialled.made[0].closed
            await clock.sleep(8)  # the new one has its time to speak
            assert len(made.dialled.made) == 2
            say(made, {"marks": {"BTCUSDT": 40_000.0}})
            assert marks.link.state.healthy

    run_virtual(story())


def test_dead_connection_is_noticed_without_any_frame(stage: Any, plan: StreamPlan) -> None:
    """No pong, no message for ten seconds: given up and dialled anew; what was missed is a reason to read."""

    async def story() -> None:
        clock = VirtualClock.running()
        made, events = stage(clock), []
        link = account_link(made, plan, lambda: events.append(clock.monotonic()))
        async with running(link, clock):
            assert link.state.healthy
            await clock.sleep(11.5)
            assert made.dialled.made[0].closed
            assert link.state.why == "nothing heard for 11 s"
            await clock.sleep(2)
            assert len(made.dialled.made) == 2
            assert link.state.healthy
            assert link.state.falls == 1
            assert len(events) == 1

    run_virtual(story())


def test_pauses_between_dials_grow_and_stay_bounded(stage: Any, plan: StreamPlan) -> None:
    """A venue that refuses every connection is dialled 1, 2, 4 ... and at most 75 s apart."""

    async def story() -> None:
        clock = VirtualClock.running()
        made = stage(clock)
        made.dialled.fails = VenueUnavailable("refused with the-secret")
        link = account_link(made, plan, lambda: None)
        async with running(link, clock):
            await clock.sleep(1_000)
            dialled = made.dialled.dialled_s
            pauses = [later - earlier for earlier, later in itertools.pairwise(dialled)]
            assert pauses[1] / pauses[0] == 2
            assert 45 <= max(pauses) <= 75
            assert all(exchange.closed for exchange in made.dialled.made[:-1])
            assert not link.state.healthy

    run_virtual(story())


def test_venue_that_asks_for_silence_gets_it(stage: Any, plan: StreamPlan) -> None:
    """A 429 while a listen key is asked for pauses the whole site, and nobody dials meanwhile."""

    async def story() -> None:
        clock = VirtualClock.running()
        made = stage(clock)
        made.dialled.fails = RateLimited("too many", retry_after_s=100)
        async with running(account_link(made, plan, lambda: None), clock):
            made.dialled.fails = None
            await clock.sleep(99)
            assert len(made.dialled.made) == 1
            await clock.sleep(5)
            assert len(made.dialled.made) == 2

    run_virtual(story())


def test_events_are_news_only_when_their_substance_changes(stage: Any, plan: StreamPlan) -> None:
    """A venue that repeats itself every few seconds does not have the account read every few seconds."""

    async def story() -> None:
        clock = VirtualClock.running()
        made, events = stage(clock), []
        link = account_link(made, plan, lambda: events.append(1))
        async with running(link, clock):
            messages: tuple[dict[str, list[tuple[str, object]]], ...] = (
                {"events": [("position", "1 BTC")]},
                {"events": [("position", "1 BTC")]},
                {"events": [("position", "1 BTC"), ("balance", "7")]},
                {"events": []},
                {"events": [("position", "2 BTC"), ("balance", "8")]},
                {"events": [("fill", None)]},
                {"events": [("fill", None)]},
            )
            for message in messages:
                assert say(made, message)
            assert not say(made, {"op": "pong"})
            assert link.events == len(events) == 5

    run_virtual(story())


def test_message_that_cannot_be_read_or_says_goodbye_ends_the_connection(stage: Any, plan: StreamPlan) -> None:
    """An expired listen key: this stream will say nothing more, so another is dialled."""

    async def story() -> None:
        clock = VirtualClock.running()
        made = stage(clock)
        link = account_link(made, plan, lambda: None)
        async with running(link, clock):
            assert say(made, {"over": VenueUnavailable("the listen key has expired")})
            assert link.state.why == "the listen key has expired"
            await clock.sleep(3)
            assert len(made.dialled.made) == 2

    run_virtual(story())


def test_marks_are_asked_for_while_the_stream_is_silent_and_only_then(stage: Any, plan: StreamPlan) -> None:
    """None while the stream tells; silent: every 10 s, every 3 s when an account is in warning; nobody holds: none."""

    async def story() -> None:
        async with listening(stage, plan) as (made, marks, clock):
            made.called.answer = {"BTCUSDT": 41_000.0, "XRPUSDT": 2.0}
            calling = asyncio.create_task(marks.call_when_needed())
            for _ in range(30):
                say(made, {"marks": {"BTCUSDT": 40_000.0}})
                await clock.sleep(1)
            assert made.called.asked == 0
            made.dialled.fails = VenueUnavailable("gone")
            made.dialled.last.receiver.lost("gone")
            await clock.sleep(5)
            assert made.called.asked == 0  # what the stream told is young still
            await clock.sleep(36)
            assert 3 <= made.called.asked <= 4
            mark = marks.board.mark(BTC)
            assert mark is not None
            assert (mark.price, mark.source) == (41_000.0, "call")
            asked = made.called.asked
            marks.hold("a", frozenset({BTC}), urgent=True)
            await clock.sleep(30)
            assert 9 <= made.called.asked - asked <= 11
            made.called.answer = VenueUnavailable("no answer")
            await clock.sleep(9)
            marks.hold("a", frozenset(), urgent=False)
            asked = made.called.asked
            await clock.sleep(60)
            assert made.called.asked == asked
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    run_virtual(story())


def test_mark_is_as_old_as_its_own_answer(stage: Any, plan: StreamPlan) -> None:
    """Where all marks take several requests: the first answer counts at once, the next may wait for the budget."""

    async def story() -> None:
        clock = VirtualClock.running()
        made = stage(clock)
        await made.at.open()

        async def call(endpoint: object, params: dict[str, int]) -> object:
            await clock.sleep(60.0 * params["n"])
            return {"BTCUSDT": 41_000.0} if not params["n"] else {"ETHUSDT": 2_000.0}

        made.caller.call = call
        twice = replace(plan.marks_calls[0], params=({"n": 0}, {"n": 1}))
        several = replace(plan, watch_marks=None, marks_calls=(twice,))
        marks = SiteMarks(made.site, several, made.sockets, made.caller, BOUNDS, lambda *_: None)
        marks.hold("a", frozenset({BTC, ETH}), urgent=False)
        began_s = clock.monotonic()
        calling = asyncio.create_task(marks.call_when_needed())
        await clock.sleep(61.5)
        first, second = marks.board.mark(BTC), marks.board.mark(ETH)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        assert first is not None
        assert second is not None
        assert first.monotonic_s - began_s < 2.0
        assert second.monotonic_s - first.monotonic_s == 60.0

    run_virtual(story())
