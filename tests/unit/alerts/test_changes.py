"""What two books of one account say happened in between, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.alerts.change_notices import announce_changes, change_fingerprint
from guard.alerts.changes import (
    Change,
    ChangeBars,
    ChangeKind,
    adl_changes,
    book_changes,
    explained_by_orders,
    leg_changes,
    leg_sizes,
)
from guard.app.clock import RandomIds
from guard.ports.recipients import Recipient
from guard.ports.records import Reading
from guard.risk.book import Book, Collateral, Order, Position, Tier
from guard.risk.zones import Zone

BTC = "BTC/USDT:USDT"
LONG = Position(BTC, "long", 2.0, 1.0, "linear", "USDT", 43_000.0, 43_500.0, 10.0)
SHORT = Position("ETH/USDT:USDT", "short", 5.0, 1.0, "linear", "USDT", 3_300.0, 3_400.0, 10.0)
CALM = Book(
    account="alice",
    venue="binanceusdm",
    model="binance-usdm",
    as_of=datetime(2026, 11, 21, tzinfo=UTC),
    collateral=(Collateral("USDT", 100_000.0), Collateral("USDC", 5_000.0)),
    positions=(LONG, SHORT),
    tiers={BTC: (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, None, 0.005))},
)
BARS = ChangeBars()


def kinds(changes: Any) -> list[tuple[ChangeKind, str]]:
    """What changed, of what."""
    return [(change.kind, change.subject) for change in changes]


def legs_between(before: Book, after: Book, explained: dict[tuple[str, str], float] | None = None) -> list[Change]:
    """Changes of legs between two books; what resting orders explain is left out."""
    known = {**explained_by_orders(before, after), **(explained or {})}
    return list(leg_changes(leg_sizes(before), leg_sizes(after), known))


def test_nothing_changed() -> None:
    """The same book twice, with other prices and other unrealized PnL."""
    later = replace(CALM, positions=(replace(LONG, mark_price=41_000.0), SHORT))
    assert legs_between(CALM, later) == []
    assert list(book_changes(CALM, later, BARS)) == []


def test_a_leg_that_vanished() -> None:
    """Told with its size, and that it may have been a liquidation."""
    (change,) = legs_between(CALM, replace(CALM, positions=(SHORT,)))
    assert (change.kind, change.subject) == (ChangeKind.LEG_GONE, f"long {BTC}")
    assert change.lines[0] == f"The long {BTC} position is gone (2 contracts)."
    assert "liquidation" in change.lines[1]


def test_a_leg_that_shrank() -> None:
    """Told with both sizes."""
    (change,) = legs_between(CALM, replace(CALM, positions=(replace(LONG, contracts=1.25), SHORT)))
    assert change.kind is ChangeKind.LEG_SHRUNK
    assert "from 2 to 1.25 contracts" in change.lines[0]


def test_a_leg_that_turned_round_is_gone() -> None:
    """The other side is another leg."""
    turned = replace(CALM, positions=(replace(LONG, side="short", contracts=1.0), SHORT))
    assert kinds(legs_between(CALM, turned)) == [(ChangeKind.LEG_GONE, f"long {BTC}")]


def test_a_leg_that_grew_is_no_change() -> None:
    """Somebody bought: that is no danger that the zone does not show."""
    assert legs_between(CALM, replace(CALM, positions=(replace(LONG, contracts=9.0), SHORT))) == []


@pytest.mark.parametrize(("closed", "told"), [(0.5, True), (0.75, False), (2.0, False)])
def test_the_guards_own_orders_explain(closed: float, told: bool) -> None:
    """As far as they filled."""
    after = replace(CALM, positions=(replace(LONG, contracts=1.25), SHORT))
    assert bool(legs_between(CALM, after, {(BTC, "long"): closed})) is told


def stop(remaining: float, **fields: Any) -> Order:
    """A resting order that closes the long."""
    return replace(Order(BTC, "sell", 41_000.0, remaining, reduce_only=True, order_id="7"), **fields)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((stop(0.75),), (), False),
        ((stop(0.75, conditional=True, price=None),), (), False),
        ((stop(1.0),), (stop(0.25),), False),
        ((stop(0.75),), (stop(0.75),), True),
        ((stop(0.5),), (), True),
        ((stop(0.75, side="buy"),), (), True),
        ((stop(0.75, position_side="short"),), (), True),
        ((stop(0.75, position_side="long"),), (), False),
    ],
)
def test_orders_that_rested_explain(before: tuple[Order, ...], after: tuple[Order, ...], told: bool) -> None:
    """Those on the closing side, as far as they are gone."""
    earlier = replace(CALM, orders=before)
    later = replace(CALM, orders=after, positions=(replace(LONG, contracts=1.25), SHORT))
    assert bool(legs_between(earlier, later)) is told


def with_money(**balances: float) -> Book:
    """The calm book with other balances."""
    return replace(CALM, collateral=tuple(Collateral(asset, balance) for asset, balance in balances.items()))


@pytest.mark.parametrize(
    ("balances", "expected"),
    [
        ({"USDT": 100_000.0, "USDC": 5_000.0}, []),
        ({"USDT": 99_100.0, "USDC": 5_000.0}, []),  # as much as funding of 104,000 USDT can be
        ({"USDT": 90_000.0, "USDC": 5_000.0}, [(ChangeKind.MONEY_OUT, "USDT")]),
        ({"USDT": 130_000.0, "USDC": 5_000.0}, [(ChangeKind.MONEY_IN, "USDT")]),
        ({"USDT": 100_000.0}, [(ChangeKind.MONEY_OUT, "USDC")]),
        ({"USDT": 100_000.0, "USDC": 5_000.0, "BTC": 0.5}, [(ChangeKind.MONEY_IN, "BTC")]),
    ],
)
def test_money_that_came_or_went(balances: dict[str, float], expected: list[tuple[ChangeKind, str]]) -> None:
    """In a currency in which no leg changed."""
    assert kinds(book_changes(CALM, with_money(**balances), BARS)) == expected


def test_money_of_a_fill_is_no_transfer() -> None:
    """Realized PnL."""
    later = replace(with_money(USDT=90_000.0, USDC=5_000.0), positions=(SHORT,))
    assert list(book_changes(CALM, later, BARS)) == []


def test_what_is_told_of_money() -> None:
    """Amounts with units."""
    (change,) = book_changes(CALM, with_money(USDT=90_000.0, USDC=5_000.0), BARS)
    assert change.lines[0] == "10,000 USDT left while no position in USDT changed."
    assert change.lines[1] == "Balance 90,000 USDT, was 100,000 USDT."


def test_tiers_of_a_held_symbol() -> None:
    """The first row that differs."""
    later = replace(CALM, tiers={BTC: (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, None, 0.01))})
    (change,) = book_changes(CALM, later, BARS)
    assert (change.kind, change.subject) == (ChangeKind.TIERS, BTC)
    assert change.lines[1] == "From 50,000: maintenance rate 1.0 %, was 0.50 % from 50,000."


def test_modes() -> None:
    """Position mode, and how margin is computed."""
    later = replace(CALM, position_mode="hedge", model="binance-usdm-multi")
    assert kinds(book_changes(CALM, later, BARS)) == [
        (ChangeKind.POSITION_MODE, "position mode hedge"),
        (ChangeKind.ACCOUNT_MODE, "account mode binance-usdm-multi"),
    ]


@pytest.mark.parametrize(("was", "now", "told"), [(1.0, 0.985, True), (0.985, 0.97, False), (1.0, 0.995, False)])
def test_a_stablecoin_that_loses_its_peg(was: float, now: float, told: bool) -> None:
    """Once, at the bar."""
    before = replace(CALM, collateral=(Collateral("USDC", 5_000.0, price=was),))
    after = replace(CALM, collateral=(Collateral("USDC", 5_000.0, price=now),))
    assert bool(list(book_changes(before, after, BARS))) is told


@pytest.mark.parametrize(("was", "now", "told"), [(0.6, 0.8, True), (0.8, 1.0, False), (0.2, 0.6, False)])
def test_the_head_of_the_queue(was: float, now: float, told: bool) -> None:
    """Once, when it is reached."""
    key = (BTC, "long")
    assert bool(list(adl_changes({key: was}, {key: now}, BARS.adl))) is told


def test_several_changes_make_one_message(reading: Callable[..., Reading]) -> None:
    """Each is an alert of its own; the most urgent one leads."""
    watched = reading(Zone.WATCH)
    changes = [
        Change(ChangeKind.MONEY_IN, "USDT", lambda _: ("1 USDT came in.",)),
        Change(ChangeKind.LEG_GONE, "long X", lambda _: ("The long <X> is gone.", "Check the venue.")),
    ]
    told = announce_changes(
        watched, changes, recipients=(Recipient("telegram:1"), Recipient("telegram:2")), ids=RandomIds()
    )
    assert [alert.rule for alert in told.alerts] == ["money", "position"]
    assert len(told.messages) == 2
    assert {message.priority for message in told.messages} == {45}
    assert "The long &lt;X&gt; is gone." in told.messages[0].html
    assert told.messages[0].alert_id == told.alerts[1].alert_id
    assert announce_changes(watched, [], recipients=(), ids=RandomIds()).messages == ()
    assert change_fingerprint("a", changes[0]) != change_fingerprint("a", changes[1])


def test_a_waiting_stop_for_the_whole_leg_hides_no_partial_liquidation() -> None:
    """It is as large as the leg, so it shrinks with it; that it still waits says that it closed nothing."""
    stop = Order(BTC, "sell", None, 2.0, reduce_only=True, conditional=True, order_id="7")
    before = replace(CALM, orders=(stop,))
    smaller = replace(CALM, positions=(replace(LONG, contracts=1.2), SHORT), orders=(replace(stop, remaining=1.2),))
    assert kinds(legs_between(before, smaller)) == [(ChangeKind.LEG_SHRUNK, f"long {BTC}")]
    triggered = replace(smaller, orders=())
    assert legs_between(before, triggered) == []


def test_a_settlement_is_no_transfer() -> None:
    """Some venues pay unrealized PnL out every few hours: the same size at another entry, and money that came."""
    richer = with_money(USDT=104_000.0, USDC=5_000.0)
    settled = replace(richer, positions=(replace(LONG, entry_price=43_500.0), SHORT))
    assert list(book_changes(CALM, settled, BARS)) == []


def test_fees_in_the_venues_coin_and_dust_are_no_transfers() -> None:
    """A fee comes with a trade in whatever currency; without one, and in larger amounts, they are told."""
    rich = replace(CALM, collateral=(*CALM.collateral, Collateral("BNB", 0.1), Collateral("FDUSD", 0.02)))
    coin = Collateral("BNB", 0.09)
    poorer = replace(rich, collateral=(*CALM.collateral, coin, Collateral("FDUSD", 0.5)))
    bought = replace(poorer, positions=(replace(LONG, contracts=2.5), SHORT))
    assert list(book_changes(rich, bought, BARS)) == []
    assert kinds(book_changes(rich, poorer, BARS)) == [(ChangeKind.MONEY_OUT, "BNB")]
