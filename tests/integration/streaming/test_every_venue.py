"""One story at every venue that is streamed: marks, news of the account, a dropped connection, a clean end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from guard.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from tests.integration.streaming.conftest import Stage


async def test_streams_tell_marks_and_news_and_heal(stage: Stage) -> None:
    """Marks follow the price; a trade is news; dropped streams are dialled anew; nothing is left when closed."""
    alice = await stage.account()
    await stage.until_up()
    stage.server.set_price(stage.btc, 42_000)
    await stage.until("the new mark", lambda: stage.told(42_000))
    await stage.until_quiet()
    before = len(stage.events)
    stage.trade(alice)
    await stage.until("news of the trade", lambda: len(stage.events) > before)
    stage.server.add_fault(FaultKind.STREAM_DROP)
    await stage.until("a fall of each stream", lambda: all(state.falls for state in stage.streams.states()))
    stage.server.clear_faults()
    before = len(stage.events)
    await stage.until_up()
    await stage.until("a reason to read after the gap", lambda: len(stage.events) > before)
    stage.server.set_price(stage.btc, 41_000)
    await stage.until("marks again", lambda: stage.told(41_000))
    began = time.monotonic()
    await stage.streams.close()
    assert time.monotonic() - began < 5


async def test_quiet_account_is_no_news(stage: Stage) -> None:
    """Whatever a venue repeats while prices move: an account that does nothing is not read because of it."""
    await stage.account()
    await stage.until_up()
    await stage.until_quiet()
    before = len(stage.events)
    stage.server.set_price(stage.btc, 42_000)
    await stage.until("the new mark", lambda: stage.told(42_000))
    await stage.until_quiet()
    assert stage.events[before:] == []


async def test_marks_by_stream_and_by_call(any_stage: Stage) -> None:
    """The stream tells marks; where there is none, requests for all symbols at once do."""
    stage = any_stage
    await stage.account()
    stage.server.set_price(stage.btc, 43_000)
    await stage.until("the mark by the stream", lambda: stage.told(43_000))
    await stage.streams.close()
    stage.listen_to_nothing()
    stage.streams.follow("alice", stage.specs["alice"])
    stage.streams.hold("alice", frozenset({stage.symbol}), urgent=False)
    stage.server.set_price(stage.btc, 42_000)
    await stage.until("the mark by a call", lambda: stage.told(42_000))
    board = stage.streams.board("alice")
    assert board is not None
    mark = board.mark(stage.symbol)
    assert mark is not None
    assert mark.source == "call"
