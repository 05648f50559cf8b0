"""The normal form of a margin pool: what every margin rule translates a book into, and the engine evaluates.

Owns the meaning of the arrays. Knows no venue: a rule (`guard.risk.rules`) decides the numbers, `guard.risk.valuation`
evaluates them over a scenario axis, `guard.risk.liquidation` solves for the point where they meet.

**The variable of a leg.** A linear contract is worth `size * P`, an inverse one `size / P` (in its coin). With
`v = P` (linear) or `v = 1 / P` (inverse) both are the same arithmetic, in the settlement asset:

    value_i  = size_i * v_i
    upl_i    = direction_i * size_i * (v_i - entry_i)    direction = side for linear, -side for inverse
    mm_i     = max(0, max_k(line_rate_ki * charged_i * v_i - line_deduction_ki))
    fee_i    = fee_rate_i * charged_i * v_i + fee_fixed_i
    im_i     = im_rate_i * size_i * v_i + im_fixed_i

so equity is concave and the requirement convex in every `v`, which makes liquidation prices exact and cheap. A *flat*
leg is the exception: the tier that holds its value applies to all of it, `mm_i = line_rate_ki * value_i` for
`flat_floor_ki < value_i`, which jumps at the floors.

**Assets.** Everything of a pool is added up in a *reference currency* in which asset `a` is worth `price_a`; in
scenario 0 the reference is the pool's own currency. Amounts of assets are counted at
`min_k(line_rate_ka * x + line_constant_ka) * price_a`: haircuts, tiered discounts, and debts at their full price.

    equity      = sum_a counted_a * price_a (+ sum_i upl_i * price_settle(i) unless upl counts inside)
                  - sum_losses - withheld * price_own
    requirement = sum_i (mm_i + fee_i) * price_settle(i) * charge_factor_settle(i) + sum_a charge_a * price_a

An array that is `None` stands for zeros (for `charged`: for `size`): most rules need few of them. These values are
not frozen, because a frozen dataclass takes five times as long to build and numpy arrays are not frozen anyway; nobody
changes one after it is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guard.risk.book import MarginMode, Position

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Legs:
    """Legs of a pool; arrays have shape (legs,), lines (lines, legs).

    The first `len(Pool.positions)` legs are the positions in their order. Further legs have `size` 0: open orders that
    a rule charges on a symbol without a position, and losses that orders would bring.
    """

    symbol: Index
    """Index into `Pool.symbols`."""
    inverse: Mask
    size: Array
    direction: Array
    exposure: Array
    """`direction * size`: what PnL gains for each unit of `v`."""
    entry: Array
    """Entry price as `v`."""
    mark: Array
    """Mark price as `v`: scenario 0."""
    settle: Index
    """Index into `Pool.assets` of the asset in which the leg settles."""
    line_rate: Array
    line_deduction: Array
    im_rate: Array
    im_fixed: Array | None = None
    """Initial margin that does not move with the mark, in the settlement asset."""
    fee_rate: Array | None = None
    fee_fixed: Array | None = None
    charged: Array | None = None
    """Size that requirement and closing fee are charged on; differs from `size` where open orders count."""
    loss: Mask | None = None
    """Legs whose "maintenance" is a loss that comes off equity (orders away from the mark)."""
    flat: Mask | None = None
    """Legs whose tier applies to all of their value; `flat_floor` has the tiers' floors."""
    flat_floor: Array | None = None
    offset_group: Index | None = None
    """Legs of one group pay for their larger side only: the larger of the sums over long and over short legs."""
    any_inverse: bool = False
    may_be_negative: bool = True
    """Whether the highest line of a leg can be below 0 (a table that starts with a deduction)."""


@dataclass(slots=True)
class Assets:
    """Collateral of a pool; arrays have shape (assets,), lines (lines, assets)."""

    names: tuple[str, ...]
    balance: Array
    """Wallet balance in units of the asset."""
    free: Array
    """Balance that the venue does not withhold."""
    price: Array
    """Price in the pool's currency in scenario 0."""
    line_rate: Array
    line_constant: Array
    charge_factor: Array | None = None
    """Requirements that settle in this asset are counted at `price * charge_factor`; None = ones."""
    charge: Array | None = None
    """Requirement for the asset itself (loans), in units of it."""
    upl_counts_inside: bool = False
    """True: unrealized PnL joins the amount before the lines apply. False: it counts at its full price."""


@dataclass(slots=True)
class Pool:
    """One margin pool in normal form.

    `withheld` is taken off equity (order margin, open fees) and `im_orders` added to initial margin, both in the
    pool's currency. `solvable` is False where the requirement is known at present only (figures of the venue): no
    liquidation prices then.
    """

    currency: str
    margin_mode: MarginMode
    symbol: str | None
    positions: tuple[Position, ...]
    names: tuple[tuple[Any, ...], ...]
    """Columns that a report repeats of the positions: symbols, sides, contracts, entry and mark prices."""
    symbols: tuple[str, ...]
    legs: Legs
    assets: Assets
    withheld: float = 0.0
    im_orders: float = 0.0
    solvable: bool = True
    plain: bool = False
    """One asset, the pool's own, counted in full, and nothing but legs that add up: most pools of most venues."""

    @property
    def one_leg_each(self) -> bool:
        """Whether no symbol has a second leg."""
        return len(self.symbols) == self.legs.size.size

    @property
    def first_leg(self) -> Index:
        """Index of one leg of each symbol, shape (symbols,)."""
        if self.one_leg_each:
            return np.arange(len(self.symbols))
        return np.unique(self.legs.symbol, return_index=True)[1]

    @property
    def wallet(self) -> float:
        """What a plain pool's wallet counts for, less what is withheld."""
        assets = self.assets
        return float(assets.free[0] * assets.line_rate[0, 0] + assets.line_constant[0, 0]) - self.withheld

    @property
    def leg_in_asset(self) -> Array:
        """Shape (legs, assets): 1 where the leg settles in the asset."""
        return np.equal.outer(self.legs.settle, np.arange(len(self.assets.names))).astype(np.float64)
