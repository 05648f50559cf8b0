"""Times as people type them: a while, a moment of the day, a span of hours. Pure; a failure is None, never a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

_PART: Final = re.compile(r"([0-9]{1,4})(min|m|h|d|分|時間|日)")
_SPAN: Final = re.compile(r"(?:[0-9]{1,4}(?:min|m|h|d|分|時間|日))+")
_UNIT_S: Final = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "分": 60, "時間": 3600, "日": 86_400}
_TILDES: Final = str.maketrans("~\u301c", "--")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def read_span(word: str) -> timedelta | None:
    """A while such as `15m`, `1h`, `1h30m`, `2d`, `15分`; None: it is none, or nothing."""
    folded = word.casefold()
    if _SPAN.fullmatch(folded) is None:
        return None
    seconds = sum(int(number) * _UNIT_S[unit] for number, unit in _PART.findall(folded))
    return timedelta(seconds=seconds) if seconds > 0 else None


def read_clock(word: str) -> time | None:
    """A moment of the day such as `07:00`; None: it is none."""
    found = _CLOCK.fullmatch(word)
    return None if found is None else time(int(found[1]), int(found[2]))


def read_hours(text: str) -> tuple[time, time] | None:
    """Hours such as `22:00-07:00` or `22:00~7:00`; None: they are none, or empty."""
    begin, dash, end = text.replace(" ", "").translate(_TILDES).partition("-")
    first, last = read_clock(begin), read_clock(end)
    if not dash or first is None or last is None or first == last:
        return None
    return first, last


def next_moment(clock: time, now: datetime, zone: tzinfo) -> datetime:
    """The next time that a clock of that zone shows it, UTC."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), clock, zone)
    moment = today if today > local else datetime.combine(local.date() + timedelta(days=1), clock, zone)
    return moment.astimezone(UTC)


def read_until(words: Sequence[str], now: datetime, zone: tzinfo) -> tuple[datetime, tuple[str, ...]] | None:
    """`15m ...` or `until 07:00 ...`: the moment, and the words after it; None: neither."""
    if not words:
        return None
    span = read_span(words[0])
    if span is not None:
        return now + span, tuple(words[1:])
    if words[0].casefold() != "until" or len(words) == 1:
        return None
    clock = read_clock(words[1])
    return None if clock is None else (next_moment(clock, now, zone), tuple(words[2:]))
