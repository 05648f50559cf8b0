"""How long a venue that refuses for a limit asks for silence, in its own words: a header, or a time in its text.

A `Pause` reads one way of saying it; a venue's dialect joins those that its venue uses. `bounded` decides what is
believed. Knows no venue and no clock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

PAUSE_MAX_S = 3 * 86_400.0
"""The longest ban that any venue announces; what asks for more is no time."""

Pause = Callable[[Mapping[str, str], str, float], float | None]
"""From the headers, the text of the refusal and the venue's clock (epoch ms): seconds of silence that the venue asks
for, as it says them; None: it does not say. It may be in the past, or no time at all: see `bounded`."""

# A number of milliseconds above this is a date (from 1973 on), below it a duration (up to three years).
_EPOCH_FROM_MS = 1e11
# A date in seconds is below this number until the year 5138, one in milliseconds above it since 1973.
_EPOCH_IN_MS_FROM = 1e11


def bounded(pause_s: float | None) -> float | None:
    """What is believed of a pause in seconds: at most `PAUSE_MAX_S`; None for none, one that is over, or no number."""
    if pause_s is None or math.isnan(pause_s) or pause_s <= 0:
        return None
    return min(pause_s, PAUSE_MAX_S)


def retry_after(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
    """Seconds of a `Retry-After` header; None where there is none that is a number."""
    del text, now_ms
    return _header(headers, "Retry-After")


def reset_in_ms(name: str) -> Pause:
    """A header with the milliseconds until the limit is lifted, or with the epoch milliseconds when it is."""

    def pause(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
        del text
        value = _header(headers, name)
        if value is None:
            return None
        return (value - now_ms if value >= _EPOCH_FROM_MS else value) / 1000

    return pause


def reset_at(name: str) -> Pause:
    """A header with the date when the limit is lifted, in epoch seconds or milliseconds."""

    def pause(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
        del text
        value = _header(headers, name)
        return None if value is None else _until_s(value, now_ms)

    return pause


def text_until(before: str) -> Pause:
    """A date in epoch seconds or milliseconds behind the words `before` in the text."""
    pattern = re.compile(re.escape(before) + r"\s+(\d{9,16})\b", re.IGNORECASE)

    def pause(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
        del headers
        found = pattern.search(text)
        return _until_s(float(found[1]), now_ms) if found else None

    return pause


def after_words(words: str, pause_s: float) -> Pause:
    """A time that stands in the venue's documentation, for a refusal whose text contains `words`."""

    def pause(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
        del headers, now_ms
        return pause_s if words.lower() in text.lower() else None

    return pause


def first_of(*pauses: Pause) -> Pause:
    """The first of several ways in which the venue says a time that is not over."""

    def pause(headers: Mapping[str, str], text: str, now_ms: float) -> float | None:
        said = (bounded(way(headers, text, now_ms)) for way in pauses)
        return next((pause_s for pause_s in said if pause_s is not None), None)

    return pause


def _header(headers: Mapping[str, str], name: str) -> float | None:
    value = next((value for key, value in headers.items() if key.lower() == name.lower()), None)
    try:
        number = math.nan if value is None else float(value)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _until_s(epoch: float, now_ms: float) -> float:
    return ((epoch if epoch >= _EPOCH_IN_MS_FROM else epoch * 1000) - now_ms) / 1000
