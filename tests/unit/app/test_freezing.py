"""A freeze in chat while the database cannot be written: it holds here, and nobody is told more than that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from guard.app.desks.acting import ActingAnswers
from guard.app.desks.backstage import Backstage
from guard.app.settings import Database, Settings
from guard.bot.desks.acting import Frozen
from guard.ports.alerting import AuditRecord
from guard.ports.errors import StoreError
from guard.ports.records import AccountRecord, GrantRecord, UserRecord
from tests.harness.cycle_world import NOW, World, book


class FullDisk:
    """A store that can be read; of the accounts in `fails` nothing can be written."""

    def __init__(self, accounts: list[AccountRecord], fails: set[str]) -> None:
        self.accounts, self.fails = accounts, fails
        self.frozen: list[str] = []

    async def accounts_of(self, user_id: str) -> list[AccountRecord]:
        """All of them."""
        assert user_id == "anna"
        return self.accounts

    async def grants(self, **asked: Any) -> list[GrantRecord]:
        """None: anna owns them."""
        assert asked
        return []

    async def set_frozen(self, account_id: str, frozen: bool) -> None:
        """Or not."""
        if account_id in self.fails:
            raise StoreError("disk full")
        assert frozen
        self.frozen.append(account_id)

    async def record_audit(self, record: AuditRecord) -> None:
        """Only of what was stored."""
        assert record.account_id in self.frozen


async def test_all_are_frozen_and_what_is_not_stored_is_named() -> None:
    """One account that cannot be stored keeps no other from being frozen for good."""
    worlds = {name: World(book(40_000.0)) for name in ("one", "two")}
    for name, world in worlds.items():
        record = world.watch.record
        world.watch.record = AccountRecord(name, record.spec, "anna", "auto", NOW)
    store = FullDisk([world.watch.record for world in worlds.values()], {"one"})
    clock = worlds["one"].clock
    stage = SimpleNamespace(
        store=store,
        clock=clock,
        settings=Settings(database=Database(url="sqlite:////data/guard.db")),
        watch_of=lambda account_id: worlds[account_id].watch,
    )
    answers = ActingAnswers(cast("Backstage", stage))
    frozen = await answers.freeze(UserRecord("anna", "anna", NOW), ("one", "two"))
    assert frozen == Frozen(("main", "main"), ("main",), "/data/guard.stop")
    assert store.frozen == ["two"]
    kept = {name: (world.watch.record.frozen, world.watch.unstored_freeze) for name, world in worlds.items()}
    assert kept == {"one": (True, True), "two": (True, False)}
