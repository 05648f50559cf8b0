"""The taker rate inside the venue's maintenance margins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.risk.book import Position, Tier
from guard.venues.bybit.closing_fee import ChargedLeg, measured_taker

TIERS = (Tier(0.0, 10_000.0, 0.01), Tier(10_000.0, None, 0.02, 100.0))
LONG = Position("BTC/USDT:USDT", "long", 2.0, 1.0, "linear", "USDT", 9_000.0, 10_000.0, 10.0)
SHORT = replace(LONG, side="short", leverage=5.0)
INVERSE = Position("BTC/USD:BTC", "long", 30_000.0, 1.0, "inverse", "BTC", 9_000.0, 10_000.0, 4.0)


def charged(position: Position, maintenance: float, price: float = 1.0) -> ChargedLeg:
    """A leg with what the venue asks for it."""
    return ChargedLeg(position, TIERS, maintenance, price)


def test_the_rule_of_the_sandbox_and_of_the_guard() -> None:
    """Value 20,000: 300 by tiers, and the fee at the bankruptcy price; coins at their price."""
    legs = [
        charged(LONG, 300 + 20_000 * 0.9 * 0.0006),
        charged(SHORT, 300 + 20_000 * 1.2 * 0.0006),
        charged(INVERSE, 0.03 + 3 * 1.25 * 0.0006, price=10_000.0),
    ]
    for some in (legs, legs[:1], legs[1:2], legs[2:]):
        assert measured_taker(some, 0.00055) == pytest.approx(0.0006, rel=1e-9)


def test_another_form_of_the_fee_is_absorbed() -> None:
    """A fee on the whole value: what all legs together are charged comes out right."""
    legs = [charged(LONG, 300 + 20_000 * 0.00055), charged(SHORT, 300 + 20_000 * 0.00055)]
    rate = measured_taker(legs, 0.00055)
    assert rate * 20_000 * (0.9 + 1.2) == pytest.approx(2 * 20_000 * 0.00055)


@pytest.mark.parametrize("maintenance", [0.0, 300.0, 304.0, 325.0, 1_000.0])
def test_what_is_no_fee_is_left_to_be_seen(maintenance: float) -> None:
    """Off by more than a factor of 2: tiers, prices or the rule are wrong."""
    assert measured_taker([charged(LONG, maintenance)], 0.00055) == 0.00055


def test_nothing_to_measure() -> None:
    """No legs, no stated rate, or tiers that make no table."""
    assert measured_taker([], 0.0005) == 0.0005
    assert measured_taker([charged(LONG, 311.0)], 0.0) == 0.0
    falling = (Tier(0.0, 1.0, 0.02), Tier(1.0, None, 0.01))
    assert measured_taker([ChargedLeg(LONG, falling, 311.0, 1.0)], 0.0005) == 0.0005
