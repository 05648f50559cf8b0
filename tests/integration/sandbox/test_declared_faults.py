"""Every declared fault, as real ccxt sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ccxt.async_support as ccxt
import pytest

from guard.sandbox.faults import Fault, FaultKind
from guard.sandbox.server import SandboxAccount, SandboxServer

Connect = Callable[..., Any]
BTC = "BTC/USDT:USDT"


@pytest.mark.parametrize(
    ("kind", "error", "times"),
    [
        (FaultKind.OUTAGE, ccxt.ExchangeNotAvailable, 1),
        (FaultKind.HTML, ccxt.ExchangeNotAvailable, 1),
        (FaultKind.MAINTENANCE, ccxt.BaseError, 1),
        (FaultKind.SERVER_BUSY, ccxt.BaseError, 1),
        (FaultKind.INTERNAL_ERROR, ccxt.BaseError, 1),
        (FaultKind.RESET, ccxt.ExchangeNotAvailable, 2),
        (FaultKind.LOST_ANSWER, ccxt.ExchangeNotAvailable, 2),
        (FaultKind.UNKNOWN_STATE, ccxt.BaseError, 1),
        (FaultKind.TOO_MANY_REQUESTS, ccxt.DDoSProtection, 1),
        (FaultKind.BANNED, ccxt.DDoSProtection, 1),
        (FaultKind.BAD_CREDENTIALS, ccxt.AuthenticationError, 1),
    ],
)
async def test_fault_strikes_as_told_and_is_over(
    exchange: Any, server: SandboxServer, kind: FaultKind, error: type[Exception], times: int
) -> None:
    """The request after the last struck one is answered as ever; aiohttp itself repeats a GET that was cut off once."""
    server.add_fault(kind, path="/positionSide/dual", times=times)
    with pytest.raises(error):
        await exchange.fetch_position_mode()
    assert not (await exchange.fetch_position_mode())["hedged"]
    assert server.faults.struck == {kind.value: times}


async def test_truncated_answer(exchange: Any, server: SandboxServer) -> None:
    """Half of a JSON text is no answer that ccxt could parse."""
    server.add_fault(FaultKind.TRUNCATED, path="/time", times=1)
    assert await exchange.fetch_time() is None
    assert await exchange.fetch_time() > 0


async def test_hang_runs_into_the_timeout(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """A venue that does not answer costs the caller's timeout, and the server ends all the same."""
    server.add_fault(FaultKind.HANG, path="/time", times=1)
    exchange = connect(alice, timeout=200)
    with pytest.raises(ccxt.RequestTimeout):
        await exchange.fetch_time()
    assert await exchange.fetch_time() > 0


async def test_late_answer(exchange: Any, server: SandboxServer) -> None:
    """Latency delays the answer by what was declared."""
    server.add_fault(FaultKind.LATENCY, path="/time", times=1, value_ms=150)
    before = server.clock.monotonic()
    await exchange.fetch_time()
    assert server.clock.monotonic() - before >= 0.15


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.UNKNOWN_STATE])
async def test_order_that_was_taken_though_nobody_said_so(
    exchange: Any, server: SandboxServer, kind: FaultKind
) -> None:
    """The trap of every executor: the order is found by its client id, and must not be sent again."""
    await exchange.load_markets()
    server.add_fault(kind, path="/fapi/v1/order", times=1)
    with pytest.raises(ccxt.BaseError):
        await exchange.create_order(BTC, "market", "buy", 1, params={"clientOrderId": "mine-1"})
    order = await exchange.fetch_order(None, BTC, {"clientOrderId": "mine-1"})
    assert (order["status"], order["filled"]) == ("closed", 1)


async def test_request_that_was_cut_off_did_nothing(exchange: Any, server: SandboxServer) -> None:
    """A reset strikes before anything is done."""
    await exchange.load_markets()
    server.add_fault(FaultKind.RESET, path="/fapi/v1/order", times=1)
    with pytest.raises(ccxt.BaseError):
        await exchange.create_order(BTC, "market", "buy", 1)
    assert await exchange.fetch_orders(BTC) == []


async def test_outage_in_a_window_of_time(exchange: Any, server: SandboxServer) -> None:
    """A window that is over strikes no more, one that is open strikes everything."""
    now_ms = server.sync()
    server.faults.add(Fault(FaultKind.OUTAGE, from_ms=now_ms - 2000, until_ms=now_ms - 1000))
    assert await exchange.fetch_time() > 0
    server.faults.add(Fault(FaultKind.OUTAGE, from_ms=now_ms - 1000, until_ms=now_ms + 600_000))
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await exchange.fetch_time()
    server.clear_faults()
    assert await exchange.fetch_time() > 0
