"""Messages about protection: what was sent, what filled at which price, the level before and after, cost against plan.

Pure; plain text (the sink escapes it). Percent for ratios, quote currency for money, contracts for sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from guard.ports.records import OrderJournalState, OrderRecord
from guard.protect.explain import level_line, price_of, top_up_line, unit_of
from guard.protect.gate import Refusal
from guard.protect.outcome import Ending, Kind, Outcome
from guard.protect.plan_values import Plan

_HEADLINES: dict[Ending, str] = {
    Ending.TARGET_HOLDS: "acted, back under the target",
    Ending.AS_ASKED: "did what was asked for",
    Ending.EXHAUSTED: "acted, but the target is not fully reached",
    Ending.UNFILLED: "tried to act, but the market did not fill inside the price band",
    Ending.REJECTED: "could not act: the venue refused an order",
    Ending.LOST: "could not act: orders do not arrive at the venue",
    Ending.STOPPED: "stopped acting on request",
    Ending.CAPPED: "stopped acting: the daily cap is reached",
    Ending.NOT_FRESH: "stopped acting: the data is not fit for orders",
    Ending.PENDING: "an order's outcome is not known yet; nothing else is sent until it is",
    Ending.SURPRISE: "UNEXPECTED RESULT, automation is FROZEN",
    Ending.OVERTAKEN: "stopped acting: the account changed meanwhile, the next cycle plans anew",
    Ending.FORBIDDEN: "did not send an order that is against the guard's own rules",
    Ending.NEVER_SENT: "a plan was dropped: nothing of it had been sent",
    Ending.RECOVERED: "an interrupted plan is accounted for",
    Ending.DRY_RUN: "dry run: these orders would have been sent",
}

_KINDS: dict[Ending, Kind] = {
    Ending.TARGET_HOLDS: Kind.ACTED,
    Ending.AS_ASKED: Kind.ACTED,
    Ending.EXHAUSTED: Kind.ACTED,
    Ending.RECOVERED: Kind.ACTED,
    Ending.PENDING: Kind.PENDING,
    Ending.SURPRISE: Kind.SURPRISE,
    Ending.DRY_RUN: Kind.DRY_RUN,
}


def kind_of(ending: Ending) -> Kind:
    """Which kind of announcement an ending makes; what is not listed failed."""
    return _KINDS.get(ending, Kind.FAILED)


def outcome_text(account: str, outcome: Outcome) -> str:
    """The message about an executed (or dry-run, or interrupted) intent."""
    lines = [f"{account}: {_HEADLINES[outcome.ending]}", outcome.reason]
    lines += [order_line(order) for order in outcome.orders]
    lines += [f"! {detail}" for detail in outcome.details]
    lines.append(level_line(outcome.before, outcome.after))
    if outcome.notional > 0:
        lines.append(_cost_line(outcome))
    if outcome.ending is Ending.SURPRISE:
        lines.append(f"Open now: {outcome.standing or 'not known'}")
        arm = f"/resume in chat, or guard account mode {account} auto"
        lines.append(f"Check the positions at the venue, then arm it again: {arm}")
    return "\n".join(line for line in lines if line)


def order_line(order: OrderRecord) -> str:
    """One order: `sell 0.412 BTC/USDT:USDT (long leg), limit 31807.5 USDT: filled 0.412 contracts at 31,950.1 USDT`.

    A cancellation names the order that rested: `cancel buy 0.5 BTC/USDT:USDT at 30000 USDT: cancelled`.
    """
    limit = price_of(order.limit_price, order.symbol)
    if order.remedy == "cancel":
        return f"cancel {order.side} {order.contracts} {order.symbol} at {limit}: {_end(order)}"
    asked = f"{order.side} {order.contracts} {order.symbol} ({order.leg} leg), limit {limit}"
    return f"{asked}: {_fate(order)}"


def _end(order: OrderRecord) -> str:
    if order.state is OrderJournalState.VERIFIED:
        return order.error or "cancelled"
    return _fate(order)


def _fate(order: OrderRecord) -> str:
    if Decimal(order.filled) > 0:
        average = order.average_price
        price = "" if average is None else f" at {price_of(f'{average:,.10g}', order.symbol)}"
        part = "filled" if Decimal(order.filled) >= Decimal(order.contracts) else "filled only"
        return f"{part} {order.filled} contracts{price}"
    if order.state in {OrderJournalState.PLANNED, OrderJournalState.APPROVED}:
        return "not sent"
    return f"{order.state}, {order.error}" if order.error else order.state.value


def acting_text(account: str, why: str) -> str:
    """The message when something else than the zone calls for action, and the guard begins to act."""
    return f"{account}: protection acts now\n{why}"


def refused_text(account: str, refusals: Sequence[Refusal]) -> str:
    """The message when the zone calls for action and gates are closed."""
    lines = [f"{account}: protection does not act"]
    lines += [refusal.text for refusal in refusals]
    return "\n".join(lines)


def infeasible_text(account: str, plan: Plan) -> str:
    """The message when no plan helps: why, and how much collateral would."""
    instead = [*map(top_up_line, plan.add_collateral), *plan.notes]
    return "\n".join([f"{account}: protection does not act", plan.reason, *instead])


def _cost_line(outcome: Outcome) -> str:
    unit = unit_of(order.symbol for order in outcome.orders if order.remedy != "cancel")
    line = f"traded {outcome.notional:,.2f} {unit}"
    if outcome.cost is not None:
        line += f", cost {outcome.cost:,.2f} {unit}"
        if outcome.planned_cost is not None:
            line += f" ({outcome.planned_cost:,.2f} {unit} planned)"
    return line
