"""How far and until when an account is armed, as people type it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from guard.ports.errors import InputError
from guard.ports.records import Mode

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
LONGEST: Final = timedelta(days=366)
_UNITS: Final = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


def mode_of(text: str) -> Mode:
    """The mode that a word names.

    Raises:
        InputError: it names none.
    """
    if text not in MODES:
        raise InputError(f"mode was {text}, must be one of {', '.join(MODES)}")
    return text


def read_span(text: str) -> timedelta | None:
    """A duration such as `30m`, `8h` or `2d`, of at most a year; None = it is none."""
    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip().lower())
    if match is None:
        return None
    span = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    return span if timedelta() < span <= LONGEST else None


def read_until(text: str, now: datetime) -> datetime:
    """When an arming ends: after a duration such as `8h`, or at a time such as `2026-12-01T00:00` (UTC).

    Raises:
        InputError: it is neither, it is past, or it is more than a year ahead.
    """
    span = read_span(text)
    if span is not None:
        return now + span
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--until was {text}, must be such as 8h, 2d or 2026-12-01T00:00") from error
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    if not now < at <= now + LONGEST:
        raise InputError(f"--until was {text}, must be a time to come within a year")
    return at.astimezone(UTC)
