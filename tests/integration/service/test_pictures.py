"""Pictures from the running service: real venue readings, the real drawing process, a real upload; and its end."""

from __future__ import annotations

import signal
import struct
import time
from pathlib import Path

import pytest

from guard.sandbox.telegram import Message
from tests.harness.installation import Guard, Outside, add_arguments, link_person, open_account
from tests.harness.warm_process import WarmProcess

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="looks for processes in /proc, which this system does not have"
)

MIA = 501
ANSWER_S = 60.0
BYTES_MAX = 150_000


def asked(outside: Outside, text: str) -> Message:
    """What Mia is answered."""
    answer = outside.talk(lambda telegram: telegram.person(MIA, "Mia").ask(text, timeout_s=ANSWER_S))
    assert isinstance(answer, Message)
    return answer


def children(process: WarmProcess) -> list[int]:
    """The processes that the guard has started and that still run."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
    return [int(number) for number in listed.split()]


def test_pictures_are_sent_and_their_process_ends_with_the_guard(outside: Outside, guard: Guard) -> None:
    """Every kind; words of the same past; one process for all, gone within 5 s of SIGTERM."""
    open_account(outside, guard)
    link_person(outside, guard)
    guard.must(*add_arguments(outside), "--user", "mia")
    process = guard.run()
    guard.wait_healthy()
    assert children(process) == []
    pictures = []
    for kind in ("", " 7d", " exposure", " distance", " stress"):
        answer = asked(outside, f"/chart main{kind}")
        assert answer.photo is not None, answer.text
        assert struct.unpack(">I", answer.photo[16:20]) == (1080,)
        assert len(answer.photo) <= BYTES_MAX
        assert "main" in answer.text
        pictures.append(answer.photo)
    assert len(set(pictures)) == 5
    (drawing,) = children(process)
    words = asked(outside, "/history").text
    assert "main, last 24 h: now" in words
    assert "Risk ratio: worst" in words
    assert asked(outside, "/chart other").text.startswith("You have no account other.")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert time.monotonic() - began < 5
    assert not Path(f"/proc/{drawing}").exists()
