"""A book at newer marks: prices move, nothing else does, and nothing becomes younger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from guard.app.judge import judge_policy
from guard.app.live_book import is_live, is_worse, judge_live, marked_symbols, revalued
from guard.app.settings import Conformity, Zones
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import AccountSpec, FetchedBook
from guard.risk.assess import assess
from guard.risk.book import Order, VenueReported
from guard.risk.quality import DataQuality, Quality
from guard.risk.zones import Zone, ZoneState
from tests.harness.cycle_world import BTC, NOW, book

ETH = "ETH/USDT:USDT"
LATER = NOW + timedelta(seconds=20)
RECORD = AccountRecord("account-1", AccountSpec("main", "file"), None, "observe", NOW)
POLICY = judge_policy(Zones(), Conformity(), 60)


def judged(fetched: FetchedBook, prior: ZoneState, age_s: float = 20) -> Reading:
    """The tick's reading, `age_s` after the private parts were read."""
    return judge_live(RECORD, fetched, prior, POLICY, now=NOW + timedelta(seconds=age_s), duration_ms=1)


def test_marks_replace_prices_and_only_those() -> None:
    """Legs and orders' terms get the new price; the venue's totals, which belong to the old one, are left out."""
    plain = book(40_000.0)
    ordered = Order(ETH, "buy", 3_000.0, 1.0)
    terms = {ETH: {"contract_size": 1.0, "leverage": 10.0, "mark_price": 3_400.0}, "XRP/USDT:USDT": {"leverage": 5.0}}
    whole = replace(
        plain,
        book=replace(plain.book, orders=(ordered,), parameters=terms, venue_reported=VenueReported(equity=10_000.0)),
    )
    assert marked_symbols(whole.book) == {BTC, ETH}
    moved = revalued(whole, {BTC: 39_000.0, ETH: 3_300.0, "XRP/USDT:USDT": 2.0, "DOGE/USDT:USDT": 1.0}, LATER)
    assert moved.book.positions == (replace(plain.book.positions[0], mark_price=39_000.0),)
    assert moved.book.parameters[ETH]["mark_price"] == 3_300.0
    assert moved.book.parameters["XRP/USDT:USDT"] == {"leverage": 5.0}
    assert moved.book.venue_reported == VenueReported()
    assert (moved.book.collateral, moved.book.orders, moved.book.as_of) == (plain.book.collateral, (ordered,), NOW)
    assert moved.parts == {"balances": NOW, "positions": NOW, "marks": LATER}


def test_same_risk_as_a_reading_at_that_price() -> None:
    """Revaluing and reading anew give the same figures."""
    moved = revalued(book(40_000.0), {BTC: 33_000.0}, LATER)
    assert assess(moved.book) == assess(book(33_000.0).book)


@pytest.mark.parametrize("marks", [{}, {BTC: 40_000.0}, {ETH: 3_000.0}])
def test_nothing_new_is_the_same_book(marks: dict[str, float]) -> None:
    """A duplicate or foreign price changes nothing, not even a time."""
    fetched = book(40_000.0)
    assert revalued(fetched, marks, LATER) is fetched


def test_newer_marks_are_not_torn_and_make_nothing_younger() -> None:
    """20 s between balances and marks are fresh; at 61 s the balances are stale, however new the mark."""
    moved = revalued(book(40_000.0), {BTC: 32_000.0}, LATER)
    fresh = judged(moved, ZoneState())
    assert (fresh.quality.quality, fresh.quality.age_s) == (Quality.FRESH, 20)
    assert fresh.fetched is moved
    stale = judged(moved, ZoneState(), age_s=61)
    assert stale.quality.quality is Quality.STALE
    assert not is_worse(ZoneState(), stale)


def test_only_worse_zones_count() -> None:
    """Into a worse zone yes; equal, better, or with an account that is not seen: no."""
    worse = judged(revalued(book(40_000.0), {BTC: 32_000.0}, LATER), ZoneState())
    assert worse.zone is Zone.WARNING
    assert is_worse(ZoneState(), worse)
    assert not is_worse(ZoneState(Zone.WARNING, Zone.WARNING), worse)
    assert not is_worse(ZoneState(Zone.DANGER, Zone.DANGER), worse)
    assert not is_worse(ZoneState(Zone.UNKNOWN, Zone.SAFE), worse)


@pytest.mark.parametrize("quality", [quality for quality in Quality if quality is not Quality.FRESH])
def test_only_fresh_readings_are_live(quality: Quality) -> None:
    """Ticks are applied to nothing that is stale, torn, incomplete, disputed or missing."""
    reading = judged(book(40_000.0), ZoneState(), age_s=0)
    assert is_live(reading)
    assert not is_live(replace(reading, quality=DataQuality(quality)))


def test_reported_books_and_no_books_are_not_live() -> None:
    """Where the venue's totals are the figures, marks say nothing."""
    reading = judged(book(40_000.0), ZoneState(), age_s=0)
    fetched = book(40_000.0)
    assert not is_live(None)
    assert not is_live(replace(reading, fetched=None))
    assert not is_live(replace(reading, fetched=replace(fetched, book=replace(fetched.book, model="reported"))))
