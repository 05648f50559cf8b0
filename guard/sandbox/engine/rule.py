"""How a venue computes margins: the protocol that the engine asks, and the rule with leverage brackets.

A venue with another rule subclasses `BracketRule` and overrides the few methods in which it differs; `Engine(rule=...)`
puts it into force everywhere: death, admission, transfers, and the liquidation price that is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import (
    AccountFigures,
    LegFigures,
    OrderNotionals,
    Pool,
    usd_equity,
    usd_maintenance,
)
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.sides import Leg

_ZERO = Decimal(0)
USD = "USD"


class MarginRule(Protocol):
    """What the engine must know of a venue's margin system."""

    def leg(self, account: Account, market: Market, position: Position) -> LegFigures:
        """One leg at the current mark, in its margin asset; also of an empty one."""
        ...

    def pools(self, account: Account, market: Market, figures: AccountFigures) -> list[Pool]:
        """Every pool that lives or dies as one, isolated ones first; also cross pools without legs."""
        ...

    def order_initial(self, account: Account, market: Market, key: tuple[str, Leg], orders: OrderNotionals) -> Decimal:
        """What the open orders of one leg withhold, in its margin asset."""
        ...

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """What new orders in `asset` may use, in that asset; never below 0."""
        ...


class BracketRule:
    """Leverage brackets on each leg, a pool for each margin asset, or one in USD in multi-assets mode.

    Open orders withhold initial margin and add nothing to the requirement; closing costs nothing; both legs of a hedge
    pay. Written as small methods, in the order of a computation:

    - a leg: `leg_notional`, `leg_maintenance`, `leg_initial` (called by `leg`);
    - an isolated leg: `isolated_equity`, `isolated_requirement`;
    - cross pools: `groups` (which legs go together, and in what currency), `equity`, `requirement`;
    - `pool` makes the `Pool`: return a subclass when death has another condition than `equity <= requirement`.
    """

    def leg(self, account: Account, market: Market, position: Position) -> LegFigures:
        """One leg at the current mark."""
        mark = market.mark(position.symbol)
        instrument = market.instruments[position.symbol]
        settings = account.settings_of(position.symbol)
        notional = self.leg_notional(account, market, position)
        return LegFigures(
            position=position,
            mark=mark,
            notional=notional,
            unrealized=instrument.pnl(position.qty, position.entry_price, mark),
            maintenance=self.leg_maintenance(account, market, position, notional),
            initial=self.leg_initial(account, market, position, notional),
            leverage=settings.leverage,
            isolated=settings.isolated,
        )

    def leg_notional(self, account: Account, market: Market, position: Position) -> Decimal:
        """The value of the leg that margins are computed on, >= 0, in its margin asset: at the mark."""
        return market.instruments[position.symbol].notional(abs(position.qty), market.mark(position.symbol))

    def leg_maintenance(
        self,
        account: Account,
        market: Market,
        position: Position,
        notional: Decimal,
    ) -> Decimal:
        """What the leg must maintain, in its margin asset."""
        return market.instruments[position.symbol].maintenance(notional)

    def leg_initial(
        self,
        account: Account,
        market: Market,
        position: Position,
        notional: Decimal,
    ) -> Decimal:
        """What the leg withholds, in its margin asset."""
        return notional / account.settings_of(position.symbol).leverage

    def pools(self, account: Account, market: Market, figures: AccountFigures) -> list[Pool]:
        """A pool for each isolated leg, then the cross pools."""
        return [*self.isolated_pools(account, market, figures), *self.cross_pools(account, market, figures)]

    def isolated_pools(self, account: Account, market: Market, figures: AccountFigures) -> list[Pool]:
        """Each isolated leg is a pool of its own."""
        return [
            self.pool(
                market.instruments[leg.position.symbol].margin_asset,
                self.isolated_equity(account, market, leg),
                self.isolated_requirement(account, market, leg),
                (leg,),
                isolated=True,
            )
            for leg in figures.legs
            if leg.isolated
        ]

    def isolated_equity(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """What carries an isolated leg, in its margin asset."""
        return leg.isolated_margin

    def isolated_requirement(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """What an isolated leg must keep, in its margin asset."""
        return leg.maintenance

    def cross_pools(self, account: Account, market: Market, figures: AccountFigures) -> list[Pool]:
        """The cross pools, those without legs included."""
        return [
            self.pool(
                currency,
                self.equity(account, market, figures, currency),
                self.requirement(account, market, figures, currency, legs),
                tuple(legs),
            )
            for currency, legs in self.groups(account, market, figures).items()
        ]

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """The cross legs that share a pool, by the pool's currency: a margin asset, or a money like USD."""
        if account.multi_assets:
            return {USD: [leg for leg in figures.legs if not leg.isolated]}
        found: dict[str, list[LegFigures]] = {name: [] for name in figures.assets}
        for leg in figures.legs:
            if not leg.isolated:
                found[market.instruments[leg.position.symbol].margin_asset].append(leg)
        return found

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """What carries the cross legs of a pool, in its currency."""
        return usd_equity(market, figures) if account.multi_assets else figures.assets[currency].cross_margin_balance

    def requirement(
        self,
        account: Account,
        market: Market,
        figures: AccountFigures,
        currency: str,
        legs: Sequence[LegFigures],
    ) -> Decimal:
        """What a cross pool must keep, in its currency; the pool dies when its equity does not exceed it."""
        if account.multi_assets:
            return usd_maintenance(market, figures)
        return sum((leg.maintenance for leg in legs), _ZERO)

    def pool(
        self,
        currency: str,
        equity: Decimal,
        requirement: Decimal,
        legs: tuple[LegFigures, ...],
        *,
        isolated: bool = False,
    ) -> Pool:
        """The pool's value: a subclass of `Pool` may die by another comparison."""
        return Pool(currency, equity, requirement, legs, isolated)

    def order_initial(self, account: Account, market: Market, key: tuple[str, Leg], orders: OrderNotionals) -> Decimal:
        """The larger of the two sides that the orders could lead to, less the position, at the leverage."""
        symbol, leg = key
        held = market.instruments[symbol].notional(account.position(symbol, leg).qty, market.mark(symbol))
        worst = max(abs(held + orders.bids), abs(held - orders.asks))
        return max(_ZERO, worst - abs(held)) / account.settings_of(symbol).leverage

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """The cross equity less what legs and orders withhold, in `asset`."""
        if not account.multi_assets:
            return figures.assets[asset].available if asset in figures.assets else _ZERO
        initial = sum(
            (
                (item.cross_position_initial + item.order_initial) * market.asset(name).ask_rate
                for name, item in figures.assets.items()
            ),
            _ZERO,
        )
        return max(_ZERO, usd_equity(market, figures) - initial) / market.asset(asset).ask_rate
