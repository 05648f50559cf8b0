"""The log goes into a file, and logging is afterwards as it was."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import structlog

from guard.demo.logfile import logs_in
from guard.ports.errors import InputError


def test_both_kinds_of_logs_go_into_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and those of libraries; nothing reaches the terminal, and no token reaches the file."""
    with logs_in(tmp_path / "guard.log"):
        structlog.get_logger("guard.test").info("zone changed", account="alice")
        logging.getLogger("somebody").warning("https://host/bot123456789:%s/getMe", "A" * 35)
    text = (tmp_path / "guard.log").read_text(encoding="utf-8")
    assert "zone changed" in text
    assert "https://host/bot" in text
    assert "A" * 35 not in text
    assert capsys.readouterr() == ("", "")


def test_logging_is_restored(tmp_path: Path) -> None:
    """Also when the block fails."""
    root = logging.getLogger()
    before = (root.handlers, root.level, structlog.get_config())
    with pytest.raises(ZeroDivisionError), logs_in(tmp_path / "guard.log"):
        _ = 1 // 0
    assert (root.handlers, root.level, structlog.get_config()) == before


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder of that name."""
    with pytest.raises(InputError, match="cannot be written"), logs_in(tmp_path):
        pass
