"""Bybit's own figures of an account. Pure."""

from __future__ import annotations

from guard.risk.book import VenueFigures, VenueReported
from guard.venues.bybit.parse import WalletAnswer
from guard.venues.bybit.parse_reference import MarginWord

CURRENCY = "USD"
# Rates are cut off after 4 places: from here on they are exact to a thousandth.
_RATE_FROM = 0.1


def reported(wallet: WalletAnswer, margin: MarginWord) -> VenueReported:
    """The venue's figures of the one cross pool, in USD; nothing in isolated margin mode, to which none apply.

    Formula:
        equity = totalAvailableBalance + totalInitialMargin, while anything is available
               = totalInitialMargin / accountIMRate otherwise, or totalMaintenanceMargin / accountMMRate
        risk_ratio = totalMaintenanceMargin / equity, and never below accountMMRate, which is cut off

    The venue gives no equity after haircuts; `totalMarginBalance` and `totalEquity` are before them.
    """
    if margin == "isolated":
        return VenueReported()
    equity = _equity(wallet)
    ratio = _ratio(wallet, equity)
    figures = VenueFigures(equity, wallet.maintenance, wallet.initial, wallet.available, ratio)
    return VenueReported(
        equity=figures.equity,
        maintenance_margin=figures.maintenance_margin,
        initial_margin=figures.initial_margin,
        available_margin=figures.available_margin,
        risk_ratio=figures.risk_ratio,
        pools={CURRENCY: figures},
    )


def _equity(wallet: WalletAnswer) -> float | None:
    available, initial = wallet.available, wallet.initial
    if available is not None and initial is not None and (available > 0 or initial == 0):
        return available + initial
    for margin, rate in ((initial, wallet.initial_rate), (wallet.maintenance, wallet.margin_rate)):
        if margin is not None and rate is not None and rate >= _RATE_FROM:
            return margin / rate
    return None


def _ratio(wallet: WalletAnswer, equity: float | None) -> float | None:
    exact = None
    if wallet.maintenance is not None and equity is not None and (equity > 0 or wallet.maintenance == 0):
        exact = wallet.maintenance / equity if wallet.maintenance else 0.0
    known = [ratio for ratio in (exact, wallet.margin_rate) if ratio is not None]
    return max(known, default=None)
