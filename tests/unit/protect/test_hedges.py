"""Open hedges against the book: what happened to them without the guard, since when it is safe, when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import HedgeRecord, OrderJournalState, OrderRecord
from guard.protect.hedge_watch import watch_hedges
from guard.protect.hedges import compare_hedges, is_due, trimmed, unwound_hedges, watched
from guard.protect.legs import legs_of
from guard.protect.outcome import Kind
from guard.risk.zones import Zone

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEDGE = HedgeRecord("h1", "account-1", "i1", BTC, "short", "0.5", ETH, "long", NOW)
ORDER = OrderRecord(
    "o", "i", "a", 0, "gs0c0", "reduce", BTC, "buy", "short", "1", "1", True, OrderJournalState.VERIFIED, NOW
)


def book(make: Any, short: float, protected: float, mark: float = 2_000.0) -> Any:
    """A short of BTC at 36,000 against a long of ETH."""
    legs = [make.position(BTC, "short", short, 36_000.0, 36_000.0), make.position(ETH, "long", protected, mark, mark)]
    return make.book([leg for leg in legs if leg.contracts], 10_000.0)


@pytest.mark.parametrize(
    ("short", "protected", "text", "grave", "left"),
    [
        (0.5, 10.0, "", False, "0.5"),
        (0.8, 10.0, "", False, "0.5"),  # what is beside it is somebody else's
        (0.3, 10.0, "is smaller, not by an order of the guard: 0.3 are left", True, "0.3"),
        (0.0, 10.0, "is gone, not by an order of the guard: ETH/USDT:USDT long stands without it", True, "0"),
        (0.5, 0.0, "the leg ETH/USDT:USDT long is gone: the hedge of 0.5 contracts", True, "0.5"),
        (0.5, 0.0, "is an exposure; /unhedge takes the guard's hedges off", True, "0.5"),
        (0.5, 5.0, "is larger than the leg that it is against", False, "0.5"),
    ],
)
def test_what_happened(make: Any, short: float, protected: float, text: str, grave: bool, left: str) -> None:
    """Both legs are named; what can be lost without anybody having decided is grave."""
    news = compare_hedges([HEDGE], book(make, short, protected), NOW)
    if not text:
        assert news == ()
        return
    (said,) = news
    assert text in said.text
    assert f"{BTC} short against {ETH} long" in said.text
    assert said.grave is grave
    assert Decimal(said.hedge.contracts) == Decimal(left)
    assert (said.hedge.closed_at == NOW) == (left == "0")


def test_both_at_once(make: Any) -> None:
    """The hedge was cut and what it protected is gone: both are told."""
    news = compare_hedges([HEDGE], book(make, 0.2, 0.0), NOW)
    assert len({each.key for each in news}) == 2
    assert {each.hedge.contracts for each in news} == {"0.2"}


def test_the_newest_of_a_leg_is_cut_first(make: Any) -> None:
    """Two hedges on one leg that holds less than both."""
    later = replace(HEDGE, hedge_id="h2", opened_at=NOW + timedelta(seconds=1), contracts="0.4")
    legs = legs_of(book(make, 0.6, 10.0))
    (cut,) = trimmed([later, HEDGE], legs, NOW, "x")
    assert (cut.hedge_id, cut.contracts) == ("h2", "0.1")
    assert trimmed([HEDGE], {(BTC, "short"): Decimal("0.4999999999999")}, NOW, "x") == []


def test_taking_off_twice_is_taking_off_once() -> None:
    """Counted from what stood before the intent."""
    order = replace(ORDER, filled="0.6")
    later = replace(HEDGE, hedge_id="h2", opened_at=NOW + timedelta(seconds=1), contracts="0.4")
    for _ in range(2):
        first, second = unwound_hedges([later, HEDGE], [order], NOW)
        assert (first.contracts, first.close_reason, second.contracts) == ("0", "taken off", "0.3")
    assert unwound_hedges([HEDGE], [replace(order, reduce_only=False)], NOW) == []


def test_safe_without_a_break() -> None:
    """Anything but safe begins it anew, not known included; None means only on request."""
    since = watched(HEDGE, Zone.SAFE, NOW)
    assert since.safe_since == NOW
    later = NOW + timedelta(seconds=60)
    assert watched(since, Zone.SAFE, later) == since
    assert watched(since, Zone.UNKNOWN, later).safe_since is None
    assert watched(since, Zone.WATCH, later).safe_since is None
    assert is_due(since, later, 60.0)
    assert not is_due(since, later, 61.0)
    assert not is_due(since, later, None)
    assert not is_due(HEDGE, later, 0.0)
    assert not is_due(replace(since, closed_at=NOW), later, 0.0)


async def test_watching_tells_once_and_keeps(world: Any, make: Any) -> None:
    """Told before it is kept, under a key of its own; what is closed is looked at no more."""
    world.journal.hedges["h1"] = HEDGE

    async def look(short: float, protected: float, zone: Zone = Zone.SAFE) -> Any:
        args = (world.journal, world._notify, world.account, book(make, short, protected))
        return await watch_hedges(*args, zone=zone, now=NOW)

    (standing,) = await look(0.5, 10.0)
    assert standing.safe_since == NOW
    assert world.told == []
    for _ in range(2):
        await look(0.5, 0.0, Zone.WATCH)
    assert [(each.kind, each.key) for each in world.told] == [(Kind.NAKED, "h1:naked")]
    assert world.told[0].text.startswith("alice: the leg ETH/USDT:USDT long is gone")
    assert world.journal.hedges["h1"].safe_since is None
    assert await look(0.0, 10.0) == ()
    assert world.journal.hedges["h1"].close_reason == "gone without an order of the guard"
    assert len(world.told) == 2
    assert await look(0.0, 10.0) == ()
    assert len(world.told) == 2
