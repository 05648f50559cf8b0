"""Telling everybody once that orders are stopped, or may go again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from guard.alerts.announce import Texts, one_of_each
from guard.alerts.markup import safe
from guard.alerts.rules import GRAVE_PRIORITY
from guard.app.killswitch import Stopped
from guard.app.watch import Watch
from guard.language.speech import Speech
from guard.ports.clock import Clock, Ids
from guard.ports.recipients import Recipient
from guard.ports.records import OutboxMessage
from guard.store.store import Store


class StopNotice:
    """`guard.app.killswitch.Tell`: one message for each destination of any watched account.

    Args:
        store: where messages are put.
        clock: time.
        ids: identifiers.
        watches: the watched accounts.
        recipients: who hears of an account.
        wake_outbox: called after something was put there.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        *,
        watches: Callable[[], Iterable[Watch]],
        recipients: Callable[[Watch], Awaitable[list[Recipient]]],
        wake_outbox: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._watches = watches
        self._recipients = recipients
        self._wake_outbox = wake_outbox

    async def tell(self, stopped: Stopped, on: bool) -> None:  # noqa: FBT001  # what is told
        """Put the messages; told again, none is put twice.

        Raises:
            StoreError: not all could be put.
        """
        told = [each for watch in list(self._watches()) for each in await self._recipients(watch)]
        texts = Texts(lambda speech: stop_html(speech, stopped, on=on))
        for recipient in one_of_each(told) if told else ():
            message = OutboxMessage(
                message_id=self._ids.new("message"),
                dedupe_key=f"kill_switch|{stopped.key}|{'on' if on else 'off'}|{recipient.destination}",
                destination=recipient.destination,
                html=texts.of(recipient),
                created_at=self._clock.now(),
                priority=GRAVE_PRIORITY,
            )
            await self._store.add_message(message)
        self._wake_outbox()


def stop_html(speech: Speech, stopped: Stopped, *, on: bool) -> str:
    """The message."""
    if not on:
        return "\n".join(
            [
                f"▶️ <b>{speech.text('Orders may go again')}</b>",
                speech.text("The kill switch is off: armed accounts act again."),
            ]
        )
    return "\n".join(
        [
            f"🛑 <b>{speech.text('All protective orders are stopped')}</b>",
            safe(speech.sentence(stopped.why)),
            speech.text("The guard goes on watching and warning. To go on: guard stop-orders --resume"),
        ]
    )
