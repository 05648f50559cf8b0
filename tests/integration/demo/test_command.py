"""`guard demo` as a command: what is refused before anything starts, and how it ends when it is interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from guard.cli.main import run

START_S = 40.0
END_S = 10.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "moon"], "error: --scenario was moon; use one of: flash-crash, slow-bleed, venue-outage,"),
        (["--seconds", "1"], "error: --seconds was 1; give 10 to 3600"),
        (["--seconds", "nan"], "error: --seconds was nan; give 10 to 3600"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing was made."""
    assert run(["demo", "--out", str(tmp_path / "new"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(words)
    assert err.count("\n") == 1
    assert not (tmp_path / "new").exists()


async def test_an_interruption_ends_it_at_once(tmp_path: Path) -> None:
    """SIGINT in the middle: a clean word, exit code 130, no traceback, nothing left running."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from guard.cli.main import main; main()",
        *("demo", "--seconds", "60", "--out", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            async for line in process.stdout:
                if b"time is scaled" in line:
                    break
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(END_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 130
    assert b"interrupted: everything that was started has ended" in out
    assert err == b""
    assert "stopped" in (tmp_path / "guard.log").read_text(encoding="utf-8")
    assert not (tmp_path / "summary.json").exists()
