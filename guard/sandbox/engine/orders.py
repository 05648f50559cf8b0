"""Orders, conditional orders, trades, and the reasons for which the venue refuses one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from guard.sandbox.engine.sides import Leg, Side

_ZERO = Decimal(0)


class OrderKind(StrEnum):
    """What an order does when it becomes active."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(StrEnum):
    """How long a limit order lives."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"


class OrderStatus(StrEnum):
    """Where an order is in its life."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class AlgoKind(StrEnum):
    """The kinds of conditional orders."""

    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"

    @property
    def is_market(self) -> bool:
        """Whether it becomes a market order."""
        return self.endswith("MARKET")


class AlgoStatus(StrEnum):
    """Where a conditional order is in its life."""

    NEW = "NEW"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"


class Reason(StrEnum):
    """Why the venue refused a request."""

    UNKNOWN_SYMBOL = "unknown symbol"
    QTY_MISSING = "quantity missing"
    QTY_TOO_SMALL = "quantity below the smallest"
    QTY_TOO_LARGE = "quantity above the largest"
    QTY_PRECISION = "quantity off the step"
    PRICE_MISSING = "price missing"
    PRICE_PRECISION = "price off the tick"
    PRICE_TOO_HIGH = "price above the band"
    PRICE_TOO_LOW = "price below the band"
    NOTIONAL_TOO_SMALL = "notional below the smallest"
    WRONG_LEG = "position side does not match the mode"
    REDUCE_ONLY_REJECTED = "nothing to reduce"
    REDUCE_ONLY_NOT_ALLOWED = "reduce-only is not sent in hedge mode"
    MARGIN_INSUFFICIENT = "margin is insufficient"
    POSITION_TOO_LARGE = "position above the limit of this leverage"
    DUPLICATE_CLIENT_ID = "client order id is in use"
    POST_ONLY_WOULD_TAKE = "post-only order would take"
    FOK_NOT_FILLABLE = "fill-or-kill order cannot be filled"
    NO_DEPTH = "no depth to fill against"
    WOULD_TRIGGER = "would trigger immediately"
    TRIGGER_MISSING = "trigger price missing"
    UNKNOWN_ORDER = "no such open order"
    LEVERAGE_INVALID = "leverage not offered"
    LEVERAGE_TOO_HIGH = "leverage too high for the position"
    MODE_UNCHANGED = "the mode is what it was"
    HAS_ORDERS = "open orders stand in the way"
    HAS_POSITIONS = "open positions stand in the way"
    ISOLATED_IN_MULTI_ASSETS = "isolated margin in multi-assets mode"
    BALANCE_INSUFFICIENT = "balance is insufficient"
    NOT_ISOLATED = "the position is not isolated"
    NOTHING_TO_CHANGE = "nothing would change"
    TOO_MANY_ORDERS = "too many open orders"


class Rejection(Exception):
    """The venue refused a request; `reason` says why, `detail` carries a figure for the text."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value} {detail}".strip())
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a trader asks for: quantities in the contract's units, prices in quote units."""

    symbol: str
    side: Side
    leg: Leg
    kind: OrderKind
    qty: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool | None = None
    client_order_id: str = ""


@dataclass(slots=True)
class Order:
    """An order that the venue accepted; `average_price` is that of its fills, 0 when nothing is filled."""

    id: int
    client_order_id: str
    symbol: str
    side: Side
    leg: Leg
    kind: OrderKind
    qty: Decimal
    price: Decimal
    time_in_force: TimeInForce
    reduce_only: bool
    created_ms: int
    updated_ms: int
    status: OrderStatus = OrderStatus.NEW
    filled: Decimal = _ZERO
    notional_filled: Decimal = _ZERO
    average_price: Decimal = _ZERO
    algo_kind: str = ""
    close_position: bool = False
    trigger_price: Decimal = _ZERO

    @property
    def remaining(self) -> Decimal:
        """What is not filled, in the contract's units."""
        return self.qty - self.filled

    @property
    def closes(self) -> bool:
        """Whether this order can only make a position smaller."""
        return self.reduce_only if self.leg is Leg.BOTH else not self.leg.opened_by(self.side)


@dataclass(frozen=True, slots=True)
class AlgoRequest:
    """A conditional order: becomes an order when the watched price passes `trigger_price`.

    `callback_rate` is the trailing distance in percent, of trailing stops only.
    """

    symbol: str
    side: Side
    leg: Leg
    kind: AlgoKind
    qty: Decimal | None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    callback_rate: Decimal | None = None
    activate_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool | None = None
    close_position: bool = False
    working_type: str = "CONTRACT_PRICE"
    client_algo_id: str = ""


@dataclass(slots=True)
class AlgoOrder:
    """A conditional order that waits, or how it ended."""

    id: int
    client_algo_id: str
    request: AlgoRequest
    created_ms: int
    updated_ms: int
    status: AlgoStatus = AlgoStatus.NEW
    triggered_ms: int = 0
    order_id: int | None = None
    extreme_price: Decimal | None = None
    rejection: str = ""


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill of an order; `fee` and `realized_pnl` in `asset`."""

    id: int
    order_id: int
    symbol: str
    side: Side
    leg: Leg
    price: Decimal
    qty: Decimal
    fee: Decimal
    asset: str
    realized_pnl: Decimal
    maker: bool
    at_ms: int
    client_order_id: str = ""
