"""From rows to a book: whole, or with the name of what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.conformity import conformity
from guard.venues.mexc.assemble import Reference, assemble, contradicts, torn_evidence
from guard.venues.mexc.parse import read_positions
from guard.venues.mexc.parse_reference import Charge


def test_profit_is_computed_from_the_fair_price(make: Any) -> None:
    """The positions do not tell it: 2 BTC from 10,000 at 10,100 gained 200, on 800 before."""
    asset = make.asset(equity=1000, unrealized=200, positionMargin=2012)
    fetched = make.fetched(make.answers((make.position(),), assets=(asset,), marks={"BTC_USDT": 10_100.0}))
    assert fetched.missing == ()
    (pool,) = assess(fetched.book).pools
    assert (pool.wallet_balance, pool.unrealized_pnl, pool.equity) == pytest.approx((800, 200, 1000))
    assert pool.maintenance_margin == pytest.approx(20_200 * 0.008), "20,000 contracts are the second level"
    assert pool.closing_fees == pytest.approx(20_200 * 0.0006)
    assert conformity(assess(fetched.book), fetched.book) == ()


def test_a_profit_that_the_venue_does_not_tell_is_a_dispute(make: Any) -> None:
    """Its equity has it, its `unrealized` does not: nobody takes that for agreement."""
    asset = make.asset(equity=1200, unrealized=0)
    fetched = make.fetched(make.answers((make.position(),), assets=(asset,), marks={"BTC_USDT": 10_100.0}))
    assert any("equity" in line for line in conformity(assess(fetched.book), fetched.book))


def test_prices_that_moved_meanwhile_are_no_dispute(make: Any) -> None:
    """The balances are of 10,000, the fair price is 10,040: 0.4 %."""
    fetched = make.fetched(make.answers((make.position(),), marks={"BTC_USDT": 10_040.0}))
    assert conformity(assess(fetched.book), fetched.book) == ()


def test_an_isolated_leg(make: Any) -> None:
    """Its margin and its PnL are off the cross pool, here and in the venue's figure."""
    asset = make.asset(equity=3000, unrealized=200, frozenBalance=100)
    answers = make.answers((make.position(openType=1, im=500),), assets=(asset,), marks={"BTC_USDT": 10_100.0})
    book = make.fetched(answers).book
    assert book.positions[0].isolated_margin == 500.0
    assert book.venue_reported.pools["USDT"].equity == pytest.approx(3000 - 100 - 700)


def test_orders_withhold_margin_once(make: Any) -> None:
    """By the rule, as the venue froze it: 900 at 20x with the fee."""
    asset = make.asset(frozenBalance=45.54)
    fetched = make.fetched(make.answers((make.position(leverage=20),), (make.order(),), assets=(asset,)))
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(1000 - 45.54)
    assert conformity(assess(fetched.book), fetched.book) == ()


def test_an_order_alone_brings_its_terms(make: Any) -> None:
    """Leverage of the order, mark of the contract; without a leverage it is named."""
    fetched = make.fetched(make.answers((), (make.order(), make.order(orderId="6", leverage=10))))
    assert fetched.missing == ()
    terms = {"contract_size": 0.0001, "leverage": 10.0, "mark_price": 10_000.0}
    assert fetched.book.parameters == {"BTC/USDT:USDT": terms}
    assert make.fetched(make.answers((), (make.order(leverage=0),))).missing == ("leverage of BTC/USDT:USDT",)


def test_orders_name_their_leg_in_hedge_mode_only(make: Any) -> None:
    """In one-way mode there is none."""
    answers = make.answers((), (make.order(side=4),))
    assert make.fetched(answers, mode="hedge").book.orders[0].position_side == "long"
    assert make.fetched(answers).book.orders[0].position_side is None


def test_what_is_absent_is_named(make: Any) -> None:
    """Mark, listing, tiers, balance."""
    assert make.fetched(make.answers((make.position(),), marks={})).missing == ("mark price of BTC/USDT:USDT",)
    stranger = make.answers((make.position("NEW_USDT"),), (make.order("OTHER_USDT"),))
    assert make.fetched(stranger).missing == ("listing of NEW_USDT", "listing of OTHER_USDT")
    no_tiers = make.contracts(make.market(maintenanceMarginRate=None))
    assert make.fetched(make.answers((make.position(),)), no_tiers).missing == ("tiers of BTC/USDT:USDT",)
    no_money = make.answers((make.position(),), assets=(make.asset("USDC"),))
    assert make.fetched(no_money).missing == ("balance of USDT",)


def test_coin_margined_contracts_are_named(make: Any) -> None:
    """They have no rule here; the rest is computed."""
    answers = make.answers((make.position(), make.position("BTC_USD")), (make.order("BTC_USD"),))
    fetched = make.fetched(answers)
    assert fetched.missing == (
        "a rule for the coin-margined position in BTC/USD:BTC",
        "a rule for the coin-margined order in BTC/USD:BTC",
    )
    assert [leg.symbol for leg in fetched.book.positions] == ["BTC/USDT:USDT"]
    assert assess(fetched.book).pools


def test_limits_by_value_stand_in_at_the_mark(make: Any) -> None:
    """2 BTC at 10,000 are 20,000: the second level. Only a short leg comes into a higher one as it loses."""
    levels = [{"level": 1, "maxVol": 10_000, "mmr": 0.005}, {"level": 2, "maxVol": 50_000, "mmr": 0.01}]
    contracts = make.contracts(make.market(riskLimitType="BY_VALUE", riskLimitCustom=levels))
    for side in (1, 2):
        fetched = make.fetched(make.answers((make.position(positionType=side),)), contracts)
        assert fetched.missing == ()
        assert assess(fetched.book).pools[0].maintenance_margin == pytest.approx(20_000 * 0.01)
    near = make.answers((make.position(positionType=2, holdVol=8_000),))
    named = ("tiers of BTC/USDT:USDT in contracts: the venue has them by value",)
    assert make.fetched(near, contracts).missing == named


@pytest.mark.parametrize(
    ("charge", "told"),
    [
        (Charge("long", isolated=False, leverage=10, current_rate=0.008), False),
        (Charge("long", isolated=False, leverage=10, current_rate=0.02), True),
        (Charge("long", isolated=False, leverage=10, current_rate=None), False),
        (Charge("short", isolated=False, leverage=10, current_rate=0.02), False),
        (Charge("long", isolated=True, leverage=10, current_rate=0.02), False),
    ],
)
def test_a_rate_of_the_users_own_is_told(make: Any, charge: Charge, told: bool) -> None:
    """What the venue says it charges this leg is not what its table says."""
    fetched = make.fetched(make.answers((make.position(),)), charges={"BTC_USDT": (charge,)})
    expected = "tiers of BTC/USDT:USDT for this user: 2 % is charged, 0.8 % listed"
    assert fetched.missing == ((expected,) if told else ())


def test_lists_that_were_too_long_are_named(make: Any) -> None:
    """The book is incomplete then."""
    assert make.fetched(make.answers(incomplete=("orders beyond",))).missing == ("orders beyond",)


def test_tiers_stay_one_object_while_nothing_changes(make: Any) -> None:
    """With the tables built from them."""
    answers, known = make.answers((make.position(),)), Reference(make.contracts(), {}, "one_way")
    first = assemble("alice", answers, known, ())
    assert assemble("alice", answers, known, (), first.book.tiers).book.tiers is first.book.tiers


def test_the_place_in_the_queue(make: Any) -> None:
    """1 of 5 is far, 5 is next; the venue leaves it empty until it knows."""
    answers = make.answers((make.position(adlLevel=4), make.position(positionType=2, adlLevel="")))
    assert make.fetched(answers, mode="hedge").adl == {("BTC/USDT:USDT", "long"): 0.8}


def test_two_legs_contradict_one_way_mode(make: Any) -> None:
    """One leg proves nothing."""
    both = read_positions(
        {"success": True, "code": 0, "data": [make.position(), make.position(positionType=2)]},
    )
    assert contradicts("one_way", both)
    assert not contradicts("hedge", both)
    assert not contradicts("one_way", both[:1])


@pytest.mark.parametrize(("updated", "used", "torn"), [(-1, 1500, False), (5, 2012, False), (5, 1500, True)])
def test_a_leg_that_was_traded_meanwhile_is_torn(make: Any, updated: float, used: float, torn: bool) -> None:
    """It must be younger than the reading, and the balances must not show it."""
    answers = make.answers((make.position(),), assets=(make.asset(positionMargin=used),))
    row = answers.positions[0]._replace(updated_ms=answers.asked_ms + updated)
    found = torn_evidence(replace(answers, positions=(row,)), make.contracts())
    assert found == (("BTC_USDT LONG was traded between balances and positions",) if torn else ())
