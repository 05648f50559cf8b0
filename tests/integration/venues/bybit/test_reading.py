"""Bybit's own: one pool of everything, three margin modes, a position mode for each symbol, lists in pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guard.ports.errors import VenueError
from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.sandbox.engine.market import AssetIndex
from guard.sandbox.engine.sides import Leg, Side
from tests.contract.venues.agreement import agrees
from tests.contract.venues.harness import Harness

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def mixed(bench: Harness) -> Any:
    """Linear legs in two coins and an inverse one, carried by three assets."""
    legs = (
        bench.holding("BTCUSDT", "2", "43000", leverage=10),
        bench.holding("ETHUSDC", "-20", "3300", leverage=5),
        bench.holding("BTCUSD", "-30000", "41000", leverage=3),
    )
    return bench.account("alice", *legs, balances={"USDT": 9_000, "USDC": 1_000, "BTC": "1"})


async def test_everything_is_one_pool(bench: Harness) -> None:
    """Equity, requirement and initial margin agree with the venue's to its rounding; the fee is the account's own."""
    fetched = await (await bench.open(mixed(bench))).fetch_book()
    assert {leg.settle for leg in fetched.book.positions} == {"USDT", "USDC", "BTC"}
    agrees(fetched, 1e-9)
    (pool,) = assess(fetched.book).pools
    reported = fetched.book.venue_reported
    assert pool.initial_margin == pytest.approx(reported.initial_margin, rel=1e-9)
    assert pool.available_margin == pytest.approx(reported.available_margin, rel=1e-9)
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(reported.maintenance_margin, rel=1e-9)
    assert fetched.book.fees.taker == pytest.approx(0.0005, rel=1e-9)
    assert conformity(assess(fetched.book), fetched.book) == ()


async def test_an_account_that_can_open_nothing_more(bench: Harness) -> None:
    """Nothing is available: the venue's equity comes from its initial margin rate, cut off after 4 places."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000", leverage=2), balances={"USDT": 9_000})
    book = (await (await bench.open(account)).fetch_book()).book
    (pool,) = assess(book).pools
    assert book.venue_reported.available_margin == 0.0
    assert pool.available_margin == pytest.approx(0.0)
    assert pool.equity == pytest.approx(book.venue_reported.equity, rel=1e-4)
    assert conformity(assess(book), book) == ()


async def test_haircuts_and_prices_of_collateral(bench: Harness) -> None:
    """A coin counts for what its ratio says; a stablecoin need not be worth a dollar."""
    assets = bench.server.engine.market.assets
    assets["BTC"] = AssetIndex(follows="BTCUSD", bid_buffer=Decimal("0.15"))
    assets["USDT"] = AssetIndex(index=Decimal("0.998"))
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 5_000, "BTC": "0.4"})
    fetched = await (await bench.open(account)).fetch_book()
    found = {item.asset: (item.price, item.haircut) for item in fetched.book.collateral}
    assert found == {"BTC": pytest.approx((43_500.0, 0.15)), "USDT": pytest.approx((0.998, 0.0))}
    agrees(fetched, 1e-9)


async def test_a_debt_in_the_settlement_coin(bench: Harness) -> None:
    """Losses that no USDT pay for are owed, and cost a margin of their own."""
    account = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"), balances={"USDT": -2_000, "BTC": "0.5"})
    fetched = await (await bench.open(account)).fetch_book()
    usdt = next(item for item in fetched.book.collateral if item.asset == "USDT")
    assert (usdt.balance - usdt.borrowed, usdt.borrowed, usdt.borrow_mm_rate) == (-2_000.0, 2_000.0, 0.04)
    agrees(fetched, 1e-9)


async def test_orders_are_charged(bench: Harness) -> None:
    """On a symbol that is held and on one that is not; the venue's requirement holds them too."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 50_000})
    bench.rest(account, "BTCUSDT", Side.BUY, "3", "42000")
    bench.rest(account, "ETHUSDT", Side.SELL, "10", "3500")
    fetched = await (await bench.open(account)).fetch_book()
    assert set(fetched.book.parameters) == {ETH}
    assert fetched.book.parameters[ETH] == {"contract_size": 1.0, "leverage": 20.0, "mark_price": 3400.0}
    agrees(fetched, 1e-9)
    (pool,) = assess(fetched.book).pools
    assert pool.initial_margin == pytest.approx(fetched.book.venue_reported.initial_margin, rel=1e-9)


@pytest.mark.parametrize("direction", ["down", "up"])
async def test_the_account_dies_where_the_guard_says(bench: Harness, direction: str) -> None:
    """A hair before the liquidation shock everything lives, a hair behind it everything is gone."""
    sign = 1 if direction == "down" else -1
    legs = (
        bench.holding("BTCUSDT", str(2 * sign), "43000", leverage=10),
        bench.holding("BTCUSD", str(20_000 * sign), "43000", leverage=5),
    )
    account = bench.account("alice", *legs, balances={"USDT": 6_000, "BTC": "0.2"})
    opened = await bench.open(account)
    (pool,) = assess((await opened.fetch_book()).book).pools
    shock = pool.liquidation_shock_down if direction == "down" else pool.liquidation_shock_up
    assert shock is not None
    for beyond in (-1e-6, 1e-6):
        price = Decimal(repr(43_500 * (1 + shock * (1 + beyond))))
        bench.server.set_prices(dict.fromkeys(("BTCUSDT", "BTCUSD"), price))
        assert bench.server.liquidated("alice") is (beyond > 0)


async def test_isolated_margin_mode(bench: Harness) -> None:
    """Of the whole account: each leg is a pool of its own, and dies where the guard says."""
    legs = (
        bench.holding("BTCUSDT", "2", "43000", leverage=10, isolated_wallet=Decimal(9_000)),
        bench.holding("ETHUSDT", "-10", "3300", leverage=5, isolated_wallet=Decimal(7_000)),
    )
    account = bench.account("alice", *legs, balances={"USDT": 20_000})
    account.account.mode = "ISOLATED_MARGIN"
    opened = await bench.open(account)
    check = await opened.check()
    book = check.fetched.book
    assert (check.account_mode, check.fetched.missing) == ("unified account, isolated margin", ())
    assert {leg.symbol: leg.isolated_margin for leg in book.positions} == {BTC: 9_000.0, ETH: 7_000.0}
    assert book.collateral[0].balance == 4_000.0
    assert book.venue_reported.pools == {}
    btc = next(pool for pool in assess(book).pools if pool.symbol == BTC)
    price = btc.positions[0].liquidation_price
    assert price is not None
    for near in (price * (1 + 1e-6), price * (1 - 1e-6)):
        bench.server.set_price("BTCUSDT", Decimal(repr(near)))
        assert bench.server.liquidated("alice") is (near < price)


async def test_portfolio_margin(bench: Harness) -> None:
    """The venue's figures, whatever they are made of."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 9_000})
    account.account.mode = "PORTFOLIO_MARGIN"
    check = await (await bench.open(account)).check()
    book = check.fetched.book
    assert (book.model, check.account_mode, check.fetched.missing) == (
        "reported", "unified account, portfolio margin", (),
    )  # fmt: skip
    (pool,) = assess(book).pools
    assert pool.risk_ratio == pytest.approx(book.venue_reported.risk_ratio)
    assert pool.equity == pytest.approx(10_000.0)


async def test_a_margin_mode_that_changes_is_noticed(bench: Harness) -> None:
    """Before the statement is a minute old: the rows are of another mode."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 9_000})
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.model == "bybit-uta"
    account.account.mode = "PORTFOLIO_MARGIN"
    bench.clock.jump(6)
    assert (await opened.fetch_book()).book.model == "reported"


async def test_a_changed_position_mode_is_noticed(bench: Harness) -> None:
    """A user may switch while flat; every leg states its mode."""
    account = bench.account("alice")
    opened = await bench.open(account)
    assert (await opened.fetch_book()).book.position_mode == "one_way"
    account.account.hedge_mode = True
    bench.server.engine._hold(account.account, bench.holding("BTCUSDT", "2", "43000", "LONG"))
    fetched = await opened.fetch_book()
    assert (fetched.book.position_mode, fetched.book.positions[0].side) == ("hedge", "long")
    assert (await opened.reader.modes(within_s=60.0)).position_mode == "hedge"


async def test_one_symbol_in_hedge_mode_beside_one_in_one_way_mode(bench: Harness) -> None:
    """The venue keeps it for each symbol: the account counts as hedged, an order names the symbol's own leg."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "5", "3300"))
    account = bench.account("alice", *legs)

    def hedged(answer: Any) -> Any:
        for row in answer["result"]["list"]:
            row["positionIdx"] = 1 if row["symbol"] == "ETHUSDT" else 0
        return answer

    bench.tampering.changes[bench.positions] = hedged
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert (fetched.book.position_mode, fetched.missing) == ("hedge", ())
    assert opened.reader.words._modes() == {"BTCUSDT": "one_way", "ETHUSDT": "hedge"}


async def test_settlement_coins_are_stated(bench: Harness) -> None:
    """Those of linear contracts."""
    opened = await bench.open(bench.account())
    await opened.fetch_book()
    modes = await opened.reader.modes()
    assert (modes.settles, modes.account_mode) == (("USDC", "USDT"), "unified account, cross margin")


async def test_lists_are_read_to_their_end(bench: Harness) -> None:
    """Page after page, orders that rest and orders that wait; nothing twice."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), balances={"USDT": 500_000})
    for index in range(110):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.003", str(40_000 + index))
    for index in range(5):
        bench.stop(account, "BTCUSDT", Side.SELL, "0.1", str(41_000 + index), reduce_only=True)
    fetched = await (await bench.open(account)).fetch_book()
    assert len({order.order_id for order in fetched.book.orders}) == len(fetched.book.orders) == 115
    assert sum(order.conditional for order in fetched.book.orders) == 5
    assert fetched.missing == ()


async def test_a_page_that_is_not_full_is_not_taken_for_the_last_one(bench: Harness) -> None:
    """Rows may stand behind it: it is followed, until it has proved to be the last for a list of that length."""
    legs = (bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "5", "3300"))
    opened = await bench.open(bench.account("alice", *legs))

    def one_by_one(answer: Any) -> Any:
        """The first row on the first page, the rest on the second."""
        rows = answer["result"]["list"]
        if len(rows) == 2:
            kept.append(rows.pop())
        elif kept and not rows and answer["result"]["category"] == "linear":
            rows.append(kept.pop())
            answer["result"]["nextPageCursor"] = "400"
        return answer

    kept: list[Any] = []
    bench.tampering.changes[bench.positions] = one_by_one
    fetched = await opened.fetch_book()
    assert {leg.symbol for leg in fetched.book.positions} == {BTC, ETH}
    assert fetched.missing == ()


async def test_what_was_the_last_page_is_asked_again_when_the_list_has_changed(bench: Harness) -> None:
    """A list of another length may go on."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    bench.rest(account, "BTCUSDT", Side.BUY, "0.1", "40000")
    asked = []
    for more in (False, False, True, False):
        if more:
            bench.rest(account, "BTCUSDT", Side.BUY, "0.1", "40001")
        bench.tampering.seen.clear()
        await opened.fetch_book()
        asked.append(bench.tampering.count(bench.open_orders))
    assert asked == [4, 3, 4, 3]


async def test_a_list_that_does_not_end_is_named(bench: Harness) -> None:
    """Every page is full and says that there is more."""
    account = bench.account("alice", balances={"USDT": 500_000})
    for index in range(50):
        bench.rest(account, "BTCUSDT", Side.BUY, "0.003", str(40_000 + index))

    def again(answer: Any) -> Any:
        answer["result"]["nextPageCursor"] = "0"
        return answer

    bench.tampering.changes[bench.open_orders] = again
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == ("USDT orders beyond the first 2000",)


async def test_fees_of_a_symbol_that_was_listed_today(bench: Harness) -> None:
    """They are asked for again, at most once a minute, instead of being missing until tomorrow."""
    opened = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))

    def before(answer: Any) -> Any:
        answer["result"]["list"] = [row for row in answer["result"]["list"] if row["symbol"] != "BTCUSDT"]
        return answer

    bench.tampering.changes["/v5/account/fee-rate"] = before
    assert (await opened.fetch_book()).missing == ("fees of BTCUSDT",)
    del bench.tampering.changes["/v5/account/fee-rate"]
    bench.clock.jump(61)
    assert (await opened.fetch_book()).missing == ()


async def test_marks_of_many_symbols_come_at_once(bench: Harness) -> None:
    """With one request for all of them; each by itself would eat the request budget."""
    account = bench.account()
    for symbol, price in (("BTCUSDT", "40000"), ("ETHUSDT", "3000"), ("SOLUSDT", "50"), ("BTCUSDC", "40000")):
        bench.rest(account, symbol, Side.BUY, "1", price)
    opened = await bench.open(account)
    fetched = await opened.fetch_book()
    assert (fetched.missing, len(fetched.book.parameters)) == ((), 4)
    assert conformity(assess(fetched.book), fetched.book) == ()
    assert fetched.book.venue_reported.maintenance_margin
    seen = [query for _, path, query in bench.tampering.seen if path == "/v5/market/tickers"]
    assert [query for query in seen if query["category"] != "spot"] == [{"category": "linear"}]


async def test_options_are_named(bench: Harness) -> None:
    """Looked up when the wallet shows their value, and now and then without."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    option = {"symbol": "BTC-27MAR26-70000-P", "size": "1", "side": "Buy", "positionIdx": 0}

    def with_option(answer: Any) -> Any:
        if answer["result"]["category"] == "option":
            answer["result"]["list"] = [option]
        return answer

    def worth(answer: Any) -> Any:
        for row in answer["result"]["list"][0]["coin"]:
            row["equity"] = str(float(row["equity"]) + 120)
        return answer

    bench.tampering.changes[bench.positions] = with_option
    assert (await opened.fetch_book()).missing == ()
    bench.tampering.changes[bench.balances] = worth
    assert (await opened.fetch_book()).missing == ("option position BTC-27MAR26-70000-P",)


async def test_options_that_the_venue_does_not_list(bench: Harness) -> None:
    """Where they are not offered the account is read all the same; what they are worth would show in the wallet."""
    opened = await bench.open(bench.account())

    def refused(answer: Any) -> Any:
        options = answer["result"].get("category") == "option"
        return {**answer, "retCode": 10024, "retMsg": "Compliance rules triggered"} if options else answer

    def worth(answer: Any) -> Any:
        answer["result"]["list"][0]["coin"][0]["equity"] = "99000"
        return answer

    bench.tampering.changes[bench.positions] = refused
    assert (await opened.fetch_book()).missing == ()
    bench.tampering.changes[bench.balances] = worth
    assert (await opened.fetch_book()).missing == ("option position worth -1000 USDT",)


async def test_positions_that_are_shown_nowhere(bench: Harness) -> None:
    """The wallet knows their margin: read once more, then said to be torn."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)

    def emptied(answer: Any) -> Any:
        answer["result"]["list"] = []
        return answer

    bench.tampering.changes[bench.positions] = emptied
    (evidence,) = (await opened.fetch_book()).torn
    assert "positions in USDT need" in evidence
    assert bench.tampering.count(bench.balances) == 2


async def test_a_trade_between_two_answers_is_read_again(bench: Harness) -> None:
    """The wallet before it, the positions behind it."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    opened = await bench.open(account)
    await opened.fetch_book()
    position = account.account.position("BTCUSDT", Leg.BOTH)
    real = bench.tampering.changes.setdefault(bench.balances, lambda answer: answer)

    def traded(answer: Any) -> Any:
        position.qty = Decimal(1)
        bench.tampering.changes[bench.balances] = real
        return answer

    bench.tampering.changes[bench.balances] = traded
    bench.tampering.before[bench.positions] = lambda: setattr(position, "qty", Decimal(1))
    fetched = await opened.fetch_book()
    assert fetched.torn == ()
    assert fetched.book.positions[0].contracts == 1.0


async def test_a_symbol_without_risk_limits(bench: Harness) -> None:
    """No longer traded: the account is not blind, and the book says what it lacks."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"), bench.holding("ETHUSDT", "5", "3300"))
    refused = b'{"retCode":10001,"retMsg":"params error: Symbol Invalid","result":{},"time":1}'
    bench.tampering.pages["/v5/market/risk-limit"] = (200, "application/json", refused)
    fetched = await (await bench.open(account)).fetch_book()
    assert fetched.missing == (f"tiers of {BTC}", f"tiers of {ETH}")


async def test_tiers_are_read_for_what_is_held_once_for_all_accounts(bench: Harness) -> None:
    """Public, and of one symbol at a time; yesterday's stand in when they cannot be read."""
    one = await bench.open(bench.account("alice", bench.holding("BTCUSDT", "2", "43000")))
    two = await bench.open(bench.account("bob", bench.holding("BTCUSDT", "-2", "43000")))
    for _ in range(2):
        await one.fetch_book()
        await two.fetch_book()
    assert bench.tampering.count("/v5/market/risk-limit") == 1
    bench.clock.jump(86_401)
    bench.tampering.pages["/v5/market/risk-limit"] = (503, "text/html", b"<html></html>")
    assert (await one.fetch_book()).missing == ()


async def test_what_a_cycle_costs(bench: Harness) -> None:
    """The wallet, and two lists for each of two settlement coins and for inverse contracts; nothing else."""
    opened = await bench.open(mixed(bench))
    await opened.fetch_book()
    bench.tampering.seen.clear()
    await opened.fetch_book()
    assert bench.tampering.count(bench.balances) == 1
    assert bench.tampering.count(bench.positions) == bench.tampering.count(bench.open_orders) == 3
    assert len(bench.tampering.seen) == 7


async def test_a_classic_account(bench: Harness) -> None:
    """Refused with what to do."""
    bench.tampering.changes["/v5/account/info"] = lambda answer: {
        **answer,
        "result": {**answer["result"], "unifiedMarginStatus": 1},
    }
    with pytest.raises(VenueError, match="classic account") as caught:
        await (await bench.open(bench.account())).fetch_book()
    assert "upgrade" in str(caught.value)
