"""Open and conditional orders, as every adapter reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.urgency import ACTING, urgent
from guard.ports.venue import OrderRequest
from guard.risk.assess import assess

BTC = "BTC/USDT:USDT"


def resting(
    side: Any, price: str, *, leg: Any = "long", mode: Any = "one_way", client_order_id: str = "rest-1"
) -> OrderRequest:
    """An order that stays in the book."""
    closes = (side == "sell") == (leg == "long")
    return OrderRequest(
        client_order_id, BTC, side, leg, Decimal("0.5"), Decimal(price), closes, mode, time_in_force="GTC"
    )


async def placed(opened: Any, **params: Any) -> None:
    """An order that the guard itself would not send."""
    exchange = opened._client.exchange
    await exchange.fapiPrivatePostAlgoOrder({"algoType": "CONDITIONAL", "symbol": "BTCUSDT", **params})


async def test_resting_and_conditional_orders(bench: Any) -> None:
    """Both books; a stop without a price, one that closes everything."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    await opened.submit(resting("buy", "40000.0"))
    await opened.submit(resting("sell", "50000.0", client_order_id="rest-2"))
    await placed(opened, side="SELL", type="STOP_MARKET", quantity="1", triggerPrice="41000", reduceOnly="true")
    await placed(opened, side="SELL", type="STOP_MARKET", closePosition="true", triggerPrice="40500")
    await placed(opened, side="SELL", type="STOP", quantity="1.5", price="39900", triggerPrice="40000")
    book = (await opened.fetch_book()).book
    orders = {
        (order.side, order.price, order.remaining, order.reduce_only, order.conditional, order.position_side)
        for order in book.orders
    }
    assert orders == {
        ("buy", 40000.0, 0.5, False, False, None),
        ("sell", 50000.0, 0.5, True, False, None),
        ("sell", None, 1.0, True, True, None),
        ("sell", None, 2.0, True, True, None),
        ("sell", 39900.0, 1.5, False, True, None),
    }
    assert {"rest-1", "rest-2"} <= {order.client_order_id for order in book.orders}
    (pool,) = assess(book).pools
    assert pool.initial_margin == pytest.approx(book.venue_reported.initial_margin, rel=1e-7)


async def test_orders_name_their_leg_in_hedge_mode(bench: Any) -> None:
    """And only there."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", "LONG"), hedge_mode=True)
    opened = await bench.open(account)
    await opened.submit(resting("buy", "40000.0", mode="hedge"))
    await opened.submit(resting("sell", "50000.0", leg="short", mode="hedge", client_order_id="rest-2"))
    book = (await opened.fetch_book()).book
    assert {(order.side, order.position_side) for order in book.orders} == {("buy", "long"), ("sell", "short")}


async def test_orders_on_a_symbol_without_a_position_bring_its_terms(bench: Any) -> None:
    """A rule can count their margin; the mark comes along where an order has no price."""
    opened = await bench.open(bench.account("alice", default_leverage=10))
    await opened.submit(resting("buy", "40000.0"))
    fetched = await opened.fetch_book()
    assert fetched.missing == ()
    assert fetched.book.parameters == {BTC: {"contract_size": 1.0, "leverage": 10.0, "mark_price": 43500.0}}
    (pool,) = assess(fetched.book).pools
    assert pool.initial_margin == pytest.approx(fetched.book.venue_reported.initial_margin, rel=1e-7)


async def test_a_waiting_order_on_an_untouched_symbol_gets_its_mark_read(bench: Any) -> None:
    """It leaves no row among the positions."""
    opened = await bench.open(bench.account())
    await placed(opened, side="BUY", type="STOP_MARKET", quantity="1", triggerPrice="50000")
    fetched = await opened.fetch_book()
    assert fetched.book.parameters[BTC]["mark_price"] == 43500.0
    assert bench.tampering.count("/fapi/v1/premiumIndex") == 1


@pytest.mark.parametrize(("level", "kept_s"), [(0, 300), (1, 7)])
async def test_lists_of_orders_stay_in_use_for_some_time(bench: Any, level: int, kept_s: float) -> None:
    """They cost eight times what the rest costs; the rest proves that they are the same."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    with urgent(level):
        await opened.fetch_book()
        bench.clock.jump(kept_s - 0.5)
        second = await opened.fetch_book()
        assert (bench.tampering.count(bench.open_orders), bench.tampering.count(bench.positions)) == (1, 2)
        assert second.parts["open_orders"] == second.parts["positions"]
        assert "conditional_orders" not in second.parts
        bench.clock.jump(0.6)
        third = await opened.fetch_book()
    assert (bench.tampering.count(bench.open_orders), bench.tampering.count(bench.conditional_orders)) == (2, 2)
    assert "conditional_orders" in third.parts


async def test_an_order_that_somebody_else_sends_is_seen_at_once(bench: Any) -> None:
    """The margin that it holds gives it away; so does a fill."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened, other = await bench.open(account), await bench.open(account)
    assert (await opened.fetch_book()).book.orders == ()
    await other.submit(resting("buy", "40000.0"))
    assert len((await opened.fetch_book()).book.orders) == 1
    bench.server.set_price("BTCUSDT", 39000)
    book = (await opened.fetch_book()).book
    assert (book.orders, book.positions[0].contracts) == ((), 2.5)


async def test_protection_does_not_read_lists_of_orders_after_each_of_its_own(bench: Any) -> None:
    """Twenty such readings would use up the minute, and leave the rest of a plan waiting for the next one."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    with urgent(ACTING):
        await opened.fetch_book()
        for number in range(3):
            order = OrderRequest(
                f"ioc-{number}",
                BTC,
                "sell",
                "long",
                Decimal("0.5"),
                Decimal(43_000),
                reduce_only=True,
                position_mode="one_way",
            )
            await opened.submit(order)
            assert (await opened.fetch_book()).book.positions[0].contracts == 1.5 - 0.5 * number
        assert bench.tampering.count(bench.open_orders) == 1
        await opened.submit(resting("sell", "50000.0"))
        assert len((await opened.fetch_book()).book.orders) == 1


async def test_an_order_of_our_own_is_seen_at_once(bench: Any) -> None:
    """Even one that holds no margin."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    await opened.fetch_book()
    await opened.submit(resting("sell", "50000.0"))
    assert len((await opened.fetch_book()).book.orders) == 1
