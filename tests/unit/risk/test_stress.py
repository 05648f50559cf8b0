"""Stress: scenario sets, the worst of them, worst-side fills and each leg's contribution."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.risk.altered import with_fills, without_leg
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Order, Position, Side, Tier
from guard.risk.bookerror import BookError
from guard.risk.bookfile import with_marks
from guard.risk.scenarios import Kind, class_shock, extreme_shock, shock, standard_scenarios
from guard.risk.stress import risks_of, stress

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def leg(symbol: str, side: Side, contracts: float, mark: float) -> Position:
    """A leg opened at its mark."""
    return Position(symbol, side, contracts, 1.0, "linear", "USDT", mark, mark, 10.0)


def book_of(*legs: Position, balance: float = 10_000.0, orders: tuple[Order, ...] = ()) -> Book:
    """A one-pool book with one flat tier for each symbol."""
    return Book(
        account="a",
        venue="v",
        model="binance-usdm",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        position_mode="hedge" if len({each.symbol for each in legs}) < len(legs) else "one_way",
        collateral=(Collateral("USDT", balance),),
        positions=legs,
        orders=orders,
        tiers={each.symbol: (Tier(0.0, None, 0.01),) for each in legs},
    )


def ratio_of(book: Book, moves: dict[str, float]) -> float | None:
    """The risk ratio under one shock."""
    return risks_of(book, [shock(moves)])[0].risk_ratio


def test_a_shock_is_the_same_as_other_marks() -> None:
    """The scenario axis agrees with assessing the book at the shocked marks."""
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "short", 5.0, 3_000.0))
    moved = assess(with_marks(book, {BTC: 36_000.0, ETH: 3_150.0}), liquidation=False)
    assert ratio_of(book, {"BTC": -0.1, "ETH": 0.05}) == pytest.approx(moved.risk_ratio, rel=1e-12)


def test_all_stands_for_what_is_not_named_and_not_stable() -> None:
    """`ALL=-10%, BTC=-5%` moves ETH by -10 %, BTC by -5 % and USDT not at all."""
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "long", 5.0, 3_000.0))
    assert ratio_of(book, {"ALL": -0.1, "BTC": -0.05}) == ratio_of(book, {"BTC": -0.05, "ETH": -0.1})


def test_correlated_longs_raise_risk_and_opposite_pairs_lower_it() -> None:
    """Two longs that fall together are worse than either alone; a short that falls with the long takes risk off."""
    both_long = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "long", 10.0, 3_000.0), balance=20_000)
    opposite = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "short", 10.0, 3_000.0), balance=20_000)
    alone = book_of(leg(BTC, "long", 1.0, 40_000.0), balance=20_000)
    fall = {"ALL": -0.12}
    long_ratio, opposite_ratio, alone_ratio = (ratio_of(book, fall) for book in (both_long, opposite, alone))
    assert long_ratio is not None
    assert opposite_ratio is not None
    assert alone_ratio is not None
    assert long_ratio > alone_ratio > 0
    assert long_ratio > opposite_ratio
    assert assess(both_long).risk_ratio == assess(opposite).risk_ratio  # no venue charges it before it happens


def test_broken_hedge_is_its_own_scenario() -> None:
    """A long and a short in different coins: the set holds the case in which both lose; one-sided books have none."""
    opposite = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "short", 10.0, 3_000.0))
    broken = [each for each in standard_scenarios(opposite) if each.kind is Kind.HEDGE_BREAK]
    assert [dict(each.moves) for each in broken] == [{"BTC": -0.12, "ETH": 0.12}]
    one_sided = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "long", 10.0, 3_000.0))
    assert all(each.kind is not Kind.HEDGE_BREAK for each in standard_scenarios(one_sided))


@pytest.mark.parametrize(
    ("asset", "usual", "extreme"), [("BTC", 0.12, 0.24), ("ETH", 0.12, 0.24), ("XRP", 0.18, 0.36), ("FOO", 0.25, 0.5)]
)
def test_class_shocks(asset: str, usual: float, extreme: float) -> None:
    """Source: OKX portfolio margin MR1 and MR6, 2025-01."""
    assert (class_shock(asset), extreme_shock(asset)) == (usual, extreme)


def test_standard_set_has_every_kind_and_names_the_worst() -> None:
    """Each set of the contract is there once; the worst is the highest ratio, no equity before any ratio."""
    order = Order(BTC, "buy", 39_000.0, 0.5)
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "short", 1.0, 3_000.0), balance=60_000.0, orders=(order,))
    report = stress(book)
    kinds = {result.scenario.kind for result in report.results}
    assert kinds == set(Kind) - {Kind.CUSTOM}
    assert report.worst is not None
    ratios = [result.risk_ratio for result in report.results if result.risk_ratio is not None]
    assert report.worst.risk_ratio is None or report.worst.risk_ratio == max(ratios)
    assert len({result.scenario.name for result in report.results}) == len(report.results)


def test_beta_floor_is_one() -> None:
    """An alt never counts less than BTC, whatever its measured beta."""
    book = book_of(leg(ETH, "long", 1.0, 3_000.0), leg("XRP/USDT:USDT", "long", 1.0, 1.0))
    scenario = next(each for each in standard_scenarios(book, {"ETH": 0.4, "XRP": 1.5}) if each.kind is Kind.BETA)
    assert dict(scenario.moves) == {"ETH": -0.12, "XRP": pytest.approx(-0.18)}


def test_depeg_of_foreign_collateral_hurts() -> None:
    """USDC as collateral of a multi-asset pool: its depeg takes equity off one for one."""
    book = replace(
        book_of(leg(BTC, "long", 0.1, 40_000.0), balance=0.0),
        model="tiered",
        collateral=(Collateral("USDT", 100.0), Collateral("USDC", 10_000.0)),
    )
    calm, depeg = risks_of(book, [shock({"BTC": 1e-12}), shock({"USDC": -0.10})])
    assert calm.equity - depeg.equity == pytest.approx(1_000.0, abs=1e-6)


def test_funding_is_paid_by_every_leg() -> None:
    """0.9 % of gross notional leaves the account, longs and shorts alike."""
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(ETH, "short", 10.0, 3_000.0))
    result = next(each for each in stress(book).results if each.scenario.kind is Kind.FUNDING)
    assert result.equity == pytest.approx(10_000.0 - 0.009 * 70_000.0)


def test_contribution_is_the_level_with_the_leg_minus_without() -> None:
    """A hedge leg contributes negatively to the worst scenario; the gains are those of the worst scenario."""
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), leg(BTC, "short", 0.9, 40_000.0), balance=5_000.0)
    report = stress(book, [shock({"BTC": -0.09})])
    long, short = report.contributions
    assert long.pnl_in_worst == pytest.approx(-3_600.0)
    assert short.pnl_in_worst == pytest.approx(3_240.0)
    assert long.worst_risk_ratio is not None
    assert long.worst_risk_ratio > 0
    assert short.risk_ratio is not None
    assert short.risk_ratio > 0  # gross venue: the hedge is charged too
    assert short.worst_risk_ratio is not None
    assert short.worst_risk_ratio < 0


@pytest.mark.parametrize(
    ("order", "legs"),
    [
        (Order(BTC, "buy", 39_000.0, 1.0), [("long", 2.0, 39_500.0)]),
        (Order(BTC, "sell", 41_000.0, 0.4), [("long", 0.6, 40_000.0)]),
        (Order(BTC, "sell", 41_000.0, 1.0), []),
        (Order(BTC, "sell", 41_000.0, 1.5), [("short", 0.5, 41_000.0)]),
    ],
)
def test_fills_one_way(order: Order, legs: list[tuple[str, float, float]]) -> None:
    """Growing, shrinking, closing and turning a one-way leg; what is closed is realised at the order's price."""
    book = book_of(leg(BTC, "long", 1.0, 40_000.0), orders=(order,))
    after, left_out = with_fills(book, order.side)
    assert [each.side for each in after.positions] == [side for side, _, _ in legs]
    assert [each.contracts for each in after.positions] == pytest.approx([size for _, size, _ in legs])
    assert [each.entry_price for each in after.positions] == pytest.approx([entry for _, _, entry in legs])
    assert left_out == ()
    assert after.orders == ()
    realised = 0.0 if order.side == "buy" else min(order.remaining, 1.0) * 1_000.0
    assert after.collateral[0].balance == pytest.approx(10_000.0 + realised)


def test_order_on_a_symbol_without_a_leg_opens_one() -> None:
    """The symbol's parameters and tiers say what it would be; without tiers the order is named as left out."""
    contract = {"contract_size": 1.0, "leverage": 10.0, "mark_price": 3_000.0, "settle": "USDT"}
    held = book_of(leg(BTC, "long", 1.0, 40_000.0), orders=(Order(ETH, "buy", 2_900.0, 2.0),))
    book = replace(held, parameters={ETH: contract})
    _, left_out = with_fills(book, "buy")
    assert left_out == ("buy 2 contracts ETH/USDT:USDT",)
    after, left_out = with_fills(replace(book, tiers={**book.tiers, ETH: (Tier(0.0, None, 0.01),)}), "buy")
    assert left_out == ()
    assert [(each.symbol, each.side, each.contracts) for each in after.positions][1:] == [(ETH, "long", 2.0)]
    assert after.positions[1].entry_price == pytest.approx(2_900.0)


def test_closing_a_leg_at_its_mark_leaves_equity_alone() -> None:
    """Unrealized PnL becomes balance."""
    winner = replace(leg(BTC, "long", 1.0, 40_000.0), entry_price=30_000.0)
    book = book_of(winner, leg(ETH, "long", 1.0, 3_000.0))
    before, after = assess(book), assess(without_leg(book, 0))
    assert after.pools[0].equity == pytest.approx(before.pools[0].equity)
    assert len(after.pools[0].positions) == 1


def test_empty_book_has_nothing_to_stress() -> None:
    """No positions: no results and no worst, not a zero."""
    report = stress(book_of())
    assert (report.results, report.worst, report.contributions) == ((), None, ())


@pytest.mark.parametrize("moves", [{}, {"BTC": -1.0}, {"BTC": float("nan")}, {"BTC": float("inf")}])
def test_impossible_shocks_are_refused(moves: dict[str, float]) -> None:
    """-100 % or worse, not a number, and nothing at all."""
    with pytest.raises(BookError, match="shock"):
        shock(moves)


def test_order_that_is_left_out_stays_open() -> None:
    """What the order holds is still held: leaving it out must not make the account look better."""
    order = Order(ETH, "buy", 2_900.0, 2.0)
    after, left_out = with_fills(book_of(leg(BTC, "long", 1.0, 40_000.0), orders=(order,)), "buy")
    assert left_out == ("buy 2 contracts ETH/USDT:USDT",)
    assert after.orders == (order,)


def test_rule_without_tables_fills_its_orders() -> None:
    """KuCoin's rule has constants instead of tables: an order there fills on a symbol without a leg."""
    constants = {"m": 300, "k": 490, "f": 1.3, "mmr_limit": 0.3, "mmr_lev_constant": 125}
    contract = {"contract_size": 1.0, "leverage": 10.0, "mark_price": 3_000.0, "settle": "USDT"}
    held = book_of(leg(BTC, "long", 1.0, 40_000.0), orders=(Order(ETH, "buy", 2_900.0, 2.0),))
    book = replace(held, model="kucoin", tiers={}, parameters={BTC: constants, ETH: constants | contract})
    after, left_out = with_fills(book, "buy")
    assert left_out == ()
    assert len(after.positions) == 2


@pytest.mark.parametrize(("model", "equity"), [("binance-usdm", 2_500.0), ("bingx", 2_000.0)])
def test_margin_of_an_isolated_leg_comes_back_once(model: str, equity: float) -> None:
    """BingX, KuCoin and MEXC count isolated margins inside the wallet already."""
    isolated = replace(leg(BTC, "long", 0.1, 40_000.0), margin_mode="isolated", isolated_margin=500.0)
    book = replace(book_of(isolated, leg(ETH, "long", 1.0, 3_000.0), balance=2_000.0), model=model)
    pools = assess(without_leg(book, 0)).pools
    assert sum(pool.equity for pool in pools) == pytest.approx(equity)


def test_orders_alone_are_stressed() -> None:
    """A book with nothing but open orders can still be hurt when they fill; the ordered asset has its own shock."""
    contract = {"contract_size": 1.0, "leverage": 10.0, "mark_price": 3_000.0, "settle": "USDT"}
    empty = book_of(orders=(Order(ETH, "buy", 3_000.0, 2.0),))
    book = replace(empty, tiers={ETH: (Tier(0.0, None, 0.01),)}, parameters={ETH: contract})
    report = stress(book)
    worst = report.worst
    assert worst is not None
    assert worst.scenario.kind is Kind.ORDERS
    assert worst.equity == pytest.approx(10_000.0 - 0.12 * 6_000.0)
