"""A guard as its user sets it up, in a folder of its own: database, person with a chat, account, armed; then running.

Every step is the one that the commands take: `guard db upgrade`, `user add`, `account add`, `account mode`,
`user link`, `run`. Nothing of the user's own configuration is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

from guard.app.accounts import add_account, set_mode
from guard.app.clock import RandomIds
from guard.app.opening import Opened
from guard.app.service import Service
from guard.app.settings import Alerts, Conformity, Database, Log, Schedule, Settings, Telegram, Web
from guard.bot.polling import BotState
from guard.demo.files import Files
from guard.demo.phone import Phone
from guard.demo.scenes import Pace
from guard.demo.stage import GUARDED, Stage
from guard.ports.clock import Clock
from guard.ports.errors import GuardError
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec, Credentials
from guard.sandbox.telegram import TelegramSandbox
from guard.store.migrate import upgrade
from guard.store.store import Store
from guard.store.vault import Vault

PERSON = "You"
PERSON_ID = 4711
CODE_LENGTH = 10
CODE_VALID = timedelta(minutes=15)
LINK_WAIT_S = 20.0


def settings_of(files: Files, pace: Pace, chat: TelegramSandbox) -> Settings:
    """The guard's settings; environment and configuration files are deliberately not asked.

    A second of the demonstration is minutes of its scene, so readings follow each other faster, the pause between two
    plans is scaled, and figures that were read some milliseconds apart may differ by what prices move in minutes.
    """
    files.token.write_text(chat.token, encoding="utf-8")
    cycle_s = pace.cycle_s
    protect = pace.scene.protect.model_copy(update={"cooldown_s": pace.cooldown_s})
    return Settings.model_construct(
        database=Database(url=files.url),
        telegram=Telegram(token_file=files.token, base_url=chat.base_url),
        schedule=Schedule(calm_s=cycle_s, warning_s=cycle_s, danger_s=cycle_s, timeout_s=5.0),
        zones=pace.scene.zones,
        alerts=Alerts(console=False, daily_at=""),
        protect=protect,
        conformity=Conformity(requirement_tolerance=0.05, equity_tolerance=0.05),
        web=Web(listen="127.0.0.1:0"),
        log=Log(format="text"),
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """A guard that is running: its store, its service, and the guarded account."""

    opened: Opened
    service: Service
    account: AccountRecord


@asynccontextmanager
async def running_guard(
    settings: Settings, stage: Stage, phone: Phone, clock: Clock, log: TextIO
) -> AsyncIterator[Installation]:
    """Set a guard up and run it while the block lasts.

    Raises:
        GuardError: a step failed; none should.
    """
    upgrade(settings.database.url)
    ids = RandomIds()
    # Not `guard.app.opening.opened`: that asks the environment for a master key, and this database has its own.
    store = await Store.open(settings.database.url, Vault.of(settings.database.url), ids)
    try:
        opened = Opened(settings, clock, ids, store)
        account = await _armed_account(opened, stage)
        service = Service(opened, log)
        try:
            await service.start()
            await _link(opened, service, phone)
            yield Installation(opened, service, account)
        finally:
            await service.stop()
    finally:
        await store.close()


async def _armed_account(opened: Opened, stage: Stage) -> AccountRecord:
    """Add the guarded account with its sandbox key, owned by the person, and arm it."""
    await opened.store.add_user(PERSON, opened.clock.now())
    spec = AccountSpec(
        name=GUARDED,
        venue="binanceusdm",
        credentials=Credentials(api_key=stage.guarded.api_key, secret=stage.guarded.secret),
        base_url=stage.server.base_url,
    )
    await add_account(opened, spec, owner=PERSON, allow_withdraw_key=False)
    await set_mode(opened, GUARDED, "auto")
    return await opened.account(GUARDED)


async def _link(opened: Opened, service: Service, phone: Phone) -> None:
    """The person sends the bot the one-time code that `guard user link` prints."""
    if service.bot is None:
        raise GuardError("the demonstration's guard has no chat")
    user = await opened.user(PERSON)
    code = opened.ids.code(CODE_LENGTH)
    await opened.store.create_link_code(user.user_id, code, opened.clock.now() + CODE_VALID)
    try:
        await service.bot.wait_for(BotState.RUNNING, timeout_s=LINK_WAIT_S)
        await phone.ask(f"/start {code}", LINK_WAIT_S)
    except TimeoutError as error:
        raise GuardError(
            f"the demonstration's chat was not linked within {LINK_WAIT_S:g} s",
            fix="this machine is very busy; try again",
        ) from error
