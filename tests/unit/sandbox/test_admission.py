from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.choices import set_leverage
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.orders import Order, Reason, Rejection
from guard.sandbox.engine.sides import Leg

D = Decimal
Trade = Callable[..., Order]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"side": "BUY", "qty": "0"}, Reason.QTY_TOO_SMALL),
        ({"side": "BUY", "qty": "-1"}, Reason.QTY_TOO_SMALL),
        ({"side": "BUY", "qty": "0.0005"}, Reason.QTY_TOO_SMALL),
        ({"side": "BUY", "qty": "1.0005"}, Reason.QTY_PRECISION),
        ({"side": "BUY", "qty": "201"}, Reason.QTY_TOO_LARGE),
        ({"side": "BUY", "qty": "1001", "price": "43000"}, Reason.QTY_TOO_LARGE),
        ({"side": "BUY", "qty": "1", "price": "43000.05"}, Reason.PRICE_PRECISION),
        ({"side": "BUY", "qty": "1", "price": "-1"}, Reason.PRICE_MISSING),
        ({"side": "BUY", "qty": "1", "price": "60000"}, Reason.PRICE_TOO_HIGH),
        ({"side": "SELL", "qty": "1", "price": "30000"}, Reason.PRICE_TOO_LOW),
        ({"side": "BUY", "qty": "0.002"}, Reason.NOTIONAL_TOO_SMALL),
        ({"side": "BUY", "qty": "1", "leg": Leg.LONG}, Reason.WRONG_LEG),
        ({"side": "BUY", "qty": "1", "symbol": "NOSUCHUSDT"}, Reason.UNKNOWN_SYMBOL),
        ({"side": "BUY", "qty": "60"}, Reason.MARGIN_INSUFFICIENT),
        ({"side": "SELL", "qty": "60", "price": "44000"}, Reason.MARGIN_INSUFFICIENT),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_refused_orders(trade: Trade, account: Account, arguments: dict[str, str], reason: Reason) -> None:
    """Each mistake has its own reason, and nothing changes."""
    with pytest.raises(Rejection) as caught:
        trade(**arguments)
    assert caught.value.reason is reason
    assert account.wallets == {"USDT": D(100_000)}
    assert not account.orders


def test_reduce_only_needs_no_margin_and_no_smallest_notional(engine: Engine, account: Account, trade: Trade) -> None:
    """A guard must be able to close in the worst moment, to the last step."""
    trade("BUY", "40")
    engine.set_price("BTCUSDT", D(42000))
    assert engine.figures(account).assets["USDT"].available == 0
    with pytest.raises(Rejection) as caught:
        trade("BUY", "1")
    assert caught.value.reason is Reason.MARGIN_INSUFFICIENT
    assert trade("SELL", "0.001", reduce_only=True).filled == D("0.001")
    assert trade("SELL", "5").filled == 5


def test_hedge_mode_knows_no_reduce_only_flag(engine: Engine, trade_on: Callable[[Engine, Account], Trade]) -> None:
    """The flag is refused in hedge mode, whatever its value."""
    hedger = engine.add_account("hedger", {"USDT": D(100_000)}, hedge_mode=True)
    for flag in (True, False):
        with pytest.raises(Rejection) as caught:
            trade_on(engine, hedger)("BUY", "1", leg=Leg.LONG, reduce_only=flag)
        assert caught.value.reason is Reason.REDUCE_ONLY_NOT_ALLOWED


def test_leverage_caps_the_position(engine: Engine, account: Account, trade: Trade) -> None:
    """At 125x no more than 50,000 USDT of BTC may be held, orders included."""
    set_leverage(engine.state, account, "BTCUSDT", 125)
    trade("BUY", "1")
    with pytest.raises(Rejection) as caught:
        trade("BUY", "1")
    assert caught.value.reason is Reason.POSITION_TOO_LARGE
    assert trade("SELL", "1").filled == 1


def test_open_orders_withhold_margin(engine: Engine, account: Account, trade: Trade) -> None:
    """The larger side of the waiting orders counts, a reduce-only order does not."""
    free = engine.figures(account).assets["USDT"].available
    trade("BUY", "1", "43000")
    assert engine.figures(account).assets["USDT"].order_initial == D(43000) / 20
    trade("SELL", "0.5", "44000")
    assert engine.figures(account).assets["USDT"].order_initial == D(43000) / 20
    trade("SELL", "1", "44000")
    assert engine.figures(account).assets["USDT"].order_initial == D(66000) / 20
    assert engine.figures(account).assets["USDT"].available == free - D(66000) / 20


def test_closing_orders_withhold_nothing(engine: Engine, account: Account, trade: Trade) -> None:
    """A reduce-only order needs no margin, however large it is."""
    trade("BUY", "1")
    trade("SELL", "5", "44000", reduce_only=True)
    assert engine.figures(account).assets["USDT"].order_initial == 0


def test_a_price_worse_than_the_mark_must_be_paid_for(
    engine: Engine, trade_on: Callable[[Engine, Account], Trade]
) -> None:
    """Buying 1 BTC at 49,000 with the mark at 43,500 needs 2,450 margin, 24.5 fee and 5,500 for the loss at once."""
    poor = engine.add_account("poor", {"USDT": D("7974.49")})
    with pytest.raises(Rejection) as caught:
        trade_on(engine, poor)("BUY", "1", "49000")
    assert caught.value.reason is Reason.MARGIN_INSUFFICIENT
    enough = engine.add_account("enough", {"USDT": D("7974.50")})
    assert trade_on(engine, enough)("BUY", "1", "49000").filled == 1


def test_turning_uses_the_margin_that_closing_frees(engine: Engine, account: Account, trade: Trade) -> None:
    """With everything invested long, the same size short can still be had in one order."""
    trade("BUY", "44")
    assert engine.figures(account).assets["USDT"].available < 5000
    engine.advance(engine.now_ms + 1000)
    assert trade("SELL", "80").filled == 80
