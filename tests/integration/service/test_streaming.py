"""`guard run` between two readings: an hour apart, so that only streams can have told."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from guard.sandbox.engine.matching import place_order
from guard.sandbox.engine.orders import OrderKind, OrderRequest
from guard.sandbox.engine.sides import Leg, Side
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxServer
from tests.harness.installation import Guard, Outside, add_arguments, link_person, open_account

MIA = 501


@pytest.fixture
def streamed(outside: Outside, guard: Guard) -> Guard:
    """One account, a linked person, and an hour between two readings while calm; streams up, then the guard runs."""
    for zone in ("CALM", "WARNING"):
        guard.environment[f"GUARD__SCHEDULE__{zone}_S"] = "3600"
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    return guard


def begin(guard: Guard) -> None:
    """Run, and wait until every stream is up."""
    guard.run()
    guard.wait_healthy()
    guard.wait_for("streams", lambda: len(up(guard)) == 2)


def up(guard: Guard) -> list[str]:
    """Names of the streams that are healthy."""
    return [stream["name"] for stream in guard.health()[1]["streams"] if stream["healthy"]]


def told(outside: Outside, word: str) -> list[str]:
    """Messages to the linked person that contain a word."""
    return [text for text in outside.texts(MIA) if word in text]


def set_price(outside: Outside, price: int) -> None:
    """Move BTC."""
    outside.do(lambda server: server.set_price("BTCUSDT", Decimal(price)))


def metric(guard: Guard, name: str) -> float:
    """One figure of `/metrics`."""
    import http.client

    connection = http.client.HTTPConnection(guard.environment["GUARD__WEB__LISTEN"], timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).rpartition(" ")[2])


def test_tick_into_warning_is_told_once(outside: Outside, streamed: Guard) -> None:
    """The mark falls between two readings: the alarm comes, once, and the reading that follows says nothing new."""
    begin(streamed)
    cycles = metric(streamed, "guard_cycles_total")
    set_price(outside, 31000)
    streamed.wait_for("a warning", lambda: bool(told(outside, "WARNING")), 15)
    streamed.wait_for("the reading after it", lambda: metric(streamed, "guard_cycles_total") > cycles, 15)
    assert metric(streamed, "guard_live_worsened_total") == 1
    assert len(told(outside, "WARNING")) == 1
    assert streamed.health()[1]["accounts"][0]["zone"] == "warning"


def test_armed_guard_acts_on_the_reading_that_a_tick_brought_forward(outside: Outside, streamed: Guard) -> None:
    """A tick into danger: read at once, confirmed by a second reading, then reduced; the position never grew."""
    streamed.must("account", "mode", "main", "auto")
    begin(streamed)
    set_price(outside, 29700)
    streamed.wait_for("the report", lambda: bool(told(outside, "acted, back under the target")), 20)
    held = outside.do(lambda server: [leg.qty for leg in server.accounts["main"].account.held()])
    assert Decimal(0) < held[0] < Decimal(2)


def test_trade_of_the_owner_is_read_at_once(outside: Outside, streamed: Guard) -> None:
    """Somebody trades at the venue's own site: a burst of news, one or two readings, no hour of waiting."""
    begin(streamed)
    streamed.wait_for("quiet", lambda: metric(streamed, "guard_account_events_total") == 0, 5)
    cycles = metric(streamed, "guard_cycles_total")

    def trade(server: SandboxServer) -> None:
        for _ in range(10):
            request = OrderRequest("BTCUSDT", Side.SELL, Leg.BOTH, OrderKind.LIMIT, Decimal("0.05"), Decimal(43000))
            place_order(server.engine.state, server.accounts["main"].account, request)

    outside.do(trade)
    streamed.wait_for("a reading", lambda: metric(streamed, "guard_cycles_total") > cycles, 10)
    time.sleep(1.5)  # more than the gap between two readings: whatever else was asked for has come
    assert metric(streamed, "guard_account_events_total") >= 20
    assert metric(streamed, "guard_cycles_total") - cycles <= 2


def test_silent_streams_fall_back_to_calls_and_end_cleanly(outside: Outside, streamed: Guard) -> None:
    """Open and mute: told in health and the log within the time for it; an alarm still comes, by calls for marks."""
    streamed.environment["GUARD__STREAM__SILENT_AFTER_S"] = "3"
    streamed.environment["GUARD__STREAM__MARKS_CALM_S"] = "1"
    begin(streamed)
    outside.do(lambda server: server.add_fault(FaultKind.STREAM_SILENT))
    began = time.monotonic()
    streamed.wait_for("silence to be noticed", lambda: "binanceusdm marks" not in up(streamed), 20)
    assert time.monotonic() - began < 8  # 3 s as set here, 10 s by a guard's own; the rest is for a busy machine
    streamed.wait_for("a line in the log", lambda: "stream is down" in streamed.log(), 3)
    set_price(outside, 31000)
    streamed.wait_for("a warning", lambda: bool(told(outside, "WARNING")), 20)
    assert metric(streamed, "guard_marks_calls_total") >= 1
    process = streamed.processes[-1]
    began = time.monotonic()
    process.terminate()
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in streamed.log()
    assert "never retrieved" not in streamed.log()
