"""Opening: the schema must be current and the key must be the right one; a refusal changes nothing."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from guard.ports.errors import InputError
from guard.store.store import Store
from guard.store.vault import Vault

Opens = Callable[..., Awaitable[Store]]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, with its content."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
async def sealed(open_store: Opens, account: Any, file: Path) -> Path:
    """A database with sealed credentials; its file."""
    store = await open_store()
    await store.add_account(account("alice"))
    await store.close()
    return file


async def test_the_right_key_opens_again(sealed: Path, open_store: Opens, account: Any) -> None:
    """The next process reads what this one sealed."""
    store = await open_store()
    assert await store.accounts(secrets=True) == [account("alice")]
    await store.close()


async def test_a_moved_key_opens_too(sealed: Path, url: str, account: Any, tmp_path: Path) -> None:
    """The key may stand elsewhere, under any name."""
    key = tmp_path / "elsewhere"
    shutil.move(sealed.with_suffix(".key"), key)
    store = await Store.open(url, Vault.of(url, key), None)  # type: ignore[arg-type]  # names nothing
    assert await store.account_named("alice", secrets=True) == account("alice")
    await store.close()


async def test_the_wrong_key_is_refused_and_nothing_is_lost(
    sealed: Path, open_store: Opens, account: Any, tmp_path: Path
) -> None:
    """One clear line; neither the database nor the key file is touched; the right key opens it afterwards."""
    key_file = sealed.with_suffix(".key")
    right = key_file.read_bytes()
    wrong = base64.b64encode(os.urandom(32))
    key_file.write_bytes(wrong)
    files = contents(sealed.parent)
    with pytest.raises(InputError, match=rf"the master key in {key_file} does not open this database"):
        await open_store()
    assert contents(sealed.parent) == files
    key_file.write_bytes(right)
    store = await open_store()
    assert await store.accounts(secrets=True) == [account("alice")]
    await store.close()


async def test_a_lost_key_is_not_replaced(sealed: Path, open_store: Opens) -> None:
    """A database whose key is gone is refused; no new key hides it."""
    key_file = sealed.with_suffix(".key")
    key_file.unlink()
    with pytest.raises(InputError, match=rf"key file {key_file} does not exist, and the credentials .* put the key"):
        await open_store()
    assert not key_file.exists()


async def test_the_key_is_made_at_the_first_opening(file: Path, open_store: Opens) -> None:
    """And remembered, even before anything is sealed."""
    await (await open_store()).close()
    key_file = file.with_suffix(".key")
    assert key_file.stat().st_mode & 0o777 == 0o600
    key_file.write_bytes(base64.b64encode(bytes(32)))
    with pytest.raises(InputError, match="does not open this database"):
        await open_store()


async def test_two_processes_may_open_a_new_database_at_once(file: Path, url: str) -> None:
    """Both end up with one key."""
    code = (
        "import asyncio, sys\n"
        "from guard.store.store import Store\n"
        "from guard.store.vault import Vault\n"
        "async def main(url):\n"
        "    await (await Store.open(url, Vault.of(url), None)).close()\n"
        "asyncio.run(main(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", code, url]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603, ASYNC220  # ours
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert file.with_suffix(".key").is_file()


async def test_opening_does_not_wait_for_a_writer(sealed: Path, open_store: Opens) -> None:
    """Who only looks, looks, whatever another process is doing."""
    with closing(sqlite3.connect(sealed, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = await open_store(busy_timeout_s=0.01)
        assert len(await store.accounts()) == 1
        await store.close()


async def test_a_schema_that_is_not_current_is_refused(tmp_path: Path) -> None:
    """The command to run is named; no file is made, database or key."""
    url = f"sqlite:///{tmp_path}/var/guard.db"
    with pytest.raises(InputError, match="run `guard db upgrade`"):
        await Store.open(url, Vault.of(url), None)  # type: ignore[arg-type]  # names nothing
    assert contents(tmp_path) == {}


async def test_secrets_do_not_show_when_printed(sealed: Path, open_store: Opens) -> None:
    """An account record in a log or a traceback tells nothing."""
    store = await open_store()
    (account,) = await store.accounts(secrets=True)
    assert "secret" not in repr(account).replace("credentials", "")
    await store.close()
