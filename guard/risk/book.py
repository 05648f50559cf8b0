"""The book: everything a margin rule needs, as plain immutable values.

Owns the words (position, collateral, order, tier) that every margin rule is computed from.
Knows nothing of files, venues, clocks or storage. A `Book` that exists is well formed:
`guard.risk.bookfile` and the adapters in `guard.venues` validate before they construct one.

Money is float64: venue figures are reproduced to 1e-9, far below a venue's own rounding.
Fractions are 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Side = Literal["long", "short"]
OrderSide = Literal["buy", "sell"]
Kind = Literal["linear", "inverse"]
MarginMode = Literal["cross", "isolated"]
PositionMode = Literal["one_way", "hedge"]

SCHEMA = "guard.book/1"


@dataclass(frozen=True, slots=True)
class HaircutTier:
    """Haircut of the part of a balance between `floor` and `cap`, in units of the asset; `cap` None = no end."""

    floor: float
    cap: float | None
    haircut: float


@dataclass(frozen=True, slots=True)
class Collateral:
    """One asset of the wallet, before unrealized PnL.

    `balance` and `frozen` are in units of the asset, `price` in the pool's currency per unit,
    `haircut` is the fraction the venue does not count; `haircut_tiers` stand in its place where it grows with the
    amount. `markup` is the fraction added to the price when debts and requirements in the asset are counted.
    `borrowed` is owed on top of `balance`, and asks for `borrow_mm_rate` of itself as maintenance margin.
    """

    asset: str
    balance: float
    price: float = 1.0
    haircut: float = 0.0
    frozen: float = 0.0
    markup: float = 0.0
    borrowed: float = 0.0
    borrow_mm_rate: float = 0.0
    haircut_tiers: tuple[HaircutTier, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """One leg. `contracts` is positive on both sides; `side` carries the sign.

    `contract_size` is base units a contract for `linear`, quote units a contract for `inverse`.
    `isolated_margin` is the wallet of an isolated leg in `settle` (before unrealized PnL), else None.
    `opened_at` matters where a venue keeps an older rule for older positions; None = not known.
    """

    symbol: str
    side: Side
    contracts: float
    contract_size: float
    kind: Kind
    settle: str
    entry_price: float
    mark_price: float
    leverage: float
    margin_mode: MarginMode = "cross"
    isolated_margin: float | None = None
    opened_at: datetime | None = None

    @property
    def sign(self) -> float:
        """+1 for a long leg, -1 for a short leg."""
        return 1.0 if self.side == "long" else -1.0

    @property
    def base(self) -> str:
        """Base asset of the ccxt symbol: `BTC` of `BTC/USDT:USDT`."""
        return self.symbol.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Order:
    """A resting order. `price` None is a market or unpriced conditional order.

    `position_side` names the leg in hedge mode, None in one-way mode. `conditional` orders wait in a
    separate book and hold no margin until they trigger. One in `isolated` margin asks nothing of the cross pool but
    what the venue sets aside for it (`Collateral.frozen`).
    """

    symbol: str
    side: OrderSide
    price: float | None
    remaining: float
    reduce_only: bool = False
    position_side: Side | None = None
    conditional: bool = False
    order_id: str | None = None
    client_order_id: str | None = None
    margin_mode: MarginMode = "cross"


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of a maintenance margin table; `floor < size <= cap` in the unit of the rule.

    `cap` None means no upper bound; `mm_deduction` None means: derive it from the rates.
    """

    floor: float
    cap: float | None
    mm_rate: float
    mm_deduction: float | None = None
    max_leverage: float | None = None


@dataclass(frozen=True, slots=True)
class Fees:
    """Trading fees as fractions of notional."""

    taker: float = 0.0
    maker: float = 0.0


@dataclass(frozen=True, slots=True)
class VenueFigures:
    """What the venue itself says of a pool (or of the account); None where it says nothing.

    `risk_ratio` is already turned into requirement / equity.
    """

    equity: float | None = None
    maintenance_margin: float | None = None
    initial_margin: float | None = None
    available_margin: float | None = None
    risk_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class VenueReported(VenueFigures):
    """The account's figures, and those of each pool by currency where the venue tells them apart."""

    pools: Mapping[str, VenueFigures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """One account at one moment.

    `model` names the margin rule (`guard.risk.rules`); `tiers` and `parameters` are by symbol.
    `as_of` is timezone-aware UTC.
    """

    account: str
    venue: str
    model: str
    as_of: datetime
    position_mode: PositionMode = "one_way"
    fees: Fees = Fees()
    collateral: tuple[Collateral, ...] = ()
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    venue_reported: VenueReported = VenueReported()
