"""What upkeep asks for: the state of the service, the log, a drill; answered as far as it is a person's business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from guard import __version__
from guard.alerts.notices import render_drill
from guard.app.desks.backstage import Answers, Backstage
from guard.app.desks.rights import allowed, roles_of
from guard.app.health import overdue_s
from guard.app.readers import reader_of, speech_for
from guard.bot.desks.upkeep import AccountState, Drill, LogView, ServiceState
from guard.language.speech import Speech
from guard.ports.errors import StoreError
from guard.ports.records import SUPERSEDED, AccountRecord, OutboxMessage
from guard.risk.zones import Zone
from guard.web.health import HEARTBEAT_OFF

log = structlog.get_logger(__name__)

LOG_DAYS: Final = 7
DRILL_GAP_S: Final = 10.0
"""Between two drills of one chat, and between two of the second channels."""
DRILL_PRIORITY: Final = 0
_EVERYWHERE: Final = "second channels"


class UpkeepAnswers(Answers):
    """Answers `guard.bot.desks.upkeep.UpkeepDesk`."""

    def __init__(self, stage: Backstage) -> None:
        super().__init__(stage)
        self._drilled: dict[str, datetime] = {}

    # Health

    async def service_state(self, user_id: str) -> ServiceState | None:
        """The state of the service with the person's accounts; None when they have no role on any."""
        stage = self._stage
        accounts = await allowed(stage.store, user_id)
        if not accounts:
            return None
        health = await stage.health() if stage.health is not None else None
        dead, answers_ms = await self._asked_the_store()
        heartbeat = health.heartbeat if health else HEARTBEAT_OFF
        streams = health.listening.streams if health else ()
        return ServiceState(
            accounts=tuple([self._account_state(account, health.problems if health else ()) for account in accounts]),
            accounts_total=len(health.accounts) if health else 0,
            telegram=health.telegram if health else "off",
            second=tuple(stage.second.values()),
            heartbeat=heartbeat.state,
            heartbeat_error=heartbeat.error,
            heartbeat_s=heartbeat.age_s,
            pending=health.outbox_pending if health else 0,
            dead=dead,
            refusals=health.refusals_total if health else 0,
            streams=(sum(stream.healthy for stream in streams), len(streams)),
            database=stage.settings.database.url.partition(":")[0].partition("+")[0],
            answers_ms=answers_ms,
            version=__version__,
        )

    def _account_state(self, account: AccountRecord, problems: Sequence[str]) -> AccountState:
        watch = self._stage.watch_of(account.account_id)
        if watch is None:
            said = f"{account.name} is not watched: "
            why = next((problem.removeprefix(said) for problem in problems if problem.startswith(said)), "")
            return AccountState(account.name, Zone.UNKNOWN, None, None, watched=False, problem=why)
        last, good = watch.last, watch.last_good
        if last is None:
            return AccountState(account.name, Zone.UNKNOWN, None, None)
        now = self._stage.clock.now()
        checked_s = (now - last.at).total_seconds()
        return AccountState(
            account.name,
            last.zone,
            checked_s,
            None if good is None else (now - good.at).total_seconds(),
            overdue=checked_s > overdue_s(last.zone, self._stage.settings.schedule),
            problem=last.error or (last.reason if last.zone is Zone.UNKNOWN else ""),
            unrecorded=watch.unrecorded is not None,
        )

    async def _asked_the_store(self) -> tuple[int, float | None]:
        """How many messages were given up in a day, and how many milliseconds that question took."""
        clock = self._stage.clock
        began_s = clock.monotonic()
        try:
            dead = await self._stage.store.dead_messages(clock.now() - timedelta(days=1))
        except StoreError as error:
            log.warning("health asked, the store does not answer", error=str(error))
            return 0, None
        # What a newer message made needless was not lost.
        lost = sum(not (message.last_error or "").startswith(SUPERSEDED) for message in dead)
        return lost, (clock.monotonic() - began_s) * 1000

    # Log

    async def log_of(self, user_id: str, account_id: str | None, limit: int) -> LogView | None:
        """The newest entries of an account, or of all of the person's; None: not theirs."""
        accounts = {account.account_id: account for account in await allowed(self._stage.store, user_id)}
        if account_id is not None and account_id not in accounts:
            return None
        store, since = self._stage.store, self._stage.clock.now() - timedelta(days=LOG_DAYS)
        wanted = [account_id] if account_id is not None else sorted(accounts)
        audits, changes, intents = [], [], []
        for each in wanted:
            audits += await store.audit(since, limit, each)
            changes += (await store.zone_changes(each, since))[-limit:]
            intents += (await store.intents(since, each))[-limit:]
        people = {user.user_id: user.name for user in await store.users()}
        known = {entry.user_id for entry in audits} | {intent.requested_by for intent in intents}
        return LogView(
            since=since,
            audits=tuple(audits),
            changes=tuple(changes),
            intents=tuple(intents),
            accounts={key: account.name for key, account in accounts.items()},
            people={key: name for key, name in people.items() if key in known},
        )

    # Drill

    async def drill(self, user_id: str, chat_id: int, topic_id: int | None, *, everywhere: bool) -> Drill:
        """Put a drill into the outbox for a chat, and for the second channels where an owner asks for that."""
        stage = self._stage
        second = tuple(stage.second.values())
        if everywhere and not any(role == "owner" for _, role in await roles_of(stage.store, user_id)):
            return Drill("not_owner", second)
        now = stage.clock.now()
        chat = f"telegram:{chat_id}" if topic_id is None else f"telegram:{chat_id}/{topic_id}"
        if self._is_too_soon(chat, now) or (everywhere and self._is_too_soon(_EVERYWHERE, now)):
            return Drill("too_soon", second)
        self._drilled[chat] = now
        await self._put(chat, speech_for(await reader_of(stage.store, chat)), now)
        if everywhere:
            self._drilled[_EVERYWHERE] = now
            for destination in stage.second:
                await self._put(destination, speech_for(None), now)
        stage.wake_outbox()
        return Drill("sent", second)

    def _is_too_soon(self, key: str, now: datetime) -> bool:
        last = self._drilled.get(key)
        return last is not None and timedelta() <= now - last < timedelta(seconds=DRILL_GAP_S)

    async def _put(self, destination: str, speech: Speech, now: datetime) -> None:
        message_id = self._stage.ids.new("message")
        await self._stage.store.add_message(
            OutboxMessage(
                message_id=message_id,
                dedupe_key=f"drill|{message_id}",
                destination=destination,
                html=render_drill(speech, now),
                created_at=now,
                priority=DRILL_PRIORITY,
            )
        )
