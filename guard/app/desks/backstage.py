"""What the answers to the chat bot are made from: the parts of a running guard, put in by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from guard.app.past import Past
from guard.app.settings import Settings
from guard.app.watch import Watch
from guard.charts.studio import Studio
from guard.ports.clock import Clock, Ids
from guard.risk.book import Book
from guard.store.store import Store


@dataclass(frozen=True, slots=True)
class Backstage:
    """The parts.

    Args:
        store: memory.
        clock: time.
        ids: identifiers.
        settings: configuration.
        past: looks back.
        studio: draws.
        book_of: the book of the last good reading of an account.
        watch_of: the watch of an account while it runs; None when it is not watched.
        wake_outbox: called after something was recorded for delivery.
    """

    store: Store
    clock: Clock
    ids: Ids
    settings: Settings
    past: Past
    studio: Studio
    book_of: Callable[[str], Book | None]
    watch_of: Callable[[str], Watch | None] = field(default=lambda _: None)
    wake_outbox: Callable[[], None] = field(default=lambda: None)


class Answers:
    """What every family of answers stands on."""

    def __init__(self, stage: Backstage) -> None:
        self._stage = stage
