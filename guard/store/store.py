"""The door of the room: every question and every change, as an async method over values of `guard.ports`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from guard.ports.clock import Ids
from guard.ports.errors import StoreBusy, StoreError
from guard.ports.history import Level
from guard.ports.recipients import Recipient
from guard.ports.records import (
    AccountRecord,
    AlertRecord,
    ChatRecord,
    CycleRecord,
    IntentRecord,
    Mode,
    OrderRecord,
    OutboxMessage,
    Snapshot,
    UserRecord,
    ZoneChange,
)
from guard.ports.venue import Credentials
from guard.risk.zones import ZoneState
from guard.store import accounts, cycle, history, journal, listeners, marks, outbox, people
from guard.store.doors.alerts import AlertDoor
from guard.store.doors.audit import AuditDoor
from guard.store.doors.consent import ConsentDoor
from guard.store.doors.hedges import HedgeDoor
from guard.store.doors.people import PeopleDoor
from guard.store.engine import BUSY_TIMEOUT_S, Lane, Work
from guard.store.location import Location
from guard.store.schema import require_current
from guard.store.vault import Vault

T = TypeVar("T")
P = ParamSpec("P")

CLOSE_TIMEOUT_S: Final = 4.0
"""Longer than a wait for another process, shorter than the 5 s in which the service must end."""

LEVELS_MAX: Final = 250_000
"""More than a week of readings every 3 s."""

_LEVELS_AT_ONCE: Final = 4_000
_FORGET_AT_ONCE: Final = 500
_FORGET_BATCHES_MAX: Final = 100_000


class Store(AlertDoor, AuditDoor, ConsentDoor, HedgeDoor, PeopleDoor):
    """The guard's memory. Every method is one transaction unless it says otherwise.

    Every method may raise `StoreError` (nothing was stored) and `StoreBusy` (the same, and worth another try);
    `InputError` where a person named something that is not there or is there already.
    """

    def __init__(self, location: Location, vault: Vault, ids: Ids, writer: Lane, reader: Lane) -> None:
        self._location = location
        self._vault = vault
        self._ids = ids
        self._writer = writer
        self._reader = reader
        self._closed = False

    @classmethod
    async def open(
        cls, url: str, vault: Vault, ids: Ids, *, busy_timeout_s: float = BUSY_TIMEOUT_S, ordered: bool = False
    ) -> Store:
        """Open a database whose tables are current, with the key that sealed its credentials.

        Args:
            url: Such as `sqlite:///var/guard.db`.
            vault: Where the master key is; see `Vault.of`.
            ids: Names new users.
            busy_timeout_s: How long to wait for another process that writes.
            ordered: Whether reads wait for the writes asked for before them (one thread for both). A simulation needs
                it to repeat itself; a service is quicker without.

        Raises:
            InputError: bad url, schema that is not current (says which command to run), missing or wrong key.
            StoreError: the database cannot be opened.
        """
        location = Location.parse(url)
        writer = Lane(location, "write", busy_timeout_s)
        reader = Lane(location, "read", busy_timeout_s, writer.thread if ordered else None)
        store = cls(location, vault, ids, writer, reader)
        try:
            await asyncio.get_running_loop().run_in_executor(writer.thread, require_current, url)
            # Reading first: a command that only looks must open beside a process that writes for long.
            if not await store._read(accounts.unlock, vault):
                await store._write(accounts.unlock_first, vault)
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Wait for the transaction that runs, then close; afterwards every method raises `StoreError`.

        Raises:
            StoreBusy: it did not end within `CLOSE_TIMEOUT_S`; what waits behind it will not be stored.
        """
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                # The reader first: the last connection that closes moves the write-ahead log into the database.
                await self._reader.close()
                await self._writer.close()
        except TimeoutError as error:
            self._reader.drop()
            self._writer.drop()
            raise StoreBusy(
                f"the database {self._location} was still working {CLOSE_TIMEOUT_S:g} s after it was told to close",
                fix="what was acknowledged is stored; what was not is stored whole or not at all",
            ) from error
        finally:
            self._reader.thread.shutdown(wait=False)
            self._writer.thread.shutdown(wait=False)

    async def _read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._check_open()
        return await self._reader.run(work, *args, **kwargs)

    async def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._check_open()
        return await self._writer.run(work, *args, **kwargs)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the database {self._location} is closed", fix="nothing was stored")

    # People

    async def add_user(self, name: str, now: datetime) -> UserRecord:
        """Add a person. InputError: the name is taken."""
        return await self._write(people.add_user, UserRecord(self._ids.new("user"), name, now))

    async def users(self) -> list[UserRecord]:
        """All users by name."""
        return await self._read(people.users)

    async def user_named(self, name: str) -> UserRecord | None:
        """The user of that name."""
        return await self._read(people.user_named, name)

    async def remove_user(self, name: str) -> None:
        """Remove a person with chats and codes. InputError: unknown, or owns accounts."""
        await self._write(people.remove_user, name)

    async def create_link_code(self, user_id: str, code: str, expires_at: datetime) -> None:
        """Let `code` link one chat to the user until `expires_at`; only its hash is kept."""
        await self._write(people.create_link_code, user_id, code, expires_at)

    async def redeem_link_code(
        self, code: str, chat_id: int, chat_user_id: int, title: str, now: datetime
    ) -> UserRecord | None:
        """Use a code up and link the chat; None when it is unknown, used or expired.

        Links of the same person to other users end: a person is one user.
        """
        return await self._write(people.redeem_link_code, code, chat_id, chat_user_id, title, now)

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """The user that this person of the chat service is; None for a stranger."""
        return await self._read(people.person, chat_user_id)

    async def chats_of(self, user_id: str) -> list[ChatRecord]:
        """The user's chats in the order of linking, dead ones too."""
        return await self._read(people.chats_of, user_id)

    async def mark_chat_dead(self, chat_id: int, at: datetime) -> None:
        """The chat accepts nothing any more. Linking it again revives it."""
        await self._write(people.mark_chat_dead, chat_id, at)

    async def move_chat(self, chat_id: int, new_chat_id: int) -> None:
        """The chat has a new id: its links and its waiting messages follow."""
        await self._write(people.move_chat, chat_id, new_chat_id)

    async def recipients(self, account_id: str) -> list[Recipient]:
        """Living chats of the owner and of whoever has a role on the account, and the owner's groups.

        Destinations are `telegram:<chat id>`, that of a group's topic `telegram:<chat id>/<topic id>`.
        """
        return await self._read(listeners.recipients, account_id)

    async def recipients_of(self, user_id: str) -> list[Recipient]:
        """A person's own living chats."""
        return await self._read(listeners.recipients_of, user_id)

    async def record_refusal(self, at: datetime, chat_id: int, chat_user_id: int, what: str) -> None:
        """Count a stranger who was refused, with the last thing asked for."""
        await self._write(people.record_refusal, at, chat_id, chat_user_id, what)

    async def refusal_count(self) -> int:
        """How often strangers were refused."""
        return await self._read(people.refusal_count)

    # Accounts

    async def add_account(self, account: AccountRecord) -> None:
        """Add an account, its credentials sealed. InputError: the name is taken, or `owner` is no user's id."""
        secrets = account.spec.credentials
        sealed = None if secrets == Credentials() else self._vault.seal(account.account_id, secrets)
        await self._write(accounts.add_account, account, sealed)

    async def accounts(self, *, secrets: bool = False) -> list[AccountRecord]:
        """All accounts by name; with decrypted credentials when asked for."""
        return await self._read(accounts.accounts, self._vault if secrets else None)

    async def account_named(self, name: str, *, secrets: bool = False) -> AccountRecord | None:
        """The account of that name; with decrypted credentials when asked for."""
        return await self._read(accounts.account_named, name, self._vault if secrets else None)

    async def accounts_of(self, user_id: str) -> list[AccountRecord]:
        """The accounts that the user owns or was granted a role on, by name, without credentials."""
        return await self._read(accounts.accounts_of, user_id)

    async def remove_account(self, name: str) -> None:
        """Remove an account and its history; waiting messages are still delivered.

        A long history goes in several transactions, so that other accounts' cycles are not held up; the account
        itself goes with the last one. InputError: unknown, or has open intents.
        """
        account_id = await self._read(accounts.removable, name)
        for _ in range(_FORGET_BATCHES_MAX):
            if await self._write(history.forget_batch, account_id, _FORGET_AT_ONCE) < _FORGET_AT_ONCE:
                break
        await self._write(accounts.remove_account, name)

    async def set_mode(self, account_id: str, mode: Mode, until: datetime | None = None) -> None:
        """What the guard may do for this account, and until when (None: no end)."""
        await self._write(accounts.set_mode, account_id, mode, until)

    async def set_frozen(self, account_id: str, frozen: bool) -> None:  # noqa: FBT001  # the value that is set
        """Whether all action on this account is stopped."""
        await self._write(accounts.set_frozen, account_id, frozen)

    async def set_owner(self, account_id: str, user_id: str | None) -> None:
        """Whose chats the account's messages go to. InputError: no such user."""
        await self._write(accounts.set_owner, account_id, user_id)

    # Cycles and history

    async def zone_state(self, account_id: str) -> ZoneState:
        """What the zone machine remembers; safe for an account that had no cycle yet."""
        return await self._read(accounts.zone_state, account_id)

    async def record_cycle(self, record: CycleRecord) -> frozenset[str]:
        """Store snapshot, positions, zone state, zone change, alerts, messages, intent and orders: all or nothing.

        Returns the ids of messages that are stored as begun: whoever gets them sends them.
        """
        return await self._write(cycle.record_cycle, record)

    async def record_announcement(self, alerts: Sequence[AlertRecord], messages: Sequence[OutboxMessage]) -> None:
        """Store alerts and their messages outside a cycle: all or nothing."""
        await self._write(cycle.record_announcement, alerts, messages)

    async def latest_snapshot(self, account_id: str, *, whole: bool = False) -> Snapshot | None:
        """The newest snapshot with its positions; `whole`: the newest of which nothing was missing or torn."""
        return await self._read(history.latest_whole_snapshot if whole else history.latest_snapshot, account_id)

    async def snapshots(self, account_id: str, since: datetime, limit: int) -> list[Snapshot]:
        """The newest `limit` snapshots since then, oldest first, without positions."""
        return await self._read(history.snapshots, account_id, since, limit)

    async def levels(self, account_id: str, since: datetime, limit: int = LEVELS_MAX) -> list[Level]:
        """What charts need of the snapshots since then, oldest first; at most `limit`, the oldest are left out first.

        Several short transactions: a week of them must not hold up other questions.
        """
        found: list[Level] = []
        place: tuple[datetime, int] | None = None
        while True:
            page, place = await self._read(history.levels_page, account_id, since, place, _LEVELS_AT_ONCE)
            found += page
            if place is None:
                return found[-limit:]

    async def first_equity_since(self, account_id: str, since: datetime) -> tuple[float, str] | None:
        """Equity of the worst pool at the first snapshot since then that has one, and its currency."""
        return await self._read(history.first_equity_since, account_id, since)

    async def hourly_marks(self, account_id: str, since: datetime) -> list[tuple[datetime, dict[str, float]]]:
        """Time and marks by symbol of the first whole snapshot of each hour since then, oldest first."""
        return await self._read(marks.hourly_marks, account_id, since)

    async def zone_changes(self, account_id: str, since: datetime) -> list[ZoneChange]:
        """The account's flips since then, oldest first."""
        return await self._read(history.zone_changes, account_id, since)

    async def alerts(self, since: datetime, account_id: str | None = None) -> list[AlertRecord]:
        """Alerts decided since then, oldest first."""
        return await self._read(history.alerts, since, account_id)

    async def last_alert(self, fingerprint: str) -> AlertRecord | None:
        """The newest alert of a condition."""
        return await self._read(history.last_alert, fingerprint)

    async def last_cycle_at(self) -> datetime | None:
        """When the newest recorded cycle of any account was."""
        return await self._read(history.last_cycle_at)

    async def prune_snapshots(self, before: datetime) -> int:
        """Forget older snapshots, never an account's newest; returns how many. Several short transactions."""
        forgotten = 0
        for _ in range(_FORGET_BATCHES_MAX):
            batch = await self._write(history.prune_batch, before, _FORGET_AT_ONCE)
            forgotten += batch
            if batch < _FORGET_AT_ONCE:
                break
        return forgotten

    # Outbox

    async def add_message(self, message: OutboxMessage) -> bool:
        """Put a message in; False when one with its dedupe key was put in before (then nothing changes)."""
        return await self._write(outbox.add_messages, (message,)) == 1

    async def due_messages(self, now: datetime, limit: int) -> list[OutboxMessage]:
        """Messages to send now: highest priority first, then oldest; none overtakes its like."""
        return await self._read(outbox.due_messages, now, limit)

    async def mark_begun(self, message_id: str, note: str) -> None:
        """The message is about to be sent; `note` stands if nothing more is ever heard of it."""
        await self._write(outbox.mark_begun, message_id, note)

    async def mark_delivered(
        self, message_id: str, at: datetime, receipt: str, superseding: Sequence[str] = ()
    ) -> None:
        """The channel took the message; older ones that it supersedes are not sent any more."""
        await self._write(outbox.mark_delivered, message_id, at, receipt, superseding)

    async def mark_retry(self, message_id: str, at: datetime, error: str, next_attempt_at: datetime) -> None:
        """An attempt failed; try again not before `next_attempt_at`."""
        await self._write(outbox.mark_retry, message_id, at, error, next_attempt_at)

    async def mark_dead(self, message_id: str, at: datetime, error: str, superseding: Sequence[str] = ()) -> None:
        """The message will never be delivered, nor older ones that it supersedes; all stay to be shown."""
        await self._write(outbox.mark_dead, message_id, at, error, superseding)

    async def outbox_pending(self) -> int:
        """How many messages wait."""
        return await self._read(outbox.outbox_pending)

    async def dead_messages(self, since: datetime) -> list[OutboxMessage]:
        """Messages given up since then, oldest first."""
        return await self._read(outbox.dead_messages, since)

    # Protection

    async def add_intent(self, intent: IntentRecord, orders: Sequence[OrderRecord]) -> None:
        """Store an intent with its orders."""
        await self._write(journal.add_intent, intent, orders)

    async def update_intent(self, intent: IntentRecord) -> None:
        """Store what became of an intent."""
        await self._write(journal.update_intent, intent)

    async def save_order(self, order: OrderRecord) -> None:
        """Store an order as it stands now, new or known; what names it cannot change."""
        await self._write(journal.save_order, order)

    async def open_intents(self, account_id: str | None = None) -> list[IntentRecord]:
        """Intents that are not ended, oldest first."""
        return await self._read(journal.open_intents, account_id)

    async def orders_of(self, intent_id: str) -> list[OrderRecord]:
        """The intent's orders by step, those of one step in the order in which they were first stored."""
        return await self._read(journal.orders_of, intent_id)

    async def intents(self, since: datetime, account_id: str | None = None) -> list[IntentRecord]:
        """Intents decided since then, oldest first."""
        return await self._read(journal.intents, since, account_id)

    async def notional_traded_since(self, account_id: str, since: datetime) -> float:
        """Notional (quote currency) of intents that traded since then or may still trade."""
        return await self._read(journal.notional_traded_since, account_id, since)
