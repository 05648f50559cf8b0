"""From rows to a book: nothing dropped, nothing made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.assess import assess
from guard.risk.book import Collateral, Fees, VenueFigures, VenueReported
from guard.risk.bookfile import dump_book, parse_book
from guard.venues.binance.assemble import (
    Answers,
    assemble,
    outdated_settings,
    proven_mode,
    torn_evidence,
    unknown_ids,
)
from guard.venues.binance.parse_reference import AssetRate, SymbolSetting
from guard.venues.binanceusdm.parse import read_account, read_positions

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def test_a_flat_account(make: Any) -> None:
    """Collateral and nothing else; complete."""
    fetched = assemble("alice", make.answers(), make.reference(), ())
    assert (fetched.missing, fetched.torn, fetched.position_mode_proven) == ((), (), True)
    assert fetched.book.collateral == (Collateral("USDT", 1000.0),)
    assert not fetched.book.positions
    assert not fetched.book.orders
    assert assess(fetched.book).risk_ratio == 0


def test_cross_and_isolated_legs_stand_side_by_side(make: Any) -> None:
    """An isolated leg carries its own wallet."""
    rows = [make.position(), make.position("ETHUSDT", positionAmt="-3", isolatedWallet="700.5")]
    book = assemble("alice", make.answers(positions=rows), make.reference(), ()).book
    cross, isolated = book.positions
    assert (cross.symbol, cross.side, cross.contracts, cross.leverage) == (BTC, "long", 2.0, 20.0)
    assert (cross.margin_mode, cross.isolated_margin) == ("cross", None)
    assert (isolated.symbol, isolated.side, isolated.contracts) == (ETH, "short", 3.0)
    assert (isolated.margin_mode, isolated.isolated_margin) == ("isolated", 700.5)


def test_both_legs_of_a_symbol_in_hedge_mode(make: Any) -> None:
    """Two legs, one table of tiers."""
    rows = [make.position(positionSide="LONG"), make.position(positionSide="SHORT", positionAmt="-1")]
    book = assemble("alice", make.answers(positions=rows), make.reference(position_mode="hedge"), ()).book
    assert [(leg.side, leg.contracts) for leg in book.positions] == [("long", 2.0), ("short", 1.0)]
    assert (book.position_mode, list(book.tiers)) == ("hedge", [BTC])


def test_each_margin_asset_is_collateral_of_its_own(make: Any) -> None:
    """USDT and USDC positions settle in different pools."""
    account = make.account(assets=[make.asset(), make.asset("USDC", crossWalletBalance="50")])
    rows = [make.position(), make.position("BTCUSDC", marginAsset="USDC")]
    book = assemble("alice", make.answers(account=account, positions=rows), make.reference(), ()).book
    assert book.collateral == (Collateral("USDT", 1000.0), Collateral("USDC", 50.0))
    assert [leg.settle for leg in book.positions] == ["USDT", "USDC"]


def test_a_position_without_its_balance_is_incomplete(make: Any) -> None:
    """The pool cannot be judged without its money."""
    rows = [make.position("BTCUSDC", marginAsset="USDC")]
    assert assemble("a", make.answers(positions=rows), make.reference(), ()).missing == ("balance of USDC",)


@pytest.mark.parametrize(
    ("lost", "name"),
    [
        ({"tiers": {}}, f"tiers of {BTC}"),
        ({"settings": {}}, f"leverage of {BTC}"),
    ],
)
def test_a_position_without_reference_is_kept_and_named(make: Any, lost: dict[str, Any], name: str) -> None:
    """INCOMPLETE, never dropped."""
    fetched = assemble("a", make.answers(positions=[make.position()]), make.reference(**lost), ())
    assert fetched.missing == (name,)
    assert [leg.contracts for leg in fetched.book.positions] == [2.0]


def test_a_position_without_a_mark_is_kept_and_named(make: Any) -> None:
    """The entry price stands in so that the book is well formed, and the mark is named."""
    answers = make.answers(positions=[make.position(markPrice="", entryPrice="9000")])
    fetched = assemble("a", answers, make.reference(), ())
    assert fetched.missing == (f"mark price of {BTC}",)
    assert fetched.book.positions[0].mark_price == 9000.0


def test_a_mark_read_elsewhere_completes_the_book(make: Any) -> None:
    """The mark price list knows it."""
    answers = make.answers(positions=[make.position(markPrice="")], marks={"BTCUSDT": 9500.0})
    fetched = assemble("a", answers, make.reference(), ())
    assert (fetched.missing, fetched.book.positions[0].mark_price) == ((), 9500.0)


def test_a_position_in_an_unlisted_symbol_is_kept_and_named(make: Any) -> None:
    """It gets the name that it would have."""
    answers = make.answers(positions=[make.position("FOOUSDT")])
    fetched = assemble("a", answers, make.reference(), ())
    assert fetched.book.positions[0].symbol == "FOO/USDT:USDT"
    assert set(fetched.missing) == {"listing of FOOUSDT", "tiers of FOO/USDT:USDT", "leverage of FOO/USDT:USDT"}
    assert unknown_ids(answers, make.markets()) == ("FOOUSDT",)


def test_orders_of_both_books(make: Any) -> None:
    """Resting and conditional, with the leg in hedge mode."""
    answers = make.answers(
        positions=[make.position(positionSide="LONG")],
        orders=[make.order(positionSide="LONG"), make.order(side="SELL", positionSide="SHORT", orderId=7)],
        algo_orders=[make.algo_order(positionSide="LONG")],
    )
    book = assemble("a", answers, make.reference(position_mode="hedge"), ()).book
    assert [(o.side, o.position_side, o.conditional) for o in book.orders] == [
        ("buy", "long", False),
        ("sell", "short", False),
        ("sell", "long", True),
    ]


@pytest.mark.parametrize(
    ("position", "order", "sizes"),
    [
        ({}, {}, [2.0]),
        ({"positionAmt": "-2"}, {}, []),
        ({"positionAmt": "-2"}, {"side": "BUY"}, [2.0]),
        ({"positionSide": "LONG"}, {"positionSide": "LONG"}, [2.0]),
        ({"positionSide": "LONG"}, {"positionSide": "SHORT", "side": "BUY"}, []),
    ],
)
def test_an_order_that_closes_everything_has_the_size_of_its_leg(
    make: Any, position: dict[str, Any], order: dict[str, Any], sizes: list[float]
) -> None:
    """On an empty leg, or towards the other side, it closes nothing and is none."""
    answers = make.answers(
        positions=[make.position(**position)],
        algo_orders=[make.algo_order(closePosition=True, quantity="0", **order)],
    )
    book = assemble("a", answers, make.reference(), ()).book
    assert [o.remaining for o in book.orders] == sizes


def test_a_symbol_with_orders_only_has_its_terms_in_the_parameters(make: Any) -> None:
    """A rule needs its leverage and, for unpriced orders, its mark."""
    flat = make.position(positionAmt="0", markPrice="10100")
    answers = make.answers(
        positions=[flat], orders=[make.order(), make.order("ETHUSDT", orderId=8)], marks={"ETHUSDT": 300.0}
    )
    fetched = assemble("a", answers, make.reference(), ())
    assert fetched.book.parameters == {
        BTC: {"contract_size": 1.0, "leverage": 20.0, "mark_price": 10100.0},
        ETH: {"contract_size": 1.0, "leverage": 20.0, "mark_price": 300.0},
    }
    assert fetched.missing == ()
    assert assess(fetched.book).pools[0].initial_margin == pytest.approx((0.3 * 9000 * 2) / 20)


def test_the_highest_base_fee_of_what_is_held(make: Any) -> None:
    """A cost is not estimated too low; a flat account has some listing's."""
    markets = make.markets()
    dear = replace(markets.by_id["ETHUSDT"], taker=0.0007)
    table = replace(markets, by_id={**markets.by_id, "ETHUSDT": dear})
    rows = [make.position(), make.position("ETHUSDT")]
    assert assemble("a", make.answers(positions=rows), make.reference(markets=table), ()).book.fees == Fees(
        0.0007, 0.0002
    )
    assert assemble("a", make.answers(), make.reference(), ()).book.fees == Fees(0.0005, 0.0002)


def test_multi_assets_mode_prices_collateral_at_its_index(make: Any) -> None:
    """The haircut is what the bid rate takes off, the markup what the ask rate adds."""
    account = make.account(
        assets=[make.asset(), make.asset("BTC", crossWalletBalance="0.5")], totalMarginBalance="29500"
    )
    rates = {
        "USDT": AssetRate(1.0, 0.999, 1.001),
        "BTC": AssetRate(60000.0, 57000.0, 63000.0),
        "BNB": AssetRate(1, 1, 1),
    }
    fetched = assemble("a", make.answers(account=account, rates=rates), make.reference(is_multi_assets=True), ())
    usdt, btc = fetched.book.collateral
    assert (fetched.book.model, fetched.missing) == ("binance-usdm-multi", ())
    assert (usdt.price, btc.price) == (1.0, 60000.0)
    assert (usdt.haircut, btc.haircut) == pytest.approx((0.001, 0.05))
    assert (usdt.markup, btc.markup) == pytest.approx((0.001, 0.05))
    assert fetched.book.venue_reported.pools == {"USD": VenueFigures(29500.0, 0.0, 0.0, 1000.0, 0.0)}


def test_multi_assets_collateral_without_a_rate_is_named(make: Any) -> None:
    """It counts nothing, and the book is incomplete."""
    fetched = assemble("a", make.answers(), make.reference(is_multi_assets=True), ())
    assert fetched.missing == ("index price of USDT",)
    assert fetched.book.collateral[0].haircut == 1.0


def test_the_venues_figures_of_a_cross_pool_are_without_isolated_legs(make: Any) -> None:
    """The asset's margins count both; the isolated leg's are taken off."""
    asset = make.asset(crossUnPnl="-100", maintMargin="120", initialMargin="1340", availableBalance="5")
    legs = [
        make.account_leg(),
        make.account_leg("ETHUSDT", isolatedWallet="700", maintMargin="40", initialMargin="340"),
    ]
    rows = [make.position(), make.position("ETHUSDT", isolatedWallet="700")]
    answers = make.answers(account=make.account(assets=[asset], legs=legs), positions=rows)
    reported = assemble("a", answers, make.reference(), ()).book.venue_reported
    assert reported == VenueReported(pools={"USDT": VenueFigures(900.0, 80.0, 1000.0, 5.0, 80 / 900)})


def test_an_isolated_leg_without_figures_leaves_the_pool_without(make: Any) -> None:
    """A part that is not known cannot be taken off."""
    legs = [make.account_leg("ETHUSDT", isolatedWallet="700", maintMargin="", initialMargin=None)]
    rows = [make.position("ETHUSDT", isolatedWallet="700")]
    answers = make.answers(account=make.account(legs=legs), positions=rows)
    pool = assemble("a", answers, make.reference(), ()).book.venue_reported.pools["USDT"]
    assert (pool.equity, pool.maintenance_margin, pool.initial_margin, pool.risk_ratio) == (1000.0, None, None, None)


def test_an_account_of_one_cross_pool_tells_its_figures(make: Any) -> None:
    """The venue's totals are not used: they cover USDT only."""
    account = make.account(assets=[make.asset(maintMargin="100")], totalMaintMargin="7", totalMarginBalance="8")
    reported = assemble("a", make.answers(account=account), make.reference(), ()).book.venue_reported
    assert (reported.equity, reported.maintenance_margin, reported.risk_ratio) == (1000.0, 100.0, 0.1)


def test_several_pools_are_told_apart(make: Any) -> None:
    """There is no account figure that covers both."""
    account = make.account(assets=[make.asset(maintMargin="100"), make.asset("USDC", maintMargin="500")])
    reported = assemble("a", make.answers(account=account), make.reference(), ()).book.venue_reported
    assert (reported.equity, reported.risk_ratio) == (None, None)
    assert {name: pool.risk_ratio for name, pool in reported.pools.items()} == {"USDT": 0.1, "USDC": 0.5}


@pytest.mark.parametrize(
    ("equity", "requirement", "ratio"), [("0", "0", 0.0), ("0", "5", None), ("-1", "5", None), ("-1", "0", 0.0)]
)
def test_a_pool_without_equity_has_no_ratio(make: Any, equity: str, requirement: str, ratio: float | None) -> None:
    """Unless nothing is required of it."""
    asset = make.asset(crossWalletBalance=equity, maintMargin=requirement, initialMargin="1")
    answers = make.answers(account=make.account(assets=[asset]))
    assert assemble("a", answers, make.reference(), ()).book.venue_reported.pools["USDT"].risk_ratio == ratio


def test_the_book_is_as_old_as_the_older_of_balances_and_positions(make: Any) -> None:
    """Orders may be kept a little longer; they have their own time."""
    answers = make.answers()
    older = make.now - timedelta(seconds=2)
    parts = {**answers.parts, "positions": older, "open_orders": older - timedelta(seconds=5)}
    assert assemble("a", replace(answers, parts=parts), make.reference(), ()).book.as_of == older


def test_a_live_book_can_be_written_and_read_again(make: Any) -> None:
    """What the adapter makes is a book file."""
    answers = make.answers(
        account=make.account(assets=[make.asset(maintMargin="80")]),
        positions=[make.position()],
        orders=[make.order("ETHUSDT", price="0", type="MARKET")],
        algo_orders=[make.algo_order(closePosition=True, quantity="0")],
        marks={"ETHUSDT": 300.0},
    )
    book = assemble("a", answers, make.reference(), ()).book
    assert parse_book(dump_book(book)) == book


def evidence(make: Any, legs: list[Any], rows: list[Any]) -> tuple[str, ...]:
    """What the comparison of both answers finds."""
    return torn_evidence(read_account(make.account(legs=legs)), read_positions(rows))


def test_answers_of_one_moment_are_not_torn(make: Any) -> None:
    """Flat rows and times that are not told do not count; the same size in other words is the same."""
    rows = [
        make.position(positionAmt="2"),
        make.position("ETHUSDT", positionAmt="0"),
        make.position("BTCUSDC", updateTime=0),
    ]
    legs = [make.account_leg(), make.account_leg("BTCUSDC", isolatedWallet=None)]
    assert evidence(make, legs, rows) == ()


@pytest.mark.parametrize(
    ("legs", "rows", "words"),
    [
        ([{}], [{"positionAmt": "1.5"}], "BTCUSDT BOTH was 2 with the balances and 1.5 with the positions"),
        ([{}], [], "BTCUSDT BOTH was 2 with the balances and 0 with the positions"),
        ([], [{}], "BTCUSDT BOTH was 0 with the balances and 2 with the positions"),
        ([{}], [{"positionSide": "LONG"}], "BTCUSDT BOTH was 2 with the balances and 0 with the positions"),
        ([{"isolatedWallet": "5"}], [{"isolatedWallet": "6"}], "isolated margin changed"),
        ([{}], [{"updateTime": 1700000000001}], "was traded between"),
    ],
)
def test_answers_of_different_moments_are_torn(make: Any, legs: list[Any], rows: list[Any], words: str) -> None:
    """A leg that differs is named with both sights of it."""
    found = evidence(make, [make.account_leg(**f) for f in legs], [make.position(**f) for f in rows])
    assert words in found[0]


@pytest.mark.parametrize(("later_s", "torn"), [(1, True), (59, True), (61, False)])
def test_times_that_differ_for_long_are_no_trade(make: Any, later_s: float, torn: object) -> None:
    """Were they always different, an account would be torn for ever."""
    account = read_account(make.account(legs=[make.account_leg()]))
    rows = read_positions([make.position(updateTime=1_700_000_000_001)])
    read_at = datetime.fromtimestamp(1_700_000_000.001 + later_s, tz=UTC)
    assert bool(torn_evidence(account, rows, read_at)) is torn


def test_a_rounded_isolated_wallet_is_not_torn(make: Any) -> None:
    """COIN-M tells margin and PnL of a leg; their difference is the wallet but for the last digit."""
    rounded = str(0.00810672 - 0.00310671)
    assert float(rounded) != 0.005
    legs, rows = [make.account_leg(isolatedWallet="0.005")], [make.position(isolatedWallet=rounded)]
    assert evidence(make, legs, rows) == ()


def test_an_isolated_leg_whose_wallet_is_used_up_stays_isolated(make: Any) -> None:
    """Its margin is its PnL alone; among the cross legs it would lend them that."""
    (row,) = read_positions([make.position(isolatedWallet="0", isolatedMargin="25.5")])
    assert (row.is_isolated, row.isolated_wallet) == (True, 0.0)
    (row,) = read_positions([make.position(isolatedWallet="0", isolatedMargin="0.00000000")])
    assert not row.is_isolated


@pytest.mark.parametrize(
    ("rows", "settings", "outdated"),
    [
        ([{}], {"BTCUSDT": SymbolSetting(20.0)}, False),
        ([{}], {}, True),
        ([{}], {"BTCUSDT": SymbolSetting(10.0)}, True),
        ([{"positionInitialMargin": "1000.4"}], {"BTCUSDT": SymbolSetting(20.0)}, False),
        ([{"notional": ""}], {"BTCUSDT": SymbolSetting(10.0)}, False),
        ([{"positionInitialMargin": "0"}], {"BTCUSDT": SymbolSetting(10.0)}, False),
        ([{"positionAmt": "0"}], {}, False),
    ],
)
def test_a_leverage_that_does_not_fit_the_margin_is_outdated(
    make: Any, rows: list[Any], settings: dict[str, SymbolSetting], outdated: bool
) -> None:
    """Notional over initial margin is the leverage that the venue charges."""
    answers = make.answers(positions=[make.position(**fields) for fields in rows])
    assert outdated_settings(answers, settings) is outdated


def test_an_order_without_a_known_leverage_is_outdated(make: Any) -> None:
    """Its margin needs one too."""
    assert outdated_settings(make.answers(orders=[make.order()]), {})


@pytest.mark.parametrize(
    ("stated", "legs", "proven"),
    [
        ("one_way", [], True),
        ("hedge", [], True),
        ("one_way", ["BOTH"], True),
        ("hedge", ["LONG"], True),
        ("one_way", ["LONG"], False),
        ("hedge", ["BOTH"], False),
    ],
)
def test_held_legs_prove_the_position_mode_or_contradict_it(
    make: Any, stated: Any, legs: list[str], proven: bool
) -> None:
    """A flat account has no proof but the venue's word."""
    answers: Answers = make.answers(positions=[make.position(positionSide=leg) for leg in legs])
    assert proven_mode(stated, answers, "the positions") == (stated if proven else None)


def test_legs_of_both_modes_at_once_are_refused(make: Any) -> None:
    """The venue has no such account."""
    with pytest.raises(BadAnswer, match="side by side"):
        proven_mode(
            "hedge", make.answers(positions=[make.position(), make.position(positionSide="LONG")]), "the positions"
        )


@pytest.mark.parametrize(("told", "place"), [("0", 0.0), (1, 0.25), ("4", 1.0), (5, 1.0)])
def test_the_place_in_the_queue_is_a_fraction(make: Any, told: object, place: float) -> None:
    """Of the venue's five places, 1 is next."""
    fetched = assemble("a", make.answers(positions=[make.position(adl=told)]), make.reference(), ())
    assert fetched.adl == {(BTC, "long"): place}


def test_a_place_that_is_not_told_is_none(make: Any) -> None:
    """Empty is not the end of the queue."""
    assert assemble("a", make.answers(positions=[make.position(adl="")]), make.reference(), ()).adl == {}
