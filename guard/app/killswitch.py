"""The kill switch: while its file exists, no order of this process is sent.

Owns the file. Whoever sends an order asks `is_set` right before it, and that looks at the file itself: nothing has to
be heard of first. The regular look only tells people and the log.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from guard.app.settings import Settings
from guard.ports.clock import Clock
from guard.ports.errors import GuardError, InputError
from guard.store.location import Location

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 0.25
_NOTE_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why orders are stopped: since when, as the file says, and its own words. `key` names this stop for ever."""

    why: str
    key: str


Tell = Callable[[Stopped, bool], Awaitable[None]]
"""Tells people that orders are stopped (true), or may go again."""


def kill_switch_file(settings: Settings) -> Path:
    """Where the file is: as configured, else beside the database's own file, by whatever link it was named."""
    named = settings.protect.kill_switch_file
    return named or Location.parse(settings.database.url).file.resolve().with_suffix(".stop")


def stop_orders(file: Path, note: str) -> None:
    """Make the file; one that is there already stays as it is.

    Raises:
        InputError: it cannot be made, and orders are NOT stopped.
    """
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(note + "\n")
    except FileExistsError:
        return
    except OSError as error:
        raise InputError(
            f"orders are NOT stopped: {file} cannot be made ({error.strerror})",
            fix="make it by hand, disarm the accounts, or stop the guard",
        ) from error


def resume_orders(file: Path) -> bool:
    """Remove the file; False when there was none.

    Raises:
        InputError: it cannot be removed, orders stay stopped.
    """
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError(f"orders stay stopped: {file} cannot be removed ({error.strerror})") from error
    return True


class KillSwitch:
    """A `guard.protect.outcome.StopSignal` for all accounts: the file, or the end of the process.

    Args:
        file: while it exists, orders are stopped; so they are while nobody can tell whether it does.
        clock: paces the looks.
        tell: told once when orders are stopped, and once when they may go again.
    """

    def __init__(self, file: Path, clock: Clock, tell: Tell) -> None:
        self.file = file
        self._clock = clock
        self._tell = tell
        self._ending = False
        self._told: Stopped | None = None

    def set(self) -> None:
        """The process ends: no further order."""
        self._ending = True

    def is_set(self) -> bool:
        """Whether no order may be sent, as of this moment."""
        return self._ending or self.look() is not None

    def look(self) -> Stopped | None:
        """What the file says now; None = orders may go."""
        try:
            found = self.file.lstat()  # a link to nothing stops too: nobody can make a file in its place
        except FileNotFoundError:
            return None
        except OSError as error:
            # It may be there: an unsure guard sends nothing.
            return Stopped(f"the kill switch {self.file} cannot be looked at ({error.strerror})", "unseen")
        since = datetime.fromtimestamp(found.st_mtime, tz=UTC)
        note = _note(self.file)
        text = f"the kill switch is on since {since:%Y-%m-%d %H:%M:%S} UTC{f': {note}' if note else ''}"
        return Stopped(text, str(found.st_mtime_ns))

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.follow()
            await self._clock.sleep(LOOK_EVERY_S)

    async def follow(self) -> None:
        """Look once, and tell what has changed; what cannot be told now is tried again at the next look."""
        now = self.look()
        if (now is None) == (self._told is None):
            return
        changed = now or self._told
        if changed is None:
            return
        log.warning("orders are stopped" if now else "orders may go again", why=changed.why)
        try:
            await self._tell(changed, now is not None)
        except GuardError as error:
            log.error("the kill switch was not told", error=str(error))
            return
        self._told = now


def _note(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return " ".join(os.fsdecode(stream.read(_NOTE_MAX)).split())
    except OSError:
        return ""
