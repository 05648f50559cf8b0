"""The contracts that the sandbox lists: filters, fees, leverage brackets, and what a quantity is worth at a price.

Owns the arithmetic of linear and inverse contracts; everything else in the engine asks an instrument. A quantity is in
BASE units of a linear contract and in QUOTE units of an inverse one (its value in dollars); notional, PnL, fees and
margins are in `margin_asset` either way. Knows no market and no accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bracket:
    """One leverage bracket: from `floor` up to `cap` of notional, in margin-asset units.

    `cum` makes `notional * mm_rate - cum` continuous where one bracket follows another.
    """

    floor: Decimal
    cap: Decimal
    mm_rate: Decimal
    cum: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """A linear or inverse contract, settled in `margin_asset`: perpetual, or until `expires_ms`.

    `contract_size` is how much one contract of the wire is, in the units of a quantity; `step`, `max_qty` and
    `max_market_qty` are in these units too, `min_notional` is in margin-asset units.
    """

    symbol: str
    base: str
    quote: str
    margin_asset: str
    tick: Decimal
    step: Decimal
    max_qty: Decimal
    max_market_qty: Decimal
    min_notional: Decimal
    brackets: tuple[Bracket, ...]
    liquidation_fee: Decimal = Decimal("0.0125")
    price_band: Decimal = Decimal("0.15")
    kind: Literal["linear", "inverse"] = "linear"
    contract_size: Decimal = Decimal(1)
    expires_ms: int | None = None

    @property
    def is_inverse(self) -> bool:
        """Whether a quantity is in quote units and money in the base coin."""
        return self.kind == "inverse"

    def notional(self, qty: Decimal, price: Decimal) -> Decimal:
        """What `qty` is worth at `price`, in margin-asset units; it has the sign of `qty`.

        Formula: linear `qty * price`, inverse `qty / price`.
        """
        if self.is_inverse:
            return qty / price if qty else _ZERO
        return qty * price

    def pnl(self, qty: Decimal, entry: Decimal, price: Decimal) -> Decimal:
        """What a signed `qty` that was opened at `entry` gains at `price`, in margin-asset units.

        Formula: linear `qty * (price - entry)`, inverse `qty * (1 / entry - 1 / price)`.
        """
        if self.is_inverse:
            return self.notional(qty, entry) - self.notional(qty, price)
        return qty * (price - entry)

    def price_of(self, qty: Decimal, notional: Decimal) -> Decimal:
        """The price at which `qty` is worth `notional`: also the average price of fills; both must not be 0."""
        return qty / notional if self.is_inverse else notional / qty

    def qty_of_value(self, value: Decimal, price: Decimal) -> Decimal:
        """How much has a `value` in quote units at `price`."""
        return value if self.is_inverse else value / price

    def contracts(self, qty: Decimal) -> Decimal:
        """`qty` in contracts of the wire."""
        return qty / self.contract_size

    def bracket_of(self, notional: Decimal) -> Bracket:
        """The bracket that `notional` (>= 0, margin-asset units) falls into; the last one above the table."""
        for bracket in reversed(self.brackets):
            if notional >= bracket.floor:
                return bracket
        return self.brackets[0]

    def maintenance(self, notional: Decimal) -> Decimal:
        """Maintenance margin of one leg in margin-asset units.

        Formula: `notional * mm_rate - cum`, of the bracket that `notional` falls into.
        """
        bracket = self.bracket_of(notional)
        return max(_ZERO, notional * bracket.mm_rate - bracket.cum)

    def max_notional(self, leverage: int) -> Decimal:
        """The largest notional that may be held at `leverage`, in margin-asset units."""
        caps = [bracket.cap for bracket in self.brackets if bracket.max_leverage >= leverage]
        return max(caps, default=_ZERO)

    @property
    def max_leverage(self) -> int:
        """The highest leverage of the table."""
        return max(bracket.max_leverage for bracket in self.brackets)


def make_brackets(rows: Iterable[tuple[int | str, str, int]], cap: int | str) -> tuple[Bracket, ...]:
    """A bracket table from `(floor, mm_rate, max_leverage)` rows; `cum` follows from continuity.

    Formula: `cum_k = cum_{k-1} + floor_k * (mm_rate_k - mm_rate_{k-1})`.

    Args:
        rows: ascending floors in margin-asset units, the first one 0.
        cap: where the last bracket ends, in margin-asset units.
    """
    parsed = [(Decimal(floor), Decimal(rate), leverage) for floor, rate, leverage in rows]
    ends = [floor for floor, _, _ in parsed[1:]] + [Decimal(cap)]
    brackets: list[Bracket] = []
    cum, previous_rate = _ZERO, _ZERO
    for (floor, rate, leverage), end in zip(parsed, ends, strict=True):
        cum += floor * (rate - previous_rate)
        brackets.append(Bracket(floor, end, rate, cum, leverage))
        previous_rate = rate
    return tuple(brackets)
