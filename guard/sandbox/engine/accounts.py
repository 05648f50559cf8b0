"""What an account holds: wallets, legs, settings, orders and its ledger. State only; the rules are elsewhere."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from guard.sandbox.engine.orders import AlgoOrder, Order, Trade
from guard.sandbox.engine.sides import Leg

_ZERO = Decimal(0)
_PLACES = Decimal("0.00000001")


class LedgerKind(StrEnum):
    """Why a wallet changed."""

    TRANSFER = "TRANSFER"
    REALIZED_PNL = "REALIZED_PNL"
    COMMISSION = "COMMISSION"
    FUNDING_FEE = "FUNDING_FEE"
    INSURANCE_CLEAR = "INSURANCE_CLEAR"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of a wallet: `amount` in `asset`, positive when the account receives."""

    id: int
    at_ms: int
    kind: LedgerKind
    asset: str
    amount: Decimal
    symbol: str = ""
    trade_id: int | None = None


@dataclass(slots=True)
class Position:
    """One leg: signed `qty` in the contract's units; `isolated_wallet` is its own margin when the leg is isolated."""

    symbol: str
    leg: Leg
    qty: Decimal = _ZERO
    entry_price: Decimal = _ZERO
    isolated_wallet: Decimal = _ZERO
    updated_ms: int = 0


@dataclass(slots=True)
class SymbolSettings:
    """The account's choices for one symbol."""

    leverage: int = 20
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A forced close of one leg: taken over at the mark, for a fee."""

    at_ms: int
    symbol: str
    leg: Leg
    qty: Decimal
    mark_price: Decimal
    fee: Decimal
    isolated: bool
    order_id: int


@dataclass(slots=True)
class Account:
    """One trader's account; `mode` is the account mode in the dialect's own word, of no meaning to the engine."""

    id: int
    name: str
    hedge_mode: bool = False
    multi_assets: bool = False
    mode: str = ""
    taker_rate: Decimal = Decimal("0.0005")
    maker_rate: Decimal = Decimal("0.0002")
    default_leverage: int = 20
    wallets: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[tuple[str, Leg], Position] = field(default_factory=dict)
    settings: dict[str, SymbolSettings] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    algo_orders: dict[int, AlgoOrder] = field(default_factory=dict)
    open_algo_orders: dict[int, AlgoOrder] = field(default_factory=dict)
    client_ids: dict[str, int] = field(default_factory=dict)
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=10_000))
    ledger: deque[LedgerEntry] = field(default_factory=lambda: deque(maxlen=100_000))
    liquidations: list[Liquidation] = field(default_factory=list)
    countdowns: dict[str, int] = field(default_factory=dict)
    in_margin_call: bool = False
    updated_ms: int = 0

    @property
    def liquidated(self) -> bool:
        """Whether any leg of this account was ever taken over."""
        return bool(self.liquidations)

    def set_countdown(self, symbol: str, at_ms: int | None) -> None:
        """Have all open orders of `symbol` cancelled at `at_ms`, or never."""
        self.countdowns.pop(symbol, None)
        if at_ms is not None:
            self.countdowns[symbol] = at_ms

    def settings_of(self, symbol: str) -> SymbolSettings:
        """The choices for `symbol`, made on first use."""
        return self.settings.setdefault(symbol, SymbolSettings(leverage=self.default_leverage))

    def position(self, symbol: str, leg: Leg) -> Position:
        """The leg, empty when nothing is held."""
        return self.positions.get((symbol, leg)) or Position(symbol, leg)

    def held(self) -> list[Position]:
        """Every leg with a quantity, in a fixed order."""
        return [self.positions[key] for key in sorted(self.positions) if self.positions[key].qty]

    def book(self, entry: LedgerEntry) -> None:
        """Change a wallet and remember why; amounts have 8 places, as on the venue."""
        self.wallets[entry.asset] = self.wallets.get(entry.asset, _ZERO) + entry.amount
        self.ledger.append(entry)
        self.updated_ms = entry.at_ms


def to_places(amount: Decimal) -> Decimal:
    """`amount` rounded to the 8 places in which the venue books money."""
    return amount.quantize(_PLACES)
