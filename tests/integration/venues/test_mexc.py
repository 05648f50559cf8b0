"""MEXC with real ccxt against a small server of its shapes: reading, refusals, and that nothing can be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from guard.ports.errors import (
    BadAnswer,
    ClockSkew,
    CredentialsRejected,
    OrderRejected,
    PermissionMissing,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from guard.ports.venue import OrderRequest
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from tests.harness.mexc_wire import Bench, Venue, contract


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """On any free port of loopback."""
    venue = Venue()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", venue.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made = Bench(venue, f"http://{host}:{port}")
    yield made
    await made.close()
    await runner.cleanup()


async def test_a_flat_account(bench: Bench) -> None:
    """Money and nothing else."""
    fetched = await (await bench.open()).fetch_book()
    assert (fetched.missing, fetched.torn, fetched.position_mode_proven) == ((), (), True)
    assert [(item.asset, item.balance) for item in fetched.book.collateral] == [("USDT", 10_000.0)]
    assert (fetched.book.model, fetched.book.positions, fetched.book.orders) == ("mexc", (), ())


async def test_long_and_short_in_two_currencies(bench: Bench) -> None:
    """Contracts, sides and profits; equity agrees with the venue's."""
    bench.venue.hold("BTC_USDT", 5_000, 43_000)
    bench.venue.hold("BTC_USDC", -3_000, 44_000)
    bench.venue.fund("USDT", 10_250, unrealized=250, used=100)
    bench.venue.fund("USDC", 5_150, unrealized=150, used=100)
    fetched = await (await bench.open()).fetch_book()
    assert fetched.missing == ()
    risk = assess(fetched.book)
    assert conformity(risk, fetched.book) == ()
    pools = {pool.currency: pool for pool in risk.pools}
    assert (pools["USDT"].equity, pools["USDC"].equity) == pytest.approx((10_250, 5_150))
    assert pools["USDT"].maintenance_margin == pytest.approx(0.5 * 43_500 * 0.004)
    assert pools["USDT"].closing_fees == pytest.approx(0.5 * 43_500 * 0.0006)
    assert {leg.symbol: leg.side for leg in fetched.book.positions} == {
        "BTC/USDT:USDT": "long",
        "BTC/USDC:USDC": "short",
    }


async def test_hedge_mode_and_isolated_legs(bench: Bench) -> None:
    """Both sides of a symbol, and an isolated leg beside a cross one."""
    bench.venue.mode = 1
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    bench.venue.hold("BTC_USDT", -3_000, 43_500)
    bench.venue.hold("ETH_USDT", -1_000, 3_400, openType=1, im=1_700)
    fetched = await (await bench.open()).fetch_book()
    assert (fetched.missing, fetched.book.position_mode) == ((), "hedge")
    risk = assess(fetched.book)
    assert conformity(risk, fetched.book) == ()
    cross, alone = risk.pools
    assert (cross.equity, alone.equity) == pytest.approx((8_300, 1_700))


async def test_a_mode_that_was_changed_is_noticed(bench: Bench) -> None:
    """Both legs of a symbol contradict one-way mode."""
    opened = await bench.open()
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    bench.venue.hold("BTC_USDT", -3_000, 43_500)
    with pytest.raises(BadAnswer, match="the held legs say otherwise"):
        await opened.fetch_book()
    bench.venue.mode = 1
    assert (await opened.fetch_book()).book.position_mode == "hedge"


async def test_orders_of_all_kinds(bench: Bench) -> None:
    """Resting, waiting for a price, trailing it, and stops of a position."""
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    bench.venue.orders.append(bench.venue.rest(1, "ETH_USDT", 1, 3_000))
    bench.venue.orders.append(bench.venue.rest(2, "BTC_USDT", 4, 50_000, dealVol=40))
    bench.venue.plans.append({**bench.venue.rest(3, "BTC_USDT", 3, 45_000), "id": "3"})
    bench.venue.trails.append({"id": "5", "symbol": "BTC_USDT", "side": 2, "vol": 7, "leverage": 2, "state": 0})
    bench.venue.stops.append({"id": 4, "symbol": "BTC_USDT", "positionType": 1, "vol": 5000, "stopLossPrice": 40_000})
    fetched = await (await bench.open()).fetch_book()
    assert fetched.missing == ()
    assert [(each.side, each.remaining, each.reduce_only, each.conditional) for each in fetched.book.orders] == [
        ("buy", 100.0, False, False),
        ("sell", 60.0, True, False),
        ("sell", 100.0, False, True),
        ("buy", 7.0, True, True),
        ("sell", 5000.0, True, True),
    ]
    assert set(fetched.book.parameters) == {"ETH/USDT:USDT"}


async def test_all_pages_of_orders_are_read(bench: Bench) -> None:
    """And more than fit are named."""
    bench.venue.orders = [bench.venue.rest(number, "BTC_USDT", 1, 40_000) for number in range(250)]
    opened = await bench.open()
    fetched = await opened.fetch_book()
    assert (len(fetched.book.orders), fetched.missing) == (250, ())
    bench.venue.orders = [bench.venue.rest(number, "BTC_USDT", 1, 40_000) for number in range(1_100)]
    fetched = await opened.fetch_book()
    assert len(fetched.book.orders) == 1_000
    assert fetched.missing == ("orders beyond the first 1,000 (mexc GET private/order/list/open_orders)",)


async def test_a_new_contract_is_looked_up(bench: Bench) -> None:
    """It is not in the list of this morning."""
    opened = await bench.open()
    await opened.fetch_book()
    bench.venue.contracts.append(contract("NEW_USDT", 1))
    bench.venue.marks["NEW_USDT"] = 2.0
    bench.venue.hold("NEW_USDT", 10, 2.0)
    bench.clock.ahead_s += 61
    assert (await opened.fetch_book()).missing == ()
    bench.venue.hold("GONE_USDT", 10, 2.0)
    assert (await opened.fetch_book()).missing == ("listing of GONE_USDT",)


async def test_a_rate_of_the_users_own_is_told(bench: Bench) -> None:
    """The venue charges something else than its list says."""
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    bench.venue.rate = 0.01
    fetched = await (await bench.open()).fetch_book()
    assert fetched.missing == ("tiers of BTC/USDT:USDT for this user: 1 % is charged, 0.4 % listed",)


async def test_a_rate_that_went_with_the_size_is_read_at_once(bench: Bench) -> None:
    """A leg that grew into the next level is no disagreement until the kept rate is old."""
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    opened = await bench.open()
    assert (await opened.fetch_book()).missing == ()
    bench.venue.positions[0]["holdVol"], bench.venue.rate = 15_000, 0.008
    assert (await opened.fetch_book()).missing == ()
    asked = bench.venue.seen.count("/api/v1/private/position/leverage")
    await opened.fetch_book()
    assert bench.venue.seen.count("/api/v1/private/position/leverage") == asked


async def test_a_key_that_may_only_read(bench: Bench) -> None:
    """The documents keep the position mode and the leverages for keys that may trade: it is read all the same."""
    denied = (200, {"success": False, "code": 704, "message": "Transaction information modify permission is required"})
    bench.venue.refusals = {"/position/position_mode": denied, "/position/leverage": denied}
    bench.venue.hold("BTC_USDT", 5_000, 43_500)
    check = await (await bench.open()).check()
    assert (check.fetched.missing, check.fetched.position_mode_proven) == ((), False)
    assert "position mode cannot be seen" in check.account_mode
    assert assess(check.fetched.book).pools[0].maintenance_margin == pytest.approx(0.5 * 43_500 * 0.004)
    bench.venue.refusals["/position/position_mode"] = (200, {"success": False, "code": 406, "message": "IP"})
    bench.clock.ahead_s += 601
    with pytest.raises(PermissionMissing):
        await (await bench.open("bob")).fetch_book()


async def test_accounts_share_contracts_and_fair_prices(bench: Bench) -> None:
    """Asked once for both."""
    one, two = await bench.open("alice"), await bench.open("bob")
    await one.fetch_book()
    await two.fetch_book()
    assert bench.venue.seen.count("/api/v1/contract/detail") == 1
    assert bench.venue.seen.count("/api/v1/contract/ticker") == 1
    bench.clock.ahead_s += 2
    await one.fetch_book()
    assert bench.venue.seen.count("/api/v1/contract/ticker") == 2


async def test_nothing_can_be_sent(bench: Bench) -> None:
    """Watched only: said at the check, and when somebody tries."""
    opened = await bench.open()
    check = await opened.check()
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, None, None)
    assert any("watched only" in warning for warning in check.warnings)
    assert any("does not tell" in warning for warning in check.warnings)
    request = OrderRequest(
        "g1", "BTC/USDT:USDT", "sell", "long", Decimal(1), Decimal(43_000), reduce_only=True, position_mode="one_way"
    )
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(request)
    assert not [path for path in bench.venue.seen if "order/" in path and "list" not in path and "open" not in path]


async def test_instruments_and_the_order_book(bench: Bench) -> None:
    """In contracts."""
    opened = await bench.open()
    rules = await opened.instrument("BTC/USDT:USDT")
    assert (rules.contract_size, rules.step, rules.tick) == (Decimal("0.0001"), Decimal(1), Decimal("0.1"))
    depth = await opened.depth("BTC/USDT:USDT")
    assert (depth.bids[0].contracts, depth.asks[0].price) == (5.0, 43_501.0)
    with pytest.raises(VenueError, match="mexc lists no"):
        await opened.instrument("NONE/USDT:USDT")


@pytest.mark.parametrize("drift_s", [-120.0, 120.0])
async def test_timestamps_are_on_the_venues_clock(bench: Bench, drift_s: float) -> None:
    """The difference is measured before the first signed request."""
    bench.clock.drift_s = drift_s
    check = await (await bench.open()).check()
    assert check.clock_skew_ms == pytest.approx(drift_s * 1000, abs=1_000)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (200, {"success": False, "code": 602, "message": "Signature verification failed"}, CredentialsRejected),
        (200, {"success": False, "code": 406, "message": "IP not in whitelist"}, PermissionMissing),
        (200, {"success": False, "code": 703, "message": "read access is required"}, PermissionMissing),
        (200, {"success": False, "code": 510, "message": "Requests are too frequent"}, RateLimited),
        (200, {"success": False, "code": 513, "message": "Invalid request"}, ClockSkew),
        (200, {"success": False, "code": 501, "message": "System busy"}, VenueUnavailable),
        (503, "<html>maintenance</html>", VenueUnavailable),
        (200, "<html>hello</html>", BadAnswer),
        (200, {"success": True}, BadAnswer),
        (200, {"success": True, "data": [{"currency": "USDT", "equity": "", "unrealized": 0}]}, BadAnswer),
    ],
)
async def test_each_failure(bench: Bench, status: int, answer: Any, kind: type[VenueError]) -> None:
    """As one class, with what to do; afterwards it works again."""
    opened = await bench.open()
    bench.venue.refusals["/account/assets"] = (status, answer)
    with pytest.raises(VenueError) as caught:
        await opened.fetch_book()
    assert isinstance(caught.value, kind), f"{type(caught.value).__name__}: {caught.value}"
    assert str(caught.value).startswith("mexc GET private/account/assets")
    assert "; " in str(caught.value)
    bench.venue.refusals.clear()
    bench.clock.ahead_s += 300
    assert (await opened.fetch_book()).missing == ()


async def test_a_wrong_key(bench: Bench) -> None:
    """The key itself is in question."""
    with pytest.raises(CredentialsRejected, match="enter it again"):
        await (await bench.open(key="other")).fetch_book()
