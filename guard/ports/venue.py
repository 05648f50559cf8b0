"""An account at a venue, as the rest of the guard sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from guard.risk.book import Book, MarginMode, OrderSide, PositionMode, Side, Tier


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets of one account. Never printed: `repr` shows no value."""

    api_key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    wallet_address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """What a venue adapter needs to open an account.

    `base_url` replaces scheme and host of every REST and WebSocket address. `book_file` serves venue `file`.
    """

    name: str
    venue: str
    credentials: Credentials = Credentials()
    base_url: str | None = None
    book_file: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedBook:
    """A book with the time of each of its parts (local receipt time, UTC) and what is missing from it.

    `parts` maps a part's name (`balances`, `positions`, `marks`, `tiers`, `open_orders`, ...) to the time at which
    it was received. `missing` names each absent input (`tiers of FOO/USDT:USDT`); a book with anything missing
    is INCOMPLETE. `torn` names evidence that parts belong to different moments. `position_mode_proven` is true
    when the venue itself stated the position mode in this session. `adl` is the place of legs (symbol, side) in the
    venue's auto-deleveraging queue as a fraction, 1 = next; empty where the venue does not tell. `funding` is what a
    long pays at the present rate in a day, as a fraction of its notional, by symbol; empty where it is not known.
    """

    book: Book
    parts: Mapping[str, datetime]
    missing: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()
    position_mode_proven: bool = False
    adl: Mapping[tuple[str, str], float] = field(default_factory=dict)
    funding: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What the key may do; None = the venue does not tell."""

    read: bool | None = None
    trade: bool | None = None
    withdraw: bool | None = None
    transfer: bool | None = None
    ip_restricted: bool | None = None


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The answer to "can this account be watched, and acted upon?" read live from the venue.

    `clock_skew_ms` is local minus venue time. `settles` are the currencies whose contracts the account may hold, where
    the venue divides them. `can_trade` is whether the guard sends orders at this venue at all, whatever the key may do.
    """

    fetched: FetchedBook
    rights: KeyRights
    clock_skew_ms: float
    position_mode: PositionMode
    account_mode: str
    warnings: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()
    can_trade: bool = True


@dataclass(frozen=True, slots=True)
class Instrument:
    """Trading rules of a symbol. `step` and `minimum` are in contracts, `tick` in quote, as exact decimals."""

    symbol: str
    step: Decimal
    minimum: Decimal
    tick: Decimal
    contract_size: Decimal
    min_notional: Decimal = Decimal(0)
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SymbolTerms:
    """What a cross leg of a symbol would be held under that is not held: the account's own tiers and leverage.

    `margin_mode` is that in which an order would open it, `parameters` what its rule reads of the symbol beside these.
    """

    symbol: str
    tiers: tuple[Tier, ...]
    leverage: float
    margin_mode: MarginMode
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DepthLevel:
    """One level of an order book: price in quote, size in contracts."""

    price: float
    contracts: float


@dataclass(frozen=True, slots=True)
class Depth:
    """Order book of a symbol, best level first."""

    symbol: str
    bids: tuple[DepthLevel, ...]
    asks: tuple[DepthLevel, ...]


TimeInForce = Literal["IOC", "GTC"]


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order to send. `leg` is the leg that it acts on; needed in hedge mode, checked in one-way mode.

    `contracts` and `limit_price` are already rounded to the venue's step and tick. `margin_mode` is that of the leg.
    """

    client_order_id: str
    symbol: str
    side: OrderSide
    leg: Side
    contracts: Decimal
    limit_price: Decimal
    reduce_only: bool
    position_mode: PositionMode
    time_in_force: TimeInForce = "IOC"
    margin_mode: MarginMode = "cross"


class OrderStatus(StrEnum):
    """The venue's view of an order. Terminal: all but OPEN."""

    OPEN = "open"
    FILLED = "filled"
    PARTLY_FILLED = "partly_filled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class OrderState:
    """What became of an order. `filled` in contracts; `average_price` None when nothing filled.

    EXPIRED: ended with nothing filled; PARTLY_FILLED: ended with less than asked.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    status: OrderStatus
    filled: Decimal
    average_price: float | None


class VenueAccount(Protocol):
    """One account at one venue. Every method may raise a `guard.ports.errors.VenueError`."""

    async def fetch_book(self) -> FetchedBook:
        """Read everything a book needs, each part with its own time."""
        ...

    async def check(self) -> AccountCheck:
        """Read the book, the key's rights, the account's modes and the clock difference."""
        ...

    async def instrument(self, symbol: str) -> Instrument:
        """Trading rules of `symbol`."""
        ...

    async def depth(self, symbol: str) -> Depth:
        """Order book of `symbol`, at least 20 levels a side where the venue has them."""
        ...

    async def submit(self, request: OrderRequest) -> OrderState:
        """Send an order.

        Raises:
            OrderRejected: refused for certain.
            OrderOutcomeUnknown: no certain answer (timeout, cut connection, 5xx); look it up.
        """
        ...

    async def find_order(self, client_order_id: str, symbol: str) -> OrderState | None:
        """The order with this client id; None when the venue is certain that it never arrived."""
        ...

    async def cancel_order(self, symbol: str, venue_order_id: str) -> bool:
        """Cancel a resting order by the venue's own id of it. Asking again does no harm.

        Returns:
            True: the venue has taken the cancellation (the next reading of the book shows it). False: it is not open
            any more, be it filled, cancelled or never placed.

        Raises:
            OrderRejected: refused for certain, nothing changed.
            OrderOutcomeUnknown: no certain answer; the next reading of the book tells.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class TellsTerms(Protocol):
    """A `VenueAccount` that may know terms of symbols that are not held; those of the others are not known."""

    async def terms(self, symbol: str) -> SymbolTerms | None:
        """Terms of `symbol`; None: the venue does not tell them. May raise a `guard.ports.errors.VenueError`."""
        ...
