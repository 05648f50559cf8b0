"""BingX's own figures of an account, normalised: requirement / equity, where 1 is liquidation. Pure."""

from __future__ import annotations

from typing import Final

from guard.risk.assets import STABLE
from guard.risk.book import VenueFigures, VenueReported
from guard.venues.bingx.answers import Answers, settle_of
from guard.venues.bingx.parse import BalanceRow, PositionRow
from guard.venues.markets import MarketTable

MULTI_ASSETS_POOL: Final = "USD"
# The venue computes the fields of its answers at prices of different moments: in a public sample of one position they
# lie up to 0.3 % apart (`markPrice` and `unrealizedProfit` belong together, `riskRate` is older).
_PRICE_LAG = 0.005
# It rounds its rate to four places: from here on that is at most half a percent of it.
_RATE_TOLD_WELL = 0.01
# Up to so many times the equity a lag moves the rate by less than what is tolerated.
_VALUE_TOLD_WELL = 2.0


def pool_figures(answers: Answers, markets: MarketTable) -> VenueReported:
    """What the venue says of each wallet's cross pool.

    The venue's risk rate stands with each position; of cross positions it is the pool's (as the rates of a lone
    position show), and the highest is taken.
    """
    pools = {
        row.asset: _pool(row, *_legs_of(row.asset, answers, markets))
        for row in (*answers.coin_balances, *answers.balances)
    }
    if len(pools) == 1 and not any(leg.is_isolated for leg in answers.positions):
        only = next(iter(pools.values()))
        return VenueReported(
            only.equity, only.maintenance_margin, only.initial_margin, only.available_margin, only.risk_ratio, pools
        )
    return VenueReported(pools=pools)


def _pool(wallet: BalanceRow, legs: list[PositionRow], value: float | None) -> VenueFigures:
    """The figures of a wallet's cross pool; `value` is that of all its legs at the mark, None = not known."""
    cross = [leg for leg in legs if not leg.is_isolated]
    equity, rate = cross_equity(wallet, legs, value), _highest(cross)
    return VenueFigures(
        equity=equity,
        maintenance_margin=_requirement(equity, rate, value),
        initial_margin=_sum([leg.initial_margin for leg in cross]),
        available_margin=wallet.available,
        risk_ratio=rate,
    )


def _requirement(equity: float | None, rate: float | None, value: float | None) -> float | None:
    """Maintenance margin and closing fees, which the venue tells as a part of the equity only.

    None while that part is so small that its rounding, or the account so levered that a lag of prices, would look
    like a disagreement.
    """
    if equity is None or rate is None or value is None:
        return None
    return rate * equity if rate >= _RATE_TOLD_WELL and value <= _VALUE_TOLD_WELL * equity else None


def cross_equity(wallet: BalanceRow, legs: list[PositionRow], value: float | None) -> float | None:
    """What carries the cross legs: balance and PnL, less what orders withhold and less the isolated margins.

    The PnL is that of the positions' answer, whose marks are ours too, as long as it differs from the wallet's by no
    more than a lag of prices explains; else the wallet's, so that a position that was not told is noticed. None where
    a figure is not told.
    """
    margins = _sum([leg.margin for leg in legs if leg.is_isolated])
    told, cross = _sum([leg.upl for leg in legs]), _sum([leg.upl for leg in legs if not leg.is_isolated])
    if margins is None or cross is None or told is None:
        return None
    stated = wallet.equity - wallet.balance if wallet.equity is not None else wallet.upl
    if stated is None:
        return None
    beyond = stated - told
    lag = max(0.01, _PRICE_LAG * value) if value is not None else 0.0
    return wallet.balance + cross + (0.0 if abs(beyond) <= lag else beyond) - wallet.frozen - margins


def _legs_of(asset: str, answers: Answers, markets: MarketTable) -> tuple[list[PositionRow], float | None]:
    """The legs that settle in `asset`, and the value of all of them at the mark; None = a size or mark is missing."""
    legs = [leg for leg in answers.positions if settle_of(leg, markets) == asset]
    return legs, _sum([_value(leg, answers, markets) for leg in legs])


def _value(leg: PositionRow, answers: Answers, markets: MarketTable) -> float | None:
    """What a leg is worth at the mark, in its settlement asset."""
    listing, mark = markets.by_id.get(leg.market_id), leg.mark_price or answers.marks.get(leg.market_id)
    if listing is None or mark is None:
        return None
    size = leg.contracts * listing.contract_size
    return size / mark if leg.kind == "inverse" else size * mark


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
    settle = settle_of(row, markets)
    wallet = next((found for found in answers.coin_balances if found.asset == settle), None)
    legs, every = _legs_of(settle, answers, markets)
    if row.is_isolated:
        value, equity = _value(row, answers, markets), _sum([row.margin, row.upl])
    else:
        value = _sum([_value(leg, answers, markets) for leg in legs if not leg.is_isolated])
        equity = cross_equity(wallet, legs, every) if wallet else None
    if row.risk_rate is None or equity is None or not value:
        return None
    rate = row.risk_rate * equity / value - taker
    return rate if rate > 0 else None
