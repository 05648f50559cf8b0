"""The normal form of a margin pool: what every margin rule translates a book into, and the engine evaluates.

Owns the meaning of the arrays. Knows no venue: a rule (`guard.risk.rules`) decides the numbers, `guard.risk.valuation`
evaluates them over a scenario axis, `guard.risk.liquidation` solves for the point where they meet.

**The variable of a leg.** A linear contract is worth `size * P`, an inverse one `size / P` (in its coin). With
`v = P` (linear) or `v = 1 / P` (inverse) both are the same arithmetic:

    value_i  = size_i * v_i                              in the settlement asset
    upl_i    = direction_i * size_i * (v_i - entry_i)    direction = side for linear, -side for inverse
    mm_i     = max(0, max_k(line_rate_ki * charged_i * v_i - line_deduction_ki))
    fee_i    = fee_rate_i * size_i * v_i + fee_fixed_i

so equity is concave and the requirement convex in every `v`, which makes liquidation prices exact and cheap.

**Assets.** Everything of a pool is added up in a *reference currency* in which asset `a` is worth `price_a`; in
scenario 0 the reference is the pool's own currency. Amounts of assets are counted at
`min_k(asset_rate_ka * x + asset_constant_ka) * price_a`: haircuts, tiered discounts, and debts at their full price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guard.risk.book import MarginMode, Position

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Legs:
    """Legs of a pool; arrays have shape (legs,), lines (lines, legs).

    The first `len(Pool.positions)` legs are the positions in their order. Further legs have `size` 0 and stand for
    open orders that a rule charges on a symbol without a position.
    """

    symbol: Index
    """Index into `Pool.symbols`."""
    inverse: Mask
    size: Array
    direction: Array
    entry: Array
    """Entry price as `v`."""
    mark: Array
    """Mark price as `v`: scenario 0."""
    settle: Index
    """Index into `Pool.assets` of the asset in which the leg settles."""
    base: Index
    quote: Index
    """Indices into `Pool.movers` of the assets whose moves move the mark."""
    charged: Array
    """Size that the requirement is charged on; differs from `size` where open orders count."""
    line_rate: Array
    line_deduction: Array
    fee_rate: Array
    fee_fixed: Array
    im_rate: Array
    """Initial margin per unit of value."""
    im_fixed: Array
    """Initial margin that does not move with the mark, in the settlement asset."""


@dataclass(frozen=True, slots=True)
class Assets:
    """Collateral of a pool; arrays have shape (assets,), lines (lines, assets)."""

    names: tuple[str, ...]
    balance: Array
    """Wallet balance in units of the asset."""
    frozen: Array
    price: Array
    """Price in the pool's currency in scenario 0."""
    mover: Index
    """Index into `Pool.movers`."""
    line_rate: Array
    line_constant: Array
    charge_factor: Array
    """Requirements that settle in this asset are counted at `price * charge_factor`."""
    upl_counts_inside: bool = False
    """True: unrealized PnL joins the amount before the lines apply. False: it counts at its full price."""

    @property
    def free(self) -> Array:
        """Balance that the venue does not withhold."""
        return self.balance - self.frozen


@dataclass(frozen=True, slots=True)
class Pool:
    """One margin pool in normal form.

    `movers` are the names of all assets whose price can move: bases, quotes and collateral. `withheld` is taken off
    equity (order margin, open fees) and `im_orders` added to initial margin, both in the pool's currency.
    """

    currency: str
    margin_mode: MarginMode
    symbol: str | None
    positions: tuple[Position, ...]
    symbols: tuple[str, ...]
    movers: tuple[str, ...]
    currency_mover: int
    legs: Legs
    assets: Assets
    withheld: float = 0.0
    im_orders: float = 0.0

    @property
    def first_leg(self) -> Index:
        """Index of one leg of each symbol, shape (symbols,)."""
        return np.unique(self.legs.symbol, return_index=True)[1]

    @property
    def leg_in_asset(self) -> Array:
        """Shape (legs, assets): 1 where the leg settles in the asset."""
        return np.equal.outer(self.legs.settle, np.arange(len(self.assets.names))).astype(np.float64)

    @property
    def leg_in_symbol(self) -> Array:
        """Shape (legs, symbols): 1 where the leg belongs to the symbol."""
        return np.equal.outer(self.legs.symbol, np.arange(len(self.symbols))).astype(np.float64)
