"""What the buttons under a message send: an action and a short stand-in for what it is about, at most 64 bytes."""

from __future__ import annotations

import hashlib
from typing import Final

Buttons = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of (label, data)."""

ACKNOWLEDGE: Final = "ack"
SNOOZE: Final = "snooze"
DETAILS: Final = "details"
PLAN: Final = "plan"


def account_key(account_id: str) -> str:
    """A short stable stand-in for an account's id, which may be longer than a button may send."""
    return hashlib.blake2s(account_id.encode(), digest_size=8).hexdigest()
