"""Structured logs on stderr; nothing that looks like a secret leaves."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from guard.app.settings import Log

REDACTED = "[redacted]"
SECRET_KEYS = frozenset(
    {"api_key", "apikey", "secret", "passphrase", "token", "password", "signature", "private_key", "code", "master_key"}
)
# Bot tokens, signatures and keys inside texts (library messages carry whole URLs).
SECRET_TEXT = re.compile(
    r"(?P<token>(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,})"
    r"|(?P<key>(?:signature|apiKey|api_key|secret|token|passphrase|listenKey)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text without tokens, signatures and keys."""
    return SECRET_TEXT.sub(lambda match: (match["key"] or "") + REDACTED, text)


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key.lower() in SECRET_KEYS:
            event[key] = REDACTED
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def configure_logs(settings: Log) -> None:
    """Send structlog and the standard library's logging to stderr in one form."""
    level = getattr(logging, settings.level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Their every request is no news; httpx prints the bot's token in its URLs, urllib3 those of second channels.
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "asyncio", "matplotlib", "ccxt", "urllib3"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
