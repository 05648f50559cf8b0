"""Once somebody has answered an alert, what the others have of it says so, and its buttons to answer are gone.

Owns which messages are drawn anew and what happens when that fails: nothing, for the answer itself is stored, and an
alarm never waits for looks. What stands in them is the bot's wording.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from guard.alerts.announce import speech_for
from guard.alerts.delivery import telegram_address
from guard.alerts.outbox_notes import worded
from guard.alerts.outbox_queue import Parcel
from guard.alerts.sinks.parts import split
from guard.alerts.sinks.telegram import PARTS_MAX, TEXT_LIMIT
from guard.bot.alerts_text import answered_line
from guard.bot.limits import followed
from guard.language.speech import Speech
from guard.ports.buttons import ACKNOWLEDGE, SNOOZE, Buttons
from guard.ports.errors import StoreError
from guard.ports.recipients import Recipient
from guard.ports.records import AlertCopy
from guard.ports.sending import SendError

log = structlog.get_logger(__name__)

PER_CHAT_MAX: Final = 5
"""Of the repeats that a chat has, how many are drawn anew: the newest, which are the ones on the screen."""

WITHIN_S: Final = 120.0
"""Later than that nobody looks at it any more."""

_ANSWERS: Final = frozenset({ACKNOWLEDGE, SNOOZE})


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """Who answered which alerts of an account, and when; `since` is when the first of them began.

    `until`: a snooze, and when it ends. `typed`: by a command, not by a tap, which draws its own message anew.
    """

    account_id: str
    fingerprints: tuple[str, ...]
    since: datetime
    user_id: str
    name: str
    at: datetime
    until: datetime | None = None
    typed: bool = False


class CopiesStore(Protocol):
    """What is asked. Every method may raise a `StoreError`."""

    async def recipients(self, account_id: str) -> list[Recipient]:
        """Who may see an account now, and where."""
        ...

    async def alert_copies(
        self, account_id: str, fingerprints: Sequence[str], since: datetime, until: datetime
    ) -> list[AlertCopy]:
        """What chats had of these alerts at `until`, the newest first."""
        ...


class CopyEditor(Protocol):
    """A chat service as this needs it: an edit waits for its turn, behind everything else."""

    async def edit_live(self, chat_id: int, message_id: str, html: str, buttons: Buttons = ()) -> None:
        """Replace a message in place. Raises a `SendError`."""
        ...


class AnsweredCopies:
    """Draws anew, beside everything else.

    Args:
        store: knows what was delivered, and who may see the account.
        editor: the chat service.
    """

    def __init__(self, store: CopiesStore, editor: CopyEditor) -> None:
        self._store = store
        self._editor = editor
        self._tasks: dict[asyncio.Task[None], AlertAnswer] = {}

    def answered(self, answer: AlertAnswer) -> None:
        """Somebody has answered; returns at once. What is under way for an earlier answer to the same is let go of."""
        for task, earlier in self._tasks.items():
            if set(earlier.fingerprints) <= set(answer.fingerprints):
                task.cancel()
        task = asyncio.create_task(self._redraw(answer), name="answered copies")
        self._tasks[task] = answer
        task.add_done_callback(self._tasks.pop)

    async def settled(self) -> None:
        """Wait until all that is under way has ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Let go of what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _redraw(self, answer: AlertAnswer) -> None:
        try:
            # What came after the answer is not answered by it: an alarm that rings anew keeps its buttons.
            copies = await self._store.alert_copies(answer.account_id, answer.fingerprints, answer.since, answer.at)
            readers = await self._store.recipients(answer.account_id) if copies else []
        except StoreError as error:
            log.warning("answered alert not shown to others", account=answer.account_id, error=str(error))
            return
        # A message that was tapped has the answer already, and no other one of that person was asked.
        others = [each for each in readers if answer.typed or each.group or each.user_id != answer.user_id]
        asking = {copy.message.alert_id for copy in copies if _has_answers(copy.message.buttons)}
        shown = [copy for copy in copies if copy.message.alert_id in asking]  # good news is nothing to answer
        await asyncio.gather(*(self._chat(reader, _newest_of(shown, reader), answer) for reader in others))

    async def _chat(self, reader: Recipient, copies: Sequence[AlertCopy], answer: AlertAnswer) -> None:
        """The copies in one chat."""
        address, speech = telegram_address(reader.destination), speech_for(reader)
        if address is None or not copies:
            return
        line = answered_line(speech, answer.name, answer.at, answer.until)
        try:
            async with asyncio.timeout(WITHIN_S):
                for copy in copies:
                    html, buttons = redrawn(copy, speech, line)
                    await self._editor.edit_live(address.chat_id, copy.receipt, html, buttons)
        except TimeoutError:
            log.info("answered alert not shown in time", to=reader.destination)
        except SendError as error:
            log.info("answered alert not shown", to=reader.destination, error=str(error))


def _newest_of(copies: Iterable[AlertCopy], reader: Recipient) -> list[AlertCopy]:
    return [copy for copy in copies if copy.message.destination == reader.destination][:PER_CHAT_MAX]


def redrawn(copy: AlertCopy, speech: Speech, line: str) -> tuple[str, Buttons]:
    """A message as it was delivered, with one more line; of the buttons those stay that answer nothing."""
    whole = worded(Parcel(copy.message, copy.replaced), speech)
    last = split(whole, TEXT_LIMIT, PARTS_MAX)[-1]
    rows = (tuple(each for each in row if not _answers(each[1])) for row in copy.message.buttons)
    return followed(last, line), tuple(row for row in rows if row)


def _has_answers(buttons: Buttons) -> bool:
    return any(_answers(data) for row in buttons for _, data in row)


def _answers(data: str) -> bool:
    return data.partition(":")[0] in _ANSWERS
