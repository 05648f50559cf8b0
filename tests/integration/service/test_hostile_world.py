"""`guard run` as a process in a hostile world: what is told when the database, the venue or a person interferes."""

from __future__ import annotations

import json
import time
from decimal import Decimal

from guard.sandbox.faults import FaultKind
from tests.harness.installation import Guard, Outside, add_arguments, link_person, open_account

MIA = 501


def set_price(outside: Outside, price: int) -> None:
    """Move BTC."""
    outside.do(lambda server: server.set_price("BTCUSDT", Decimal(price)))


def told(outside: Outside, word: str) -> list[str]:
    """Messages to the linked person that contain a word."""
    return [text for text in outside.texts(MIA) if word in text]


def watched(outside: Outside, guard: Guard) -> None:
    """An account of a linked person, watched and read."""
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")


def test_deleted_database_does_not_silence_the_alarm(outside: Outside, guard: Guard) -> None:
    """The chat is told of danger though nothing can be read from the store any more, once; health is 503."""
    watched(outside, guard)
    guard.run()
    guard.wait_healthy()
    (guard.home / "guard.db").unlink()
    set_price(outside, 29700)
    guard.wait_for("the alarm in the chat", lambda: bool(told(outside, "DANGER")))
    assert "was deleted while it was open" in told(outside, "DANGER")[0]
    cycles = guard.log().count("cycle not recorded")
    guard.wait_for("more cycles", lambda: guard.log().count("cycle not recorded") > cycles + 3)
    assert len(told(outside, "DANGER")) == 1
    assert guard.health()[0] == 503


def test_liquidation_by_a_gap_in_price_is_told(outside: Outside, guard: Guard) -> None:
    """From safe with positions to safe without: no zone changed, the venue took everything, the user learns it."""
    watched(outside, guard)
    guard.run()
    guard.wait_healthy()
    set_price(outside, 28400)  # liquidated at 28,514, between two cycles
    guard.wait_for("the news", lambda: bool(told(outside, "NO POSITIONS")))
    assert "liquidated" in told(outside, "NO POSITIONS")[0]
    time.sleep(1)  # three more cycles: it is told once
    assert len(told(outside, "NO POSITIONS")) == 1


def test_liquidation_while_the_guard_was_down_is_told(outside: Outside, guard: Guard) -> None:
    """What the guard knew before it was killed is compared with what it finds."""
    watched(outside, guard)
    process = guard.run()
    guard.wait_healthy()
    process.kill()
    process.wait(10)
    guard.processes.remove(process)
    set_price(outside, 28400)
    guard.run()
    guard.wait_for("the news", lambda: bool(told(outside, "NO POSITIONS")))


def test_disarming_stops_an_execution_under_way(outside: Outside, guard: Guard) -> None:
    """`guard account mode NAME observe` while orders go out: what was sent stands, the rest is not sent."""
    watched(outside, guard)
    guard.environment["GUARD__PROTECT__MAX_CHILD_NOTIONAL"] = "1000"
    guard.must("account", "mode", "main", "auto")
    guard.run()
    guard.wait_healthy()
    outside.do(lambda server: server.add_fault(FaultKind.LATENCY, path="/order", value_ms=400))
    set_price(outside, 29700)
    guard.wait_for("a first order", lambda: outside.do(lambda server: len(server.accounts["main"].account.orders)) > 0)
    guard.must("account", "mode", "main", "observe")
    guard.wait_for(
        "the end", lambda: json.loads(guard.must("actions", "--json"))["actions"][-1]["state"] != "open", timeout_s=15
    )
    action = json.loads(guard.must("actions", "--json"))["actions"][-1]
    states = [order["state"] for order in action["orders"]]
    assert "skipped" in states
    assert "verified" in states
    assert set(states) == {"skipped", "verified"}


def test_blocked_bot_is_unhealthy_until_a_chat_is_linked_again(outside: Outside, guard: Guard) -> None:
    """The console still tells; /healthz says that the owner hears nothing."""
    watched(outside, guard)
    guard.run()
    guard.wait_healthy()
    outside.talk(lambda telegram: telegram.person(MIA, "Mia").block())
    set_price(outside, 29700)
    guard.wait_for("the alarm on the console", lambda: "DANGER" in guard.log())
    guard.wait_for("an unhealthy service", lambda: guard.health()[0] == 503)
    assert "no chat of its owner accepts messages" in " ".join(guard.health()[1]["problems"])
