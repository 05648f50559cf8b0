"""Real ccxt against the sandbox's Bitget: kinds of accounts, products, plans, and that an account dies where we say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from decimal import Decimal
from typing import Any

import ccxt.pro as ccxt
import pytest

from guard.ports.errors import BadAnswer, OrderOutcomeUnknown, OrderRejected, VenueError
from guard.ports.venue import OrderRequest, OrderStatus
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.sandbox.dialects.bitget.signing import PHRASE
from guard.sandbox.engine.conditional import place_algo
from guard.sandbox.engine.orders import AlgoKind, AlgoRequest
from guard.sandbox.engine.sides import Leg, Side
from guard.venues.addresses import replace_host
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness, benched
from tests.contract.venues.harness_bitget import Bitget

D = Decimal
BTC = "BTC/USDT:USDT"


@pytest.fixture
async def bench() -> AsyncIterator[Harness]:
    """One venue."""
    async with benched(Bitget) as harness:
        yield harness


def btc(bench: Harness, qty: str = "2", leg: str = "BOTH", **fields: Any) -> Any:
    """A leg in BTC."""
    return bench.holding("BTCUSDT", qty, "43000", leg, **fields)


def reduction(**fields: Any) -> OrderRequest:
    """An order that closes half a BTC of a long leg."""
    values: dict[str, Any] = {
        "client_order_id": "g0123456789abcdef01s12c3",
        "symbol": BTC,
        "side": "sell",
        "leg": "long",
        "contracts": D("0.5"),
        "limit_price": D(43_000),
        "reduce_only": True,
        "position_mode": "one_way",
    }
    return OrderRequest(**{**values, **fields})


def asked(bench: Harness, end: str) -> list[dict[str, Any]]:
    """The parameters of the requests whose path ends so."""
    return [dict(query) for _, path, query in bench.tampering.seen if path.endswith(end)]


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["", "older"])
async def test_the_rule_of_a_leg_is_that_of_its_opening(bench: Harness, mode: str) -> None:
    """Far up the tiers: by slices since November 2025, whole before; the venue agrees with either."""
    account = bench.account("alice", btc(bench, "40", leverage=10), balances={"USDT": 300_000})
    account.account.mode = mode
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-9)
    assert conformity(assess(fetched.book), fetched.book) == ()
    (pool,) = assess(fetched.book).pools
    value = 40 * 43_500
    whole, sliced = value * 0.025, value * 0.025 - 16_300
    assert pool.maintenance_margin == pytest.approx(whole if mode else sliced)
    assert pool.closing_fees == pytest.approx(value * 0.0006)


async def test_every_product_at_once(bench: Harness) -> None:
    """Legs of two settlement currencies in hedge mode, an isolated one beside them; both pools agree."""
    legs = (
        btc(bench, "20", "LONG", leverage=20),
        btc(bench, "-15", "SHORT", leverage=20),
        bench.holding("ETHUSDT", "-100", "3300", "SHORT", isolated_wallet=D(40_000)),
        bench.holding("BTCUSDC", "-3", "44000", "SHORT"),
    )
    account = bench.account("alice", *legs, hedge_mode=True, balances={"USDT": 150_000, "USDC": 20_000})
    fetched = await (await bench.open(account)).fetch_book()
    agrees(fetched, 1e-9)
    assert fetched.book.model == "bitget"
    assert fetched.book.position_mode == "hedge"
    pools = {(pool.currency, pool.margin_mode): pool for pool in assess(fetched.book).pools}
    assert set(pools) == {("USDT", "cross"), ("USDC", "cross"), ("USDT", "isolated")}
    # Of 870,000 long against 652,500 short the long side is charged.
    assert pools["USDT", "cross"].closing_fees == pytest.approx(870_000 * 0.0006)


@pytest.mark.parametrize("mode", ["", "older"])
@pytest.mark.parametrize("qty", ["30", "-30"])
async def test_an_account_dies_where_the_guard_says(bench: Harness, qty: str, mode: str) -> None:
    """A hair before our liquidation price it lives, a hair behind it is gone."""
    account = bench.account("alice", btc(bench, qty, leverage=20), bench.holding("ETHUSDT", "-10", "3400"))
    account.account.mode = mode
    fetched = await (await bench.open(account)).fetch_book()
    legs = [leg for pool in assess(fetched.book).pools for leg in pool.positions if leg.symbol == BTC]
    (price,) = [leg.liquidation_price for leg in legs]
    assert price is not None
    away = 1 if qty.startswith("-") else -1
    bench.server.set_price("BTCUSDT", D(repr(price * (1 - away * 1e-6))))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", D(repr(price * (1 + away * 1e-6))))
    assert bench.server.liquidated("alice")


async def test_a_hedged_account_dies_where_the_guard_says(bench: Harness) -> None:
    """The smaller side needs nothing, and its PnL counts."""
    legs = (btc(bench, "30", "LONG", leverage=20), btc(bench, "-10", "SHORT", leverage=20))
    account = bench.account("alice", *legs, hedge_mode=True)
    fetched = await (await bench.open(account)).fetch_book()
    found = {leg.liquidation_price for pool in assess(fetched.book).pools for leg in pool.positions}
    (price,) = found - {None}
    assert price is not None
    bench.server.set_price("BTCUSDT", D(repr(price * (1 + 1e-6))))
    assert not bench.server.liquidated("alice")
    bench.server.set_price("BTCUSDT", D(repr(price * (1 - 1e-6))))
    assert bench.server.liquidated("alice")


# --- what cannot be computed ------------------------------------------------------------------------------------------


async def test_coin_margined_contracts_stand_on_the_venues_figures(bench: Harness) -> None:
    """Their value in coin is fixed: no rule of ours; the requirement, the PnL and the ratio are the venue's."""
    legs = (bench.holding("BTCUSD", "-30000", "42000"), btc(bench, "1"))
    account = bench.account("alice", *legs, balances={"USDT": 50_000, "BTC": "0.2"})
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ()
    assert fetched.book.model == "reported"
    pools = {pool.currency: pool for pool in assess(fetched.book).pools}
    coins = D(30_000) / 42_000
    assert pools["BTC"].maintenance_margin == pytest.approx(float(coins * D("0.0046")))
    (leg,) = pools["BTC"].positions
    assert leg.unrealized_pnl == pytest.approx(float(-coins * 1_500 / 43_500))
    assert pools["USDT"].equity == pytest.approx(50_500)
    bench.server.set_price("BTCUSD", 44_000)
    moved = await (await bench.open(account)).fetch_book()
    bench.server.set_price("BTCUSD", 59_000)
    assert bench.server.liquidated("alice")
    ratio = {pool.currency: pool.risk_ratio for pool in assess(moved.book).pools}["BTC"]
    before = pools["BTC"].risk_ratio
    assert ratio is not None
    assert before is not None
    assert before < ratio < 1


async def test_an_isolated_leg_that_the_venue_tells_nothing_of_is_named(bench: Harness) -> None:
    """Its requirement is in no figure of the venue's, and no rule of ours computes it."""
    leg = bench.holding("BTCUSD", "30000", "43000", isolated_wallet=D("0.05"))
    fetched = await (await bench.open(bench.account("alice", leg, balances={"BTC": 1}))).fetch_book()
    (missing,) = fetched.missing
    assert missing.startswith("requirement of BTC/USD:BTC, isolated")


async def test_multi_assets_mode(bench: Harness) -> None:
    """One pool of several coins: the venue's equity, requirement and ratio."""
    legs = (btc(bench, "5"), bench.holding("ETHUSDT", "-20", "3300"))
    account = bench.account("alice", *legs, balances={"USDT": 20_000, "USDC": 30_000}, multi_assets=True)
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    pool = next(pool for pool in assess(fetched.book).pools if pool.currency == "USDT")
    assert pool.equity == pytest.approx(20_000 + 30_000 + 5 * 500 - 20 * 100)
    figures = bench.server.engine.figures(account.account)
    (real,) = bench.server.engine.market.rule.pools(account.account, bench.server.engine.market, figures)
    assert pool.maintenance_margin == pytest.approx(float(real.maintenance))
    check = await opened.check()
    assert "multi-assets mode in USDT-FUTURES" in check.account_mode


# --- unified accounts -------------------------------------------------------------------------------------------------


def unified(bench: Harness, *legs: Any, **fields: Any) -> Any:
    """A unified account."""
    account = bench.account("alice", *legs, multi_assets=True, **fields)
    account.account.mode = "unified"
    return account


async def test_a_unified_account_is_told_apart_and_read(bench: Harness) -> None:
    """The classic requests are refused with a code of their own; the pool in USD is the venue's."""
    legs = (btc(bench, "5"), bench.holding("BTCUSDC", "-2", "43000"), bench.holding("BTCUSD", "30000", "43000"))
    account = unified(bench, *legs, balances={"USDT": 20_000, "USDC": 30_000, "BTC": 1})
    bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000")
    bench.stop(account, "BTCUSDT", Side.SELL, "1", "41000", reduce_only=True)
    opened = await bench.open(account)
    check = await opened.check()
    fetched = check.fetched
    assert (fetched.missing, fetched.book.model, fetched.position_mode_proven) == ((), "reported", True)
    assert check.account_mode.startswith("unified account")
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, True, False)
    (pool,) = assess(fetched.book).pools
    figures = bench.server.engine.figures(account.account)
    (real,) = bench.server.engine.market.rule.pools(account.account, bench.server.engine.market, figures)
    assert pool.currency == "USD"
    assert pool.equity == pytest.approx(float(real.equity))
    assert pool.risk_ratio == pytest.approx(float(real.ratio or 0))
    assert {leg.symbol for leg in fetched.book.positions} == {BTC, "BTC/USDC:USDC", "BTC/USD:BTC"}
    assert {(each.side, each.conditional, each.reduce_only) for each in fetched.book.orders} == {
        ("buy", False, False),
        ("sell", True, True),
    }
    classic = len(asked(bench, "/v2/mix/account/accounts"))
    await opened.fetch_book()
    assert len(asked(bench, "/v2/mix/account/accounts")) == classic


async def test_unified_accounts_are_not_traded(bench: Harness) -> None:
    """Nothing leaves."""
    opened = await bench.open(unified(bench, btc(bench)))
    await opened.fetch_book()
    with pytest.raises(OrderRejected, match="watched only"):
        await opened.submit(reduction())
    assert asked(bench, bench.orders) == []


@pytest.mark.parametrize(("before", "after"), [("", "unified"), ("unified", "")])
async def test_an_account_that_changes_its_kind_is_read_at_once(bench: Harness, before: str, after: str) -> None:
    """Either way, in the very cycle in which the old requests are refused."""
    account = bench.account("alice", btc(bench), multi_assets=True)
    account.account.mode = before
    opened = await bench.open(account)
    assert (await opened.fetch_book()).missing == ()
    account.account.mode = after
    fetched = await opened.fetch_book()
    assert fetched.missing == ()
    assert set(fetched.book.venue_reported.pools) == ({"USD"} if after else {"USDT"})
    assert (await opened.check()).account_mode.startswith("unified" if after else "classic")


# --- orders -----------------------------------------------------------------------------------------------------------


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


# --- contradictions ---------------------------------------------------------------------------------------------------


async def test_an_accepted_order_that_is_not_shown_has_arrived_all_the_same(bench: Harness) -> None:
    """It must never be taken for one that may be sent again, however long the venue keeps it to itself."""
    opened = await bench.open(bench.account("alice", btc(bench)))
    await opened.fetch_book()
    gone = json.dumps({"code": "40109", "msg": "The data of the order cannot be found", "data": None}).encode()
    bench.tampering.pages["/v2/mix/order/detail"] = (400, "application/json", gone)
    with pytest.raises(OrderOutcomeUnknown, match="does not show it yet"):
        await opened.submit(reduction())
    with pytest.raises(VenueError, match="was accepted, and the venue does not show it"):
        await opened.find_order(reduction().client_order_id, BTC)
    assert await opened.find_order("g-other", BTC) is None
    bench.tampering.pages.clear()
    found = await opened.find_order(reduction().client_order_id, BTC)
    assert found.status is OrderStatus.FILLED


async def test_a_changed_position_mode_is_noticed(bench: Harness) -> None:
    """The legs say so before the ten minutes are over."""
    account = bench.account()
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    account.account.hedge_mode = True
    bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000", leg=Leg.LONG)
    assert (await opened.fetch_book()).book.position_mode == "hedge"


async def test_legs_that_contradict_the_stated_mode_make_no_book(bench: Harness) -> None:
    """Even after it was stated anew."""
    opened = await bench.open(bench.account("alice", btc(bench)))

    def hedged(answer: Any) -> Any:
        for row in bench.rows(answer):
            row["posMode"] = "hedge_mode"
        return answer

    bench.tampering.changes[bench.positions] = hedged
    with pytest.raises(BadAnswer, match="names a position mode that legs and orders contradict"):
        await opened.fetch_book()


async def test_a_leg_that_came_between_balances_and_positions_is_told(bench: Harness) -> None:
    """Read twice, and then said to be torn."""
    opened = await bench.open(bench.account("alice", btc(bench, "2"), bench.holding("ETHUSDT", "-5", "3300")))

    def without_btc(answer: Any) -> Any:
        answer["data"] = [row for row in answer["data"] if row["symbol"] != "BTCUSDT"]
        return answer

    bench.tampering.changes[bench.positions] = without_btc
    before = bench.tampering.count(bench.positions)
    fetched = await opened.fetch_book()
    assert bench.tampering.count(bench.positions) == before + 6
    (torn,) = fetched.torn
    assert torn.startswith("USDT asks for")


async def test_rights_that_may_not_be_asked_for_are_unknown(bench: Harness) -> None:
    """That request needs the right to read spot, which a watching key does not need."""
    refusal = {"code": "40014", "msg": "Incorrect permissions, need stor permissions", "data": None}
    bench.tampering.pages[bench.rights] = (400, "application/json", json.dumps(refusal).encode())
    check = await (await bench.open(bench.account())).check()
    assert (check.rights.read, check.rights.trade, check.rights.withdraw) == (True, None, None)
    assert any("does not tell" in warning for warning in check.warnings)


# --- streams ----------------------------------------------------------------------------------------------------------


async def _soon(watched: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(watched, 5)


async def test_streams_as_ccxt_listens_to_them(bench: Harness) -> None:
    """Marks of all, and after a login the legs, orders and money of the account."""
    account = bench.account("alice", btc(bench))
    exchange = ccxt.bitget(
        {
            "apiKey": account.api_key,
            "secret": account.secret,
            "password": PHRASE,
            "options": {"defaultType": "swap", "uta": False, "fetchMarkets": {"types": ["swap"]}},
        }
    )
    exchange.urls["api"] = replace_host(exchange.urls["api"], bench.server.base_url)
    try:
        await exchange.load_markets()
        ticker = await _soon(exchange.watch_ticker(BTC))
        assert float(ticker["info"]["markPrice"]) == 43_500.0
        (leg,) = await _soon(exchange.watch_positions([BTC]))
        assert (leg["contracts"], leg["side"]) == (2.0, "long")
        listening = asyncio.create_task(exchange.watch_orders(BTC))
        money = await _soon(exchange.watch_balance({"type": "swap"}))
        assert money["USDT"]["total"] == pytest.approx(101_000.0)
        await bench.server.served.streams.until_listened()
        await asyncio.sleep(0.1)
        bench.rest(account, "BTCUSDT", Side.BUY, "0.5", "40000")
        (order,) = await _soon(listening)
        assert (order["price"], order["status"]) == (40_000.0, "open")
    finally:
        await exchange.close()


async def test_a_wrong_passphrase_does_not_log_in(bench: Harness) -> None:
    """Told on the stream."""
    account = bench.account()
    exchange = ccxt.bitget({"apiKey": account.api_key, "secret": account.secret, "password": "wrong"})
    exchange.options["uta"] = False
    exchange.options["fetchMarkets"] = {"types": ["swap"]}
    exchange.urls["api"] = replace_host(exchange.urls["api"], bench.server.base_url)
    try:
        await exchange.load_markets()
        with pytest.raises(ccxt.AuthenticationError):
            await _soon(exchange.watch_positions([BTC]))
    finally:
        await exchange.close()
