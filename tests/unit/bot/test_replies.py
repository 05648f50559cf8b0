"""What buttons send, and what is understood of it."""

from __future__ import annotations

import pytest

from guard.bot.replies import ALL_ACCOUNTS, STATUS, TapTarget, account_key, read_target


@pytest.mark.parametrize("key", [ALL_ACCOUNTS, account_key("account-1"), account_key("x" * 500)])
def test_a_target_survives_the_journey(key: str) -> None:
    """Written, sent and read again, it is the same; and it fits into 64 bytes for the longest ids."""
    target = TapTarget(STATUS, 2**53, key)
    assert read_target(target.data) == target
    assert len(target.data.encode()) <= 64


@pytest.mark.parametrize(
    "data", ["", "status", "status:1", "status:x:*", "status:-1:*", "close:1:*", "a:b:c:d", "status:²:*"]
)
def test_what_is_not_ours_means_nothing(data: str) -> None:
    """Anybody can send anything as button data."""
    assert read_target(data) is None


def test_keys_differ() -> None:
    """Two accounts are not confused."""
    assert account_key("account-1") != account_key("account-2")
