"""From the real store over the real drawing process to a picture: whose it is, and what it shows."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.app.desks.backstage import Backstage
from guard.app.desks.desk import StoreDesk
from guard.app.opening import Opened, opened
from guard.app.past import Past
from guard.app.settings import Database, Settings
from guard.bot.desk import PictureWish
from guard.charts.picture import ReachPicture
from guard.charts.studio import Studio
from guard.language.speech import ENGLISH, speech_of
from guard.ports.errors import PictureError
from guard.ports.records import AccountRecord, CycleRecord, KnownModes, ZoneChange
from guard.ports.venue import AccountSpec
from guard.risk.book import Book
from guard.risk.zones import Zone
from tests.harness.cycle_world import NOW, StillClock, World, book

JAPANESE = re.compile("[ぁ-ヿ一-鿿]")
KINDS = ("history", "exposure", "distance", "stress")


@dataclass
class Installation:
    """A desk and what is behind it. Anna owns `a`, bert owns `b`; nobody owns `c`."""

    desk: StoreDesk
    opened: Opened
    past: Past
    clock: StillClock
    books: dict[str, Book]
    anna: str
    bert: str


@pytest.fixture
async def installation(
    tmp_path: Path, empty_database: Path, make_studio: Callable[..., Studio]
) -> AsyncIterator[Installation]:
    """Three accounts, of which `a` was read ten times, the sixth time in vain."""
    settings = Settings(database=Database(url=f"sqlite:///{tmp_path / 'guard.db'}"))
    shutil.copy(empty_database, tmp_path / "guard.db")
    clock = StillClock()
    async with opened(settings, clock=clock) as everything:
        store = everything.store
        users = [await store.add_user(name, NOW) for name in ("anna", "bert")]
        for name, owner in (("a", users[0].user_id), ("b", users[1].user_id), ("c", None)):
            await store.add_account(AccountRecord(f"id-{name}", AccountSpec(name, "file"), owner, "observe", NOW))
        world = World(book(40_000.0))
        for turn in range(10):
            clock.at = NOW + timedelta(seconds=30 * turn)
            reading = replace(
                await world.turn(book(40_000.0 - 500 * turn)), account_id="id-a", account="a", at=clock.at
            )
            if turn == 5:
                reading = replace(reading, risk=None, fetched=None, error="down", zone=Zone.UNKNOWN)
            change = ZoneChange(f"change-{turn}", "id-a", clock.at, Zone.SAFE, Zone.WATCH, "why") if turn == 3 else None
            await store.record_cycle(CycleRecord(reading, change=change))
        past = Past(store, clock, settings)
        books: dict[str, Book] = {}
        stage = Backstage(store, clock, everything.ids, settings, past, make_studio(), books.get)
        desk = StoreDesk(stage)
        yield Installation(desk, everything, past, clock, books, users[0].user_id, users[1].user_id)


def wish(kind: Any, account_id: str | None) -> PictureWish:
    """A picture of the last day."""
    return PictureWish(kind, account_id, NOW - timedelta(days=1))


async def test_every_picture_of_an_account_of_ones_own(installation: Installation) -> None:
    """All four kinds are drawn, and differ."""
    installation.books["id-a"] = book(36_000.0).book
    pictures = [await installation.desk.picture(installation.anna, wish(kind, "id-a")) for kind in KINDS]
    assert all(png is not None and png[:4] == b"\x89PNG" for png in pictures)
    assert len(set(pictures)) == 4


@pytest.mark.parametrize("account_id", ["id-b", "id-c", "id-nobody", ""])
async def test_nothing_of_an_account_that_is_not_ones_own(installation: Installation, account_id: str) -> None:
    """Another's, nobody's, one that is not there: the same no, and nothing is drawn."""
    desk = installation.desk
    for kind in KINDS:
        assert await desk.picture(installation.anna, wish(kind, account_id)) is None
    assert await desk.history(installation.anna, account_id, NOW) is None
    assert await desk.picture("nobody", wish("history", "id-a")) is None
    assert desk._stage.studio.drawn == 0


async def test_only_distances_are_shown_without_an_account(installation: Installation) -> None:
    """And only those of one's own accounts."""
    desk = installation.desk
    for kind in ("history", "exposure", "stress"):
        assert await desk.picture(installation.anna, wish(kind, None)) is None
    one = await desk.picture(installation.anna, wish("distance", "id-a"))
    assert await desk.picture(installation.anna, wish("distance", None)) == one
    assert await desk.picture("nobody", wish("distance", None)) is None


async def test_the_past_in_figures(installation: Installation) -> None:
    """Flips and extremes of the readings that were seen; 30 s blind."""
    past = await installation.desk.history(installation.anna, "id-a", NOW)
    assert past is not None
    assert (past.account, past.since, past.until) == ("a", NOW, installation.clock.at)
    assert [change.change_id for change in past.changes] == ["change-3"]
    extremes = past.extremes
    assert (extremes.readings, extremes.blind_s, extremes.first_at) == (10, 30.0, NOW)
    assert extremes.worst_ratio is not None
    assert extremes.best_ratio is not None
    assert extremes.worst_ratio.at == NOW + timedelta(seconds=270)
    assert extremes.best_ratio.at == NOW
    assert extremes.worst_ratio.value is not None
    assert extremes.best_ratio.value is not None
    assert extremes.worst_ratio.value > extremes.best_ratio.value


async def test_stress_without_a_book_says_so(installation: Installation) -> None:
    """After a start, before the first reading; and under a rule that knows the present only."""
    with pytest.raises(PictureError, match="a has not been read since the guard was started"):
        await installation.desk.picture(installation.anna, wish("stress", "id-a"))
    installation.books["id-a"] = replace(book(36_000.0).book, model="reported")
    with pytest.raises(PictureError, match="a cannot be stressed"):
        await installation.desk.picture(installation.anna, wish("stress", "id-a"))


async def test_one_account_is_shown_by_its_pools(installation: Installation) -> None:
    """From its last good book; when that cannot be assessed, or the account is not seen now, as the snapshot says."""
    store, past = installation.opened.store, installation.past
    account = next(each for each in await store.accounts() if each.name == "a")
    snapshot = await store.latest_snapshot("id-a")
    assert snapshot is not None
    whole = past.distances([snapshot], [account], ENGLISH)
    pools = past.pools(snapshot, account, book(36_000.0).book, ENGLISH)
    assert isinstance(pools, ReachPicture)
    assert [row.name for row in pools.rows] == ["USDT cross"]
    assert pools.rows[0].words.startswith("-")
    assert past.pools(snapshot, account, None, ENGLISH) == whole
    assert past.pools(snapshot, account, replace(book(36_000.0).book, tiers={}), ENGLISH) == whole
    blind = replace(snapshot, quality="missing", equity=None)
    assert past.pools(blind, account, book(36_000.0).book, ENGLISH) == past.distances([blind], [account], ENGLISH)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_is_in_the_language_of_whoever_asked(installation: Installation, kind: Any) -> None:
    """Of every kind, for one account and for all of them; nothing is drawn here."""
    installation.books["id-a"] = book(36_000.0).book
    account = next(each for each in await installation.opened.store.accounts() if each.name == "a")
    asked = replace(wish(kind, "id-a"), speech=speech_of("ja", "Asia/Tokyo"))
    shown = await installation.desk._composed([account], asked)
    assert JAPANESE.search(shown.title)
    assert "JST" in shown.subtitle
    plain = await installation.desk._composed([account], wish(kind, "id-a"))
    assert not JAPANESE.search(plain.title)
    if kind == "distance":
        every = await installation.desk._composed([account], replace(asked, account_id=None))
        assert every.title.startswith("清算までの距離")


async def test_bars_of_a_broker_are_not_drawn_as_ratios(installation: Installation) -> None:
    """Under margin levels no bar of risk ratio or distance holds."""
    account = next(each for each in await installation.opened.store.accounts() if each.name == "a")
    usual = await installation.past.history_picture(account, NOW, ENGLISH)
    assert len(usual.ratio_bars) == 4
    broker = replace(account, modes=KnownModes("one_way", "margin-level"))
    assert (await installation.past.history_picture(broker, NOW, ENGLISH)).ratio_bars == ()
