from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.conditional import cancel_algo, cancel_all_algos, find_algo, place_algo
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.orders import (
    AlgoKind,
    AlgoRequest,
    AlgoStatus,
    Order,
    OrderStatus,
    Reason,
    Rejection,
)
from guard.sandbox.engine.sides import Leg, Side

D = Decimal
Trade = Callable[..., Order]


def conditional(side: str, kind: str, trigger: str | None, qty: str | None = "1", **more: Any) -> AlgoRequest:
    """A conditional order of the one-way account."""
    return AlgoRequest(
        symbol="BTCUSDT",
        side=Side(side),
        leg=Leg.BOTH,
        kind=AlgoKind(kind),
        qty=None if qty is None else D(qty),
        trigger_price=None if trigger is None else D(trigger),
        **more,
    )


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "before", "after"),
    [
        ("SELL", "STOP_MARKET", "42000", "42001", "42000"),
        ("BUY", "STOP_MARKET", "45000", "44999", "45000"),
        ("SELL", "TAKE_PROFIT_MARKET", "45000", "44999", "45000"),
        ("BUY", "TAKE_PROFIT_MARKET", "42000", "42001", "42000"),
    ],
)
def test_triggers_when_the_price_is_reached(
    engine: Engine, account: Account, side: str, kind: str, trigger: str, before: str, after: str
) -> None:
    """Stops wait for the price to go against, take-profits for it to go along; touching is enough."""
    algo = place_algo(engine.state, account, conditional(side, kind, trigger))
    engine.set_price("BTCUSDT", D(before))
    assert algo.id in account.open_algo_orders
    engine.set_price("BTCUSDT", D(after))
    assert algo.status is AlgoStatus.FINISHED
    assert algo.order_id is not None
    assert account.orders[algo.order_id].status is OrderStatus.FILLED
    assert not account.open_algo_orders


@pytest.mark.parametrize(
    ("side", "kind", "trigger"), [("SELL", "STOP_MARKET", "44000"), ("BUY", "TAKE_PROFIT_MARKET", "43500")]
)
def test_refused_when_it_would_trigger_at_once(
    engine: Engine, account: Account, side: str, kind: str, trigger: str
) -> None:
    """A trigger that the price has passed already is a mistake."""
    with pytest.raises(Rejection) as caught:
        place_algo(engine.state, account, conditional(side, kind, trigger))
    assert caught.value.reason is Reason.WOULD_TRIGGER


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (conditional("SELL", "STOP_MARKET", None), Reason.TRIGGER_MISSING),
        (conditional("SELL", "STOP_MARKET", "42000", qty=None), Reason.QTY_MISSING),
        (conditional("SELL", "STOP", "42000"), Reason.PRICE_MISSING),
        (conditional("SELL", "STOP_MARKET", "42000.05"), Reason.PRICE_PRECISION),
        (conditional("SELL", "TRAILING_STOP_MARKET", None), Reason.TRIGGER_MISSING),
        (conditional("SELL", "STOP_MARKET", "42000", qty="0.0001"), Reason.QTY_TOO_SMALL),
    ],
)
def test_refused_figures(engine: Engine, account: Account, request_: AlgoRequest, reason: Reason) -> None:
    """What a conditional order needs is asked for when it is placed."""
    with pytest.raises(Rejection) as caught:
        place_algo(engine.state, account, request_)
    assert caught.value.reason is reason


def test_stop_limit_becomes_a_waiting_order(engine: Engine, account: Account, trade: Trade) -> None:
    """A stop with a price is a limit order from its trigger on."""
    trade("BUY", "1")
    algo = place_algo(engine.state, account, conditional("SELL", "STOP", "42000", price=D(42500)))
    engine.set_price("BTCUSDT", D(41900))
    assert algo.order_id is not None
    order = account.orders[algo.order_id]
    assert (order.status, order.price, order.client_order_id) == (OrderStatus.NEW, D(42500), algo.client_algo_id)


def test_close_position_closes_what_is_held_then(engine: Engine, account: Account, trade: Trade) -> None:
    """The quantity is that of the moment of the trigger."""
    trade("BUY", "1")
    place_algo(engine.state, account, conditional("SELL", "STOP_MARKET", "42000", qty=None, close_position=True))
    trade("BUY", "2")
    engine.set_price("BTCUSDT", D(42000))
    assert not account.held()


def test_trigger_without_a_position_is_rejected_then(engine: Engine, account: Account) -> None:
    """A reduce-only stop with nothing to reduce ends as rejected, and opens nothing."""
    algo = place_algo(engine.state, account, conditional("SELL", "STOP_MARKET", "42000", reduce_only=True))
    engine.set_price("BTCUSDT", D(41000))
    assert algo.status is AlgoStatus.REJECTED
    assert "nothing to reduce" in algo.rejection
    assert not account.orders


def test_trailing_stop_follows_and_triggers(engine: Engine, account: Account, trade: Trade) -> None:
    """A trailing stop of 2 % triggers 2 % below the highest mark since it was placed."""
    trade("BUY", "1")
    algo = place_algo(engine.state, account, conditional("SELL", "TRAILING_STOP_MARKET", None, callback_rate=D(2)))
    for price in ("44000", "46000", "45100"):
        engine.set_price("BTCUSDT", D(price))
    assert algo.id in account.open_algo_orders
    engine.set_price("BTCUSDT", D(45080))
    assert algo.status is AlgoStatus.FINISHED


def test_cancelled_and_found(engine: Engine, account: Account) -> None:
    """Found by either id; cancelled once; the rest with all of the symbol."""
    algo = place_algo(engine.state, account, conditional("SELL", "STOP_MARKET", "42000", client_algo_id="stop-1"))
    place_algo(engine.state, account, conditional("SELL", "STOP_MARKET", "41000"))
    assert find_algo(account, None, "stop-1") is algo
    assert find_algo(account, algo.id, None) is algo
    cancel_algo(engine.state, account, algo.id)
    with pytest.raises(Rejection):
        cancel_algo(engine.state, account, algo.id)
    assert len(cancel_all_algos(engine.state, account, "BTCUSDT")) == 1
    assert find_algo(account, None, "none") is None
