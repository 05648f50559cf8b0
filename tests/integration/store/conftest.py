"""A database file, and the least that can be stored in it."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.ports.records import AccountRecord, CycleRecord, OutboxMessage, Reading
from guard.ports.venue import AccountSpec, Credentials
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from guard.store.store import Store
from guard.store.vault import Vault

START = datetime(2026, 1, 5, tzinfo=UTC)

Opens = Callable[..., Awaitable[Store]]


class CountingIds:
    """Identifiers that count up."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, kind: str) -> str:
        """`user-1`, `user-2`, ..."""
        self._count += 1
        return f"{kind}-{self._count}"

    def code(self, length: int) -> str:
        """A code of A only."""
        return "A" * length


@pytest.fixture
def file(tmp_path: Path, empty_database: Path) -> Path:
    """A database file of this test's own."""
    file = tmp_path / "guard.db"
    shutil.copy(empty_database, file)
    return file


@pytest.fixture
def url(file: Path) -> str:
    """Its url."""
    return f"sqlite:///{file}"


@pytest.fixture
def open_store(url: str) -> Opens:
    """Opens the store; the test closes it."""

    async def opens(**options: float | bool) -> Store:
        return await Store.open(url, Vault.of(url), CountingIds(), **options)  # type: ignore[arg-type]  # any option

    return opens


@pytest.fixture
def account() -> Callable[[str], AccountRecord]:
    """An account `id-<name>` with credentials."""

    def make(name: str) -> AccountRecord:
        spec = AccountSpec(name, "binanceusdm", Credentials(api_key="key", secret="secret"))
        return AccountRecord(f"id-{name}", spec, owner=None, mode="observe", created_at=START)

    return make


@pytest.fixture
def cycle() -> Callable[[str, int], CycleRecord]:
    """A blind cycle with one message, `<name> <number>`, that many seconds after the start."""

    def make(name: str, number: int) -> CycleRecord:
        at = START + timedelta(seconds=number)
        reading = Reading(
            account_id=f"id-{name}",
            account=name,
            at=at,
            quality=DataQuality(Quality.MISSING),
            zone_state=ZoneState(blind_cycles=number),
            zone=Zone.UNKNOWN,
            reason="blind",
            risk=None,
            fetched=None,
            error="no data",
            duration_ms=1.0,
        )
        label = f"{name} {number}"
        return CycleRecord(reading, messages=(OutboxMessage(label, label, "console", label, at),))

    return make
