"""Fractions as people type them: `10%`, `-2.5 %`, `0.1`. Knows nothing of what they mean."""

from __future__ import annotations

import re

_TYPED = re.compile(r"([+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,12})?|\.[0-9]{1,12}))\s*(%?)")


def read_fraction(text: str, name: str) -> float:
    """A percentage or a fraction as a fraction.

    A bare number must lie within -1..1: `3` may mean 3 % or 300 %, and to guess would be silently wrong.

    Args:
        text: what was typed.
        name: of the option, for the message.

    Raises:
        InputError: neither a percentage nor a fraction.
    """
    from guard.ports.errors import InputError

    found = _TYPED.fullmatch(text.strip())
    number = float(found[1]) if found else 0.0
    if found is None or (not found[2] and abs(number) > 1.0):
        shown = ascii(text[:40])[1:-1]
        raise InputError(f"{name} was {shown}, must be a percentage such as 10% or a fraction such as 0.1")
    return number / 100.0 if found[2] else number
