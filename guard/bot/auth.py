"""Who may ask: nobody, unless linked. Decided by the person's user id, on messages and on taps alike.

Owns admission, linking by one-time code, and refusals. A refusal is always logged and recorded; a stranger hears of it
once in a while only, and learns nothing but how to be linked. Guessing codes ends after a few attempts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from guard.bot.desk import Desk
from guard.bot.visits import Visit
from guard.ports.records import UserRecord

log = structlog.get_logger("guard.bot")

ANSWER_EVERY = timedelta(minutes=10)  # one refusal is shown to a stranger in this time
CODE_ATTEMPTS_MAX = 5
CODE_PAUSE = timedelta(minutes=15)
CODE_LENGTH_MAX = 64
STRANGERS_MAX = 10_000  # remembered; the longest unseen are forgotten


@dataclass(slots=True)
class _Stranger:
    answered_at: datetime | None = None
    bad_codes: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What became of a code.

    `person` is None when it was not accepted; `wait_s` > 0: no further code of this sender is looked at for so long;
    `looked_at` is false when this one was not looked at either.
    """

    person: UserRecord | None
    wait_s: float = 0.0
    looked_at: bool = True


class Doorkeeper:
    """Admits people and turns strangers away."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._strangers: OrderedDict[int, _Stranger] = OrderedDict()

    async def admit(self, visit: Visit) -> UserRecord | None:
        """The person behind a message or a tap; None = refuse.

        Raises:
            GuardError: the desk cannot tell now; then nobody is admitted.
        """
        return await self._desk.person(visit.user_id)

    async def refuse(self, visit: Visit, what: str) -> bool:
        """Log and record a refusal.

        Args:
            visit: who came.
            what: what they tried, without secrets.

        Returns:
            Whether to answer this time.
        """
        await self.record(visit, what)
        return self.may_answer(visit)

    async def record(self, visit: Visit, what: str) -> None:
        """Log and count what was refused, to a stranger or to somebody we know."""
        log.warning("chat.refused", chat_id=visit.chat_id, chat_user_id=visit.user_id, what=what)
        await self._desk.refused(visit.chat_id, visit.user_id, what)

    def may_answer(self, visit: Visit) -> bool:
        """Whether somebody who is not (certainly) known gets a word this time; if so, the next is some time off."""
        stranger, now = self._stranger(visit.user_id), self._desk.now()
        if stranger.answered_at is not None and now - stranger.answered_at < ANSWER_EVERY:
            return False
        stranger.answered_at = now
        return True

    async def link(self, visit: Visit, code: str) -> LinkResult:
        """Try a one-time code for the sender and this private chat.

        Codes are capital letters and digits; phones add spaces and change case, so neither counts.

        Raises:
            GuardError: the desk cannot tell now; the attempt does not count.
        """
        stranger, now = self._stranger(visit.user_id), self._desk.now()
        stranger.bad_codes = [at for at in stranger.bad_codes if now - at < CODE_PAUSE]
        if len(stranger.bad_codes) >= CODE_ATTEMPTS_MAX:
            wait_s = (stranger.bad_codes[0] + CODE_PAUSE - now).total_seconds()
            return LinkResult(None, wait_s, looked_at=False)
        person = await self._desk.redeem(_typed(code), visit.chat_id, visit.user_id, visit.title)
        if person is None:
            stranger.bad_codes.append(now)
            last = len(stranger.bad_codes) == CODE_ATTEMPTS_MAX
            return LinkResult(None, CODE_PAUSE.total_seconds() if last else 0.0)
        self._strangers.pop(visit.user_id, None)
        log.info("chat.linked", chat_id=visit.chat_id, chat_user_id=visit.user_id, user=person.name)
        return LinkResult(person)

    async def spoil(self, code: str) -> None:
        """Make a code worthless that others have read.

        Raises:
            GuardError: the desk cannot tell now.
        """
        await self._desk.spoil(_typed(code))

    def _stranger(self, user_id: int) -> _Stranger:
        stranger = self._strangers.setdefault(user_id, _Stranger())
        self._strangers.move_to_end(user_id)
        while len(self._strangers) > STRANGERS_MAX:
            self._strangers.popitem(last=False)
        return stranger


def _typed(code: str) -> str:
    """A code without what phones do to it."""
    return "".join(code.split()).upper()[:CODE_LENGTH_MAX]
