"""Words in pictures: names of zones, times in UTC, spans, figures. Pure, English."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from guard.risk.zones import Zone

UNKNOWN = "unknown"
_HOUR_S, _DAY_S = 3600.0, 86_400.0


def zone_name(zone: Zone) -> str:
    """What a picture calls a zone."""
    return "BLIND" if zone is Zone.UNKNOWN else zone.upper()


def label(text: str, length_max: int = 24) -> str:
    """A foreign name fit for a picture: one line, clipped; `$` stays a sign and does not begin a formula."""
    line = " ".join(text.split())
    short = line if len(line) <= length_max else f"{line[: length_max - 1]}…"
    return short.replace("$", r"\$")


def minute(at: datetime) -> str:
    """A moment to the minute: `22 Nov 02:50 UTC`."""
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"


def span_words(seconds: float) -> str:
    """How long a time is: `24 h`, `7 days`, `90 min`."""
    if seconds >= 2 * _DAY_S:
        return f"{seconds / _DAY_S:.3g} days"
    return f"{seconds / _HOUR_S:.3g} h" if seconds >= 2 * _HOUR_S else f"{seconds / 60:.3g} min"


def short_amount(value: float) -> str:
    """An amount in few letters: `1.25 M`, `-830 k`, `0.0421`; three significant digits below 1,000."""
    if not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    scales = ((1e9, 1e9, " bn"), (1e6, 1e6, " M"), (1e4, 1e3, " k"))
    per, unit = next(((per, unit) for least, per, unit in scales if size >= least), (1.0, ""))
    text = f"{value / per:,.{_decimals(size / per)}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{unit}"


def share(fraction: float) -> str:
    """A fraction as percent in few letters: `41 %`, `7.7 %`, `0.5 %`."""
    value = fraction * 100
    return f"{value:,.0f} %" if abs(value) >= 10 or value == round(value) else f"{value:.1f} %"


def _decimals(size: float) -> int:
    """Decimals that leave three significant digits."""
    return max(0, 2 - math.floor(math.log10(size))) if size > 0 else 0
