"""What the commands that compute ask for: an account's book, a fresh reading, work beside the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from guard.ports.records import Snapshot
from guard.risk.book import Book
from guard.risk.own_volatility import OwnHours
from guard.risk.report import AccountRisk
from guard.risk.zones import ZonePolicy

T = TypeVar("T")


class Absence(StrEnum):
    """Why there is no book of an account."""

    NOT_WATCHED = "not watched"
    NOT_YET = "not read yet"
    BLIND = "not read since the start"


@dataclass(frozen=True, slots=True)
class HeldBook:
    """The last good reading of an account that the running service has.

    `read_at` is when the oldest part of the book was received; `policy` are the bars that hold for it. `counts_hours`
    is whether protection goes by hours of its own volatility, `own` what they are, pool by pool; None = not told then.
    """

    book: Book
    risk: AccountRisk
    read_at: datetime
    policy: ZonePolicy
    counts_hours: bool = False
    own: OwnHours | None = None


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """What is known of an account: its latest stored snapshot, and its book, or why there is none.

    `acted`: the guard has sent orders since the book was read, so it is not what is held any more.
    """

    snapshot: Snapshot
    held: HeldBook | None
    absence: Absence = Absence.NOT_YET
    acted: bool = False


class FreshRead(StrEnum):
    """What became of a wish to have an account read at once."""

    DONE = "done"
    FAILED = "failed"
    SILENT = "silent"
    TOO_SOON = "too soon"
    NOT_WATCHED = "not watched"


class MeasuringDesk(Protocol):
    """What the commands that compute ask for.

    Every method may raise a `GuardError` when the answer cannot be had now.
    """

    async def held(self, user_id: str, account_id: str) -> HeldAccount | None:
        """An account with its book; None when it is not one that the person may see."""
        ...

    async def read_now(self, user_id: str, account_id: str) -> FreshRead | None:
        """Have an account read at once, and wait for it for a few seconds; None as above.

        At most once in a few seconds for each account, whoever asks.
        """
        ...

    async def computed(self, work: Callable[[], T]) -> T:
        """What `work` returns, computed beside the event loop, one piece at a time; its errors are passed on."""
        ...
