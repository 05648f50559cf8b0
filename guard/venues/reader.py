"""What the folder of a venue supplies: how one account is read. The shell around it is `guard.venues.account`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from guard.ports.venue import Depth, FetchedBook, KeyRights
from guard.risk.book import PositionMode
from guard.venues.markets import Listing
from guard.venues.orderdesk import OrderWords


@dataclass(frozen=True, slots=True)
class AccountModes:
    """What the venue stated about an account in this session.

    `account_mode` is a word for people (`multi-assets`, `futures mode (acctLv 2)`); `settles` are the currencies whose
    contracts the account may hold, where the venue divides them.
    """

    position_mode: PositionMode
    account_mode: str
    settles: tuple[str, ...] = ()


class VenueReader(Protocol):
    """One account at one venue. Every method may raise a `guard.ports.errors.VenueError`."""

    @property
    def words(self) -> OrderWords | None:
        """How this venue speaks of orders; None = it can be watched only."""
        ...

    async def read(self) -> FetchedBook:
        """Everything a book needs, read once; evidence of different moments stands in `torn`."""
        ...

    async def modes(self, within_s: float | None = None) -> AccountModes:
        """The account's modes, stated at most `within_s` seconds ago; None = as long as such a statement holds."""
        ...

    async def rights(self) -> KeyRights:
        """What the key may do, as far as the venue tells."""
        ...

    async def listing(self, symbol: str) -> Listing:
        """The listing of `symbol`; `VenueError` when there is none."""
        ...

    async def depth(self, listing: Listing) -> Depth:
        """The order book of a contract, in contracts."""
        ...

    def forget_orders(self) -> None:
        """Keep no list of orders from earlier readings: one may have come, changed or gone."""
        ...
