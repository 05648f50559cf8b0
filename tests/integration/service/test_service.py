"""`guard run` as a process: what it tells, how it ends, what survives a kill, and that it acts when armed."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from decimal import Decimal

from guard.sandbox.faults import FaultKind
from guard.sandbox.telegram.trouble import FaultKind as ChatFault
from tests.harness.installation import Guard, Outside, add_arguments, link_person, open_account

MIA = 501


def sql(guard: Guard, statement: str) -> list[tuple[object, ...]]:
    """Rows of the guard's database, read beside it."""
    with closing(sqlite3.connect(guard.home / "guard.db", timeout=10)) as connection:
        return connection.execute(statement).fetchall()


def set_price(outside: Outside, price: int) -> None:
    """Move BTC."""
    outside.do(lambda server: server.set_price("BTCUSDT", Decimal(price)))


def alarms(outside: Outside, word: str) -> list[str]:
    """Messages to the linked person that contain a word."""
    return [text for text in outside.texts(MIA) if word in text]


def test_zone_change_reaches_telegram_and_sigterm_ends_in_order(outside: Outside, guard: Guard) -> None:
    """Warning and resolved arrive; health tells the truth; SIGTERM ends within 5 s with exit 0 and a whole database.

    Beside them stands the one live message, which is edited in place.
    """
    guard.environment["GUARD__ALERTS__LIVE"] = "true"
    open_account(outside, guard)
    guard.must("user", "add", "owner")
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    process = guard.run_cold()
    guard.wait_healthy()
    set_price(outside, 31000)  # equity 5,000: about 7.7 % to liquidation
    guard.wait_for("a warning", lambda: bool(alarms(outside, "WARNING")))
    warning = alarms(outside, "WARNING")[0]
    for word in ("main", "Risk ratio", "margin level", "Distance to liquidation", "liquidates you", "Data", "UTC"):
        assert word in warning
    guard.wait_for("the live message to follow", lambda: any("📌 🟠" in text for text in outside.texts(501)))
    set_price(outside, 43500)
    guard.wait_for("a resolved notice", lambda: bool(alarms(outside, "resolved")))
    assert sum(text.startswith("📌") for text in outside.texts(501)) == 1
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert time.monotonic() - began < 5
    assert sql(guard, "pragma integrity_check") == [("ok",)]
    assert json.loads(guard.must("alerts", "--json"))["outbox_pending"] == 0


def test_killed_guard_delivers_the_alert_that_it_had_recorded(outside: Outside, guard: Guard) -> None:
    """Telegram is down when the alarm is recorded, the guard is killed, both come back: the alert arrives, once."""
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    process = guard.run()
    guard.wait_healthy()
    outside.talk(lambda telegram: telegram.fail_next(100_000, ChatFault.STATUS, method="sendMessage", status=502))
    set_price(outside, 31000)
    guard.wait_for("a recorded alert", lambda: bool(sql(guard, "select 1 from alerts where zone = 'warning'")))
    process.kill()
    process.wait(10)
    guard.processes.remove(process)
    assert alarms(outside, "WARNING") == []
    outside.talk(lambda telegram: telegram.world.faults.clear())
    guard.run()
    guard.wait_for("the recorded alert", lambda: bool(alarms(outside, "WARNING")))
    guard.wait_for("an empty outbox", lambda: guard.health()[1]["outbox_pending"] == 0)
    assert len(alarms(outside, "WARNING")) == 1


def test_blind_guard_raises_the_alarm_and_says_when_it_sees_again(outside: Outside, guard: Guard) -> None:
    """The venue goes away: `unknown` is told and /healthz is 503; it comes back: told, and 200."""
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    guard.run()
    guard.wait_healthy()
    outside.do(lambda server: server.add_fault(FaultKind.OUTAGE))
    guard.wait_for("the alarm", lambda: bool(alarms(outside, "UNKNOWN")))
    assert "cannot see this account" in alarms(outside, "UNKNOWN")[0]
    status, body = guard.health()
    assert status == 503
    assert "blind" in " ".join(body["problems"])
    outside.do(lambda server: server.clear_faults())
    guard.wait_for("data is back", lambda: bool(alarms(outside, "data is back")))
    guard.wait_healthy()


def test_rejected_key_is_an_alarm_at_once(outside: Outside, guard: Guard) -> None:
    """Waiting does not mend a revoked key: the first blind cycle is told."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    guard.environment["GUARD__ZONES__BLIND_CYCLES"] = "1000"
    guard.run()
    guard.wait_healthy()
    outside.do(lambda server: server.add_fault(FaultKind.BAD_CREDENTIALS))
    guard.wait_for("the alarm on the console", lambda: "UNKNOWN" in guard.log())
    assert "-2015" in guard.log()


def test_armed_guard_reduces_and_survives_the_fall_that_kills(outside: Outside, guard: Guard) -> None:
    """Danger, a reduce-only order, the target restored, told with before and after; the leg never grew or flipped."""
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    guard.must("account", "mode", "main", "auto")
    guard.run()
    guard.wait_healthy()
    set_price(outside, 29700)  # equity 2,400 on 59,400 notional: about 3.5 % to liquidation
    guard.wait_for("the report", lambda: bool(alarms(outside, "acted, back under the target")))
    held = outside.do(lambda server: [(leg.symbol, leg.qty) for leg in server.accounts["main"].account.held()])
    assert [symbol for symbol, _ in held] == ["BTCUSDT"]
    assert Decimal(0) < held[0][1] < Decimal(2)
    action = json.loads(guard.must("actions", "--json"))["actions"][-1]
    assert action["state"] == "done"
    assert action["risk_ratio_after"] < action["risk_ratio_before"]
    assert all(order["state"] == "verified" for order in action["orders"])
    set_price(outside, 28400)  # the fall that would have killed the unguarded book (28,514)
    guard.wait_for("the next cycle", lambda: guard.health()[1]["accounts"][0]["zone"] != "unknown")
    assert not outside.do(lambda server: server.liquidated("main"))


def test_second_guard_on_one_database_is_refused(outside: Outside, guard: Guard) -> None:
    """Two services would deliver twice and could act twice."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    guard.run()
    guard.wait_healthy()
    done = guard.command("run")
    assert done.returncode == 2
    assert "a guard is running" in done.stderr
    assert guard.must("health").startswith("ok")


def test_account_added_while_running_is_watched(outside: Outside, guard: Guard) -> None:
    """No restart is needed; a removed account is let go."""
    guard.run()
    guard.wait_for("a service without accounts", lambda: "no account" in " ".join(guard.health()[1]["problems"]))
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    guard.wait_healthy()
    guard.must("account", "remove", "main")
    guard.wait_for("nothing to watch", lambda: guard.health()[1]["accounts"] == [])


def test_account_that_cannot_be_used_keeps_no_other_from_being_watched(outside: Outside, guard: Guard) -> None:
    """Its row was copied, so its credentials do not open: the next account is watched, and health says what is not."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    with closing(sqlite3.connect(guard.home / "guard.db", timeout=10)) as connection, connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("select * from accounts").fetchone()) | {"account_id": "copy", "name": "alpha"}
        places = ", ".join("?" for _ in row)
        connection.execute(f"insert into accounts ({', '.join(row)}) values ({places})", tuple(row.values()))  # noqa: S608  # the table's own columns
    guard.run()
    guard.wait_for("main", lambda: [account["name"] for account in guard.health()[1]["accounts"]] == ["main"])
    guard.wait_for("a reading", lambda: guard.health()[1]["accounts"][0]["zone"] == "safe")
    status, told = guard.health()
    assert status == 503
    assert any("alpha is not watched" in problem for problem in told["problems"])


def test_metrics_are_prometheus_text(outside: Outside, guard: Guard) -> None:
    """Figures of the account with its name as label."""
    import http.client

    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    guard.run()
    guard.wait_healthy()
    connection = http.client.HTTPConnection(guard.environment["GUARD__WEB__LISTEN"], timeout=5)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert 'guard_zone{account="main",zone="safe"} 1.0' in text
    assert "guard_healthy 1.0" in text
