"""How a cycle hands over what it records: to the outbox of this process, or to nobody. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from guard.ports.records import OutboxMessage


class Handover(Protocol):
    """The outbox, as far as it is handed what is recorded."""

    def expect(self, messages: Sequence[OutboxMessage]) -> frozenset[str]:
        """Which of these are sent at once when they are recorded; `recorded` has to follow."""
        ...

    def recorded(
        self, messages: Sequence[OutboxMessage], expected: frozenset[str], begun: frozenset[str] = frozenset()
    ) -> None:
        """What became of them: recorded, some as begun; or, without messages, not recorded."""
        ...


class Unattended:
    """Nobody is there to be handed anything: whoever delivers is woken, and looks into the store.

    Args:
        wake: called when messages were recorded.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake

    def expect(self, _: Sequence[OutboxMessage]) -> frozenset[str]:
        """None of them."""
        return frozenset()

    def recorded(self, messages: Sequence[OutboxMessage], _: frozenset[str], __: frozenset[str] = frozenset()) -> None:
        """Wake."""
        if messages:
            self._wake()
