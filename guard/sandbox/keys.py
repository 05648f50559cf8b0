"""API keys of the sandbox: made up, seeded, and valid nowhere else."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field

_ALPHABET = string.ascii_letters + string.digits
KEY_LENGTH = 64


@dataclass(slots=True)
class ApiKey:
    """One key pair and what it may do. `ips` empty means that every address may use it."""

    key: str
    secret: str
    account_id: int
    reading: bool = True
    futures: bool = True
    withdrawals: bool = False
    internal_transfer: bool = False
    universal_transfer: bool = False
    ips: frozenset[str] = frozenset()
    created_ms: int = 0


@dataclass(slots=True)
class KeyRing:
    """Every key that the venue knows; `seed` makes the made-up ones the same in every run."""

    seed: int = 0
    keys: dict[str, ApiKey] = field(default_factory=dict)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(f"keys:{self.seed}")

    def add(self, key: ApiKey) -> ApiKey:
        """Make a key known."""
        self.keys[key.key] = key
        return key

    def invent(self) -> str:
        """A fresh text of 64 letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=KEY_LENGTH))

    def find(self, key: str) -> ApiKey | None:
        """The key, or None when it is unknown or was revoked."""
        return self.keys.get(key)

    def revoke(self, key: str) -> None:
        """Forget a key."""
        self.keys.pop(key, None)
