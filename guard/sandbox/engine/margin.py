"""The venue's own margin figures, in exact decimals: written to agree with the guard, not to share with it.

Owns the values and what is the same on every venue: the sums over legs, assets and open orders. How much a leg needs
and which legs live or die together is said by the venue's `MarginRule`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.sides import Leg, Side

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LegFigures:
    """One leg at the current mark, in its margin asset."""

    position: Position
    mark: Decimal
    notional: Decimal
    unrealized: Decimal
    maintenance: Decimal
    initial: Decimal
    leverage: int
    isolated: bool

    @property
    def isolated_margin(self) -> Decimal:
        """The leg's own margin: its wallet and its unrealized PnL; 0 for a cross leg."""
        return self.position.isolated_wallet + self.unrealized if self.isolated else _ZERO


@dataclass(frozen=True, slots=True)
class AssetFigures:
    """One margin asset of an account."""

    asset: str
    wallet: Decimal
    cross_wallet: Decimal
    unrealized: Decimal
    cross_unrealized: Decimal
    maintenance: Decimal
    cross_maintenance: Decimal
    position_initial: Decimal
    cross_position_initial: Decimal
    order_initial: Decimal

    @property
    def margin_balance(self) -> Decimal:
        """Wallet and unrealized PnL, isolated legs included."""
        return self.wallet + self.unrealized

    @property
    def cross_margin_balance(self) -> Decimal:
        """What carries the cross legs."""
        return self.cross_wallet + self.cross_unrealized

    @property
    def initial(self) -> Decimal:
        """Initial margin of legs and open orders."""
        return self.position_initial + self.order_initial

    @property
    def available(self) -> Decimal:
        """What new orders may use in single-asset mode."""
        return max(_ZERO, self.cross_margin_balance - self.cross_position_initial - self.order_initial)

    @property
    def withdrawable(self) -> Decimal:
        """What may leave: never unrealized profit."""
        return max(_ZERO, min(self.available, self.cross_wallet))


@dataclass(frozen=True, slots=True)
class OrderNotionals:
    """Notional of open orders of one leg that can make it larger."""

    bids: Decimal = _ZERO
    asks: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """Everything the venue computes about an account at one moment."""

    legs: tuple[LegFigures, ...]
    assets: Mapping[str, AssetFigures]
    order_notionals: Mapping[tuple[str, Leg], OrderNotionals]
    order_initials: Mapping[tuple[str, Leg], Decimal]

    def leg(self, symbol: str, leg: Leg) -> LegFigures | None:
        """The figures of one held leg."""
        for figures in self.legs:
            if figures.position.symbol == symbol and figures.position.leg is leg:
                return figures
        return None


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of margin that lives or dies as one: in its asset, or in USD when several assets back it.

    `maintenance` is the whole requirement of the pool. A venue that is dead by another comparison has a subclass.
    """

    currency: str
    equity: Decimal
    maintenance: Decimal
    legs: tuple[LegFigures, ...]
    isolated: bool = False

    @property
    def is_dead(self) -> bool:
        """Liquidation: there is something to maintain and the equity does not exceed it."""
        return bool(self.legs) and self.equity <= self.maintenance

    @property
    def surplus(self) -> Decimal:
        """How far the equity is above the requirement; death is where it is 0."""
        return self.equity - self.maintenance

    @property
    def ratio(self) -> Decimal | None:
        """Maintenance over equity; None when there is no equity."""
        return self.maintenance / self.equity if self.equity > 0 else None


def account_figures(account: Account, market: Market) -> AccountFigures:
    """Every leg, asset and open-order margin of an account, at the current marks."""
    rule = market.rule
    legs = tuple(rule.leg(account, market, position) for position in account.held())
    notionals = _order_notionals(account, market)
    initials = {key: rule.order_initial(account, market, key, value) for key, value in notionals.items()}
    names = sorted({*account.wallets, *(market.instruments[leg.position.symbol].margin_asset for leg in legs)})
    assets = {name: _asset_figures(account, market, name, legs, initials) for name in names}
    return AccountFigures(legs, assets, notionals, initials)


def figures_after(account: Account, market: Market, before: AccountFigures, symbol: str) -> AccountFigures:
    """What `before` becomes in a `market` in which only the mark of `symbol` is another one."""
    rule, legs = market.rule, []
    name = market.instruments[symbol].margin_asset
    asset = before.assets.get(name)
    for leg in before.legs:
        if leg.position.symbol == symbol and asset is not None:
            moved = rule.leg(account, market, leg.position)
            asset = _shifted(asset, leg, moved)
            legs.append(moved)
        else:
            legs.append(leg)
    initials = {
        key: rule.order_initial(account, market, key, before.order_notionals[key]) if key[0] == symbol else value
        for key, value in before.order_initials.items()
    }
    if asset is None:
        return before
    added = sum((initials[key] - before.order_initials[key] for key in initials if key[0] == symbol), _ZERO)
    asset = replace(asset, order_initial=asset.order_initial + added)
    return AccountFigures(tuple(legs), {**before.assets, name: asset}, before.order_notionals, initials)


def _shifted(asset: AssetFigures, old: LegFigures, new: LegFigures) -> AssetFigures:
    """An asset's figures after one of its legs changed."""
    unrealized = new.unrealized - old.unrealized
    maintenance, initial = new.maintenance - old.maintenance, new.initial - old.initial
    own = _ZERO if new.isolated else Decimal(1)
    return replace(
        asset,
        unrealized=asset.unrealized + unrealized,
        cross_unrealized=asset.cross_unrealized + unrealized * own,
        maintenance=asset.maintenance + maintenance,
        cross_maintenance=asset.cross_maintenance + maintenance * own,
        position_initial=asset.position_initial + initial,
        cross_position_initial=asset.cross_position_initial + initial * own,
    )


def usd_equity(market: Market, figures: AccountFigures) -> Decimal:
    """Equity of all assets together, in USD.

    Formula: `sum(min(eq * bid_rate, eq * ask_rate))`, so that a debt is converted at the ask rate.
    """
    total = _ZERO
    for name, asset in figures.assets.items():
        index = market.asset(name)
        total += min(asset.cross_margin_balance * index.bid_rate, asset.cross_margin_balance * index.ask_rate)
    return total


def usd_maintenance(market: Market, figures: AccountFigures) -> Decimal:
    """Maintenance margin of all cross legs together, in USD."""
    parts = (asset.cross_maintenance * market.asset(name).ask_rate for name, asset in figures.assets.items())
    return sum(parts, _ZERO)


def _asset_figures(
    account: Account,
    market: Market,
    name: str,
    legs: Sequence[LegFigures],
    initials: Mapping[tuple[str, Leg], Decimal],
) -> AssetFigures:
    mine = [leg for leg in legs if market.instruments[leg.position.symbol].margin_asset == name]
    cross = [leg for leg in mine if not leg.isolated]
    wallet = account.wallets.get(name, _ZERO)
    aside = sum((leg.position.isolated_wallet for leg in mine), _ZERO)
    orders = (value for (symbol, _), value in initials.items() if market.instruments[symbol].margin_asset == name)
    return AssetFigures(
        asset=name,
        wallet=wallet,
        cross_wallet=wallet - aside,
        unrealized=sum((leg.unrealized for leg in mine), _ZERO),
        cross_unrealized=sum((leg.unrealized for leg in cross), _ZERO),
        maintenance=sum((leg.maintenance for leg in mine), _ZERO),
        cross_maintenance=sum((leg.maintenance for leg in cross), _ZERO),
        position_initial=sum((leg.initial for leg in mine), _ZERO),
        cross_position_initial=sum((leg.initial for leg in cross), _ZERO),
        order_initial=sum(orders, _ZERO),
    )


def _order_notionals(account: Account, market: Market) -> dict[tuple[str, Leg], OrderNotionals]:
    found: dict[tuple[str, Leg], OrderNotionals] = {}
    for order in account.open_orders.values():
        if order.closes:
            continue
        old = found.get((order.symbol, order.leg), OrderNotionals())
        notional = market.instruments[order.symbol].notional(order.remaining, order.price)
        found[order.symbol, order.leg] = (
            OrderNotionals(old.bids + notional, old.asks)
            if order.side is Side.BUY
            else OrderNotionals(old.bids, old.asks + notional)
        )
    return found
