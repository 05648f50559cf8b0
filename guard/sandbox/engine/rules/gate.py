"""Gate: the closing fee is part of the requirement, marginal tiers, of a hedged contract the side of more value only.

Account modes by Gate's own words (`Account.mode`): `classic`, `single_currency` (a pool for each currency),
`multi_currency` (one in USD), `portfolio` (one in USD, by a scenario's loss). Without a mode it is `multi_currency` for
multi-assets accounts, else `classic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import USD, BracketRule

FEE: Final = Decimal("0.00075")
"""What closing costs, as a fraction of value: the contracts' base fee."""
CLASSIC, SINGLE, MULTI, PORTFOLIO = "classic", "single_currency", "multi_currency", "portfolio"
TOGETHER: Final = frozenset({MULTI, PORTFOLIO})
_SCENARIO_MOVE: Final = Decimal("0.06")
_ZERO, _ONE = Decimal(0), Decimal(1)
DISCOUNTS: Final[Mapping[str, tuple[tuple[Decimal | None, Decimal], ...]]] = {
    "USDT": ((None, _ONE),),
    "BTC": ((Decimal(20), Decimal("0.98")), (None, Decimal("0.95"))),
    "ETH": ((None, Decimal("0.95")),),
}
"""What counts of each currency as collateral: up to an amount (None = no end), and the fraction; of others nothing."""


def counted(currency: str, amount: Decimal) -> Decimal:
    """How much of an amount counts as collateral, in its own units; a debt counts in full."""
    if amount <= 0:
        return amount
    total = start = _ZERO
    for end, rate in DISCOUNTS.get(currency, ()):
        stop = amount if end is None else min(amount, end)
        total += max(_ZERO, stop - start) * rate
        start = stop
    return total


def counted_equity(market: Market, figures: AccountFigures) -> Decimal:
    """Equity of all currencies together, in USD."""
    return sum(
        (counted(name, each.cross_margin_balance) * market.asset(name).index for name, each in figures.assets.items()),
        _ZERO,
    )


def mode_of(account: Account) -> str:
    """Gate's word for the account's mode."""
    return account.mode or (MULTI if account.multi_assets else CLASSIC)


def larger_sides(legs: Iterable[LegFigures]) -> list[LegFigures]:
    """Of each symbol the leg of more value, the long one when both are equal."""
    found: dict[str, LegFigures] = {}
    for leg in sorted(legs, key=lambda leg: (-leg.notional, leg.position.qty < 0)):
        found.setdefault(leg.position.symbol, leg)
    return list(found.values())


def isolated_orders(account: Account, market: Market, figures: AccountFigures) -> dict[str, Decimal]:
    """What orders in isolated margin reserve, by margin asset."""
    found: dict[str, Decimal] = {}
    for (symbol, _), initial in figures.order_initials.items():
        if account.settings_of(symbol).isolated:
            asset = market.instruments[symbol].margin_asset
            found[asset] = found.get(asset, _ZERO) + initial
    return found


class GateRule(BracketRule):
    """Dead where the maintenance margin level, equity / requirement, is at most 1."""

    def leg_maintenance(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """The tiers' part and the fee."""
        return market.instruments[position.symbol].maintenance(notional) + notional * FEE

    def groups(self, account: Account, market: Market, figures: AccountFigures) -> Mapping[str, Sequence[LegFigures]]:
        """A pool for each currency, or one in USD."""
        if mode_of(account) in TOGETHER:
            return {USD: [leg for leg in figures.legs if not leg.isolated]}
        return super().groups(account, market, figures)

    def equity(self, account: Account, market: Market, figures: AccountFigures, currency: str) -> Decimal:
        """Cross balance and unrealized PnL, less what isolated orders reserve."""
        if currency == USD:
            return counted_equity(market, figures)
        reserved = isolated_orders(account, market, figures).get(currency, _ZERO)
        return figures.assets[currency].cross_margin_balance - reserved

    def requirement(
        self, account: Account, market: Market, figures: AccountFigures, currency: str, legs: Sequence[LegFigures]
    ) -> Decimal:
        """The larger side of each symbol; in portfolio mode what a move of each base would cost."""
        if mode_of(account) == PORTFOLIO:
            return scenario_loss(market, legs)
        total = _ZERO
        for leg in larger_sides(legs):
            rate = market.asset(market.instruments[leg.position.symbol].margin_asset).index if currency == USD else 1
            total += leg.maintenance * rate
        return total

    def available(self, account: Account, market: Market, figures: AccountFigures, asset: str) -> Decimal:
        """The cross equity less what legs and orders withhold, in `asset`."""
        if mode_of(account) not in TOGETHER:
            return figures.assets[asset].available if asset in figures.assets else _ZERO
        free = counted_equity(market, figures) - initial_of(market, figures, USD)
        return max(_ZERO, free) / market.asset(asset).index


def initial_of(market: Market, figures: AccountFigures, currency: str) -> Decimal:
    """Initial margin of cross legs and orders of a pool, in its currency."""
    return sum(
        (
            (each.cross_position_initial + each.order_initial) * (market.asset(name).index if currency == USD else 1)
            for name, each in figures.assets.items()
            if currency in {USD, name}
        ),
        _ZERO,
    )


def scenario_loss(market: Market, legs: Sequence[LegFigures]) -> Decimal:
    """What the legs of each base lose together when it moves by 6 %, added over bases, in USD.

    Much simpler than portfolio margin is; enough to be another figure than the sum over legs.
    """
    nets: dict[str, Decimal] = {}
    for leg in legs:
        instrument = market.instruments[leg.position.symbol]
        value = leg.notional * market.asset(instrument.margin_asset).index
        sign = 1 if leg.position.qty > 0 else -1
        nets[instrument.base] = nets.get(instrument.base, _ZERO) + sign * value
    return sum((abs(net) for net in nets.values()), _ZERO) * _SCENARIO_MOVE
