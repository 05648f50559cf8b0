"""Books of Gate accounts: nothing dropped, nothing made up, figures turned into our direction."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import VenueError
from guard.risk.assess import assess
from guard.risk.book import HaircutTier
from guard.risk.conformity import conformity
from guard.venues.gate.figures import measured_fee, torn_evidence
from guard.venues.gate.parse import LegTerms


def test_a_classic_account(make: Any) -> None:
    """Our requirement is the venue's, fee included."""
    fetched = make.held()
    assert (fetched.missing, fetched.torn, fetched.book.model) == ((), (), "gate")
    figures = fetched.book.venue_reported.pools["USDT"]
    assert (figures.equity, figures.initial_margin, figures.available_margin) == (1100.0, 205.0, 895.0)
    assert figures.risk_ratio == pytest.approx(19.475 / 1100)
    assert fetched.book.venue_reported.risk_ratio == figures.risk_ratio
    risk = assess(fetched.book)
    # 0.1 BTC at 41,000: 4,100 at 0.4 % and the fee of 0.075 %.
    assert risk.pools[0].maintenance_margin + risk.pools[0].closing_fees == pytest.approx(19.475)
    assert conformity(risk, fetched.book) == ()
    assert fetched.adl == {("BTC/USDT:USDT", "long"): 1.0}
    assert fetched.position_mode_proven


def test_isolated_money_is_no_cross_money(make: Any) -> None:
    """As the account states it, or else as its legs do."""
    isolated = make.position("ETH_USDT", leverage="5", margin="70")
    for stated in ("70", ""):
        fetched = make.held(
            make.position(), isolated, isolated_position_margin=stated, order_margin="12", cross_order_margin="2"
        )
        (item,) = fetched.book.collateral
        assert (item.balance, item.frozen) == (930.0, 10.0)
        assert fetched.book.positions[1].isolated_margin == 70.0


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"mark_price": ""}, "mark price of BTC/USDT:USDT"),
        ({"cross_leverage_limit": ""}, "leverage of BTC/USDT:USDT"),
        ({"contract": "NEW_USDT"}, "listing of NEW_USDT"),
        ({"contract": "BTC_USD"}, "listing of BTC_USD"),
    ],
)
def test_what_a_position_lacks_is_named(make: Any, fields: dict[str, object], missing: str) -> None:
    """The book is well formed all the same."""
    fetched = make.held(make.position(**fields))
    assert missing in fetched.missing
    assert len(fetched.book.positions) == 1


def test_tiers_that_are_missing_are_named(make: Any) -> None:
    """An empty table is none."""
    answers = make.answers(make.state((make.position(),)))
    assert make.book(answers, {"BTC_USDT": ()}).missing == ("tiers of BTC/USDT:USDT",)


@pytest.mark.parametrize("tiered", [True, False, None])
def test_the_rule_of_tiers_is_the_accounts(make: Any, tiered: bool | None) -> None:
    """Sliced or whole; where the venue does not tell, the date decides."""
    book = make.held(make.position(size=2000, value="8200"), enable_tiered_mm=tiered).book
    assert book.parameters["*"].get("tiered_mm") is tiered
    expected = 8200 * 0.01 - (0.0 if tiered is False else 30.0)
    assert assess(book).pools[0].maintenance_margin == pytest.approx(expected)


def test_accounts_before_the_upgrade_are_told(make: Any) -> None:
    """There each leg was liquidated at its own price."""
    old = {"enable_evolved_classic": False, "cross_margin_balance": ""}
    assert any("enable_evolved_classic" in each for each in make.held(**old).missing)
    assert make.held(**{**old, "cross_margin_balance": "1100"}).missing == ()
    assert make.held(make.position(leverage="5"), **old).missing == ()


def test_the_fee_is_measured_on_the_venues_figures(make: Any) -> None:
    """Where they tell none, or nonsense, the contract's base fee stands in."""
    rows = make.state((make.position(maintenance_margin="18.45"),)).positions
    assert measured_fee(rows, 0.00075) == 0.0005
    assert measured_fee(make.state((make.position(maintenance_margin="41"),)).positions, 0.00075) == 0.00075
    assert measured_fee(make.state((make.position(average_maintenance_rate=""),)).positions, 0.00075) == 0.00075
    assert measured_fee((), 0.00075) == 0.00075
    assert make.held(make.position(maintenance_margin="18.45")).book.fees.taker == 0.0005


def test_coins_make_the_book_a_reported_one(make: Any) -> None:
    """Each pool with the venue's figures; without them it is told."""
    btc = make.account("BTC", total="1", cross_margin_balance="0.9", cross_maintenance_margin="0.01")
    coin = make.position("BTC_USD", size=-5000, value="0.12")
    usdt = make.state((make.position(),))
    fetched = make.book(make.answers(usdt, make.state((coin,), account=btc)))
    assert (fetched.missing, fetched.book.model, fetched.book.parameters) == ((), "reported", {})
    assert {pool.currency: pool.risk_ratio for pool in assess(fetched.book).pools} == pytest.approx(
        {"BTC": 0.01 / 0.9, "USDT": 19.475 / 1100}
    )
    blind = make.state((coin,), account={**btc, "cross_margin_balance": "", "cross_mmr": ""})
    assert make.book(make.answers(usdt, blind)).missing == ("equity of the BTC account",)


def test_single_currency_mode(make: Any) -> None:
    """The unified account's figures; spot orders take off."""
    state = make.state((make.position(),), account=make.account(margin_mode=3, total="0", cross_margin_balance="0"))
    fetched = make.book(make.answers(state, mode="single", unified=make.unified()))
    assert (fetched.missing, fetched.book.model) == ((), "gate")
    (item,) = fetched.book.collateral
    assert (item.balance, item.frozen) == (1_000.0, 10.0)
    assert conformity(assess(fetched.book), fetched.book) == ()
    absent = make.unified({"cross_balance": ""})
    assert make.book(make.answers(state, mode="single", unified=absent)).missing == ("balance of USDT",)


def test_multi_currency_mode(make: Any) -> None:
    """Equity less the gain of cross legs is the balance; coins count by their tiers."""
    state = make.state((make.position(),), account=make.account(margin_mode=1))
    coins = {
        "BTC": {"freeze": "0", "equity": "30"},
        "ETH": {"freeze": "0", "equity": "2", "enabled_collateral": False},
        "POINT": {"freeze": "0", "equity": "99"},
        "XRP": {"freeze": "0", "equity": "-4"},
    }
    unified = make.unified()
    unified["balances"] |= coins
    answers = make.answers(state, mode="multi", unified=unified)
    btc = (HaircutTier(0.0, 20.0, 0.02), HaircutTier(20.0, None, 0.05))
    flat = (HaircutTier(0.0, None, 0.1),)
    discounts = {"USDT": (HaircutTier(0.0, None, 0.0),), "BTC": btc, "ETH": flat, "XRP": flat}
    fetched = make.book(answers, None, discounts, {"BTC": 41_000.0, "XRP": 2.0})
    assert (fetched.missing, fetched.book.model) == ((), "gate")
    found = {item.asset: item for item in fetched.book.collateral}
    assert set(found) == {"USDT", "BTC", "XRP"}
    assert (found["USDT"].balance, found["BTC"].haircut_tiers) == (1_000.0, btc)
    (pool,) = assess(fetched.book).pools
    assert pool.equity == pytest.approx(1_100 + (20 * 0.98 + 10 * 0.95) * 41_000 - 4 * 2.0)
    unpriced = make.book(answers, None, discounts, {"BTC": 41_000.0})
    assert unpriced.missing == ("price of XRP",)
    nowhere = make.book(make.answers(state, mode="multi", unified={**unified, "balances": coins}), None, discounts)
    assert "balance of USDT" in nowhere.missing


@pytest.mark.parametrize("mode", ["multi", "portfolio"])
def test_unified_accounts_in_usd(make: Any, mode: Any) -> None:
    """The totals are the pool where the account is not computed: by its mode, or because something is owed."""
    number = {"multi": 1, "portfolio": 2}[mode]
    state = make.state((make.position(),), account=make.account(margin_mode=number))
    owed = {"borrowed": "1"} if mode == "multi" else {}
    fetched = make.book(make.answers(state, mode=mode, unified=make.unified(owed)))
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    assert {name: figures.risk_ratio for name, figures in fetched.book.venue_reported.pools.items()} == {"USD": 0.05}
    (pool,) = assess(fetched.book).pools
    assert (pool.equity, pool.risk_ratio) == (5_000.0, 0.05)
    silent = make.book(make.answers(state, mode=mode, unified=make.unified(owed, total_margin_balance="")))
    assert "equity of the unified account" in silent.missing
    beside = make.state((make.position("BTC_USD"),), account=make.account("BTC"))
    both = make.book(make.answers(state, beside, mode=mode, unified=make.unified(owed)))
    assert any("beside the unified one" in each for each in both.missing)


def test_idle_money_in_a_classic_account_beside(make: Any) -> None:
    """Nothing is at risk in it: the unified account is computed as without it."""
    state = make.state((make.position(),), account=make.account(margin_mode=1))
    idle = make.state(account=make.account("BTC", **make.unused))
    fetched = make.book(make.answers(state, idle, mode="multi", unified=make.unified()))
    assert (fetched.missing, fetched.book.model) == ((), "gate")
    assert set(fetched.book.venue_reported.pools) == {"USD"}
    owed = make.book(make.answers(state, idle, mode="multi", unified=make.unified({"borrowed": "1"})))
    assert (owed.missing, owed.book.model) == ((), "reported")


def test_an_isolated_leg_in_multi_currency_mode(make: Any) -> None:
    """It has its own money: the equity of the currency is of cross margin."""
    legs = (
        make.position(),
        make.position("ETH_USDT", leverage="5", margin="70", entry_price="2000", mark_price="2100"),
    )
    state = make.state(legs, account=make.account(margin_mode=1))
    fetched = make.book(make.answers(state, mode="multi", unified=make.unified()))
    assert (fetched.missing, fetched.book.model) == ((), "gate")
    assert [item.balance for item in fetched.book.collateral] == [1_000.0]
    assert {pool.margin_mode: pool.currency for pool in assess(fetched.book).pools} == {
        "cross": "USD",
        "isolated": "USDT",
    }


def test_single_currency_mode_has_figures_of_one_currency(make: Any) -> None:
    """Zeros of another one, of which something lies there, are no dispute."""
    state = make.state((make.position(),), account=make.account(margin_mode=3, total="0"))
    coin = make.state(account=make.account("BTC", margin_mode=3, **make.unused, total="0"))
    unified = make.unified()
    unified["balances"]["BTC"] = {"freeze": "0", "cross_balance": "0.5", "margin_balance": "0", "mm": "0", "mmr": "0"}
    fetched = make.book(make.answers(state, coin, mode="single", unified=unified))
    assert (fetched.missing, set(fetched.book.venue_reported.pools)) == ((), {"USDT"})
    assert conformity(assess(fetched.book), fetched.book) == ()


def test_zeros_that_stand_for_nothing_are_no_ratio_of_0(make: Any) -> None:
    """Accounts before the upgrade have no cross figures: a book that rests on them is not whole."""
    unfilled = dict.fromkeys(("cross_margin_balance", "cross_maintenance_margin", "cross_initial_margin"), "0")
    coin = make.state((make.position("BTC_USD"),), account=make.account("BTC", total="1", **unfilled))
    fetched = make.book(make.answers(coin))
    assert (fetched.book.model, fetched.missing) == ("reported", ("equity of the BTC account",))
    assert fetched.book.venue_reported.risk_ratio is None
    old = make.held(**unfilled, enable_evolved_classic=False)
    assert any("enable_evolved_classic" in each for each in old.missing)
    assert old.book.venue_reported.pools == {}


def test_an_isolated_leg_in_a_reported_book_is_named(make: Any) -> None:
    """The account's figures are of cross legs, and nothing else tells how near it is to its end."""
    legs = (make.position("BTC_USD", leverage="10", margin="0.01"),)
    fetched = make.book(make.answers(make.state(legs, account=make.account("BTC", total="1"))))
    assert fetched.missing == ("requirement of BTC/USD:BTC, isolated: the account's figures are of cross legs only",)


def test_orders_in_one_way_mode(make: Any) -> None:
    """Closing ones reduce; one that closes everything is as large as the leg; without a leg it is none."""
    state = make.state(
        (make.position(),),
        (make.order(), make.order(size=-5, left=-5, is_reduce_only=True)),
        (make.price_order(size=0, is_close=True), make.price_order("ETH_USDT", size=0, is_close=True)),
    )
    fetched = make.book(make.answers(state, marks={"ETH_USDT": 3_000.0}, terms={"ETH_USDT": LegTerms(5.0, False)}))
    assert fetched.missing == ()
    assert [(each.side, each.remaining, each.reduce_only, each.position_side) for each in fetched.book.orders] == [
        ("buy", 10.0, False, None),
        ("sell", 5.0, True, None),
        ("sell", 1000.0, True, None),
    ]
    assert [each.conditional for each in fetched.book.orders] == [False, False, True]


def test_orders_in_hedge_mode_name_their_leg(make: Any) -> None:
    """A sell with reduce_only closes the long leg, one without opens the short one."""
    state = make.state(
        (make.position(mode="dual_long"), make.position(mode="dual_short", size=-300)),
        (make.order(size=-5, left=-5), make.order(size=-5, left=-5, is_reduce_only=True)),
        (make.price_order(size=0, auto_size="close_short"),),
        account=make.account(position_mode="dual", in_dual_mode=True),
    )
    orders = make.book(make.answers(state)).book.orders
    assert [(each.side, each.position_side, each.reduce_only, each.remaining) for each in orders] == [
        ("sell", "short", False, 5.0),
        ("sell", "long", True, 5.0),
        ("buy", "short", True, 300.0),
    ]


def test_orders_of_contracts_that_are_not_held(make: Any) -> None:
    """Their settings are parameters, and say their margin mode."""
    state = make.state((make.position(),), (make.order("ETH_USDT"),))
    assert make.answers(state).ordered_only == (("usdt", "ETH_USDT"),)
    waits = make.state((), (make.order("ETH_USDT", is_reduce_only=True),), (make.price_order("SOL_USDT"),))
    assert make.answers(waits).ordered_only == ()
    known = make.answers(state, marks={"ETH_USDT": 3_000.0}, terms={"ETH_USDT": LegTerms(5.0, False)})
    fetched = make.book(known)
    assert fetched.book.parameters["ETH/USDT:USDT"] == {"contract_size": 0.01, "leverage": 5.0, "mark_price": 3_000.0}
    assert make.book(make.answers(state)).missing == ("leverage of ETH/USDT:USDT", "mark price of ETH/USDT:USDT")
    isolated = make.answers(state, marks={"ETH_USDT": 3_000.0}, terms={"ETH_USDT": LegTerms(5.0, True)})
    (order,) = make.book(isolated).book.orders
    assert (order.margin_mode, fetched.book.orders[0].margin_mode) == ("isolated", "cross")


def test_position_modes_that_differ(make: Any) -> None:
    """Told, unless in one of the accounts nothing is held or ordered, whatever lies there."""
    dual = make.account("BTC", position_mode="dual", in_dual_mode=True)
    with pytest.raises(VenueError, match="different position modes"):
        make.book(make.answers(make.state(), make.state(account=dual)))
    for total in ("0", "0.0009"):
        empty = make.state(account={**dual, **make.unused, "total": total})
        assert make.book(make.answers(make.state(), empty)).book.position_mode == "one_way"
        flat = make.state(account=make.account(**make.unused))
        assert make.book(make.answers(flat, make.state(account=dual))).book.position_mode == "hedge"


def test_one_tables_object_while_nothing_changes(make: Any) -> None:
    """Their stacks are kept with them."""
    first = make.held().book
    again = make.held().book
    assert again.tiers == first.tiers


def test_torn_evidence(make: Any) -> None:
    """A leg that changed late, or an account that its legs do not add up to, unless it was off by as much before."""
    whole = make.answers(make.state((make.position(),)))
    assert torn_evidence(whole, 1_772_600_000_000.0, {}) == ((), {"usdt": 1.0})
    assert torn_evidence(whole, None, {})[0] == ()
    late, _ = torn_evidence(whole, 1_772_599_999_000.0, {})
    assert late == ("BTC_USDT long changed while the account was read",)
    other = make.answers(make.state((make.position(mode="dual_long"),)))
    assert torn_evidence(other, None, {})[0] == ("BTC_USDT long is a dual_long leg in an account in one_way mode",)
    off = make.answers(make.state((make.position(),), account=make.account(cross_maintenance_margin="30")))
    found, sums = torn_evidence(off, None, {"usdt": 1.0})
    assert found == ("maintenance margin of the usdt account is 30, that of its legs 19.475",)
    assert torn_evidence(off, None, sums)[0] == ()
    gone = make.answers(make.state(account=make.account()))
    found, sums = torn_evidence(gone, None, {})
    assert len(found) == 1
    assert torn_evidence(gone, None, sums)[0] == ()
    silent = make.answers(make.state((make.position(maintenance_margin=""),)))
    assert torn_evidence(silent, None, {}) == ((), {})


@pytest.mark.parametrize(
    ("account", "ratio"),
    [
        ({"cross_margin_balance": "-5"}, None),
        ({"cross_margin_balance": "", "cross_mmr": "4"}, 0.25),
        ({"cross_margin_balance": "", "cross_mmr": "0"}, None),
    ],
)
def test_ratios_in_our_direction(make: Any, account: dict[str, object], ratio: float | None) -> None:
    """Requirement / equity; the venue's level the other way round where there is nothing else."""
    assert make.held(**account).book.venue_reported.pools["USDT"].risk_ratio == ratio
