"""The command line as a whole: every command documented, quick to start, one form of error."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from guard.cli.main import app, run

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
HEAVY = ("ccxt", "telegram", "matplotlib", "numpy", "sqlalchemy", "pydantic", "aiohttp", "apscheduler", "structlog")


def commands() -> Iterator[list[str]]:
    """Every command as the words that a person types."""
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # typer's group
        inner = getattr(command, "commands", None)
        if inner is None:
            yield [name]
        else:
            yield from ([name, each] for each in inner)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_command_is_documented_and_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is missing from the README fails here; its help says what it does."""
    group = rf"guard {words[0]}( [a-z]+ /| add / list / (show|link)| \w+)*"
    assert re.search(rf"guard {' '.join(words)}\b", README) or (
        len(words) == 2 and re.search(rf"`{group}[^`]*\b{words[1]}\b", README)
    ), words
    assert run([*words, "--help"]) == 0
    assert len(capsys.readouterr().out) > 100


def test_help_imports_nothing_heavy() -> None:
    """`guard --help` must not wait for ccxt, telegram or matplotlib (nor for anything else that takes time)."""
    code = (
        "import sys\nfrom guard.cli.main import run\nassert run(['--help']) == 0\n"
        f"print(sorted(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603  # our own program
    assert done.stderr.strip() == "[]"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert run(["--version"]) == 0
    assert re.fullmatch(r"guard \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("redirection", ["1>&-", "1>&- 2>&-", "0<&-", ">/dev/full", "| true"])
def test_streams_that_do_not_work_are_no_defect(redirection: str) -> None:
    """Closed, full, or without a reader: never a traceback."""
    program = f"{sys.executable} -c 'from guard.cli.main import main; main()'"
    shell = f"{program} leverage --drawdown 10% --move 3% {redirection}"
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  # our own program
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if "full" in redirection else 0)
    assert ("No space left" in done.stderr) == ("full" in redirection)


@pytest.mark.parametrize("arguments", [[], ["account"]])
def test_group_without_a_command_shows_its_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was asked: the list of commands, as it is, and exit 2."""
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.lstrip().startswith("Usage: guard")
    assert "Commands:\n" in captured.err
    assert "error:" not in captured.err
