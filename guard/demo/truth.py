"""What is really so in an account of the sandbox, told in the guard's own measures. Pure.

The unguarded account is not watched by anybody: its risk is computed here from the venue's state, with the same risk
engine that the guard uses, so that both accounts can stand in one chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, Position, Tier
from guard.risk.report import AccountRisk
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market


def account_risk(account: Account, market: Market) -> AccountRisk:
    """Risk of an account whose legs are all cross, at the venue's present marks.

    Raises:
        BookError: the account cannot be assessed.
    """
    return assess(account_book(account, market))


def account_book(account: Account, market: Market) -> Book:
    """The book of an account whose legs are all cross, at the venue's present marks."""
    legs = account.held()
    marks = {leg.symbol: market.mark(leg.symbol) for leg in legs}
    instruments = {leg.symbol: market.instruments[leg.symbol] for leg in legs}
    return Book(
        account=account.name,
        venue="binanceusdm",
        model="binance-usdm",
        as_of=datetime.fromtimestamp(market.now_ms / 1000, tz=UTC),
        position_mode="hedge" if account.hedge_mode else "one_way",
        fees=Fees(taker=float(account.taker_rate), maker=float(account.maker_rate)),
        collateral=tuple(Collateral(asset, float(amount)) for asset, amount in sorted(account.wallets.items())),
        positions=tuple(
            Position(
                symbol=unified(instruments[leg.symbol]),
                side="long" if leg.qty > 0 else "short",
                contracts=float(abs(leg.qty)),
                contract_size=1.0,
                kind="linear",
                settle=instruments[leg.symbol].margin_asset,
                entry_price=float(leg.entry_price),
                mark_price=float(marks[leg.symbol]),
                leverage=float(account.settings_of(leg.symbol).leverage),
            )
            for leg in legs
        ),
        tiers={unified(instrument): tiers_of(instrument) for instrument in instruments.values()},
    )


def unified(instrument: Instrument) -> str:
    """The symbol as the guard writes it: `BTC/USDT:USDT`."""
    return f"{instrument.base}/{instrument.quote}:{instrument.margin_asset}"


def tiers_of(instrument: Instrument) -> tuple[Tier, ...]:
    """The contract's brackets as tiers of the risk engine; the last one has no upper bound."""
    *inner, last = instrument.brackets
    return (
        *(
            Tier(float(row.floor), float(row.cap), float(row.mm_rate), float(row.cum), float(row.max_leverage))
            for row in inner
        ),
        Tier(float(last.floor), None, float(last.mm_rate), float(last.cum), float(last.max_leverage)),
    )


def protection_cost(account: Account, market: Market) -> Decimal:
    """What the account's own trades cost, in its margin asset: fees, and the distance of each fill from the mark."""
    fees = sum((trade.fee for trade in account.trades), Decimal(0))
    slippage = sum(
        (trade.side.sign * (trade.price - market.series[trade.symbol].price(trade.at_ms)) * trade.qty)
        for trade in account.trades
    )
    return fees + slippage


def shares_of(start: Mapping[str, Decimal], market: Market) -> dict[str, float]:
    """Each price as a multiple of its start: 0.7 = 30 % below."""
    return {symbol: float(market.mark(symbol) / price) for symbol, price in start.items()}
