"""Telegram's errors, classified once, by type, into what a caller can do about them.

Pure. The library's tree has traps that this table takes out: `BadRequest` IS a `NetworkError` (retrying it loops for
ever), an over-sized upload (413) is a bare `NetworkError`, and a `TimedOut` may hide a message that arrived.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    PassportDecryptionError,
    RetryAfter,
    TelegramError,
)

from guard.ports.sending import ChatGone, ChatMoved, SendError, SendRejected, SendRetry, TopicGone

# An answer that is JSON but not what the Bot API promises makes the library raise one of these.
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)

REASON_MAX = 200  # characters of a foreign error text that we repeat

# The request certainly never left: no connection, or none free.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# Bad requests that are about one topic of a group.
_TOPIC_GONE = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")

# Bad requests that are about the chat, not about the message. Wordings of tdlib/telegram-bot-api.
_CHAT_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "have no rights to send",
    "not enough rights to send",
    "group chat was deactivated",
)


def describe(error: BaseException, token: str = "") -> str:
    """One short line about a foreign error, with the token taken out (error pages of proxies repeat addresses)."""
    text = str(error) or type(error).__name__
    if token:
        text = text.replace(token, "<token>")
    line = " ".join(text.split())
    return line if len(line) <= REASON_MAX else line[: REASON_MAX - 3] + "..."


def wait_asked_s(error: RetryAfter) -> float:
    """How long Telegram asks to wait, in seconds."""
    asked = error.retry_after
    return asked.total_seconds() if isinstance(asked, timedelta) else float(asked)


def classify(error: TelegramError, token: str = "") -> SendError:
    """What a failed send means.

    Args:
        error: what the library raised.
        token: the bot's token, to be kept out of the text.

    Returns:
        The `SendError` to raise instead.
    """
    text = describe(error, token)
    result: SendError
    match error:
        case RetryAfter():
            result = SendRetry(f"Telegram asks to slow down ({text})", retry_after_s=wait_asked_s(error))
        case ChatMigrated():
            result = ChatMoved("the group became a supergroup", new_chat_id=error.new_chat_id)
        case Forbidden():
            result = ChatGone(f"Telegram: {text}", fix="the person must unblock the bot, or link another chat")
        case BadRequest():  # before NetworkError: it is a subclass
            result = _bad_request(text)
        case InvalidToken() | EndPointNotFound():
            result = SendRetry(
                "Telegram rejected the bot's token or address",
                fix="check telegram.token_file and telegram.base_url and restart",
            )
        case Conflict():
            result = SendRetry(f"Telegram: {text}", fix="stop the other program that uses this bot's token")
        case PassportDecryptionError():
            result = SendRejected(f"Telegram: {text}")
        case NetworkError() if "Request Entity Too Large" in text:
            result = SendRejected(f"Telegram: {text}", fix="send a smaller file")
        case _:
            result = SendRetry(f"Telegram could not be asked ({text})", may_have_arrived=not never_sent(error))
    return result


def unreadable(error: Exception, token: str = "") -> SendRetry:
    """The classification of an answer that is not what the Bot API promises."""
    text = f"{type(error).__name__} {describe(error, token)}"
    return SendRetry(
        f"Telegram's answer could not be understood ({text})",
        fix="check telegram.base_url: something else may answer there",
        may_have_arrived=True,
    )


def never_sent(error: TelegramError) -> bool:
    """Whether it is certain that the request did not reach Telegram."""
    return isinstance(error.__cause__, (*_NEVER_SENT, RuntimeError))


def _bad_request(text: str) -> SendError:
    lower = text.lower()
    if any(words in lower for words in _TOPIC_GONE):
        return TopicGone(f"Telegram: {text}", fix="link another topic, or the group itself")
    if any(words in lower for words in _CHAT_GONE):
        return ChatGone(f"Telegram: {text}", fix="the person must start the bot again, or let it write")
    return SendRejected(f"Telegram: {text}")
