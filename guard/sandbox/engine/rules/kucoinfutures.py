"""KuCoin futures: a continuous maintenance rate by the worse side of position and orders, net of hedges.

Account modes by the venue's own words (`Account.mode`): classic (a pool for each currency; the default), unified (one
in USD, by tiers whose rate holds for the whole position). Fees to close are part of a requirement, fees to open of
orders come off the equity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, LegFigures, OrderNotionals
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import Order
from guard.sandbox.engine.rule import USD, BracketRule
from guard.sandbox.engine.sides import Leg

_ZERO, _ONE = Decimal(0), Decimal(1)
UNIFIED = "unified"


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of a contract; `k` and `m` in base units."""

    k: Decimal
    m: Decimal
    lev_constant: Decimal
    f: Decimal = Decimal("1.3")
    mmr_limit: Decimal = Decimal("0.3")

    def rate(self, size: Decimal) -> Decimal:
        """The maintenance rate of `size` base units."""
        return min((_ONE + size / self.m) / (2 * self.lev_constant), self.mmr_limit)


# k, m, leverage constant, by the base coin.
_ROWS: Final[Mapping[str, tuple[str, str, str]]] = {
    "BTC": ("490", "300", "125"),
    "ETH": ("6500", "4000", "100"),
    "SOL": ("90000", "60000", "75"),
    "XRP": ("9000000", "6000000", "75"),
}
_OTHERS: Final = ("2000000", "1200000", "50")


def constants_of(market: Market, symbol: str) -> Constants:
    """The constants of a listed contract."""
    k, m, lev_constant = _ROWS.get(market.instruments[symbol].base, _OTHERS)
    return Constants(Decimal(k), Decimal(m), Decimal(lev_constant))


@dataclass(frozen=True, slots=True)
class SymbolSides:
    """What is held and ordered across of one symbol, in the contract's units; orders by their own price as well."""

    net: Decimal
    buys: Decimal
    sells: Decimal
    buys_value: Decimal
    sells_value: Decimal

    @property
    def worst(self) -> Decimal:
        """The larger exposure after either side's orders are filled."""
        return max(abs(self.net + self.buys), abs(self.net - self.sells))


class KucoinRule(BracketRule):
    """Dead where (maintenance margin + fees to close) / (margin - fees to open) reaches 1."""

    def leg_maintenance(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """The venue's figure of one leg, without the fee to close."""
        return notional * self.rate(account, market, position)

    def rate(self, account: Account, market: Market, position: Position) -> Decimal:
        """The maintenance rate that the venue shows of a leg."""
        instrument = market.instruments[position.symbol]
        if account.settings_of(position.symbol).isolated:
            return instrument.bracket_of(self.cost(market, position)).mm_rate
        if account.mode == UNIFIED:
            return instrument.bracket_of(instrument.notional(abs(position.qty), market.mark(position.symbol))).mm_rate
        return self.cross_rate(market, position.symbol, self.sides(account, market, position.symbol).worst)

    def cross_rate(self, market: Market, symbol: str, worst: Decimal) -> Decimal:
        """The continuous rate; an inverse size counts in coins."""
        size = worst / market.mark(symbol) if market.instruments[symbol].is_inverse else worst
        return constants_of(market, symbol).rate(size)

    def leg_initial(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """Value by the larger of 1 / leverage and f * maintenance rate; of an isolated leg cost by leverage."""
        leverage = account.settings_of(position.symbol).leverage
        if account.settings_of(position.symbol).isolated:
            return self.cost(market, position) / leverage
        return notional * self.initial_rate(account, market, position.symbol)

    def initial_rate(self, account: Account, market: Market, symbol: str) -> Decimal:
        """The initial rate of cross legs and orders of a symbol."""
        plain = _ONE / account.settings_of(symbol).leverage
        if account.mode == UNIFIED:
            return plain
        rate = self.cross_rate(market, symbol, self.sides(account, market, symbol).worst)
        return max(plain, constants_of(market, symbol).f * rate)

    def cost(self, market: Market, position: Position) -> Decimal:
        """What the leg was worth when it was opened, in its margin asset."""
        return market.instruments[position.symbol].notional(abs(position.qty), position.entry_price)

    def isolated_requirement(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """Rate and funding on the cost, and the fee at the bankruptcy price."""
        cost = self.cost(market, leg.position)
        rate = self.rate(account, market, leg.position) + market.funding_rate(leg.position.symbol)
        return cost * rate + self.closing_reserve(account, market, leg)

    def closing_reserve(self, account: Account, market: Market, leg: LegFigures) -> Decimal:
        """What an isolated leg keeps for the fee at its bankruptcy price."""
        return self.cost(market, leg.position) * (_ONE + _ONE / leg.leverage) * account.taker_rate

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """A pool for each currency, or one in USD."""
        if account.mode != UNIFIED:
            return super().groups(account, market, figures)
        return {USD: [leg for leg in figures.legs if not leg.isolated]}

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """Wallet and cross PnL without isolated legs and orders, less the fees to open."""
        names = figures.assets if account.mode == UNIFIED else {currency: figures.assets[currency]}
        total = _ZERO
        for name, asset in names.items():
            worth = market.asset(name).index if account.mode == UNIFIED else _ONE
            aside = self.fees_to_open(account, market, name) + self.isolated_orders(account, market, name)
            total += (asset.cross_margin_balance - aside) * worth
        return total

    def requirement(
        self,
        account: Account,
        market: Market,
        figures: AccountFigures,
        currency: str,
        legs: Sequence[LegFigures],
    ) -> Decimal:
        """Maintenance margin and fees to close: of the worse side of each symbol, or of each leg when unified."""
        if account.mode == UNIFIED:
            return sum(
                (
                    (leg.maintenance + leg.notional * account.taker_rate)
                    * market.asset(market.instruments[leg.position.symbol].margin_asset).index
                    for leg in legs
                ),
                _ZERO,
            )
        symbols = {leg.position.symbol for leg in legs}
        symbols |= {order.symbol for order in self.opening(account, market, currency)}
        return sum((self.symbol_requirement(account, market, symbol) for symbol in sorted(symbols)), _ZERO)

    def symbol_requirement(self, account: Account, market: Market, symbol: str) -> Decimal:
        """Of one symbol, in its margin asset."""
        worst = self.sides(account, market, symbol).worst
        value = market.instruments[symbol].notional(worst, market.mark(symbol))
        return value * (self.cross_rate(market, symbol, worst) + account.taker_rate)

    def sides(self, account: Account, market: Market, symbol: str) -> SymbolSides:
        """Position and opening orders of a symbol."""
        instrument = market.instruments[symbol]
        net = sum((position.qty for position in account.held() if position.symbol == symbol), _ZERO)
        amounts, values = {1: _ZERO, -1: _ZERO}, {1: _ZERO, -1: _ZERO}
        for order in account.open_orders.values():
            if order.symbol == symbol and not order.closes:
                amounts[order.side.sign] += order.remaining
                values[order.side.sign] += instrument.notional(order.remaining, order.price)
        return SymbolSides(net, amounts[1], amounts[-1], values[1], values[-1])

    def opening(self, account: Account, market: Market, currency: str, *, isolated: bool = False) -> list[Order]:
        """Resting orders that settle in `currency` and may open a position: cross ones, or isolated ones."""
        return [
            order
            for order in account.open_orders.values()
            if not order.closes
            and account.settings_of(order.symbol).isolated is isolated
            and market.instruments[order.symbol].margin_asset == currency
        ]

    def fees_to_open(self, account: Account, market: Market, currency: str) -> Decimal:
        """The fees that resting cross orders would cost."""
        orders = self.opening(account, market, currency)
        return account.taker_rate * sum((self.value(market, order) for order in orders), _ZERO)

    def isolated_orders(self, account: Account, market: Market, currency: str) -> Decimal:
        """What resting isolated orders set aside: their margin and their fee."""
        return sum(
            (
                self.value(market, order) * (_ONE / account.settings_of(order.symbol).leverage + account.taker_rate)
                for order in self.opening(account, market, currency, isolated=True)
            ),
            _ZERO,
        )

    def value(self, market: Market, order: Order) -> Decimal:
        """What the rest of an order is worth at its price."""
        return market.instruments[order.symbol].notional(order.remaining, order.price)

    def order_initial(self, account: Account, market: Market, key: tuple[str, Leg], orders: OrderNotionals) -> Decimal:
        """What a symbol's orders withhold beyond its position: opposite orders up to its size are free."""
        symbol, _ = key
        rate = self.initial_rate(account, market, symbol) + account.taker_rate
        if account.hedge_mode:
            return (orders.bids + orders.asks) * rate
        sides, instrument = self.sides(account, market, symbol), market.instruments[symbol]
        held = instrument.notional(abs(sides.net), market.mark(symbol)) * (rate - account.taker_rate)
        same, other, other_size = sides.buys_value, sides.sells_value, sides.sells
        if sides.net < 0:
            same, other, other_size = sides.sells_value, sides.buys_value, sides.buys
        beyond = max(_ZERO, other_size - abs(sides.net)) / other_size if other_size else _ZERO
        return max(held + same * rate, other * beyond * rate) - held

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """The margin less what legs and orders withhold, in `asset`."""
        if account.mode != UNIFIED:
            return super().available(account, market, figures, asset)
        initial = sum(
            (
                (item.cross_position_initial + item.order_initial) * market.asset(name).index
                for name, item in figures.assets.items()
            ),
            _ZERO,
        )
        return max(_ZERO, self.equity(account, market, figures, USD) - initial) / market.asset(asset).index


RULE: Final = KucoinRule()
