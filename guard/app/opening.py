"""Opening what commands and the service share: settings, clock, identifiers, the store and its vault."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from guard.app.clock import RandomIds, SystemClock
from guard.app.settings import Settings
from guard.ports.clock import Clock, Ids
from guard.ports.errors import InputError
from guard.ports.records import AccountRecord, UserRecord
from guard.store.store import Store
from guard.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open for the length of a command."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: Store

    async def account(self, name: str, *, secrets: bool = False) -> AccountRecord:
        """The account with this name.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        record = await self.store.account_named(name, secrets=secrets)
        if record is None:
            known = ", ".join(account.name for account in await self.store.accounts()) or "none yet"
            raise InputError(f"no account is called {name}, known: {known}")
        return record

    async def user(self, name: str) -> UserRecord:
        """The person with this name.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        user = await self.store.user_named(name)
        if user is None:
            known = ", ".join(user.name for user in await self.store.users()) or "none yet"
            raise InputError(f"no user is called {name}, known: {known}", fix=f"add one with: guard user add {name}")
        return user


def master_key_file(settings: Settings) -> Path | None:
    """Where the key is: GUARD_MASTER_KEY_FILE, else the configuration, else None (beside the database)."""
    named = os.environ.get("GUARD_MASTER_KEY_FILE")
    return Path(named).resolve() if named else settings.database.master_key_file


@asynccontextmanager
async def opened(settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None) -> AsyncIterator[Opened]:
    """Open the store; its schema must be current.

    Raises:
        InputError: the schema is outdated, or the master key does not open this database.
    """
    clock, ids = clock or SystemClock(), ids or RandomIds()
    url = settings.database.url
    store = await Store.open(url, Vault.of(url, master_key_file(settings)), ids)
    try:
        yield Opened(settings, clock, ids, store)
    finally:
        await store.close()
