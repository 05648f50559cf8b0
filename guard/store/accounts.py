"""Statements over accounts: what is watched, for whom, in which mode, with sealed credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update

from guard.ports.errors import AccountGone, InputError, StoreError
from guard.ports.records import AccountRecord, KnownModes, Mode
from guard.ports.venue import AccountSpec, Credentials
from guard.risk.zones import Zone, ZoneState
from guard.store.tables import AccountRow, GrantRow, IntentRow, MetaRow, UserRow, WatchStateRow, table
from guard.store.vault import Sealed, Vault

_accounts: Final = table(AccountRow)
_watch: Final = table(WatchStateRow)
_users: Final = table(UserRow)
_intents: Final = table(IntentRow)
_meta: Final = table(MetaRow)
_grants: Final = table(GrantRow)

_KEY_ID: Final = "vault.key_id"
_PUBLIC: Final = [column for column in _accounts.c if column.name not in {"credentials", "key_id"}]


def unlock(connection: Connection, vault: Vault) -> bool:
    """Open the vault with the key that this database remembers; False when it remembers none yet."""
    remembered = connection.execute(select(_meta.c.value).where(_meta.c.name == _KEY_ID)).scalar()
    if remembered is None:
        return False
    vault.unlock(remembered)
    return True


def unlock_first(connection: Connection, vault: Vault) -> None:
    """Open the vault and remember its key, unless another process was first."""
    if not unlock(connection, vault):
        connection.execute(insert(_meta), {"name": _KEY_ID, "value": vault.unlock(None)})


def add_account(connection: Connection, account: AccountRecord, sealed: Sealed | None) -> None:
    """Store an account under a new name, in zone safe until its first cycle."""
    if account_named(connection, account.name) is not None:
        raise InputError(
            f"an account named {account.name!r} exists already",
            fix=f"choose another name, or `guard account remove {account.name}` first",
        )
    _check_owner(connection, account.owner)
    row = {
        "account_id": account.account_id,
        "name": account.name,
        "venue": account.spec.venue,
        "base_url": account.spec.base_url,
        "book_file": account.spec.book_file,
        "owner_id": account.owner,
        "mode": account.mode,
        "frozen": account.frozen,
        "created_at": account.created_at,
        "mode_until": account.mode_until,
        "credentials": sealed and sealed.box,
        "key_id": sealed and sealed.key_id,
        **_mode_columns(account.modes),
    }
    connection.execute(insert(_accounts), row)
    connection.execute(insert(_watch), {"account_id": account.account_id, "last_cycle_at": None, **watch(ZoneState())})


def accounts(connection: Connection, vault: Vault | None = None) -> list[AccountRecord]:
    """All accounts by name; with credentials when the vault is given."""
    return _records(connection, _select(vault), vault)


def account_named(connection: Connection, name: str, vault: Vault | None = None) -> AccountRecord | None:
    """The account of that name."""
    records = _records(connection, _select(vault).where(_accounts.c.name == name), vault)
    return records[0] if records else None


def accounts_of(connection: Connection, user_id: str) -> list[AccountRecord]:
    """The accounts that a user owns or was granted a role on, by name, without credentials."""
    granted = select(_grants.c.account_id).where(_grants.c.user_id == user_id)
    return _records(
        connection, _select(None).where((_accounts.c.owner_id == user_id) | _accounts.c.account_id.in_(granted)), None
    )


def removable(connection: Connection, name: str) -> str:
    """The id of an account that may be removed: one whose orders are all accounted for."""
    account = account_named(connection, name)
    if account is None:
        known = ", ".join(other.name for other in accounts(connection)) or "none"
        raise InputError(f"no account is named {name!r}", fix=f"known accounts: {known}")
    busy = (_intents.c.account_id == account.account_id) & (_intents.c.state == "open")
    if connection.execute(select(_intents.c.intent_id).where(busy).limit(1)).first() is not None:
        raise InputError(
            f"account {name!r} has orders in progress, and only the journal knows them",
            fix="wait until `guard actions` shows them ended, then remove it",
        )
    return account.account_id


def remove_account(connection: Connection, name: str) -> None:
    """Remove an account with everything known of it; its waiting messages stay."""
    connection.execute(delete(_accounts).where(_accounts.c.account_id == removable(connection, name)))


def set_mode(connection: Connection, account_id: str, mode: Mode, until: datetime | None = None) -> None:
    """What the guard may do for this account, and until when (None: no end)."""
    _change(connection, account_id, mode=mode, mode_until=until)


def set_frozen(connection: Connection, account_id: str, frozen: bool) -> None:  # noqa: FBT001  # the value itself
    """Whether all action is stopped."""
    _change(connection, account_id, frozen=frozen)


def set_modes(connection: Connection, account_id: str, modes: KnownModes) -> None:
    """In which modes the account was read."""
    _change(connection, account_id, **_mode_columns(modes))


def set_owner(connection: Connection, account_id: str, user_id: str | None) -> None:
    """Whose chats the account's messages go to."""
    _check_owner(connection, user_id)
    _change(connection, account_id, owner_id=user_id)


def zone_state(connection: Connection, account_id: str) -> ZoneState:
    """What the zone machine of an account remembers."""
    row = connection.execute(select(_watch).where(_watch.c.account_id == account_id)).mappings().first()
    if row is None:
        raise no_account(account_id)
    return ZoneState(
        zone=Zone(row["zone"]),
        last_known=Zone(row["last_known"]),
        clear_cycles=row["clear_cycles"],
        blind_cycles=row["blind_cycles"],
        reason=row["reason"],
    )


def watch(state: ZoneState) -> dict[str, str | int]:
    """The columns of a zone state."""
    return {
        "zone": state.zone.value,
        "last_known": state.last_known.value,
        "clear_cycles": state.clear_cycles,
        "blind_cycles": state.blind_cycles,
        "reason": state.reason,
    }


def no_account(account_id: str) -> StoreError:
    """The error for an account that is not, or no longer, there."""
    return AccountGone(f"no account has the id {account_id!r}", fix="it was removed meanwhile; nothing was stored")


def _mode_columns(modes: KnownModes | None) -> dict[str, str | None]:
    return {
        "position_mode": modes.position_mode if modes else None,
        "margin_model": modes.model if modes else None,
        "settles": " ".join(modes.settles) if modes else None,
    }


def _modes_of(row: RowMapping) -> KnownModes | None:
    if row["position_mode"] is None or row["margin_model"] is None:
        return None
    return KnownModes(row["position_mode"], row["margin_model"], tuple((row["settles"] or "").split()))


def _check_owner(connection: Connection, user_id: str | None) -> None:
    known = select(_users.c.user_id).where(_users.c.user_id == user_id)
    if user_id is not None and connection.execute(known).first() is None:
        raise InputError(f"no user has the id {user_id!r}", fix="add the user first with `guard user add`")


def _change(connection: Connection, account_id: str, **values: str | bool | datetime | None) -> None:
    statement = update(_accounts).where(_accounts.c.account_id == account_id).values(**values)
    if connection.execute(statement).rowcount == 0:
        raise no_account(account_id)


def _select(vault: Vault | None) -> Select[*tuple[object, ...]]:
    return select(*_PUBLIC) if vault is None else select(_accounts)


def _records(
    connection: Connection, statement: Select[*tuple[object, ...]], vault: Vault | None
) -> list[AccountRecord]:
    rows = connection.execute(statement.order_by(_accounts.c.name)).mappings()
    return [_record(row, vault) for row in rows]


def _record(row: RowMapping, vault: Vault | None) -> AccountRecord:
    credentials = Credentials()
    if vault is not None and row["credentials"] is not None:
        credentials = vault.open(row["account_id"], Sealed(key_id=row["key_id"], box=row["credentials"]))
    spec = AccountSpec(
        name=row["name"],
        venue=row["venue"],
        credentials=credentials,
        base_url=row["base_url"],
        book_file=row["book_file"],
    )
    return AccountRecord(
        account_id=row["account_id"],
        spec=spec,
        owner=row["owner_id"],
        mode=cast("Mode", row["mode"]),
        created_at=row["created_at"],
        frozen=row["frozen"],
        modes=_modes_of(row),
        mode_until=row["mode_until"],
    )
