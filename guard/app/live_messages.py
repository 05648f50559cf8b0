"""Keeps the live message of every account in every private chat up to date, below everything that is an alert.

Owns when a chat is written to and what happens when that fails. What it says is `guard.alerts.live_message`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from guard.alerts.delivery import telegram_address
from guard.alerts.live_message import ALARM_EVERY, CALM_EVERY, LiveText, edit_due, edit_possible, render_live
from guard.alerts.render import KnownLevels, known_levels
from guard.language.speech import speech_of
from guard.ports.alerting import LiveMessage
from guard.ports.clock import Clock
from guard.ports.errors import StoreError
from guard.ports.pace import Pacer
from guard.ports.recipients import Recipient
from guard.ports.records import Reading, ZoneChange
from guard.ports.sending import LiveSender, SendError, SendRejected, SendRetry

log = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
RECIPIENTS_KEPT: Final = timedelta(minutes=1)
_CHANGES_BACK: Final = timedelta(days=30)
_GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")

_Key = tuple[str, str]


class LiveStore(Protocol):
    """What is remembered. Every method may raise a `StoreError`."""

    async def recipients(self, account_id: str) -> list[Recipient]:
        """Who hears of an account."""
        ...

    async def zone_changes(self, account_id: str, since: datetime) -> Sequence[ZoneChange]:
        """Flips, oldest first."""
        ...

    async def live_message(self, destination: str, account_id: str) -> LiveMessage | None:
        """The one that stands."""
        ...

    async def save_live_message(self, live: LiveMessage) -> None:
        """Remember one."""
        ...

    async def forget_live_message(self, destination: str, account_id: str) -> None:
        """It is gone."""
        ...


class LiveMessages:
    """Posts, pins and edits.

    Args:
        store: memory.
        sender: the chat service.
        pacer: its limits; a chat that is not idle is left to alerts and answers.
        clock: time.
    """

    def __init__(self, store: LiveStore, sender: LiveSender, pacer: Pacer, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._pacer = pacer
        self._clock = clock
        self._latest: dict[str, Reading] = {}
        self._known: dict[str, KnownLevels] = {}
        self._since: dict[str, datetime | None] = {}
        self._due: dict[str, datetime] = {}
        self._recipients: dict[str, tuple[datetime, list[Recipient]]] = {}
        self._standing: dict[_Key, LiveMessage | None] = {}
        self._written: dict[str, datetime] = {}
        self._not_before: dict[str, datetime] = {}
        self.edits = 0

    def on_reading(self, reading: Reading) -> None:
        """Take the newest reading of an account."""
        before = self._latest.get(reading.account_id)
        if before is not None and before.zone is not reading.zone:
            self._since[reading.account_id] = reading.at
        self._latest[reading.account_id] = reading
        self._known[reading.account_id] = known_levels(reading) or self._known.get(
            reading.account_id, KnownLevels(reading.at, None, None, None)
        )
        self._due[reading.account_id] = reading.at

    async def look(self) -> None:
        """Bring up to date what is due now."""
        now = self._clock.now()
        for account_id in [each for each, due in self._due.items() if due <= now]:
            await asyncio.sleep(0)  # a thousand accounts are not to hold up an alarm
            try:
                await self._account(account_id, now)
            except StoreError as error:
                log.warning("live messages not updated", account=account_id, error=str(error))
                self._due[account_id] = now + ALARM_EVERY

    async def _account(self, account_id: str, now: datetime) -> None:
        reading = self._latest[account_id]
        if account_id not in self._since:
            changes = await self._store.zone_changes(account_id, now - _CHANGES_BACK)
            self._since[account_id] = changes[-1].at if changes else None
        del self._due[account_id]  # a reading that comes meanwhile puts it back
        again = [await self._chat(recipient, reading, now) for recipient in await self._readers(account_id, now)]
        if again:
            self._due[account_id] = min([*again, self._due.get(account_id, again[0])])

    async def _readers(self, account_id: str, now: datetime) -> list[Recipient]:
        """The private chats that hear of an account."""
        asked, known = self._recipients.get(account_id, (now - 2 * RECIPIENTS_KEPT, []))
        if now - asked >= RECIPIENTS_KEPT:
            known = [each for each in await self._store.recipients(account_id) if not each.group]
            self._recipients[account_id] = now, known
        return known

    async def _chat(self, recipient: Recipient, reading: Reading, now: datetime) -> datetime:
        """One account in one chat; when to look again."""
        address = telegram_address(recipient.destination)
        if address is None or address.chat_id < 0:
            return now + CALM_EVERY
        account_id = reading.account_id
        key = (recipient.destination, account_id)
        if key not in self._standing:
            self._standing[key] = await self._store.live_message(*key)
        live = self._standing[key]
        due = max(
            edit_possible(live, reading.zone) if live else now,
            self._written.get(recipient.destination, now - ALARM_EVERY) + ALARM_EVERY,
            self._not_before.get(recipient.destination, now),
        )
        if due > now:
            return due
        speech = speech_of(recipient.language, recipient.timezone)
        text = render_live(speech, reading, self._known.get(account_id), self._since.get(account_id))
        due = edit_due(live, text, reading.zone) if live else now
        if due > now:
            return due
        if not self._pacer.idle_for(address.chat_id):
            return now + timedelta(seconds=LOOK_S)
        self._written[recipient.destination] = now
        try:
            await self._write(key, address.chat_id, live, text)
        except SendRetry as error:
            self._not_before[recipient.destination] = now + timedelta(seconds=error.retry_after_s or 0.0) + ALARM_EVERY
        except SendError as error:
            log.warning("live message not written", to=recipient.destination, error=str(error))
            self._not_before[recipient.destination] = now + CALM_EVERY
            self._recipients.pop(account_id, None)
        return now + ALARM_EVERY

    async def _write(self, key: _Key, chat_id: int, live: LiveMessage | None, text: LiveText) -> None:
        """Edit the message that stands, or post one and pin it."""
        if live is not None:
            try:
                await self._sender.edit_live(chat_id, live.message_id, text.html)
            except SendRejected as error:
                if not any(words in error.message.lower() for words in _GONE):
                    raise
                self._standing[key] = live = None
                await self._store.forget_live_message(*key)
        if live is None:
            message_id, pinned = await self._sender.post_live(chat_id, text.html), False
            # Remembered before it is pinned: a crash in between must not leave two of them.
            await self._keep(key, message_id, text, pinned=False)
            try:
                await self._sender.pin(chat_id, message_id)
                pinned = True
            except SendError as error:  # no right to, or none that can be pinned: it is a live message all the same
                log.info("live message not pinned", to=key[0], error=str(error))
        else:
            message_id, pinned = live.message_id, live.pinned
        await self._keep(key, message_id, text, pinned=pinned)
        self.edits += 1

    async def _keep(self, key: _Key, message_id: str, text: LiveText, *, pinned: bool) -> None:
        live = LiveMessage(*key, message_id, text.shown, self._clock.now(), pinned)
        self._standing[key] = live
        await self._store.save_live_message(live)
