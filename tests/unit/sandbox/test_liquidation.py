from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from guard.sandbox.engine.accounts import Account, LedgerKind
from guard.sandbox.engine.choices import move_isolated_margin, set_isolated
from guard.sandbox.engine.conditional import place_algo
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.orders import AlgoKind, AlgoRequest, Order
from guard.sandbox.engine.sides import Leg, Side
from guard.sandbox.engine.state import AccountEvent, LiquidationEvent, MarginCallEvent

D = Decimal
Trade = Callable[..., Order]
STEP = D("0.00000001")


def displayed(engine: Engine, account: Account, symbol: str = "BTCUSDT", leg: Leg = Leg.BOTH) -> Decimal:
    """The liquidation price of a held leg."""
    figures = engine.figures(account)
    held = figures.leg(symbol, leg)
    assert held is not None
    price = liquidation_price(account, engine.market, figures, held)
    assert price is not None
    return price


@pytest.mark.parametrize("qty", ["3", "-3"])
def test_cross_account_dies_exactly_at_the_displayed_price(engine: Engine, qty: str) -> None:
    """One unit of the last place on the safe side it lives, at the price it dies."""
    account = engine.add_account("alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(qty), D(43500))])
    price = displayed(engine, account).quantize(STEP)
    safe = STEP * (10 if D(qty) > 0 else -10)
    engine.set_price("BTCUSDT", price + safe)
    assert account.liquidations == []
    engine.set_price("BTCUSDT", price - safe)
    assert [item.qty for item in account.liquidations] == [D(qty)]
    assert account.held() == []


@pytest.mark.parametrize(("balance", "dies"), [("3660", True), ("3660.00000001", False)])
def test_equity_equal_to_maintenance_is_death(engine: Engine, balance: str, dies: bool) -> None:
    """1 BTC at 40,000 must maintain 160 USDT: having exactly that is not enough."""
    account = engine.add_account("alice", {"USDT": D(balance)}, [Holding("BTCUSDT", D(1), D(43500))])
    engine.set_price("BTCUSDT", D(40000))
    assert account.liquidated is dies


def test_cross_liquidation_takes_all_legs_and_orders(engine: Engine, trade_on: Callable[..., Trade]) -> None:
    """The pool dies as one: orders are cancelled, every leg is closed at its mark, the wallet is not negative."""
    account = engine.add_account(
        "alice", {"USDT": D(20_000)}, [Holding("BTCUSDT", D(4), D(43500)), Holding("SOLUSDT", D(-100), D(56))]
    )
    order = trade_on(engine, account)("BUY", "1", "3000", symbol="ETHUSDT")
    stop = AlgoRequest("SOLUSDT", Side.BUY, Leg.BOTH, AlgoKind.STOP_MARKET, D(100), trigger_price=D(70))
    place_algo(engine.state, account, stop)
    events: list[object] = []
    engine.state.listeners.append(events.append)
    engine.set_price("BTCUSDT", D(38000))
    assert [item.symbol for item in account.liquidations] == ["BTCUSDT", "SOLUSDT"]
    assert {item.mark_price for item in account.liquidations} == {D(38000), D(56)}
    assert order.id not in account.open_orders
    assert account.open_algo_orders == {}
    assert account.wallets["USDT"] == 0
    assert sum(isinstance(event, LiquidationEvent) for event in events) == 2


def test_gap_below_bankruptcy_is_paid_by_the_insurance_fund(engine: Engine) -> None:
    """However far the price jumps, the wallet ends at zero, the ledger says who paid, and the stream is told."""
    events: list[object] = []
    engine.state.listeners.append(events.append)
    account = engine.add_account("alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(3), D(43500))])
    engine.set_price("BTCUSDT", D(30000))
    assert account.wallets["USDT"] == 0
    paid = [entry.amount for entry in account.ledger if entry.kind is LedgerKind.INSURANCE_CLEAR]
    assert paid == [D(3) * 13500 - 10_000]
    assert any(isinstance(event, AccountEvent) and event.cause == "INSURANCE_CLEAR" for event in events)


def test_fee_is_taken_from_what_is_left(engine: Engine) -> None:
    """Just below the line the liquidation fee is the contract's, or what remains when that is less."""
    account = engine.add_account("alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(3), D(43500))])
    price = displayed(engine, account).quantize(D("0.1")) - D("0.1")
    engine.set_price("BTCUSDT", price)
    remains = D(10_000) - 3 * (43500 - price)
    assert account.liquidations[0].fee == min(remains, (3 * price * D("0.0125")).quantize(STEP))
    assert account.wallets["USDT"] == remains - account.liquidations[0].fee


def test_isolated_leg_dies_alone(engine: Engine, account: Account, trade: Trade) -> None:
    """An isolated leg costs its own margin and no more; the cross legs live on."""
    set_isolated(engine.state, account, "BTCUSDT", isolated=True)
    trade("BUY", "1")
    trade("BUY", "10", symbol="ETHUSDT")
    before = account.wallets["USDT"]
    margin = account.position("BTCUSDT", Leg.BOTH).isolated_wallet
    price = displayed(engine, account).quantize(STEP)
    engine.set_price("BTCUSDT", price + 1)
    assert not account.liquidated
    engine.set_price("BTCUSDT", D(20000))
    assert [item.symbol for item in account.liquidations] == ["BTCUSDT"]
    assert account.wallets["USDT"] == before - margin
    assert [leg.symbol for leg in account.held()] == ["ETHUSDT"]


def test_isolated_margin_moves_the_price_of_death(engine: Engine, account: Account, trade: Trade) -> None:
    """Money added to an isolated leg lowers a long's liquidation price."""
    set_isolated(engine.state, account, "BTCUSDT", isolated=True)
    trade("BUY", "1")
    before = displayed(engine, account)
    move_isolated_margin(engine.state, account, "BTCUSDT", Leg.BOTH, D(1000))
    assert displayed(engine, account) < before - 990


def test_both_hedge_legs_pay_and_share_one_price(engine: Engine) -> None:
    """LONG and SHORT of a symbol are liquidated at one price, each with its own maintenance margin."""
    account = engine.add_account(
        "hedger",
        {"USDT": D(10_000)},
        [Holding("BTCUSDT", D(5), D(43500), leg=Leg.LONG), Holding("BTCUSDT", D(-3), D(43500), leg=Leg.SHORT)],
        hedge_mode=True,
    )
    assert displayed(engine, account, leg=Leg.LONG) == displayed(engine, account, leg=Leg.SHORT)
    asset = engine.figures(account).assets["USDT"]
    btc = engine.market.instruments["BTCUSDT"]
    assert asset.maintenance == btc.maintenance(D(5) * 43500) + btc.maintenance(D(3) * 43500)


def test_full_hedge_has_no_price_below(engine: Engine) -> None:
    """A fully hedged book can only die upwards, where its gross maintenance margin grows."""
    account = engine.add_account(
        "hedger",
        {"USDT": D(20_000)},
        [Holding("BTCUSDT", D(2), D(43500), leg=Leg.LONG), Holding("BTCUSDT", D(-2), D(43500), leg=Leg.SHORT)],
        hedge_mode=True,
    )
    assert displayed(engine, account, leg=Leg.LONG) > 43500
    engine.set_price("BTCUSDT", D(1))
    assert not account.liquidated


def test_nearer_of_two_prices_is_shown(engine: Engine) -> None:
    """A nearly hedged book dies a little below and very far above: the nearer price is the one to know."""
    account = engine.add_account(
        "hedger",
        {"USDT": D(3_000)},
        [Holding("BTCUSDT", D(2), D(43500), leg=Leg.LONG), Holding("BTCUSDT", D("-1.9"), D(43500), leg=Leg.SHORT)],
        hedge_mode=True,
    )
    price = displayed(engine, account, leg=Leg.SHORT)
    assert D(10_000) < price < D(20_000)
    engine.set_price("BTCUSDT", D(1_000_000))
    assert account.liquidations == []


def test_pools_of_two_assets_are_apart(engine: Engine) -> None:
    """USDC does not save a USDT pool in single-asset mode."""
    holdings = [Holding("BTCUSDT", D(3), D(43500)), Holding("BTCUSDC", D("0.1"), D(43500))]
    account = engine.add_account("alice", {"USDT": D(10_000), "USDC": D(50_000)}, holdings)
    engine.set_price("BTCUSDT", D(40000))
    assert [item.symbol for item in account.liquidations] == ["BTCUSDT"]
    assert account.wallets["USDC"] == D(50_000)
    assert [leg.symbol for leg in account.held()] == ["BTCUSDC"]


def test_multi_assets_pool_counts_every_asset_less_its_haircut(engine: Engine) -> None:
    """In multi-assets mode USDC backs USDT positions, at its bid rate; the debt is converted at the ask rate."""
    engine.market.assets["USDC"] = AssetIndex(D("0.99"), D("0.01"), D("0.005"))
    engine.market.assets["USDT"] = AssetIndex(D(1), D("0.001"), D("0.002"))
    account = engine.add_account(
        "alice", {"USDT": D(10_000), "USDC": D(50_000)}, [Holding("BTCUSDT", D(3), D(43500))], multi_assets=True
    )
    engine.set_price("BTCUSDT", D(40000))
    assert not account.liquidated
    assert engine.equity(account) == D(-500) * D("1.002") + D(50_000) * D("0.9801")
    price = displayed(engine, account)
    assert D(23000) < price < D(25000)
    engine.set_price("BTCUSDT", price.quantize(D("0.1")) - 1)
    assert account.liquidated


def test_margin_call_comes_once_before_death(engine: Engine) -> None:
    """It is said when the ratio passes 80 %, and again only after it recovered."""
    account = engine.add_account("alice", {"USDT": D(10_000)}, [Holding("BTCUSDT", D(3), D(43500))])
    calls: list[MarginCallEvent] = []
    engine.state.listeners.append(lambda event: calls.append(event) if isinstance(event, MarginCallEvent) else None)
    close = displayed(engine, account) + 20
    for price in (close, close - 1, close + 1, D(43500), close):
        engine.set_price("BTCUSDT", price.quantize(D("0.1")))
    assert len(calls) == 2
    assert not account.liquidated


def test_account_without_legs_is_never_liquidated(engine: Engine) -> None:
    """Nothing to maintain: an empty or negative wallet is not a liquidation."""
    account = engine.add_account("empty", {"USDT": D(0)})
    engine.settle()
    assert not account.liquidated
