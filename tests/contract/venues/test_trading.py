"""Orders, as every adapter sends them: once, towards one leg only, with an answer that is certain or says it is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import OrderOutcomeUnknown, OrderRejected
from guard.ports.urgency import ACTING, urgent
from guard.ports.venue import OrderRequest, OrderState, OrderStatus
from guard.sandbox.faults import FaultKind
from guard.venues.registry import entry_of
from tests.contract.venues.harness import Harness

# The longest that the program makes: letters and digits only, so that every venue takes it.
ID = "g0123456789abcdef01s12c3"
_CLOSES = {"long": "sell", "short": "buy"}


@pytest.fixture(autouse=True)
def _trades(bench: Harness) -> None:
    """Orders are sent at all."""
    if not bench.can_trade:
        pytest.skip(f"accounts at {bench.venue} are watched only")


async def reduce(bench: Harness, opened: Any, base: str, **fields: Any) -> OrderRequest:
    """An order that closes `base` BTC of the long leg at 43,000, on the grid of the contract."""
    symbol = bench.symbol("BTCUSDT")
    instrument = await opened.instrument(symbol)
    request = OrderRequest(
        client_order_id=ID,
        symbol=symbol,
        side="sell",
        leg="long",
        contracts=bench.qty("BTCUSDT", Decimal(base)) / instrument.contract_size,
        limit_price=Decimal(43_000),
        reduce_only=True,
        position_mode="one_way",
    )
    return replace(request, **fields)


async def long_account(bench: Harness, *, directly: bool = False, **fields: Any) -> tuple[Any, Any]:
    """An account that is 2 BTC long, and opened."""
    leg = "LONG" if fields.get("hedge_mode") else "BOTH"
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", leg), **fields)
    return account, await bench.open(account, directly=directly)


def legs(bench: Harness, account: Any) -> dict[str, Decimal]:
    """What the venue itself holds, by leg, in coins."""
    return {position.leg.value: bench.base("BTCUSDT", position.qty) for position in account.account.held()}


def sent(bench: Harness) -> int:
    """How many orders reached the proxy."""
    return sum(method == "POST" and path.endswith(bench.orders) for method, path, _ in bench.tampering.seen)


async def outcome(opened: Any, request: OrderRequest) -> OrderState | None:
    """What became of it; None when it was refused for certain."""
    try:
        state: OrderState = await opened.submit(request)
    except OrderRejected:
        return None
    return state


async def test_a_reduction_fills(bench: Harness) -> None:
    """At the book's price; found again by its id."""
    account, opened = await long_account(bench)
    request = await reduce(bench, opened, "0.5")
    state = await opened.submit(request)
    assert (state.status, state.filled, state.client_order_id) == (OrderStatus.FILLED, request.contracts, ID)
    assert state.average_price == pytest.approx(43_500, rel=0.001)
    assert legs(bench, account) == {"BOTH": Decimal("1.5")}
    assert await opened.find_order(ID, request.symbol) == state


async def test_an_order_never_waits_for_the_budget_that_readings_wait_for(bench: Harness) -> None:
    """Neither sending it nor looking it up; it is counted all the same, and so are lists of orders."""
    _, opened = await long_account(bench)
    await opened.fetch_book()
    request = await reduce(bench, opened, "0.5")
    budget = opened._client.site.budget
    budget._per_minute, spent = 0.5, budget._used
    assert (await opened.submit(request)).status is OrderStatus.FILLED
    assert await opened.find_order(ID, request.symbol) is not None
    assert bench.clock.slept == []
    assert budget._used > spent
    opened.reader.forget_orders()
    await opened.fetch_book()
    assert bench.clock.slept != []


async def test_a_price_out_of_reach_expires_and_leaves_nothing_open(bench: Harness) -> None:
    """IOC: nobody to trade with is the end of an order, and no refusal."""
    account, opened = await long_account(bench)
    state = await opened.submit(await reduce(bench, opened, "0.5", limit_price=Decimal(44_000)))
    assert (state.status, state.filled) == (OrderStatus.EXPIRED, Decimal(0))
    assert legs(bench, account) == {"BOTH": Decimal(2)}
    assert (await opened.fetch_book()).book.orders == ()


@pytest.mark.parametrize("base", ["2", "5"])
async def test_a_reduction_larger_than_the_leg_never_flips_it(bench: Harness, base: str) -> None:
    """Whether the venue cuts it or refuses it."""
    account, opened = await long_account(bench)
    state = await outcome(opened, await reduce(bench, opened, base, limit_price=Decimal(40_000)))
    assert legs(bench, account) == ({"BOTH": Decimal(2)} if state is None else {})


@pytest.mark.parametrize("leg", ["long", "short"])
@pytest.mark.parametrize("base", ["0.5", "2", "3.5"])
async def test_a_reduction_in_hedge_mode_never_touches_the_other_leg(bench: Harness, leg: Any, base: str) -> None:
    """Closing LONG never opens or grows SHORT, closing SHORT never LONG, whatever the size."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    account = bench.account(
        "alice",
        bench.holding("BTCUSDT", "2", "43000", "LONG"),
        bench.holding("BTCUSDT", "-2", "43000", "SHORT"),
        hedge_mode=True,
    )
    opened = await bench.open(account)
    price = Decimal(40_000) if leg == "long" else Decimal(47_000)
    request = await reduce(bench, opened, base, leg=leg, side=_CLOSES[leg], position_mode="hedge", limit_price=price)
    other = "SHORT" if leg == "long" else "LONG"
    before = legs(bench, account)[other]
    state = await outcome(opened, request)
    after = legs(bench, account)
    assert after[other] == before
    left = Decimal(2) if state is None else max(Decimal(0), 2 - Decimal(base))
    assert abs(after.get(leg.upper(), Decimal(0))) == left
    assert state is not None or Decimal(base) > 2


async def test_reducing_what_is_not_held_is_refused(bench: Harness) -> None:
    """Certainly."""
    account = bench.account()
    opened = await bench.open(account)
    state = await outcome(opened, await reduce(bench, opened, "0.5"))
    assert state is None or state.filled == 0
    assert legs(bench, account) == {}


@pytest.mark.parametrize("mode", ["one_way", "hedge"])
@pytest.mark.parametrize("turned", [False, True], ids=["closed", "turned"])
async def test_a_leg_that_was_closed_a_moment_before_stays_closed(bench: Harness, mode: Any, turned: bool) -> None:
    """By hand, after the book was read: the order opens nothing, grows no opposite leg, and does not rest."""
    hedge = mode == "hedge"
    if hedge and not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    account, opened = await long_account(bench, hedge_mode=hedge)
    await opened.fetch_book()
    account.account.positions.clear()
    if turned:
        short = bench.holding("BTCUSDT", "-2", "43000", "SHORT" if hedge else "BOTH")
        account.account.positions.update(bench.account("bob", short, hedge_mode=hedge).account.positions)
    before = legs(bench, account)
    for number, price in enumerate((40_000, 44_000)):
        request = await reduce(bench, opened, "0.5", position_mode=mode, limit_price=Decimal(price))
        state = await outcome(opened, replace(request, client_order_id=f"{ID[:-1]}{number}"))
        assert state is None or (state.filled, state.status) == (Decimal(0), OrderStatus.EXPIRED), state
    assert legs(bench, account) == before
    assert (await opened.fetch_book()).book.orders == ()


async def test_an_order_for_the_other_position_mode_is_not_sent(bench: Harness) -> None:
    """It might open a leg instead of closing one."""
    account, opened = await long_account(bench)
    request = await reduce(bench, opened, "0.5", position_mode="hedge")
    with pytest.raises(OrderRejected, match="was not sent: it is for"):
        await opened.submit(request)
    assert sent(bench) == 0
    assert legs(bench, account) == {"BOTH": Decimal(2)}


async def test_a_request_off_the_grid_is_not_sent(bench: Harness) -> None:
    """Nothing is rounded or corrected on the way."""
    _, opened = await long_account(bench)
    instrument = await opened.instrument(bench.symbol("BTCUSDT"))
    request = await reduce(bench, opened, "0.5")
    for change in (
        {"side": "buy"},
        {"reduce_only": False},
        {"contracts": request.contracts + instrument.step / 2},
        {"limit_price": request.limit_price + instrument.tick / 2},
    ):
        with pytest.raises(OrderRejected, match="was not sent"):
            await opened.submit(replace(request, **change))
    assert sent(bench) == 0


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.UNKNOWN_STATE, FaultKind.TRUNCATED])
async def test_an_order_whose_answer_is_lost_is_found_again(bench: Harness, kind: FaultKind) -> None:
    """It was executed: the outcome is unknown, looked up, and never sent twice."""
    account, opened = await long_account(bench, directly=True)
    await opened.fetch_book()
    request = await reduce(bench, opened, "0.5")
    bench.server.add_fault(kind, path=bench.orders, times=1)
    with pytest.raises(OrderOutcomeUnknown, match=ID):
        await opened.submit(request)
    found = await opened.find_order(ID, request.symbol)
    assert (found.status, found.filled) == (OrderStatus.FILLED, request.contracts)
    assert legs(bench, account) == {"BOTH": Decimal("1.5")}


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.OUTAGE, FaultKind.HTML, FaultKind.INTERNAL_ERROR])
async def test_an_order_that_never_arrived_is_certainly_not_there(bench: Harness, kind: FaultKind) -> None:
    """No such order: believed only when no delayed request can arrive any more."""
    account, opened = await long_account(bench, directly=True)
    await opened.fetch_book()
    request = await reduce(bench, opened, "0.5")
    bench.clock.jump(100)
    bench.server.add_fault(kind, path=bench.orders)
    with pytest.raises(OrderOutcomeUnknown, match="never send it again"):
        await opened.submit(request)
    bench.server.clear_faults()
    bench.clock.slept.clear()
    assert await opened.find_order(ID, request.symbol) is None
    assert bench.clock.slept
    assert legs(bench, account) == {"BOTH": Decimal(2)}


async def test_the_order_book(bench: Harness) -> None:
    """Best level first, in contracts, around the mark."""
    _, opened = await long_account(bench)
    depth = await opened.depth(bench.symbol("BTCUSDT"))
    bids, asks = [level.price for level in depth.bids], [level.price for level in depth.asks]
    assert len(bids) >= 5
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < 43_500 < asks[0]
    instrument = await opened.instrument(bench.symbol("BTCUSDT"))
    at_venue = bench.server.engine.market.book(bench.engine_symbol("BTCUSDT")).bids[0].qty
    assert Decimal(str(depth.bids[0].contracts)) * instrument.contract_size == pytest.approx(at_venue)


async def test_thirty_orders_and_their_checks_fit_into_a_minute_of_requests(bench: Harness) -> None:
    """A plan in many small orders must not stand still half done because the venue's limit is used up."""
    _, opened = await long_account(bench)
    budget = opened._client.site.budget
    entry = entry_of(bench.venue)
    assert entry is not None
    with urgent(ACTING):
        await opened.fetch_book()
        request = await reduce(bench, opened, "0.1")
        await opened.submit(request)
        await opened.fetch_book()
        before = budget._used
        await opened.submit(replace(request, client_order_id=ID[:-1] + "4"))
        await opened.fetch_book()
    assert 30 * (budget._used - before) <= entry.weight_per_minute
