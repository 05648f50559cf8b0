"""`guard user`: roles, languages, codes, each a command on a database of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def installed(guard: Run, tmp_path: Path, write: Callable[[dict[str, Any]], Path], pair: dict[str, Any]) -> Run:
    """Anna and bert; anna owns the account `main`."""
    config = tmp_path / "guard.toml"
    config.write_text('[database]\nurl = "sqlite:///guard.db"\n', encoding="utf-8")

    def call(*words: object) -> tuple[int, str, str]:
        return guard(*words, "--config", config)

    for words in (
        ["db", "upgrade"],
        ["user", "add", "anna"],
        ["user", "add", "bert"],
        ["account", "add", "main", "--venue", "file", "--book-file", write(pair), "--user", "anna"],
    ):
        code, _, err = call(*words)
        assert code == 0, err
    return call


def people(run: Run) -> dict[str, dict[str, Any]]:
    """What `guard user list` says, by name."""
    code, out, _ = run("user", "list", "--json")
    assert code == 0
    return {user["name"]: user for user in json.loads(out)["users"]}


def test_roles_are_given_changed_and_taken_back(installed: Run) -> None:
    """Each change is one line; the list shows what holds."""
    assert people(installed)["anna"]["roles"] == {"main": "owner"}
    assert people(installed)["bert"]["roles"] == {}
    for role in ("viewer", "operator"):
        assert installed("user", "role", "bert", "main", role)[:2] == (0, f"bert is {role} of main\n")
        assert people(installed)["bert"]["roles"] == {"main": role}
    assert installed("user", "role", "bert", "main", "none")[1] == "bert has no role on main any more\n"
    assert installed("user", "role", "bert", "main", "none")[1] == "bert had no role on main\n"
    assert people(installed)["bert"]["accounts"] == []


def test_an_account_changes_hands_and_always_has_an_owner(installed: Run) -> None:
    """The former owner has nothing left, and what the new one had before does not come back later."""
    code, _, err = installed("user", "role", "anna", "main", "viewer")
    assert (code, err.count("\n")) == (2, 1)
    assert "would be left without an owner" in err
    installed("user", "role", "bert", "main", "viewer")
    assert installed("user", "role", "bert", "main", "owner")[1] == "bert owns main\n"
    assert {name: user["roles"] for name, user in people(installed).items()} == {"anna": {}, "bert": {"main": "owner"}}
    installed("user", "role", "anna", "main", "owner")
    assert people(installed)["bert"]["roles"] == {}


def test_language_and_zone(installed: Run) -> None:
    """Either alone or both; a zone by its city; what is not known is refused with the nearest."""
    assert installed("user", "language", "anna", "ja")[1] == "anna reads ja, times in UTC\n"
    assert installed("user", "language", "anna", "--timezone", "tokyo")[1] == "anna reads ja, times in Asia/Tokyo\n"
    assert installed("user", "language", "anna")[1] == "anna reads ja, times in Asia/Tokyo\n"
    assert (people(installed)["anna"]["language"], people(installed)["anna"]["timezone"]) == ("ja", "Asia/Tokyo")
    assert "ja" in installed("user", "list")[1]
    for words, said in ((["xx"], "known languages: en, ja"), (["--timezone", "Tokio"], "did you mean Asia/Tokyo?")):
        code, _, err = installed("user", "language", "anna", *words)
        assert code == 2
        assert said in err


def test_what_is_not_there_is_said_in_one_line(installed: Run) -> None:
    """Names of people, accounts and roles."""
    for words, said in (
        (["nobody", "main", "viewer"], "no user is called nobody"),
        (["bert", "nothing", "viewer"], "no account is called nothing"),
        (["bert", "main", "king"], "'king' is not one of"),
    ):
        code, out, err = installed("user", "role", *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err


def test_the_roles_of_somebody_who_is_removed_end_in_the_log(installed: Run, tmp_path: Path) -> None:
    """Who could see an account, and until when, is known afterwards; an owner is not removed."""
    installed("user", "role", "bert", "main", "viewer")
    assert installed("user", "remove", "bert")[1] == "removed bert\n"
    with closing(sqlite3.connect(tmp_path / "guard.db")) as connection:
        said = [detail for (detail,) in connection.execute("SELECT detail FROM audit WHERE what = 'role' ORDER BY seq")]
    assert said == ["bert is viewer of main", "bert was removed and has no role any more, was viewer"]
    code, _, err = installed("user", "remove", "anna")
    assert (code, "owns accounts (main)" in err) == (2, True)
