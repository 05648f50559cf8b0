"""What an execution came to, and what is said about it. Values and the protocols that carry them out of the room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from guard.ports.records import OrderRecord
from guard.ports.venue import FetchedBook
from guard.protect.setbacks import Failure
from guard.risk.quality import DataQuality


class Ending(StrEnum):
    """How an execution ended."""

    TARGET_HOLDS = "target_holds"
    """The account is back under its target."""
    AS_ASKED = "as_asked"
    """Everything that a person asked for was done."""
    EXHAUSTED = "exhausted"
    """Everything planned was done, and the target does not hold (the market moved)."""
    UNFILLED = "unfilled"
    """Orders found too little inside the price band."""
    REJECTED = "rejected"
    """The venue refused an order."""
    LOST = "lost"
    """Orders certainly never arrived at the venue."""
    STOPPED = "stopped"
    """The kill switch, or a freeze of the account."""
    CAPPED = "capped"
    """The daily cap would have been exceeded."""
    NOT_FRESH = "not_fresh"
    """The data was not fit to send an order on."""
    PENDING = "pending"
    """What became of an order, or of the book, is not known yet: looked up again before anything else is done."""
    SURPRISE = "surprise"
    """The book shows what nobody ordered: automation of the account is frozen."""
    OVERTAKEN = "overtaken"
    """The account changed meanwhile in a way that is understood: the next cycle plans anew."""
    FORBIDDEN = "forbidden"
    """An order would have broken one of the guard's own rules: it was not sent."""
    NEVER_SENT = "never_sent"
    """Nothing had been sent when the process ended."""
    RECOVERED = "recovered"
    """Taken up again after a crash or a silence: everything that had been sent is accounted for."""
    DRY_RUN = "dry_run"
    """Planned and journalled, not sent."""


@dataclass(frozen=True, slots=True)
class Level:
    """An account's level as a message shows it; None = no value (no equity left; out of reach).

    `told`: whether the distance can be known; the venue's own figures tell nothing of other prices.
    """

    risk_ratio: float | None
    distance: float | None
    told: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one intent.

    `orders` are those that were sent (or, in a dry run, would have been). `notional` and `cost` are in quote
    currency; `cost` is None where the mark at sending is not known any more. `details` lists what was unexpected and
    what is not restored, `standing` the legs that are open now (empty: not known). `failed` is what was refused, by the
    venue or by the guard's own rules.
    """

    intent_id: str
    ending: Ending
    reason: str
    orders: tuple[OrderRecord, ...]
    before: Level
    after: Level | None
    notional: float
    cost: float | None
    planned_cost: float | None
    details: tuple[str, ...] = ()
    standing: str = ""
    failed: Failure | None = None

    @property
    def finished(self) -> bool:
        """Whether the intent is closed; while it is not, nothing else may be planned for the account."""
        return self.ending is not Ending.PENDING


class Kind(StrEnum):
    """What an announcement is about."""

    ACTED = "acted"
    FAILED = "failed"
    SURPRISE = "surprise"
    PENDING = "pending"
    DRY_RUN = "dry_run"
    HEDGE = "hedge"
    """A hedge is smaller than it was, or larger than what it protects."""
    NAKED = "naked"
    """A hedge protects nothing any more, or is gone: grave."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message to the account's people. `text` is plain, `key` the same for the same event (told once).

    `failed`: it tells of nothing but this failure of an intent that nobody asked for.
    """

    kind: Kind
    account_id: str
    key: str
    text: str
    failed: Failure | None = None


class StopSignal(Protocol):
    """The kill switch; `asyncio.Event` is one."""

    def is_set(self) -> bool:
        """Whether every order must stop now."""
        ...


Notify = Callable[[Announcement], Awaitable[None]]
"""Puts an announcement where it survives a crash (the outbox)."""

Freeze = Callable[[str, str], Awaitable[None]]
"""Freezes automation of an account id for a reason, durably."""

Judge = Callable[[FetchedBook], DataQuality]
"""The verdict on a book just read: the same rules as in the cycle, conformity with the venue included."""
