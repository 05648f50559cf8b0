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


async def test_all_marks_in_one_call(stage: Stage) -> None:
    """Where no stream tells marks, one request for everybody does."""
    stage.listen_to_nothing()
    await stage.account()
    await stage.until("the mark by a call", lambda: stage.told(43_500))
    stage.server.set_price(stage.btc, 42_000)
    await stage.until("the next mark by a call", lambda: stage.told(42_000))
    board = stage.streams.board("alice")
    assert board is not None
    mark = board.mark(stage.symbol)
    assert mark is not None
    assert mark.source == "call"
