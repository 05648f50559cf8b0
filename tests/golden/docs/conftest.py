"""Running what the documents show, as a user would, from the project's root."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from guard.cli.main import run

ROOT = Path(__file__).parents[3]
Answer = Callable[..., Any]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Answer:
    """Runs a command with `--json` in the project's root; returns what it printed."""

    def ask(*words: str) -> Any:
        monkeypatch.chdir(ROOT)
        monkeypatch.delenv("GUARD_CONFIG", raising=False)
        code = run([*words, "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return ask


@pytest.fixture
def at() -> Callable[[Any, str], Any]:
    """Reaches into an answer by a path of keys and indices."""

    def reach(document: Any, path: str) -> Any:
        for step in path.split("."):
            document = document[step] if isinstance(document, Mapping) else document[int(step)]
        return document

    return reach
