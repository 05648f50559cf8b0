"""The Telegram sink's own decisions, on a sender that answers as told."""

from __future__ import annotations

import pytest

from guard.alerts.markup import visible_length
from guard.alerts.sinks.telegram import TEXT_LIMIT, TelegramSink
from guard.ports.sending import Buttons, ChatGone, SendRejected, SendRetry


class ToldSender:
    """A `ChatSender` that fails markup and plain text as told; `markup` may be a list, used up in order."""

    def __init__(
        self, markup: Exception | list[Exception | None] | None = None, plain: Exception | None = None
    ) -> None:
        self.markup = markup
        self.plain = plain
        self.sent: list[tuple[str, int, str]] = []
        self.silent: list[bool] = []
        self.buttons: list[Buttons] = []
        self.topics: list[int | None] = []

    async def send_text(
        self, chat_id: int, html: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Markup."""
        self._note("markup", chat_id, html, silent=silent, buttons=buttons, topic_id=topic_id)
        error = self.markup
        if isinstance(error, list):
            error = error.pop(0)
        if error:
            raise error
        return "1"

    async def send_plain(
        self, chat_id: int, text: str, *, silent: bool = False, buttons: Buttons = (), topic_id: int | None = None
    ) -> str:
        """Plain text."""
        self._note("plain", chat_id, text, silent=silent, buttons=buttons, topic_id=topic_id)
        if self.plain:
            raise self.plain
        return "2"

    def _note(
        self, kind: str, chat_id: int, text: str, *, silent: bool, buttons: Buttons, topic_id: int | None
    ) -> None:
        self.sent.append((kind, chat_id, text))
        self.silent.append(silent)
        self.buttons.append(buttons)
        self.topics.append(topic_id)

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


ACK: Buttons = ((("Acknowledge", "ack:1"),),)


async def test_a_long_message_comes_in_parts() -> None:
    """No part is more than Telegram takes; the buttons are under the last one."""
    sender = ToldSender()
    await TelegramSink(sender).deliver("telegram:7", "\n".join(["<b>line</b> of text"] * 500), buttons=ACK)
    assert [visible_length(html) <= TEXT_LIMIT for _, _, html in sender.sent] == [True, True]
    assert sender.buttons == [(), ACK]


async def test_parts_that_have_come_make_the_repeat_one() -> None:
    """The first part is there, the second is not: the whole message is repeated, and says so."""
    sender = ToldSender([None, SendRetry("flood", retry_after_s=3)])
    with pytest.raises(SendRetry) as caught:
        await TelegramSink(sender).deliver("telegram:7", "\n".join(["line of text"] * 500))
    assert (caught.value.may_have_arrived, caught.value.retry_after_s) == (True, 3)


async def test_a_topic_of_a_group() -> None:
    """The topic's id goes with every part, and with the plain text too."""
    sender = ToldSender(SendRejected("can't parse entities"))
    await TelegramSink(sender).deliver("telegram:-100123/5", "<b>x</b>", buttons=ACK)
    assert [chat for _, chat, _ in sender.sent] == [-100123, -100123]
    assert (sender.topics, sender.buttons) == ([5, 5], [ACK, ACK])


async def test_buttons_that_are_refused_are_left_out() -> None:
    """The words matter more."""
    sender = ToldSender(SendRejected("Telegram: Bad Request: BUTTON_DATA_INVALID"))
    assert await TelegramSink(sender).deliver("telegram:7", "x", buttons=ACK) == "2"
    assert sender.buttons == [ACK, ()]


@pytest.mark.parametrize(
    "destination",
    ["telegram:", "telegram:abc", "telegram", "telegram:--1", "telegram:1:2", "telegram:1/", "telegram:1/0"],
)
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
