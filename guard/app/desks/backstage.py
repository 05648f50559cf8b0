"""What the answers to the chat bot are made from: the parts of a running guard, put in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from guard.app.answered_copies import AlertAnswer
from guard.app.consent import Consent
from guard.app.past import Past
from guard.app.settings import Settings
from guard.app.watch import Watch
from guard.charts.studio import Studio
from guard.ports.clock import Clock, Ids
from guard.ports.records import Reading
from guard.risk.book import Book
from guard.store.store import Store
from guard.web.health import Health


async def _no_reading(_: str, __: float) -> Reading | None:
    """Nobody reads."""
    return None


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
        read_now: has an account read at once, and gives the reading; None when there is none after so many seconds.
        health: the present state of the service; None where none runs.
        second: names of the second channels, by destination.
        consent: plans and what people say yes to; None where no service runs.
        answered: called when somebody has answered alerts; must be quick and not raise.
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
    read_now: Callable[[str, float], Awaitable[Reading | None]] = field(default=_no_reading)
    health: Callable[[], Awaitable[Health]] | None = None
    second: Mapping[str, str] = field(default_factory=dict)
    consent: Callable[[], Consent] | None = None
    answered: Callable[[AlertAnswer], None] = field(default=lambda _: None)


class Answers:
    """What every family of answers stands on."""

    def __init__(self, stage: Backstage) -> None:
        self._stage = stage
