"""`guard account`: what a person types before anything runs, and every way in which it can be wrong."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from contextlib import closing

import pytest

from guard.sandbox.faults import FaultKind
from tests.harness.installation import Guard, Outside, add_arguments, open_account


def one_line(text: str) -> str:
    """The only line of a text."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_account_is_added_checked_and_read_once(outside: Outside, guard: Guard) -> None:
    """From nothing to a recorded cycle: add, list, check, once, history."""
    open_account(outside, guard)
    assert "mode observe" in guard.must(*add_arguments(outside))
    listed = json.loads(guard.must("account", "list", "--json"))["accounts"]
    assert [(row["name"], row["mode"]) for row in listed] == [("main", "observe")]
    checked = json.loads(guard.must("account", "check", "main", "--json"))
    assert checked["ok"]
    assert checked["rights"]["trade"] is True
    assert checked["rights"]["withdraw"] is False
    assert "verdict: fit to be watched" in guard.must("account", "check", "main")
    once = guard.command("once", "--json")
    assert once.returncode == 0
    report = json.loads(once.stdout)["accounts"][0]
    pool = report["pools"][0]
    assert report["quality"] == "fresh"
    assert pool["equity"] == pytest.approx(float(outside.do(lambda server: server.equity("main"))))
    history = json.loads(guard.must("history", "main", "--json"))["snapshots"]
    assert [row["risk_ratio"] for row in history] == [report["risk_ratio"]]


def test_book_that_is_written_gives_the_same_risk(outside: Outside, guard: Guard) -> None:
    """`guard once --book` writes what `guard risk` reads: live and offline are one engine."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    live = json.loads(guard.must("once", "main", "--book", "book.json", "--json"))["accounts"][0]
    offline = json.loads(guard.must("risk", "book.json", "--json"))
    assert offline["risk_ratio"] == pytest.approx(live["risk_ratio"], rel=1e-12)
    assert offline["pools"][0]["positions"] == live["pools"][0]["positions"]


def test_secrets_are_neither_shown_nor_stored_in_clear(outside: Outside, guard: Guard) -> None:
    """No command prints them, and the database file holds no byte of them."""
    open_account(outside, guard)
    added = guard.command(*add_arguments(outside))
    secrets = [(guard.home / name).read_text(encoding="utf-8") for name in ("main.key", "main.secret")]
    shown = added.stdout + added.stderr + guard.must("account", "show", "main") + guard.must("config", "check")
    stored = b"".join(path.read_bytes() for path in guard.home.glob("guard.db*"))
    for secret in secrets:
        assert secret not in shown
        assert secret.encode() not in stored
    assert stat.S_IMODE((guard.home / "guard.key").stat().st_mode) == 0o600


def test_wrong_key_is_one_line_and_nothing_is_stored(outside: Outside, guard: Guard) -> None:
    """Rejected credentials: exit 2, what to do, no account."""
    open_account(outside, guard)
    (guard.home / "main.secret").write_text("0" * 64, encoding="utf-8")
    done = guard.command(*add_arguments(outside))
    assert done.returncode == 2
    assert one_line(done.stderr).startswith("error: ")
    assert json.loads(guard.must("account", "list", "--json"))["accounts"] == []


def test_key_that_may_withdraw_is_refused_unless_insisted(outside: Outside, guard: Guard) -> None:
    """Whoever steals such a key empties the account."""
    open_account(outside, guard, reading=True, futures=True, withdrawals=True)
    done = guard.command(*add_arguments(outside))
    assert done.returncode == 2
    assert "may withdraw" in one_line(done.stderr)
    assert "--allow-withdraw-key" in done.stderr
    insisted = guard.command(*add_arguments(outside), "--allow-withdraw-key")
    assert insisted.returncode == 0


def test_key_that_may_not_trade_cannot_be_armed(outside: Outside, guard: Guard) -> None:
    """Mode auto needs a key that may trade; observe does not."""
    open_account(outside, guard, reading=True, futures=False)
    guard.must(*add_arguments(outside))
    done = guard.command("account", "mode", "main", "auto")
    assert done.returncode == 2
    assert "may not trade" in one_line(done.stderr)
    assert json.loads(guard.must("account", "show", "main", "--json"))["mode"] == "observe"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FaultKind.MAINTENANCE, ["-1016", "tries again"]),
        (FaultKind.HTML, ["an HTML page instead of JSON"]),
        (FaultKind.BAD_CREDENTIALS, ["-2015"]),
        (FaultKind.BANNED, ["418"]),
    ],
)
def test_trouble_at_the_venue_is_one_clear_line(
    outside: Outside, guard: Guard, kind: FaultKind, words: list[str]
) -> None:
    """Maintenance, an error page instead of JSON, a ban: named at `add`, and nothing is stored."""
    open_account(outside, guard)
    outside.do(lambda server: server.add_fault(kind))
    done = guard.command(*add_arguments(outside))
    assert done.returncode == 2, done.stderr
    line = one_line(done.stderr)
    assert all(word in line for word in words), line
    assert json.loads(guard.must("account", "list", "--json"))["accounts"] == []


def test_clock_that_is_off_is_told_and_made_up_for(outside: Outside, guard: Guard) -> None:
    """A skewed clock is named with its size; requests carry the venue's time, so the account is read all the same."""
    open_account(outside, guard)
    outside.do(lambda server: server.add_fault(FaultKind.CLOCK_SKEW, value_ms=60_000))
    done = guard.command(*add_arguments(outside))
    assert done.returncode == 0, done.stderr
    told = re.search(r"clock is ([+-]\d+) ms from", done.stderr)
    assert told is not None, done.stderr
    assert float(told[1]) == pytest.approx(-60_000, abs=5_000)  # measured by an answer that a busy machine may hold up


def test_venue_that_does_not_listen_is_named(outside: Outside, guard: Guard) -> None:
    """Unreachable: exit 2 at `add`, exit 3 at `check`, with the address."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    away = ["--base-url", "http://127.0.0.1:1"]
    arguments = [*add_arguments(outside)[:5], *away, "--api-key-file", "main.key", "--secret-file", "main.secret"]
    arguments[2] = "other"
    done = guard.command(*arguments)
    assert done.returncode == 2
    assert "127.0.0.1:1" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["account", "add", "x", "--venue", "nowhere"], ["nowhere", "binanceusdm"]),
        (["account", "add", "x", "--venue", "binanceusdm"], ["api_key", "--api-key-file"]),
        (["account", "add", "x", "--venue", "binanceusdm", "--api-key-file", "no"], ["--api-key-file no"]),
        (["account", "check", "x"], ["no account is called x"]),
        (["account", "mode", "x", "sometimes"], ["sometimes", "observe"]),
        (["account"], []),
        (["account", "add"], ["guard account add --help"]),
        (["account", "add", "a\nb", "--venue", "file", "--book-file", "x"], ["account name was", "printable"]),
        (["user", "add", ""], ["user name was ''"]),
        (["user", "add", "x" * 65], ["1 to 64"]),
        (["user", "add", "--", "-x"], ["no - at the start"]),
        (["user", "add", "\udcff\udcfe"], ["not valid UTF-8"]),
        (["user", "link", "nobody"], ["no user is called nobody"]),
        (["history", "x", "--since", "soon"], ["--since was soon", "24h"]),
        (["risk", "no-such-file"], ["no-such-file"]),
        (["risk"], ["BOOK"]),
        (["frobnicate"], ["frobnicate"]),
        (["risk", "--frobnicate"], ["--frobnicate"]),
        (["schema", "cow"], ["cow", "book"]),
        (["--config"], ["--config"]),
        (["config", "check", "--config", "nowhere.toml"], ["nowhere.toml"]),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(guard: Guard, arguments: list[str], words: list[str]) -> None:
    """Never a traceback, never a prompt without a terminal."""
    done = guard.command(*arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    if words:
        line = one_line(done.stderr)
        assert all(word in line for word in words), line


def test_outdated_database_names_the_command(guard: Guard) -> None:
    """`guard run` and every command refuse a database that is not there, and say what to run."""
    guard.environment["GUARD__DATABASE__URL"] = f"sqlite:///{guard.home / 'new.db'}"
    for arguments in (["run"], ["account", "list"]):
        done = guard.command(*arguments)
        assert done.returncode == 2
        assert "guard db upgrade" in one_line(done.stderr)
    assert guard.command("db", "check").returncode == 3


def test_wrong_master_key_is_a_clear_error(outside: Outside, guard: Guard) -> None:
    """Another key file opens nothing and changes nothing; the right one still does."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    other = guard.home / "other.key"
    other.write_text("00" * 32, encoding="utf-8")
    other.chmod(0o600)
    guard.environment["GUARD_MASTER_KEY_FILE"] = str(other)
    done = guard.command("account", "list")
    assert done.returncode == 2
    assert "does not open this database" in one_line(done.stderr)
    del guard.environment["GUARD_MASTER_KEY_FILE"]
    guard.must("account", "check", "main")


def test_import_adds_what_is_right_and_names_what_is_not(outside: Outside, guard: Guard) -> None:
    """Each entry stands for itself: the good one is watched, the bad one is one line, exit 2."""
    open_account(outside, guard)
    (guard.home / "bad.secret").write_text("0" * 64, encoding="utf-8")
    entry = """
[[account]]
name = "{name}"
venue = "binanceusdm"
base_url = "{url}"
api_key_file = "main.key"
secret_file = "{secret}"
"""
    url = outside.server.base_url
    text = entry.format(name="good", url=url, secret="main.secret") + entry.format(
        name="bad", url=url, secret="bad.secret"
    )
    (guard.home / "accounts.toml").write_text(text, encoding="utf-8")
    done = guard.command("account", "import", "accounts.toml")
    assert done.returncode == 2
    assert "added good" in done.stdout
    assert "error: bad: " in done.stderr
    assert [row["name"] for row in json.loads(guard.must("account", "list", "--json"))["accounts"]] == ["good"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "must hold [[account]] tables"),
        ("[[account]]\nname = 'a'\n", "account[0].venue Field required"),
        ("[[account]]\nname = 'a'\nvenue = 'file'\nkey = 'x'\n", "account[0].key is not a known key"),
        ("[[account]]\nname='a'\nvenue='file'\n[[account]]\nname='a'\nvenue='file'\n", "there twice"),
        ("[[account", "is not valid TOML"),
    ],
)
def test_import_file_that_is_wrong_adds_nothing(guard: Guard, text: str, expected: str) -> None:
    """A mistake in the file is one line that names the key, before anything is added."""
    (guard.home / "accounts.toml").write_text(text, encoding="utf-8")
    done = guard.command("account", "import", "accounts.toml")
    assert done.returncode == 2
    assert expected in one_line(done.stderr)


def test_arming_again_ends_a_freeze(outside: Outside, guard: Guard) -> None:
    """After an unexpected result automation is frozen; `guard account mode NAME auto` is how a person ends that."""
    open_account(outside, guard)
    guard.must(*add_arguments(outside))
    guard.must("account", "mode", "main", "auto")
    with closing(sqlite3.connect(guard.home / "guard.db")) as connection, connection:
        connection.execute("update accounts set frozen = 1")
    assert json.loads(guard.must("account", "show", "main", "--json"))["frozen"] is True
    done = guard.command("account", "mode", "main", "auto")
    assert done.returncode == 0
    assert "was frozen" in done.stderr
    assert json.loads(guard.must("account", "show", "main", "--json"))["frozen"] is False
