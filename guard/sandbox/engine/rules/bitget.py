"""Bitget: the closing fee is part of the requirement, of a hedged symbol the larger side only, older positions whole.

A leg that was opened before 10 November 2025, 08:00 UTC needs its tier's rate of all its value, a later one each rate
of its slice. A coin-margined leg is worth as many coins as were bought, whatever the mark. Account modes
(`Account.mode`): `older` (every leg was opened before), `unified` (one pool in USD; the account is a multi-assets one).
Otherwise the last change of a leg stands for its opening.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.rule import BracketRule

FEE: Final = Decimal("0.0006")
"""What closing costs, as a fraction of value."""
SLICED_SINCE_MS: Final = 1_762_761_600_000
"""10 November 2025, 08:00 UTC."""
OLDER: Final = "older"
UNIFIED: Final = "unified"
_LONG_AGO_MS: Final = SLICED_SINCE_MS - 86_400_000


def opened_ms(account: Account, position: Position) -> int:
    """When a leg was opened, epoch milliseconds."""
    return _LONG_AGO_MS if account.mode == OLDER else position.updated_ms


def larger_sides(legs: Iterable[LegFigures]) -> list[LegFigures]:
    """Of each symbol the leg of more value, the long one when both are equal."""
    found: dict[str, LegFigures] = {}
    for leg in sorted(legs, key=lambda leg: (-leg.notional, leg.position.qty < 0)):
        found.setdefault(leg.position.symbol, leg)
    return list(found.values())


class BitgetRule(BracketRule):
    """See the module."""

    def leg_notional(self, account: Account, market: Market, position: Position) -> Decimal:
        """At the mark; in coin, what it was when it was opened."""
        instrument = market.instruments[position.symbol]
        if instrument.is_inverse and position.entry_price:
            return instrument.notional(abs(position.qty), position.entry_price)
        return instrument.notional(abs(position.qty), market.mark(position.symbol))

    def leg_maintenance(self, account: Account, market: Market, position: Position, notional: Decimal) -> Decimal:
        """The tiers' part and the fee."""
        instrument = market.instruments[position.symbol]
        if opened_ms(account, position) >= SLICED_SINCE_MS:
            return instrument.maintenance(notional) + notional * FEE
        return notional * (instrument.bracket_of(notional).mm_rate + FEE)

    def requirement(
        self, account: Account, market: Market, figures: AccountFigures, currency: str, legs: Sequence[LegFigures]
    ) -> Decimal:
        """The larger side of each symbol."""
        rates: Mapping[str, Decimal] = (
            {asset: market.asset(asset).ask_rate for asset in figures.assets} if account.multi_assets else {}
        )
        return sum(
            (
                leg.maintenance * rates.get(market.instruments[leg.position.symbol].margin_asset, Decimal(1))
                for leg in larger_sides(legs)
            ),
            Decimal(0),
        )
