"""What a watch takes as news of its account, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from guard.ports.records import Mode
from guard.risk.zones import Zone
from tests.harness.cycle_world import World, book


async def test_a_change_made_here_is_newer_than_what_was_asked_for_before() -> None:
    """A freeze in chat must not be undone by a list of accounts that was read a moment earlier."""
    watch = World(book(40_000.0)).watch
    stored = watch.record
    watch.obey(replace(stored, frozen=True), 10.0)
    seen = [(watch.follow(stored, asked_s), watch.record.frozen) for asked_s in (10.0, 10.5, 11.0)]
    assert seen == [(False, True), (True, False), (False, False)]


async def test_a_freeze_that_could_not_be_stored_holds() -> None:
    """The database was locked when somebody froze the account: reading it later must not let it act again."""
    watch = World(book(40_000.0)).watch
    stored = watch.record
    watch.freeze(10.0)
    watch.follow(replace(stored, mode="auto"), 20.0)
    assert (watch.record.frozen, watch.record.mode) == (True, "auto")
    watch.freeze_stored()
    watch.follow(replace(stored, frozen=True), 30.0)
    assert watch.record.frozen
    watch.follow(stored, 40.0)
    assert not watch.record.frozen


async def test_mode_and_its_end_are_followed() -> None:
    """What was changed elsewhere."""
    watch = World(book(40_000.0)).watch
    until = watch.record.created_at + timedelta(hours=8)
    assert watch.follow(replace(watch.record, mode="auto", mode_until=until), 1.0)
    assert (watch.record.mode, watch.record.mode_until) == ("auto", until)


async def test_another_mode_is_told_anew() -> None:
    """Armed in the middle of danger: the plan that was told without a button comes with one."""
    watch = World(book(40_000.0)).watch
    modes: tuple[tuple[Mode, bool], ...] = (("confirm", True), ("auto", False))
    for mode, by_chat in modes:
        watch.suggested, watch.rehearsed, watch.refused = Zone.DANGER, Zone.DANGER, frozenset({"frozen"})
        watch.obey(replace(watch.record, frozen=True), 1.0)
        assert watch.suggested
        if by_chat:
            watch.obey(replace(watch.record, mode=mode), 2.0)
        else:
            watch.follow(replace(watch.record, mode=mode), 3.0)
        assert not any((watch.suggested, watch.rehearsed, watch.refused))


async def test_a_book_from_before_the_last_orders_is_not_acted_upon() -> None:
    """A reading that began before they were sent may show legs that are gone; by the stopwatch, never by the time."""
    watch = World(book(40_000.0)).watch
    assert not watch.is_overtaken()
    watch.began_s, watch.acted_s = 100.0, 100.4
    assert watch.is_overtaken()
    watch.began_s = 100.5
    assert not watch.is_overtaken()
