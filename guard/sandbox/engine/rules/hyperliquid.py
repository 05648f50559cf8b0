"""Hyperliquid: margin tables, a pool of cross legs, isolated legs beside it; no fees, no orders in the requirement.

The brackets of its instruments carry `mm_rate` = 1 / (2 * max_leverage), so all but the moment of death is as usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from guard.sandbox.engine.margin import LegFigures, Pool
from guard.sandbox.engine.rule import BracketRule


@dataclass(frozen=True, slots=True)
class DiesBelow(Pool):
    """A pool that lives as long as its equity is not below what it must maintain."""

    @property
    def is_dead(self) -> bool:
        """Account value below maintenance margin."""
        return bool(self.legs) and self.equity < self.maintenance


class HyperliquidRule(BracketRule):
    """See the module."""

    def pool(
        self,
        currency: str,
        equity: Decimal,
        requirement: Decimal,
        legs: tuple[LegFigures, ...],
        *,
        isolated: bool = False,
    ) -> Pool:
        """The venue's comparison is strict."""
        return DiesBelow(currency, equity, requirement, legs, isolated)
