"""The position that endangers an account most, by a stated measure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard.alerts.worst import worst_pool, worst_position
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk

Make = Callable[..., PositionRisk]
MakePool = Callable[..., PoolRisk]
MakeRisk = Callable[..., AccountRisk]


def test_no_positions_no_worst(pool: MakePool, risk: MakeRisk) -> None:
    """An empty book and a book without pools have no worst position."""
    assert worst_position(risk(pool())) is None
    assert worst_position(risk()) is None
    assert worst_pool(risk()) is None


def test_smallest_own_move_wins_over_the_larger_requirement(leg: Make, pool: MakePool, risk: MakeRisk) -> None:
    """What needs the least to kill the account is worst, not what is largest; shorts count upwards."""
    large = leg(maintenance_margin=9e5)
    small = leg("SOL/USDT:USDT", side="short", mark_price=100.0, liquidation_price=105.0, maintenance_margin=10.0)
    worst = worst_position(risk(pool(large, small)))
    assert worst is not None
    assert worst.leg is small
    assert worst.move == pytest.approx(0.05)
    assert worst.share == pytest.approx(10.0 / 427_713.32)
    assert worst.move is not None


def test_both_legs_of_a_symbol_the_larger_is_named(leg: Make, pool: MakePool, risk: MakeRisk) -> None:
    """In hedge mode both legs share the price that liquidates; the larger leg is the one to act on."""
    hedge = leg(side="short", notional=-1e6)
    main = leg(notional=3e6)
    worst = worst_position(risk(pool(hedge, main)))
    assert worst is not None
    assert worst.leg is main


def test_without_a_reachable_price_the_requirement_decides(leg: Make, pool: MakePool, risk: MakeRisk) -> None:
    """No single price liquidates: the largest maintenance margin of the worst pool is named, as such."""
    calm = pool(leg(liquidation_price=None, maintenance_margin=9e5), risk_ratio=0.1)
    tense = pool(
        leg("A/USDT:USDT", liquidation_price=None, maintenance_margin=1.0),
        leg("B/USDT:USDT", liquidation_price=None, maintenance_margin=2.0),
        risk_ratio=0.4,
        maintenance_margin=4.0,
    )
    worst = worst_position(risk(calm, tense))
    assert worst is not None
    assert worst.leg.symbol == "B/USDT:USDT"
    assert worst.share == 0.5
    assert worst.move is None
    assert worst.move is None


def test_a_pool_without_equity_is_the_worst(leg: Make, pool: MakePool, risk: MakeRisk) -> None:
    """A pool whose risk_ratio has no value any more outranks every ratio; no requirement means no share."""
    gone = pool(leg(liquidation_price=None), risk_ratio=None, maintenance_margin=0.0)
    account = risk(pool(leg(liquidation_price=None), risk_ratio=3.0), gone)
    assert worst_pool(account) is gone
    worst = worst_position(account)
    assert worst is not None
    assert worst.pool is gone
    assert worst.share is None
