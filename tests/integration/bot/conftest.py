"""A bot in front of a loopback Telegram: real library, real HTTP; time that does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from guard.bot.app import ChatBot
from guard.bot.connection import Pace
from guard.bot.desk import Desk, PictureWish
from guard.bot.desks.people import AccountStanding, Standing
from guard.bot.polling import BotState
from guard.ports.errors import GuardError, NotAllowed
from guard.ports.history import AccountHistory
from guard.ports.records import PositionSnapshot, Role, Snapshot, UserRecord
from guard.risk.zones import Zone
from guard.sandbox.telegram import Person, TelegramSandbox
from tests.harness.silent_desks import SilentAlerting, SilentMeasuring, SilentUpkeep

START = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
# Generous: a busy machine must not look like a silent Telegram. Tests of silence use a pace of their own.
PACE = Pace(connect_s=5.0, answer_s=10.0, poll_s=10)


class SkippingClock:
    """A clock on which sleeping takes no time: it jumps. The bot and the loopback Telegram share it."""

    def __init__(self) -> None:
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The start, and what has passed since."""
        return START + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds passed."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds

    async def sleep(self, seconds: float) -> None:
        """Jump; let others run, and a little real time pass so that retries cannot starve the loop."""
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0.001)


@dataclass
class MemoryDesk(SilentMeasuring, SilentAlerting, SilentUpkeep):
    """The rest of the guard, in a few dictionaries: what the door and looking ask for, no more."""

    clock: SkippingClock
    codes: dict[str, UserRecord] = field(default_factory=dict)
    people: dict[int, UserRecord] = field(default_factory=dict)
    snapshots: dict[str, list[Snapshot]] = field(default_factory=dict)
    refusals: list[tuple[int, int, str]] = field(default_factory=list)
    moves: list[tuple[int, int]] = field(default_factory=list)
    move_error: Exception | None = None
    redeemed: list[str] = field(default_factory=list)
    histories: dict[str, AccountHistory] = field(default_factory=dict)
    pictures: dict[str, bytes | Exception] = field(default_factory=dict)
    wishes: list[tuple[str, PictureWish]] = field(default_factory=list)
    broken: Exception | None = None
    roles: dict[str, dict[str, Role]] = field(default_factory=dict)
    dead_chats: set[int] = field(default_factory=set)
    groups: dict[tuple[int, int | None], tuple[str, str | None, str]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    looked_since: datetime | None = None

    def now(self) -> datetime:
        """The clock's time."""
        return self.clock.now()

    async def redeem(self, code: str, chat_id: int, chat_user_id: int, title: str) -> UserRecord | None:
        """Codes work once."""
        self.redeemed.append(code)
        person = self.codes.pop(code, None)
        if person is not None:
            assert chat_id == chat_user_id
            assert title
            self.people[chat_user_id] = person
        return person

    async def spoil(self, code: str) -> None:
        """It works no more."""
        self.codes.pop(code, None)

    async def person(self, chat_user_id: int) -> UserRecord | None:
        """Only who was linked."""
        if isinstance(self.broken, GuardError):
            raise self.broken
        return self.people.get(chat_user_id)

    async def statuses(self, user_id: str) -> list[Snapshot]:
        """What was put there."""
        if self.broken is not None:
            raise self.broken
        return self.snapshots.get(user_id, [])

    async def history(self, user_id: str, account_id: str, since: datetime) -> AccountHistory | None:
        """What was put there, of the person's own accounts."""
        self.looked_since = since
        return self.histories.get(account_id) if self._owns(user_id, account_id) else None

    async def picture(self, user_id: str, wish: PictureWish) -> bytes | None:
        """What was put there for the kind of picture, of the person's own accounts."""
        self.wishes.append((user_id, wish))
        if wish.account_id is not None and not self._owns(user_id, wish.account_id):
            return None
        png = self.pictures[wish.kind]
        if isinstance(png, Exception):
            raise png
        return png

    def _owns(self, user_id: str, account_id: str) -> bool:
        return account_id in {snapshot.account_id for snapshot in self.snapshots.get(user_id, [])}

    async def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Kept for the test."""
        self.moves.append((chat_id, new_chat_id))
        if self.move_error:
            raise self.move_error

    async def refused(self, chat_id: int, chat_user_id: int, what: str) -> None:
        """Kept for the test."""
        self.refusals.append((chat_id, chat_user_id, what))
        self.changed.set()

    async def came_by(self, user_id: str, chat_id: int) -> bool:
        """Whether the chat was among the dead."""
        was_dead = chat_id in self.dead_chats
        self.dead_chats.discard(chat_id)
        return was_dead

    async def standing(self, user_id: str) -> Standing | None:
        """How a linked person reads; everybody owns what is theirs."""
        person = next((person for person in self.people.values() if person.user_id == user_id), None)
        if person is None:
            return None
        roles = list(self.roles.get(user_id, {}).values())
        return Standing(person.language, person.timezone, roles[0] if roles else "owner")

    async def standings(self, user_id: str) -> list[AccountStanding]:
        """Roles as put there, else owner."""
        roles = self.roles.get(user_id, {})
        return [
            AccountStanding(
                shown.account_id,
                shown.account,
                "binanceusdm",
                "observe",
                frozen=False,
                role=roles.get(shown.account_id, "owner"),
                owner="anna",
            )
            for shown in self.snapshots.get(user_id, [])
        ]

    async def speak(self, user_id: str, *, language: str | None = None, timezone: str | None = None) -> None:
        """Every chat of the person reads so from now on."""
        for chat_user_id, person in self.people.items():
            if person.user_id == user_id:
                self.people[chat_user_id] = replace(
                    person, language=language or person.language, timezone=timezone or person.timezone
                )

    async def link_group(
        self, user_id: str, chat_id: int, topic_id: int | None, title: str, account_id: str | None
    ) -> None:
        """Kept for the test; owners only."""
        role = self.roles.get(user_id, {}).get(account_id or "", "owner")
        if role != "owner":
            raise NotAllowed("owner", role, account_id or "")
        self.groups[(chat_id, topic_id)] = (user_id, account_id, title)

    async def unlink_group(self, user_id: str, chat_id: int, topic_id: int | None) -> bool:
        """Whether it was linked."""
        return self.groups.pop((chat_id, topic_id), None) is not None

    async def until_refused(self, count: int) -> None:
        """Return once so many refusals were recorded."""
        async with asyncio.timeout(5):
            while len(self.refusals) < count:
                self.changed.clear()
                await self.changed.wait()


def make_snapshot(clock: SkippingClock, **changes: Any) -> Snapshot:
    """An account in warning with one leg, read 12 s ago."""
    leg = PositionSnapshot(
        "BTC/USDT:USDT", "long", 109.488, 32_481.98, 31_967.27, 3.5e6, -56_354.57, 71_200.81, 26_316.89
    )
    base = Snapshot(
        account_id="account-alice",
        account="alice",
        at=clock.now() - timedelta(seconds=12),
        zone=Zone.WARNING,
        reason="distance to liquidation 7.7 % is at or below 8 %",
        quality="fresh",
        data_at=clock.now() - timedelta(seconds=12),
        currency="USDT",
        equity=1_030_895.56,
        unrealized_pnl=-504_547.45,
        initial_margin=420_940.38,
        maintenance_margin=427_713.32,
        available_margin=609_955.18,
        risk_ratio=0.414895,
        margin_level=2.449,
        distance=0.076942,
        effective_leverage=8.1665,
        error=None,
        positions=(leg,),
    )
    return replace(base, **changes)


@pytest.fixture
def clock() -> SkippingClock:
    """Time for everybody."""
    return SkippingClock()


@pytest.fixture
def desk(clock: SkippingClock) -> MemoryDesk:
    """Anna may redeem GOODCODE; she owns one account."""
    anna = UserRecord("user-anna", "anna", START)
    return MemoryDesk(clock, codes={"GOODCODE": anna}, snapshots={"user-anna": [make_snapshot(clock)]})


@pytest.fixture
def snapshot(clock: SkippingClock) -> Callable[..., Snapshot]:
    """Builds further snapshots."""
    return lambda **changes: make_snapshot(clock, **changes)


@pytest.fixture
async def telegram(clock: SkippingClock) -> AsyncIterator[TelegramSandbox]:
    """A Telegram that runs."""
    sandbox = TelegramSandbox(clock)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def make_bot(
    telegram: TelegramSandbox, desk: MemoryDesk, clock: SkippingClock
) -> AsyncIterator[Callable[..., ChatBot]]:
    """Builds bots that are stopped at the end."""
    bots: list[ChatBot] = []

    def build(**changes: Any) -> ChatBot:
        arguments: dict[str, Any] = {"token": telegram.token, "base_url": telegram.base_url, "pace": PACE} | changes
        bots.append(ChatBot(arguments.pop("token"), cast("Desk", desk), clock, **arguments))
        return bots[-1]

    yield build
    for bot in bots:
        await bot.stop()


@pytest.fixture
async def bot(make_bot: Callable[..., ChatBot]) -> ChatBot:
    """A bot that runs."""
    bot = make_bot()
    await bot.start()
    await bot.wait_for(BotState.RUNNING, timeout_s=10)
    return bot


@pytest.fixture
def anna(telegram: TelegramSandbox, desk: MemoryDesk) -> Person:
    """A person who is linked."""
    desk.people[1001] = desk.codes["GOODCODE"]
    return telegram.person(1001, "Anna", started=True)


@pytest.fixture
def mallory(telegram: TelegramSandbox) -> Person:
    """A stranger."""
    return telegram.person(6666, "Mallory")
