"""Money in other wallets: told where it would be the cheaper way, never counted on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.protect.moving import with_move_told
from guard.protect.plan import Plan, PlanLimits, Target, plan_protection
from guard.protect.policy import ProtectPolicy

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
TARGET = Target(0.35, 0.12)


@pytest.fixture
def book(make: Any) -> Any:
    """2 BTC long that miss the target."""
    return make.book([make.position(BTC, "long", 2.0, 40_000.0, 40_000.0)], 6_000.0)


def plans(make: Any, book: Any, kept: dict[str, float], remedies: tuple[str, ...] = ("reduce",)) -> tuple[Plan, Plan]:
    """A plan without what is kept elsewhere, and the same with it."""
    rules = {BTC: make.instrument(BTC)}
    limits = PlanLimits()
    plain = plan_protection(book, TARGET, rules, remedies=remedies, limits=limits)
    movable = replace(limits, transferable=kept)
    return plain, plan_protection(book, TARGET, rules, remedies=(*remedies, "transfer"), limits=movable)


def test_enough_of_it_trades_nothing(make: Any, book: Any) -> None:
    """The plan stays what it is without it; the note names the sum that it would take."""
    plain, eased = plans(make, book, {"USDT": 50_000.0})
    told = with_move_told(plain, eased)
    moved = eased.steps[0].contracts
    assert replace(told, notes=()) == plain
    assert {step.remedy for step in told.steps} == {"reduce"}
    assert told.notes == (f"cheaper: moving {moved:,.2f} USDT into this account yourself, with nothing traded",)


def test_a_part_of_it_trades_less(make: Any, book: Any) -> None:
    """With what would still have to be traded."""
    plain, eased = plans(make, book, {"USDT": 1_000.0})
    (note,) = with_move_told(plain, eased).notes
    assert note.startswith("cheaper: moving 1,000.00 USDT into this account yourself, with ")
    assert f"{eased.notional:,.2f} USDT traded for {eased.cost:,.2f} USDT" in note
    assert eased.notional < plain.notional


def test_where_nothing_else_helps_it_would_do(make: Any, book: Any) -> None:
    """The plan stays infeasible: nobody has moved anything."""
    plain, eased = plans(make, book, {"USDT": 50_000.0}, remedies=())
    assert not plain.feasible
    told = with_move_told(plain, eased)
    assert not told.feasible
    assert told.steps == ()
    assert told.notes[0].startswith("what would do: moving ")


@pytest.mark.parametrize("kept", [{}, {"USDT": 1.0}, {"DOGE": 1e9}])
def test_what_changes_nothing_is_not_told(make: Any, book: Any, kept: dict[str, float]) -> None:
    """Nothing there, next to nothing, or nothing that counts here."""
    plain, eased = plans(make, book, kept)
    assert with_move_told(plain, eased) == plain


def test_it_counts_only_among_the_remedies() -> None:
    """A person who names a sum and not the remedy is not told."""
    named = ProtectPolicy(transferable={"USDT": 5.0})
    assert named.movable == {}
    assert replace(named, remedies=("reduce", "transfer")).movable == {"USDT": 5.0}
