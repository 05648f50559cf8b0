"""What looking asks for: people, link codes, the latest snapshots, and where refusals go.

A protocol only; the app implements it. Everything is read from the
guard's own memory: no question of a chat reaches a venue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from guard.language.speech import ENGLISH, Speech
from guard.ports.history import AccountHistory
from guard.ports.records import Snapshot, UserRecord

PictureKind = Literal["history", "exposure", "distance", "stress"]


@dataclass(frozen=True, slots=True)
class PictureWish:
    """Which picture of which account; `account_id` None is all of the person's, and exists for `distance` only.

    `since` matters to `history` only; `speech` is of whoever asked.
    """

    kind: PictureKind
    account_id: str | None
    since: datetime
    speech: Speech = ENGLISH


class ViewingDesk(Protocol):
    """The counterpart of the door and of the looking commands.

    Every method but `now` may raise a `GuardError` when the answer cannot be had now.
    """

    def now(self) -> datetime:
        """The current time, timezone-aware UTC."""
        ...

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """Use up a one-time code and link this chat; None when it is wrong, used or expired.

        Args:
            code: as typed, in capitals and without white space; at most 64 characters, otherwise anything.
            chat_id: the private chat.
            chat_user_id: the person's id at the chat service.
            title: the person's name there.
        """
        ...

    async def spoil(self, code: str) -> None:
        """Make a one-time code worthless, because others have read it; one that there is not stays so."""
        ...

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """Who is linked to this id at the chat service; None = a stranger."""
        ...

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """The latest snapshot of every account that the person may see.

        An account that was never read is in the list too, with zone `unknown` and an `error`: nothing is left out.
        """
        ...

    async def history(self, user_id: str, account_id: str, since: datetime) -> AccountHistory | None:
        """What became of an account since a time; None when it is not one that the person may see."""
        ...

    async def picture(self, user_id: str, wish: PictureWish) -> bytes | None:
        """A PNG; None when the account is not one that the person may see.

        Raises:
            PictureError: it could not be drawn, and says why in one line fit for a person.
        """
        ...

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """A chat has a new id; told again, it changes nothing."""
        ...

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Somebody was refused; `what` names the attempt and holds no secret."""
        ...
