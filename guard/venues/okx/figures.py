"""The venue's own account-level figures, in our direction. Pure.

OKX states `mgnRatio` = equity / (maintenance margin + liquidation fees): high is good, liquidation at 1. The fees are
in no field of their own; so the requirement that is reported here is `equity / mgnRatio`, which contains them.
"""

from __future__ import annotations

from collections.abc import Mapping

from guard.risk.book import VenueFigures, VenueReported
from guard.venues.okx.parse import Balance, CurrencyRow
from guard.venues.okx.parse_reference import AccountMode

USD = "USD"


def reported_of(balance: Balance, mode: AccountMode, reserved: Mapping[str, float]) -> VenueReported:
    """Figures of each pool: one for each currency in futures mode, else one in USD.

    Args:
        balance: the balance answer.
        mode: the account's mode.
        reserved: what orders take off the cross equity of a currency, which the venue tells nowhere.
    """
    if mode != "single":
        # Of an account with nothing in it the venue may tell nothing.
        equity = balance.adjusted_equity if balance.currencies else balance.adjusted_equity or 0.0
        total = _figures(
            equity,
            balance.maintenance_margin,
            balance.margin_ratio,
            balance.initial_margin,
            balance.available,
        )
        return _with_pools(total, {USD: total} if total.equity is not None else {})
    pools = {row.currency: _pool(row, reserved.get(row.currency, 0.0)) for row in balance.currencies}
    return _with_pools(next(iter(pools.values())), pools) if len(pools) == 1 else VenueReported(pools=pools)


def _pool(row: CurrencyRow, reserved: float) -> VenueFigures:
    return _figures(
        row.cross_equity - reserved, row.maintenance_margin, row.margin_ratio, row.initial_margin, row.available
    )


def _figures(
    equity: float | None,
    maintenance: float | None,
    margin_ratio: float | None,
    initial: float | None,
    available: float | None,
) -> VenueFigures:
    if margin_ratio is None:
        # Without cross positions there is no ratio and nothing to maintain.
        return VenueFigures(equity, maintenance or 0.0, initial, available, None if maintenance else 0.0)
    if margin_ratio <= 0.0:
        return VenueFigures(equity, maintenance, initial, available, None)
    requirement = maintenance if equity is None else max(maintenance or 0.0, equity / margin_ratio)
    return VenueFigures(equity, requirement, initial, available, 1.0 / margin_ratio)


def _with_pools(figures: VenueFigures, pools: Mapping[str, VenueFigures]) -> VenueReported:
    return VenueReported(
        equity=figures.equity,
        maintenance_margin=figures.maintenance_margin,
        initial_margin=figures.initial_margin,
        available_margin=figures.available_margin,
        risk_ratio=figures.risk_ratio,
        pools=pools,
    )
