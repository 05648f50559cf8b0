"""Ways out lead where they say, are left out where they do not help, and never take long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.app.ways_out import WayFinder, rounded_up
from guard.ports.ways_out import WayOut
from guard.protect.plan_values import Target
from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookfile import parse_book
from guard.risk.whatif import closed, hedged, topped_up

TARGET = Target(risk_ratio=0.35, distance=0.12)
TIERS = [
    {"floor": 0, "cap": 50_000, "mm_rate": 0.01, "mm_deduction": 0},
    {"floor": 50_000, "cap": None, "mm_rate": 0.02, "mm_deduction": 500},
]


@dataclass
class StoppedClock:
    """A stopwatch that only moves when it is read, by `step_s`."""

    step_s: float = 0.0
    at_s: float = 100.0

    def now(self) -> datetime:
        """Noon."""
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        """Later at each look."""
        self.at_s += self.step_s
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        """Nobody sleeps here."""


def book_of(*legs: tuple[str, str, float, float], mode: str = "one_way", balance: float = 10_000.0) -> Book:
    """A book of (base, side, contracts, mark) legs, entered at the mark."""
    positions: list[dict[str, Any]] = [
        {
            "symbol": f"{base}/USDT:USDT",
            "side": side,
            "contracts": size,
            "contract_size": 1,
            "kind": "linear",
            "settle": "USDT",
            "entry_price": mark,
            "mark_price": mark,
            "leverage": 10,
            "margin_mode": "cross",
            "isolated_margin": None,
        }
        for base, side, size, mark in legs
    ]
    return parse_book(
        {
            "schema": "guard.book/1",
            "account": "alice",
            "venue": "binanceusdm",
            "model": "tiered",
            "as_of": "2026-11-21T12:00:00Z",
            "position_mode": mode,
            "fees": {"taker": 0.0005},
            "collateral": [{"asset": "USDT", "balance": balance, "price": 1.0, "haircut": 0.0, "frozen": 0.0}],
            "positions": positions,
            "orders": [],
            "tiers": {leg["symbol"]: TIERS for leg in positions},
            "parameters": {},
            "venue_reported": {},
        }
    )


def ways_of(book: Book, clock: StoppedClock | None = None) -> dict[str, WayOut]:
    """The ways out of a book, by name."""
    found = WayFinder(clock or StoppedClock()).ways(book, assess(book), TARGET)
    return {} if found is None else {way.way: way for way in found.ways}


def test_what_is_kept_elsewhere_is_named_beside_the_sum() -> None:
    """In the currency of the sum; levels are those after adding, whether it was moved or not."""
    book = book_of(("BTC", "long", 2.0, 60_000.0))
    found = WayFinder(StoppedClock()).ways(book, assess(book), TARGET, {"USDT": 5_000.0, "BTC": 1.0})
    assert found is not None
    plain = ways_of(book)
    assert {way.way: way.kept for way in found.ways} == {"add": 5_000.0, "close": 0.0}
    assert [replace(way, kept=0.0) for way in found.ways] == list(plain.values())


def test_what_is_written_leads_where_it_says() -> None:
    """The sum and the size, done, give the levels that are told, and these meet the target; a little less does not."""
    book = book_of(("BTC", "long", 2.0, 60_000.0))
    ways = ways_of(book)
    add, close = ways["add"], ways["close"]
    after = {
        "add": assess(topped_up(book, "USDT", add.amount)),
        "close": assess(closed(book, 0, close.contracts).book),
    }
    for name, way in (("add", add), ("close", close)):
        assert (way.risk_ratio, way.distance) == (after[name].risk_ratio, after[name].distance)
        assert way.enough
        assert TARGET.holds(after[name])
    assert not TARGET.holds(assess(topped_up(book, "USDT", add.amount * 0.97)))
    assert not TARGET.holds(assess(closed(book, 0, close.contracts * 0.97).book))
    assert (close.unit, close.symbol, close.side, close.whole) == ("BTC", "BTC/USDT:USDT", "long", False)
    assert "hedge" not in ways


def test_a_hedge_is_told_only_where_the_venue_asks_no_more_for_it() -> None:
    """Where both sides are charged it is no way out; where only the larger is, it brings liquidation out of reach."""
    book = book_of(("BTC", "long", 2.0, 60_000.0), mode="hedge")
    assert "hedge" not in ways_of(book)
    larger_side = replace(book, model="bitget")
    hedge = ways_of(larger_side)["hedge"]
    after = assess(hedged(larger_side, 0, hedge.contracts).book)
    assert (hedge.risk_ratio, hedge.distance) == (after.risk_ratio, after.distance)
    assert after.distance is None or after.distance >= TARGET.distance
    assert "hedge" not in ways_of(replace(larger_side, position_mode="one_way"))


def test_a_leg_that_is_itself_a_hedge_is_not_closed() -> None:
    """Closing one half of a pair would bring liquidation nearer: the side that is exposed is named, or none."""
    book = book_of(("BTC", "long", 4.0, 60_000.0), ("ETH", "short", 40.0, 3_000.0), balance=14_000.0)
    close = ways_of(book).get("close")
    assert close is None or close.side == "long"


def test_nothing_is_told_where_nothing_has_to_be_done() -> None:
    """A book that meets the target, and an empty one."""
    assert ways_of(book_of(("BTC", "long", 0.01, 60_000.0))) == {}
    assert ways_of(book_of()) == {}


def test_what_is_not_found_in_time_is_left_out() -> None:
    """A budget that ends after the sum leaves the sum; one that ends at once leaves nothing."""
    book = book_of(("BTC", "long", 2.0, 60_000.0))
    assert ways_of(book, StoppedClock(step_s=0.1)) == {}
    assert set(ways_of(book, StoppedClock(step_s=0.004))) == {"add"}


@pytest.mark.parametrize(("step_s", "looser"), [(0.0005, 1.0), (0.001, 1.1), (0.0025, 3.0)])
def test_a_slow_machine_tells_every_way_though_less_tightly(step_s: float, looser: float) -> None:
    """Never the sum alone; what is told leads to the target."""
    book = book_of(("BTC", "long", 2.0, 60_000.0))
    tight, found = ways_of(book), ways_of(book, StoppedClock(step_s=step_s))
    assert list(found) == ["add", "close"]
    for way, there in found.items():
        assert there.enough
        assert tight[way].amount <= there.amount <= looser * tight[way].amount


def test_many_accounts_at_once_do_not_take_the_processor() -> None:
    """Whoever comes when the share of the time is used up is told without ways."""
    book = book_of(("BTC", "long", 2.0, 60_000.0))
    risk, clock = assess(book), StoppedClock(step_s=0.0005)
    finder = WayFinder(clock)
    found = [finder.ways(book, risk, TARGET) is not None for _ in range(80)]
    assert found[0]
    assert 0 < sum(found) < 40
    clock.at_s += 10
    assert finder.ways(book, risk, TARGET) is not None


@pytest.mark.parametrize(("size", "expected"), [(0.84312, 0.844), (12_345.0, 12_400.0), (1.0, 1.0), (0.001, 0.001)])
def test_sizes_are_rounded_up_to_three_digits(size: float, expected: float) -> None:
    """Never below what is needed."""
    assert rounded_up(size) == pytest.approx(expected)
