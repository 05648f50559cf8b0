"""The board of marks: who is heard, what is believed, what is news."""

from __future__ import annotations

import math

import pytest

from guard.sim.virtual_time import VirtualClock, run_virtual
from guard.venues.streaming.board import MarkBoard

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


class Scene:
    """A board whose clock the test moves, and what it has said."""

    def __init__(self) -> None:
        self.clock = VirtualClock.running()
        self.said: list[frozenset[str]] = []
        self.board = MarkBoard(self.clock, lambda _, symbols: self.said.append(symbols))
        self.board.hold("a", frozenset({BTC}))


def test_changed_prices_are_told_and_duplicates_are_not() -> None:
    """A mark is news when its price differs; its time of receipt follows in any case."""

    async def story() -> None:
        scene = Scene()
        scene.board.put({BTC: 40_000.0, ETH: 3_000.0}, "stream")
        await scene.clock.sleep(1)
        scene.board.put({BTC: 40_000.0}, "stream")
        mark = scene.board.mark(BTC)
        assert scene.said == [frozenset({BTC})]
        assert mark is not None
        assert (mark.price, mark.monotonic_s) == (40_000.0, 1.0)
        assert scene.board.mark(ETH) is None  # nobody holds it

    run_virtual(story())


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_price_is_no_mark(price: float) -> None:
    """Broken figures are left out; the last good mark stays."""

    async def story() -> None:
        scene = Scene()
        scene.board.put({BTC: 40_000.0}, "stream")
        scene.board.put({BTC: price}, "stream")
        mark = scene.board.mark(BTC)
        assert mark is not None
        assert mark.price == 40_000.0

    run_virtual(story())


def test_call_does_not_replace_a_young_streamed_mark() -> None:
    """An answer left the venue before it arrived; it counts only for what the stream is silent about."""

    async def story() -> None:
        scene = Scene()
        scene.board.put({BTC: 40_000.0}, "stream")
        await scene.clock.sleep(10)
        scene.board.put({BTC: 41_000.0}, "call", silent_after_s=10)
        assert scene.board.mark(BTC).price == 40_000.0  # type: ignore[union-attr]  # it is there
        await scene.clock.sleep(0.1)
        scene.board.put({BTC: 41_000.0}, "call", silent_after_s=10)
        assert scene.board.mark(BTC).price == 41_000.0  # type: ignore[union-attr]  # it is there
        assert scene.board.unstreamed(10) == {BTC}

    run_virtual(story())


def test_silence_is_counted_from_holding_or_the_last_mark() -> None:
    """A symbol that is new has time to be heard of; one that is not held is never missed."""

    async def story() -> None:
        scene = Scene()
        await scene.clock.sleep(9)
        scene.board.hold("b", frozenset({ETH, BTC}))
        assert scene.board.unheard(10) == frozenset()
        assert scene.board.unstreamed(10) == {BTC, ETH}
        await scene.clock.sleep(2)
        assert scene.board.unheard(10) == {BTC}
        scene.board.put({BTC: 1.0, ETH: 2.0}, "stream")
        await scene.clock.sleep(10.5)
        assert scene.board.unheard(10) == {BTC, ETH}
        scene.board.hold("a", frozenset())
        scene.board.hold("b", frozenset({ETH}))
        assert scene.board.unheard(10) == {ETH}
        assert scene.board.mark(BTC) is None

    run_virtual(story())


def test_said_again_is_younger_and_no_news() -> None:
    """A venue that tells changes only says "as before": the mark is heard of, its price stays; without one, nothing."""

    async def story() -> None:
        scene = Scene()
        scene.board.put({BTC: None}, "stream")
        assert scene.board.mark(BTC) is None
        scene.board.put({BTC: 40_000.0}, "stream")
        await scene.clock.sleep(8)
        scene.board.put({BTC: None}, "stream")
        await scene.clock.sleep(8)
        assert scene.board.unheard(10) == frozenset()
        assert scene.board.mark(BTC).price == 40_000.0  # type: ignore[union-attr]  # it is there
        assert scene.said == [frozenset({BTC})]

    run_virtual(story())
