"""What a person is asked, what they said yes to, and whether it may still be done. Pure.

A proposal remembers the wish (from which the plan is made anew at the tap) and what was shown: a plan that has become
dearer, larger or another one is shown again instead of executed. Nothing here is secret: the nonce is not part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from guard.ports.records import IntentOrigin, Mode, ProposalRecord
from guard.ports.wishes import WISH_KINDS, Wish
from guard.protect.plan_values import Plan, Step, Target

PRICE_TOLERANCE: Final = 0.02
"""How much worse the price of a person's own order may be than the one shown; the guard's way back goes on sizes."""


def target_of(wish: Wish, configured: Target) -> Target:
    """The levels that a plan is to restore: the configured ones, where the wish names none.

    Whoever names levels of their own means these, not more of single pools.
    """
    if wish.risk_ratio is None and wish.distance is None:
        return configured
    return replace(
        configured,
        pools=(),
        risk_ratio=configured.risk_ratio if wish.risk_ratio is None else wish.risk_ratio,
        distance=configured.distance if wish.distance is None else wish.distance,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person saw of a plan: cost and traded notional in quote currency, what it acts on, and limit prices."""

    cost: float
    notional: float
    acts_on: tuple[str, ...]
    prices: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Shown:
        """What is shown of a plan."""
        acts_on = sorted({_what(step) for step in plan.steps})
        return cls(
            plan.cost, plan.notional, tuple(acts_on), {_what(step): float(step.limit_price) for step in plan.steps}
        )

    def outgrown_by(self, plan: Plan, tolerance: float) -> str:
        """Why `plan` is not what was said yes to any more; empty = it is.

        Args:
            plan: made anew, from a fresh book.
            tolerance: how much more it may cost and trade, a fraction.
        """
        now = Shown.of(plan)
        new = [what for what in now.acts_on if what not in self.acts_on]
        if new:
            return f"it now also does: {', '.join(new)}"
        if now.cost > self.cost * (1 + tolerance):
            return f"it now costs {now.cost:,.2f}, shown were {self.cost:,.2f} (quote currency)"
        if now.notional > self.notional * (1 + tolerance):
            return f"it now trades {now.notional:,.2f}, shown were {self.notional:,.2f} (quote currency)"
        return self._priced_out(plan) if plan.by_hand else ""

    def _priced_out(self, plan: Plan) -> str:
        """Which price has become too much worse; empty = none."""
        for step in plan.steps:
            shown, now = self.prices.get(_what(step), 0.0), float(step.limit_price)
            if shown <= 0.0 or step.remedy == "cancel":
                continue
            worse = (shown - now if step.side == "sell" else now - shown) / shown
            if worse > PRICE_TOLERANCE:
                return f"the price of {step.symbol} is {worse * 100:.1f} % worse than shown"
        return ""


def _what(step: Step) -> str:
    return f"{step.remedy} {step.symbol} {step.leg}"


@dataclass(frozen=True, slots=True)
class ActRequest:
    """A proposal to act: the wish, what leads to it, and what was shown."""

    wish: Wish
    origin: IntentOrigin
    shown: Shown


@dataclass(frozen=True, slots=True)
class ModeRequest:
    """A proposal to change a mode; the arming ends so many seconds after the tap, None = it does not."""

    mode: Mode
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """A proposal to let a frozen account act again."""


Request = ActRequest | ModeRequest | ResumeRequest


def dump_request(request: Request) -> str:
    """A request as JSON text."""
    match request:
        case ModeRequest():
            return json.dumps({"do": "mode", "mode": request.mode, "for_s": request.for_s})
        case ResumeRequest():
            return json.dumps({"do": "resume"})
        case ActRequest():
            wish, shown = request.wish, request.shown
            return json.dumps(
                {
                    "do": "act",
                    "origin": request.origin,
                    "wish": {
                        "kind": wish.kind,
                        "symbol": wish.symbol,
                        "leg": wish.leg,
                        "share": wish.share,
                        "contracts": None if wish.contracts is None else str(wish.contracts),
                        "risk_ratio": wish.risk_ratio,
                        "distance": wish.distance,
                    },
                    "shown": {
                        "cost": shown.cost,
                        "notional": shown.notional,
                        "acts_on": shown.acts_on,
                        "prices": dict(shown.prices),
                    },
                }
            )


def read_request(text: str) -> Request:
    """Read back what `dump_request` wrote.

    Raises:
        ValueError: it did not write this: a proposal of another version is not acted upon.
    """
    try:
        return _read(json.loads(text))
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(f"a stored proposal cannot be read: {type(error).__name__}: {error}") from error


def _read(document: dict[str, Any]) -> Request:
    if document["do"] == "mode":
        return ModeRequest(document["mode"], document["for_s"])
    if document["do"] == "resume":
        return ResumeRequest()
    wish, shown = document["wish"], document["shown"]
    if document["do"] != "act" or wish["kind"] not in WISH_KINDS:
        raise KeyError(document["do"])
    contracts = wish["contracts"]
    return ActRequest(
        wish=Wish(
            kind=wish["kind"],
            symbol=wish["symbol"],
            leg=wish["leg"],
            share=wish["share"],
            contracts=None if contracts is None else Decimal(contracts),
            risk_ratio=wish["risk_ratio"],
            distance=wish["distance"],
        ),
        origin=document["origin"],
        shown=Shown(
            float(shown["cost"]), float(shown["notional"]), tuple(shown["acts_on"]), dict(shown.get("prices", {}))
        ),
    )


class TapProblem(StrEnum):
    """Why a tap does nothing."""

    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    USED = "used"
    EXPIRED = "expired"


def tap_problem(proposal: ProposalRecord | None, user_id: str, now: datetime) -> TapProblem | None:
    """Why a proposal cannot be used by somebody now; None = it can.

    A stranger's tap is foreign before anything else: it must not be told what became of the proposal.
    """
    if proposal is None:
        return TapProblem.UNKNOWN
    if proposal.user_id is not None and proposal.user_id != user_id:
        return TapProblem.FOREIGN
    if proposal.used_at is not None:
        return TapProblem.USED
    return TapProblem.EXPIRED if now >= proposal.expires_at else None
