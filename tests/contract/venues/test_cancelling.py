"""Cancelling a resting order, and opening a leg against another one, as every adapter does it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.book import OrderSide, PositionMode, Side
from guard.sandbox.engine.sides import Side as EngineSide
from guard.sandbox.faults import FaultKind
from tests.contract.venues.harness import Harness

ID = "g0123456789abcdef01s12c3"
_OPENS: Mapping[Side, OrderSide] = {"long": "buy", "short": "sell"}


@pytest.fixture(autouse=True)
def _trades(bench: Harness) -> None:
    """Orders are sent at all."""
    if not bench.can_trade:
        pytest.skip(f"accounts at {bench.venue} are watched only")


async def test_a_resting_order_is_cancelled_once(bench: Harness) -> None:
    """By the id that the book tells; asked again, or of an order that never was, it is not open."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    bench.rest(account, "BTCUSDT", EngineSide.BUY, "0.5", "40000")
    bench.rest(account, "BTCUSDT", EngineSide.BUY, "0.5", "39000")
    opened = await bench.open(account)
    before = (await opened.fetch_book()).book
    near, far = sorted(before.orders, key=lambda order: -order.price)
    assert near.order_id
    assert not near.reduce_only
    assert await opened.cancel_order(near.symbol, near.order_id) is True
    after = (await opened.fetch_book()).book
    assert [order.order_id for order in after.orders] == [far.order_id]
    assert after.positions[0].contracts == before.positions[0].contracts
    assert await opened.cancel_order(near.symbol, near.order_id) is False
    assert await opened.cancel_order(near.symbol, str(int(near.order_id) + 10**6)) is False
    assert len((await opened.fetch_book()).book.orders) == 1


async def test_a_cancellation_without_an_answer_says_so(bench: Harness) -> None:
    """It may have arrived; nothing is claimed of it."""
    account = bench.account()
    bench.rest(account, "BTCUSDT", EngineSide.BUY, "0.5", "40000")
    opened = await bench.open(account, directly=True)
    (order,) = (await opened.fetch_book()).book.orders
    bench.server.add_fault(FaultKind.LOST_ANSWER, times=1)
    with pytest.raises(OrderOutcomeUnknown, match=order.order_id):
        await opened.cancel_order(order.symbol, order.order_id)
    assert await opened.cancel_order(order.symbol, order.order_id) is False
    assert (await opened.fetch_book()).book.orders == ()


async def opening(bench: Harness, opened: Any, leg: Side, base: str, **fields: Any) -> OrderRequest:
    """An order that opens or grows a leg of BTC by so many coins, at a price that fills."""
    symbol = bench.symbol("BTCUSDT")
    size = bench.qty("BTCUSDT", Decimal(base)) / (await opened.instrument(symbol)).contract_size
    price = Decimal(44_000) if leg == "long" else Decimal(43_000)
    request = OrderRequest(ID, symbol, _OPENS[leg], leg, size, price, reduce_only=False, position_mode="hedge")
    return replace(request, **fields)


@pytest.mark.parametrize("leg", ["long", "short"])
async def test_a_leg_is_opened_against_the_other_one(bench: Harness, leg: Any) -> None:
    """It grows by exactly what filled, the leg that it is against stays, and both can be reduced afterwards."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    other, sign = ("SHORT", -1) if leg == "long" else ("LONG", 1)
    held = bench.holding("BTCUSDT", str(2 * sign), "43500", other)
    account = bench.account("alice", held, hedge_mode=True)
    opened = await bench.open(account)
    state = await opened.submit(await opening(bench, opened, leg, "0.5"))
    assert state.status is OrderStatus.FILLED
    legs = {each.leg.value: bench.base("BTCUSDT", each.qty) for each in account.account.held()}
    assert legs == {other: Decimal(2 * sign), leg.upper(): Decimal("-0.5") * sign}
    found = {position.side: position for position in (await opened.fetch_book()).book.positions}
    assert found[leg].margin_mode == "cross"
    side = "sell" if leg == "long" else "buy"
    back = await opening(bench, opened, leg, "0.5", side=side, reduce_only=True, client_order_id=f"{ID[:-1]}4")
    price = Decimal(43_000) if leg == "long" else Decimal(44_000)
    await opened.submit(replace(back, limit_price=price))
    assert {each.leg.value: bench.base("BTCUSDT", each.qty) for each in account.account.held()} == {
        other: Decimal(2 * sign)
    }


async def test_a_leg_that_opens_is_not_sent_in_the_other_mode(bench: Harness) -> None:
    """The account was switched a moment ago: what was stated before is not believed of an order that opens."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    account = bench.account("alice", hedge_mode=True)
    opened = await bench.open(account)
    await opened.fetch_book()
    account.account.hedge_mode = False
    with pytest.raises(OrderRejected, match="was not sent"):
        await opened.submit(await opening(bench, opened, "short", "0.5"))
    assert account.account.held() == []


@pytest.mark.parametrize("sent_for", ["hedge", "one_way"])
async def test_a_reduction_after_a_switch_of_the_mode_opens_nothing(bench: Harness, sent_for: PositionMode) -> None:
    """Sent for the mode of a moment ago, it is refused, or closes; no leg grows, none turns, at any price."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    was_hedge = sent_for == "hedge"
    legs = {True: bench.holding("BTCUSDT", "2", "43500", "LONG"), False: bench.holding("BTCUSDT", "2", "43500")}
    account = bench.account("alice", legs[was_hedge], hedge_mode=was_hedge)
    opened = await bench.open(account)
    await opened.fetch_book()
    (held,) = account.account.held()
    account.account.positions.clear()
    account.account.hedge_mode = not was_hedge
    other = bench.account("bob", legs[not was_hedge], hedge_mode=not was_hedge).account
    account.account.positions.update(other.positions)
    request = await opening(bench, opened, "long", "0.5", side="sell", reduce_only=True, position_mode=sent_for)
    for number, price in enumerate((43_000, 44_000)):
        with suppress(OrderRejected, OrderOutcomeUnknown):
            name = f"{ID[:-1]}{number}"
            await opened.submit(replace(request, client_order_id=name, limit_price=Decimal(price)))
    assert {each.leg for each in account.account.held()} == {each.leg for each in other.held()}
    assert all(0 < each.qty <= held.qty for each in account.account.held())
