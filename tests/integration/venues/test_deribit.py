"""Real ccxt against a small Deribit on loopback that computes its figures by its own published rule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from guard.app.clock import SystemClock
from guard.ports.errors import (
    BadAnswer,
    CredentialsRejected,
    OrderOutcomeUnknown,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.venues.deribit.venue import VENUE
from tests.contract.venues.agreement import agrees
from tests.harness.deribit_wire import BTC, BTC_USDC, ETH, KEY, SECRET, D, Deribit
from tests.harness.wire_bench import WireBench, on_loopback

Bench = WireBench[Deribit]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """One venue on loopback."""
    async with on_loopback(Deribit(), VENUE, KEY, SECRET) as found:
        yield found


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes 1,000 USD of a long leg."""
    request = OrderRequest(
        client_order_id="g0123456789abcdef01s12c3",
        symbol=BTC,
        side="sell",
        leg="long",
        contracts=D(100),
        limit_price=D(49_000),
        reduce_only=True,
        position_mode="one_way",
    )
    return replace(request, **fields)


async def test_segregated_standard_margin(bench: Bench) -> None:
    """A pool for each settlement currency, perpetuals beside a fixed term, inverse and linear; the venue agrees."""
    bench.venue.cash = {"BTC": 2.0, "USDC": 30_000.0, "ETH": 0.0}
    bench.venue.held = {
        "BTC-PERPETUAL": (200_000.0, 48_000.0),
        "BTC-25DEC26": (-50_000.0, 52_000.0),
        "BTC_USDC-PERPETUAL": (-3.0, 49_000.0),
        "ETH-PERPETUAL": (0.0, 2_000.0),
    }
    check = await bench.open().check()
    agrees(check.fetched, 1e-9)
    book = check.fetched.book
    assert (book.model, check.account_mode) == ("deribit-sm", "standard margin (S:SM)")
    legs = {leg.symbol: (leg.side, leg.kind, leg.contracts, leg.contract_size, leg.settle) for leg in book.positions}
    assert legs == {
        BTC: ("long", "inverse", 20_000.0, 10.0, "BTC"),
        BTC + "-261225": ("short", "inverse", 5_000.0, 10.0, "BTC"),
        BTC_USDC: ("short", "linear", pytest.approx(30_000.0), 0.0001, "USDC"),
    }
    assert book.parameters[BTC]["base_im"] == pytest.approx(0.02)
    assert book.parameters[BTC]["base_mm"] == pytest.approx(0.01)
    assert book.parameters[BTC]["slope"] == pytest.approx(0.00005)


@pytest.mark.parametrize("totals", [True, False])
async def test_cross_collateral(bench: Bench, *, totals: bool) -> None:
    """One pool in USD at index prices, whether or not the venue tells totals in USD."""
    bench.venue.model, bench.venue.totals = "cross_sm", totals
    bench.venue.cash = {"BTC": 1.0, "USDC": -20_000.0, "ETH": 10.0}
    bench.venue.held = {"BTC-PERPETUAL": (100_000.0, 48_000.0), "BTC_USDC-PERPETUAL": (-1.0, 49_000.0)}
    check = await bench.open().check()
    agrees(check.fetched, 1e-9)
    assert check.account_mode == "cross standard margin (X:SM)"
    (pool,) = assess(check.fetched.book).pools
    assert (pool.currency, pool.margin_mode) == ("USD", "cross")


async def test_an_order_that_settles_in_a_currency_that_is_not_had(bench: Bench) -> None:
    """Other collateral carries it: its currency needs a price all the same."""
    bench.venue.model, bench.venue.cash = "cross_sm", {"BTC": 1.0, "ETH": 0.0}
    order = {"instrument_name": "ETH-PERPETUAL", "direction": "buy", "price": 2_000.0, "amount": 500.0, "label": ""}
    state = {"filled_amount": 0.0, "order_state": "open", "order_type": "limit", "order_id": "ETH-1"}
    bench.venue.orders = [{**order, **state, "reduce_only": False}]
    fetched = await bench.open().fetch_book()
    assert fetched.missing == ()
    assert {item.asset: item.price for item in fetched.book.collateral} == {"BTC": 50_000.0, "ETH": 2_500.0}


@pytest.mark.parametrize("model", ["segregated_pm", "cross_pm"])
async def test_portfolio_margin_is_reported(bench: Bench, model: str) -> None:
    """Nothing is recomputed: the venue's own figures, and the mode is told."""
    bench.venue.model = model
    bench.venue.held = {"BTC-PERPETUAL": (100_000.0, 48_000.0)}
    check = await bench.open().check()
    assert check.fetched.book.model == "reported"
    assert "portfolio margin" in check.account_mode
    _, _, maintenance = bench.venue._sums()["BTC"]
    equity = 2.0 + bench.venue._leg("BTC-PERPETUAL")[1]
    assert assess(check.fetched.book).risk_ratio == pytest.approx(maintenance / equity)


async def test_options_make_an_account_reported(bench: Bench) -> None:
    """Standard margin of options is not computed; the venue's totals hold them."""
    option = {
        "instrument_name": "BTC-25DEC26-60000-C",
        "kind": "option",
        "size": -2.0,
        "direction": "sell",
        "average_price": 0.03,
        "mark_price": 0.02,
        "initial_margin": 0.3,
        "maintenance_margin": 0.2,
    }
    bench.venue.options = [option]
    bench.venue.held = {"BTC-PERPETUAL": (100_000.0, 48_000.0)}
    fetched = await bench.open().fetch_book()
    assert (fetched.book.model, fetched.missing) == ("reported", ())
    assert [leg.symbol for leg in fetched.book.positions] == [BTC]


async def test_orders_of_options_and_of_currency_pairs(bench: Bench) -> None:
    """The one makes the account reported, too; the other is none of the margin system's business."""
    order = {"direction": "buy", "price": 0.1, "amount": 1.0, "filled_amount": 0.0, "order_type": "limit"}
    order |= {"order_state": "open", "order_id": "X-1", "label": "", "reduce_only": False}
    bench.venue.orders = [{**order, "instrument_name": "BTC_USDC"}]
    opened = bench.open()
    fetched = await opened.fetch_book()
    assert (fetched.book.model, fetched.missing, fetched.book.orders) == ("deribit-sm", (), ())
    bench.venue.orders = [{**order, "instrument_name": "BTC-25DEC26-60000-P"}]
    fetched = await opened.fetch_book()
    assert (fetched.book.model, fetched.missing, fetched.book.orders) == ("reported", (), ())


async def test_orders_are_read(bench: Bench) -> None:
    """Plain and waiting ones, with marks and rates where nothing is held."""
    order = {"instrument_name": "ETH-PERPETUAL", "direction": "buy", "price": 2_000.0, "amount": 500.0}
    state = {
        "filled_amount": 100.0,
        "order_state": "open",
        "order_type": "limit",
        "order_id": "ETH-1",
        "label": "mine",
    }
    bench.venue.orders = [
        {**order, **state, "reduce_only": False},
        {
            **order,
            **state,
            "price": "market_price",
            "order_state": "untriggered",
            "order_type": "stop_market",
            "reduce_only": True,
            "label": "",
        },
    ]
    bench.venue.cash = {"BTC": 2.0, "ETH": 3.0}
    fetched = await bench.open().fetch_book()
    plain, waiting = fetched.book.orders
    assert fetched.missing == ()
    assert (plain.symbol, plain.side, plain.price, plain.remaining, plain.client_order_id) == (
        ETH,
        "buy",
        2000.0,
        400.0,
        "mine",
    )
    assert (waiting.conditional, waiting.price, waiting.reduce_only, waiting.client_order_id) == (
        True,
        None,
        True,
        None,
    )
    assert fetched.book.parameters[ETH]["mark_price"] == 2_500.0
    pool = next(pool for pool in assess(fetched.book).pools if pool.currency == "ETH")
    assert pool.initial_margin == pytest.approx(400 / 2000 * 0.02)


async def test_an_account_dies_where_the_venue_says(bench: Bench) -> None:
    """At our liquidation price the venue's own requirement is its equity, as nearly as the rates are known."""
    bench.venue.cash = {"BTC": 0.3}
    bench.venue.held = {"BTC-PERPETUAL": (150_000.0, 50_000.0)}
    (pool,) = assess((await bench.open().fetch_book()).book).pools
    price = pool.positions[0].liquidation_price
    assert price is not None
    bench.venue.marks["BTC-PERPETUAL"] = price
    equity, _, maintenance = bench.venue._sums()["BTC"]
    assert maintenance / equity == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("account:read trade:read_write wallet:read", (True, True, False, None)),
        ("account:read trade:read wallet:read_write", (True, False, True, None)),
        ("account:read trade:read wallet:none ip:10.0.0.1", (True, False, False, True)),
    ],
)
async def test_rights(bench: Bench, scope: str, expected: tuple[bool | None, ...]) -> None:
    """By the scope of a token; the secret is not sent."""
    bench.venue.scope = scope
    rights = (await bench.open().check()).rights
    assert (rights.read, rights.trade, rights.withdraw, rights.ip_restricted) == expected


async def test_a_reduction_fills_and_is_found_again(bench: Bench) -> None:
    """In USD on the wire, in contracts here."""
    bench.venue.held = {"BTC-PERPETUAL": (5_000.0, 48_000.0)}
    opened = bench.open()
    state = await opened.submit(reduction())
    assert (state.status, state.filled, state.average_price) == (OrderStatus.FILLED, D(100), 50_000.0)
    assert bench.venue.held["BTC-PERPETUAL"][0] == 4_000.0
    assert await opened.find_order(state.client_order_id, BTC) == state
    assert await opened.find_order("another", BTC) is None
    expired = await opened.submit(reduction(client_order_id="second", limit_price=D(51_000)))
    assert (expired.status, expired.filled) == (OrderStatus.EXPIRED, D(0))


async def test_the_order_book_is_in_contracts(bench: Bench) -> None:
    """The venue's amounts are in USD."""
    depth = await bench.open().depth(BTC)
    assert [(level.price, level.contracts) for level in depth.bids] == [(49_999.5, 100.0), (49_999.0, 2.0)]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 13009, CredentialsRejected),
        (400, 13021, PermissionMissing),
        (400, 10028, RateLimited),
        (400, 11051, VenueUnavailable),
        (400, 10041, VenueUnavailable),
        (500, 11094, VenueUnavailable),
        (400, 11050, VenueError),
    ],
)
async def test_refusals(bench: Bench, status: int, code: int, expected: type[VenueError]) -> None:
    """By the venue's codes, with its words and its reason."""
    said = {"code": code, "message": "some words", "data": {"reason": "a reason"}}
    bench.venue.error = ("get_positions", status, said)
    with pytest.raises(expected, match="some words: a reason") as caught:
        await bench.open().fetch_book()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("code", "expected"), [(10009, OrderRejected), (13888, OrderOutcomeUnknown)])
async def test_refused_orders(bench: Bench, code: int, expected: type[VenueError]) -> None:
    """Some refusals are certain; after others the order is looked up."""
    bench.venue.held = {"BTC-PERPETUAL": (5_000.0, 48_000.0)}
    bench.venue.error = ("private/sell", 400, {"code": code, "message": "no"})
    with pytest.raises(expected):
        await bench.open().submit(reduction())


async def test_a_wrong_secret_and_a_wrong_clock(bench: Bench) -> None:
    """The key is in question; a clock that is wrong is corrected before anything is signed."""
    with pytest.raises(CredentialsRejected):
        await bench.open(secret="wrong").fetch_book()
    bench.clock.drift_s = -500.0
    opened = bench.open()
    for _ in range(2):
        check = await opened.check()
        assert check.clock_skew_ms == pytest.approx(-500_000, abs=2_000)
        assert check.fetched.missing == ()
    assert abs(bench.venue.stamped_ms - SystemClock().now().timestamp() * 1000) < 2_000


async def test_answers_that_contradict_themselves(bench: Bench) -> None:
    """Two margin models in one account, a size without its direction."""
    bench.venue.model = "something_new"
    with pytest.raises(BadAnswer, match="margin model"):
        await bench.open().fetch_book()
    bench.venue.model = "segregated_sm"
    bench.venue.options = [{"instrument_name": "X", "kind": "future", "size": 5, "direction": "sell"}]
    with pytest.raises(BadAnswer, match="direction"):
        await bench.open().fetch_book()


async def test_an_instrument_that_nobody_lists(bench: Bench) -> None:
    """Named as missing, as is the balance that it would need."""
    leg = {"instrument_name": "NEW-PERPETUAL", "kind": "future", "size": 5.0, "direction": "buy", "mark_price": 2.0}
    bench.venue.options = [{**leg, "average_price": 1.0, "initial_margin": 0.1, "maintenance_margin": 0.1}]
    assert "listing of NEW-PERPETUAL" in (await bench.open().fetch_book()).missing
