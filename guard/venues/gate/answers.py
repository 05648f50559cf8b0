"""What one reading of a Gate account found, and the modes that it states. Plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from guard.ports.errors import VenueError
from guard.risk.book import PositionMode
from guard.venues.gate import endpoints as at
from guard.venues.gate.parse import AccountMode, AccountRow, LegTerms, PositionRow
from guard.venues.gate.parse_orders import OrderRow
from guard.venues.gate.parse_unified import Unified


@dataclass(frozen=True, slots=True)
class Modes:
    """What the venue stated about the account in this session; `settles` are those it has futures accounts for."""

    position_mode: PositionMode
    account_mode: AccountMode
    settles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettleState:
    """The futures account of one settlement currency, its held legs and its open orders."""

    account: AccountRow
    positions: tuple[PositionRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether the account's own figures are of its cross legs: zeros beside such legs stand for nothing."""
        return self.account.maintenance_margin != 0.0 or all(row.is_isolated for row in self.positions)


@dataclass(frozen=True)
class Answers:
    """What was read in one cycle, and when (`parts`).

    `unified` is there where the account mode is not classic. `marks` are of contracts whose position did not bring one,
    `terms` the settings of contracts that only orders name.
    """

    account_mode: AccountMode
    states: Mapping[str, SettleState]
    unified: Unified | None
    parts: Mapping[str, datetime]
    marks: Mapping[str, float] = field(default_factory=dict)
    terms: Mapping[str, LegTerms] = field(default_factory=dict)

    @cached_property
    def held(self) -> tuple[PositionRow, ...]:
        """Every held leg."""
        return tuple(row for state in self.states.values() for row in state.positions)

    @cached_property
    def orders(self) -> tuple[OrderRow, ...]:
        """Every open order."""
        return tuple(row for state in self.states.values() for row in state.orders)

    @cached_property
    def held_ids(self) -> frozenset[str]:
        """Ids of every contract held."""
        return frozenset(row.market_id for row in self.held)

    @cached_property
    def ordered_only(self) -> tuple[tuple[str, str], ...]:
        """Settlement currency and id of contracts that are not held, with orders that hold margin."""
        asking = (row for row in self.orders if not row.closes and not row.conditional)
        return tuple(sorted({(row.settle, row.market_id) for row in asking if row.market_id not in self.held_ids}))

    @cached_property
    def used_ids(self) -> frozenset[str]:
        """Ids of every contract held or ordered."""
        return self.held_ids | {row.market_id for row in self.orders}

    def modes(self) -> Modes:
        """The modes that the accounts state in this very reading.

        Raises:
            VenueError: the settlement currencies are in different position modes.
        """
        accounts = {settle: state.account for settle, state in self.states.items()}
        return modes_of(accounts, self.account_mode)


def modes_of(accounts: Mapping[str, AccountRow], account_mode: AccountMode) -> Modes:
    """The modes that accounts state; where nothing is held or ordered, they do not matter beside others.

    Raises:
        VenueError: there is no account, or two that matter are in different position modes.
    """
    if not accounts:
        raise VenueError(
            f"{at.ACCOUNT.name}: the user has no futures account",
            fix="move funds to the futures account at the venue first",
        )
    stated = {account.position_mode for account in _mattering(accounts)}
    if len(stated) > 1:
        raise VenueError(
            f"{at.ACCOUNT.name}: the accounts of {' and '.join(sorted(accounts))} are in different position modes",
            fix="set both to one-way or both to hedge mode at the venue",
        )
    return Modes(stated.pop(), account_mode, tuple(accounts))


def _mattering(accounts: Mapping[str, AccountRow]) -> Iterator[AccountRow]:
    """Those in which something is held or ordered; else the first with money, else the first."""
    used = [account for account in accounts.values() if account.is_used]
    funded = [account for account in accounts.values() if not account.is_empty]
    yield from used or (funded or list(accounts.values()))[:1]
