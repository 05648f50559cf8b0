"""A house of four people and two accounts: real store, desk and bot, before a loopback Telegram."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from guard.app.answered_copies import AlertAnswer
from guard.app.desks.backstage import Backstage
from guard.app.desks.desk import StoreDesk
from guard.app.opening import Opened
from guard.app.past import Past
from guard.charts.picture import Picture
from guard.charts.studio import Studio
from guard.ports.clock import Clock
from guard.ports.errors import PictureError
from guard.ports.records import AccountRecord, CycleRecord, GrantRecord, Reading
from guard.ports.venue import AccountSpec
from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from guard.sandbox.telegram import Person, TelegramSandbox
from tests.harness.cycle_world import book

ALICES: Final = "alpha"
BERTS: Final = "beta"
_IDS: Final = {"anna": 1001, "bert": 1002, "vera": 1003, "otto": 1004}
# Refusals are meant to be written, and everybody may choose how they read.
_OF_NOBODY: Final = ("refusals", "users", "alembic_version", "sqlite_sequence")


class Unpainted:
    """Draws nothing: words are enough here."""

    async def draw(self, picture: Picture) -> bytes:
        """Never."""
        raise PictureError("too many pictures are being drawn", fix="try again in a minute")


@dataclass
class House:
    """Anna owns `alpha`, where Otto is operator and Vera viewer; Bert owns `beta`."""

    opened: Opened
    desk: StoreDesk
    telegram: TelegramSandbox
    file: Path
    books: dict[str, Book]
    people: dict[str, Person] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def belongings(self) -> dict[str, list[tuple[object, ...]]]:
        """All that is stored but what nobody minds: for telling that nothing was changed."""
        with closing(sqlite3.connect(self.file)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: list(connection.execute(f"SELECT * FROM {name}")) for name in names if name not in _OF_NOBODY}  # noqa: S608  # names of tables, from the database itself


def _nothing(_: AlertAnswer) -> None:
    """Nobody minds."""


async def build(
    opened: Opened, telegram: TelegramSandbox, file: Path, answered: Callable[[AlertAnswer], None] = _nothing
) -> House:
    """People who are linked, accounts that were read once; `answered` hears of answers to alerts."""
    store, clock, settings = opened.store, opened.clock, opened.settings
    books: dict[str, Book] = {}
    studio = cast("Studio", Unpainted())
    past = Past(store, clock, settings)
    stage = Backstage(store, clock, opened.ids, settings, past, studio, books.get, answered=answered)
    house = House(opened, StoreDesk(stage), telegram, file, books)
    users = {name: await store.add_user(name, clock.now()) for name in _IDS}
    for name, chat_id in _IDS.items():
        await store.create_link_code(users[name].user_id, name, clock.now().replace(year=9999))
        await store.redeem_link_code(name, chat_id, chat_id, name, clock.now())
        house.people[name] = telegram.person(chat_id, name.title(), started=True)
    for name, owner in ((ALICES, "anna"), (BERTS, "bert")):
        record = AccountRecord(f"id-{name}", AccountSpec(name, "file"), users[owner].user_id, "observe", clock.now())
        await store.add_account(record)
        await store.record_cycle(CycleRecord(_reading(record, clock)))
        books[record.account_id] = book(40_000.0, clock.now()).book
    await store.grant(GrantRecord(f"id-{ALICES}", users["vera"].user_id, "viewer"))
    await store.grant(GrantRecord(f"id-{ALICES}", users["otto"].user_id, "operator"))
    return house


def _reading(account: AccountRecord, clock: Clock) -> Reading:
    fetched = book(40_000.0, clock.now())
    return Reading(
        account_id=account.account_id,
        account=account.name,
        at=clock.now(),
        quality=DataQuality(Quality.FRESH),
        zone_state=ZoneState(Zone.WATCH, Zone.WATCH),
        zone=Zone.WATCH,
        reason="distance to liquidation 14.2 % is at or below 15 %",
        risk=assess(fetched.book),
        fetched=fetched,
        error=None,
        duration_ms=1.0,
    )
