"""Binance portfolio margin: linear and inverse legs and margin loans in one pool of dollars, dead at uniMMR 1.05.

A wallet below zero is a margin loan: its asset must be maintained too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.margin import AccountFigures, LegFigures, usd_equity
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD, BracketRule

_ZERO = Decimal(0)
LIQUIDATION_AT = Decimal("1.05")
LOAN_LEVERAGE = 5
LOAN_MM_RATE = Decimal("0.08")


class PortfolioMarginRule(BracketRule):
    """Equity counts every asset at its collateral rate, debts in full, and what open orders would lose at once."""

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """One pool; portfolio margin knows no isolated legs."""
        return {USD: figures.legs}

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """In USD; debts have no ask buffer here."""
        return usd_equity(market, figures) - open_loss(account, market)

    def requirement(
        self, account: Account, market: Market, figures: AccountFigures, currency: str, legs: Sequence[LegFigures]
    ) -> Decimal:
        """What the account dies at: 1.05 times its maintenance margin."""
        return LIQUIDATION_AT * maintenance(account, market, figures)

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """Equity less what legs and orders withhold, in `asset`."""
        withheld = sum(
            ((item.position_initial + item.order_initial) * market.asset(name).index)
            for name, item in figures.assets.items()
        )
        free = self.equity(account, market, figures, USD) - withheld
        return max(_ZERO, free) / market.asset(asset).index


def maintenance(account: Account, market: Market, figures: AccountFigures) -> Decimal:
    """Maintenance margin of legs and loans, in USD."""
    legs = (item.maintenance * market.asset(name).index for name, item in figures.assets.items())
    loans = (max(_ZERO, -amount) * LOAN_MM_RATE * market.asset(name).index for name, amount in account.wallets.items())
    return sum(legs, _ZERO) + sum(loans, _ZERO)


def open_loss(account: Account, market: Market) -> Decimal:
    """What orders that may open would lose at the mark the moment they fill, in USD."""
    total = _ZERO
    for order in account.open_orders.values():
        if not order.closes:
            instrument = market.instruments[order.symbol]
            gain = instrument.pnl(order.remaining * order.side.sign, order.price, market.mark(order.symbol))
            total += max(_ZERO, -gain) * market.asset(instrument.margin_asset).index
    return total
