"""`guard history --chart`: the picture that the chat sends, as a file."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path

import pytest

from guard.charts.picture import HistoryPicture
from guard.risk.bookfile import dump_book
from tests.harness.cycle_world import book
from tests.harness.installation import Guard


@pytest.fixture
def guard(tmp_path: Path, empty_database: Path) -> Guard:
    """An installation with one account that a file describes, read once."""
    (tmp_path / "book.json").write_text(json.dumps(dump_book(book(40_000.0).book)), encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    installed = Guard(tmp_path, kept | {"GUARD__DATABASE__URL": f"sqlite:///{tmp_path / 'guard.db'}"})
    shutil.copy(empty_database, tmp_path / "guard.db")
    installed.must("account", "add", "main", "--venue", "file", "--book-file", "book.json")
    installed.command("once")
    return installed


@pytest.mark.parametrize("option", ["--chart", "--png"])
def test_a_history_is_drawn_into_a_file(guard: Guard, option: str) -> None:
    """As wide as a phone shows it; under both names of the option."""
    assert guard.must("history", "main", option, "a.png") == "wrote a.png\n"
    content = (guard.home / "a.png").read_bytes()
    assert content[:4] == b"\x89PNG"
    assert struct.unpack(">I", content[16:20]) == (1080,)


def test_its_words_are_those_of_the_alerts(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The language and the time zone of `[alerts]`: whoever types a command has chosen none of their own."""
    drawn: list[HistoryPicture] = []

    def noted(picture: HistoryPicture) -> bytes:
        drawn.append(picture)
        return b""

    monkeypatch.setattr("guard.charts.draw.draw", noted)
    spoken = {"GUARD__ALERTS__LANGUAGE": "ja", "GUARD__ALERTS__TIMEZONE": "Asia/Tokyo"}
    Guard(guard.home, guard.environment | spoken).must("history", "main", "--chart", "a.png")
    assert "現在は" in drawn[0].title
    assert "JST" in drawn[0].subtitle


def test_figures_and_a_picture_at_once(guard: Guard) -> None:
    """With --json the output stays JSON."""
    answer = json.loads(guard.must("history", "main", "--since", "7d", "--chart", "a.png", "--json"))
    assert len(answer["snapshots"]) == 1
    assert (guard.home / "a.png").exists()


def test_a_file_that_cannot_be_written_is_one_line(guard: Guard) -> None:
    """A folder that is not there: exit code 2."""
    done = guard.command("history", "main", "--chart", "no/such/a.png")
    assert done.returncode == 2
    assert "no/such/a.png cannot be written" in done.stderr


def test_readings_that_are_left_out_are_told(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are shown; that there are older ones stands in the answer, and on stderr."""
    guard.command("once")
    monkeypatch.setattr("guard.cli.history.MOST_ROWS", 2)
    whole = guard.command("history", "main", "--json")
    assert (json.loads(whole.stdout)["truncated"], whole.stderr) == (False, "")
    guard.command("once")
    part = guard.command("history", "main", "--json")
    answer = json.loads(part.stdout)
    assert answer["truncated"] is True
    assert len(answer["snapshots"]) == 2
    assert answer["snapshots"][0] == json.loads(whole.stdout)["snapshots"][1]
    assert part.stderr == "only the newest 2 readings of the last 24h are shown; ask for less with --since\n"
    assert guard.command("history", "main").stderr == part.stderr
