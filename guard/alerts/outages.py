"""Several accounts of a person that lose sight of the same venue are told of in one message, not in one each. Pure.

The first is told at once. Those that follow within the window wait; when it is over, whichever is looked at first tells
all of them, and the others are told with it. Nothing here is stored: what waits is not marked as told, so after a crash
it is due anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from guard.alerts.elapsed import elapsed
from guard.risk.zones import Zone

JOIN: Final = timedelta(seconds=30)
_TELLING: Final = timedelta(seconds=10)

Venue = tuple[str | None, ...]
"""Whose accounts, where, and who reads of them: nobody is told of an account by a message that others get."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One account that is told of together with others, and its zone: the last known one, or the one it is in again."""

    account_id: str
    account: str
    zone: Zone


@dataclass(frozen=True, slots=True)
class Answer:
    """What an account with something to tell is to do: tell of itself, wait, or tell of these, itself included."""

    waits: bool = False
    together: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Covered:
    """A message about several accounts has told of this one; `over`: that it is seen again. `at`: of the first."""

    over: bool
    at: datetime


@dataclass(slots=True)
class _Window:
    opened_at: datetime
    leader: str
    waiting: dict[str, Waiting] = field(default_factory=dict)
    teller: str = ""
    telling_since: datetime | None = None


def _is_telling(window: _Window, account_id: str, now: datetime) -> bool:
    """Whether another account is at it; one that does not come to an end is no longer waited for."""
    since = window.telling_since
    return since is not None and window.teller != account_id and elapsed(since, now) < _TELLING


class Outages:
    """Who waits for whom."""

    def __init__(self) -> None:
        self._windows: dict[tuple[Venue, bool], _Window] = {}
        self._waiting: dict[str, tuple[Venue, bool]] = {}
        self._covered: dict[str, Covered] = {}

    def ask(self, venue: Venue, account: Waiting, now: datetime, *, over: bool) -> Answer:
        """What an account is to do that is not seen, or (`over`) is seen again."""
        cause = (venue, over)
        if self._waiting.get(account.account_id) != cause:
            self.leave(account.account_id)
        window = self._windows.get(cause)
        if window is None or (elapsed(window.opened_at, now) >= JOIN and not window.waiting):
            self._forget(now)
            self._windows[cause] = _Window(now, account.account_id)
            return Answer()
        if account.account_id == window.leader:
            return Answer()
        window.waiting[account.account_id] = account
        self._waiting[account.account_id] = cause
        if elapsed(window.opened_at, now) < JOIN or _is_telling(window, account.account_id, now):
            return Answer(waits=True)
        window.teller, window.telling_since = account.account_id, now
        return Answer(together=tuple(window.waiting.values()))

    def told(self, account_id: str) -> None:
        """The message about all that wait with this account is stored: the others are told by it."""
        cause = self._waiting.get(account_id)
        if cause is None:
            return
        window = self._windows[cause]
        for other in window.waiting:
            del self._waiting[other]
            if other != account_id:
                self._covered[other] = Covered(cause[1], window.opened_at)
        window.waiting = {}
        window.teller, window.telling_since = "", None

    def covered(self, account_id: str) -> Covered | None:
        """What was told of this account by another one's message; `heard` ends it."""
        return self._covered.get(account_id)

    def heard(self, account_id: str) -> None:
        """That this account was told of is stored."""
        self._covered.pop(account_id, None)

    def leave(self, account_id: str) -> None:
        """An account has nothing to tell any more."""
        cause = self._waiting.pop(account_id, None)
        if cause is None:
            return
        window = self._windows[cause]
        window.waiting.pop(account_id, None)
        if window.teller == account_id:  # it will not come to an end: nobody need wait for that
            window.teller, window.telling_since = "", None

    def _forget(self, now: datetime) -> None:
        for cause, window in list(self._windows.items()):
            if elapsed(window.opened_at, now) > JOIN and not window.waiting:
                del self._windows[cause]
