"""Bybit's unified account: one pool in USD for everything, the fee to close inside the margins.

    leg     value = size at the mark, in its settlement coin
            fee   = value * (1 - d / leverage) * taker      d = +1 where the bankruptcy price makes the value smaller
            MM    = bracket(value) + fee                    IM = value / leverage + fee
            isolated: MM bracket at the mark; IM and fee on the value at the entry price
    orders  MM    = order value * rate of the bracket that legs and orders of the symbol reach together
            IM    = order value * (1 / leverage + 2 * taker)
            loss  = what an order would lose at once, were it filled at its price
    debts   MM    = 4 % of a negative wallet
    equity  = sum(wallet less haircut, a debt in full) + unrealized PnL - order loss, at the index prices
    dead    where the sum of MM reaches equity

In portfolio margin the venue computes by scenarios that it does not publish; here its requirement is half of the above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, LegFigures, OrderNotionals
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD, BracketRule
from guard.sandbox.engine.sides import Leg

CROSS: Final = "REGULAR_MARGIN"
ISOLATED: Final = "ISOLATED_MARGIN"
PORTFOLIO: Final = "PORTFOLIO_MARGIN"
LOAN_RATE: Final = Decimal("0.04")
_PORTFOLIO_SHARE = Decimal("0.5")
_ZERO = Decimal(0)


def mode_of(account: Account) -> str:
    """The margin mode of the whole account, in the venue's word."""
    return account.mode or CROSS


class BybitRule(BracketRule):
    """Implements `guard.sandbox.engine.rule.MarginRule`."""

    def leg_maintenance(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """Bracket and fee to close."""
        bracket = market.instruments[position.symbol].maintenance(notional)
        return bracket + self.closing_fee(account, market, position, notional)

    def leg_initial(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """Value over leverage, and fee to close."""
        settings = account.settings_of(position.symbol)
        value = self._at_entry(market, position) if settings.isolated else notional
        return value / settings.leverage + self.closing_fee(account, market, position, notional)

    def closing_fee(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """The taker's fee at the bankruptcy price that the leverage implies."""
        settings = account.settings_of(position.symbol)
        is_smaller = (position.qty > 0) != market.instruments[position.symbol].is_inverse
        value = self._at_entry(market, position) if settings.isolated else notional
        return value * (1 - Decimal(1 if is_smaller else -1) / settings.leverage) * account.taker_rate

    def _at_entry(self, market: Market, position: Position) -> Decimal:
        if not position.qty:
            return _ZERO
        return market.instruments[position.symbol].notional(abs(position.qty), position.entry_price)

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """One pool of all cross legs."""
        return {USD: [leg for leg in figures.legs if not leg.isolated]}

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """What carries the account, in USD."""
        return self.margin_balance(market, figures) - self.haircut(market, figures) - self.order_loss(account, market)

    def margin_balance(self, market: Market, figures: AccountFigures) -> Decimal:
        """Wallets and unrealized PnL without isolated legs, before any haircut, in USD."""
        return self._in_usd(market, {name: asset.cross_margin_balance for name, asset in figures.assets.items()})

    def haircut(self, market: Market, figures: AccountFigures) -> Decimal:
        """What the collateral ratios take off, in USD."""
        parts = (
            max(_ZERO, asset.cross_wallet) * market.asset(name).index * market.asset(name).bid_buffer
            for name, asset in figures.assets.items()
        )
        return sum(parts, _ZERO)

    def order_loss(self, account: Account, market: Market) -> Decimal:
        """What open orders would lose at once, were they filled at their prices, in USD."""
        total = _ZERO
        for order in account.open_orders.values():
            if order.closes:
                continue
            instrument = market.instruments[order.symbol]
            gain = instrument.pnl(order.remaining * order.side.sign, order.price, market.mark(order.symbol))
            total += max(_ZERO, -gain) * market.asset(instrument.margin_asset).index
        return total

    def requirement(
        self,
        account: Account,
        market: Market,
        figures: AccountFigures,
        currency: str,
        legs: Sequence[LegFigures],
    ) -> Decimal:
        """Legs, orders and debts, in USD."""
        needs: dict[str, Decimal] = {}
        for leg in legs:
            name = market.instruments[leg.position.symbol].margin_asset
            needs[name] = needs.get(name, _ZERO) + leg.maintenance
        for name, asset in figures.assets.items():
            needs[name] = needs.get(name, _ZERO) + max(_ZERO, -asset.wallet) * LOAN_RATE
        total = self._in_usd(market, needs) + self.order_maintenance(market, figures)
        return total * _PORTFOLIO_SHARE if mode_of(account) == PORTFOLIO else total

    def order_maintenance(self, market: Market, figures: AccountFigures) -> Decimal:
        """What open orders must keep, in USD."""
        ordered: dict[str, Decimal] = {}
        for (symbol, _), orders in figures.order_notionals.items():
            ordered[symbol] = ordered.get(symbol, _ZERO) + orders.bids + orders.asks
        total = _ZERO
        for symbol, value in ordered.items():
            instrument = market.instruments[symbol]
            held = sum((leg.notional for leg in figures.legs if leg.position.symbol == symbol), _ZERO)
            rate = instrument.bracket_of(held + value).mm_rate
            total += value * rate * market.asset(instrument.margin_asset).index
        return total

    def initial(self, market: Market, figures: AccountFigures) -> Decimal:
        """Initial margin of cross legs and orders, in USD."""
        needs = {name: asset.cross_position_initial for name, asset in figures.assets.items()}
        for (symbol, _), margin in figures.order_initials.items():  # of coins without a wallet too
            name = market.instruments[symbol].margin_asset
            needs[name] = needs.get(name, _ZERO) + margin
        return self._in_usd(market, needs)

    def order_initial(self, account: Account, market: Market, key: tuple[str, Leg], orders: OrderNotionals) -> Decimal:
        """Every order by itself, with the fees to open and to close."""
        return (orders.bids + orders.asks) * (
            Decimal(1) / account.settings_of(key[0]).leverage + 2 * account.taker_rate
        )

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """What new orders may use: of the whole account; in isolated margin mode of the coin alone."""
        if mode_of(account) == ISOLATED:
            own = figures.assets.get(asset)
            return _ZERO if own is None else max(_ZERO, own.cross_wallet - own.order_initial)
        free = self.equity(account, market, figures, USD) - self.initial(market, figures)
        return max(_ZERO, free) / market.asset(asset).index

    def _in_usd(self, market: Market, amounts: Mapping[str, Decimal]) -> Decimal:
        return sum((amount * market.asset(name).index for name, amount in amounts.items()), _ZERO)
