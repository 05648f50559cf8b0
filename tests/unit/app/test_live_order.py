"""Many accounts get worse at once: who is told first, how many at a time, and who is read when. On virtual time."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from guard.app.cycle import Cycle
from guard.app.live import TOLD_AT_ONCE, Live
from guard.app.watch import Watch
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

    async def fall(self, price: float) -> None:
        """Follow and read all, then let the price fall."""
        for world in self.worlds.values():
            self.live.follow(world.watch)
            await world.turn()
            self.live.after_reading(world.watch)
        self.live.start()
        await self.clock.sleep(0.001)
        self.board_of_all.put({BTC: price}, "stream")
        await self.clock.sleep(5)
        await self.live.stop()


def played(*balances: float) -> Crowd:
    """A fall from 40,000 to 31,000 that leads those below 10,000 USDT into danger, and those of 12,000 into watch."""

    async def story() -> Crowd:
        crowd = Crowd(*balances)
        await crowd.fall(31_000.0)
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
