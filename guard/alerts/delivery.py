"""One attempt to deliver one message, and what follows from how it ended.

Owns the meaning of each failure; knows no queue, no store and no time of day but its timeout.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from guard.ports.sending import (
    Buttons,
    ChatGone,
    ChatMoved,
    SendError,
    SendRejected,
    SendRetry,
    Sink,
    TopicGone,
)

_MOVES_MAX: Final = 3
_CANCEL_GRACE_S: Final = 0.3
_TELEGRAM: Final = re.compile(r"telegram:(-?[0-9]{1,19})(?:/([1-9][0-9]{0,18}))?")


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived. `moved_to` is the new destination when the chat has moved."""

    receipt: str
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """It did not, or not certainly, arrive; the same message may go again.

    `retry_after_s` is what the channel asked for. `may_have_arrived`: the repeat is to be marked as one.
    `defect`: the sink failed in a way that is not a `SendError`, which waiting hardly mends. `moved_to` as above.
    """

    error: str
    retry_after_s: float | None = None
    may_have_arrived: bool = False
    defect: bool = False
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """It will never arrive. `chat_gone`: nor will anything else at this destination. `moved_to` as above.

    `topic_only`: what is gone is a topic, not its group.
    """

    error: str
    chat_gone: bool = False
    topic_only: bool = False
    moved_to: str | None = None


Outcome = Delivered | Postponed | Undeliverable


def scheme_of(destination: str) -> str:
    """`telegram` of `telegram:1234`, `console` of `console`."""
    return destination.partition(":")[0]


class TelegramAddress(NamedTuple):
    """A chat, and a topic of it or None."""

    chat_id: int
    topic_id: int | None

    def moved(self, new_chat_id: int) -> str:
        """The destination after the chat has moved."""
        return f"telegram:{new_chat_id}" + (f"/{self.topic_id}" if self.topic_id else "")


def telegram_address(destination: str) -> TelegramAddress | None:
    """Where `telegram:1234` or `telegram:-1001234/5` is; None for any other destination."""
    found = _TELEGRAM.fullmatch(destination)
    return TelegramAddress(int(found[1]), int(found[2]) if found[2] else None) if found else None


async def attempt(
    destination: str,
    html: str,
    sinks: Mapping[str, Sink],
    timeout_s: float,
    *,
    silent: bool = False,
    buttons: Buttons = (),
) -> Outcome:
    """Deliver once, following a chat that has moved.

    Args:
        destination: full destination; its scheme selects the sink.
        html: the message.
        sinks: sinks by scheme.
        timeout_s: longest wait for one answer of a sink.
        silent: without a sound, where the channel can do so.
        buttons: under the message, where the channel has any.

    Returns:
        How it ended. Only cancellation is raised.
    """
    sink = sinks.get(scheme_of(destination))
    if sink is None:
        return Undeliverable(f"there is no channel for `{scheme_of(destination)}`; configure it, or unlink the chat")
    moved_to: str | None = None
    address = telegram_address(destination)
    for _ in range(_MOVES_MAX):
        sending = sink.deliver(moved_to or destination, html, silent=silent, buttons=buttons)
        answer = await _answer_of(sending, timeout_s)
        if isinstance(answer, str):
            return Delivered(answer, moved_to)
        if not isinstance(answer, ChatMoved):
            return replace(_classified(answer, timeout_s), moved_to=moved_to)
        moved_to = address.moved(answer.new_chat_id) if address else f"{sink.scheme}:{answer.new_chat_id}"
    # Deliberately without `moved_to`: two chats that name each other must not lead the stored link in circles.
    return Undeliverable(f"the chat moved more than {_MOVES_MAX} times; link it anew")


async def _answer_of(delivery: Coroutine[Any, Any, str], timeout_s: float) -> str | BaseException:
    """The receipt, or the exception that the sink raised, whatever it is; `TimeoutError` when it took too long."""
    sending = asyncio.ensure_future(delivery)
    try:
        await asyncio.wait((sending,), timeout=timeout_s)
    finally:
        if not sending.done():
            sending.cancel()
            await asyncio.wait((sending,), timeout=_CANCEL_GRACE_S)
    if not sending.done() or sending.cancelled():
        return TimeoutError()
    return sending.exception() or sending.result()


def _classified(error: BaseException, timeout_s: float) -> Outcome:
    """The one place where a failure gets its meaning."""
    match error:
        case ChatGone():
            return Undeliverable(str(error), chat_gone=True, topic_only=isinstance(error, TopicGone))
        case SendRejected():
            return Undeliverable(str(error))
        case SendRetry():
            return Postponed(str(error), error.retry_after_s, error.may_have_arrived)
        case SendError():
            return Postponed(str(error))
        case TimeoutError():
            return Postponed(f"no answer within {timeout_s:g} s", may_have_arrived=True)
        case _:
            return Postponed(f"{type(error).__name__}: {error}", may_have_arrived=True, defect=True)
