"""States of orders, from the words of any venue."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.ports.errors import BadAnswer
from guard.ports.venue import OrderStatus
from guard.venues.orderstates import StateWords, Told, order_state

WHERE = "okx GET v5/trade/order"
WORDS = StateWords(frozenset({"done"}), frozenset({"open"}), frozenset({"gone"}), frozenset({"refused"}))


def told(word: str, filled: str, average: float | None = 10.0) -> Told:
    """An order of 2 contracts."""
    return Told("g-1", "77", word, Decimal(2), Decimal(filled), average)


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("done", "2", OrderStatus.FILLED),
        ("open", "0", OrderStatus.OPEN),
        ("open", "1", OrderStatus.OPEN),
        ("gone", "0", OrderStatus.EXPIRED),
        ("gone", "1", OrderStatus.PARTLY_FILLED),
        ("refused", "0", OrderStatus.REJECTED),
        ("refused", "1", OrderStatus.PARTLY_FILLED),
    ],
)
def test_each_state(word: str, filled: str, status: OrderStatus) -> None:
    """What was filled counts, however an order ended; nothing filled has no price."""
    state = order_state(told(word, filled), "BTC/USDT:USDT", WORDS, WHERE)
    assert (state.status, state.filled, state.client_order_id) == (status, Decimal(filled), "g-1")
    assert state.average_price == (10.0 if state.filled else None)


def test_a_price_of_zero_is_none() -> None:
    """Some venues write 0 until they know it."""
    assert order_state(told("done", "2", 0.0), "X", WORDS, WHERE).average_price is None


@pytest.mark.parametrize(
    ("word", "filled"), [("done", "1"), ("done", "0"), ("gone", "3"), ("open", "-1"), ("new?", "0")]
)
def test_what_contradicts_itself_is_refused(word: str, filled: str) -> None:
    """No outcome is made of it: the order stays unknown, and is asked for again."""
    with pytest.raises(BadAnswer, match=WHERE):
        order_state(told(word, filled), "X", WORDS, WHERE)
