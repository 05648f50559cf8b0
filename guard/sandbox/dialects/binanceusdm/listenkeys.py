"""Listen keys: who may open a user data stream, and until when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from guard.sandbox.dialects.binanceusdm.errors import WireError

VALID_FOR_MS = 3_600_000


@dataclass(slots=True)
class ListenKeys:
    """One listen key an account, valid for an hour after it was made or kept alive."""

    _by_account: dict[int, str] = field(default_factory=dict)
    _valid_until: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def open(self, account_id: int, now_ms: int) -> str:
        """The account's listen key: the present one, prolonged, or a new one."""
        key = self._by_account.get(account_id)
        if key is None or self._valid_until.get(key, 0) <= now_ms:
            self._made += 1
            key = hashlib.sha256(f"listen:{account_id}:{self._made}".encode()).hexdigest()
            self._by_account[account_id] = key
        self._valid_until[key] = now_ms + VALID_FOR_MS
        return key

    def keep_alive(self, account_id: int, now_ms: int) -> str:
        """Prolong the account's listen key.

        Raises:
            WireError: -1125 when it has none that is valid.
        """
        key = self._by_account.get(account_id)
        if key is None or self._valid_until.get(key, 0) <= now_ms:
            raise WireError(400, -1125, "This listenKey does not exist.")
        self._valid_until[key] = now_ms + VALID_FOR_MS
        return key

    def close(self, account_id: int) -> None:
        """Forget the account's listen key."""
        key = self._by_account.pop(account_id, None)
        if key is not None:
            self._valid_until.pop(key, None)

    def account_of(self, key: str, now_ms: int) -> int | None:
        """Whose listen key it is; None when it is unknown or has expired."""
        if self._valid_until.get(key, 0) <= now_ms:
            return None
        return next((account for account, held in self._by_account.items() if held == key), None)
