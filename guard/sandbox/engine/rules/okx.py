"""OKX: tiers by contracts whose rate holds for the whole position, a fee for the liquidation on top, discounted coins.

Account modes by OKX's own numbers (`Account.mode`): 2 futures (a pool for each currency), 3 multi-currency (one in
USD), 4 portfolio margin (one in USD, by a scenario's loss). Without a mode it is 3 for multi-assets accounts, else 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import INVERSE_START_PRICES, START_PRICES
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import Order
from guard.sandbox.engine.rule import USD, BracketRule

_ZERO, _ONE = Decimal(0), Decimal(1)
_START_PRICES: Final = {**START_PRICES, **INVERSE_START_PRICES}
FUTURES, MULTI, PORTFOLIO = "2", "3", "4"
_SCENARIO_MOVE = Decimal("0.12")


@dataclass(frozen=True, slots=True)
class ContractTier:
    """Up to `max_contracts`: a rate that holds for all of a position."""

    max_contracts: Decimal
    mm_rate: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class Discount:
    """What counts of the part of a currency between two amounts; `end` None = no end."""

    start: Decimal
    end: Decimal | None
    rate: Decimal


def _discounts(*rows: tuple[str, str | None, str]) -> tuple[Discount, ...]:
    return tuple(
        Discount(Decimal(start), None if end is None else Decimal(end), Decimal(rate)) for start, end, rate in rows
    )


DISCOUNTS: Final[Mapping[str, tuple[Discount, ...]]] = {
    "USDT": _discounts(("0", None, "1")),
    "USDC": _discounts(("0", None, "1")),
    "BTC": _discounts(("0", "20", "0.98"), ("20", "25", "0.9775"), ("25", None, "0.95")),
    "ETH": _discounts(("0", "1000", "0.98"), ("1000", "5000", "0.975"), ("5000", None, "0.9")),
}
"""Tiers of what counts in multi-currency mode; a currency without tiers counts for nothing."""


def mode_of(account: Account) -> str:
    """OKX's number of the account's mode."""
    return account.mode or (MULTI if account.multi_assets else FUTURES)


@cache
def tiers_of(instrument: Instrument) -> tuple[ContractTier, ...]:
    """The tiers of a contract: its brackets, measured in whole contracts at the price at which it started."""
    price = _START_PRICES.get(instrument.symbol, Decimal(100))
    found = []
    for bracket in instrument.brackets:
        qty = bracket.cap * price if instrument.is_inverse else bracket.cap / price
        contracts = max(_ONE, instrument.contracts(qty).quantize(_ONE, ROUND_HALF_UP))
        found.append(ContractTier(contracts, bracket.mm_rate, bracket.max_leverage))
    return tuple(found)


def tier_rate(instrument: Instrument, qty: Decimal) -> Decimal:
    """The maintenance rate of a position of `qty`, by its contracts."""
    contracts = instrument.contracts(abs(qty))
    tiers = tiers_of(instrument)
    return next((tier.mm_rate for tier in tiers if contracts <= tier.max_contracts), tiers[-1].mm_rate)


def counted(currency: str, amount: Decimal) -> Decimal:
    """How much of an amount counts as collateral, in its own units; a debt counts in full."""
    if amount <= 0:
        return amount
    total = _ZERO
    for tier in DISCOUNTS.get(currency, ()):
        end = amount if tier.end is None else min(amount, tier.end)
        total += max(_ZERO, end - tier.start) * tier.rate
    return total


@dataclass(frozen=True, slots=True)
class OrderCharge:
    """What the cross orders of one symbol ask for beyond its positions, in its margin asset."""

    value: Decimal
    maintenance: Decimal


class OkxRule(BracketRule):
    """OKX's own margins; dead where `mgnRatio` = equity / (maintenance margin + liquidation fees) is at most 1."""

    def leg_maintenance(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """The rate of the tier that holds all of the position's contracts."""
        return notional * tier_rate(market.instruments[position.symbol], position.qty)

    def isolated_requirement(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """Maintenance and the fee of its liquidation."""
        return leg.maintenance + leg.notional * account.taker_rate

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """A pool for each currency in futures mode, else one in USD."""
        cross = [leg for leg in figures.legs if not leg.isolated]
        if mode_of(account) != FUTURES:
            return {USD: cross}
        names = sorted({*figures.assets, *(market.instruments[leg.position.symbol].margin_asset for leg in cross)})
        return {
            name: [leg for leg in cross if market.instruments[leg.position.symbol].margin_asset == name]
            for name in names
        }

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """Cross balance and unrealized PnL less what isolated orders reserve; discounted where it is in USD."""
        reserved = reserved_of(account, market)
        if mode_of(account) == FUTURES:
            return figures.assets[currency].cross_margin_balance - reserved.get(currency, _ZERO)
        total = _ZERO
        for name, asset in figures.assets.items():
            free = asset.cross_margin_balance - reserved.get(name, _ZERO)
            total += counted(name, free) * market.asset(name).index
        return total

    def requirement(
        self,
        account: Account,
        market: Market,
        figures: AccountFigures,
        currency: str,
        legs: Sequence[LegFigures],
    ) -> Decimal:
        """Maintenance of legs and orders, and the fees of their liquidation."""
        return self.maintenance_of(account, market, currency, legs) + self.fees_of(account, market, currency, legs)

    def maintenance_of(self, account: Account, market: Market, currency: str, legs: Sequence[LegFigures]) -> Decimal:
        """Maintenance margin of a pool without fees, in its currency: what the venue calls `mmr`."""
        if mode_of(account) == PORTFOLIO:
            return scenario_loss(market, legs)
        total = _ZERO
        for asset, amount in _by_asset(market, legs, "maintenance"):
            total += amount * _rate_to(market, asset, currency)
        for asset, charge in self._charges(account, market, currency):
            total += charge.maintenance * _rate_to(market, asset, currency)
        return total

    def fees_of(self, account: Account, market: Market, currency: str, legs: Sequence[LegFigures]) -> Decimal:
        """What the liquidation of a pool would cost, in its currency."""
        value = sum(
            (amount * _rate_to(market, asset, currency) for asset, amount in _by_asset(market, legs, "notional")), _ZERO
        )
        if mode_of(account) != PORTFOLIO:
            for asset, charge in self._charges(account, market, currency):
                value += charge.value * _rate_to(market, asset, currency)
        return value * account.taker_rate

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """The cross equity less what legs and orders withhold, in `asset`."""
        if mode_of(account) == FUTURES:
            return figures.assets[asset].available if asset in figures.assets else _ZERO
        withheld = sum(
            (
                (each.cross_position_initial + each.order_initial) * market.asset(name).index
                for name, each in figures.assets.items()
            ),
            _ZERO,
        )
        return max(_ZERO, self.equity(account, market, figures, USD) - withheld) / market.asset(asset).index

    def _charges(self, account: Account, market: Market, currency: str) -> Iterator[tuple[str, OrderCharge]]:
        """What the open orders of each symbol of a pool ask for, with the margin asset of each."""
        for symbol in sorted({order.symbol for order in opening_orders(account, isolated=False)}):
            asset = market.instruments[symbol].margin_asset
            if currency in {USD, asset}:
                yield asset, order_charge(account, market, symbol)


def opening_orders(account: Account, *, isolated: bool) -> list[Order]:
    """Open orders that can make a leg larger, of symbols in isolated or in cross margin."""
    return [
        order
        for order in account.open_orders.values()
        if not order.closes and account.settings_of(order.symbol).isolated == isolated
    ]


def order_charge(account: Account, market: Market, symbol: str) -> OrderCharge:
    """The exposure by which cross orders of a symbol make it larger, at the rate of the tier that all of it reaches.

    One-way: what the worse side adds to the net position. Long/short mode: all of the orders.
    """
    instrument, mark = market.instruments[symbol], market.mark(symbol)
    orders = [order for order in opening_orders(account, isolated=False) if order.symbol == symbol]
    held = [position for position in account.held() if position.symbol == symbol]
    buys = sum((order.remaining for order in orders if order.side.sign > 0), _ZERO)
    sells = sum((order.remaining for order in orders if order.side.sign < 0), _ZERO)
    if account.hedge_mode:
        beyond = buys + sells
    else:
        net = sum((position.qty for position in held), _ZERO)
        beyond = max(abs(net + buys), abs(net - sells)) - abs(net)
    reached = sum((abs(position.qty) for position in held), _ZERO) + buys + sells
    value = instrument.notional(max(_ZERO, beyond), mark)
    return OrderCharge(value, value * tier_rate(instrument, reached))


def reserved_of(account: Account, market: Market) -> dict[str, Decimal]:
    """What orders in isolated margin set aside, by margin asset: their margin and their fee."""
    found: dict[str, Decimal] = {}
    for order in opening_orders(account, isolated=True):
        instrument = market.instruments[order.symbol]
        value = instrument.notional(order.remaining, order.price)
        part = value * (_ONE / account.settings_of(order.symbol).leverage + account.taker_rate)
        found[instrument.margin_asset] = found.get(instrument.margin_asset, _ZERO) + part
    return found


def scenario_loss(market: Market, legs: Sequence[LegFigures]) -> Decimal:
    """What the legs of each base lose together when it moves by 12 %, added over bases, in USD.

    Much simpler than portfolio margin is; enough to be another figure than the sum over legs.
    """
    nets: dict[str, Decimal] = {}
    for leg in legs:
        instrument = market.instruments[leg.position.symbol]
        value = leg.notional * market.asset(instrument.margin_asset).index
        sign = _ONE if leg.position.qty > 0 else -_ONE
        nets[instrument.base] = nets.get(instrument.base, _ZERO) + sign * value
    return sum((abs(net) for net in nets.values()), _ZERO) * _SCENARIO_MOVE


def _by_asset(market: Market, legs: Sequence[LegFigures], what: str) -> Iterator[tuple[str, Decimal]]:
    for leg in legs:
        amount: Decimal = getattr(leg, what)
        yield market.instruments[leg.position.symbol].margin_asset, amount


def _rate_to(market: Market, asset: str, currency: str) -> Decimal:
    return market.asset(asset).index if currency == USD else _ONE
