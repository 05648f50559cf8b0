"""From a fetched book to a reading: steps 2 and 3 of the loop. Pure.

One function serves the live loop, `guard once`, the simulation and later the replay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from guard.app.settings import Bars, Conformity, Zones
from guard.ports.alerting import BlindCause
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.bookerror import BookError
from guard.risk.conformity import Tolerance, conformity, worse_of
from guard.risk.levels import policy_for
from guard.risk.quality import DataQuality, Quality, qualify
from guard.risk.report import AccountRisk
from guard.risk.zones import BLIND, ZoneBars, ZonePolicy, ZoneState, step_zone

# Parts of one book that were received further apart than this belong to different moments.
MAX_SPREAD_S = 10.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing was fetched. `certain`: waiting will not help (rejected key), so the alarm does not wait either.

    `cause` is what kept the account from being seen.
    """

    message: str
    certain: bool = False
    cause: BlindCause = BlindCause.DATA


@dataclass(frozen=True, slots=True)
class JudgePolicy:
    """What a reading is measured against."""

    zones: ZonePolicy
    stale_after_s: float
    tolerance: Tolerance


def judge_policy(zones: Zones, conform: Conformity, stale_after_s: float) -> JudgePolicy:
    """The policy of one account from its settings."""
    return JudgePolicy(
        zones=ZonePolicy(
            watch=_bars(zones.watch),
            warning=_bars(zones.warning),
            danger=_bars(zones.danger),
            liquidation=_bars(zones.liquidation),
            exit_buffer=zones.exit_buffer,
            dwell_cycles=zones.dwell_cycles,
            blind_cycles=zones.blind_cycles,
        ),
        stale_after_s=stale_after_s,
        tolerance=Tolerance(conform.requirement_tolerance, conform.equity_tolerance, conform.price_lag),
    )


def _bars(bars: Bars) -> ZoneBars:
    return ZoneBars(risk_ratio=bars.risk_ratio, distance=bars.distance, margin_level=bars.margin_level)


def judge(
    record: AccountRecord,
    fetched: FetchedBook | Failure,
    prior: ZoneState,
    policy: JudgePolicy,
    *,
    now: datetime,
    duration_ms: float,
) -> Reading:
    """Judge what was fetched (or why nothing was).

    Args:
        record: whose account it is.
        fetched: the book with the times of its parts, or the failure.
        prior: what the zone machine remembered.
        policy: bars and tolerances.
        now: the cycle's one time.
        duration_ms: how long the fetch took.

    Returns:
        The reading: quality, risk (None when it cannot be computed), next zone state and the reason for it.
    """
    if isinstance(fetched, Failure):
        quality = DataQuality(Quality.MISSING, (fetched.message,))
        state = step_zone(prior, None, quality, policy.zones, certain=fetched.certain)
        blind = _reading(record, now, quality, state, None, None, fetched.message, duration_ms)
        return replace(blind, cause=fetched.cause)
    verdict = appraise(fetched, policy, now)
    quality, risk = verdict.quality, verdict.risk
    measured = worse_of(risk, fetched.book) if risk else None
    state = step_zone(prior, measured, quality, verdict.zones)
    error = None if risk else "; ".join(quality.reasons)
    cause = BlindCause.DATA if quality.quality in BLIND else None
    return replace(_reading(record, now, quality, state, risk, fetched, error, duration_ms), cause=cause)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a book is worth: its quality, its risk (None: it cannot be computed), and the bars that hold for it."""

    quality: DataQuality
    risk: AccountRisk | None
    zones: ZonePolicy


def appraise(fetched: FetchedBook, policy: JudgePolicy, now: datetime) -> Verdict:
    """The verdict on a book, agreement with the venue included.

    Quality first; a book that looks whole but cannot be assessed is incomplete, and says what is missing.
    """
    quality = qualify(
        parts=fetched.parts,
        missing=fetched.missing,
        torn=fetched.torn,
        now=now,
        stale_after_s=policy.stale_after_s,
        max_spread_s=MAX_SPREAD_S,
    )
    try:
        zones = policy_for(fetched.book, policy.zones)
        risk = assess(fetched.book)
    except BookError as error:
        reasons = (*quality.reasons, str(error))
        return Verdict(DataQuality(Quality.INCOMPLETE, reasons, quality.age_s), None, policy.zones)
    disputes = conformity(risk, fetched.book, policy.tolerance)
    if disputes and quality.quality is Quality.FRESH:
        quality = DataQuality(Quality.DISPUTED, disputes, quality.age_s)
    return Verdict(quality, risk, zones)


def _reading(
    record: AccountRecord,
    now: datetime,
    quality: DataQuality,
    state: ZoneState,
    risk: AccountRisk | None,
    fetched: FetchedBook | None,
    error: str | None,
    duration_ms: float,
) -> Reading:
    return Reading(
        account_id=record.account_id,
        account=record.name,
        at=now,
        quality=quality,
        zone_state=state,
        zone=state.zone,
        reason=state.reason,
        risk=risk,
        fetched=fetched,
        error=error,
        duration_ms=duration_ms,
    )
