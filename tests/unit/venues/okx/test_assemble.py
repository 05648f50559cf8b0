"""Books of OKX accounts: nothing dropped, nothing made up, figures turned into our direction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.venues.markets import MarketTable
from guard.venues.okx.assemble import proven, torn_evidence
from guard.venues.okx.parse import read_balance, read_positions


def test_futures_mode(make: Any) -> None:
    """A pool for each currency; the venue's ratio tells the fee that stands in no field of its own."""
    row = make.currency(
        cash="1000", eq="1100", upl="100", mmr="16.4", imr="410", mgnRatio="59.459459459459", availEq="690"
    )
    fetched = make.book(make.answers(balance=make.balance(row), positions=(make.position(),)))
    assert (fetched.missing, fetched.book.model) == ((), "okx")
    assert fetched.book.parameters == {"*": {"account_mode": "single"}}
    figures = fetched.book.venue_reported.pools["USDT"]
    assert (figures.equity, figures.initial_margin, figures.available_margin) == (1100.0, 410.0, 690.0)
    assert figures.risk_ratio == pytest.approx(18.5 / 1100, rel=1e-9)
    (pool,) = assess(fetched.book).pools
    # 10 contracts of 0.01 BTC at 41,000: 4,100 at 0.4 % and the fee of 0.05 %.
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(18.45)
    assert figures.maintenance_margin == pytest.approx(18.5, rel=1e-9)
    assert fetched.adl == {("BTC/USDT:USDT", "long"): 0.2}


def test_multi_currency_mode(make: Any) -> None:
    """One pool in USD: prices are the venue's own, discounts by tiers."""
    usdt = make.currency(cash="1000", eq="1100", eqUsd="1099", upl="100", disEq="1099")
    btc = make.currency("BTC", "30", eqUsd="1230000", disEq="1200000")
    total = {"adjEq": "1199999", "mmr": "16.4", "imr": "410", "mgnRatio": "60000", "availEq": "5"}
    answers = make.answers(balance=make.balance(usdt, btc, **total), positions=(make.position(),))
    fetched = make.book(answers, make.reference("multi"))
    assert fetched.missing == ()
    collateral = {item.asset: item for item in fetched.book.collateral}
    assert collateral["USDT"].price == pytest.approx(1099 / 1100)
    assert (collateral["USDT"].haircut, collateral["USDT"].haircut_tiers) == (0.0, ())
    assert collateral["BTC"].price == 41_000.0
    assert [tier.haircut for tier in collateral["BTC"].haircut_tiers] == [0.02, 0.05]
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(1099 + (20 * 0.98 + 10 * 0.95) * 41_000)
    assert fetched.book.venue_reported.pools["USD"].risk_ratio == pytest.approx(1 / 60_000)


def test_a_currency_that_the_venue_counts_as_nothing_counts_as_nothing(make: Any) -> None:
    """Not chosen as collateral, though the public table has a rate for it."""
    btc = make.currency("BTC", "2", eqUsd="82000", disEq="0")
    answers = make.answers(balance=make.balance(btc, adjEq="0", mmr="0", imr="0"))
    fetched = make.book(answers, make.reference("multi"))
    (item,) = fetched.book.collateral
    assert (item.haircut, item.haircut_tiers, fetched.missing) == (1.0, (), ())


@pytest.mark.parametrize("what", ["portfolio", "option", "margin order"])
def test_what_is_not_computed_is_reported(make: Any, what: str) -> None:
    """The venue's own figures, and nothing else is claimed."""
    total = {"adjEq": "1000", "mmr": "100", "imr": "130", "mgnRatio": "9", "availEq": "5"}
    positions: tuple[Any, ...] = (make.position(lever=""),)
    if what == "option":
        positions += (make.position("BTC-USD-260327-90000-C", instType="OPTION"),)
    orders = (make.order("BTC-USDT", instType="MARGIN"),) if what == "margin order" else ()
    answers = make.answers(balance=make.balance(make.currency(), **total), positions=positions, orders=orders)
    mode = "portfolio" if what == "portfolio" else "multi"
    fetched = make.book(answers, make.reference(mode, tiers={}, discounts={}, taker_fee=None))
    assert (fetched.book.model, fetched.missing, fetched.book.parameters) == ("reported", (), {})
    (pool,) = assess(fetched.book).pools
    assert (pool.currency, pool.equity, len(fetched.book.positions)) == ("USD", 1000.0, 1)
    assert pool.risk_ratio == pytest.approx(1 / 9)


def test_what_is_missing_is_named(make: Any) -> None:
    """Listing, mark, tiers, leverage, isolated margin, balance, fee, price, discount, equity."""
    positions = (
        make.position(markPx="", lever=""),
        make.position("NEW-USDT-SWAP"),
        make.position("ETH-USDT-SWAP", mgnMode="isolated", margin=""),
    )
    answers = make.answers(balance=make.balance(make.currency("BTC", eqUsd="")), positions=positions)
    reference = make.reference("multi", tiers={}, discounts={}, taker_fee=None)
    assert set(make.book(answers, reference).missing) == {
        "mark price of BTC/USDT:USDT",
        "tiers of BTC/USDT:USDT",
        "leverage of BTC/USDT:USDT",
        "listing of NEW-USDT-SWAP",
        "tiers of NEW/USDT:USDT",
        "tiers of ETH/USDT:USDT",
        "isolated margin of ETH/USDT:USDT",
        "balance of USDT",
        "price of BTC",
        "taker fee of the account",
        "equity of the account",
    }
    priced = make.answers(balance=make.balance(make.currency("BTC", eqUsd="41000"), adjEq="1"))
    assert make.book(priced, reference).missing == ("discount rate of BTC",)


def test_the_price_of_a_currency_without_equity_stands_with_its_positions(make: Any) -> None:
    """0 / 0 is no price."""
    row = make.currency(cash="100", eq="0", eqUsd="0", upl="-100")
    answers = make.answers(balance=make.balance(row, adjEq="1"), positions=(make.position(usdPx="0.999"),))
    (item,) = make.book(answers, make.reference("multi")).book.collateral
    assert item.price == 0.999


@pytest.mark.parametrize(
    "fields",
    [
        {"cash": "0", "eq": "0", "eqUsd": "0", "disEq": "0"},
        {"cash": "0", "eq": "0", "eqUsd": "", "disEq": ""},
        {"cash": "12", "eq": "12", "eqUsd": "0", "disEq": "0"},
        {"cash": "12", "eq": "12", "eqUsd": "", "disEq": "0"},
    ],
)
def test_a_currency_in_which_nothing_counts_needs_no_price(make: Any, fields: Any) -> None:
    """An empty row, and what is left of a token that is traded no longer: neither makes a book incomplete for ever."""
    rows = (make.currency(disEq="1000"), make.currency("OLD", **fields))
    fetched = make.book(make.answers(balance=make.balance(*rows, adjEq="1000")), make.reference("multi"))
    assert fetched.missing == ()
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(1_000.0)


def test_orders_that_hold_no_cross_margin_need_nothing_of_their_symbol(make: Any) -> None:
    """Those that wait for a trigger, only reduce, or are isolated and say their own leverage."""
    orders = (make.order("ETH-USDT-SWAP", reduceOnly="true", lever=""), make.order("ETH-USDT-SWAP", tdMode="isolated"))
    algos = (make.algo("ETH-USDT-SWAP", reduceOnly="false", lever=""),)
    answers = make.answers(orders=orders, algos=algos, marks={"ETH-USDT-SWAP": 3000.0})
    fetched = make.book(answers, make.reference(tiers={}))
    assert (fetched.missing, set(fetched.book.parameters), len(fetched.book.orders)) == ((), {"*"}, 3)
    assert assess(fetched.book).pools


def test_a_debt_always_needs_a_price(make: Any) -> None:
    """It counts in full, whatever the venue says of its worth."""
    rows = (make.currency(disEq="1000"), make.currency("OLD", cash="-12", eq="-12", eqUsd="0", disEq="0"))
    fetched = make.book(make.answers(balance=make.balance(*rows, adjEq="1000")), make.reference("multi"))
    assert "price of OLD" in fetched.missing


def test_legs_in_hedge_mode_share_their_mark(make: Any) -> None:
    """Their rows may be a moment apart; cross and isolated of one side stand beside each other."""
    positions = (
        make.position(posSide="long", markPx="41000"),
        make.position(posSide="short", markPx="41000.1"),
        make.position(posSide="long", mgnMode="isolated", margin="50", markPx="41000.2"),
    )
    fetched = make.book(make.answers(positions=positions), make.reference(hedge=True))
    assert {leg.mark_price for leg in fetched.book.positions} == {41_000.0}
    assert [(leg.side, leg.margin_mode) for leg in fetched.book.positions] == [
        ("long", "cross"),
        ("short", "cross"),
        ("long", "isolated"),
    ]
    assert len(assess(fetched.book).pools) == 2


def test_tiers_that_differ_between_margin_modes_are_named(make: Any) -> None:
    """A book has one table for a symbol."""
    reference = make.reference(hedge=True)
    other = (replace(reference.tiers["SWAP", "BTC-USDT", "cross"][0], cap=None),)
    reference = replace(reference, tiers={**reference.tiers, ("SWAP", "BTC-USDT", "isolated"): other})
    positions = (make.position(posSide="long"), make.position(posSide="short", mgnMode="isolated", margin="50"))
    (missing,) = make.book(make.answers(positions=positions), reference).missing
    assert missing.startswith("tiers of BTC/USDT:USDT that hold")


def test_orders(make: Any) -> None:
    """Cross orders open; what only closes is said so; closing everything has the size of its leg."""
    orders = (
        make.order(),
        make.order(ordId="2", side="sell", reduceOnly="true", px="50000"),
        make.order("ETH-USDT-SWAP", ordId="3", px="2900"),
    )
    algos = (make.algo(sz="", closeFraction="1"), make.algo("ETH-USDT-SWAP", sz="", closeFraction="1"))
    answers = make.answers(positions=(make.position(),), orders=orders, algos=algos, marks={"ETH-USDT-SWAP": 3000.0})
    fetched = make.book(answers)
    assert [(each.side, each.remaining, each.reduce_only, each.conditional) for each in fetched.book.orders] == [
        ("buy", 5.0, False, False),
        ("sell", 5.0, True, False),
        ("buy", 5.0, False, False),
        ("sell", 10.0, True, True),
    ]
    assert fetched.book.parameters["ETH/USDT:USDT"] == {"contract_size": 0.1, "leverage": 10.0, "mark_price": 3000.0}
    assert fetched.missing == ()


def test_what_orders_reserve(make: Any) -> None:
    """Spot orders give a currency away; isolated orders set margin and fee aside, none of them in the pool."""
    orders = (
        make.order("BTC-USDT", instType="SPOT", tdMode="cash", side="buy", px="40000", sz="0.01"),
        make.order("BTC-USDT", instType="SPOT", tdMode="cash", side="sell", sz="0.5", ordId="2"),
        make.order("ETH-USDT-SWAP", tdMode="isolated", px="3000", sz="2", lever="5", ordId="3"),
        make.order("BTC-USD-SWAP", tdMode="isolated", px="40000", sz="4", lever="10", ordId="4"),
    )
    balance = make.balance(make.currency(), make.currency("BTC", "1"))
    fetched = make.book(make.answers(balance=balance, orders=orders, marks={"ETH-USDT-SWAP": 1.0, "BTC-USD-SWAP": 1.0}))
    frozen = {item.asset: item.frozen for item in fetched.book.collateral}
    assert frozen["USDT"] == pytest.approx(400 + 600 * (0.2 + 0.0005))
    assert frozen["BTC"] == pytest.approx(0.5 + 0.01 * (0.1 + 0.0005))
    assert [order.margin_mode for order in fetched.book.orders] == ["isolated", "isolated"]
    assert fetched.missing == ()
    assert fetched.book.venue_reported.pools["USDT"].equity == pytest.approx(1000 - frozen["USDT"])


def test_a_reservation_that_cannot_be_told_is_named(make: Any) -> None:
    """An isolated order without a leverage."""
    order = make.order(tdMode="isolated", lever="")
    missing = make.book(make.answers(orders=(order,), marks={"BTC-USDT-SWAP": 1.0})).missing
    assert "amount that the order 312269865356374016 on BTC-USDT-SWAP reserves" in missing


def test_evidence_of_different_moments(make: Any) -> None:
    """Whatever changed after the reading had begun."""
    balance = read_balance(make.balance(make.currency(uTime="1000"), make.currency("BTC", uTime="2001")))
    rows = [make.position(uTime="2002"), make.position("ETH-USDT-SWAP", uTime="")]
    positions = read_positions({"data": rows})
    assert torn_evidence(balance, positions, 2000.0) == (
        "BTC balance changed while the account was read",
        "BTC-USDT-SWAP long changed while the account was read",
    )
    assert torn_evidence(balance, positions, 2002.0) == ()


@pytest.mark.parametrize(
    ("mode", "hedge", "leg", "adjusted", "agrees"),
    [
        ("single", False, "net", "", True),
        ("single", False, "long", "", False),
        ("single", True, "net", "", False),
        ("single", True, "long", "", True),
        ("single", False, "net", "5", False),
        ("multi", False, "net", "5", True),
        ("multi", False, "net", "", False),
        ("portfolio", False, "net", "", False),
        ("portfolio", False, "", "", True),
        ("multi", True, "", "", True),
    ],
)
def test_modes_are_proven_by_what_was_read(
    make: Any,
    mode: Any,
    hedge: bool,
    leg: str,
    adjusted: str,
    agrees: bool,
) -> None:
    """By the names of legs, and by whether the account has figures of its own."""
    positions = (make.position(posSide=leg),) if leg else ()
    answers = make.answers(balance=make.balance(make.currency(), adjEq=adjusted), positions=positions)
    assert proven(make.reference(mode, hedge=hedge).modes, answers) is agrees


def test_an_account_without_currencies_and_listings(make: Any) -> None:
    """Flat and empty."""
    fetched = make.book(make.answers(balance=make.balance()), make.reference(markets=MarketTable({}, {})))
    assert (fetched.missing, fetched.book.collateral, fetched.book.venue_reported.pools) == ((), (), {})


def test_a_ratio_below_zero_is_no_ratio(make: Any) -> None:
    """More is lost than is there: the requirement stands, the ratio has no meaning."""
    row = make.currency(cash="100", eq="-50", upl="-150", mmr="16.4", mgnRatio="-2.7")
    figures = make.book(make.answers(balance=make.balance(row), positions=(make.position(),))).book.venue_reported
    assert (figures.equity, figures.maintenance_margin, figures.risk_ratio) == (-50.0, 16.4, None)


@pytest.mark.parametrize("mode", ["multi", "portfolio"])
def test_an_account_with_nothing_in_it(make: Any, mode: Any) -> None:
    """The venue may leave its figures out; nothing is missing, and nothing is there."""
    fetched = make.book(make.answers(balance=make.balance()), make.reference(mode))
    assert (fetched.missing, fetched.book.venue_reported.equity) == ((), 0.0)
    assert sum(pool.equity for pool in assess(fetched.book).pools) == 0.0


def test_contracts_in_dollars_settle_in_the_coin_that_the_position_names(make: Any) -> None:
    """Any other difference between listing and position is named."""
    dollars = replace(
        make.markets.by_id["BTC-USDT-SWAP"], market_id="BTC-USD_UM-SWAP", symbol="BTC/USD:USD", settle="USD"
    )
    markets = MarketTable.of([*make.markets.by_id.values(), dollars])
    reference = make.reference(markets=markets, tiers={("SWAP", "BTC-USD_UM", "cross"): make.tiers})
    balance = make.balance(make.currency("USDC"))
    fetched = make.book(
        make.answers(balance=balance, positions=(make.position("BTC-USD_UM-SWAP", ccy="USDC"),)), reference
    )
    assert (fetched.missing, fetched.book.positions[0].settle) == ((), "USDC")
    assert assess(fetched.book).pools[0].currency == "USDC"
    odd = make.book(make.answers(positions=(make.position(ccy="USDC"),)))
    assert "settlement currency of BTC/USDT:USDT" in odd.missing


def test_accrued_interest_is_taken_off_the_balance(make: Any) -> None:
    """The venue's equity has it taken off, its cash has not."""
    row = make.currency(cash="-500", eq="-503", eqUsd="-503", interest="3", liab="503")
    answers = make.answers(balance=make.balance(row, adjEq="-503"))
    (item,) = make.book(answers, make.reference("multi")).book.collateral
    assert item.balance == -503.0


@pytest.mark.parametrize("levers", [("10", "3"), ("3", "10")])
def test_of_two_leverages_the_one_that_needs_more_margin_holds(make: Any, levers: tuple[str, str]) -> None:
    """In long/short mode both sides may have their own."""
    orders = tuple(
        make.order(posSide=leg, side=side, lever=lever, ordId=lever)
        for (leg, side), lever in zip((("long", "buy"), ("short", "sell")), levers, strict=True)
    )
    answers = make.answers(orders=orders, marks={"BTC-USDT-SWAP": 41_000.0})
    fetched = make.book(answers, make.reference(hedge=True))
    assert fetched.book.parameters["BTC/USDT:USDT"]["leverage"] == 3.0
