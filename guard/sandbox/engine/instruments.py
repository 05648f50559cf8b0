"""The contracts that the sandbox lists: filters, fees and leverage brackets. Knows no prices and no accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bracket:
    """One leverage bracket: from `floor` up to `cap` quote units of notional.

    `cum` makes `notional * mm_rate - cum` continuous where one bracket follows another.
    """

    floor: Decimal
    cap: Decimal
    mm_rate: Decimal
    cum: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """A linear perpetual contract of size 1, settled in `margin_asset`."""

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

    def bracket_of(self, notional: Decimal) -> Bracket:
        """The bracket that `notional` (>= 0, quote units) falls into; the last one above the table."""
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
        """The largest notional that may be held at `leverage`, in quote units."""
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
        rows: ascending floors in quote units, the first one 0.
        cap: where the last bracket ends, in quote units.
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
