"""Armed protection at every venue that can trade: real ccxt, real store, the venue's own rule decides who lives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.records import OrderJournalState as State
from guard.sandbox.engine.sides import Side
from guard.sandbox.faults import FaultKind
from guard.store.store import Store
from tests.contract.venues.harness import Harness
from tests.integration.protect.armed import Armed, Legs, armed_at, trading_venues

VENUES = trading_venues()
HEDGING = [kind for kind in VENUES if kind.has_hedge_mode]
INVERSE = [kind for kind in VENUES if kind.inverse]

# Their adapters take an account in coins as the venue reports it.
REPORTED_IN_COINS = {"bitget", "kucoinfutures"}
# One pool for everything, and what an account needs for that.
SHARING: dict[str, dict[str, bool]] = {
    "binanceusdm": {"multi_assets": True},
    "bybit": {},
    "okx": {"multi_assets": True},
}
LARGER_LEG = {"gate"}
ORDERS_COUNT = {"okx", "kucoinfutures"}
BITCOIN = {"BTC": Decimal("1.25")}
ONE_WAY = [("BTCUSDT", "15", "43500", "BOTH"), ("ETHUSDT", "2", "3400", "BOTH")]
SHORT = [("BTCUSDT", "-13", "43500", "BOTH")]
HEDGE = [("BTCUSDT", "18", "43500", "LONG"), ("BTCUSDT", "-2", "43500", "SHORT")]
ISOLATED = [("BTCUSDT", "2", "43500", "BOTH"), ("ETHUSDT", "2", "3400", "BOTH")]
COINS = [("BTCUSD", "300000", "43500", "BOTH")]


def at(kinds: list[type[Harness]]) -> pytest.MarkDecorator:
    """One test for each venue."""
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.venue)


@pytest.fixture
async def arm(store: Store) -> AsyncIterator[Callable[..., Any]]:
    """Arms an account at a venue; everything is closed at the end."""
    async with AsyncExitStack() as held:

        async def build(kind: type[Harness], *legs: tuple[str, str, str, str], **fields: Any) -> Armed:
            opening: AbstractAsyncContextManager[Armed] = armed_at(kind, store, list(legs), **fields)
            return await held.enter_async_context(opening)

        yield build


async def is_consistent(armed: Armed, before: Legs) -> None:
    """At the venue the legs are smaller by exactly what the journal says, and none was opened or turned."""
    after, filled = armed.legs(), await armed.filled()
    assert {key: qty - after.get(key, Decimal(0)) for key, qty in before.items()} == {
        key: filled.get(key, Decimal(0)) for key in before
    }
    assert after.keys() <= before.keys()
    assert all(0 <= qty / before[key] <= 1 for key, qty in after.items())
    verified = [order for order in await armed.orders() if order.state is State.VERIFIED]
    assert armed.sent_at_venue() == len(verified)


async def is_protected(armed: Armed, *, rises: bool = False) -> None:
    """The whole story: danger, orders, back under the target, and alive where the twin is liquidated."""
    before = armed.legs()
    end = await armed.fall(rises=rises)
    calm = await armed.turn()
    assert await armed.orders() == [], calm.reason
    acted = await armed.turn()
    assert acted.zone.value == "danger", acted.reason
    orders, (intent,) = await armed.orders(), await armed.intents()
    assert intent.state == "done", (intent.reason, [message.html for message in await armed.messages()])
    assert {order.state for order in orders} <= {State.VERIFIED, State.SKIPPED}
    assert any(order.state is State.VERIFIED for order in orders)
    await is_consistent(armed, before)
    reading = await armed.turn()
    assert reading.risk is not None
    assert armed.watch.protect.target.holds(reading.risk)
    assert any("acted, back under the target" in message.html for message in await armed.messages())
    assert not armed.server.liquidated("bob")
    armed.move(end + (0.02 if rises else -0.02))
    assert armed.server.liquidated("bob")
    assert not armed.server.liquidated("alice")
    assert not armed.watch.record.frozen


@at(VENUES)
async def test_a_long_account_is_protected(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Two long legs fall."""
    await is_protected(await arm(kind, *ONE_WAY))


@at(VENUES)
async def test_a_short_account_is_protected(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """A short leg, and the market rises."""
    await is_protected(await arm(kind, *SHORT), rises=True)


@at(HEDGING)
async def test_an_account_in_hedge_mode_is_protected(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Both legs of a symbol are held; each may only shrink."""
    await is_protected(await arm(kind, *HEDGE, hedge_mode=True))


@at([kind for kind in VENUES if kind.venue in ORDERS_COUNT])
async def test_orders_that_would_open_more_are_cancelled_first(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Where resting orders are part of the requirement: taken back before anything is sold, those that close stay."""
    armed = await arm(kind, *ONE_WAY)
    for side, size, price, fields in (
        (Side.BUY, "4", "30000", {}),
        (Side.SELL, "1", "60000", {"reduce_only": True}),
    ):
        armed.harness.rest(armed.guarded, "BTCUSDT", side, size, price, **fields)
    await armed.fall()
    for _ in range(2):
        await armed.turn()
    (intent,) = await armed.intents()
    assert intent.state == "done", intent.reason
    remedies = [order.remedy for order in await armed.orders() if order.state is State.VERIFIED]
    assert remedies[0] == "cancel"
    assert "cancel" not in remedies[1:]
    assert [order.side for order in armed.guarded.account.open_orders.values()] == [Side.SELL]
    assert any("cancel buy" in message.html for message in await armed.messages())


@at([kind for kind in HEDGING if kind.venue in LARGER_LEG])
async def test_a_hedge_by_itself_keeps_the_account_alive(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Where the larger leg alone is charged, and the user named hedges: opened, kept, alive where the twin is not."""
    armed = await arm(kind, ("BTCUSDT", "16", "43500", "LONG"), hedge_mode=True, leverage=50)
    armed.watch.protect = replace(armed.watch.protect, remedies=("hedge",))
    end = await armed.fall(0.045)
    armed.watch.protect = replace(armed.watch.protect, act_at_distance=0.05)
    for _ in range(2):
        await armed.turn()
    (intent,) = await armed.intents()
    assert intent.state == "done", (intent.reason, [message.html for message in await armed.messages()])
    symbol = armed.harness.engine_symbol("BTCUSDT")
    legs = armed.legs()
    assert legs[symbol, "SHORT"] < 0 <= legs[symbol, "LONG"] + legs[symbol, "SHORT"]
    (hedge,) = await armed.store.open_hedges()
    assert (hedge.leg, hedge.protects_leg) == ("short", "long")
    armed.move(end - 0.02)
    assert armed.server.liquidated("bob")
    assert not armed.server.liquidated("alice")
    armed.move(1.0)
    lost = next(key for key, held in armed.guarded.account.positions.items() if held.qty < 0)
    del armed.guarded.account.positions[lost]  # the venue's forced reduction takes it
    await armed.turn()
    told = [message.html for message in await armed.messages()]
    assert any("is gone, not by an order of the guard" in text for text in told), told[-3:]
    assert await armed.store.open_hedges() == []


@at([kind for kind in INVERSE if kind.venue not in REPORTED_IN_COINS])
async def test_an_account_in_coins_is_protected(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Inverse contracts: sizes are dollars, money is bitcoin."""
    await is_protected(await arm(kind, *COINS, balances=BITCOIN))


@at([kind for kind in VENUES if kind.venue in SHARING])
async def test_an_account_with_one_pool_for_several_settlements_is_protected(
    arm: Callable[..., Any], kind: type[Harness]
) -> None:
    """One pool in dollars behind legs that settle in USDT, in USDC and, where the venue has it, in bitcoin."""
    legs = [("BTCUSDT", "7", "43500", "BOTH"), ("BTCUSDC", "4", "43500", "BOTH")]
    money = {"USDT": Decimal(60_000), "USDC": Decimal(30_000)}
    if kind.inverse:
        legs.append((kind.inverse, "100000", "43500", "BOTH"))
        money = {**money, "BTC": Decimal("0.2")}
    await is_protected(await arm(kind, *legs, balances=money, **SHARING[kind.venue]))


@at([kind for kind in VENUES if kind.has_isolated_beside_cross])
async def test_an_isolated_leg_in_danger_is_closed(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """Only closing it helps; the cross leg beside it is left alone."""
    armed = await arm(kind, *ISOLATED, isolated={"BTCUSDT": 14_000})
    before = armed.legs()
    btc, eth = (armed.harness.engine_symbol(leg[0]) for leg in ISOLATED)
    await armed.fall()
    for _ in range(2):
        reading = await armed.turn()
    assert reading.zone.value == "danger", reading.reason
    (intent,) = await armed.intents()
    assert intent.state == "done", intent.reason
    await is_consistent(armed, before)
    assert armed.legs() == {(eth, "BOTH"): before[eth, "BOTH"]}
    assert (btc, "BOTH") in before


@at(VENUES)
async def test_an_order_without_an_answer_is_looked_up_and_never_doubled(
    arm: Callable[..., Any], kind: type[Harness]
) -> None:
    """It never arrives, is sent again, is executed, and nobody says so: it is there exactly once in the end."""
    armed = await arm(kind, *ONE_WAY)
    before = armed.legs()
    await armed.fall()
    await armed.turn()
    for fault in (FaultKind.RESET, FaultKind.LOST_ANSWER):
        armed.spoil_the_next_order(fault)
    await armed.turn()
    assert armed.server.faults.struck == {"reset": 1, "lost-answer": 1}
    (intent,) = await armed.intents()
    assert intent.state == "done", intent.reason
    await is_consistent(armed, before)
    reading = await armed.turn()
    assert reading.risk is not None
    assert armed.watch.protect.target.holds(reading.risk)
    assert len(await armed.intents()) == 1


@at(VENUES)
async def test_a_key_that_may_not_trade_any_more_is_told_at_once(arm: Callable[..., Any], kind: type[Harness]) -> None:
    """The venue refuses the first order: nothing is sold, nothing is tried again until the right is back."""
    armed = await arm(kind, *ONE_WAY)
    before = armed.legs()
    await armed.fall()
    await armed.turn()
    armed.allow_trading(allowed=False)
    for _ in range(3):
        await armed.turn()
    assert armed.legs() == before
    tried, refused = await armed.intents()
    assert (tried.state, refused.state) == ("failed", "refused")
    assert "the key may not trade" in refused.reason
    (first, *rest) = await armed.orders()
    assert first.state is State.REJECTED
    assert {order.state for order in rest} == {State.SKIPPED}
    told = [message.html for message in await armed.messages()]
    assert any("the venue refused an order" in text for text in told)
    assert any("the key may not trade" in text for text in told)
    assert not armed.watch.record.frozen
    armed.allow_trading(allowed=True)
    armed.watch.rights_at = None  # ten minutes later
    await armed.turn()
    assert [intent.state for intent in await armed.intents()] == ["failed", "refused", "done"]
