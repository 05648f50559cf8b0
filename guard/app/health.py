"""The state of the service in one value: what is blind, overdue or undelivered, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guard.app.cycle import Cycle
from guard.app.scheduler import pause_s
from guard.app.settings import Schedule
from guard.app.watch import Watch
from guard.bot.polling import BotHealth, BotState
from guard.ports.clock import Clock
from guard.ports.errors import StoreError
from guard.risk.zones import Zone
from guard.store.store import Store
from guard.web.health import HEARTBEAT_OFF, AccountHealth, Health, HeartbeatHealth, ListeningHealth

# A message that waits this long is a problem of its own.
UNDELIVERED_AFTER_S = 120.0
OVERDUE_PAUSES = 3
DEAF = frozenset({BotState.UNREACHABLE, BotState.BAD_TOKEN})


def overdue_s(zone: Zone, schedule: Schedule) -> float:
    """Seconds after which an account in this zone should certainly have been read again."""
    return OVERDUE_PAUSES * pause_s(zone, schedule) + schedule.timeout_s


class HealthReport:
    """Collects the health of a service. Remembers how long the outbox has not been empty."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._schedule = schedule
        self._clock = clock
        self._pending_since: datetime | None = None

    async def health(
        self,
        *,
        watches: Sequence[Watch],
        store: Store,
        cycle: Cycle,
        orders: int,
        delivered: int,
        telegram: BotHealth | None,
        listening: ListeningHealth,
        heartbeat: HeartbeatHealth = HEARTBEAT_OFF,
    ) -> Health:
        """The state now. Unhealthy until the first good cycle of every account."""
        now = self._clock.now()
        problems = [problem for watch in watches for problem in self._problems(watch, now)]
        pending, refusals = 0, 0
        try:
            pending, refusals = await store.outbox_pending(), await store.refusal_count()
            problems += await self._deaf_owners(watches, store)
        except StoreError as error:
            problems.append(f"the database does not answer: {error}")
        problems += self._delivery_problem(pending, now)
        if telegram is not None and telegram.state in DEAF:
            problems.append(f"Telegram is {telegram.state.value}: {telegram.reason}")
        if cycle.finished == 0:
            problems.append("no cycle has finished yet" if watches else "no account is watched")
        lasts = [watch.last.at for watch in watches if watch.last]
        return Health(
            problems=tuple(problems),
            accounts=tuple(_account(watch, now) for watch in watches),
            outbox_pending=pending,
            last_cycle_age_s=(now - max(lasts)).total_seconds() if lasts else None,
            telegram=telegram.state.value if telegram else "off",
            cycles_total=cycle.finished,
            failed_cycles_total=cycle.failed,
            delivered_total=delivered,
            refusals_total=refusals,
            orders_total=orders,
            listening=listening,
            heartbeat=heartbeat,
        )

    async def _deaf_owners(self, watches: Sequence[Watch], store: Store) -> list[str]:
        """Owners who had chats and of whom none accepts a message any more: blocked, or deleted."""
        accounts: dict[str, list[str]] = {}
        for watch in watches:
            if watch.record.owner is not None:
                accounts.setdefault(watch.record.owner, []).append(watch.record.name)
        problems = []
        for owner, names in accounts.items():
            chats = await store.chats_of(owner)
            if chats and all(chat.dead_since is not None for chat in chats):
                problems.append(f"{', '.join(names)}: no chat of its owner accepts messages, link one: guard user link")
        return problems

    def _problems(self, watch: Watch, now: datetime) -> list[str]:
        name, last = watch.record.name, watch.last
        if last is None:
            return [f"{name} was not read yet"]
        problems = []
        if last.zone is Zone.UNKNOWN:
            problems.append(f"{name} is blind: {last.reason}")
        if watch.unrecorded is not None:
            problems.append(f"{name}: the last reading was not recorded")
        age_s = (now - last.at).total_seconds()
        if age_s > overdue_s(last.zone, self._schedule):
            problems.append(f"{name} was last read {age_s:.0f} s ago")
        return problems

    def _delivery_problem(self, pending: int, now: datetime) -> list[str]:
        if not pending:
            self._pending_since = None
            return []
        self._pending_since = self._pending_since or now
        waiting_s = (now - self._pending_since).total_seconds()
        if waiting_s < UNDELIVERED_AFTER_S:
            return []
        return [f"{pending} messages wait for delivery, for {waiting_s:.0f} s"]


def _account(watch: Watch, now: datetime) -> AccountHealth:
    last, good = watch.last, watch.last_good
    risk = watch.live or (last.risk if last else None)
    return AccountHealth(
        name=watch.record.name,
        zone=last.zone.value if last else Zone.UNKNOWN.value,
        quality=last.quality.quality.value if last else "missing",
        age_s=(now - good.at).total_seconds() if good else None,
        risk_ratio=risk.risk_ratio if risk else None,
        margin_level=risk.margin_level if risk else None,
        distance=risk.distance if risk else None,
    )
