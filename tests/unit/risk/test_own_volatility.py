"""Hours of the book's own volatility: the formula by hand, what counts, and that nothing is made up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Order, Position, Tier, VenueReported
from guard.risk.own_volatility import (
    LEAST_H,
    WINDOW_H,
    MarkHistory,
    OwnHours,
    PoolHours,
    hours_to_travel,
    own_hours,
    prices_of,
    way_in_hours,
)

BTC, ETH, COIN = "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USD:BTC"
FLAT = (Tier(0.0, None, 0.01),)
UP_AND_DOWN = [0.01 if hour % 2 else -0.01 for hour in range(30)]


def history(returns: Mapping[str, Sequence[float]], ends: Mapping[str, float], hour_s: float = 3600.0) -> MarkHistory:
    """Hourly prices that moved so, by name; the last sample is where they stand now."""
    paths = {}
    for name, moves in returns.items():
        grown = list(accumulate(moves, lambda price, move: price * (1.0 + move), initial=1.0))
        paths[name] = [price / grown[-1] * ends[name] for price in grown]
    found = MarkHistory()
    for index in range(len(next(iter(paths.values())))):
        found = found.until(index * hour_s, {name: path[index] for name, path in paths.items()})
    return found


def only(book: Book, past: MarkHistory) -> PoolHours:
    """The answer of a book with one pool."""
    (found,) = own_hours(book, assess(book), past).pools
    return found


@pytest.fixture
def flat(book: Callable[..., Book]) -> Callable[..., Book]:
    """A book whose contracts have one tier each of 1 %."""

    def build(**changes: object) -> Book:
        made = book(**changes)
        return replace(made, tiers={leg.symbol: FLAT for leg in made.positions})

    return build


def test_one_leg_is_as_volatile_as_its_price(flat: Callable[..., Book]) -> None:
    """1 BTC at 10,000 with 5,000: by hand, 1 % an hour; slack 4,900, of which a move of 1 takes 9,900."""
    found = only(flat(), history({BTC: UP_AND_DOWN}, {BTC: 10_000.0}))
    assert found.money == pytest.approx(99.0)
    assert found.fraction == pytest.approx(0.01)
    assert found.hours == pytest.approx((4_900.0 / 99.0) ** 2)
    assert found.hours == pytest.approx((4_900.0 / 9_900.0 / 0.01) ** 2)
    assert (found.history_h, found.lacking) == (30.0, "")


def test_a_contract_in_coin_counts_as_distance_does(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """The mark is the price of the collateral too; in the units of distance that is the volatility of the price."""
    coin = leg(symbol=COIN, kind="inverse", settle="BTC", contracts=100.0, contract_size=100.0)
    book = flat(model="tiered", positions=(coin,), collateral=(Collateral("BTC", 0.5),))
    found = only(book, history({COIN: UP_AND_DOWN}, {COIN: 10_000.0}))
    distance = assess(book).distance
    assert distance is not None
    assert found.fraction == pytest.approx(0.01)
    assert found.hours == pytest.approx((distance / 0.01) ** 2)


def test_legs_move_together_or_apart(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """Equal moves of opposite legs cancel each other, opposite moves add up; the distance is the same in both cases."""
    legs = (leg(), leg(symbol=ETH, side="short", contracts=10.0, entry_price=1_000.0, mark_price=1_000.0))
    book = flat(positions=legs)
    ends = {BTC: 10_000.0, ETH: 1_000.0}
    together = only(book, history({BTC: UP_AND_DOWN, ETH: UP_AND_DOWN}, ends))
    apart = only(book, history({BTC: UP_AND_DOWN, ETH: [-move for move in UP_AND_DOWN]}, ends))
    # Each requires 1 %: a common move changes the requirement alone, moves apart leave it as it is.
    assert together.money == pytest.approx(2.0)
    assert apart.money == pytest.approx(200.0)
    assert apart.hours == pytest.approx((4_800.0 / 200.0) ** 2)


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e4])
def test_scale_does_not_matter(flat: Callable[..., Book], factor: float) -> None:
    """The same book in other sizes, or at other prices, is as many hours away."""
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    base = only(flat(), past)
    (position,) = flat().positions
    larger = replace(position, contracts=factor)
    other = only(flat(positions=(larger,), collateral=(Collateral("USDT", 5_000.0 * factor),)), past)
    dearer = replace(position, contracts=1.0 / factor, entry_price=10_000.0 * factor, mark_price=10_000.0 * factor)
    priced = only(flat(positions=(dearer,)), history({BTC: UP_AND_DOWN}, {BTC: 10_000.0 * factor}))
    assert other.hours == pytest.approx(base.hours)
    assert priced.hours == pytest.approx(base.hours)
    assert other.fraction == pytest.approx(base.fraction)
    assert priced.fraction == pytest.approx(base.fraction)


def test_half_the_distance_is_a_quarter_of_the_hours(flat: Callable[..., Book]) -> None:
    """With the same volatility; and the way back from hours gives the distance."""
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    far = only(flat(collateral=(Collateral("USDT", 4_060.0),)), past)
    near = only(flat(collateral=(Collateral("USDT", 2_080.0),)), past)
    assert far.hours is not None
    assert near.hours == pytest.approx(far.hours / 4.0)
    assert near.fraction == pytest.approx(far.fraction)
    for distance in (0.04, 0.08):
        hours = hours_to_travel(distance, 0.01)
        assert hours_to_travel(distance / 2, 0.01) == pytest.approx(hours / 4)
        assert way_in_hours(hours, 0.01) == pytest.approx(distance)
    assert hours_to_travel(0.1, 0.0) == math.inf


def test_a_gap_counts_for_nothing(flat: Callable[..., Book]) -> None:
    """Neither what happened in it nor how long it was; intervals of another length count as long as they are."""
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    before = MarkHistory().until(-30 * 3600.0, {BTC: 5_000.0})
    for at_s, price in zip(past.at_s.tolist(), past.prices[:, 0].tolist(), strict=True):
        before = before.until(at_s, {BTC: price})
    assert only(flat(), before) == only(flat(), past)
    slower = only(flat(), history({BTC: UP_AND_DOWN}, {BTC: 10_000.0}, hour_s=5_400.0))
    assert slower.history_h == 45.0
    assert slower.fraction == pytest.approx(0.01 / math.sqrt(1.5))


def test_a_hole_in_one_price_is_a_hole(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """An interval counts where both its ends know every price that matters."""
    book = flat(positions=(leg(), leg(symbol=ETH, contracts=10.0, entry_price=1_000.0, mark_price=1_000.0)))
    past = history({BTC: UP_AND_DOWN, ETH: UP_AND_DOWN}, {BTC: 10_000.0, ETH: 1_000.0})
    past.prices[5, 1] = math.nan
    found = only(book, past)
    assert found.history_h == 28.0
    assert found.fraction == pytest.approx(0.01)


def test_a_short_history_says_nothing(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """Not known, with what is known of it; a leg that is new makes the book new."""
    found = only(flat(), history({BTC: [0.01] * 5}, {BTC: 10_000.0}))
    assert found == PoolHours(None, history_h=5.0, lacking=BTC)
    assert only(flat(), MarkHistory()) == PoolHours(None, lacking=BTC)
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    wider = flat(positions=(leg(), leg(symbol=ETH, contracts=10.0, entry_price=1_000.0, mark_price=1_000.0)))
    assert only(wider, past) == PoolHours(None, lacking=ETH)


def test_dust_may_be_new(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """A leg that is worth less than 1 % of slack stands still until it has a history."""
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    dust = leg(symbol=ETH, contracts=0.01, entry_price=1_000.0, mark_price=1_000.0)
    found, without = only(flat(positions=(leg(), dust)), past), only(flat(), past)
    assert found.hours == pytest.approx(without.hours, rel=1e-3)
    assert only(flat(positions=(leg(), replace(dust, contracts=0.1))), past).lacking == ETH


def test_a_coin_of_the_collateral_moves_too(flat: Callable[..., Book]) -> None:
    """By its own price where no contract on it is held; it matters, so without a history nothing is said."""
    coins = (Collateral("USDT", 5_000.0), Collateral("ETH", 5.0, price=1_000.0))
    book = flat(model="tiered", collateral=coins)
    marks = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    assert only(book, marks).lacking == "ETH"
    both = history({BTC: UP_AND_DOWN, "ETH": UP_AND_DOWN}, {BTC: 10_000.0, "ETH": 1_000.0})
    # 9,900 of the leg and 5,000 of the coin.
    assert only(book, both).money == pytest.approx(149.0)
    assert prices_of(book) == {BTC: 10_000.0, "ETH": 1_000.0}


def test_what_cancels_to_nothing_has_no_end(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """A coin that is sold forward in full is worth the same money at every price: what rounding leaves is no motion."""
    coin = leg(symbol=COIN, side="short", kind="inverse", settle="BTC", contracts=30.0, contract_size=100.0)
    book = flat(model="tiered", positions=(coin,), collateral=(Collateral("BTC", 0.3),))
    assert only(book, history({COIN: UP_AND_DOWN}, {COIN: 10_000.0})).hours == math.inf


def test_a_mark_that_stands_still_is_not_known(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """A whole day at one price is a feed that is stuck: no proof of calm, neither alone nor beside a leg that moves."""
    stuck = history({BTC: [0.0] * 30, ETH: UP_AND_DOWN}, {BTC: 10_000.0, ETH: 1_000.0})
    assert only(flat(), stuck) == PoolHours(None, lacking=BTC)
    both = flat(positions=(leg(), leg(symbol=ETH, contracts=10.0, entry_price=1_000.0, mark_price=1_000.0)))
    assert only(both, stuck) == PoolHours(None, lacking=BTC)
    resumed = [0.0] * 29 + [0.01]
    assert only(flat(), history({BTC: resumed}, {BTC: 10_000.0})).hours is not None


def test_a_coin_may_be_counted_at_one(flat: Callable[..., Book]) -> None:
    """A token whose price is always 1 stands still; it does not keep the hours of the account from being known."""
    coins = (Collateral("USDT", 3_000.0), Collateral("CREDIT", 2_000.0, price=1.0))
    tokens = flat(model="tiered", collateral=coins)
    assert prices_of(tokens) == {BTC: 10_000.0, "CREDIT": 1.0}
    past = history({BTC: UP_AND_DOWN, "CREDIT": [0.0] * 30}, {BTC: 10_000.0, "CREDIT": 1.0})
    money = flat(model="tiered", collateral=(Collateral("USDT", 5_000.0),))
    assert only(tokens, past).hours == pytest.approx(only(money, past).hours)


def test_orders_on_another_symbol_need_no_history(leg: Callable[..., Position], flat: Callable[..., Book]) -> None:
    """A resting order on BTC is no price of the BTC that is held as collateral, and hides no part of the past."""
    ether = leg(symbol=ETH, contracts=50.0, entry_price=1_000.0, mark_price=1_000.0)
    coins = (Collateral("USDT", 5_000.0), Collateral("BTC", 0.5, price=10_000.0))
    calm = flat(model="bybit-uta", positions=(ether,), collateral=coins)
    terms = {"contract_size": 1.0, "leverage": 10.0, "mark_price": 10_000.0}
    order = Order(BTC, "buy", 9_000.0, 0.1)
    waiting = replace(calm, orders=(order,), tiers={**calm.tiers, BTC: FLAT}, parameters={BTC: terms})
    past = history({ETH: UP_AND_DOWN, "BTC": UP_AND_DOWN}, {ETH: 1_000.0, "BTC": 10_000.0})
    assert only(calm, past).hours is not None
    assert only(waiting, past).history_h == 30.0
    assert only(waiting, past).money == pytest.approx(only(calm, past).money, rel=1e-2)


def test_a_doubtful_sample_is_replaced_by_a_better_one() -> None:
    """What the venue contradicts stands for an hour only as long as there is nothing better of it."""
    first = MarkHistory().sampled(0.0, {BTC: 9_000.0}, doubtful=True)
    assert first.sampled(60.0, {BTC: 9_100.0}, doubtful=True) is first
    better = first.sampled(120.0, {BTC: 10_000.0})
    assert (better.at_s.tolist(), better.prices.tolist()) == ([120.0], [[10_000.0]])
    assert better.sampled(180.0, {BTC: 9_000.0}, doubtful=True) is better
    assert better.sampled(3_700.0, {BTC: 9_000.0}, doubtful=True).at_s.tolist() == [120.0, 3_700.0]
    assert better.is_after(60.0)
    assert not better.is_after(120.0)


def test_no_slack_is_no_time(flat: Callable[..., Book]) -> None:
    """Past liquidation it is 0 hours, history or not; what holds nothing has no end."""
    dead = flat(collateral=(Collateral("USDT", 50.0),))
    assert only(dead, MarkHistory()).hours == 0.0
    past = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    assert only(dead, past).hours == 0.0
    assert only(dead, past).money == pytest.approx(99.0)
    assert only(flat(positions=()), past).hours == math.inf


def test_figures_of_the_present_only_have_no_hours(book: Callable[..., Book]) -> None:
    """A venue's own totals do not follow from marks."""
    told = book(model="reported", venue_reported=VenueReported(equity=5_000.0, maintenance_margin=100.0))
    found = only(told, history({BTC: UP_AND_DOWN}, {BTC: 10_000.0}))
    assert found == PoolHours(None, of_present_only=True)


def test_the_account_is_as_near_as_its_nearest_pool() -> None:
    """What is known of one pool holds, whatever is not known of another."""
    near, far, unknown = PoolHours(3.0), PoolHours(50.0), PoolHours(None, lacking=ETH)
    assert OwnHours((far, near, unknown)).hours == 3.0
    assert OwnHours((far, near, unknown)).unknown == unknown
    assert OwnHours((unknown,)).hours is None
    assert OwnHours((far,)).unknown is None


def test_a_sample_an_hour_for_a_week() -> None:
    """The first of each clock hour; what is older, and what is not held any more, leaves. A leg takes 1.3 KiB."""
    past = MarkHistory()
    for minute in range(0, 200 * 60, 20):
        prices = {BTC: 1.0 + minute} | ({ETH: 5.0} if minute < 600 else {})
        past = past.sampled(minute * 60.0, prices)
    assert past.names == (BTC,)
    assert len(past.at_s) == WINDOW_H + 1
    assert past.at_s.tolist() == [hour * 3600.0 for hour in range(31, 200)]
    assert past.prices[:, 0].tolist() == [1.0 + hour * 60 for hour in range(31, 200)]
    assert past.sampled(199 * 3600.0 + 3599.0, {BTC: 9.0}) is past
    assert past.size_bytes == 16 * (WINDOW_H + 1)
    assert LEAST_H == 24.0


def test_the_present_counts_while_it_happens(flat: Callable[..., Book]) -> None:
    """A fall since the last hour's sample is in it before the hour is over."""
    calm = history({BTC: UP_AND_DOWN}, {BTC: 10_000.0})
    now = calm.until(30 * 3600.0 + 600.0, {BTC: 9_000.0})
    fallen = only(flat(), now)
    assert fallen.fraction is not None
    assert fallen.fraction == pytest.approx(math.sqrt((30 * 0.01**2 + 0.1**2) / (30 + 1 / 6)))
