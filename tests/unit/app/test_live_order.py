"""Many accounts get worse at once: who is told first, how many at a time, and who is read when. On virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from guard.app.cycle import Cycle
from guard.app.judge import JudgePolicy
from guard.app.live import TOLD_AT_ONCE, Live
from guard.app.watch import Watch
from guard.ports.errors import VenueUnavailable
from guard.ports.records import Reading
from guard.ports.venue import AccountSpec, FetchedBook
from guard.risk.book import Collateral
from guard.risk.zones import Zone
from guard.sim.virtual_time import VirtualClock, run_virtual
from guard.venues.streaming.board import MarkBoard
from tests.harness.cycle_world import BTC, World, book

TELLING_S = 0.05


class Crowd:
    """Accounts that hold the same with different sums behind it, and a cycle that takes a while to tell.

    Streams and cycle at once, as the live loop sees them.
    """

    def __init__(self, *balances: float) -> None:
        self.clock = VirtualClock.running()
        self.board_of_all = MarkBoard(self.clock, self._changed)
        self.began: list[tuple[str, Zone]] = []
        self.ended = 0
        self.read: list[tuple[str, int]] = []
        self.at_once = self.most_at_once = 0
        self.urgent = False
        self.live = Live(
            streams=self,
            cycle=cast("Cycle", self),
            clock=self.clock,
            hasten=lambda _: None,
            hasten_told=lambda account_id: self.read.append((account_id, self.ended)),
            told=lambda _: None,
            per_second=5.0,
        )
        self.worlds = {f"{balance:g}": self._world(balance) for balance in balances}

    def _changed(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        self.live.on_marks(board, symbols)

    def _world(self, balance: float) -> World:
        fetched = book(40_000.0, self.clock.now())
        fetched = replace(fetched, book=replace(fetched.book, collateral=(Collateral("USDT", balance),)))
        world = World(fetched, clock=self.clock)
        world.watch.record = replace(world.watch.record, account_id=f"{balance:g}")
        return world

    def follow(self, account_id: str, spec: AccountSpec) -> bool:
        """All can be listened to."""
        return bool(account_id and spec)

    def hold(self, account_id: str, symbols: frozenset[str], *, urgent: bool) -> None:
        """Marks are wanted."""
        self.board_of_all.hold(account_id, symbols)
        self.urgent = urgent

    def board(self, account_id: str) -> MarkBoard | None:
        """The one board."""
        return self.board_of_all if account_id else None

    async def forget(self, account_id: str) -> None:
        """Nothing to close."""

    async def worsen(self, watch: Watch, fetched: FetchedBook, heard_s: float) -> Reading | None:
        """Tell slowly, and note who is told."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        name = watch.record.account_id
        place = len(self.began)
        self.began.append((name, Zone.UNKNOWN))
        await self.clock.sleep(TELLING_S)
        reading = await self.worlds[name].cycle.worsen(watch, fetched, heard_s)
        if reading is not None:
            self.began[place] = (name, reading.zone)
        self.at_once -= 1
        self.ended += 1
        return reading

    async def fall(
        self, prices: Sequence[float], *, broken: str, unread: str, turn_s: float, ends_after_s: float
    ) -> None:
        """Follow and read all, then let the price move, and in the end stop.

        Args:
            prices: one after the other, while the first are told.
            broken: an account that cannot be assessed.
            unread: an account that is read once more while it waits, which fails.
            turn_s: for how long that one is being dealt with before.
            ends_after_s: when to stop.
        """
        for world in self.worlds.values():
            self.live.follow(world.watch)
            await world.turn()
            self.live.after_reading(world.watch)
        if broken:
            self.worlds[broken].watch.policy = cast("JudgePolicy", None)
        self.live.start()
        await self.clock.sleep(1)
        for price in prices:
            self.board_of_all.put({BTC: price}, "stream")
            await self.clock.sleep(TELLING_S / 5)
        if unread:
            async with self.worlds[unread].watch.turn:
                await self.clock.sleep(turn_s)
            await self.worlds[unread].turn(VenueUnavailable("gone"))
            self.live.after_reading(self.worlds[unread].watch)
        await self.clock.sleep(ends_after_s)
        await self.live.stop()
        await self.clock.sleep(1)


def played(
    *balances: float,
    prices: Sequence[float] = (31_000.0,),
    broken: str = "",
    unread: str = "",
    turn_s: float = 0.0,
    ends_after_s: float = 5.0,
) -> Crowd:
    """A fall from 40,000 to 31,000 that leads those below 10,000 USDT into danger, and those of 12,000 into watch."""

    async def story() -> Crowd:
        crowd = Crowd(*balances)
        await crowd.fall(prices, broken=broken, unread=unread, turn_s=turn_s, ends_after_s=ends_after_s)
        return crowd

    return run_virtual(story(), limit_s=60)


def test_the_gravest_is_told_first_and_few_at_a_time() -> None:
    """Whatever the order in which they are followed; all are told in the end."""
    crowd = played(12_500.0, 9_700.0, 12_400.0, 9_500.0, 9_600.0)
    danger, watch = Zone.DANGER, Zone.WATCH
    assert crowd.began == [("9500", danger), ("9600", danger), ("9700", danger), ("12400", watch), ("12500", watch)]
    assert crowd.most_at_once == TOLD_AT_ONCE


def test_who_is_in_danger_is_read_at_once_and_the_others_after_all_are_told() -> None:
    """A reading costs what several messages cost."""
    crowd = played(12_500.0, 12_400.0, 9_700.0)
    assert crowd.read == [("9700", 1), ("12400", 3), ("12500", 3)]


def test_what_waits_to_be_told_is_looked_at_anew() -> None:
    """All are in watch, and while two are told the price falls on: the others are told of danger, not of the past."""
    crowd = played(*(12_000.0 + number for number in range(6)), prices=(31_000.0, 29_000.0))
    zones = [zone for _, zone in crowd.began]
    assert zones == [Zone.WATCH] * TOLD_AT_ONCE + [Zone.DANGER] * 6


def test_danger_that_waits_to_be_told_is_told_though_the_price_comes_back() -> None:
    """Of what waits the worst stands; whether it is over is for the next reading to say."""
    crowd = played(9_500.0, 9_600.0, 9_700.0, 9_800.0, prices=(31_000.0, 39_000.0))
    assert [zone for _, zone in crowd.began] == [Zone.DANGER] * 4


@pytest.mark.parametrize("turn_s", [0.0, 3 * TELLING_S])
def test_danger_that_waits_to_be_told_is_told_though_the_next_reading_fails(turn_s: float) -> None:
    """A venue that does not answer takes back nothing, and nobody looks at its marks until it does."""
    crowd = played(9_500.0, 9_600.0, 9_700.0, 9_800.0, unread="9800", turn_s=turn_s)
    assert [zone for _, zone in crowd.began] == [Zone.DANGER] * 4


def test_a_defect_in_one_assessment_keeps_nobody_else_from_being_told() -> None:
    """Neither those before it, who wait to be told, nor those after it, who were not looked at yet."""
    crowd = played(9_500.0, 9_600.0, 9_700.0, broken="9600")
    assert sorted(crowd.began) == [("9500", Zone.DANGER), ("9700", Zone.DANGER)]


def test_the_end_begins_to_tell_nothing_more() -> None:
    """Whoever waits to be told is told by the next process: the store is about to be closed."""
    crowd = played(9_500.0, 9_600.0, 9_700.0, 9_800.0, ends_after_s=TELLING_S / 2)
    assert [name for name, _ in crowd.began] == ["9500", "9600"]
