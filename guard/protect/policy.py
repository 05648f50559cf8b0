"""What a user allows the guard to do by itself. Values only; where they come from is `guard.app`'s business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from guard.protect.hours import target_in_hours
from guard.protect.plan_values import PlanLimits, Target
from guard.risk.own_volatility import OwnHours
from guard.risk.report import AccountRisk
from guard.risk.zones import Zone

CLEARED: Final = 1.2
"""How far beyond its bar an account is out of it, as a multiple: one that hovers there is not told at each crossing."""
BEYOND: Final = 1.5
"""How far beyond the bar that calls for action a plan ends by itself, as a multiple of it."""


@dataclass(frozen=True, slots=True)
class ProtectPolicy:
    """Limits of protection for one account; the mode (observe, suggest, confirm, auto) is the account's own.

    Args:
        act_in: act in this zone and in worse ones.
        act_at_distance: ... and this near to liquidation in any zone; a fraction, None = the zone alone decides.
        act_at_hours: ... and so few hours of the book's own volatility; None = no matter.
        confirm_cycles: consecutive cycles in such a zone before anything is sent.
        target_risk_ratio: requirement / equity that every pool must have at most after a plan.
        target_distance: distance to liquidation that every pool must have at least after a plan, a fraction.
        target_hours: hours of its own volatility that every pool must have at least after a plan, as far as they can be
            told; None = half as many again as `act_at_hours`. Of isolated legs only one that calls for action is asked.
        max_cost_bps: dearest plan, in basis points of the notional that it trades.
        max_slippage_bps: widest distance of a limit price from the mark price, in basis points.
        max_child_notional: largest single order, in quote currency.
        max_daily_notional_x_equity: most notional traded in a UTC day, in multiples of the day's starting equity.
        cooldown_s: shortest pause between the end of one plan and the next.
        remedies: what may be done; hedges and transfers only where the user names them.
        allow_symbols: the only symbols that may be traded; empty = all.
        dry_run: plan and journal exactly the orders that would be sent, and send none.
        proposal_valid_s: how long a button under a plan may be tapped.
        reprice_tolerance: a plan made anew at the tap may cost and trade this much more than the one shown, a fraction.
        unhedge_after_s: a hedge is taken off once the account was safe for so long; None = only when somebody asks.
        betas: how much of the market's move each asset takes; legs of the others are hedged with those of beta 1.
        transferable: what the person keeps in other wallets and would move here, by asset; told, never counted on.
    """

    act_in: Zone = Zone.DANGER
    confirm_cycles: int = 2
    target_risk_ratio: float = 0.35
    target_distance: float = 0.12
    max_cost_bps: float = 100.0
    max_slippage_bps: float = 50.0
    max_child_notional: float = 50_000.0
    max_daily_notional_x_equity: float = 20.0
    cooldown_s: float = 30.0
    remedies: tuple[str, ...] = ("cancel", "net", "reduce")
    allow_symbols: tuple[str, ...] = ()
    dry_run: bool = False
    act_at_distance: float | None = None
    act_at_hours: float | None = None
    target_hours: float | None = None
    proposal_valid_s: float = 60.0
    reprice_tolerance: float = 0.2
    unhedge_after_s: float | None = None
    betas: Mapping[str, float] = field(default_factory=dict)
    transferable: Mapping[str, float] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """The levels that a plan must restore, whatever the volatility."""
        return Target(risk_ratio=self.target_risk_ratio, distance=self.target_distance)

    @property
    def counts_hours(self) -> bool:
        """Whether the book's own volatility matters."""
        return self.act_at_hours is not None or self.target_hours is not None

    @property
    def hours_asked(self) -> float | None:
        """How many hours of own volatility a plan is to leave, as far as they can be told; None = no matter.

        Without a target they are `BEYOND` times the bar: a plan that ended at it would be made again at the next tick.
        """
        if self.target_hours is not None or self.act_at_hours is None:
            return self.target_hours
        return self.act_at_hours * BEYOND

    def target_now(self, risk: AccountRisk | None, own: OwnHours | None) -> Target:
        """The levels that a plan must restore at present: hours are as many levels as the volatility makes of them.

        Args:
            risk: the account.
            own: its own volatility; None, or unknown of a pool: what is configured in other units holds alone.
        """
        hours = self.hours_asked
        if hours is None or risk is None or own is None:
            return self.target
        return target_in_hours(self.target, hours, risk, own, calling=self.act_at_hours)

    @property
    def eased(self) -> ProtectPolicy:
        """The same with bars that an account must be `CLEARED` beyond before a call to act is over and told anew."""
        distance = None if self.act_at_distance is None else self.act_at_distance * CLEARED
        hours = None if self.act_at_hours is None else self.act_at_hours * CLEARED
        return replace(self, act_at_distance=distance, act_at_hours=hours)

    @property
    def movable(self) -> Mapping[str, float]:
        """What the person would move here, by asset; nothing where that is not among the remedies."""
        return self.transferable if "transfer" in self.remedies else {}

    def daily_cap(self, day_equity: float) -> float:
        """Most notional that may be traded today, given the equity at the start of the day; never negative."""
        return max(0.0, self.max_daily_notional_x_equity * day_equity)

    def limits(self, notional_left: float | None) -> PlanLimits:
        """The limits of one plan, given what is left of the daily cap (None: no cap)."""
        return PlanLimits(
            allow_symbols=self.allow_symbols,
            max_notional_left=notional_left,
            max_cost_bps=self.max_cost_bps,
            max_slippage_bps=self.max_slippage_bps,
            max_child_notional=self.max_child_notional,
        )


@dataclass(frozen=True, slots=True)
class ExecutionBounds:
    """How long and how often the executor tries; every loop of it ends by one of these.

    Args:
        call_timeout_s: longest wait for any single answer of the venue.
        lookup_attempts: times that an order without a certain answer is looked up before it is left to the next cycle.
        lookup_pause_s: pause before a look-up is repeated.
        lost_after_s: an order counts as lost only when the venue does not know it at least this long after it was
            sent; at least as long as the venue accepts a delayed request (its receive window), or that request would
            arrive after the order was sent again. The adapter waits for the same reason: this is the second lock.
        resends: times that an order which certainly never arrived may be sent again, under the same id.
        verify_attempts: times that the book is read after an order until it shows what filled.
        verify_pause_s: pause between two such reads.
        extra_children: further orders of a step when earlier ones filled only in part.
    """

    call_timeout_s: float = 10.0
    lookup_attempts: int = 8
    lookup_pause_s: float = 2.0
    lost_after_s: float = 6.0
    resends: int = 1
    verify_attempts: int = 4
    verify_pause_s: float = 0.5
    extra_children: int = 3
