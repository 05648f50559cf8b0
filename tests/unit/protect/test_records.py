"""From plan to journal and back, from answers to states, from fills to the legs that must be seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.ports.records import OrderRecord
from guard.ports.venue import OrderState, OrderStatus
from guard.protect.answers import record_answer, surprises
from guard.protect.gate import Refusal, RefusalCode
from guard.protect.intents import infeasible_intent, refused_intent, remembered
from guard.protect.journal import IllegalTransition
from guard.protect.legs import differences, expected_legs, legs_of, standing
from guard.protect.plan import plan_reduction
from guard.protect.policy import ProtectPolicy
from guard.risk.book import Book
from guard.risk.zones import Zone

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = OrderRecord("o", "i", "a", 0, "gx", "reduce", BTC, "sell", "long", "1", "100", True, State.SUBMITTING, NOW)


def answer(status: OrderStatus, filled: str, price: float | None = None) -> OrderState:
    """A venue's answer."""
    return OrderState("gx", "v1", BTC, status, Decimal(filled), price)


async def test_an_intent_remembers(world: Any) -> None:
    """Orders are approved, split and named; the legs before the plan can be read back."""
    task = await world.assignment()
    assert [order.state for order in task.orders] == [State.APPROVED] * 3
    assert [order.contracts for order in task.orders] == ["0.224", "0.224", "0.223"]
    assert all(order.reduce_only and order.order_id == order.client_order_id for order in task.orders)
    assert task.intent.state == "open"
    assert task.intent.risk_ratio_before == task.plan.before.risk_ratio
    memory = remembered(task.intent)
    assert memory.legs == {(BTC, "long"): Decimal("1.0")}
    assert memory.unit == {(BTC, "long"): 36_000.0}
    assert memory.position_mode == "one_way"
    assert memory.distance == pytest.approx(0.038, abs=0.001)
    assert json.loads(task.intent.detail)["plan"]["feasible"] is True


async def test_a_dry_run_is_never_open(new_world: Callable[..., Any], btc_book: Book) -> None:
    """Its intent is ended from the start and its orders are only planned."""
    world = new_world(btc_book, ProtectPolicy(dry_run=True))
    task = await world.assignment()
    assert task.intent.state == "dry_run"
    assert task.intent.finished_at is not None
    assert {order.state for order in task.orders} == {State.PLANNED}


def test_refusals_are_recorded(make: Any, btc_book: Book) -> None:
    """Every closed gate with its code; an infeasible plan with its reason."""
    closed = (Refusal(RefusalCode.FROZEN, "frozen"), Refusal(RefusalCode.COOLDOWN, "too soon"))
    intent = refused_intent(closed, intent_id="i", account_id="a", at=NOW, zone=Zone.DANGER, risk_ratio=0.8)
    assert (intent.state, intent.reason, intent.finished_at) == ("refused", "frozen; too soon", NOW)
    assert [row["code"] for row in json.loads(intent.detail)["refusals"]] == ["frozen", "cooldown"]
    plan = plan_reduction(btc_book, make.target, {}, limits=make.limits)
    intent = infeasible_intent(plan, intent_id="i", account_id="a", at=NOW, zone=Zone.DANGER)
    assert intent.state == "refused"
    assert "no trading rules" in intent.reason
    assert json.loads(intent.detail)["plan"]["feasible"] is False


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        (OrderStatus.OPEN, "0", State.SUBMITTED),
        (OrderStatus.FILLED, "1", State.FILLED),
        (OrderStatus.FILLED, "0.4", State.PARTLY_FILLED),  # what filled decides, not the word
        (OrderStatus.PARTLY_FILLED, "0.4", State.PARTLY_FILLED),
        (OrderStatus.EXPIRED, "0.4", State.PARTLY_FILLED),
        (OrderStatus.REJECTED, "0.4", State.PARTLY_FILLED),
        (OrderStatus.EXPIRED, "1", State.FILLED),
        (OrderStatus.PARTLY_FILLED, "1.1", State.FILLED),
        (OrderStatus.EXPIRED, "0", State.FAILED),
        (OrderStatus.FILLED, "0", State.FAILED),
        (OrderStatus.REJECTED, "0", State.REJECTED),
    ],
)
@pytest.mark.parametrize("asked_in", [State.SUBMITTING, State.UNKNOWN])
def test_answers(status: OrderStatus, filled: str, state: State, asked_in: State) -> None:
    """Each answer in each state in which one is awaited."""
    order = replace(ORDER, state=asked_in)
    told = record_answer(order, answer(status, filled, 99.0 if Decimal(filled) else None), at=LATER)
    assert told.state is state
    assert (told.filled, told.venue_order_id, told.updated_at) == (filled, "v1", LATER)
    assert (told.error is None) == (Decimal(filled) > 0)


def test_an_accepted_order_ends_without_being_accepted_again() -> None:
    """After "open" only the end is news."""
    accepted = record_answer(ORDER, answer(OrderStatus.OPEN, "0"), at=NOW)
    assert accepted.error == "still open at the venue"
    ended = record_answer(accepted, answer(OrderStatus.FILLED, "1", 100.0), at=LATER)
    assert (ended.state, ended.error) == (State.FILLED, None)


def test_no_answer_is_awaited_for_an_ended_order() -> None:
    """An answer about an order that has ended is a defect."""
    with pytest.raises(IllegalTransition):
        record_answer(replace(ORDER, state=State.VERIFIED), answer(OrderStatus.FILLED, "1"), at=LATER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filled": "1", "average_price": 100.0}, None),
        ({"filled": "1", "average_price": 101.0}, None),
        ({"filled": "1", "average_price": 99.9}, "worse than its limit"),
        ({"filled": "1.1", "average_price": 100.0}, "1 were asked for"),
        ({"side": "buy", "filled": "1", "average_price": 99.0}, None),
        # An average that follows from a sum in coins, of which the venue tells eight decimals.
        ({"side": "buy", "filled": "1", "average_price": 100.0009}, None),
        ({"filled": "1", "average_price": 99.9991}, None),
        ({"side": "buy", "filled": "1", "average_price": 100.1}, "worse than its limit"),
        ({"filled": "0", "average_price": None}, None),
    ],
)
def test_surprising_fills(changes: dict[str, Any], words: str | None) -> None:
    """More than was asked, or a price beyond the limit."""
    found = surprises(replace(ORDER, **changes))
    assert (words is None) == (not found)
    assert words is None or words in found[0]


def test_expected_legs_and_differences(make: Any) -> None:
    """Each order takes what it filled off its leg; everything else must stay."""
    book = make.book([make.position(BTC, "long", 1.0, 1.0, 1.0), make.position(ETH, "short", 2.0, 1.0, 1.0)], 1.0)
    orders = [replace(ORDER, filled="0.3"), replace(ORDER, filled="0.1"), replace(ORDER, filled="0")]
    expected = expected_legs(legs_of(book), orders)
    assert expected == {(BTC, "long"): Decimal("0.6"), (ETH, "short"): Decimal(2)}
    assert differences(expected, {(BTC, "long"): Decimal("0.6000000000001"), (ETH, "short"): Decimal(2)}) == ()
    assert differences(
        expected, {(BTC, "long"): Decimal("0.601"), (ETH, "short"): Decimal(2), (ETH, "long"): Decimal(1)}
    ) == (
        "the long leg on BTC/USDT:USDT is 0.601 contracts, 0.6 were expected",
        "a long leg of 1 contracts appeared on ETH/USDT:USDT",
    )
    assert differences({(BTC, "long"): Decimal(1)}, {}) == (
        "the long leg on BTC/USDT:USDT is gone, 1 contracts were expected",
    )
    assert differences({(BTC, "long"): Decimal(0)}, {}) == ()


def test_what_stands() -> None:
    """Open legs as one line."""
    assert standing({(BTC, "long"): Decimal("0.4"), (ETH, "short"): Decimal(0)}) == "BTC/USDT:USDT long 0.4"
    assert standing({}) == "no open positions"
