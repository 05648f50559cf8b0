"""From rows to a book: whole, or with the name of what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.ports.errors import BadAnswer
from guard.risk.assess import assess
from guard.risk.book import Tier
from guard.risk.bookfile import dump_book, parse_book
from guard.risk.conformity import conformity
from guard.venues.bingx.answers import Modes, proven_mode, torn_evidence
from guard.venues.bingx.assemble import assemble
from guard.venues.bingx.parse_reference import Leverages

HEDGE = Modes("hedge", is_multi_assets=False, standard=False)
LONG = {
    "onlyOnePosition": False,
    "unrealizedProfit": "-2000",
    "markPrice": "9000",
    "margin": "0",
    "riskRate": "0.02025",
}
SHORT = {
    **LONG,
    "positionSide": "SHORT",
    "avgPrice": "9000",
    "initialMargin": "1800",
    "margin": "1800",
    "unrealizedProfit": "0",
}


def ten_thousand(make: Any, **fields: object) -> Any:
    """The wallet of the venue's example."""
    return make.balance(balance="10000", equity="10000", **fields)


def test_both_legs_of_a_hedge_pay(make: Any) -> None:
    """The venue's own example: 2 BTC each way at 9,000 after 10,000 is 2.025 %, and 4,200 are free."""
    wallet = make.balance(balance="10000", equity="8000", unrealizedProfit="-2000", usedMargin="3800")
    answers = make.answers((make.position(**LONG), make.position(**SHORT)), balances=(wallet,))
    fetched = make.fetched(answers, make.reference(HEDGE))
    assert (fetched.missing, fetched.book.position_mode, fetched.book.model) == ((), "hedge", "bingx")
    (pool,) = assess(fetched.book).pools
    assert pool.risk_ratio == pytest.approx(0.02025)
    assert pool.available_margin == pytest.approx(4200)
    said = fetched.book.venue_reported.pools["USDT"]
    assert (said.equity, said.risk_ratio, said.initial_margin) == (8000.0, 0.02025, 3800.0)


@pytest.mark.parametrize(("rate", "requirement"), [("0.0090", None), ("0.0100", 100.0), ("0.2500", 2_500.0)])
def test_the_requirement_is_made_of_a_rate_that_is_told_well(make: Any, rate: str, requirement: float | None) -> None:
    """Four places of a small rate say too little to hold ours against."""
    answers = make.answers((make.position(riskRate=rate),), balances=(ten_thousand(make),))
    said = make.fetched(answers).book.venue_reported.pools["USDT"]
    assert (said.maintenance_margin, said.risk_ratio) == (requirement, float(rate))


def test_another_requirement_at_the_venue_is_a_dispute(make: Any) -> None:
    """Ours is 410 of 12,000; the venue says 3.8 %."""
    wallet = make.balance(balance="12000", equity="12000")
    reference = make.reference(tiers={"BTC-USDT": (Tier(0.0, None, 0.02),)})
    for rate, disputes in (("0.0342", 0), ("0.0380", 1)):
        book = make.fetched(make.answers((make.position(riskRate=rate),), balances=(wallet,)), reference).book
        assert len(conformity(assess(book), book)) == disputes


def test_a_levered_account_is_not_held_against_a_rate_of_another_moment(make: Any) -> None:
    """The venue's rate may be of a price that was 0.3 % away: at 4 times the equity that is no evidence."""
    wallet = make.balance(balance="5000", equity="5000")
    book = make.fetched(make.answers((make.position(riskRate="0.0250"),), balances=(wallet,))).book
    said = book.venue_reported.pools["USDT"]
    assert (said.maintenance_margin, said.risk_ratio) == (None, 0.025)


@pytest.mark.parametrize(("equity", "disputed"), [("10000", False), ("9960", False), ("9000", True)])
def test_a_wallet_of_another_moment_and_one_with_a_leg_that_was_not_told(
    make: Any, equity: str, disputed: bool
) -> None:
    """A lag of prices is no dispute, 5 % of the value of all legs that are told is one."""
    wallet = make.balance(balance="10000", equity=equity)
    book = make.fetched(make.answers((make.position(),), balances=(wallet,))).book
    assert any("equity" in line for line in conformity(assess(book), book)) is disputed


def test_frozen_reduces_equity(make: Any) -> None:
    """Here and at the venue."""
    answers = make.answers((make.position(),), balances=(ten_thousand(make, freezedMargin="100"),))
    fetched = make.fetched(answers)
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(9900)
    assert fetched.book.venue_reported.pools["USDT"].equity == 9900.0


def test_an_isolated_leg_beside_a_cross_leg(make: Any) -> None:
    """Its margin is off the cross pool, with its PnL off the venue's equity."""
    alone = make.position("ETH-USDC", currency="USDC", isolated=True, margin="450", unrealizedProfit="-50")
    wallet = make.balance("USDC", equity="950", unrealizedProfit="-50")
    reference = make.reference(tiers={"ETH-USDC": make.reference().tiers["BTC-USDT"]})
    book = make.fetched(make.answers((alone,), balances=(wallet,)), reference).book
    assert [leg.isolated_margin for leg in book.positions] == [500.0]
    assert book.venue_reported.pools["USDC"].equity == 500.0
    assert book.venue_reported.equity is None
    idle, pool = assess(book).pools
    assert (idle.equity, pool.equity) == pytest.approx((500.0, 500.0))


def test_a_mark_that_came_apart_is_used(make: Any) -> None:
    """And named where there is none."""
    empty = make.answers((make.position(markPrice=""),))
    assert empty.unmarked_ids == {"BTC-USDT"}
    assert make.fetched(empty).missing == ("mark price of BTC/USDT:USDT",)
    filled = make.fetched(replace(empty, marks={"BTC-USDT": 9_500.0}))
    assert filled.missing == ()
    assert filled.book.positions[0].mark_price == 9_500.0


def test_what_is_absent_is_named(make: Any) -> None:
    """Listing, tiers, balance."""
    stranger = make.position("NEW-USDC", currency="USDC")
    fetched = make.fetched(make.answers((stranger,)))
    assert set(fetched.missing) == {"listing of NEW-USDC", "tiers of NEW/USDC:USDC", "balance of USDC"}
    lone = make.fetched(make.answers((make.position(isolated=True, margin="", initialMargin=""),)))
    assert lone.missing == ("isolated margin of BTC/USDT:USDT",)


def test_orders(make: Any) -> None:
    """A closing one has its leg's size; one without a position brings its terms."""
    close = make.order(type="STOP_MARKET", side="SELL", closePosition="true", origQty="0")
    rest = make.order("ETH-USDC", orderId=6, positionSide="SHORT", side="SELL")
    answers = make.answers((make.position(),), (close, rest), marks={"ETH-USDC": 3000.0})
    fetched = make.fetched(answers)
    assert fetched.missing == ()
    stop, resting = fetched.book.orders
    assert (stop.remaining, stop.reduce_only, stop.conditional, stop.price) == (2.0, True, True, None)
    assert (resting.position_side, resting.reduce_only) == ("short", False)
    assert fetched.book.parameters == {"ETH/USDC:USDC": {"contract_size": 1.0, "leverage": 5.0, "mark_price": 3000.0}}


def test_an_order_that_closes_an_empty_leg_is_none(make: Any) -> None:
    """There is nothing that it could do."""
    close = make.order(type="STOP_MARKET", side="BUY", closePosition="true", origQty="0")
    assert make.fetched(make.answers((make.position(),), (close,))).book.orders == ()


def test_the_leverage_of_an_order_must_be_known(make: Any) -> None:
    """Else it is named."""
    answers = make.answers((), (make.order(),), marks={"BTC-USDT": 9000.0})
    assert make.fetched(answers).missing == ("leverage of BTC/USDT:USDT",)
    known = make.reference(leverages={"BTC-USDT": Leverages(3.0, 4.0)})
    assert make.fetched(answers, known).book.parameters["BTC/USDT:USDT"]["leverage"] == 3.0


def test_coin_margined_legs_stand_in_at_the_rate_that_the_venue_implies(make: Any) -> None:
    """100 contracts of 10 USD at 200 are 5 SOL; 0.35 % of 10 SOL less the fee is 0.65 % of them. Named as missing."""
    coin = make.balance("SOL", balance="10", equity="10")
    answers = make.answers((), coin_positions=(make.coin_position(),), coin_balances=(coin,))
    fetched = make.fetched(answers)
    assert fetched.missing == ("tiers of SOL/USD:SOL",)
    (tier,) = fetched.book.tiers["SOL/USD:SOL"]
    assert (tier.floor, tier.cap, tier.mm_rate) == (0.0, None, pytest.approx(0.0065))
    pools = {pool.currency: pool for pool in assess(fetched.book).pools}
    assert pools["SOL"].risk_ratio == pytest.approx(0.0035)
    assert pools["USDT"].equity == 1000.0


def test_coin_margined_legs_without_a_rate_have_no_stand_in(make: Any) -> None:
    """Nothing is made up."""
    coin = make.balance("SOL", balance="10", equity="10")
    answers = make.answers((), coin_positions=(make.coin_position(riskRate=""),), coin_balances=(coin,))
    fetched = make.fetched(answers)
    assert fetched.missing == ("tiers of SOL/USD:SOL",)
    assert dict(fetched.book.tiers) == {}


def test_both_legs_of_a_coin_margined_symbol(make: Any) -> None:
    """Beside one-way USDT contracts: the book says that symbols may have two legs, and can be written and read."""
    coin = make.balance("SOL", balance="10", equity="10")
    legs = (make.coin_position(), make.coin_position(positionSide="Short"))
    fetched = make.fetched(make.answers((), coin_positions=legs, coin_balances=(coin,)))
    assert fetched.book.position_mode == "hedge"
    assert parse_book(dump_book(fetched.book)) == fetched.book
    pools = {pool.currency: pool for pool in assess(fetched.book).pools}
    assert pools["SOL"].risk_ratio == pytest.approx(0.0035)


def test_multi_assets_mode_is_reported_and_incomplete(make: Any) -> None:
    """The venue's own ratio, never the rule of another mode."""
    modes = Modes("one_way", is_multi_assets=True, standard=False)
    wallets = (make.balance(), make.balance("BTC", balance="1", equity="1"))
    fetched = make.fetched(make.answers((make.position(),), balances=wallets), make.reference(modes))
    assert fetched.book.model == "reported"
    assert fetched.missing == ("value of the margin in multi-assets mode",)
    (pool,) = assess(fetched.book).pools
    assert pool.currency == "USD"
    assert pool.risk_ratio == pytest.approx(0.009)


def test_tiers_stay_one_object_while_nothing_changes(make: Any) -> None:
    """With the tables built from them."""
    answers, reference = make.answers((make.position(),)), make.reference()
    first = assemble("alice", answers, reference, ())
    again = assemble("alice", answers, reference, (), first.book.tiers)
    assert again.book.tiers is first.book.tiers


def test_the_position_mode_is_held_against_the_legs(make: Any) -> None:
    """A contradiction is seen; both at once are refused."""
    hedged = make.answers((make.position(onlyOnePosition=False),))
    assert proven_mode("hedge", hedged) == "hedge"
    assert proven_mode("one_way", hedged) is None
    assert proven_mode("one_way", make.answers()) == "one_way"
    assert proven_mode("hedge", make.answers((make.position(onlyOnePosition=""),))) == "hedge"
    both = make.answers((make.position(), make.position("ETH-USDC", onlyOnePosition=False)))
    with pytest.raises(BadAnswer, match="side by side"):
        proven_mode("hedge", both)


@pytest.mark.parametrize(
    ("updated", "used", "torn"),
    [(-1.0, "1500", False), (5.0, "2000", False), (5.0, "2005", False), (5.0, "1500", True), (5.0, "", True)],
)
def test_a_leg_that_was_traded_meanwhile_is_torn(make: Any, updated: float, used: str, torn: bool) -> None:
    """It must be younger than the reading, and the balances must not show it."""
    answers = make.answers((make.position(),), balances=(make.balance(usedMargin=used),))
    row = answers.positions[0]
    answers = replace(answers, positions=(row._replace(updated_ms=answers.asked_ms + updated),))
    found = torn_evidence(answers, make.reference().markets)
    assert found == (("BTC-USDT LONG was traded between balances and positions",) if torn else ())


def test_separate_isolated_positions_are_shown_as_one_and_named(make: Any) -> None:
    """Each dies by itself, before their sum does."""
    rows = tuple(make.position(isolated=True, positionId=each) for each in "12")
    fetched = make.fetched(make.answers(rows))
    assert fetched.missing == ("each margin of BTC/USDT:USDT long (2 separate isolated positions, shown as one)",)
    assert [leg.isolated_margin for leg in fetched.book.positions] == [4_000.0]
