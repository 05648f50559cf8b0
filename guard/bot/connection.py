"""The connection to Telegram: what a token and an address must look like, time limits, and keeping the token quiet.

Owns the library's client and its two connection pools. Nothing is contacted until the first call.
"""

from __future__ import annotations

import functools
import logging
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.request import HTTPXRequest

from guard.ports.errors import InputError

REAL_BASE_URL = "https://api.telegram.org/bot"
CONNECTIONS_MAX = 64

KEPT_S = 45.0
"""How long an idle connection is kept: an alarm is not to wait until a new one is negotiated. Less than the minute
after which servers and routers commonly drop one."""

_TOKEN_FORM = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}")

# The token is part of every address, and these loggers print addresses (or pages that repeat them). What goes wrong is
# logged by us, without the token.
_TALKATIVE_LOGGERS = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "telegram": logging.CRITICAL}


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds. The defaults suit the real service; tests and demonstrations use smaller ones.

    `poll_s`: how long Telegram holds an empty poll open. `answer_s`: how long to wait for any answer beyond that.
    `retry_first_s` doubles with each setback up to `retry_max_s`; `bad_token_retry_s` is the least wait after a
    refused token. `steady_s`: being connected so long forgets earlier setbacks. `drop_after_s`: after an outage of
    this length updates that piled up are dropped, because nobody wants an answer to an old question.
    """

    connect_s: float = 5.0
    answer_s: float = 10.0
    poll_s: int = 30
    retry_first_s: float = 1.0
    retry_max_s: float = 30.0
    bad_token_retry_s: float = 60.0
    steady_s: float = 60.0
    drop_after_s: float = 60.0


class Connection:
    """One bot at one address; `close` when done."""

    def __init__(self, token: str, base_url: str, pace: Pace) -> None:
        """Prepare.

        Args:
            token: the bot's token as @BotFather gives it.
            base_url: Bot API root such as `http://127.0.0.1:8081/bot`.
            pace: time limits.

        Raises:
            InputError: `token` or `base_url` has an impossible form.
        """
        _check(token, base_url)
        for name, level in _TALKATIVE_LOGGERS.items():
            logging.getLogger(name).setLevel(level)
        # Two connection pools: a poll that hangs must not keep an alert waiting.
        self._requests = (_request(base_url, pace, CONNECTIONS_MAX), _request(base_url, pace, 2))
        self.bot = Bot(
            token,
            base_url=base_url,
            base_file_url=file_url(base_url),
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def close(self) -> None:
        """Close every connection; calls that run fail."""
        for request in self._requests:
            await request.shutdown()


def file_url(base_url: str) -> str:
    """Where files are loaded from: `https://host/bot` becomes `https://host/file/bot`."""
    root, _, last = base_url.rpartition("/")
    return f"{root}/file/{last}"


def _check(token: str, base_url: str) -> None:
    if not _TOKEN_FORM.fullmatch(token):
        raise InputError(
            "the Telegram token has not the form 123456789:letters-and-digits",
            fix="copy it again from @BotFather into telegram.token_file",
        )
    address = urlsplit(base_url)
    if address.scheme not in {"http", "https"} or not address.hostname or not address.path.strip("/"):
        raise InputError(
            f"telegram.base_url was {base_url}, must be a Bot API root such as {REAL_BASE_URL}",
            fix="remove it to use Telegram itself",
        )


def _request(base_url: str, pace: Pace, connections_max: int) -> HTTPXRequest:
    loopback = urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"}
    return HTTPXRequest(
        connection_pool_size=connections_max,
        connect_timeout=pace.connect_s,
        read_timeout=pace.answer_s,
        write_timeout=pace.answer_s,
        media_write_timeout=pace.answer_s * 2,
        pool_timeout=pace.answer_s,
        # A proxy of the environment leads to the internet, not to this machine.
        httpx_kwargs={
            "trust_env": not loopback,
            "verify": _trust(of_environment=not loopback),
            "limits": httpx.Limits(max_connections=connections_max, keepalive_expiry=KEPT_S),
        },
    )


@functools.cache
def _trust(*, of_environment: bool) -> ssl.SSLContext:
    """Whom to trust, as httpx has it. Read once: it takes 40 ms and is the same for every pool of every bot."""
    return httpx.create_ssl_context(trust_env=of_environment)
