"""Sizes and prices: on the step, in the safe direction, never beyond the leg or the band."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import Instrument
from guard.protect.sizing import (
    exact,
    largest_child,
    limit_price,
    round_down,
    round_up,
    smallest_order,
    split,
    tradable_leg,
)


def rules(**changes: Any) -> Instrument:
    """Trading rules with step 0.001."""
    fields = {
        "step": Decimal("0.001"),
        "minimum": Decimal("0.001"),
        "tick": Decimal("0.1"),
        "contract_size": Decimal(1),
    }
    return Instrument(symbol="BTC/USDT:USDT", **(fields | changes))


def test_exact() -> None:
    """A float gives the decimal that it was read from."""
    assert exact(0.1) == Decimal("0.1")
    assert exact(109.488) == Decimal("109.488")
    assert exact(3) == Decimal(3)


@pytest.mark.parametrize(
    ("value", "step", "up", "down"),
    [("0.1234", "0.001", "0.124", "0.123"), ("0.123", "0.001", "0.123", "0.123"), ("7", "5", "10", "5")],
)
def test_rounding(value: str, step: str, up: str, down: str) -> None:
    """Up and down to the step; what is on it stays."""
    assert (round_up(Decimal(value), Decimal(step)), round_down(Decimal(value), Decimal(step))) == (
        Decimal(up),
        Decimal(down),
    )


@pytest.mark.parametrize(
    ("side", "mark", "tick", "price"),
    [
        ("sell", 36_000.0, "0.1", "35820.0"),
        ("sell", 36_000.05, "0.1", "35820.1"),  # 35820.04975 is outside the tick: towards the mark
        ("buy", 36_000.05, "0.1", "36180.0"),
        ("sell", 1.0, "1", "1"),
        ("buy", 1.0, "1", "1"),
        ("sell", 1.5, "1", "2"),  # no tick inside the band: better than the mark, never outside
        ("buy", 1.5, "1", "1"),
    ],
)
def test_limit_price_stays_inside_the_band(side: Any, mark: float, tick: str, price: str) -> None:
    """50 bps from the mark, rounded towards the mark."""
    assert limit_price(side, mark, 50.0, Decimal(tick)) == Decimal(price)


def test_smallest_order(make: Any) -> None:
    """The larger of minimum, step and minimum notional, on the step."""
    leg = make.position("BTC/USDT:USDT", "long", 1.0, 40_000.0, 36_000.0)
    assert smallest_order(rules(), leg, Decimal(36_000)) == Decimal("0.001")
    assert smallest_order(rules(min_notional=Decimal(100)), leg, Decimal(36_000)) == Decimal("0.003")
    assert smallest_order(rules(minimum=Decimal("0.0105")), leg, Decimal(36_000)) == Decimal("0.011")
    assert smallest_order(rules(minimum=Decimal(0)), leg, Decimal(36_000)) == Decimal("0.001")


def test_largest_child(make: Any) -> None:
    """The cap on notional, down to the step, or the venue's own maximum."""
    leg = make.position("BTC/USDT:USDT", "long", 100.0, 40_000.0, 36_000.0)
    assert largest_child(rules(), leg, Decimal(36_000), 50_000.0) == Decimal("1.388")
    assert largest_child(rules(maximum=Decimal("1.2")), leg, Decimal(36_000), 50_000.0) == Decimal("1.2")


def test_tradable_leg(make: Any) -> None:
    """A leg that is not on the step leaves its dust behind."""
    assert tradable_leg(rules(), make.position("X", "long", 0.0125, 1.0, 1.0)) == Decimal("0.012")


@pytest.mark.parametrize(
    ("contracts", "largest", "children"),
    [
        ("1", "2", ["1"]),
        ("2", "2", ["2"]),
        ("1", "0.4", ["0.334", "0.333", "0.333"]),
        ("0.671", "0.277", ["0.224", "0.224", "0.223"]),
    ],
)
def test_split(contracts: str, largest: str, children: list[str]) -> None:
    """Even children on the step that add up, none above the largest."""
    assert split(Decimal(contracts), Decimal(largest), Decimal("0.001")) == tuple(map(Decimal, children))
