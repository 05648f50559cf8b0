"""Data quality: may these figures be believed, and may the guard act on them? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Quality(StrEnum):
    """FRESH is the only quality on which an order may be sent."""

    FRESH = "fresh"
    STALE = "stale"
    TORN = "torn"
    INCOMPLETE = "incomplete"
    DISPUTED = "disputed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DataQuality:
    """The verdict with its reasons (one line each) and the age of the oldest part in seconds."""

    quality: Quality
    reasons: tuple[str, ...] = ()
    age_s: float = 0.0


def qualify(
    *,
    parts: Mapping[str, datetime],
    missing: Sequence[str],
    torn: Sequence[str],
    now: datetime,
    stale_after_s: float,
    max_spread_s: float,
) -> DataQuality:
    """Judge a fetched book by the times of its parts.

    The worst verdict wins, all reasons are kept: nothing received is MISSING; something absent is INCOMPLETE; parts
    of different moments (or from the future: the clock was set back) are TORN; an old part is STALE; else FRESH.

    Args:
        parts: local receipt time of each part, UTC.
        missing: names of absent inputs.
        torn: evidence that parts belong to different moments.
        now: the present, UTC.
        stale_after_s: oldest age that is still fresh.
        max_spread_s: largest difference between the oldest and the newest part.
    """
    if not parts:
        return DataQuality(Quality.MISSING, (*missing, *torn) or ("nothing was received",))
    oldest_name, oldest = min(parts.items(), key=lambda part: part[1])
    newest_name, newest = max(parts.items(), key=lambda part: part[1])
    age_s = (now - oldest).total_seconds()
    spread_s = (newest - oldest).total_seconds()
    ahead_s = (newest - now).total_seconds()
    verdicts = [(Quality.INCOMPLETE, f"{name} is missing") for name in missing]
    verdicts += [(Quality.TORN, reason) for reason in torn]
    if spread_s > max_spread_s:
        text = f"{oldest_name} is {spread_s:.1f} s older than {newest_name}, at most {max_spread_s:g} s are allowed"
        verdicts.append((Quality.TORN, text))
    if ahead_s > max_spread_s:
        verdicts.append(
            (Quality.TORN, f"{newest_name} was received {ahead_s:.1f} s in the future: the clock was set back")
        )
    if age_s > stale_after_s:
        verdicts.append((Quality.STALE, f"{oldest_name} is {age_s:.1f} s old, at most {stale_after_s:g} s are allowed"))
    quality = verdicts[0][0] if verdicts else Quality.FRESH
    return DataQuality(quality, tuple(reason for _, reason in verdicts), max(0.0, age_s))
