"""Classification of Telegram errors: the library's whole tree, by type."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from telegram import error as tg

from guard.bot.failures import REASON_MAX, classify, describe, unreadable
from guard.ports.sending import ChatGone, ChatMoved, SendError, SendRejected, SendRetry

TOKEN = "123:secret"

# Every class of the tree with what a failed send of that class means.
TREE: dict[type[tg.TelegramError], tuple[tg.TelegramError, type[SendError]]] = {
    tg.TelegramError: (tg.TelegramError("Invalid server response"), SendRetry),
    tg.NetworkError: (tg.NetworkError("Bad Gateway"), SendRetry),
    tg.TimedOut: (tg.TimedOut(), SendRetry),
    tg.RetryAfter: (tg.RetryAfter(7), SendRetry),
    tg.Conflict: (tg.Conflict("Conflict: terminated by other getUpdates request"), SendRetry),
    tg.InvalidToken: (tg.InvalidToken("Unauthorized"), SendRetry),
    tg.EndPointNotFound: (tg.EndPointNotFound("Not Found"), SendRetry),
    tg.BadRequest: (tg.BadRequest("Bad Request: message is too long"), SendRejected),
    tg.PassportDecryptionError: (tg.PassportDecryptionError("x"), SendRejected),
    tg.Forbidden: (tg.Forbidden("Forbidden: bot was blocked by the user"), ChatGone),
    tg.ChatMigrated: (tg.ChatMigrated(-1001), ChatMoved),
}


def tree_of(cls: type[tg.TelegramError]) -> set[type[tg.TelegramError]]:
    """A class and everything below it."""
    return {cls}.union(*(tree_of(below) for below in cls.__subclasses__()))


def test_the_table_covers_the_whole_tree() -> None:
    """A new error class in the library must be thought about."""
    assert tree_of(tg.TelegramError) == set(TREE)


@pytest.mark.parametrize("cls", TREE, ids=lambda cls: cls.__name__)
def test_each_class_means_one_thing(cls: type[tg.TelegramError]) -> None:
    """Each class maps to exactly the expected kind of failure, not to a relative of it."""
    error, expected = TREE[cls]
    assert type(error) is cls
    assert type(classify(error)) is expected


def test_a_bad_request_is_never_retried() -> None:
    """BadRequest is a NetworkError to the library; retrying it would loop for ever."""
    assert issubclass(tg.BadRequest, tg.NetworkError)
    assert not isinstance(classify(tg.BadRequest("can't parse entities")), SendRetry)


@pytest.mark.parametrize(
    "text",
    [
        "Bad Request: chat not found",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: have no rights to send a message",
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: group chat was deactivated",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
    ],
)
def test_a_bad_request_about_the_chat_means_the_chat_is_gone(text: str) -> None:
    """The message was fine; no other message would fare better."""
    assert type(classify(tg.BadRequest(text))) is ChatGone


@pytest.mark.parametrize("asked", [7, timedelta(seconds=7)])
def test_retry_after_keeps_the_wait(asked: int | timedelta) -> None:
    """The seconds that Telegram asks for arrive at the caller."""
    error = classify(tg.RetryAfter(asked))
    assert isinstance(error, SendRetry)
    assert error.retry_after_s == 7.0
    assert not error.may_have_arrived


def test_a_migrated_chat_tells_where_it_went() -> None:
    """The new id is carried over."""
    error = classify(tg.ChatMigrated(-100_123))
    assert isinstance(error, ChatMoved)
    assert error.new_chat_id == -100_123


REQUEST = httpx.Request("POST", "http://127.0.0.1/")


@pytest.mark.parametrize(
    ("cause", "may_have_arrived"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("busy"), False),
        (RuntimeError("This HTTPXRequest is not initialized!"), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.WriteTimeout("slow"), True),
        (httpx.ReadError("cut"), True),
        (httpx.RemoteProtocolError("cut"), True),
        (None, True),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bool) else str(value),
)
def test_a_lost_answer_may_hide_a_message_that_arrived(cause: Exception | None, may_have_arrived: bool) -> None:
    """Only when the request certainly never left is a repeat no repeat."""
    for error in (tg.TimedOut(), tg.NetworkError("x")):
        error.__cause__ = cause
        found = classify(error)
        assert isinstance(found, SendRetry)
        assert found.may_have_arrived is may_have_arrived


def test_an_oversized_upload_is_rejected_not_retried() -> None:
    """413 arrives as a bare NetworkError."""
    assert type(classify(tg.NetworkError("Request Entity Too Large"))) is SendRejected


def test_the_token_never_reaches_a_text() -> None:
    """Error pages repeat addresses, and the address holds the token."""
    page = tg.NetworkError(f"Bad Gateway. Parsing b'<p>/bot{TOKEN}/sendMessage</p>' failed")
    assert TOKEN not in str(classify(page, TOKEN))
    assert "<token>" in str(classify(page, TOKEN))
    assert TOKEN not in str(unreadable(KeyError(TOKEN), TOKEN))


def test_a_foreign_text_is_one_short_line() -> None:
    """However long the page is."""
    text = describe(ValueError("a\nb" * 1000))
    assert len(text) == REASON_MAX
    assert "\n" not in text
    assert describe(ValueError()) == "ValueError"


def test_an_unreadable_answer_is_retried_as_a_possible_repeat() -> None:
    """JSON that is not the Bot API's says nothing about what happened."""
    error = unreadable(KeyError("result"))
    assert error.may_have_arrived
    assert "telegram.base_url" in str(error)
