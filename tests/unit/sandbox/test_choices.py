from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine import choices
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.orders import Order, Reason, Rejection
from guard.sandbox.engine.sides import Leg

D = Decimal
Trade = Callable[..., Order]


def refused(action: Callable[[], object]) -> Reason:
    """The reason for which `action` is refused."""
    with pytest.raises(Rejection) as caught:
        action()
    return caught.value.reason


@pytest.mark.parametrize("leverage", [0, 126, 200])
def test_leverage_must_be_offered(engine: Engine, account: Account, leverage: int) -> None:
    """BTC goes up to 125."""
    assert refused(lambda: choices.set_leverage(engine.state, account, "BTCUSDT", leverage)) is Reason.LEVERAGE_INVALID


def test_leverage_must_fit_the_position(engine: Engine, account: Account, trade: Trade) -> None:
    """A position of 435,000 USDT cannot be held at 100x."""
    trade("BUY", "10")
    assert refused(lambda: choices.set_leverage(engine.state, account, "BTCUSDT", 100)) is Reason.LEVERAGE_TOO_HIGH
    assert account.settings_of("BTCUSDT").leverage == 20


def test_lower_leverage_must_be_paid_for(engine: Engine, account: Account, trade: Trade) -> None:
    """At 2x the position would need more margin than there is."""
    trade("BUY", "10")
    assert refused(lambda: choices.set_leverage(engine.state, account, "BTCUSDT", 2)) is Reason.MARGIN_INSUFFICIENT
    choices.set_leverage(engine.state, account, "BTCUSDT", 10)
    assert engine.figures(account).assets["USDT"].position_initial == D(43500)


def test_margin_mode_changes_only_when_idle(engine: Engine, account: Account, trade: Trade) -> None:
    """Orders and positions of the symbol stand in the way, and so does the same mode."""

    def switch() -> None:
        choices.set_isolated(engine.state, account, "BTCUSDT", isolated=True)

    order = trade("BUY", "1", "43000")
    assert refused(switch) is Reason.HAS_ORDERS
    engine.set_price("BTCUSDT", order.price - 100)
    assert refused(switch) is Reason.HAS_POSITIONS
    trade("SELL", "1")
    switch()
    assert refused(switch) is Reason.MODE_UNCHANGED


def test_position_mode_changes_only_when_idle(account: Account, trade: Trade) -> None:
    """One-way and hedge cannot be switched around open positions."""
    trade("BUY", "1")
    assert refused(lambda: choices.set_hedge_mode(account, hedge_mode=True)) is Reason.HAS_POSITIONS
    trade("SELL", "1")
    choices.set_hedge_mode(account, hedge_mode=True)
    assert refused(lambda: choices.set_hedge_mode(account, hedge_mode=True)) is Reason.MODE_UNCHANGED


def test_multi_assets_and_isolated_exclude_each_other(engine: Engine, account: Account) -> None:
    """Neither can be chosen while the other is."""
    choices.set_multi_assets(engine.state, account, multi_assets=True)

    def isolate() -> None:
        choices.set_isolated(engine.state, account, "BTCUSDT", isolated=True)

    assert refused(isolate) is Reason.ISOLATED_IN_MULTI_ASSETS
    choices.set_multi_assets(engine.state, account, multi_assets=False)
    isolate()
    assert (
        refused(lambda: choices.set_multi_assets(engine.state, account, multi_assets=True))
        is Reason.ISOLATED_IN_MULTI_ASSETS
    )


def test_unrealized_profit_cannot_leave(engine: Engine, account: Account, trade: Trade) -> None:
    """A transfer out is bounded by the wallet and by what positions need."""
    trade("BUY", "1")
    engine.set_price("BTCUSDT", D(60000))
    wallet = account.wallets["USDT"]
    assert refused(lambda: choices.transfer(engine.state, account, "USDT", -wallet - 1)) is Reason.BALANCE_INSUFFICIENT
    choices.transfer(engine.state, account, "USDT", -wallet)
    assert account.wallets["USDT"] == 0
    choices.transfer(engine.state, account, "USDT", D(5))
    assert account.wallets["USDT"] == 5


def test_isolated_margin_moves_within_bounds(engine: Engine, account: Account, trade: Trade) -> None:
    """What is needed cannot be taken out, a cross leg has no margin of its own."""
    trade("BUY", "1", symbol="ETHUSDT")
    move = choices.move_isolated_margin
    assert refused(lambda: move(engine.state, account, "ETHUSDT", Leg.BOTH, D(10))) is Reason.NOT_ISOLATED
    choices.set_isolated(engine.state, account, "BTCUSDT", isolated=True)
    trade("BUY", "1")
    assert refused(lambda: move(engine.state, account, "BTCUSDT", Leg.BOTH, D(-10))) is Reason.BALANCE_INSUFFICIENT
    move(engine.state, account, "BTCUSDT", Leg.BOTH, D(500))
    move(engine.state, account, "BTCUSDT", Leg.BOTH, D(-400))
    too_much = D(200_000)
    assert refused(lambda: move(engine.state, account, "BTCUSDT", Leg.BOTH, too_much)) is Reason.BALANCE_INSUFFICIENT
