"""A step that is refused again and again waits longer each time, and what has changed is tried at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.protect.setbacks import HEDGE_REST_S, PAUSE_MAX_S, Failure, Setbacks, plain_reason, scene_of
from guard.risk.book import Book, Collateral, Position
from guard.risk.zones import Zone

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
REDUCE = Failure(("reduce", BTC, "long"), "margin is insufficient (-2019)")
HEDGE = Failure(("hedge", ETH, "short"), "margin is insufficient (-2019)")


def held(contracts: float = 1.0, mark: float = 40_000.0, balance: float = 5_000.0) -> Book:
    """One long."""
    leg = Position(BTC, "long", contracts, 1.0, "linear", "USDT", 43_000.0, mark, 5.0)
    return Book("a", "v", "tiered", NOW, collateral=(Collateral("USDT", balance),), positions=(leg,), tiers={})


def again(times: int, failure: Failure = REDUCE, every_s: float = 0.0) -> Setbacks:
    """The same failure so many times, the last one at the moment 0."""
    found = Setbacks()
    for number in range(times):
        at_s = (number - times + 1) * every_s
        found = found.noted(failure, scene_of(held(), Zone.DANGER, failure.step), at_s)
    return found


def rest(setbacks: Setbacks, book: Book | None = None, zone: Zone = Zone.DANGER, cooldown_s: float = 60.0) -> float:
    """For how many seconds after the last failure the step rests."""
    seconds = 0.0
    while setbacks.resting(book or held(), zone, seconds, cooldown_s) and seconds < 10_000:
        seconds += 10.0
    return seconds


@pytest.mark.parametrize(("times", "pause_s"), [(1, 0), (2, 120), (3, 240), (6, 1920), (7, 3600), (50, 3600)])
def test_the_pause_doubles_up_to_an_hour(times: int, pause_s: float) -> None:
    """The first time the usual cooldown is enough: it is another gate."""
    assert rest(again(times)) == pause_s
    assert PAUSE_MAX_S == 3600


def test_a_hedge_rests_at_once() -> None:
    """What else helps must not wait for it."""
    assert [rest(again(times, HEDGE)) for times in (1, 2, 3, 9)] == [HEDGE_REST_S, 1200, 2400, 3600]


def test_without_a_cooldown_there_is_still_a_pause() -> None:
    """Or it would be tried for ever in each cycle."""
    assert rest(again(2), cooldown_s=0.0) == 120


def test_nothing_rests_for_long_where_liquidation_is_due() -> None:
    """Half a percent is left there, and a move of the price that lets it be tried anew is a whole one."""
    last = replace(again(9).known[REDUCE.step], scene=scene_of(held(), Zone.LIQUIDATION, REDUCE.step))
    assert rest(Setbacks({REDUCE.step: last}), zone=Zone.LIQUIDATION) == 60
    hedge = replace(again(9, HEDGE).known[HEDGE.step], scene=scene_of(held(), Zone.LIQUIDATION, HEDGE.step))
    assert rest(Setbacks({HEDGE.step: hedge}), zone=Zone.LIQUIDATION) == 3600


@pytest.mark.parametrize(
    ("changed", "zone"),
    [
        (lambda: held(contracts=0.9), Zone.DANGER),
        (lambda: held(mark=39_500.0), Zone.DANGER),
        (lambda: held(mark=40_500.0), Zone.DANGER),
        (lambda: held(balance=6_000.0), Zone.DANGER),
        (held, Zone.LIQUIDATION),
    ],
    ids=["size", "lower", "higher", "deposit", "worse"],
)
def test_what_has_changed_much_is_tried_at_once(changed: Callable[[], Book], zone: Zone) -> None:
    """Another size, price or balance, or a worse zone; and then it is news again."""
    setbacks = again(5)
    assert setbacks.resting(held(), Zone.DANGER, 30.0, 60.0) == {REDUCE.step}
    assert not setbacks.resting(changed(), zone, 30.0, 60.0)
    now = scene_of(changed(), zone, REDUCE.step)
    assert not setbacks.knows(REDUCE, now, 30.0)
    assert rest(setbacks.noted(REDUCE, now, 0.0), changed(), zone) == 0


@pytest.mark.parametrize("book", [held(mark=40_300.0), held(balance=5_100.0), held(contracts=1.02)])
def test_small_changes_are_none(book: Book) -> None:
    """A price is never twice the same."""
    assert again(3).resting(book, Zone.DANGER, 30.0, 60.0)
    assert again(3).resting(book, Zone.WARNING, 30.0, 60.0)


def test_another_reason_is_news() -> None:
    """And counts anew; the same one in other figures is the same."""
    setbacks = again(4)
    scene = scene_of(held(), Zone.DANGER, REDUCE.step)
    other = replace(REDUCE, reason="the symbol is halted")
    assert setbacks.knows(REDUCE, scene, 10.0)
    assert not setbacks.knows(other, scene, 10.0)
    assert rest(setbacks.noted(other, scene, 0.0)) == 0
    assert not setbacks.knows(HEDGE, scene_of(held(), Zone.DANGER, HEDGE.step), 10.0)


def test_what_lies_long_back_is_forgotten() -> None:
    """The next evening is another story."""
    setbacks = again(4)
    scene = scene_of(held(), Zone.DANGER, REDUCE.step)
    assert setbacks.knows(REDUCE, scene, 7_000.0)
    assert not setbacks.knows(REDUCE, scene, 7_300.0)
    assert len(setbacks.noted(HEDGE, scene, 7_300.0).known) == 1


def test_what_worked_is_forgotten() -> None:
    """A step that filled is no failure any more."""
    assert not again(4).without([REDUCE.step]).known


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("limit 31807.5 is above 31,790.2", "limit 31555.1 is above 31,420.7", True),
        ("order 8812345678 refused", "order 8812345999 refused", True),
        ("-2019 margin is insufficient", "-4131 price is out of band", False),
        ("-2019 refused", "-2022 refused", False),
    ],
)
def test_reasons_without_their_figures(one: str, two: str, same: Any) -> None:
    """Prices and numbers of orders differ each time; codes of a venue do not."""
    assert (plain_reason(one) == plain_reason(two)) is same
