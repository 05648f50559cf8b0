"""BingX's own figures of an account, normalised: requirement / equity, where 1 is liquidation. Pure."""

from __future__ import annotations

from typing import Final

from guard.risk.assets import STABLE
from guard.risk.book import VenueFigures, VenueReported
from guard.venues.bingx.answers import Answers, settle_of
from guard.venues.bingx.parse import BalanceRow, PositionRow
from guard.venues.markets import MarketTable

MULTI_ASSETS_POOL: Final = "USD"
# The venue rounds its rate to four places: from here on that is at most half a percent of it.
_RATE_TOLD_WELL = 0.01


def pool_figures(answers: Answers, markets: MarketTable) -> VenueReported:
    """What the venue says of each wallet's cross pool.

    The venue's risk rate stands with each position; of cross positions it is the pool's (as the rates of a lone
    position show), and the highest is taken.
    """
    pools = {
        row.asset: _pool(row, [leg for leg in answers.positions if settle_of(leg, markets) == row.asset])
        for row in (*answers.coin_balances, *answers.balances)
    }
    if len(pools) == 1 and not any(leg.is_isolated for leg in answers.positions):
        only = next(iter(pools.values()))
        return VenueReported(
            only.equity, only.maintenance_margin, only.initial_margin, only.available_margin, only.risk_ratio, pools
        )
    return VenueReported(pools=pools)


def _pool(wallet: BalanceRow, legs: list[PositionRow]) -> VenueFigures:
    cross = [leg for leg in legs if not leg.is_isolated]
    equity, rate = cross_equity(wallet, legs), _highest(cross)
    return VenueFigures(
        equity=equity,
        maintenance_margin=_requirement(equity, rate),
        initial_margin=_sum([leg.initial_margin for leg in cross]),
        available_margin=wallet.available,
        risk_ratio=rate,
    )


def _requirement(equity: float | None, rate: float | None) -> float | None:
    """Maintenance margin and closing fees, which the venue tells as a part of the equity only.

    None while that part is so small that its rounding would look like a disagreement.
    """
    return rate * equity if equity is not None and rate is not None and rate >= _RATE_TOLD_WELL else None


def cross_equity(wallet: BalanceRow, legs: list[PositionRow]) -> float | None:
    """What carries the cross legs: the wallet's equity less what orders withhold and less the isolated legs.

    None where one of these figures is not told.
    """
    equity = wallet.equity
    if equity is None and wallet.upl is not None:
        equity = wallet.balance + wallet.upl
    isolated = [leg for leg in legs if leg.is_isolated]
    held = _sum([value for leg in isolated for value in (leg.margin, leg.upl)])
    return None if equity is None or held is None else equity - wallet.frozen - held


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _highest(legs: list[PositionRow]) -> float | None:
    known = [leg.risk_rate for leg in legs if leg.risk_rate is not None]
    return max(known, default=0.0) if len(known) == len(legs) else None


def multi_assets_figures(answers: Answers) -> VenueReported:
    """What the venue says of the one pool of multi-assets mode. Only its stablecoins have a known price here."""
    equity = _sum([row.equity for row in answers.balances if row.asset in STABLE])
    cross = [leg for leg in answers.positions if leg.kind == "linear" and not leg.is_isolated]
    return VenueReported(pools={MULTI_ASSETS_POOL: VenueFigures(equity=equity, risk_ratio=_highest(cross))})


def implied_rate(row: PositionRow, answers: Answers, markets: MarketTable, taker: float) -> float | None:
    """The maintenance rate at which a coin-margined leg's pool has the risk rate that the venue states.

    Formula:
        `risk rate * equity / value of the pool's legs - taker`, values in the coin at the mark

    Returns:
        A fraction of the value; None where the venue's figures do not give it.
    """
    settle, listing = settle_of(row, markets), markets.by_id.get(row.market_id)
    wallet = next((found for found in answers.coin_balances if found.asset == settle), None)
    legs = [leg for leg in answers.positions if leg.kind == "inverse" and settle_of(leg, markets) == settle]
    if row.is_isolated:
        pool, equity = [row], _sum([row.margin, row.upl])
    else:
        pool = [leg for leg in legs if not leg.is_isolated]
        equity = cross_equity(wallet, legs) if wallet else None
    marks = [leg.mark_price or answers.marks.get(leg.market_id) for leg in pool]
    if listing is None or row.risk_rate is None or equity is None or any(mark is None for mark in marks):
        return None
    value = sum(
        leg.contracts * listing.contract_size / mark for leg, mark in zip(pool, marks, strict=True) if mark is not None
    )
    rate = row.risk_rate * equity / value - taker
    return rate if rate > 0 else None
