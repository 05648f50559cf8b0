"""What waits for a destination, in the order in which it is sent. Pure.

1. Of messages about the same (`collapse_key`) only the newest is sent: after an outage a person gets the present. What
   it supersedes travels with it, so that it can say so.
2. The most urgent goes first, among equals the oldest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from guard.ports.records import MAYBE, OutboxMessage


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to send, and the older ones that it supersedes, oldest first."""

    message: OutboxMessage
    replaced: tuple[OutboxMessage, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """All messages whose fate is decided with this one."""
        return frozenset(message.message_id for message in (self.message, *self.replaced))


def may_have_arrived(message: OutboxMessage) -> bool:
    """Whether an earlier attempt may have reached the reader."""
    return (message.last_error or "").startswith(MAYBE)


def queues(pending: Iterable[OutboxMessage], decided: Collection[str] = ()) -> dict[str, list[Parcel]]:
    """Parcels by destination, the destination with the most urgent one first.

    Args:
        pending: messages that are neither delivered nor dead; of equal age in the order of writing.
        decided: messages that arrived, or never will, which is yet to be stored: they supersede nothing, nothing
            supersedes them, and they go first.
    """
    by_destination: dict[str, list[OutboxMessage]] = {}
    for message in sorted(pending, key=lambda message: message.created_at):
        by_destination.setdefault(message.destination, []).append(message)
    found = {
        destination: sorted(
            _collapsed(messages, decided), key=lambda parcel: _rank(parcel, first=parcel.message.message_id in decided)
        )
        for destination, messages in by_destination.items()
    }
    return dict(sorted(found.items(), key=lambda item: _rank(item[1][0])))


def _rank(parcel: Parcel, *, first: bool = False) -> tuple[bool, int, float]:
    return not first, -parcel.message.priority, parcel.message.created_at.timestamp()


def _collapsed(messages: list[OutboxMessage], decided: Collection[str]) -> list[Parcel]:
    """One parcel for each message that nothing newer supersedes, the oldest first."""
    about: dict[str, list[OutboxMessage]] = {}
    for message in messages:
        alone = message.collapse_key is None or message.message_id in decided
        about.setdefault(f"id {message.message_id}" if alone else f"key {message.collapse_key}", []).append(message)
    return [Parcel(older_ones[-1], tuple(older_ones[:-1])) for older_ones in about.values()]
