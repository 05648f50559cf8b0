"""Messages that go out at once with the record that they are part of. Pure.

What nothing else waits before needs no look into the store: whoever records it says that it is to be sent, the record
notes that an attempt begins, and the outbox sends what it was handed. So it is stored before it is sent, and that an
attempt begins too, as for any other. If the process ends in between, the repeat says that it may have arrived already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from guard.ports.records import OutboxMessage


class Handover:
    """What is being recorded on its way to the outbox, and what was recorded as begun and was not tried yet."""

    def __init__(self) -> None:
        self._recording: set[str] = set()
        self._begun: dict[str, OutboxMessage] = {}

    @property
    def begun(self) -> frozenset[str]:
        """The ids of what was recorded as begun and was not sent yet."""
        return frozenset(self._begun)

    @property
    def untried(self) -> Sequence[OutboxMessage]:
        """Recorded as begun, and nobody has sent it."""
        return tuple(self._begun.values())

    def expect(self, messages: Iterable[OutboxMessage]) -> frozenset[str]:
        """These are about to be recorded: until that is done, nobody else sends them."""
        ids = frozenset(message.message_id for message in messages)
        self._recording |= ids
        return ids

    def end(self, expected: frozenset[str], begun: Iterable[OutboxMessage] = ()) -> None:
        """They were recorded, some of them as begun; or they were not, and none is."""
        self._recording -= expected
        self._begun |= {message.message_id: message for message in begun}

    def try_now(self, message: OutboxMessage) -> bool:
        """It is about to be sent: whether the store knows already that an attempt begins."""
        return self._begun.pop(message.message_id, None) is not None

    def seen(self, pending: Iterable[OutboxMessage], asked_with: Collection[str]) -> list[OutboxMessage]:
        """What was found in the store, without what is being recorded, and with what was recorded since.

        What was not tried yet has not arrived, whatever is stored for the case that this process ends. Where it goes is
        what is stored: its chat may have moved. What is pending no more, superseded or removed, is not sent either.

        Args:
            pending: what was found.
            asked_with: `begun` as it was when the store was asked: what of that was not found is over.
        """
        found = {message.message_id: message for message in pending if message.message_id not in self._recording}
        for over in set(asked_with) - found.keys():
            self._begun.pop(over, None)
        untried = {each: replace(found.get(each, message), last_error=None) for each, message in self._begun.items()}
        return list((found | untried).values())
