"""The Telegram sink's own decisions, on a sender that answers as told."""

from __future__ import annotations

import pytest

from guard.alerts.markup import visible_length
from guard.alerts.sinks.telegram import TEXT_LIMIT, TelegramSink
from guard.ports.sending import ChatGone, SendRejected, SendRetry


class ToldSender:
    """A `ChatSender` that fails markup and plain text as told."""

    def __init__(self, markup: Exception | None = None, plain: Exception | None = None) -> None:
        self.markup = markup
        self.plain = plain
        self.sent: list[tuple[str, int, str]] = []
        self.silent: list[bool] = []

    async def send_text(self, chat_id: int, html: str, *, silent: bool = False) -> str:
        """Markup."""
        self.sent.append(("markup", chat_id, html))
        self.silent.append(silent)
        if self.markup:
            raise self.markup
        return "1"

    async def send_plain(self, chat_id: int, text: str, *, silent: bool = False) -> str:
        """Plain text."""
        self.sent.append(("plain", chat_id, text))
        self.silent.append(silent)
        if self.plain:
            raise self.plain
        return "2"

    async def send_photo(self, chat_id: int, png: bytes, caption_html: str) -> str:
        """Alerts carry no picture."""
        raise NotImplementedError


async def test_markup_goes_as_it_is() -> None:
    """The plain case, in a group whose id is negative."""
    sender = ToldSender()
    assert await TelegramSink(sender).deliver("telegram:-100123", "<b>x</b>") == "1"
    assert sender.sent == [("markup", -100123, "<b>x</b>")]


async def test_refused_markup_is_sent_once_as_plain_text() -> None:
    """One fallback, tags gone; refused again, it is refused for good."""
    sender = ToldSender(SendRejected("can't parse entities"))
    assert await TelegramSink(sender).deliver("telegram:7", "<b>x</b> &amp; y") == "2"
    assert sender.sent[1:] == [("plain", 7, "x & y")]
    refusing = ToldSender(SendRejected("no"), SendRejected("no again"))
    with pytest.raises(SendRejected, match="no again"):
        await TelegramSink(refusing).deliver("telegram:7", "x")
    assert len(refusing.sent) == 2


@pytest.mark.parametrize("error", [SendRetry("flood", retry_after_s=3), ChatGone("blocked")])
async def test_other_failures_are_not_tried_as_plain_text(error: Exception) -> None:
    """They are not about the markup."""
    sender = ToldSender(error)
    with pytest.raises(type(error)):
        await TelegramSink(sender).deliver("telegram:7", "x")
    assert len(sender.sent) == 1


async def test_a_long_message_is_cut_to_the_limit() -> None:
    """Telegram never sees more than it takes."""
    sender = ToldSender()
    await TelegramSink(sender).deliver("telegram:7", "<b>" + "x" * 5000 + "</b>")
    [(_, _, html)] = sender.sent
    assert visible_length(html) == TEXT_LIMIT
    assert html.endswith("</b>")


@pytest.mark.parametrize("destination", ["telegram:", "telegram:abc", "telegram", "telegram:--1", "telegram:1:2"])
async def test_a_destination_without_a_chat_is_refused(destination: str) -> None:
    """A wrong destination is said to be wrong; it is no defect and no retry."""
    with pytest.raises(SendRejected, match="names no Telegram chat"):
        await TelegramSink(ToldSender()).deliver(destination, "x")


@pytest.mark.parametrize("silent", [True, False])
async def test_a_message_sounds_as_it_was_asked_to(silent: bool) -> None:
    """Also when its markup is refused."""
    sender = ToldSender(SendRejected("can't parse entities"))
    await TelegramSink(sender).deliver("telegram:7", "<b>x</b>", silent=silent)
    assert sender.silent == [silent, silent]
