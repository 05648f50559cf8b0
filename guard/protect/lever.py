"""What can be traded to change a pool, one leg and direction at a time, in whole steps of its venue. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from guard.ports.venue import Instrument
from guard.protect.cost import CostCurve
from guard.protect.legs import LegKey
from guard.protect.proxies import Share
from guard.protect.reduced import Cut
from guard.protect.sizing import closing_side
from guard.risk.book import OrderSide, Position


@dataclass(frozen=True, slots=True)
class Lever:
    """A leg that may be cut, or one that may be opened or grown as a hedge (`grows`).

    Args:
        position: the leg; of one that is to be opened, a template with the largest size that it may get.
        instrument: trading rules of its symbol.
        curve: what trading it costs.
        top: steps that close all that can be closed (a hedge: the most that it may grow by).
        smallest: steps of the smallest order that the venue takes.
        grows: whether pulling the lever makes the leg larger.
        held: whether the leg is there already.
        protects: of a hedge, the leg that it offsets, as `BTC/USDT:USDT long`.
        shares: of a hedge by proxy, the legs that it may be against as they are now, heaviest first.
    """

    position: Position
    instrument: Instrument
    curve: CostCurve
    top: int
    smallest: int
    grows: bool = False
    held: bool = True
    protects: str = ""
    shares: tuple[Share, ...] = ()

    @property
    def key(self) -> LegKey:
        """The leg's name."""
        return (self.position.symbol, self.position.side)

    @property
    def side(self) -> OrderSide:
        """The side of its orders."""
        if not self.grows:
            return closing_side(self.position.side)
        return "buy" if self.position.side == "long" else "sell"

    @property
    def flow(self) -> tuple[str, OrderSide]:
        """The side of the order book that it eats: levers of one flow share its levels."""
        return (self.position.symbol, self.side)

    @property
    def step_notional(self) -> float:
        """Quote value of one step at the mark."""
        return float(self.instrument.step) * self.curve.unit

    @property
    def top_notional(self) -> float:
        """The most that it can trade, in quote currency."""
        return self.top * self.step_notional

    def contracts(self, units: int) -> Decimal:
        """Contracts of `units` steps."""
        return units * self.instrument.step

    def notional(self, units: int) -> float:
        """Quote value of `units` steps at the mark."""
        return float(self.contracts(units)) * self.curve.unit

    def cut(self, units: int, cost: float) -> Cut:
        """What pulling it does to the book."""
        contracts = self.contracts(units)
        return Cut(self.key, -contracts if self.grows else contracts, cost)

    def fit(self, units: int) -> int:
        """At least `units`, such that the venue takes the order and could close what is left; never above `top`."""
        if units <= 0:
            return 0
        units = min(max(units, self.smallest), self.top)
        if self.grows:
            return units
        return self.top if self.top - units < self.smallest else units


def costs_of(levers: tuple[Lever, ...], units: tuple[int, ...]) -> tuple[float, ...]:
    """What each lever's order costs, in quote currency, when they are sent in this order and share order books."""
    eaten: dict[tuple[str, OrderSide], float] = {}
    costs = []
    for lever, count in zip(levers, units, strict=True):
        if not count:
            costs.append(0.0)
            continue
        before = eaten.get(lever.flow, 0.0)
        after = before + float(lever.contracts(count))
        costs.append(lever.curve.cost(after) - lever.curve.cost(before))
        eaten[lever.flow] = after
    return tuple(costs)


def cuts_of(levers: tuple[Lever, ...], units: tuple[int, ...]) -> list[Cut]:
    """What `units` of each lever do to the book, one cut a leg."""
    found: dict[LegKey, Cut] = {}
    for lever, count, cost in zip(levers, units, costs_of(levers, units), strict=True):
        if count:
            cut, known = lever.cut(count, cost), found.get(lever.key)
            found[lever.key] = (
                cut if known is None else Cut(cut.key, known.contracts + cut.contracts, known.cost + cost)
            )
    return list(found.values())


def openings_of(levers: tuple[Lever, ...]) -> dict[LegKey, Position]:
    """Legs that levers would open."""
    return {lever.key: lever.position for lever in levers if not lever.held}
