"""Accounts: what is watched, for whom, in which mode; credentials only when asked for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guard.ports.errors import InputError, StoreError
from guard.ports.records import UserRecord
from guard.ports.venue import AccountSpec, Credentials
from guard.risk.zones import ZoneState
from guard.store.store import Store


def database(url: str) -> Path:
    """The file of a database."""
    return Path(url.removeprefix("sqlite:///"))


async def test_an_account_comes_back_whole(store: Store, make: Any) -> None:
    """With secrets exactly what was added; without them the same but for the credentials."""
    added = make.account("alice", mode="auto", frozen=True)
    await store.add_account(added)
    without = replace(added, spec=replace(added.spec, credentials=Credentials()))
    assert await store.accounts(secrets=True) == [added]
    assert await store.account_named("alice", secrets=True) == added
    assert await store.accounts() == [without]
    assert await store.account_named("alice") == without
    assert await store.account_named("bob") is None


async def test_an_account_read_from_a_file_has_no_credentials(store: Store, make: Any) -> None:
    """An account without secrets needs none."""
    added = make.account("file", spec=AccountSpec(name="file", venue="file", book_file="/tmp/book.json"))  # noqa: S108  # never opened
    await store.add_account(added)
    assert await store.accounts(secrets=True) == [added]


async def test_no_secret_is_in_the_database(store: Store, make: Any, url: str) -> None:
    """Neither key, secret, passphrase nor wallet is readable in any file of the database."""
    await store.add_account(make.account("alice"))
    await store.close()
    for part in database(url).parent.glob("guard.db*"):
        content = part.read_bytes()
        for secret in (b"key of alice", b"s3cret", b"pass", b"0x1"):
            assert secret not in content.replace(b"passphrase", b"")


async def test_credentials_copied_to_another_row_do_not_open(store: Store, make: Any, url: str) -> None:
    """Who can write the database cannot make one account trade with another's key."""
    await store.add_account(make.account("alice"))
    await store.add_account(make.account("bob"))
    with closing(sqlite3.connect(database(url))) as other, other:
        other.execute(
            "UPDATE accounts SET credentials = (SELECT credentials FROM accounts WHERE name = 'bob') "
            "WHERE name = 'alice'"
        )
    with pytest.raises(StoreError, match=r"credentials of account id-alice do not open .* changed or copied"):
        await store.account_named("alice", secrets=True)
    assert (await store.account_named("bob", secrets=True)) == make.account("bob")


async def test_a_taken_account_name_is_refused(store: Store, make: Any) -> None:
    """Two accounts cannot have one name."""
    await store.add_account(make.account("alice"))
    with pytest.raises(InputError, match=r"account named 'alice' exists already; .*guard account remove alice"):
        await store.add_account(make.account("alice", account_id="another"))
    assert [account.account_id for account in await store.accounts()] == ["id-alice"]


async def test_an_owner_must_be_a_user(store: Store, make: Any, alice: UserRecord) -> None:
    """An account's messages go to somebody who exists, or openly to nobody."""
    with pytest.raises(InputError, match="no user has the id 'nobody'"):
        await store.add_account(make.account("bob", owner="nobody"))
    with pytest.raises(InputError, match="no user has the id 'nobody'"):
        await store.set_owner("id-alice", "nobody")
    assert [account.name for account in await store.accounts_of(alice.user_id)] == ["alice"]
    await store.set_owner("id-alice", None)
    assert await store.accounts_of(alice.user_id) == []


async def test_mode_and_freeze_are_kept(store: Store, make: Any) -> None:
    """What was armed or frozen stays so."""
    await store.add_account(make.account("alice"))
    await store.add_account(make.account("bob"))
    await store.set_mode("id-alice", "auto")
    await store.set_frozen("id-alice", True)
    kept = {account.name: (account.mode, account.frozen) for account in await store.accounts()}
    assert kept == {"alice": ("auto", True), "bob": ("observe", False)}
    await store.set_frozen("id-alice", False)
    account = await store.account_named("alice")
    assert account is not None
    assert not account.frozen


async def test_changing_a_missing_account_is_an_error(store: Store, make: Any) -> None:
    """A freeze that froze nothing must not look like one."""
    with pytest.raises(StoreError, match="no account has the id 'id-gone'"):
        await store.set_frozen("id-gone", True)
    with pytest.raises(StoreError, match="no account has the id 'id-gone'"):
        await store.set_mode("id-gone", "observe")
    with pytest.raises(StoreError, match="no account has the id 'id-gone'"):
        await store.zone_state("id-gone")


async def test_a_new_account_starts_safe(store: Store, make: Any) -> None:
    """Before its first cycle the zone machine remembers nothing."""
    await store.add_account(make.account("alice"))
    assert await store.zone_state("id-alice") == ZoneState()


async def test_removing_an_account_removes_its_past(store: Store, make: Any, url: str) -> None:
    """Everything of the account goes, in batches too; what waits to be told stays; others keep theirs."""
    for name in ("alice", "bob"):
        await store.add_account(make.account(name))
        for second in range(3):
            await store.record_cycle(make.cycle(name, second))
    message = make.message(alert_id="alert-1", account_id="id-alice")
    told = make.cycle(seconds=9, change=make.change(), alerts=(make.alert(),), messages=(message,))
    await store.record_cycle(told)
    await store.add_intent(make.intent(state="done"), [make.order()])
    await store.remove_account("alice")
    assert [account.name for account in await store.accounts()] == ["bob"]
    assert await store.due_messages(make.at(99), 9) == [make.message()]
    with closing(sqlite3.connect(database(url))) as other:
        tables = ("snapshots", "snapshot_positions", "zone_changes", "alerts", "intents", "orders", "watch_states")
        rows = {name: other.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608  # fixed names
    assert rows == {
        "snapshots": 3,
        "snapshot_positions": 3,
        "zone_changes": 0,
        "alerts": 0,
        "intents": 0,
        "orders": 0,
        "watch_states": 1,
    }


async def test_a_long_past_goes_in_short_transactions(store: Store, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More snapshots than one batch holds are all removed."""
    monkeypatch.setattr("guard.store.store._FORGET_AT_ONCE", 2)
    await store.add_account(make.account("alice"))
    for second in range(5):
        await store.record_cycle(make.cycle(seconds=second))
    await store.remove_account("alice")
    assert await store.accounts() == []


async def test_an_account_with_orders_in_progress_stays(store: Store, make: Any) -> None:
    """Only the journal knows which orders are out; it is not thrown away."""
    await store.add_account(make.account("alice"))
    await store.record_cycle(make.cycle())
    await store.add_intent(make.intent(), [make.order()])
    with pytest.raises(InputError, match="'alice' has orders in progress"):
        await store.remove_account("alice")
    assert await store.latest_snapshot("id-alice") is not None


async def test_removing_an_unknown_account_names_the_known(store: Store, make: Any) -> None:
    """A typo is answered with the names that there are."""
    with pytest.raises(InputError, match=r"no account is named 'alise'; known accounts: none"):
        await store.remove_account("alise")
    await store.add_account(make.account("alice"))
    with pytest.raises(InputError, match=r"known accounts: alice"):
        await store.remove_account("alise")
