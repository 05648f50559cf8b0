"""The smallest cut that restores an isolated leg. Pure.

An isolated leg gives back its share of its margin when it is cut, so cutting helps only through its tiers, and closing
it always does. One number is looked for: an interval of sizes may do (a hedge does not exist here, but tiers do), and
beside it all of the leg.
"""

from __future__ import annotations

from collections.abc import Callable

from guard.protect.restore import Restored, Task, Unrestored

# The interval of good sizes is looked for at this many points.
_SCAN = 12
_SAFETY = 1.0 - 1e-6


def restore_isolated(task: Task) -> Restored | Unrestored:
    """The smallest cut of the only lever of `task` that restores its pool, or that there is none."""
    if not task.levers:
        return Unrestored()
    lever = task.levers[0]

    def holds(count: int) -> bool:
        return task.holds((lever.fit(count),))

    below = 0
    for point in range(1, _SCAN + 1):
        count = lever.top * point // _SCAN
        if count > below and holds(count):
            first = _first(holds, below, count)
            # Nothing smaller does: what is one step smaller costs less than any plan.
            bound = lever.curve.cost(float(lever.contracts(first - 1))) * _SAFETY
            units = lever.fit(first)
            if task.most_notional is not None and lever.notional(units) > task.most_notional:
                return Unrestored()
            return Restored(task, (units,), bound)
        below = count
    return Unrestored()


def _first(holds: Callable[[int], bool], bad: int, good: int) -> int:
    """The smallest number in (bad, good] that holds; `good` does, `bad` does not, what holds is an interval."""
    while good - bad > 1:
        middle = (bad + good) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good
