"""A plan in three lines that a person understands: what is done, what it changes, what it costs and why no less. Pure.

Plain English in sentences of fixed forms, joined by `; `: another language recognises them by their form.
"""

from __future__ import annotations

from collections.abc import Iterable

from guard.language.speech import quote_of
from guard.protect.outcome import Level
from guard.protect.plan_values import Plan, Step, TopUp
from guard.risk.report import AccountRisk


def plan_lines(plan: Plan) -> tuple[str, str, str]:
    """What is done, what it changes, what it costs and why it is the cheapest (or what would help instead).

    What a person should know beside it ends the last line.
    """
    what, levels, last = _plain_lines(plan)
    return what, levels, "; ".join([last, *plan.notes])


def _plain_lines(plan: Plan) -> tuple[str, str, str]:
    before = _level(plan.before)
    if not plan.feasible:
        helps = "; ".join(map(top_up_line, plan.add_collateral)) or "no trade and no reasonable top-up would help"
        return ("No plan: " + plan.reason, level_line(before, None), "Instead: " + helps)
    if not plan.steps:
        return ("Nothing to do: " + plan.reason, level_line(before, None), "Cost 0")
    after = _level(plan.after)
    what = "; ".join(step_line(step) for step in plan.steps)  # sentences by themselves, as readers of others need
    verb = "Reduce" if {step.remedy for step in plan.steps} == {"reduce"} else "Do"
    return (f"{verb}: {what}", level_line(before, after), _cost_line(plan))


def _cost_line(plan: Plan) -> str:
    """What it costs, and what any plan must cost."""
    if plan.notional <= 0.0:
        return "Cost 0: nothing is traded"
    unit = unit_of(step.symbol for step in plan.steps if step.notional > 0.0)
    share = f"{plan.cost / plan.notional * 100:.2f} % of {plan.notional:,.2f} {unit} traded"
    return (
        f"Cost about {plan.cost:,.2f} {unit}, {share}; no plan that is allowed costs less than {plan.bound:,.2f} {unit}"
    )


def unit_of(symbols: Iterable[str]) -> str:
    """In what sums over these symbols are: their common quote currency, or that there are several."""
    quotes = {quote_of(symbol) for symbol in symbols}
    return quotes.pop() if len(quotes) == 1 and all(quotes) else "of quote currency"


def price_of(price: object, symbol: str) -> str:
    """A price with its unit, as it stands."""
    return f"{price} {quote_of(symbol)}".rstrip()


def step_line(step: Step) -> str:
    """One step: `sell 0.412 BTC/USDT:USDT (long leg)`, with what else it is but a reduction."""
    order = f"{step.side} {step.contracts} {step.symbol}"
    match step.remedy:
        case "cancel":
            return f"cancel {order} at {price_of(step.limit_price, step.symbol)}"
        case "transfer":
            return f"transfer {step.contracts} {step.symbol}"
        case "hedge":
            return f"hedge {order} ({step.leg} leg) against {step.protects}"
        case "net":
            return f"net {order} ({step.leg} leg)"
        case "reduce":
            return f"{order} ({step.leg} leg)"


def top_up_line(top_up: TopUp) -> str:
    """`add 1,234.56 USDT`, and to which isolated leg."""
    where = f" to the isolated leg {top_up.symbol}" if top_up.symbol else ""
    return f"{top_up.line}{where}"


def level_line(before: Level, after: Level | None) -> str:
    """Ratio and distance, before and after."""
    if after is None:
        return f"Risk ratio {_ratio(before)}, distance to liquidation {_distance(before)}"
    return (
        f"Risk ratio {_ratio(before)} -> {_ratio(after)}, "
        f"distance to liquidation {_distance(before)} -> {_distance(after)}"
    )


def _level(risk: AccountRisk) -> Level:
    return Level(risk.risk_ratio, risk.distance, told=not risk.of_present_only)


def _ratio(level: Level) -> str:
    return "none (no equity left)" if level.risk_ratio is None else f"{level.risk_ratio * 100:.1f} %"


def _distance(level: Level) -> str:
    if level.distance is not None:
        return f"{level.distance * 100:.1f} %"
    if level.risk_ratio is None:
        return "none left"
    return "out of reach" if level.told else "not known (the venue tells the present only)"
