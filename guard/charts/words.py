"""Words in pictures, as whoever asked reads them: names of zones, times in their zone, spans, units. Pure.

A picture is a value with finished words: what draws it knows no language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import Final

from guard.charts.figures import share
from guard.charts.picture import Amounts, Bar, Scale
from guard.language.speech import Speech, marked
from guard.language.words import zone_word
from guard.risk.zones import Zone

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86_400.0
_MONTHS: Final = (
    marked("Jan"),
    marked("Feb"),
    marked("Mar"),
    marked("Apr"),
    marked("May"),
    marked("Jun"),
    marked("Jul"),
    marked("Aug"),
    marked("Sep"),
    marked("Oct"),
    marked("Nov"),
    marked("Dec"),
)
# From how much on an amount is told in which unit. Japanese counts in ten thousands.
_SCALES: Final[Mapping[str, tuple[Scale, ...]]] = {
    "en": (Scale(1e9, 1e9, " bn"), Scale(1e6, 1e6, " M"), Scale(1e4, 1e3, " k")),
    "ja": (Scale(1e12, 1e12, "兆"), Scale(1e8, 1e8, "億"), Scale(1e4, 1e4, "万")),
}


def amounts_of(speech: Speech) -> Amounts:
    """How amounts are told in few letters."""
    return Amounts(_SCALES[speech.language], speech.text("unknown"))


def zone_name(speech: Speech, zone: Zone) -> str:
    """What a picture calls a zone."""
    return (speech.text("Blind") if zone is Zone.UNKNOWN else zone_word(speech, zone)).upper()


def zone_names(speech: Speech) -> dict[Zone, str]:
    """What a picture calls each zone."""
    return {zone: zone_name(speech, zone) for zone in Zone}


def bar_words(speech: Speech, bar: Bar) -> str:
    """A bar beside its axis, where there is little room: `danger 75 %`, `liq. 95 %`."""
    return f"{short_zone(speech, bar.zone)} {share(bar.value)}"


def short_zone(speech: Speech, zone: Zone) -> str:
    """A zone where there is little room."""
    return speech.text("liq.") if zone is Zone.LIQUIDATION else zone_word(speech, zone)


def day(speech: Speech, at: datetime) -> str:
    """The reader's date, without the year: `22 Nov`."""
    local = at.astimezone(speech.zone)
    return speech.text("{day} {month}", day=local.day, month=speech.text(_MONTHS[local.month - 1]))


def minute(speech: Speech, at: datetime) -> str:
    """A moment to the minute: `22 Nov 02:50 UTC`."""
    return f"{day(speech, at)} {at.astimezone(speech.zone):%H:%M} {speech.zone_name(at)}"


def second(speech: Speech, at: datetime) -> str:
    """A moment to the second: `22 Nov 02:50:05 UTC`."""
    return f"{day(speech, at)} {speech.clock_time(at)}"


def data_as_of(speech: Speech, at: datetime) -> str:
    """Of when a picture's figures are."""
    return speech.text("Data as of {at}", at=second(speech, at))


def span_words(speech: Speech, seconds: float) -> str:
    """How long a time is: `24 h`, `7 days`, `90 min`."""
    if seconds >= 2 * _DAY_S:
        return speech.text("{n} days", n=_few_digits(speech, seconds / _DAY_S))
    if seconds >= 2 * _HOUR_S:
        return speech.text("{n} h", n=_few_digits(speech, seconds / _HOUR_S))
    return speech.text("{n} min", n=_few_digits(speech, seconds / _MINUTE_S))


def either(speech: Speech, names: tuple[str, ...]) -> str:
    """One of several."""
    return reduce(lambda one, other: speech.text("{one} or {other}", one=one, other=other), names)


def _few_digits(speech: Speech, value: float) -> str:
    return speech.number(value, 2 if value < 10 else 1 if value < 100 else 0, at_least=0)
