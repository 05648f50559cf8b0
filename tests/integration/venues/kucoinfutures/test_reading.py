"""KuCoin's own: orders in the requirement, several wallets, changes during a reading, unified accounts, death."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import BadAnswer, OrderRejected, VenueError
from guard.ports.venue import OrderRequest
from guard.risk.assess import assess
from guard.risk.conformity import conformity, worse_of
from guard.sandbox.engine.margin import Pool
from guard.sandbox.engine.rules.kucoinfutures import UNIFIED
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness

OVERVIEW = "/api/v1/account-overview"
LEVERAGE = "/api/v2/getCrossUserLeverage"
MODE = "/api/v2/position/getPositionMode"
ACCOUNT_MODE = "/api/ua/v1/account/mode"


def pool_at_venue(bench: Harness, account: Any, currency: str) -> Pool:
    """A cross pool as the engine has it."""
    engine = bench.server.engine
    pools = engine.market.rule.pools(account.account, engine.market, engine.figures(account.account))
    (pool,) = [pool for pool in pools if pool.currency == currency and not pool.isolated]
    return pool


def agrees_with_engine(bench: Harness, account: Any, fetched: Any, currency: str = "USDT") -> None:
    """Ours is the engine's, and nothing is disputed."""
    risk = assess(fetched.book)
    (pool,) = [pool for pool in risk.pools if pool.currency == currency and pool.margin_mode == "cross"]
    theirs = pool_at_venue(bench, account, currency)
    assert pool.equity == pytest.approx(float(theirs.equity), rel=1e-9)
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(float(theirs.maintenance), rel=1e-9)
    assert theirs.maintenance > 0
    assert conformity(risk, fetched.book) == ()


@pytest.mark.parametrize(
    ("held", "orders"),
    [
        ("40", [(Side.BUY, "20", "42000")]),
        ("40", [(Side.SELL, "90", "45000")]),
        ("-5", [(Side.SELL, "3", "45000"), (Side.BUY, "4", "42000")]),
        ("0", [(Side.BUY, "4", "42000")]),
    ],
)
async def test_orders_count_in_the_requirement(bench: Harness, held: str, orders: list[Any]) -> None:
    """By the worse side after either is filled; their fees come off the equity."""
    legs = (bench.holding("BTCUSDT", held, "43000", leverage=10),) if Decimal(held) else ()
    account = bench.account("alice", *legs, bench.holding("ETHUSDT", "-20", "3300"), balances={"USDT": 900_000})
    for side, qty, price in orders:
        bench.rest(account, "BTCUSDT", side, qty, price)
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    agrees_with_engine(bench, account, fetched)


async def test_a_contract_that_is_only_ordered(bench: Harness) -> None:
    """Its leverage and its mark are asked for by themselves."""
    account = bench.account()
    account.account.settings_of("ETHUSDT").leverage = 7
    bench.rest(account, "ETHUSDT", Side.BUY, "10", "3300")
    fetched = await (await bench.open(account)).fetch_book()
    terms = fetched.book.parameters["ETH/USDT:USDT"]
    assert (terms["leverage"], terms["mark_price"], terms["contract_size"]) == (7.0, 3_400.0, 0.01)
    assert bench.tampering.count(LEVERAGE) == 1
    agrees_with_engine(bench, account, fetched)


async def test_an_order_on_a_contract_without_cross_margin_does_not_blind(bench: Harness) -> None:
    """The venue tells no leverage of it: that is missing where it is needed, and isolated orders do not need it."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    bench.rest(account, "ETHUSDT", Side.BUY, "10", "3300")
    opened = await bench.open(account)
    bench.tampering.changes[LEVERAGE] = lambda _: {"code": "330001", "msg": "no cross margin"}
    assert (await opened.fetch_book()).missing == ("leverage of ETH/USDT:USDT",)

    def isolated(answer: Any) -> Any:
        for row in answer["data"]["items"]:
            row.update(marginMode="ISOLATED")
        return answer

    bench.tampering.changes[bench.open_orders] = isolated
    fetched = await opened.fetch_book()
    assert (fetched.missing, set(fetched.book.parameters)) == ((), {"BTC/USDT:USDT"})
    assert assess(fetched.book).risk_ratio is not None


async def test_a_hedge_counts_by_its_net_and_its_orders(bench: Harness) -> None:
    """Long and short of one symbol."""
    legs = (bench.holding("BTCUSDT", "30", "43000", "LONG"), bench.holding("BTCUSDT", "-12", "44000", "SHORT"))
    account = bench.account("alice", *legs, hedge_mode=True, balances={"USDT": 500_000})
    bench.rest(account, "BTCUSDT", Side.SELL, "2", "45000", leg=Leg.SHORT)
    fetched = await (await bench.open(account)).fetch_book()
    agrees_with_engine(bench, account, fetched)


async def test_an_isolated_leg_has_the_venues_requirement(bench: Harness) -> None:
    """Rate, funding and the fee at its bankruptcy price, on what it cost."""
    leg = bench.holding("ETHUSDT", "-10", "3300", leverage=10, isolated_wallet=Decimal(4000))
    account = bench.account("alice", leg)
    book = (await (await bench.open(account)).fetch_book()).book
    engine = bench.server.engine
    pools = engine.market.rule.pools(account.account, engine.market, engine.figures(account.account))
    (theirs,) = [pool for pool in pools if pool.isolated]
    (ours,) = [pool for pool in assess(book).pools if pool.margin_mode == "isolated"]
    assert ours.maintenance_margin + ours.closing_fees == pytest.approx(float(theirs.maintenance), rel=1e-9)
    assert ours.equity == pytest.approx(float(theirs.equity), rel=1e-9)


async def test_an_isolated_order_only_sets_its_margin_aside(bench: Harness) -> None:
    """It comes off the equity as at the venue, and asks nothing else of the cross pool."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 20_000})
    account.account.settings_of("ETHUSDT").isolated = True
    bench.rest(account, "ETHUSDT", Side.BUY, "20", "3300")
    fetched = await (await bench.open(account)).fetch_book()
    theirs = pool_at_venue(bench, account, "USDT")
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(float(theirs.equity), rel=1e-9)
    assert pool.risk_ratio == pytest.approx(float(theirs.ratio or 0), rel=1e-9)
    assert conformity(assess(fetched.book), fetched.book) == ()


async def test_only_wallets_with_something_in_them_are_read(bench: Harness) -> None:
    """All are looked at once; then those in use."""
    opened = await bench.open(bench.account("alice", balances={"USDT": 50_000, "USDC": 500}))
    await opened.fetch_book()
    asked = bench.tampering.count(OVERVIEW)
    await opened.fetch_book()
    assert bench.tampering.count(OVERVIEW) == asked + 2
    assert (await opened.reader.modes()).settles == ("USDC", "USDT")


async def test_a_wallet_that_was_empty_is_read_once_it_is_needed(bench: Harness) -> None:
    """A leg that settles in it is enough."""
    account = bench.account("alice", balances={"USDT": 50_000})
    opened = await bench.open(account)
    await opened.fetch_book()
    account.account.wallets["USDC"] = Decimal(20_000)
    bench.rest(account, "BTCUSDC", Side.BUY, "1", "45000")
    fetched = await opened.fetch_book()
    assert {item.asset for item in fetched.book.collateral} == {"USDT", "USDC"}
    agrees(fetched, bench.relative)


async def test_a_wallet_that_the_venue_refuses_to_tell_of(bench: Harness) -> None:
    """It counts as empty while nothing settles in it; then its refusal is the reading's."""
    account = bench.account("alice", balances={"USDT": 50_000})
    opened = await bench.open(account)

    def refuse(answer: Any) -> Any:
        if answer["data"]["currency"] == "USDC":
            return {"code": "400100", "msg": "currency is not supported"}
        return answer

    bench.tampering.changes[OVERVIEW] = refuse
    assert (await opened.fetch_book()).missing == ()
    account.account.wallets["USDC"] = Decimal(20_000)
    bench.rest(account, "BTCUSDC", Side.BUY, "0.1", "45000")
    with pytest.raises(VenueError, match="currency is not supported"):
        await opened.fetch_book()


async def test_an_isolated_inverse_leg_is_not_hidden(bench: Harness) -> None:
    """Its own ratio is the account's, though the cross pools carry nothing."""
    leg = bench.holding("BTCUSD", "30000", "43500", isolated_wallet=Decimal("0.01"))
    account = bench.account("alice", leg, balances={"BTC": "1"})
    book = (await (await bench.open(account)).fetch_book()).book
    engine = bench.server.engine
    pools = engine.market.rule.pools(account.account, engine.market, engine.figures(account.account))
    (theirs,) = [pool for pool in pools if pool.isolated]
    assert worse_of(assess(book), book).risk_ratio == pytest.approx(float(theirs.ratio or 0), rel=1e-9)


async def test_a_fill_during_a_reading_is_noticed(bench: Harness) -> None:
    """The positions are looked at again after everything else; the shell reads once more."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    fills = iter(["1"])

    def fill() -> None:
        qty = next(fills, None)
        if qty:
            bench.rest(account, "BTCUSDT", Side.BUY, qty, "45000")

    seen = bench.tampering.count(bench.positions)
    bench.tampering.before[OVERVIEW] = fill
    fetched = await opened.fetch_book()
    assert fetched.torn == ()
    assert fetched.book.positions[0].contracts == 3_000.0
    assert bench.tampering.count(bench.positions) in {seen + 2, seen + 4}


async def test_a_leg_that_changes_at_every_look_is_torn(bench: Harness) -> None:
    """Said, not guessed."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    looks: list[int] = []

    def grow(answer: Any) -> Any:
        looks.append(1)
        answer["data"][0]["currentQty"] += 100 * len(looks)
        return answer

    bench.tampering.changes[bench.positions] = grow
    assert (await opened.fetch_book()).torn


async def test_a_position_mode_that_changed_while_flat(bench: Harness) -> None:
    """Legs that contradict the known mode have it read anew; if it still contradicts, nothing is believed."""
    account = bench.account()
    opened = await bench.open(account)
    await opened.fetch_book()
    account.account.hedge_mode = True
    bench.rest(account, "BTCUSDT", Side.BUY, "1", "45000", leg=Leg.LONG)
    fetched = await opened.fetch_book()
    assert (fetched.book.position_mode, fetched.position_mode_proven) == ("hedge", True)

    def deny(answer: Any) -> Any:
        answer["data"]["positionMode"] = 0
        return answer

    bench.tampering.changes[MODE] = deny
    bench.clock.jump(700)
    with pytest.raises(BadAnswer, match="the held legs say otherwise"):
        await opened.fetch_book()


async def test_announced_constants_come_into_force(bench: Harness) -> None:
    """At their time, though they were read before it."""
    now_ms = bench.clock.now().timestamp() * 1000

    def announce(answer: Any) -> Any:
        for row in answer["data"]:
            row.update(adjustM=150.0, adjustK=245.0, adjustActiveTime=int(now_ms + 60_000))
        return answer

    bench.tampering.changes[bench.listings] = announce
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    symbol = bench.symbol("BTCUSDT")
    assert (await opened.fetch_book()).book.parameters[symbol]["m"] == 300.0
    bench.clock.drift_s = 120.0
    assert (await opened.fetch_book()).book.parameters[symbol]["m"] == 150.0


async def test_lists_of_orders_are_read_to_their_end(bench: Harness) -> None:
    """Page by page; an order that slipped to the next page meanwhile is not counted twice."""
    account = bench.account("alice", balances={"USDT": 10_000_000})
    for index in range(5):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.01", str(42_000 + index))
    first: list[dict[str, Any]] = []

    def paged(answer: Any) -> Any:
        data = answer["data"]
        first[:] = data["items"] or first
        start = {1: 0, 2: 1, 3: 3}[data["currentPage"]]
        answer["data"] = {**data, "totalPage": 3, "items": first[start : start + 2]}
        return answer

    bench.tampering.changes[bench.open_orders] = paged
    fetched = await (await bench.open(account)).fetch_book()
    assert sorted(order.price or 0 for order in fetched.book.orders) == [42_000, 42_001, 42_002, 42_003, 42_004]
    assert fetched.missing == ()


async def test_a_list_that_changes_while_it_is_read(bench: Harness) -> None:
    """An order may have slipped through: the book is incomplete."""
    account = bench.account()
    bench.rest(account, "BTCUSDT", Side.BUY, "0.01", "42000")

    def shrinking(answer: Any) -> Any:
        data = answer["data"]
        data.update(totalPage=2, totalNum=2 if data["currentPage"] == 1 else 1)
        return answer

    bench.tampering.changes[bench.open_orders] = shrinking
    assert any("moved between pages" in name for name in (await (await bench.open(account)).fetch_book()).missing)


async def test_a_list_without_end_is_said_to_be_cut(bench: Harness) -> None:
    """The book is incomplete, and the reading ends."""
    account = bench.account()
    bench.rest(account, "BTCUSDT", Side.BUY, "0.01", "42000")

    def endless(answer: Any) -> Any:
        answer["data"]["totalPage"] = 1_000
        return answer

    bench.tampering.changes[bench.open_orders] = endless
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("open orders after the first 1",)
    assert bench.tampering.count(bench.open_orders) == 10


async def test_a_unified_account_is_told_as_the_venue_tells_it(bench: Harness) -> None:
    """Model `reported`, one pool in USD, watched only."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDC", "-5", "3300"))
    account = bench.account("alice", *legs, balances={"USDT": 20_000, "USDC": 10_000})
    account.account.mode = UNIFIED
    bench.rest(account, "BTCUSDT", Side.BUY, "0.1", "40000")
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert (fetched.missing, fetched.torn, fetched.book.model) == ((), (), "reported")
    assert {leg.symbol for leg in fetched.book.positions} == {"BTC/USDT:USDT", "ETH/USDC:USDC"}
    assert sorted((order.conditional, order.reduce_only) for order in fetched.book.orders) == [
        (False, False),
        (True, True),
    ]
    (pool,) = assess(fetched.book).pools
    assert pool.risk_ratio == pytest.approx(float(pool_at_venue(bench, account, "USD").ratio or 0), rel=1e-6)
    assert "unified" in (await opened.check()).account_mode
    assert opened._client.exchange.options["uta"] is True
    request = OrderRequest(
        "g1", "BTC/USDT:USDT", "sell", "long", Decimal(100), Decimal(43_000), reduce_only=True, position_mode="one_way"
    )
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(request)


async def test_listings_are_read_anew_for_a_unified_account(bench: Harness) -> None:
    """Of the list that tells sizes, for the sake of everybody: ccxt prefers another one for unified accounts."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    account.account.mode = UNIFIED
    opened = await bench.open(account)
    await opened.fetch_book()
    asked = len(bench.tampering.seen)
    bench.clock.jump(2 * 86_400)
    assert (await opened.fetch_book()).missing == ()
    paths = {path for _, path, _ in bench.tampering.seen[asked:]}
    assert bench.listings in paths
    assert not {path for path in paths if path.startswith("/api/ua/v1/market")}


async def test_an_account_that_became_unified(bench: Harness) -> None:
    """Its classic requests fail; once its mode is read anew it is told as a unified one."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.model == "kucoin"
    account.account.mode = UNIFIED
    bench.clock.jump(700)
    assert (await opened.fetch_book()).book.model == "reported"


async def test_an_unknown_account_mode(bench: Harness) -> None:
    """Nothing is computed for it."""
    bench.tampering.changes[ACCOUNT_MODE] = lambda _: {"code": "200000", "data": {"selfAccountMode": "NEW"}}
    with pytest.raises(BadAnswer, match="selfAccountMode"):
        await (await bench.open(bench.account())).fetch_book()


async def test_the_mode_word_of_an_inverse_book(bench: Harness) -> None:
    """A person is told that the figures are the venue's."""
    account = bench.account("alice", bench.holding("BTCUSD", "30000", "43000"), balances={"BTC": "0.2"})
    check = await (await bench.open(account)).check()
    assert check.fetched.book.model == "reported"
    assert "inverse" in check.account_mode


@pytest.mark.parametrize(("qty", "price"), [("30", "39000"), ("-30", "47500")])
async def test_the_account_dies_where_the_guard_says(bench: Harness, qty: str, price: str) -> None:
    """Just before that mark it lives, just beyond it is dead."""
    legs = (bench.holding("BTCUSDT", qty, "43500", leverage=50), bench.holding("ETHUSDT", "10", "3400"))
    account = bench.account("alice", *legs, balances={"USDT": 100_000})
    book = (await (await bench.open(account)).fetch_book()).book
    legs_at = {leg.symbol: leg.liquidation_price for pool in assess(book).pools for leg in pool.positions}
    level = legs_at["BTC/USDT:USDT"]
    assert level is not None
    assert abs(level - float(price)) < 3_000
    step = 1 if Decimal(qty) > 0 else -1
    bench.server.set_price("BTCUSDT", str(round(level + step * 0.01, 4)))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", str(round(level - step * 0.01, 4)))
    assert bench.server.liquidated("alice")
