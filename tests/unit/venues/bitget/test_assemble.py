"""From rows to a book: which rule, which money, what is missing, what is torn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guard.ports.venue import FetchedBook, Instrument
from guard.risk.assess import assess
from guard.risk.book import Tier
from guard.venues.bitget import endpoints as at
from guard.venues.bitget.assemble import Answers, Reference, assemble, book_mode, contradicted
from guard.venues.bitget.listings import product_of, read_markets
from guard.venues.bitget.parse import read_accounts, read_orders, read_positions
from guard.venues.bitget.pools import pools_of, torn_evidence
from guard.venues.markets import Listing, MarketTable

NOW = datetime(2026, 1, 5, tzinfo=UTC)
USDT, USDC, COIN = "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"
TIERS = (Tier(0.0, 50_000.0, 0.004), Tier(50_000.0, None, 0.01))


def listing(market_id: str, symbol: str, taker: float = 0.0006) -> Listing:
    """A listed contract."""
    settle = symbol.partition(":")[2]
    grid = Instrument(symbol, Decimal("0.001"), Decimal("0.001"), Decimal("0.1"), Decimal(1))
    kind: Any = "inverse" if product_of(settle) == COIN else "linear"
    return Listing(market_id, symbol, settle, kind, 1.0, grid, taker, 0.0002)


MARKETS = MarketTable.of(
    [
        listing("BTCUSDT", "BTC/USDT:USDT"),
        listing("ETHUSDT", "ETH/USDT:USDT", 0.001),
        listing("BTCPERP", "BTC/USDC:USDC"),
        listing("BTCUSD", "BTC/USD:BTC"),
    ]
)
REFERENCE = Reference(MARKETS, {"BTCUSDT": TIERS, "BTCPERP": TIERS}, {USDT: "one_way"})
PARTS = {"balances": NOW, "positions": NOW, "marks": NOW, "open_orders": NOW, "conditional_orders": NOW}


@pytest.fixture
def book(enveloped: Any) -> Any:
    """A book of rows by product: `book({USDT: [account]}, {USDT: [leg]}, {USDT: [order]})`."""

    def make(accounts: Any, positions: Any = None, orders: Any = None, **fields: Any) -> FetchedBook:
        answers = Answers(
            tuple(row for name, rows in accounts.items() for row in read_accounts(enveloped(rows), name)),
            tuple(row for name, rows in (positions or {}).items() for row in read_positions(enveloped(rows), name)),
            tuple(
                row
                for name, rows in (orders or {}).items()
                for each in rows
                for row in read_orders(
                    enveloped({"entrustedList": [each], "endId": ""}),
                    name,
                    at.PLAN_ORDERS if "planType" in each else at.OPEN_ORDERS,
                )[0]
            ),
            PARTS,
            fields.pop("marks", {}),
        )
        return assemble("alice", answers, replace(REFERENCE, **fields), ())

    return make


def test_the_cross_wallet(book: Any, account_row: Any, position_row: Any) -> None:
    """Equity without any unrealized PnL and without isolated margins; the requirement is the rate of cross equity."""
    isolated = position_row(holdSide="short", marginMode="isolated", marginSize="600", unrealizedPL="-100")
    fetched = book({USDT: [account_row()]}, {USDT: [position_row(), isolated]})
    assert fetched.missing == ()
    assert [(item.asset, item.balance) for item in fetched.book.collateral] == [("USDT", 9_000.0)]
    figures = fetched.book.venue_reported.pools["USDT"]
    assert figures.equity == pytest.approx(10_000 - 600 + 100)
    assert figures.maintenance_margin == pytest.approx(0.02 * 9_500)
    assert figures.available_margin == 8_500.0
    assert fetched.book.venue_reported.equity is None
    leg = fetched.book.positions[1]
    assert (leg.margin_mode, leg.isolated_margin, leg.side) == ("isolated", 600.0, "short")


def test_the_opening_time_decides_the_rule(book: Any, account_row: Any, position_row: Any) -> None:
    """An older leg needs its tier's rate of all its value; one of unknown age is not guessed to be new."""
    large = {"total": "2", "markPrice": "40000", "unrealizedPL": "0"}
    old = book({USDT: [account_row()]}, {USDT: [position_row(**large, cTime="1760000000000")]})
    new = book({USDT: [account_row()]}, {USDT: [position_row(**large)]})
    sums = [assess(fetched.book).pools[0].maintenance_margin for fetched in (old, new)]
    assert sums == pytest.approx([800.0, 500.0])
    unknown = book({USDT: [account_row()]}, {USDT: [position_row(cTime=None)]})
    assert unknown.missing == ("opening time of BTC/USDT:USDT",)


def test_a_leg_without_tiers_leaves_the_rest_assessed(book: Any, account_row: Any, position_row: Any) -> None:
    """The rate that it is charged stands in, beside the name of what is missing: no delisted contract blinds all."""
    legs = [position_row(), position_row(symbol="OLDUSDT", total="10", openPriceAvg="5", markPrice="5")]
    legs += [{**legs[1], "holdSide": "short", "keepMarginRate": "0.02"}]
    fetched = book({USDT: [account_row()]}, {USDT: legs})
    assert set(fetched.missing) == {"listing of OLDUSDT", "tiers of OLD/USDT:USDT"}
    assert fetched.book.tiers["OLD/USDT:USDT"][0].mm_rate == 0.02
    assert assess(fetched.book).pools[0].risk_ratio is not None


def test_what_is_missing_is_named(book: Any, account_row: Any, position_row: Any) -> None:
    """Mark, tiers, listing, balance, isolated margin."""
    strange = position_row(symbol="NEWUSDT", markPrice="", marginCoin="USDT", holdSide="short")
    isolated = position_row(symbol="ETHUSDT", marginMode="isolated", marginSize="")
    usdc = position_row(symbol="BTCPERP", marginCoin="USDC")
    fetched = book({USDT: [account_row(unrealizedPL="")]}, {USDT: [strange, isolated], USDC: [usdc]})
    assert set(fetched.missing) == {
        "listing of NEWUSDT",
        "mark price of NEW/USDT:USDT",
        "tiers of NEW/USDT:USDT",
        "tiers of ETH/USDT:USDT",
        "isolated margin of ETH/USDT:USDT",
        "balance of USDC",
        "wallet of USDT without unrealized PnL and isolated margins",
    }


def test_unrealized_pnl_that_the_account_does_not_tell(book: Any, account_row: Any, position_row: Any) -> None:
    """That of the legs stands in; a flat account has none."""
    fetched = book({USDT: [account_row(unrealizedPL="")]}, {USDT: [position_row()]})
    assert fetched.book.collateral[0].balance == 9_500.0
    flat = book({USDT: [account_row(unrealizedPL="", crossedRiskRate="0")]})
    assert (flat.missing, flat.book.collateral[0].balance) == ((), 10_000.0)


def test_an_account_without_equity_has_no_requirement_of_a_rate(book: Any, account_row: Any, position_row: Any) -> None:
    """The rate stays, the product of both would be nonsense."""
    fetched = book({USDT: [account_row(accountEquity="-5", crossedRiskRate="1.2")]}, {USDT: [position_row()]})
    figures = fetched.book.venue_reported.pools["USDT"]
    assert (figures.equity, figures.maintenance_margin, figures.risk_ratio) == (-5.0, None, 1.2)


def test_a_coin_that_carries_two_products_is_named(book: Any, account_row: Any, position_row: Any) -> None:
    """A book knows one pool of each currency."""
    usdc = account_row(marginCoin="USDC")
    leg = position_row(marginCoin="USDC", symbol="BTCPERP")
    mixed = position_row(marginCoin="USDC", symbol="BTCUSD", unrealizedPL="")
    idle = book({USDC: [usdc], COIN: [usdc]}, {USDC: [leg]})
    assert (idle.missing, [item.balance for item in idle.book.collateral]) == ((), [9_600.0])
    fetched = book({USDC: [usdc], COIN: [usdc]}, {USDC: [leg], COIN: [mixed]})
    assert "one pool for USDC: it carries positions of USDC-FUTURES and COIN-FUTURES" in fetched.missing
    assert "value of BTC/USD:BTC in USDC" in fetched.missing


def test_coin_margined_legs_show_the_venues_pnl(book: Any, account_row: Any, position_row: Any) -> None:
    """Under the model of the venue's figures; a size that does not fit the PnL is named."""
    coin = account_row(marginCoin="BTC", accountEquity="1.0125", unrealizedPL="0.0125", crossedRiskRate="0.002")
    leg = position_row(symbol="BTCUSD", marginCoin="BTC", unrealizedPL="0.01219512")
    fetched = book({COIN: [coin]}, {COIN: [leg]})
    assert (fetched.missing, fetched.book.model) == ((), "reported")
    (pool,) = assess(fetched.book).pools
    assert pool.positions[0].unrealized_pnl == pytest.approx(0.5 * 1000 / 41_000)
    assert pool.maintenance_margin == pytest.approx(0.002 * 1.0125)
    strange = book({COIN: [coin]}, {COIN: [position_row(**{**leg, "unrealizedPL": "0.3"})]})
    assert strange.missing == ("size of BTC/USD:BTC: its PnL is not that of 0.5 BTC",)


def test_multi_assets_mode_without_its_figures_is_named(book: Any, account_row: Any, position_row: Any) -> None:
    """Nothing of ours stands in for them."""
    union = account_row(assetMode="union", unionTotalMargin="", crossedRiskRate="")
    fetched = book({USDT: [union]}, {USDT: [position_row()]})
    assert fetched.book.model == "reported"
    assert fetched.missing == ("the venue's equity and requirement of USDT",)


def test_orders_and_what_they_are_computed_with(
    book: Any, account_row: Any, position_row: Any, order_row: Any, plan_row: Any
) -> None:
    """A stop of the whole leg has its size and side; on an empty leg it is none."""
    whole = {"planType": "pos_loss", "size": "", "posMode": "one_way_mode"}
    orders = [
        order_row(symbol="ETHUSDT"),
        plan_row(**whole),
        plan_row(**whole, symbol="ETHUSDT", orderId="9"),
    ]
    fetched = book({USDT: [account_row()]}, {USDT: [position_row()]}, {USDT: orders}, marks={"ETHUSDT": 3000.0})
    assert [(each.symbol, each.side, each.remaining, each.reduce_only) for each in fetched.book.orders] == [
        ("ETH/USDT:USDT", "buy", pytest.approx(0.3), False),
        ("BTC/USDT:USDT", "sell", 0.5, True),
    ]
    assert fetched.book.parameters == {
        "ETH/USDT:USDT": {"contract_size": 1.0, "mark_price": 3000.0, "leverage": 20.0},
    }
    unknown = book({USDT: [account_row()]}, {}, {USDT: [order_row(leverage="")]})
    assert unknown.missing == ("leverage of BTC/USDT:USDT",)


def test_fees_are_those_of_what_is_held(book: Any, account_row: Any, position_row: Any, order_row: Any) -> None:
    """They are part of the requirement: an order on a dearer contract changes nothing of it."""
    fetched = book({USDT: [account_row()]}, {USDT: [position_row()]}, {USDT: [order_row(symbol="ETHUSDT")]})
    assert fetched.book.fees.taker == 0.0006


def test_modes(book: Any, account_row: Any, position_row: Any) -> None:
    """By product; hedge for the book when any product in use is hedged; contradictions are found."""
    modes: Any = {USDT: "one_way", USDC: "hedge"}
    assert [book_mode(modes, used) for used in ((), (USDT,), (USDC,), (USDT, USDC))] == [
        "one_way",
        "one_way",
        "hedge",
        "hedge",
    ]
    rows = read_positions({"code": "00000", "data": [position_row()]}, USDT)
    answers = Answers((), rows, (), PARTS)
    assert contradicted({USDT: "one_way"}, answers) is None
    assert contradicted({USDT: "hedge"}, answers) == USDT
    assert contradicted({USDC: "one_way"}, answers) == USDT


@pytest.mark.parametrize(
    ("rate", "torn"), [("0.0093", False), ("0.0094", False), ("0.0092", False), ("0.0180", True), ("0.002", True)]
)
def test_legs_that_do_not_fit_the_requirement(
    enveloped: Any, account_row: Any, position_row: Any, rate: str, torn: bool
) -> None:
    """20,500 USDT of BTC asks for 94.3 by either rule."""
    accounts = read_accounts(enveloped([account_row(crossedRiskRate=rate)]), USDT)
    legs = read_positions(enveloped([position_row()]), USDT)
    evidence = torn_evidence(pools_of(accounts, legs), {"BTCUSDT": TIERS})
    assert bool(evidence) == torn
    assert torn_evidence(pools_of(accounts, legs), {}) == ()


def test_either_rule_fits(enveloped: Any, account_row: Any, position_row: Any) -> None:
    """82,000 USDT of BTC: 569 by slices, 869 by the whole tier."""
    legs = read_positions(enveloped([position_row(total="2")]), USDT)
    for asked, torn in ((569.2, False), (869.2, False), (1_000.0, True), (450.0, True)):
        accounts = read_accounts(enveloped([account_row(crossedRiskRate=str(asked / 10_000))]), USDT)
        assert bool(torn_evidence(pools_of(accounts, legs), {"BTCUSDT": TIERS})) == torn


def test_tiers_that_did_not_change_are_kept(enveloped: Any, account_row: Any, position_row: Any) -> None:
    """With the tables that were built from them."""
    answers = Answers(
        read_accounts(enveloped([account_row()]), USDT), read_positions(enveloped([position_row()]), USDT), (), PARTS
    )
    first = assemble("alice", answers, REFERENCE, ()).book.tiers
    assert assemble("alice", answers, REFERENCE, (), first).book.tiers is first


def market(**info: Any) -> dict[str, Any]:
    """A contract in ccxt's structure."""
    told = {
        "sizeMultiplier": "0.01",
        "priceEndStep": "5",
        "pricePlace": "1",
        "minTradeNum": "0.02",
        "minTradeUSDT": "5",
    }
    base = {"id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "settle": "USDT", "inverse": False, "taker": 0.0006}
    return {**base, "maker": 0.0002, "info": {**told, **info}}


def test_listings() -> None:
    """The tick is the end step of the last place."""
    (row,) = read_markets([market(maxOrderQty="220"), {"id": "SPOILT"}]).by_id.values()
    grid = row.instrument
    assert (grid.step, grid.minimum, grid.tick, grid.maximum) == tuple(map(Decimal, ("0.01", "0.02", "0.5", "220")))
    assert grid.min_notional == 5
    assert read_markets([market(maxOrderQty="")]).by_id["BTCUSDT"].instrument.maximum is None
