"""Every command that a document shows is run: what it prints and how it exits must be as written beside it.

Form: a line of a `sh` block that starts with an offline command; after `#` the texts that it prints, separated by `|`,
and `exit N` where it is not 0.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.cli.main import run

ROOT = Path(__file__).parents[3]
RUN = ("risk", "stress", "leverage", "limits", "schema")


def shown() -> Iterator[tuple[str, str, str]]:
    """Document, command, and what is written beside it."""
    for file in sorted((ROOT / "docs").glob("*.md")):
        for block in re.findall(r"^```sh\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                command, _, beside = line.partition("#")
                if command.startswith("guard ") and command.split()[1] in RUN:
                    yield file.name, command.strip(), beside.strip()


@pytest.mark.parametrize(("file", "command", "beside"), list(shown()), ids=lambda value: str(value)[:60])
def test_command_prints_what_the_document_says(
    file: str, command: str, beside: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each text in the output, and the exit code."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GUARD_CONFIG", raising=False)
    code = run(shlex.split(command)[1:])
    captured = capsys.readouterr()
    expected = [text.strip() for text in beside.split("|") if text.strip()]
    codes = [int(text.removeprefix("exit ")) for text in expected if re.fullmatch(r"exit \d", text)]
    assert code == (codes[0] if codes else 0), captured.err
    for text in expected:
        if not re.fullmatch(r"exit \d", text):
            assert text in captured.out, f"{file}: `{command}` does not print {text}"


def test_documents_show_something() -> None:
    """Each of the commands stands in a document at least once, with figures beside most of them."""
    lines = list(shown())
    assert {command.split()[1] for _, command, _ in lines} >= set(RUN)
    assert sum(1 for _, _, beside in lines if beside) > len(lines) * 0.8


def test_slips_are_numbered_through() -> None:
    """Fifteen slips were found; none may get lost."""
    text = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8").partition("## Slips")[2]
    assert re.findall(r"^(\d+)\. \*\*", text, re.MULTILINE) == [str(number) for number in range(1, 16)]
