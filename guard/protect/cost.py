"""What it costs to make a leg smaller: fee, spread and slippage, from the order book where there is one. Pure.

Costs are in quote currency, measured against the mark: selling at the mark costs the fee alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.ports.venue import Depth
from guard.protect.sizing import contract_notional
from guard.risk.book import Position


@dataclass(frozen=True, slots=True)
class CostCurve:
    """Cost of closing the first x contracts of a leg: convex, piecewise linear, 0 at 0.

    Args:
        unit: quote value of one contract at the mark.
        fee_rate: taker fee, a fraction of notional.
        levels: contracts at each level and their loss against the mark (a fraction, >= 0, never falling).
        tail: loss of everything beyond the levels, a fraction.
    """

    unit: float
    fee_rate: float
    levels: tuple[tuple[float, float], ...]
    tail: float

    def cost(self, contracts: float) -> float:
        """Cost in quote currency of closing `contracts` (>= 0)."""
        left, slippage = contracts, 0.0
        for size, loss in self.levels:
            taken = min(left, size)
            slippage += taken * loss
            left -= taken
            if left <= 0:
                break
        slippage += max(left, 0.0) * self.tail
        # The fee is taken on the traded value, which slippage moves by less than the band: its square is noise.
        return self.unit * (slippage + self.fee_rate * contracts)

    @property
    def lowest_rate(self) -> float:
        """The cost rate of the first contract, a fraction of notional: no contract is cheaper."""
        return self.fee_rate + (self.levels[0][1] if self.levels else self.tail)


def cost_curve(
    position: Position, depth: Depth | None, *, fee_rate: float, max_slippage_bps: float, allowance_bps: float
) -> CostCurve:
    """The cost curve of closing `position`.

    Args:
        position: the leg; a long one is sold to the bids, a short one bought from the asks.
        depth: order book of its symbol; None = `allowance_bps` stands in for spread and slippage.
        fee_rate: taker fee, a fraction.
        max_slippage_bps: the price band. Nothing fills beyond it, so nothing costs more: what the book does not hold
            inside the band is expected to be filled by later orders at the band's edge.
        allowance_bps: spread and slippage without an order book.
    """
    unit = contract_notional(position.kind, position.contract_size, position.mark_price)
    band = max_slippage_bps / 10_000
    if depth is None:
        return CostCurve(unit, fee_rate, (), min(allowance_bps / 10_000, band))
    levels = []
    worst = 0.0
    for level in depth.bids if position.side == "long" else depth.asks:
        loss = position.sign * (position.mark_price - level.price) / position.mark_price
        worst = max(worst, loss)
        if worst >= band:
            break
        levels.append((level.contracts, worst))
    return CostCurve(unit, fee_rate, tuple(levels), band)
