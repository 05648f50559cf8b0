"""Logs: structured, and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from guard.app.logs import configure_logs, redact
from guard.app.settings import Log

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"


def fail() -> None:
    """Raise an error whose text carries a token, as HTTP libraries do."""
    raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/getMe")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"),
        ("GET /fapi/v3/account?timestamp=1&signature=deadbeef&recvWindow=5", "deadbeef"),
        ('{"apiKey": "abcdef0123"}', "abcdef0123"),
        ("secret='hunter2'", "hunter2"),
    ],
)
def test_secrets_inside_texts_are_redacted(text: str, expected: str) -> None:
    """Library messages carry whole URLs."""
    assert expected not in redact(text)
    assert "[redacted]" in redact(text)


def test_plain_text_stays() -> None:
    """Redaction leaves ordinary figures alone."""
    text = "BTC/USDT:USDT at 26,316.89; risk_ratio 0.4149; 12:30:00"
    assert redact(text) == text


def test_log_line_is_json_with_secrets_removed(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object a line on stderr; secret keys and tokens in exceptions are redacted."""
    configure_logs(Log(level="info", format="json"))
    structlog.get_logger("guard.test").warning("read failed", api_key="abc", error=f"url bot{TOKEN}/x")
    try:
        fail()
    except RuntimeError:
        structlog.get_logger("guard.test").exception("failed")
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = (json.loads(line) for line in captured.err.splitlines())
    assert (first["event"], first["api_key"], first["level"]) == ("read failed", "[redacted]", "warning")
    assert TOKEN not in captured.err
    assert "RuntimeError" in second["exception"]


def test_standard_logging_takes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries log through the standard library."""
    configure_logs(Log(level="info", format="json"))
    logging.getLogger("some.library").error("token=%s", TOKEN)
    line = json.loads(capsys.readouterr().err)
    assert TOKEN not in line["event"]
    assert line["logger"] == "some.library"
