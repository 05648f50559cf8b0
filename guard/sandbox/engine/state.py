"""The venue's whole state in one value, which every rule of the engine works on, and the events it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from guard.sandbox.engine.accounts import Account, LedgerEntry, LedgerKind, Liquidation, to_places
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoOrder, Order, Trade
from guard.sandbox.engine.sides import Leg


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """An order changed: `execution` is NEW, TRADE, CANCELED, EXPIRED or CALCULATED (liquidation)."""

    account_id: int
    order: Order
    execution: str
    trade: Trade | None = None


@dataclass(frozen=True, slots=True)
class AlgoEvent:
    """A conditional order changed."""

    account_id: int
    algo: AlgoOrder


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Wallets or legs changed: `cause` is ORDER, FUNDING_FEE, DEPOSIT, INSURANCE_CLEAR, MARGIN_TRANSFER."""

    account_id: int
    cause: str
    assets: tuple[str, ...]
    legs: tuple[tuple[str, Leg], ...]


@dataclass(frozen=True, slots=True)
class SettingsEvent:
    """The leverage of a symbol, or the multi-assets mode (`symbol` empty), changed."""

    account_id: int
    symbol: str


@dataclass(frozen=True, slots=True)
class MarginCallEvent:
    """The cross pool came close to liquidation."""

    account_id: int
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class LiquidationEvent:
    """A leg was taken over."""

    account_id: int
    liquidation: Liquidation


Event = OrderEvent | AlgoEvent | AccountEvent | SettingsEvent | MarginCallEvent | LiquidationEvent


@dataclass(slots=True)
class VenueState:
    """Market, accounts, counters and listeners."""

    market: Market
    accounts: dict[int, Account] = field(default_factory=dict)
    listeners: list[Callable[[Event], None]] = field(default_factory=list)
    _last_id: int = 1_000_000

    @property
    def now_ms(self) -> int:
        """The venue's time."""
        return self.market.now_ms

    def next_id(self) -> int:
        """A number that was not given out before: orders, trades and ledger entries share one counter."""
        self._last_id += 1
        return self._last_id

    def emit(self, event: Event) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(event)

    def book_money(
        self,
        account: Account,
        kind: LedgerKind,
        asset: str,
        amount: Decimal,
        *,
        symbol: str = "",
        trade_id: int | None = None,
    ) -> Decimal:
        """Change a wallet by `amount`, rounded to 8 places; returns what was booked."""
        booked = to_places(amount)
        if booked:
            account.book(LedgerEntry(self.next_id(), self.now_ms, kind, asset, booked, symbol, trade_id))
        return booked
