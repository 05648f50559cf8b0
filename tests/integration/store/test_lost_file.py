"""A database file that goes away while it is open: what would be written to nobody's file is refused."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guard.ports.errors import StoreError
from guard.store.store import Store

START = datetime(2026, 1, 5, tzinfo=UTC)
Opens = Callable[..., Awaitable[Store]]


async def test_deleted_file_is_an_error_until_it_is_back(open_store: Opens, file: Path, tmp_path: Path) -> None:
    """SQLite would go on with the deleted file, and everything recorded would be lost silently."""
    store = await open_store()
    await store.add_user("mia", START)
    away = shutil.move(file, tmp_path / "away.db")
    with pytest.raises(StoreError, match="was deleted while it was open"):
        await store.add_user("lost", START)
    with pytest.raises(StoreError, match="was deleted while it was open"):
        await store.users()
    shutil.move(away, file)
    assert [user.name for user in await store.users()] == ["mia"]
    await store.close()


async def test_replaced_file_is_an_error(open_store: Opens, file: Path, tmp_path: Path) -> None:
    """A copy put in its place is another file: the open connection does not see it."""
    store = await open_store()
    await store.add_user("mia", START)
    shutil.copy(file, tmp_path / "copy.db")
    shutil.move(tmp_path / "copy.db", file)
    with pytest.raises(StoreError, match="was replaced by another file"):
        await store.add_user("lost", START)
    await store.close()
