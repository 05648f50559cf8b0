"""What is left of an account after each scenario: its whole assessment, and the zone that it would be in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.shocked import book_after, endless
from guard.risk.stress import ScenarioRisk
from guard.risk.zones import Zone, ZonePolicy, entered_zone


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario. `after` has no liquidation prices; `reason` is the bar that puts the account into `zone`."""

    result: ScenarioRisk
    after: AccountRisk
    zone: Zone
    reason: str

    @property
    def worst_pool(self) -> PoolRisk | None:
        """The pool that is nearest to liquidation, or beyond it; None without positions."""
        held = [pool for pool in self.after.pools if pool.positions]
        return max(held, key=_badness, default=None)


def outcomes(book: Book, now: AccountRisk, results: Iterable[ScenarioRisk], policy: ZonePolicy) -> tuple[Outcome, ...]:
    """The account after scenarios: distance and margin level count for the zone too.

    Args:
        book: the book.
        now: its assessment.
        results: its risk ratio under each scenario, from `guard.risk.stress`.
        policy: the bars.

    Raises:
        BookError: a shocked book cannot be assessed.
    """
    open_ended = endless(book)
    return tuple(_outcome(open_ended, now, result, policy) for result in results)


def _outcome(book: Book, now: AccountRisk, result: ScenarioRisk, policy: ZonePolicy) -> Outcome:
    shocked = assess(book_after(book, result.scenario, now), prices=False)
    after = replace(shocked, risk_ratio=result.risk_ratio)
    zone, reason = entered_zone(after, policy)
    return Outcome(result, after, zone, reason)


def _badness(pool: PoolRisk) -> tuple[bool, float, float]:
    return (pool.risk_ratio is None, pool.risk_ratio or 0.0, -pool.equity)
