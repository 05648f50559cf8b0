"""The law about orders, and how much a hedge may open: values only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import HedgeRecord, OrderJournalState, OrderRecord
from guard.protect.hedging import Protected, Room, empty_leg, hedge_room, reference_leg
from guard.protect.lawful import unlawful

BTC, ETH, COIN = "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USD:BTC"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ORDER = OrderRecord(
    "o", "i", "a", 0, "gs0c0", "reduce", BTC, "sell", "long", "1", "1", True, OrderJournalState.APPROVED, NOW
)
HEDGE = replace(ORDER, remedy="hedge", leg="short", reduce_only=False)


@pytest.mark.parametrize(
    ("order", "room", "why"),
    [
        (ORDER, None, ""),
        (replace(ORDER, contracts="1.001"), None, "is larger than its leg of 1.0"),
        (replace(ORDER, leg="short", side="buy"), None, "is larger than its leg of 0"),
        (replace(ORDER, side="buy"), None, "could open something"),
        (replace(ORDER, reduce_only=False), None, "could open something"),
        (HEDGE, Room(Decimal(1)), ""),
        (replace(HEDGE, contracts="1.001"), Room(Decimal(1)), "would be more than the 1"),
        (HEDGE, Room(Decimal(0), "there is no leg"), "there is no leg"),
        (replace(HEDGE, reduce_only=True), Room(Decimal(1)), "would not open anything"),
        (replace(HEDGE, side="buy"), Room(Decimal(1)), "would not open anything"),
    ],
)
def test_what_must_not_leave(make: Any, order: OrderRecord, room: Room | None, why: str) -> None:
    """Whoever sized it: larger than its leg, or opening something that is no hedge."""
    said = unlawful(order, make.book([make.position(BTC, "long", 1.0, 1.0, 1.0)], 1.0), room)
    assert why in said
    assert bool(said) == bool(why)


def test_the_room_of_a_proxy_in_coins(make: Any) -> None:
    """Inverse contracts count their dollars; other hedges of the leg, and the leg's own opposite, count as well."""
    legs = [make.position(ETH, "long", 10.0, 2_000.0, 2_000.0), make.position(ETH, "short", 1.0, 2_000.0, 2_000.0)]
    book = make.book(legs, 1.0, "hedge")
    rules = make.instrument(COIN, "1")
    rules = replace(rules, contract_size=Decimal(100))
    reference = empty_leg(COIN, "short", 36_000.0, rules, "cross")
    assert (reference.kind, reference.settle, reference.contracts) == ("inverse", "BTC", 0.0)
    against = Protected(COIN, "short", (ETH, "long"))
    assert hedge_room(book, against, reference, rules, ()).contracts == 180
    other = HedgeRecord("h", "a", "i", COIN, "short", "30", ETH, "long", NOW)
    gone = replace(other, symbol="SOL/USDT:USDT")
    elsewhere = replace(other, protects_symbol=BTC)
    assert hedge_room(book, against, reference, rules, (other, gone, elsewhere)).contracts == 150
    full = replace(other, contracts="500")
    assert hedge_room(book, against, reference, rules, (full,)) == Room(Decimal(0))


def test_a_leg_that_is_referred_to(make: Any) -> None:
    """As it is held; else an empty one at the mark of the other leg; none of a symbol that is not held."""
    book = make.book([make.position(BTC, "long", 1.0, 40_000.0, 36_000.0)], 1.0)
    held, empty = reference_leg(book, BTC, "long"), reference_leg(book, BTC, "short")
    assert held is book.positions[0]
    assert empty is not None
    assert (empty.side, empty.contracts, empty.mark_price) == ("short", 0.0, 36_000.0)
    assert reference_leg(book, ETH, "short") is None
    dated = empty_leg("BTC/USD:BTC-261225", "short", 36_000.0, make.instrument(COIN), "cross")
    assert (dated.kind, dated.settle) == ("inverse", "BTC")
