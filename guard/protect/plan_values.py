"""The words of a plan: target, limits, steps and the plan itself. Immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from guard.protect.poolkey import PoolKey
from guard.risk.assets import FIAT, STABLE
from guard.risk.book import Book, MarginMode, OrderSide, Side
from guard.risk.report import AccountRisk, PoolRisk

Remedy = Literal["cancel", "net", "transfer", "reduce", "hedge"]


@dataclass(frozen=True, slots=True)
class PoolLevels:
    """Levels that one pool must reach besides those of all; as they stand here they ask for nothing."""

    pool: PoolKey
    risk_ratio: float = 1.0
    distance: float = 0.0
    margin_level: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Levels that every pool must reach; all hold or none.

    `risk_ratio` at most (1 asks for nothing but not to be liquidated), `distance` to liquidation at least, a fraction
    (0 asks for nothing), `margin_level` (equity / initial margin) at least (None asks for nothing). `pools` ask more of
    single ones.
    """

    risk_ratio: float = 0.35
    distance: float = 0.12
    margin_level: float | None = None
    pools: tuple[PoolLevels, ...] = ()

    def of(self, key: PoolKey) -> Target:
        """What is asked of one pool, in one value."""
        if not self.pools:
            return self
        own = next((each for each in self.pools if each.pool == key), PoolLevels(key))
        levels = [level for level in (self.margin_level, own.margin_level) if level is not None]
        ratio, distance = min(self.risk_ratio, own.risk_ratio), max(self.distance, own.distance)
        return Target(ratio, distance, max(levels, default=None))

    def holds_for(self, pool: PoolRisk) -> bool:
        """Whether a pool meets every level; a pool without legs does, one without equity does not."""
        if not pool.positions:
            return True
        asked = self.of(PoolKey.of(pool)) if self.pools else self
        if pool.risk_ratio is None or pool.risk_ratio > asked.risk_ratio:
            return False
        level = asked.margin_level
        if level is not None and pool.margin_level is not None and pool.margin_level < level:
            return False
        return pool.distance is None or pool.distance >= asked.distance

    def holds(self, risk: AccountRisk) -> bool:
        """Whether every pool of the account meets every level."""
        return all(self.holds_for(pool) for pool in risk.pools)

    def beyond(self, part: float) -> Target:
        """Levels a little better than these, each by a fraction `part` of itself."""
        better, lower = 1.0 + part, 1.0 - part
        level = None if self.margin_level is None else self.margin_level * better
        pools = tuple(
            PoolLevels(
                each.pool,
                each.risk_ratio * lower,
                each.distance * better,
                None if each.margin_level is None else each.margin_level * better,
            )
            for each in self.pools
        )
        return Target(self.risk_ratio * lower, self.distance * better, level, pools)


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """What a plan may use.

    `max_notional_left` is what the daily cap leaves, in quote currency (None: no cap), `max_plan_notional` the most
    that one plan trades. `allowance_bps` stands in for spread and slippage where no order book is given.
    `max_child_notional` must leave room for two of a symbol's smallest orders, or the symbol is not traded
    (`guard.protect.sizing` splits).
    `transferable` is what may be moved in from the user's other wallets, by asset, in units of it.
    """

    allow_symbols: tuple[str, ...] = ()
    max_notional_left: float | None = None
    max_cost_bps: float = 100.0
    max_slippage_bps: float = 50.0
    max_child_notional: float = 50_000.0
    allowance_bps: float = 10.0
    max_plan_notional: float | None = None
    transferable: Mapping[str, float] = field(default_factory=dict)

    @property
    def most_notional(self) -> float | None:
        """The most that a plan may trade, in quote currency; None = no cap."""
        caps = [cap for cap in (self.max_notional_left, self.max_plan_notional) if cap is not None]
        return max(0.0, min(caps)) if caps else None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `contracts` is a multiple of the venue's step; `leg` is the leg that it acts on.

    | remedy | what it is | further fields |
    | --- | --- | --- |
    | cancel | an opening order is taken back; `contracts` is what is left of it | `order_id`: the venue's |
    | net | one of two steps in a row that make both legs of a symbol smaller by the same size | |
    | transfer | collateral moves in: `symbol` is the asset, `contracts` its amount; told, not carried out | |
    | reduce | a leg is made smaller | |
    | hedge | `leg` is opened or grown | `protects`: the leg that it offsets, as `BTC/USDT:USDT long` |

    `side` is that of the order to send (of a cancelled order: its own). `notional` and `cost` (fee, spread and
    slippage) are in quote currency at the present mark.
    """

    remedy: Remedy
    symbol: str
    leg: Side
    side: OrderSide
    contracts: Decimal
    limit_price: Decimal
    cost: float
    notional: float
    order_id: str = ""
    protects: str = ""
    margin_mode: MarginMode = "cross"

    @property
    def reduces(self) -> bool:
        """Whether it makes a leg smaller by a reduce-only order."""
        return self.remedy in {"net", "reduce"}


def amount_places(currency: str) -> int:
    """Decimal places in which an amount to add is given: cents of money, millionths of a coin."""
    return 2 if currency in STABLE or currency in FIAT else 6


@dataclass(frozen=True, slots=True)
class TopUp:
    """Collateral that would restore a pool's target without any trade. `symbol` names an isolated pool."""

    currency: str
    amount: float
    symbol: str | None = None

    @property
    def line(self) -> str:
        """`add 1,234.56 USDT`, `add 0.012345 BTC`."""
        return f"add {self.amount:,.{amount_places(self.currency)}f} {self.currency}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A pool that misses the target and cannot be restored by orders, and why not."""

    pool: PoolKey
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of the planner; `reason` is one line for a person in every case.

    `cost` is what the steps are expected to cost, `bound` what any plan with the same remedies must cost at least
    (isolated legs that hold the target are left alone); both in the quote currency. `add_collateral` says what would do
    instead of trading (empty when the target already holds, or when no sum within reason would do). An infeasible plan
    has no steps. `left_out` are pools that nothing restores: one that is lost must not keep the others from being
    saved. `by_hand`: a person said what to do; all of it is done, whatever level is reached on the way. `notes` are
    sentences that a person should read beside it; nothing of the plan rests on them. `book_after` is what `after`
    assesses, None where nothing would be done.
    """

    feasible: bool
    reason: str
    steps: tuple[Step, ...]
    cost: float
    before: AccountRisk
    after: AccountRisk
    bound: float
    add_collateral: tuple[TopUp, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    by_hand: bool = False
    notes: tuple[str, ...] = ()
    book_after: Book | None = field(default=None, compare=False, repr=False)

    def restores(self, target: Target, risk: AccountRisk) -> bool:
        """Whether `target` holds in every pool that the plan is to restore; one made by hand restores none."""
        if self.by_hand:
            return False
        lost = {each.pool for each in self.left_out}
        return all(target.holds_for(pool) for pool in risk.pools if not pool.positions or PoolKey.of(pool) not in lost)

    @property
    def notional(self) -> float:
        """What the plan trades in total."""
        return sum(step.notional for step in self.steps)
