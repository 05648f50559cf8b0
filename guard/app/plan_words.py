"""A plan in a person's language: three lines."""

from __future__ import annotations

from guard.language.speech import Speech
from guard.protect.explain import plan_lines
from guard.protect.plan_values import Plan


def three_lines(plan: Plan, speech: Speech) -> tuple[str, ...]:
    """What is done, what it changes, what it costs; or why not, and what would help instead.

    Of a person's own order nobody asks what would be cheaper.
    """
    what, levels, cost = plan_lines(plan)
    lines = [what, levels, cost]
    if plan.by_hand:
        lines = [what, levels, cost.partition("; ")[0]] if plan.feasible else [what, levels]
        lines += ["; ".join(plan.notes)] if plan.notes else []
    return tuple(speech.sentence(line) for line in lines)
