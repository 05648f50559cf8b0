"""From rows to books: pools, parameters, the venue's own figures, and what is named as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.conformity import conformity, worse_of
from guard.venues.kucoinfutures.assemble import ClassicAnswers, assemble_classic, needed_currencies
from guard.venues.kucoinfutures.assemble_unified import UnifiedAnswers, assemble_unified
from guard.venues.kucoinfutures.legs import proven_mode, torn_evidence
from guard.venues.kucoinfutures.parse_unified import UnifiedOverview

# 10 BTC at 61,000: rate (1 + 10 / 300) / 250, fee 0.06 %.
RATE = (1 + 10 / 300) / 250
REQUIREMENT = 610_000 * (RATE + 0.0006)


def book_of(shapes: Any, held: Any, *wallets: dict[str, Any], **reference: Any) -> FetchedBook:
    """The book of a classic account."""
    answers = ClassicAnswers(held, shapes.overviews(*wallets))
    return assemble_classic("alice", answers, shapes.reference(**reference))


def test_a_cross_leg_is_computed_and_agrees(shapes: Any) -> None:
    """Equity, requirement and ratio are the venue's."""
    fetched = book_of(shapes, shapes.held(shapes.cross()), shapes.wallet(riskRatio=REQUIREMENT / 60_000))
    assert (fetched.missing, fetched.torn, fetched.book.model) == ((), (), "kucoin")
    risk = assess(fetched.book)
    assert risk.risk_ratio == pytest.approx(REQUIREMENT / 60_000)
    assert conformity(risk, fetched.book) == ()
    assert fetched.adl == {("BTC/USDT:USDT", "long"): 0.4}


def test_the_venues_own_rate_is_ours(shapes: Any) -> None:
    """A recorded cross leg of 0.001 BTC: `maintMarginReq` 0.0040000133, `posMaint` 0.38794369 (ccxt 4.5.90)."""
    row = shapes.cross(
        currentQty=1,
        maintMarginReq=0.0040000133,
        markPrice=96_985.6,
        markValue=96.9856,
        avgEntryPrice=96_976.8,
        posCost=96.9768,
        posInit=4.84884,
        posMaint=0.38794369,
    )
    (pool,) = assess(book_of(shapes, shapes.held(row)).book).pools
    assert pool.maintenance_margin == pytest.approx(0.38794369, rel=1e-7)


def test_a_wrong_ratio_is_disputed(shapes: Any) -> None:
    """The venue's figure is compared, not ours with itself."""
    fetched = book_of(shapes, shapes.held(shapes.cross()), shapes.wallet(riskRatio=0.06))
    assert any("requirement" in line for line in conformity(assess(fetched.book), fetched.book))


def test_a_ratio_of_nothing_beside_legs_is_no_figure(shapes: Any) -> None:
    """The sum over the legs stands in for it."""
    fetched = book_of(shapes, shapes.held(shapes.cross(posMaint=610_000 * RATE)), shapes.wallet(riskRatio=0))
    figures = fetched.book.venue_reported.pools["USDT"]
    assert figures.maintenance_margin == pytest.approx(REQUIREMENT)
    assert conformity(assess(fetched.book), fetched.book) == ()


def test_without_a_ratio_orders_make_the_sum_no_requirement(shapes: Any) -> None:
    """They count in the pool's; nothing is compared that is not the same."""
    held = shapes.held(shapes.cross(), orders=[shapes.order()])
    figures = book_of(shapes, held, shapes.wallet(riskRatio=None)).book.venue_reported.pools["USDT"]
    assert (figures.maintenance_margin, figures.risk_ratio) == (None, None)


def test_fees_to_open_come_off_the_venues_equity(shapes: Any) -> None:
    """As they do in the venue's ratio; so does the margin of isolated orders, which carries no cross leg."""
    held = shapes.held(shapes.cross(), orders=[shapes.order()])
    figures = book_of(shapes, held).book.venue_reported.pools["USDT"]
    assert figures.equity == pytest.approx(60_000 - 110_000 * 0.0006)
    isolated = shapes.order(id="71002", marginMode="ISOLATED", leverage="5")
    book = book_of(shapes, shapes.held(shapes.cross(), orders=[isolated])).book
    margin = 110_000 * (0.2 + 0.0006)
    assert book.venue_reported.pools["USDT"].equity == pytest.approx(60_000 - margin)
    assert book.collateral[0].frozen == pytest.approx(margin)


def test_an_isolated_leg_beside_a_cross_leg(shapes: Any) -> None:
    """Its wallet is its own, its rate the one that the venue charges it, and its funding is known."""
    held = shapes.held(shapes.cross(), shapes.isolated())
    fetched = book_of(shapes, held, shapes.wallet(accountEquity=59_900.0, unrealisedPNL=9_900.0, riskRatio=None))
    assert fetched.missing == ()
    pools = {pool.margin_mode: pool for pool in assess(fetched.book).pools}
    fee = 8_000 * (1 + 1 / 25) * 0.0006
    assert pools["isolated"].maintenance_margin + pools["isolated"].closing_fees == pytest.approx(
        8_000 * (0.005 + 0.0001) + fee
    )
    assert pools["cross"].equity == pytest.approx(50_000 - 330 + 10_000)
    assert fetched.book.venue_reported.pools["USDT"].equity == pytest.approx(59_900 - (330 - 100))
    assert fetched.book.venue_reported.equity is None


def test_funds_on_their_way_out_do_not_count(shapes: Any) -> None:
    """Neither here nor in the venue's figures."""
    wallet = shapes.wallet(frozenFunds=5_000.0, riskRatio=REQUIREMENT / 55_000)
    fetched = book_of(shapes, shapes.held(shapes.cross()), wallet)
    assert conformity(assess(fetched.book), fetched.book) == ()
    assert assess(fetched.book).risk_ratio == pytest.approx(REQUIREMENT / 55_000)


def test_an_inverse_contract_makes_the_book_the_venues_own(shapes: Any) -> None:
    """Its rule is not published: model `reported`, with the venue's ratio of each pool."""
    inverse = shapes.cross(
        symbol="XBTUSDM", settleCurrency="XBT", isInverse=True, currentQty=30_000, posMaint=0.002, markValue=-0.5
    )
    held = shapes.held(shapes.cross(), inverse)
    coin = shapes.wallet(currency="XBT", marginBalance=0.2, accountEquity=0.25, riskRatio=0.02)
    fetched = book_of(shapes, held, shapes.wallet(), coin)
    assert (fetched.missing, fetched.book.model, fetched.book.parameters) == ((), "reported", {})
    ratios = {pool.currency: pool.risk_ratio for pool in assess(fetched.book).pools}
    assert ratios == pytest.approx({"USDT": 0.0481, "BTC": 0.02})


def test_an_inverse_contract_without_the_venues_ratio(shapes: Any) -> None:
    """The legs' own requirements stand in; where one is not told, it is missing."""
    inverse = shapes.cross(symbol="XBTUSDM", settleCurrency="XBT", isInverse=True, posMaint=0.002, markValue=-0.5)
    coin = shapes.wallet(currency="XBT", marginBalance=0.2, accountEquity=0.25, riskRatio=None)
    fetched = book_of(shapes, shapes.held(inverse), coin)
    assert fetched.book.venue_reported.pools["BTC"].maintenance_margin == pytest.approx(0.002 + 0.5 * 0.0006)
    without = book_of(shapes, shapes.held({**inverse, "posMaint": None}), coin)
    assert without.missing == ("maintenance margin in BTC",)


@pytest.mark.parametrize(
    ("margin", "pnl", "ratio"), [(0.5, -0.1, 0.05), (0.05, 0.0, 0.4), (0.1, -0.1, 100.0), (0.1, -0.2, 100.0)]
)
def test_an_isolated_leg_of_a_reported_book(shapes: Any, margin: float, pnl: float, ratio: float) -> None:
    """It has no pool there: the account's ratio is the worst of pools and isolated legs, and zones are set on that."""
    inverse = shapes.isolated(
        symbol="XBTUSDM", settleCurrency="XBT", isInverse=True, posMaint=0.02, posMargin=margin, unrealisedPnl=pnl
    )
    coin = shapes.wallet(currency="XBT", accountEquity=1.0 + pnl, unrealisedPNL=pnl, riskRatio=0.0)
    fetched = book_of(shapes, shapes.held(shapes.cross(), inverse), shapes.wallet(), coin)
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    assert fetched.book.venue_reported.pools["BTC"].equity == pytest.approx(1.0 - margin)
    assert worse_of(assess(fetched.book), fetched.book).risk_ratio == pytest.approx(ratio)
    without = book_of(shapes, shapes.held({**inverse, "posMaint": None}), coin)
    assert without.missing == ("isolated margins of BTC/USD:BTC",)


def test_what_an_ordered_contract_must_tell(shapes: Any) -> None:
    """Size, leverage, mark and constants stand in the parameters."""
    order = shapes.order(symbol="ETHUSDTM", price=None, size=100)
    held = shapes.held(orders=[order], marks={"ETHUSDTM": 4_000.0}, leverages={"ETHUSDTM": 7.0})
    fetched = book_of(shapes, held)
    terms = fetched.book.parameters["ETH/USDT:USDT"]
    assert (terms["contract_size"], terms["leverage"], terms["mark_price"], terms["m"]) == (0.01, 7.0, 4_000.0, 4_000.0)
    assert fetched.missing == ()
    assert assess(fetched.book).risk_ratio is not None


def test_what_is_missing_is_named(shapes: Any) -> None:
    """A mark, a leverage, constants, a listing, a wallet, the rest of a list."""
    rows = (
        shapes.cross(symbol="NEWUSDCM", settleCurrency="USDC", markPrice=None, leverage=None, posInit=None),
        shapes.isolated(maintMarginReq=None),
    )
    order = shapes.order(size=5)
    contracts = shapes.contracts(shapes.contract(symbol="ETHUSDTM"))
    held = replace(shapes.held(*rows, orders=[order]), cut=("open orders after the first 10000",))
    fetched = book_of(shapes, held, contracts=contracts)
    assert set(fetched.missing) == {
        "open orders after the first 10000",
        "listing of NEWUSDCM",
        "mark price of NEW/USDC:USDC",
        "leverage of NEW/USDC:USDC",
        "margin constants of NEW/USDC:USDC",
        "margin constants of BTC/USDT:USDT",
        "maintenance rate of ETH/USDT:USDT",
        "leverage of BTC/USDT:USDT",
        "mark price of BTC/USDT:USDT",
        "balance of USDC",
    }


def test_a_currency_that_contradicts_the_listing(shapes: Any) -> None:
    """Named; the listing's is used."""
    fetched = book_of(shapes, shapes.held(shapes.cross(settleCurrency="USDC")))
    assert fetched.missing == ("settlement currency of BTC/USDT:USDT",)
    assert fetched.book.positions[0].settle == "USDT"


@pytest.mark.parametrize(
    ("unit", "left", "contracts"), [("contracts", 5, 5), ("base", 0.5, 500), ("quote", 27_500, 500)]
)
def test_sizes_of_orders(shapes: Any, unit: Any, left: float, contracts: float) -> None:
    """In contracts, whatever the venue counts them in."""
    held = shapes.held(orders=[shapes.order()], marks={"XBTUSDTM": 61_000.0}, leverages={"XBTUSDTM": 5.0})
    held = replace(held, orders=(held.orders[0]._replace(unit=unit, remaining=left),))
    assert book_of(shapes, held).book.orders[0].remaining == pytest.approx(contracts)


def test_needed_currencies(shapes: Any) -> None:
    """Of legs and of orders."""
    held = shapes.held(shapes.cross(), orders=[shapes.order(symbol="XBTUSDM")])
    assert needed_currencies(held, shapes.reference()) == {"USDT", "BTC"}


def test_both_legs_of_a_hedge(shapes: Any) -> None:
    """One mark for both; orders name their leg, by side and purpose where the venue does not."""
    rows = (
        shapes.cross(positionSide="LONG"),
        shapes.cross(positionSide="SHORT", currentQty=-4_000, markPrice=61_000.1, posMaint=1_000.0),
    )
    orders = [
        shapes.order(id="1", side="sell", reduceOnly=True, positionSide=None),
        shapes.order(id="2", side="sell", positionSide="SHORT"),
    ]
    fetched = book_of(shapes, shapes.held(*rows, orders=orders), hedge=True)
    assert {leg.mark_price for leg in fetched.book.positions} == {61_000.0}
    assert [order.position_side for order in fetched.book.orders] == ["long", "short"]
    assert assess(fetched.book).risk_ratio is not None


def test_a_stop_that_closes_everything_has_its_legs_size(shapes: Any) -> None:
    """And is none where nothing is held."""
    stop = shapes.order(side="sell", size=None, price=None, closeOrder=True, filledSize=None)
    book = book_of(shapes, shapes.held(shapes.cross(), stops=[stop])).book
    assert (book.orders[0].remaining, book.orders[0].conditional) == (10_000.0, True)
    assert book_of(shapes, shapes.held(stops=[stop], marks={"XBTUSDTM": 1.0})).book.orders == ()


def test_announced_constants_count_by_the_time_of_the_reading(shapes: Any) -> None:
    """Not by the time at which they were read."""
    held = shapes.held(shapes.cross())
    at_ms = held.parts["positions"].timestamp() * 1000
    contracts = shapes.contracts(shapes.contract(adjustM=100.0, adjustActiveTime=at_ms))
    assert book_of(shapes, held, contracts=contracts).book.parameters["BTC/USDT:USDT"]["m"] == 100.0
    earlier = replace(held, parts={name: at - timedelta(seconds=1) for name, at in held.parts.items()})
    assert book_of(shapes, earlier, contracts=contracts).book.parameters["BTC/USDT:USDT"]["m"] == 300.0


def test_torn_readings(shapes: Any) -> None:
    """Legs that changed, came or went between the first and the last look."""
    held = shapes.held(shapes.cross())
    assert torn_evidence(held) == ()
    assert torn_evidence(replace(held, again=held.positions)) == ()
    changed = shapes.held(shapes.cross(currentQty=9_000)).positions
    assert torn_evidence(replace(held, again=changed)) == (
        "XBTUSDTM BOTH was 10000 at the start of the reading and 9000 at its end",
    )
    assert torn_evidence(replace(held, again=()))
    assert torn_evidence(replace(shapes.held(), again=held.positions))


def test_proof_of_the_position_mode(shapes: Any) -> None:
    """Legs agree with what the venue stated, or they do not."""
    one_way, hedge = shapes.held(shapes.cross()), shapes.held(shapes.cross(positionSide="LONG"))
    assert proven_mode("one_way", one_way) == "one_way"
    assert proven_mode("hedge", one_way) is None
    assert proven_mode("hedge", hedge) == "hedge"
    assert proven_mode("one_way", hedge) is None
    assert proven_mode("hedge", shapes.held()) == "hedge"


def test_tiers_are_handed_on_while_nothing_changed(shapes: Any) -> None:
    """With the tables that were built from them."""
    held = shapes.held(shapes.isolated())
    answers, reference = ClassicAnswers(held, shapes.overviews()), shapes.reference()
    first = assemble_classic("alice", answers, reference).book
    assert assemble_classic("alice", answers, reference, first.tiers).book.tiers is first.tiers


def test_a_unified_account(shapes: Any) -> None:
    """One pool in USD; its requirement is the one that the venue liquidates at."""
    held = shapes.held(shapes.cross())
    answers = UnifiedAnswers(held, UnifiedOverview(50_000.0, 2_500.0, 30_000.0, 20_000.0, 0.06))
    fetched = assemble_unified("alice", answers, shapes.reference())
    assert (fetched.missing, fetched.book.model, fetched.position_mode_proven) == ((), "reported", False)
    (pool,) = assess(fetched.book).pools
    assert pool.currency == "USD"
    assert pool.equity == pytest.approx(50_000.0)
    assert pool.risk_ratio == pytest.approx(0.06)
    assert len(pool.positions) == 1


def test_a_unified_account_without_equity(shapes: Any) -> None:
    """It has no ratio, and its maintenance margin stands."""
    answers = UnifiedAnswers(shapes.held(shapes.cross()), UnifiedOverview(-5.0, 2_500.0, None, None, 3.0))
    figures = assemble_unified("alice", answers, shapes.reference()).book.venue_reported
    assert (figures.risk_ratio, figures.maintenance_margin) == (None, 2_500.0)
