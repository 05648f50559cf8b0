"""The whole service in one process: the sandbox venue and a loopback Telegram over HTTP, the store in SQLite."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guard.app.clock import RandomIds, SystemClock
from guard.app.opening import Opened
from guard.app.service import Service
from guard.app.settings import Database, Protect, Schedule, Settings, Stream, Telegram, Web
from guard.bot.polling import BotState
from guard.ports.pace import Limits
from guard.ports.records import AccountRecord, GrantRecord, IntentRecord, Mode, Role, UserRecord
from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.sides import Leg
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.sandbox.telegram import Message, Person, TelegramSandbox
from guard.store.store import Store
from guard.store.vault import Vault

MIA = 501
DANGER = 29_700
"""Price of BTC at which 2 BTC from 43,500 with 30,000 USDT are about 3.5 % from liquidation."""


@dataclass
class House:
    """A running guard, its venue, its chat, and Mia, who owns the account."""

    service: Service
    server: SandboxServer
    account: SandboxAccount
    telegram: TelegramSandbox
    mia: Person
    user: UserRecord
    record: AccountRecord
    store: Store
    opened: Opened

    def fall(self, price: int = DANGER) -> None:
        """Move BTC."""
        self.server.set_price("BTCUSDT", Decimal(price))

    def held(self) -> Decimal:
        """BTC that the venue itself says is held."""
        return sum((leg.qty for leg in self.account.account.held()), Decimal(0))

    def orders(self) -> int:
        """How many orders the venue has had."""
        return len(self.account.account.orders)

    async def ended(self) -> bool:
        """Whether every intent is closed, and there is one."""
        found = await self.intents()
        return bool(found) and all(intent.state != "open" for intent in found)

    async def befriend(self, name: str, chat_user_id: int, role: Role | None = None) -> Person:
        """Another person, with a role on the account or none."""
        now = self.opened.clock.now()
        user = await self.store.add_user(name, now)
        await self.store.create_link_code(user.user_id, f"CODE{name}", now + timedelta(minutes=5))
        await self.store.redeem_link_code(f"CODE{name}", chat_user_id, chat_user_id, name, now)
        if role is not None:
            await self.store.grant(GrantRecord(self.record.account_id, user.user_id, role))
        return self.telegram.person(chat_user_id, name, started=True)

    async def restart(self) -> None:
        """End the service and start another one on the same memory."""
        await self.service.stop()
        self.service = Service(self.opened, io.StringIO())
        await self.start()

    async def start(self) -> None:
        """Start the service, until its chat listens and the account was read."""
        assert self.service.bot is not None
        # One message a second is what Telegram takes; no test here is about that.
        self.service.bot.pacer._limits = Limits.only_at_once(32)
        await self.service.start()
        await self.service.bot.wait_for(BotState.RUNNING, timeout_s=10)

        async def read() -> bool:
            return self.service.cycle.finished > 0

        await self.until(read)

    async def intents(self) -> list[IntentRecord]:
        """What was decided."""
        return await self.store.intents(datetime.now(tz=UTC) - timedelta(hours=1))

    async def ask(self, text: str, words: str) -> Message:
        """The answer to what Mia writes: alerts may come in between, so it is known by some of its words."""
        sent = await self.mia.send(text)
        return await self.mia.wait_for(lambda each: each.message_id > sent.message_id and words in each.text, 10)

    async def said(self, words: str) -> Message:
        """A message to Mia that contains these words, now or soon."""
        return await self.mia.wait_for(lambda message: words in message.text, 10)

    async def tap(self, message: Message, label: str) -> str:
        """Mia taps; the notice that she sees."""
        return await self.mia.answer_to(self.mia.tap(message, label), 10)

    async def until(self, happened: Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
        """What `happened` gives, once it gives something."""
        async with asyncio.timeout(seconds):
            while True:
                found = await happened()
                if found:
                    return found
                await asyncio.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path, empty_database: Path) -> Callable[..., Any]:
    """Opens a house whose account is in the mode that a test wants; `protect` are keys of that table."""
    file = tmp_path / "guard.db"
    shutil.copy(empty_database, file)

    @asynccontextmanager
    async def build(mode: Mode, *, hedge: bool = False, **protect: Any) -> AsyncIterator[House]:
        clock = SystemClock()
        server = SandboxServer(Engine(start_ms=int(clock.now().timestamp() * 1000)), clock, tick_s=5.0)
        server.served.lift_limits()
        telegram = TelegramSandbox(clock)
        await server.start()
        await telegram.start()
        side = Leg.LONG if hedge else Leg.BOTH
        leg = Holding(symbol="BTCUSDT", qty=Decimal(2), entry_price=Decimal(43_500), leg=side)
        account = server.add_account("main", {"USDT": Decimal(30_000)}, [leg], hedge_mode=hedge)
        (tmp_path / "token").write_text(telegram.token, encoding="utf-8")
        url = f"sqlite:///{file}"
        settings = Settings(
            database=Database(url=url),
            telegram=Telegram(token_file=tmp_path / "token", base_url=telegram.base_url),
            schedule=Schedule(calm_s=0.2, warning_s=0.2, danger_s=0.2),
            stream=Stream(enabled=False),
            web=Web(listen="127.0.0.1:0"),
            protect=Protect(**({"cooldown_s": 0} | protect)),
        )
        ids = RandomIds()
        store = await Store.open(url, Vault.of(url), ids)
        user = await store.add_user("mia", clock.now())
        await store.create_link_code(user.user_id, "CODE", clock.now() + timedelta(minutes=5))
        await store.redeem_link_code("CODE", MIA, MIA, "Mia", clock.now())
        spec = AccountSpec("main", "binanceusdm", Credentials(account.api_key, account.secret), server.base_url)
        record = AccountRecord("account-1", spec, user.user_id, mode, clock.now())
        await store.add_account(record)
        mia = telegram.person(MIA, "Mia", started=True)
        opened = Opened(settings, clock, ids, store)
        service = Service(opened, io.StringIO())
        at = House(service, server, account, telegram, mia, user, record, store, opened)
        try:
            await at.start()
            yield at
        finally:
            await at.service.stop()
            await store.close()
            await telegram.stop()
            await server.stop()

    return build
