"""Time zones by their IANA names, as people type them: any case, a city alone, blanks for underscores.

The list of names is read once.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from zoneinfo import available_timezones


def zone_named(typed: str) -> str | None:
    """The zone that is meant by `Asia/Tokyo`, `asia/tokyo` or `tokyo`; None when it is none, or more than one."""
    word = _folded(typed)
    whole, cities = _names()
    if word in whole:
        return whole[word]
    meant = cities.get(word, ())
    return meant[0] if len(meant) == 1 else None


def nearest_zone(typed: str) -> str | None:
    """The zone whose name or city is most like what was typed; None when nothing is like it."""
    whole, cities = _names()
    word = _folded(typed)
    near = difflib.get_close_matches(word, [*cities, *whole], n=1, cutoff=0.6)
    if not near:
        return None
    return whole[near[0]] if near[0] in whole else cities[near[0]][0]


def _folded(typed: str) -> str:
    return re.sub(r"\s+", "_", typed.strip()).casefold()


@cache
def _names() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Names by their folded form, and those of the form area/city by the folded city."""
    names = sorted(name for name in available_timezones() if not name.startswith(("SystemV/", "posix/", "right/")))
    cities: dict[str, tuple[str, ...]] = {}
    for name in names:
        area, _, city = name.rpartition("/")
        if area and area != "Etc":
            folded = city.casefold()
            cities[folded] = (*cities.get(folded, ()), name)
    return {name.casefold(): name for name in names}, cities
