"""What every sink promises the outbox."""

from __future__ import annotations

from typing import Any

import pytest

from guard.alerts.markup import SHORTENED, plain_text
from guard.ports.sending import SendError, SendRetry, Sink


async def test_a_message_arrives_readable(channel: Any) -> None:
    """No tag and no entity reaches the reader; every line does."""
    html = "🔴 <b>DANGER</b> · alice &amp; bob\nBTC at 57,200 USDT liquidates you"
    assert await channel.sink.deliver(channel.destination, html)
    [seen] = channel.seen()
    for line in plain_text(html).splitlines():
        assert line in seen
    assert "<b>" not in seen
    assert "&amp;" not in seen


async def test_every_message_has_a_receipt_of_its_own(channel: Any) -> None:
    """Receipts tell messages apart, and messages arrive in order."""
    receipts = [await channel.sink.deliver(channel.destination, f"message {number}") for number in range(3)]
    assert len(set(receipts)) == 3
    assert [text.strip() for text in channel.seen()] == ["message 0", "message 1", "message 2"]


async def test_broken_markup_still_arrives(channel: Any) -> None:
    """A message whose markup is refused comes as plain text rather than not at all."""
    assert await channel.sink.deliver(channel.destination, "<b>DANGER</i> alice <blink>now")
    [seen] = channel.seen()
    assert "DANGER alice now" in seen


async def test_a_long_message_arrives_at_least_in_part(channel: Any) -> None:
    """Over a channel's limit the beginning arrives, and a cut is visible."""
    body = "".join(f"<b>line {number}</b> &lt;é&gt; 🔴\n" for number in range(1000))
    assert await channel.sink.deliver(channel.destination, "<b>DANGER</b>\n" + body)
    first, *rest = channel.seen()
    assert first.startswith("DANGER")
    last = [first, *rest][-1]
    assert "line 999" in last or last.endswith(SHORTENED)
    assert len(rest) <= 2


async def test_a_broken_channel_says_so_and_nothing_else(channel: Any) -> None:
    """The only exceptions are `SendError`s; a channel that is down may be tried again."""
    channel.break_down()
    with pytest.raises(SendRetry):
        await channel.sink.deliver(channel.destination, "text")


async def test_an_empty_message_does_no_harm(channel: Any) -> None:
    """Nothing to say is either delivered or refused, never a defect."""
    try:
        await channel.sink.deliver(channel.destination, "")
    except SendError:
        assert channel.seen() == []


def test_the_scheme_is_the_destination_before_the_colon(channel: Any) -> None:
    """The outbox finds the sink by it."""
    sink: Sink = channel.sink
    assert channel.destination.partition(":")[0] == sink.scheme
