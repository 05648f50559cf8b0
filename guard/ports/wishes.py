"""What somebody wants done with an account, before anything is sized or priced."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from guard.risk.book import Side

WishKind = Literal["plan", "reduce", "hedge", "net", "unhedge"]
WISH_KINDS: Final[tuple[WishKind, ...]] = ("plan", "reduce", "hedge", "net", "unhedge")

_NEEDS: Final[dict[WishKind, frozenset[str]]] = {
    "reduce": frozenset({"reduce"}),
    "hedge": frozenset({"hedge"}),
    "net": frozenset({"net"}),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The guard's own plan, or a person's order.

    `share` (of a leg, a fraction) or `contracts` sizes an order; `leg` names one of two. `risk_ratio` and `distance`
    replace the configured target of a plan.
    """

    kind: WishKind = "plan"
    symbol: str | None = None
    leg: Side | None = None
    share: float | None = None
    contracts: Decimal | None = None
    risk_ratio: float | None = None
    distance: float | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Remedies that it names; empty = whatever is allowed."""
        return _NEEDS.get(self.kind, frozenset())
