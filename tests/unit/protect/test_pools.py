"""Plans where pool, settlement and quote currency are not the same: USD pools of several settles, coins, odd quotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.language.speech import speech_of
from guard.ports.venue import Instrument
from guard.protect.explain import plan_lines, top_up_line
from guard.protect.legs import legs_of
from guard.protect.plan import Plan, PlanLimits, Target, plan_reduction
from guard.protect.reduced import Cut, add_collateral, reduce_book
from guard.protect.worth import dollars, worth
from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, HaircutTier, Position, Tier, VenueReported

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINEAR, USDC, INVERSE = "BTC/USDT:USDT", "ETH/USDC:USDC", "BTC/USD:BTC"
TARGET = Target()


def leg(symbol: str, contracts: float, entry: float, mark: float, **fields: Any) -> Position:
    """A long leg, or a short one where `contracts` is below 0."""
    settle = symbol.partition(":")[2]
    inverse = symbol.endswith("/USD:BTC")
    return Position(
        symbol=symbol,
        side="long" if contracts > 0 else "short",
        contracts=abs(contracts),
        contract_size=fields.pop("contract_size", 100.0 if inverse else 1.0),
        kind="inverse" if inverse else "linear",
        settle=settle,
        entry_price=entry,
        mark_price=mark,
        leverage=10.0,
        **fields,
    )


def account(model: str, *positions: Position, **fields: Any) -> Book:
    """A book with one tier of 1 % for each symbol and the money that is given."""
    wide = (Tier(0.0, None, 0.01),)
    return Book(
        account="alice",
        venue="somewhere",
        model=model,
        as_of=AT,
        fees=Fees(taker=0.0005),
        positions=positions,
        tiers={each.symbol: wide for each in positions},
        **fields,
    )


def instruments(book: Book, **changes: Any) -> dict[str, Instrument]:
    """Whole contracts of inverse symbols, thousandths of the others."""
    return {
        each.symbol: Instrument(
            symbol=each.symbol,
            step=Decimal(1) if each.kind == "inverse" else Decimal("0.001"),
            minimum=Decimal(1) if each.kind == "inverse" else Decimal("0.001"),
            tick=Decimal("0.1"),
            contract_size=Decimal(repr(each.contract_size)),
            **changes,
        )
        for each in book.positions
    }


def plan_of(book: Book, **limits: Any) -> Plan:
    """A plan with these limits."""
    return plan_reduction(book, TARGET, instruments(book), limits=PlanLimits(**limits))


def usd_pool(model: str) -> Book:
    """One pool in USD, legs that settle in USDT, USDC and bitcoin; 4 % from liquidation."""
    book = account(
        model,
        leg(LINEAR, 3.0, 43_000.0, 40_000.0),
        leg(USDC, 20.0, 3_300.0, 3_000.0),
        leg(INVERSE, 500.0, 43_000.0, 40_000.0),
        collateral=(
            Collateral("USDT", 20_000.0),
            Collateral("USDC", 4_000.0),
            Collateral("BTC", 0.2, 40_000.0, haircut_tiers=(HaircutTier(0.0, None, 0.05),)),
        ),
    )
    return replace(book, parameters={"*": {"account_mode": "multi"}}) if model == "okx" else book


@pytest.mark.parametrize("model", ["bybit-uta", "okx"])
def test_a_usd_pool_is_restored_by_its_legs_whatever_they_settle_in(model: str) -> None:
    """The pool's currency is nobody's settlement."""
    book = usd_pool(model)
    assert [pool.currency for pool in assess(book).pools] == ["USD"]
    assert not TARGET.holds(assess(book))
    plan = plan_of(book)
    assert plan.feasible, plan.reason
    assert plan.steps
    assert TARGET.holds(plan.after)
    assert 0.0 < plan.bound <= plan.cost


def test_a_wallet_that_holds_isolated_margins_is_not_paid_them_twice() -> None:
    """Total equity changes by the cost only; a sum added to an isolated leg comes from outside."""
    alone = leg(LINEAR, 1.0, 43_000.0, 40_000.0, margin_mode="isolated", isolated_margin=5_000.0)
    book = account("bingx", alone, collateral=(Collateral("USDT", 6_000.0),))
    before = sum(pool.equity for pool in assess(book).pools)
    after = reduce_book(book, [Cut((LINEAR, "long"), Decimal("0.5"), 9.0)])
    assert sum(pool.equity for pool in assess(after).pools) == pytest.approx(before - 9.0)
    added = add_collateral(book, "USDT", 100.0, (LINEAR, "long"))
    assert [pool.equity for pool in assess(added).pools] == [1_000.0, 2_100.0]


def test_the_dollars_of_a_pool() -> None:
    """Of stable coins one, of coins their mark; what nothing prices is not counted."""
    book = usd_pool("bybit-uta")
    assert dollars(book, "USD", 3.0) == 3.0
    assert dollars(book, "BTC", 0.5) == 20_000.0
    assert dollars(book, "XRP", 10.0) == 0.0


def test_the_worth_of_an_account_is_that_of_its_pools() -> None:
    """Two coins' pools, in dollars: limits are in dollars too."""
    eth = leg("ETH/USD:ETH", 100.0, 2_500.0, 2_000.0, contract_size=10.0)
    eth = replace(eth, kind="inverse")
    btc = leg(INVERSE, 500.0, 50_000.0, 40_000.0)
    book = account("binance-coinm", btc, eth, collateral=(Collateral("BTC", 1.0), Collateral("ETH", 2.0)))
    pools = {pool.currency: pool.equity for pool in assess(book).pools}
    assert worth(book, assess(book)) == pytest.approx(pools["BTC"] * 40_000.0 + pools["ETH"] * 2_000.0)


def test_a_leg_that_is_not_quoted_in_dollars_is_not_sold() -> None:
    """Every limit counts dollars: a leg quoted in bitcoin would pass any."""
    odd = leg("ETH/BTC:BTC", 100.0, 0.06, 0.055)
    book = account("tiered", odd, collateral=(Collateral("BTC", 0.6),))
    plan = plan_of(book)
    assert not plan.feasible
    assert "ETH/BTC:BTC long is quoted in BTC, limits are in dollars" in plan.reason


def test_a_leg_that_is_held_twice_is_not_sold() -> None:
    """Cross and isolated at once: an order could not tell them apart, nor could the look afterwards."""
    cross = leg(LINEAR, 1.0, 43_000.0, 40_000.0)
    alone = replace(cross, contracts=0.5, margin_mode="isolated", isolated_margin=2_000.0)
    other = leg("ETH/USDT:USDT", 10.0, 3_300.0, 3_000.0)
    book = account("okx", cross, alone, other, collateral=(Collateral("USDT", 7_500.0),))
    book = replace(book, parameters={"*": {"account_mode": "single"}})
    assert legs_of(book)[LINEAR, "long"] == Decimal("1.5")
    plan = plan_of(book)
    assert "BTC/USDT:USDT long is held twice, in cross and isolated margin" in plan.reason
    rich = replace(book, collateral=(Collateral("USDT", 12_000.0),))
    assert {step.symbol for step in plan_of(rich).steps} <= {"ETH/USDT:USDT"}


def test_figures_of_the_venue_alone_are_no_ground_for_orders() -> None:
    """What an order would change is not known where the requirement is only reported."""
    book = account("reported", leg(LINEAR, 1.0, 43_000.0, 40_000.0), collateral=(Collateral("USDT", 4_000.0),))
    book = replace(book, venue_reported=VenueReported(equity=1_000.0, maintenance_margin=900.0))
    plan = plan_of(book)
    assert not plan.feasible
    assert "watched only" in plan.reason
    assert plan.steps == ()
    levels = plan_lines(plan)[1]
    assert levels == "Risk ratio 90.0 %, distance to liquidation not known (the venue tells the present only)"
    assert "清算までの距離 不明" in speech_of("ja", "UTC").sentence(levels)


def test_coins_to_add_are_said_exactly() -> None:
    """A hundredth of a bitcoin is a lot of money."""
    book = account("binance-coinm", leg(INVERSE, 50.0, 43_000.0, 40_000.0), collateral=(Collateral("BTC", 0.015),))
    (top_up,) = plan_of(book, max_notional_left=0.0).add_collateral
    assert top_up.amount < 0.02
    assert TARGET.holds(assess(add_collateral(book, "BTC", top_up.amount, None)))
    assert not TARGET.holds(assess(add_collateral(book, "BTC", top_up.amount - 2e-6, None)))
    assert top_up_line(top_up) == f"add {top_up.amount:.6f} BTC"


def test_a_pool_that_is_lost_does_not_keep_the_others_from_being_saved() -> None:
    """An isolated leg that costs more to close than it has left beside a cross pool in danger."""
    alone = leg(LINEAR, 1.0, 43_000.0, 40_000.0, margin_mode="isolated", isolated_margin=3_010.0)
    cross = leg("ETH/USDT:USDT", 20.0, 3_300.0, 3_000.0)
    book = account("binance-usdm", alone, cross, collateral=(Collateral("USDT", 9_000.0),))
    plan = plan_of(book)
    assert plan.feasible, plan.reason
    assert [step.symbol for step in plan.steps] == ["ETH/USDT:USDT"]
    (left_out,) = plan.left_out
    assert left_out.pool.text == "isolated BTC/USDT:USDT long"
    assert "reducing does not help isolated BTC/USDT:USDT long" in plan.reason
    assert plan.restores(TARGET, plan.after)
    assert not TARGET.holds(plan.after)


def test_nothing_is_done_where_every_pool_is_lost() -> None:
    """Then the plan is infeasible, and says so of each."""
    alone = leg(LINEAR, 1.0, 43_000.0, 40_000.0, margin_mode="isolated", isolated_margin=3_010.0)
    book = account("binance-usdm", alone, collateral=(Collateral("USDT", 9_000.0),))
    plan = plan_of(book)
    assert not plan.feasible
    assert plan.steps == ()
    assert plan.left_out == ()


def test_what_misses_the_target_is_brought_a_little_beyond_it() -> None:
    """And what holds the target, but not what is aimed at, is left alone."""
    book = account("binance-usdm", leg(LINEAR, 2.0, 43_000.0, 40_000.0), collateral=(Collateral("USDT", 12_000.0),))
    aim = Target(TARGET.risk_ratio * 0.9, TARGET.distance * 1.1)
    first = plan_reduction(book, TARGET, instruments(book), limits=PlanLimits(), aim=aim)
    assert aim.holds(first.after)
    reached = plan_of(book).after.pools[0]
    assert TARGET.holds_for(reached)
    assert not aim.holds_for(reached)
    (step,) = plan_of(book).steps
    smaller = reduce_book(book, [Cut((LINEAR, "long"), step.contracts, step.cost)])
    assert plan_reduction(smaller, TARGET, instruments(book), limits=PlanLimits(), aim=aim).steps == ()
