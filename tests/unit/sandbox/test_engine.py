from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine, EngineOptions, Holding
from guard.sandbox.engine.orders import Order, OrderStatus
from guard.sandbox.engine.prices import path_through
from guard.sandbox.engine.sides import Leg

D = Decimal
Trade = Callable[..., Order]


def test_dip_between_two_looks_is_not_missed(engine: Engine, account: Account, trade: Trade) -> None:
    """A price that fell and came back within one advance has filled the bid that it passed."""
    order = trade("BUY", "1", "43000")
    now = engine.now_ms
    engine.set_path("BTCUSDT", path_through([(now, D(43500)), (now + 30_000, D(42500)), (now + 60_000, D(43500))]))
    engine.advance(now + 60_000)
    assert order.status is OrderStatus.FILLED
    assert account.position("BTCUSDT", Leg.BOTH).qty == 1


@pytest.mark.parametrize("stride_ms", [60_000, 7_000, 999, 137])
def test_history_does_not_depend_on_how_often_one_looks(stride_ms: int) -> None:
    """One long advance and many short ones end in the same state, to the last digit."""

    def run(stride: int) -> tuple[Decimal, list[tuple[int, Decimal]]]:
        engine = Engine(start_ms=0, options=EngineOptions(resolution_ms=1000, funding_interval_ms=20_000))
        engine.set_path("BTCUSDT", path_through([(0, D(43500)), (60_000, D(30000))]))
        account = engine.add_account("alice", {"USDT": D(20_000)}, [Holding("BTCUSDT", D(2), D(43500))])
        while engine.now_ms < 60_000:
            engine.advance(min(60_000, engine.now_ms + stride))
        return account.wallets["USDT"], [(item.at_ms, item.mark_price) for item in account.liquidations]

    assert run(stride_ms) == run(60_000)
    assert run(stride_ms)[1]


def test_advance_never_goes_back(engine: Engine) -> None:
    """An earlier time is ignored."""
    now = engine.now_ms
    engine.advance(now + 5000)
    engine.advance(now)
    assert engine.now_ms == now + 5000


def test_idle_time_costs_nothing(engine: Engine, account: Account) -> None:
    """With nothing at stake a year passes at once."""
    engine.advance(engine.now_ms + 365 * 24 * 3_600_000)
    assert account.wallets["USDT"] == D(100_000)


def test_long_pause_is_lived_through_in_coarser_steps() -> None:
    """After a pause of hours the number of looks is bounded, and the end is the same."""
    engine = Engine(start_ms=0, options=EngineOptions(resolution_ms=1000, max_steps=50))
    engine.set_path("BTCUSDT", path_through([(0, D(43500)), (3_600_000, D(30000))]))
    account = engine.add_account("alice", {"USDT": D(20_000)}, [Holding("BTCUSDT", D(2), D(43500))])
    engine.advance(3_600_000)
    assert account.liquidations[0].at_ms % 72_000 == 0
    assert engine.now_ms == 3_600_000


def test_countdown_cancels_the_orders_of_its_symbol(engine: Engine, account: Account, trade: Trade) -> None:
    """The dead man's switch strikes at its time, unless it was pushed back."""
    order = trade("BUY", "1", "43000")
    other = trade("BUY", "1", "3000", symbol="ETHUSDT")
    account.set_countdown("BTCUSDT", engine.now_ms + 5000)
    engine.advance(engine.now_ms + 4000)
    account.set_countdown("BTCUSDT", engine.now_ms + 5000)
    engine.advance(engine.now_ms + 4999)
    assert order.status is OrderStatus.NEW
    engine.advance(engine.now_ms + 1)
    assert (order.status, other.status) == (OrderStatus.CANCELED, OrderStatus.NEW)


def test_several_prices_work_together(engine: Engine) -> None:
    """Two marks set at once are judged at once: the hedge's gain counts against the loss."""
    account = engine.add_account(
        "alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(3), D(43500)), Holding("ETHUSDT", D(-38), D(3400))]
    )
    engine.set_prices({"BTCUSDT": D(39000), "ETHUSDT": D(3048)})
    assert not account.liquidated
    engine.set_price("ETHUSDT", D(3400))
    assert account.liquidated


def test_holding_must_fit_the_position_mode(engine: Engine) -> None:
    """A LONG leg in a one-way account is a mistake of the caller."""
    with pytest.raises(ValueError, match="position mode"):
        engine.add_account("x", {"USDT": D(1)}, [Holding("BTCUSDT", D(1), D(43500), leg=Leg.LONG)])


def test_marks_may_be_any_positive_price(engine: Engine) -> None:
    """A price at or below zero is refused."""
    with pytest.raises(ValueError, match="must be > 0"):
        engine.set_price("BTCUSDT", D(0))
