"""Orders and plans at the sandbox's Bitget: what is read of them, what is sent, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.venue import OrderStatus
from guard.risk.assess import assess
from guard.sandbox.engine.conditional import place_algo
from guard.sandbox.engine.orders import AlgoKind, AlgoRequest
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.harness import Harness
from tests.integration.venues.bitget.legs import BTC, D, asked, btc, reduction


async def test_every_list_of_orders_is_read_to_its_end(bench: Harness) -> None:
    """More than a page of plain orders, and plans of each list; one that closes the whole leg has its size."""
    account = bench.account("alice", btc(bench, "2"), balances={"USDT": 100_000})
    for step in range(150):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.003", str(38_000 + step))
    state = bench.server.engine.state
    waiting: list[dict[str, Any]] = [
        {"kind": AlgoKind.STOP_MARKET, "qty": None, "trigger_price": D(40_000), "close_position": True},
        {"kind": AlgoKind.TAKE_PROFIT_MARKET, "qty": D(1), "trigger_price": D(50_000), "reduce_only": True},
        {"kind": AlgoKind.STOP, "qty": D("0.1"), "price": D(41_000), "trigger_price": D(41_500)},
        {"kind": AlgoKind.TRAILING_STOP_MARKET, "qty": D("0.2"), "callback_rate": D(1), "reduce_only": True},
    ]
    for each in waiting:
        place_algo(state, account.account, AlgoRequest("BTCUSDT", Side.SELL, Leg.BOTH, **each))
    fetched = await (await bench.open(account)).fetch_book()
    plain = [order for order in fetched.book.orders if not order.conditional]
    assert len({order.price for order in plain}) == 150
    plans = {(order.remaining, order.price, order.reduce_only) for order in fetched.book.orders if order.conditional}
    assert plans == {(2.0, None, True), (1.0, None, True), (0.1, 41_000.0, False), (0.2, None, True)}
    assert fetched.missing == ()


async def test_orders_alone_bring_what_they_are_computed_with(bench: Harness) -> None:
    """Contract size, leverage and mark of a contract without a position."""
    account = bench.account()
    bench.rest(account, "ETHUSDT", Side.BUY, "3", "3000")
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    terms = fetched.book.parameters["ETH/USDT:USDT"]
    assert terms == {"contract_size": 1.0, "leverage": 20.0, "mark_price": 3400.0}
    (pool,) = assess(fetched.book).pools
    assert pool.initial_margin == pytest.approx(3 * 3000 / 20)


async def test_tiers_that_the_venue_has_changed_are_read_anew(bench: Harness) -> None:
    """A leg is charged a rate that the kept table does not have: the table is old, however young it is."""
    opened = await bench.open(bench.account("alice", btc(bench)))
    before = (await opened.fetch_book()).book.tiers[BTC][0].mm_rate

    def changed(answer: Any) -> Any:
        for row in answer["data"]:
            row["keepMarginRate"] = str(1.7 * float(row["keepMarginRate"]))
        return answer

    for path in (bench.positions, "/v2/mix/market/query-position-lever"):
        bench.tampering.changes[path] = changed
    bench.clock.jump(61)
    assert (await opened.fetch_book()).book.tiers[BTC][0].mm_rate == pytest.approx(1.7 * before)
    count = len(asked(bench, "/query-position-lever"))
    await opened.fetch_book()
    assert len(asked(bench, "/query-position-lever")) == count


async def test_multi_assets_mode_has_the_position_mode_of_every_product(bench: Harness) -> None:
    """One wallet carries them all: a product whose own account is empty may hold legs."""
    account = bench.account("alice", btc(bench), balances={"USDT": 20_000}, multi_assets=True)
    await (await bench.open(account)).fetch_book()
    asked_of = {query["productType"] for query in asked(bench, "/v2/mix/account/account")}
    assert asked_of == {"USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"}


async def test_products_without_money_are_not_asked_for_orders(bench: Harness) -> None:
    """Nothing can rest there; positions and balances of each product are always read."""
    opened = await bench.open(bench.account("alice", btc(bench)))
    await opened.fetch_book()
    for end in ("/order/orders-pending", "/order/orders-plan-pending"):
        assert {query["productType"] for query in asked(bench, end)} == {"USDT-FUTURES"}
    for end in (bench.balances, bench.positions):
        assert {query["productType"] for query in asked(bench, end)} == {"USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"}
    assert {query["planType"] for query in asked(bench, "plan-pending")} == {"normal_plan", "profit_loss", "track_plan"}


async def test_hedge_orders_name_the_direction_of_the_leg(bench: Harness) -> None:
    """To close a long leg the venue wants `buy` with `close`."""
    account = bench.account("alice", btc(bench, "2", "LONG"), hedge_mode=True)
    opened = await bench.open(account)
    state = await opened.submit(reduction(position_mode="hedge"))
    assert state.status is OrderStatus.FILLED
    (sent,) = asked(bench, bench.orders)
    assert (sent["side"], sent["tradeSide"], sent["marginMode"]) == ("buy", "close", "crossed")
    assert sent["reduceOnly"] == "YES"


async def test_an_isolated_leg_is_closed_as_such(bench: Harness) -> None:
    """The venue's orders name a margin mode."""
    account = bench.account("alice", btc(bench, isolated_wallet=D(9000)))
    opened = await bench.open(account)
    await opened.fetch_book()
    assert (await opened.submit(reduction())).filled == D("0.5")
    assert asked(bench, bench.orders)[0]["marginMode"] == "isolated"


async def test_coin_margined_contracts_are_not_traded(bench: Harness) -> None:
    """Their sizes are in coin, the guard's are not."""
    account = bench.account("alice", bench.holding("BTCUSD", "30000", "43000"), balances={"BTC": 1})
    opened = await bench.open(account)
    with pytest.raises(OrderRejected, match="coin-margined contracts are watched only"):
        await opened.submit(reduction(symbol="BTC/USD:BTC"))


async def test_an_id_that_was_used_is_looked_up(bench: Harness) -> None:
    """The second sending does nothing, and finds the first."""
    account = bench.account("alice", btc(bench))
    opened = await bench.open(account)
    first = await opened.submit(reduction())
    with pytest.raises(OrderOutcomeUnknown, match="look it up"):
        await opened.submit(reduction())
    assert await opened.find_order(first.client_order_id, BTC) == first
    assert account.account.position("BTCUSDT", Leg.BOTH).qty == D("1.5")
