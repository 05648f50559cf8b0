"""What an account remembers of steps that were refused: they rest for a while, and the same again is no news."""

from __future__ import annotations

from decimal import Decimal

from guard.app.watch import Watch
from guard.ports.records import OrderJournalState
from guard.protect.outcome import Outcome
from guard.protect.run import Assignment
from guard.protect.setbacks import Failure, scene_of


def learn(watch: Watch, task: Assignment, outcome: Outcome, now_s: float) -> None:
    """Remember what was refused, and forget that of what worked."""
    done = [order for order in outcome.orders if Decimal(order.filled) or order.state is OrderJournalState.VERIFIED]
    watch.setbacks = watch.setbacks.without((order.remedy, order.symbol, order.leg) for order in done)
    if outcome.failed is not None:
        scene = scene_of(task.fetched.book, task.intent.zone, outcome.failed.step)
        watch.setbacks = watch.setbacks.noted(outcome.failed, scene, now_s)


def is_known(watch: Watch, failed: Failure | None, now_s: float) -> bool:
    """Whether a failure was told before, and is the same again; None is none."""
    if failed is None or watch.last is None or watch.last.fetched is None:
        return False
    scene = scene_of(watch.last.fetched.book, watch.last.zone, failed.step)
    return watch.setbacks.knows(failed, scene, now_s)
