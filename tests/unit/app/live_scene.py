"""One account between two readings, on virtual time, and everything that ticks may touch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from guard.app.live import Live
from guard.ports.clock import Clock
from guard.ports.errors import InputError
from guard.ports.records import Reading
from guard.ports.venue import AccountSpec
from guard.sim.virtual_time import VirtualClock, run_virtual
from guard.venues.streaming.board import MarkBoard
from tests.harness.cycle_world import BTC, World, book


@dataclass
class Streams:
    """A board that the test writes to."""

    clock: Clock
    held: dict[str, tuple[frozenset[str], bool]] = field(default_factory=dict)
    refuses: bool = False

    def __post_init__(self) -> None:
        self.live: Live | None = None
        self.marks = MarkBoard(self.clock, self._changed)

    def _changed(self, board: MarkBoard, symbols: frozenset[str]) -> None:
        if self.live is not None:
            self.live.on_marks(board, symbols)

    def follow(self, account_id: str, spec: AccountSpec) -> bool:
        """Always, but for venue `none`."""
        if self.refuses:
            raise InputError("no such venue")
        return spec.venue != "none"

    def hold(self, account_id: str, symbols: frozenset[str], *, urgent: bool) -> None:
        """Remember it."""
        self.held[account_id] = (symbols, urgent)
        self.marks.hold(account_id, symbols)

    def board(self, account_id: str) -> MarkBoard | None:
        """The one board."""
        return self.marks

    async def forget(self, account_id: str) -> None:
        """Nothing to close."""
        self.held.pop(account_id, None)
        self.marks.hold(account_id, frozenset())


class Scene:
    """One account, read at 40,000, and everything that ticks may touch."""

    def __init__(self, per_second: float = 5.0) -> None:
        self.clock = VirtualClock.running()
        self.world = World(book(40_000.0, self.clock.now()), clock=self.clock)
        self.streams = Streams(self.clock)
        self.hastened: list[str] = []
        self.told: list[Reading] = []
        self.live = Live(
            streams=self.streams,
            cycle=self.world.cycle,
            clock=self.clock,
            hasten=self.hastened.append,
            told=self.told.append,
            per_second=per_second,
        )
        self.streams.live = self.live

    async def begin(self) -> None:
        """Follow, read once, and listen."""
        self.live.follow(self.world.watch)
        self.live.start()
        await self.read(40_000.0)

    async def read(self, price: float) -> Reading:
        """A private reading at a price."""
        reading = await self.world.turn(book(price, self.clock.now()))
        self.live.after_reading(self.world.watch)
        return reading

    async def tick(self, price: float, wait_s: float = 0.5) -> None:
        """A mark, and time to deal with it."""
        await self.clock.sleep(0.001)
        self.streams.marks.put({BTC: price}, "stream")
        await self.clock.sleep(wait_s)


def played(story: Callable[[Scene], Awaitable[None]], **options: float) -> Scene:
    """A story from its first reading to its end, on virtual time."""

    async def whole() -> Scene:
        scene = Scene(**options)
        await scene.begin()
        try:
            await story(scene)
        finally:
            await scene.live.stop()
        return scene

    return run_virtual(whole(), limit_s=3_600)
