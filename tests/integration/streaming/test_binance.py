"""What could go wrong with connections, at Binance USD-M, with real ccxt.pro."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.faults import FaultKind

if TYPE_CHECKING:
    from tests.integration.streaming.conftest import Stage

ETH = "ETH/USDT:USDT"


def connections(stage: Stage) -> list[Any]:
    """What is open at the venue."""
    streams: Any = stage.server.served.streams
    return list(streams._sockets)


def own_tasks() -> set[str]:
    """Names of what runs beside the test and the venue."""
    return {
        task.get_name()
        for task in asyncio.all_tasks()
        if task is not asyncio.current_task() and "sandbox" not in task.get_name()
    }


async def test_one_public_connection_for_all_and_one_private_for_each(binance: Stage) -> None:
    """Two accounts share the marks; a symbol that is held later joins; news are told of whom they are of."""
    alice = await binance.account()
    bob = await binance.account("bob", hold=False)
    binance.streams.hold("bob", frozenset({binance.symbol, ETH}), urgent=False)
    await binance.until_up()
    await binance.until("marks of both symbols", lambda: {ETH} in [set(told) for told in binance.marks])
    assert len(connections(binance)) <= 4  # ccxt spreads late subscriptions over connections of its own
    binance.trade(bob)
    await binance.until("news of bob", lambda: "bob" in binance.events)
    assert "alice" not in binance.events
    binance.trade(alice)
    await binance.until("news of alice", lambda: "alice" in binance.events)


async def test_listening_asks_for_nothing_but_the_listen_key(binance: Stage) -> None:
    """No snapshot by ccxt: its weight would be spent at every connection, and its tables kept for every account."""
    await binance.account()
    spent = binance.hub.site("binanceusdm", binance.server.base_url, 1).budget
    asked: list[float] = []
    calls = binance.streams.calls
    plain = spent.spend

    async def spend(weight: float, account: str = "", urgency: int = 0) -> None:
        asked.append(weight)
        await plain(weight, account, urgency)

    spent.spend = spend  # type: ignore[method-assign]  # counted
    await binance.account_spec_only("bob")
    await binance.until_up()
    # On a busy machine a stream looks silent: then marks are called for, and a key is asked for at the next dialling.
    falls = sum(state.falls for state in binance.streams.states())
    assert len(asked) <= 2 + falls + binance.streams.calls - calls


async def test_silent_stream_is_noticed_falls_back_and_heals(binance: Stage) -> None:
    """Open and mute: down within the limit and a second, marks by calls; when it speaks again, no call any more."""
    await binance.account()
    await binance.until_up()
    binance.server.add_fault(FaultKind.STREAM_SILENT)
    began = time.monotonic()
    await binance.until("a stream that is down", lambda: not all(s.healthy for s in binance.streams.states()))
    # 2.5 s by the bounds here, 10 s by a guard's own; the rest is for a busy machine.
    assert time.monotonic() - began < 8
    binance.server.set_price("BTCUSDT", 42_000)
    await binance.until("the mark by a call", lambda: binance.told(42_000))
    binance.server.clear_faults()
    await binance.until_up()
    calls = binance.streams.calls
    binance.server.set_price("BTCUSDT", 41_000)
    await binance.until("marks by the stream", lambda: binance.told(41_000))
    board = binance.streams.board("alice")
    assert board is not None
    mark = board.mark(binance.symbol)
    assert mark is not None
    assert mark.source == "stream"
    assert binance.streams.calls == calls


async def test_doubled_stream_says_everything_once(binance: Stage) -> None:
    """Every message twice: each price is news once."""
    await binance.account()
    binance.server.add_fault(FaultKind.STREAM_DUPLICATE)
    await binance.until_up()
    for price in (42_000, 41_000):
        binance.server.set_price("BTCUSDT", price)
        await binance.until("the mark", lambda price=price: binance.told(price))  # type: ignore[misc]  # bound now
    prices = [told[binance.symbol] for told in binance.marks]
    assert prices == [43_500, 42_000, 41_000]


async def test_expired_listen_key_is_replaced(binance: Stage) -> None:
    """The venue says that the key is over: a new one is asked for, and news go on."""
    alice = await binance.account()
    await binance.until_up()
    binance.server.served.venue.listen_keys.close(alice.account.id)  # type: ignore[attr-defined]  # this dialect has them
    await binance.until("a fall", lambda: any(state.falls for state in binance.streams.states()))
    await binance.until_up()
    before = len(binance.events)
    binance.trade(alice)
    await binance.until("news", lambda: len(binance.events) > before)


async def test_refused_key_is_said_without_the_secret(binance: Stage) -> None:
    """A key that the venue does not know: the stream is down and says why; marks go on."""
    await binance.account()
    spec = AccountSpec("mallory", "binanceusdm", Credentials("x" * 64, "y" * 64), base_url=binance.server.base_url)
    binance.streams.follow("mallory", spec)
    await binance.until("a refusal", lambda: "-201" in str(binance.streams.states()))
    said = str(binance.streams.states())
    assert "x" * 64 not in said
    assert "y" * 64 not in said


async def test_end_is_clean_whatever_the_streams_are_doing(binance: Stage) -> None:
    """Closed while connecting, while listening, and while the venue hangs: within 5 s, no task is left."""
    await binance.account()
    began = time.monotonic()
    await binance.streams.close()  # in the middle of dialling
    assert time.monotonic() - began < 5
    await binance.account("bob")
    await binance.until_up()
    binance.server.add_fault(FaultKind.HANG, value_ms=60_000)
    await binance.account_spec_only("carol")
    await asyncio.sleep(0)
    began = time.monotonic()
    await binance.streams.close()
    assert time.monotonic() - began < 5
    binance.server.clear_faults()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not {name for name in own_tasks() if "binanceusdm" in name or name == "streams"}


async def test_account_that_is_forgotten_is_not_listened_to(binance: Stage) -> None:
    """Its private connection is closed; the others stay."""
    alice = await binance.account()
    await binance.account("bob")
    await binance.until_up()
    await binance.streams.forget("alice")
    names = [state.name for state in binance.streams.states()]
    assert names == ["binanceusdm bob", "binanceusdm marks"]
    binance.trade(alice)
    binance.server.set_price("BTCUSDT", 42_000)
    await binance.until("marks for bob", lambda: binance.told(42_000))
    assert "alice" not in binance.events
