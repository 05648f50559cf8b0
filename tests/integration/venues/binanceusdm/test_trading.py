"""Orders, as every adapter sends them: once, towards one leg only, with an answer that is certain or says it is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected, VenueUnavailable
from guard.ports.venue import OrderRequest, OrderStatus
from guard.sandbox.faults import FaultKind

BTC = "BTC/USDT:USDT"
REDUCE = OrderRequest(
    client_order_id="guard-1",
    symbol=BTC,
    side="sell",
    leg="long",
    contracts=Decimal("0.500"),
    limit_price=Decimal("43000.0"),
    reduce_only=True,
    position_mode="one_way",
)


async def long_account(bench: Any, *, directly: bool = False, **fields: Any) -> tuple[Any, Any]:
    """An account that is 2 BTC long, and opened."""
    leg = "LONG" if fields.get("hedge_mode") else "BOTH"
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", leg), **fields)
    return account, await bench.open(account, directly=directly)


def legs(account: Any) -> dict[str, Decimal]:
    """What the venue itself holds, by leg."""
    return {position.leg.value: position.qty for position in account.account.held()}


def sent(bench: Any) -> list[dict[str, str]]:
    """The orders that reached the proxy."""
    return [query for method, path, query in bench.tampering.seen if method == "POST" and path.endswith(bench.orders)]


async def outcome(opened: Any, request: OrderRequest) -> Decimal | str | None:
    """What was filled, or the code of the refusal."""
    try:
        return Decimal((await opened.submit(request)).filled)
    except OrderRejected as error:
        return error.code


async def test_a_reduction_fills(bench: Any) -> None:
    """At the book's price, with the exact strings of the request."""
    account, opened = await long_account(bench)
    state = await opened.submit(REDUCE)
    assert (state.status, state.filled, state.client_order_id) == (OrderStatus.FILLED, Decimal("0.5"), "guard-1")
    assert state.average_price == pytest.approx(43_500, rel=0.001)
    assert legs(account) == {"BOTH": Decimal("1.5")}
    (order,) = sent(bench)
    assert (order["quantity"], order["price"], order["timeInForce"]) == ("0.500", "43000.0", "IOC")
    assert await opened.find_order("guard-1", BTC) == state


async def test_a_price_out_of_reach_expires_and_leaves_nothing_open(bench: Any) -> None:
    """IOC."""
    account, opened = await long_account(bench)
    state = await opened.submit(replace(REDUCE, limit_price=Decimal("44000.0")))
    assert (state.status, state.filled, state.average_price) == (OrderStatus.EXPIRED, 0, None)
    assert legs(account) == {"BOTH": Decimal(2)}
    assert (await opened.fetch_book()).book.orders == ()


async def test_what_the_book_does_not_hold_expires(bench: Any) -> None:
    """Filled as far as the limit price reaches."""
    account = bench.account("alice", bench.holding("BTCUSDT", "900", "43000"), balances={"USDT": 50_000_000})
    opened = await bench.open(account)
    best = (await opened.depth(BTC)).bids[0].price
    state = await opened.submit(replace(REDUCE, contracts=Decimal(900), limit_price=Decimal(str(best))))
    assert state.status is OrderStatus.PARTLY_FILLED
    assert 0 < state.filled < 900
    assert legs(account) == {"BOTH": 900 - state.filled}


@pytest.mark.parametrize("contracts", ["2", "2.001", "5", "1000"])
async def test_a_reduction_larger_than_the_leg_never_flips_it(bench: Any, contracts: str) -> None:
    """Whether the venue cuts it or refuses it."""
    account, opened = await long_account(bench)
    result = await outcome(opened, replace(REDUCE, contracts=Decimal(contracts), limit_price=Decimal("40000.0")))
    assert result in {Decimal(2), "-2022"}
    assert legs(account) == ({"BOTH": Decimal(2)} if result == "-2022" else {})


@pytest.mark.parametrize(("side", "leg", "other"), [("sell", "long", "SHORT"), ("buy", "short", "LONG")])
@pytest.mark.parametrize("contracts", ["0.5", "2", "3.5", "100"])
async def test_a_reduction_in_hedge_mode_never_touches_the_other_leg(
    bench: Any, side: Any, leg: Any, other: str, contracts: str
) -> None:
    """Selling LONG never opens or grows SHORT, buying SHORT never LONG, whatever the size."""
    account = bench.account(
        "alice",
        bench.holding("BTCUSDT", "2", "43000", "LONG"),
        bench.holding("BTCUSDT", "-2", "43000", "SHORT"),
        hedge_mode=True,
    )
    opened = await bench.open(account)
    price = Decimal("40000.0") if side == "sell" else Decimal("47000.0")
    size = Decimal(contracts)
    request = replace(REDUCE, side=side, leg=leg, position_mode="hedge", contracts=size, limit_price=price)
    before = legs(account)
    result = await outcome(opened, request)
    after = legs(account)
    assert after[other] == before[other]
    assert result == size if size <= 2 else result in {Decimal(2), "-2022"}
    left = Decimal(2) if result == "-2022" else 2 - min(size, Decimal(2))
    assert abs(after.get(leg.upper(), Decimal(0))) == left
    assert set(after) <= {"LONG", "SHORT"}


async def test_reducing_an_empty_leg_in_hedge_mode_opens_nothing(bench: Any) -> None:
    """There is nothing on it to close."""
    account, opened = await long_account(bench, hedge_mode=True)
    request = replace(REDUCE, side="buy", leg="short", position_mode="hedge", limit_price=Decimal("45000.0"))
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(request)
    assert caught.value.code == "-2022"
    assert legs(account) == {"LONG": Decimal(2)}


async def test_reducing_what_is_not_held_is_refused(bench: Any) -> None:
    """Certainly, with the venue's code."""
    account = bench.account()
    with pytest.raises(OrderRejected) as caught:
        await (await bench.open(account)).submit(REDUCE)
    assert (caught.value.code, legs(account)) == ("-2022", {})
    assert "could reduce" in str(caught.value)


async def test_an_opening_order_without_margin_is_refused(bench: Any) -> None:
    """-2019 is a refusal at any host name."""
    _, opened = await long_account(bench, balances={"USDT": 5_000})
    request = replace(REDUCE, side="buy", reduce_only=False, contracts=Decimal(50), limit_price=Decimal("44000.0"))
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(request)
    assert caught.value.code == "-2019"


@pytest.mark.parametrize("hedge", [False, True])
async def test_an_order_for_the_other_position_mode_is_not_sent(bench: Any, hedge: bool) -> None:
    """It might open a leg instead of closing one."""
    account, opened = await long_account(bench, hedge_mode=hedge)
    request = replace(REDUCE, position_mode="one_way" if hedge else "hedge")
    with pytest.raises(OrderRejected, match="was not sent: it is for"):
        await opened.submit(request)
    assert sent(bench) == []
    assert sum(legs(account).values()) == 2


async def test_a_mode_that_changed_since_the_last_reading_is_noticed(bench: Any) -> None:
    """The proof is at most a minute old; within it the venue itself refuses."""
    account, opened = await long_account(bench)
    await opened.fetch_book()
    account.account.hedge_mode = True
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(REDUCE)
    assert caught.value.code == "-4061"
    bench.clock.jump(61)
    with pytest.raises(OrderRejected, match="the account is in hedge mode"):
        await opened.submit(REDUCE)


@pytest.mark.parametrize(
    "fields",
    [{"side": "buy"}, {"reduce_only": False}, {"contracts": Decimal("0.5005")}, {"limit_price": Decimal("43000.01")}],
)
async def test_a_request_that_contradicts_itself_is_not_sent(bench: Any, fields: dict[str, Any]) -> None:
    """Nothing is rounded or corrected on the way."""
    _, opened = await long_account(bench)
    with pytest.raises(OrderRejected, match="was not sent"):
        await opened.submit(replace(REDUCE, **fields))
    assert sent(bench) == []


async def test_an_unknown_symbol_is_not_sent(bench: Any) -> None:
    """There are no rules to check it against."""
    _, opened = await long_account(bench)
    with pytest.raises(OrderRejected, match="lists no FOO/USDT:USDT"):
        await opened.submit(replace(REDUCE, symbol="FOO/USDT:USDT"))


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.UNKNOWN_STATE, FaultKind.TRUNCATED])
async def test_an_order_whose_answer_is_lost_is_found_again(bench: Any, kind: FaultKind) -> None:
    """It was executed: the outcome is unknown, looked up, and never sent twice."""
    account, opened = await long_account(bench, directly=True)
    await opened.fetch_book()
    bench.server.add_fault(kind, path="v1/order", times=1)
    with pytest.raises(OrderOutcomeUnknown, match="guard-1 on BTC/USDT:USDT has no certain answer"):
        await opened.submit(REDUCE)
    found = await opened.find_order("guard-1", BTC)
    assert (found.status, found.filled) == (OrderStatus.FILLED, Decimal("0.5"))
    assert legs(account) == {"BOTH": Decimal("1.5")}
    assert bench.server.faults.struck[kind.value] == 1
    assert bench.clock.slept == []


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.OUTAGE, FaultKind.HTML, FaultKind.INTERNAL_ERROR, FaultKind.SERVER_BUSY]
)
async def test_an_order_that_never_arrived_is_certainly_not_there(bench: Any, kind: FaultKind) -> None:
    """No such order: believed only when no delayed request can arrive any more."""
    account, opened = await long_account(bench, directly=True)
    await opened.fetch_book()
    bench.clock.jump(100)
    bench.server.add_fault(kind, path="v1/order")
    with pytest.raises(OrderOutcomeUnknown, match="never send it again"):
        await opened.submit(REDUCE)
    bench.server.clear_faults()
    assert await opened.find_order("guard-1", BTC) is None
    assert bench.clock.slept == [pytest.approx(6.0, abs=0.5)]
    assert legs(account) == {"BOTH": Decimal(2)}


async def test_an_order_that_arrives_late_is_found(bench: Any) -> None:
    """The second question, after the venue's window, has the truth."""
    account, opened = await long_account(bench, directly=True)
    other = await bench.open(account, directly=True)
    bench.server.add_fault(FaultKind.OUTAGE, path="v1/order", times=1)
    with pytest.raises(OrderOutcomeUnknown):
        await opened.submit(REDUCE)

    async def arrive(seconds: float) -> None:
        bench.clock.jump(seconds)
        await other.submit(REDUCE)

    bench.clock.sleep = arrive
    found = await opened.find_order("guard-1", BTC)
    assert found.status is OrderStatus.FILLED


async def test_an_order_without_an_answer_in_time(bench: Any) -> None:
    """The wait has an end; whether it arrived is not known."""
    _, opened = await long_account(bench, directly=True)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.HANG, path="v1/order")
    bench.hurry(opened, 0.5)
    with pytest.raises(OrderOutcomeUnknown, match=r"no answer within 0\.5 s"):
        await opened.submit(REDUCE)


async def test_an_order_of_an_earlier_session_is_looked_up(bench: Any) -> None:
    """After a crash the start of the session is the latest moment at which it can have left."""
    account, opened = await long_account(bench)
    await opened.submit(REDUCE)
    restarted = await bench.open(account)
    assert (await restarted.find_order("guard-1", BTC)).status is OrderStatus.FILLED
    assert bench.clock.slept == []
    assert await restarted.find_order("guard-2", BTC) is None
    assert bench.clock.slept == [pytest.approx(6.0, abs=0.5)]
    assert await restarted.find_order("guard-2", BTC) is None
    assert len(bench.clock.slept) == 1


async def test_a_look_up_that_fails_is_no_answer(bench: Any) -> None:
    """It must not pass for "not there"."""
    _, opened = await long_account(bench)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.OUTAGE, path="v1/order")
    with pytest.raises(VenueUnavailable):
        await opened.find_order("guard-1", BTC)


async def test_a_second_order_with_a_resting_ones_id_is_no_refusal(bench: Any) -> None:
    """One with this id stands: it must be looked up."""
    _, opened = await long_account(bench)
    resting = replace(REDUCE, limit_price=Decimal("50000.0"), time_in_force="GTC")
    assert (await opened.submit(resting)).status is OrderStatus.OPEN
    with pytest.raises(OrderOutcomeUnknown) as caught:
        await opened.submit(resting)
    assert caught.value.code == "-4116"
    assert (await opened.find_order("guard-1", BTC)).status is OrderStatus.OPEN


async def test_an_answer_that_does_not_add_up_is_an_unknown_outcome(bench: Any) -> None:
    """The order may well stand."""
    _, opened = await long_account(bench)
    bench.tampering.changes[bench.orders] = lambda answer: {**answer, "status": "SOMETHING"}
    with pytest.raises(OrderOutcomeUnknown, match="SOMETHING"):
        await opened.submit(REDUCE)


async def test_a_limit_refuses_an_order_and_keeps_the_next_one_here(bench: Any) -> None:
    """Both are certain: the first was refused, the second never left."""
    account, opened = await long_account(bench)
    await opened.fetch_book()
    bench.server.add_fault(FaultKind.TOO_MANY_REQUESTS, path="v1/order", times=1)
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(REDUCE)
    assert caught.value.code == "-1003"
    with pytest.raises(OrderRejected, match="more of silence"):
        await opened.submit(REDUCE)
    assert len(sent(bench)) == 1
    bench.clock.jump(20)
    assert (await opened.submit(REDUCE)).status is OrderStatus.FILLED
    assert legs(account) == {"BOTH": Decimal("1.5")}


async def test_a_clock_that_jumps_refuses_an_order_once(bench: Any) -> None:
    """It is not sent again by itself; the next one goes out with the new difference."""
    account, opened = await long_account(bench)
    await opened.fetch_book()
    bench.clock.drift_s = -60.0
    with pytest.raises(OrderRejected) as caught:
        await opened.submit(REDUCE)
    assert caught.value.code == "-1021"
    assert legs(account) == {"BOTH": Decimal(2)}
    assert (await opened.submit(REDUCE)).status is OrderStatus.FILLED


async def test_a_key_that_may_not_trade_is_refused(bench: Any) -> None:
    """Certainly; and the message says which right."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account, **bench.key(account, futures=False))
    await opened.fetch_book()
    with pytest.raises(OrderRejected, match="lacks the right") as caught:
        await opened.submit(REDUCE)
    assert caught.value.code == "-2015"


async def test_a_venue_that_is_down_before_anything_is_known(bench: Any) -> None:
    """Nothing was sent, so nothing is unknown."""
    _, opened = await long_account(bench)
    bench.server.add_fault(FaultKind.OUTAGE)
    with pytest.raises(OrderRejected, match="was not sent"):
        await opened.submit(REDUCE)
    assert sent(bench) == []
