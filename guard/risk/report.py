"""What an assessment answers: figures of the account, its pools and its legs.

Plain immutable values; `guard.risk.reportfile` turns them into the JSON of `guard risk --json`.
`None` always means "has no value here" (unreachable, not defined), never "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guard.risk.book import MarginMode, Side


@dataclass(slots=True, unsafe_hash=True)
class PositionRisk:
    """One leg. Money is in the pool's currency; `liquidation_price` in quote per base, None = unreachable.

    Not frozen, because a frozen dataclass takes five times as long to build and a report has fifty of these; nobody
    changes one.
    """

    symbol: str
    side: Side
    contracts: float
    entry_price: float
    mark_price: float
    notional: float
    unrealized_pnl: float
    initial_margin: float
    maintenance_margin: float
    closing_fee: float
    liquidation_price: float | None


@dataclass(frozen=True, slots=True)
class PoolRisk:
    """One margin pool: the legs that share equity. All money in `currency`.

    `risk_ratio` = (maintenance_margin + closing_fees) / equity, 1 is liquidation; None when equity <= 0 with
    positions. `margin_level` = equity / initial_margin; None without positions. `liquidation_shock_*`: smallest
    common relative move of all non-stable underlyings at which risk_ratio reaches 1; None = none in (-1, +10).
    `symbol` is set for an isolated pool only.
    """

    currency: str
    margin_mode: MarginMode
    symbol: str | None
    wallet_balance: float
    unrealized_pnl: float
    equity: float
    collateral_value: float
    initial_margin: float
    maintenance_margin: float
    closing_fees: float
    available_margin: float
    risk_ratio: float | None
    margin_level: float | None
    effective_leverage: float | None
    gross_notional: float
    net_exposure: float
    liquidation_shock_down: float | None
    liquidation_shock_up: float | None
    positions: tuple[PositionRisk, ...]

    @property
    def distance(self) -> float | None:
        """Distance to liquidation: the smaller magnitude of both shocks, as a fraction; None = out of reach."""
        shocks = [abs(shock) for shock in (self.liquidation_shock_down, self.liquidation_shock_up) if shock is not None]
        return min(shocks) if shocks else None


@dataclass(frozen=True, slots=True)
class AccountRisk:
    """The account: `risk_ratio` is the worst pool's (None: a pool with positions has no equity left).

    `margin_level` is the lowest pool's, None without positions.
    """

    account: str
    venue: str
    model: str
    as_of: datetime
    risk_ratio: float | None
    margin_level: float | None
    pools: tuple[PoolRisk, ...]

    @property
    def of_present_only(self) -> bool:
        """Whether the venue's own figures are all there is: absent distances and prices are not known then."""
        return self.model == "reported"

    @property
    def distance(self) -> float | None:
        """The nearest pool's distance to liquidation as a fraction; None = out of reach everywhere."""
        distances = [pool.distance for pool in self.pools if pool.distance is not None]
        return min(distances) if distances else None
