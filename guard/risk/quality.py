"""Data quality: may these figures be believed, and may the guard act on them? Pure."""

from __future__ import annotations

from dataclasses import dataclass
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
