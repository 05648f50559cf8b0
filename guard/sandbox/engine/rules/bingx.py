"""BingX: brackets and a closing fee on every leg; what orders freeze carries nothing.

Formula:
    requirement = sum(value * mm_rate - maintenance amount) + sum(value * taker), at the mark, both legs of a hedge
    equity      = wallet - isolated margins - frozen + unrealized PnL of the cross legs
    frozen      = sum(order value / leverage) of the orders that open something
    margin of a leg = value at its entry / leverage
    dead at requirement >= equity, in each settlement asset, and for each isolated leg by itself
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, LegFigures, OrderNotionals
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import BracketRule
from guard.sandbox.engine.sides import Leg

_ZERO = Decimal(0)


class BingxRule(BracketRule):
    """The rule of single-asset mode; multi-assets mode keeps that of brackets."""

    def leg_initial(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """On the entry price."""
        instrument = market.instruments[position.symbol]
        value = instrument.notional(abs(position.qty), position.entry_price) if position.qty else _ZERO
        return value / account.settings_of(position.symbol).leverage

    def isolated_requirement(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """With its closing fee."""
        return leg.maintenance + leg.notional * account.taker_rate

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """Without what open orders froze."""
        if account.multi_assets:
            return super().equity(account, market, figures, currency)
        asset = figures.assets[currency]
        return asset.cross_margin_balance - asset.order_initial

    def requirement(
        self,
        account: Account,
        market: Market,
        figures: AccountFigures,
        currency: str,
        legs: Sequence[LegFigures],
    ) -> Decimal:
        """With the closing fee of every leg."""
        if account.multi_assets:
            return super().requirement(account, market, figures, currency, legs)
        return sum((leg.maintenance + leg.notional * account.taker_rate for leg in legs), _ZERO)

    def order_initial(self, account: Account, market: Market, key: tuple[str, Leg], orders: OrderNotionals) -> Decimal:
        """Each order by itself."""
        return (orders.bids + orders.asks) / account.settings_of(key[0]).leverage

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """Equity less the margins of the cross legs."""
        if account.multi_assets:
            return super().available(account, market, figures, asset)
        found = figures.assets.get(asset)
        if found is None:
            return _ZERO
        return max(_ZERO, found.cross_margin_balance - found.order_initial - found.cross_position_initial)
