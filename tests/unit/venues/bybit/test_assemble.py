"""From rows to a book: what stands in it, what is named as missing, what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.venue import FetchedBook
from guard.risk.assess import assess
from guard.risk.book import Collateral, HaircutTier, VenueReported
from guard.venues.bybit.assemble import Answers, Reference, assemble, contradicts, torn_evidence
from guard.venues.bybit.builder import unpriced
from guard.venues.bybit.parse_reference import LoanTier, MarginWord, Modes
from tests.unit.venues.bybit import answers as made


def built(answers: Answers, reference: Reference | None = None) -> FetchedBook:
    """The book of these answers."""
    known = reference or made.reference()
    return assemble("alice", answers, known, torn_evidence(answers, known.markets))


def test_a_plain_book() -> None:
    """One pool in USD; nothing is missing."""
    fetched = built(made.answers(made.wallet(made.coin(totalPositionMM="110.45")), [made.position()]))
    book = fetched.book
    assert (fetched.missing, fetched.torn, fetched.position_mode_proven) == ((), (), True)
    assert (book.venue, book.model, book.position_mode, book.as_of) == ("bybit", "bybit-uta", "one_way", made.NOW)
    (leg,) = book.positions
    assert (leg.symbol, leg.side, leg.contracts, leg.settle, leg.leverage) == ("BTC/USDT:USDT", "long", 2, "USDT", 20)
    assert (leg.margin_mode, leg.isolated_margin) == ("cross", None)
    assert fetched.adl == {("BTC/USDT:USDT", "long"): 0.4}
    (pool,) = assess(book).pools
    assert pool.maintenance_margin + pool.closing_fees == pytest.approx(110.45)


def test_an_inverse_leg_and_a_usdc_leg() -> None:
    """Each in its coin, which stands among the collateral even where the wallet holds none of it."""
    usdc = made.answers(positions=[made.position("BTCPERP")])
    fetched = built(usdc, made.reference(prices={"USDC": 0.999}))
    assert [(item.asset, item.balance, item.price) for item in fetched.book.collateral] == [
        ("USDT", 1000.0, 1.0),
        ("USDC", 0.0, 0.999),
    ]
    assert fetched.missing == ()
    row = made.coin("BTC", walletBalance="0.1", equity="0.1", usdValue="1000")
    inverse = made.answers(made.wallet(row), [made.position("BTCUSD", size="300")], category="inverse")
    (leg,) = built(inverse).book.positions
    assert (leg.kind, leg.settle, leg.contracts, leg.contract_size) == ("inverse", "BTC", 300.0, 1.0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tiers": {}}, "tiers of BTC/USDT:USDT"),
        ({"fees": {}}, "fees of BTCUSDT"),
        ({"ratios": {}}, "collateral ratio of USDT"),
        ({"modes": Modes("cross", has_inverse_apart=True)}, None),
    ],
)
def test_what_the_reference_does_not_tell(change: dict[str, Any], named: str | None) -> None:
    """It is named."""
    fetched = built(made.answers(positions=[made.position()]), made.reference(**change))
    assert fetched.missing == ((named,) if named else ())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"markPrice": ""}, "mark price of BTC/USDT:USDT"),
        ({"leverage": ""}, "leverage of BTC/USDT:USDT"),
        ({"symbol": "NEWUSDT"}, "listing of NEWUSDT"),
        ({"symbol": "NEWPERP"}, "listing of NEWPERP"),
    ],
)
def test_what_a_row_does_not_tell(fields: dict[str, Any], named: str) -> None:
    """It is named, and the leg stays."""
    fetched = built(made.answers(positions=[made.position(**fields)]))
    assert named in fetched.missing
    assert len(fetched.book.positions) == 1


def test_prices_that_the_wallet_does_not_tell() -> None:
    """Of a coin with next to nothing in it, and of one whose equity is 0; asked for elsewhere, or named."""
    poor = made.coin(walletBalance="-500", equity="0.00000001", usdValue="0.00000001", unrealisedPnl="500")
    answers = made.answers(made.wallet(poor), [made.position()])
    assert unpriced(answers, made.MARKETS) == ("USDT",)
    assert "index price of USDT" in built(answers).missing
    assert built(answers, made.reference(prices={"USDT": 0.999})).book.collateral[0].price == 0.999
    zero = made.answers(made.wallet(made.coin("XRP", walletBalance="0", equity="0", usdValue="0", borrowAmount="1")))
    assert unpriced(zero, made.MARKETS) == ("XRP",)
    assert unpriced(made.answers(), made.MARKETS) == ()


def test_a_coin_that_is_no_collateral_needs_no_price() -> None:
    """The venue writes 0 for what it is worth, and no index price of it exists: nothing of it counts anyway."""
    rows = [made.coin(), made.coin("MEME", walletBalance="7", equity="7", usdValue="0", marginCollateral=False)]
    answers = made.answers(made.wallet(*rows), [made.position()])
    assert unpriced(answers, made.MARKETS) == ()
    fetched = built(answers)
    assert fetched.missing == ()
    assert fetched.book.collateral[1] == Collateral("MEME", 7.0, price=1.0, haircut=1.0)
    owed = made.coin("MEME", walletBalance="-7", equity="-7", usdValue="0", marginCollateral=False)
    assert unpriced(made.answers(made.wallet(owed)), made.MARKETS) == ("MEME",)


def test_collateral() -> None:
    """Haircuts by amount; a coin that does not count still owes in full."""
    tiers = (HaircutTier(0.0, 10.0, 0.1), HaircutTier(10.0, None, 1.0))
    rows = [
        made.coin("BTC", walletBalance="2", equity="2", usdValue="80000"),
        made.coin("USDC", collateralSwitch=False),
        made.coin("XRP", walletBalance="0", equity="0", usdValue="0"),
    ]
    fetched = built(made.answers(made.wallet(*rows)), made.reference(ratios={"BTC": tiers}))
    btc, usdc = fetched.book.collateral
    assert (btc.price, btc.haircut_tiers) == (40_000.0, tiers)
    assert (usdc.haircut, usdc.haircut_tiers) == (1.0, ())
    assert fetched.missing == ()


@pytest.mark.parametrize(
    ("balance", "spot", "owed", "net"),
    [("-100", "0", "100", -100.0), ("500", "200", "200", 300.0), ("-50", "30", "80", -80.0)],
    ids=["a loss of contracts", "a loan in the wallet", "both"],
)
def test_debts(balance: str, spot: str, owed: str, net: float) -> None:
    """Counted once, and charged at the rate of the tier that holds them."""
    row = made.coin(walletBalance=balance, spotBorrow=spot, borrowAmount=owed, equity=str(net), usdValue=str(net))
    loans = {"USDT": (LoanTier(1e6, 0.04),)}
    fetched = built(made.answers(made.wallet(row)), made.reference(loans=loans))
    (item,) = fetched.book.collateral
    assert (item.balance - item.borrowed, item.borrowed) == (net, float(owed))
    (pool,) = assess(fetched.book).pools
    assert (pool.equity, pool.maintenance_margin) == pytest.approx((net, 0.04 * float(owed)))
    assert built(made.answers(made.wallet(row))).missing == ("maintenance rate of the debt in USDT",)


@pytest.mark.parametrize(
    ("initial", "balance", "margin"), [("1010.45", "0", 1010.45), ("1010.45", "700", 1010.45), ("", "700", 700.0)]
)
def test_isolated_margin_mode(initial: str, balance: str, margin: float) -> None:
    """Every leg has its own money, which the wallet still holds; no figure of the venue applies to the account."""
    answers = made.answers(
        made.wallet(made.coin(walletBalance="5000", equity="5000", usdValue="5000")),
        [made.position(positionIM=initial, positionBalance=balance)],
    )
    book = built(answers, made.reference(Modes("isolated"))).book
    (leg,) = book.positions
    assert (leg.margin_mode, leg.isolated_margin) == ("isolated", margin)
    assert book.collateral[0].balance == 5000.0 - margin
    assert book.venue_reported == VenueReported()
    untold = made.answers(positions=[made.position(positionBalance="", positionIM="")])
    assert "margin of BTC/USDT:USDT long" in built(untold, made.reference(Modes("isolated"))).missing


def test_portfolio_margin() -> None:
    """The venue's own figures and nothing else; what does not exist there is not missing."""
    row = made.position(leverage="", positionMM="", positionIM="")
    fetched = built(made.answers(positions=[row]), made.reference(Modes("portfolio"), tiers={}))
    assert (fetched.book.model, fetched.missing) == ("reported", ())
    (pool,) = assess(fetched.book).pools
    assert (pool.equity, pool.maintenance_margin, pool.risk_ratio) == pytest.approx((1000.0, 20.0, 0.02))


def test_options_and_lists_that_go_on() -> None:
    """Named: the rule knows no options, and what was not read may be anything."""
    answers = made.answers(options=("BTC-27MAR26-70000-P",), cut_off=("USDT orders beyond the first 2000",))
    assert built(answers).missing == ("option position BTC-27MAR26-70000-P", "USDT orders beyond the first 2000")


def test_options_are_part_of_portfolio_margin() -> None:
    """The venue's own figures hold them: such a book is as whole as it can be."""
    rows = [made.position(leverage="", positionMM="", positionIM="")]
    answers = made.answers(positions=rows, options=("BTC-27MAR26-70000-P",))
    fetched = built(answers, made.reference(Modes("portfolio"), tiers={}))
    assert (fetched.book.model, fetched.missing) == ("reported", ())


def test_rates_of_coins_are_no_part_of_portfolio_margin() -> None:
    """Nothing is computed with them."""
    rows = [made.coin(), made.coin("XRP", walletBalance="-5", equity="-5", usdValue="-10", borrowAmount="5")]
    fetched = built(made.answers(made.wallet(*rows)), made.reference(Modes("portfolio"), ratios={}, loans={}))
    assert (fetched.book.model, fetched.missing) == ("reported", ())


def test_inverse_contracts_of_older_accounts() -> None:
    """They live in a wallet of their own, which is not read."""
    row = made.coin("BTC")
    answers = made.answers(made.wallet(row), [made.position("BTCUSD")], category="inverse")
    fetched = built(answers, made.reference(Modes("cross", has_inverse_apart=True)))
    assert any("wallet of inverse contracts" in each for each in fetched.missing)


def test_orders_on_a_symbol_without_a_position() -> None:
    """Leverage and mark are asked for, or named."""
    answers = made.answers(orders=[made.order("ETHUSDT"), made.order("ETHUSDT", side="Sell", orderId="2")])
    book = built(answers, made.reference(leverages={"ETHUSDT": 7.0}, marks={"ETHUSDT": 3000.0})).book
    assert book.parameters == {"ETH/USDT:USDT": {"contract_size": 1.0, "leverage": 7.0, "mark_price": 3000.0}}
    assert set(book.tiers) == {"ETH/USDT:USDT"}
    assert assess(book).pools[0].maintenance_margin == pytest.approx(2 * 9000 * 0.005)
    assert built(answers).missing == ("leverage of ETH/USDT:USDT", "mark price of ETH/USDT:USDT")


def test_orders_that_hold_no_margin_need_nothing_of_their_symbol() -> None:
    """Those that wait for a trigger or only reduce: neither leverage nor mark is asked for, every cycle, for each."""
    rows = [made.order("ETHUSDT", orderStatus="Untriggered"), made.order("XRPUSDT", reduceOnly=True, orderId="2")]
    answers = made.answers(orders=rows)
    assert (dict(answers.only_ordered), set(answers.used)) == ({}, {"ETHUSDT", "XRPUSDT"})
    fetched = built(made.answers(orders=rows[:1]))
    assert (fetched.missing, fetched.book.parameters, len(fetched.book.orders)) == ((), {}, 1)


def test_orders_that_close_a_whole_leg() -> None:
    """As large as the leg; none where there is no leg to close."""
    closing: dict[str, Any] = {"orderStatus": "Untriggered", "qty": "0", "reduceOnly": True}
    rows = [made.order(side="Sell", **closing), made.order(side="Buy", orderId="2", **closing)]
    (order,) = built(made.answers(positions=[made.position()], orders=rows)).book.orders
    assert (order.side, order.remaining, order.conditional, order.reduce_only) == ("sell", 2.0, True, True)


@pytest.mark.parametrize(
    ("positions", "orders", "taker"),
    [
        ([made.position(positionMM="112.35")], [], 0.00065),
        ([made.position(positionMM="112.35")], [made.order()], 0.00055),
        ([made.position(positionMM="112.35")], [made.order(side="Sell", reduceOnly=True)], 0.00065),
        ([made.position(positionIdx=1, positionMM="112.35"), made.position(positionIdx=2, side="Sell")], [], 0.00055),
    ],
    ids=["plain", "with an opening order", "with a closing order", "hedged"],
)
def test_which_legs_tell_the_fee(positions: list[dict[str, Any]], orders: list[dict[str, Any]], taker: float) -> None:
    """Not those whose margin may be of another form: 100 by tiers, 20,000 * 0.95 of value at the measured rate."""
    modes = Modes("cross", symbols={"BTCUSDT": "hedge" if positions[0]["positionIdx"] else "one_way"})
    book = built(made.answers(positions=positions, orders=orders), made.reference(modes)).book
    assert book.fees.taker == pytest.approx(taker)


def test_both_legs_share_a_mark() -> None:
    """Rows of one answer may be a tick apart."""
    rows = [made.position(positionIdx=1), made.position(positionIdx=2, side="Sell", markPrice="10001")]
    modes = Modes("cross", symbols={"BTCUSDT": "hedge"})
    fetched = built(made.answers(positions=rows), made.reference(modes))
    assert {leg.mark_price for leg in fetched.book.positions} == {10_000.0}
    assert fetched.book.position_mode == "hedge"


def test_tables_of_tiers_are_kept_while_nothing_changes() -> None:
    """The same object, with what was built from it."""
    answers, known = made.answers(positions=[made.position()]), made.reference()
    first = assemble("alice", answers, known, ()).book.tiers
    assert assemble("alice", answers, known, (), first).book.tiers is first
    assert assemble("alice", made.answers(), known, (), first).book.tiers is not first


@pytest.mark.parametrize(
    ("wallet_mm", "evidence"),
    [("110.45", False), ("113", False), ("99.5", False), ("70", True), ("0", True), ("250", True), ("", False)],
)
def test_two_sights_of_one_margin(wallet_mm: str, evidence: bool) -> None:
    """A position came or went between the answers, or one is shown nowhere; a sum without fees to close is none."""
    answers = made.answers(made.wallet(made.coin(totalPositionMM=wallet_mm)), [made.position()])
    assert bool(torn_evidence(answers, made.MARKETS)) is evidence


def test_a_margin_without_positions() -> None:
    """Of a settlement coin that no list was read of, for example."""
    rows = [made.coin(), made.coin("EURC", totalPositionMM="7")]
    (evidence,) = torn_evidence(made.answers(made.wallet(*rows)), made.MARKETS)
    assert "EURC need 7 EURC by the wallet and 0 by themselves" in evidence


def test_hedged_legs_are_no_evidence_by_their_margin() -> None:
    """Their sum is not published; that there are none would be evidence all the same."""
    rows = [made.position(positionIdx=1), made.position(positionIdx=2, side="Sell")]
    less = made.answers(made.wallet(made.coin(totalPositionMM="60")), rows)
    none = made.answers(made.wallet(made.coin()), rows)
    assert torn_evidence(less, made.MARKETS) == ()
    assert len(torn_evidence(none, made.MARKETS)) == 1


@pytest.mark.parametrize(
    ("margin", "fields", "maintenance", "expected"),
    [
        ("cross", {}, "20", False),
        ("cross", {}, "", True),
        ("cross", {"leverage": ""}, "20", True),
        ("isolated", {}, "", False),
        ("isolated", {}, "20", True),
        ("isolated", {"leverage": ""}, "", True),
        ("portfolio", {"leverage": ""}, "20", False),
        ("portfolio", {}, "20", True),
    ],
)
def test_a_margin_mode_that_cannot_be(
    margin: MarginWord, fields: dict[str, Any], maintenance: str, expected: bool
) -> None:
    """The rows give it away."""
    wallet = made.wallet(totalMaintenanceMargin=maintenance)
    assert contradicts(margin, made.answers(wallet, [made.position(**fields)])) is expected
