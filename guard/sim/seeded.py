"""Identifiers and chance from a seed, so that a simulated run repeats itself exactly.

Not for production: everybody who knows the seed knows every identifier and code.
"""

from __future__ import annotations

import random
from typing import Final

_CODE_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"


class SeededIds:
    """`guard.ports.clock.Ids` from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = seeded_random(seed, "ids")

    def new(self, kind: str) -> str:
        """A fresh identifier such as `alert-3f9c...`; equal seeds give equal sequences."""
        return f"{kind}-{self._random.getrandbits(128):032x}"

    def code(self, length: int) -> str:
        """A code of `length` characters from A-Z and 2-9."""
        return "".join(self._random.choices(_CODE_ALPHABET, k=length))


def seeded_random(seed: int, purpose: str) -> random.Random:
    """A source of chance of its own for each purpose: one more draw in one place moves nothing elsewhere."""
    return random.Random(f"{seed}:{purpose}")
