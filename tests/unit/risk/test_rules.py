"""What a margin rule cannot answer it refuses, and names what it misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, HaircutTier, Order, Position, Tier, VenueFigures, VenueReported
from guard.risk.bookerror import BookError
from guard.risk.rules import MODELS

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]
BTC = "BTC/USDT:USDT"
FLAT = {BTC: (Tier(0.0, None, 0.01),)}
SMALL = {BTC: (Tier(0.0, 0.5, 0.01),)}
KUCOIN = {"m": 300.0, "mmr_limit": 0.3, "mmr_lev_constant": 100.0, "f": 1.3}

REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("kucoin", {}, 'parameters["BTC/USDT:USDT"].m is missing, must be a number: the kucoin rule needs it for BTC'),
    ("kucoin", {"parameters": {BTC: {"m": 300.0}}}, '"].mmr_limit is missing, must be a number: the kucoin rule'),
    (
        "deribit-sm",
        {},
        'parameters["BTC/USDT:USDT"].base_mm is missing, must be a number: the deribit-sm rule needs it',
    ),
    ("bitmex", {}, 'parameters["BTC/USDT:USDT"].base is missing, must be a number: the bitmex rule needs it for BTC'),
    ("okx", {}, 'parameters["*"].account_mode is missing, must be one of: single, multi'),
    ("hyperliquid", {"position_mode": "hedge"}, 'position_mode was "hedge", must be "one_way": the venue has no hedge'),
    ("hyperliquid", {"tiers": {}}, 'tiers has no entry "BTC/USDT:USDT", which positions[0] needs'),
    ("reported", {}, "venue_reported.equity is missing, must be a number: model reported has nothing else to go by"),
    (
        "reported",
        {"venue_reported": VenueReported(equity=1.0)},
        "venue_reported.maintenance_margin is missing, must be a number (or risk_ratio): model reported has nothing",
    ),
    (
        "okx",
        {"parameters": {"*": {"account_mode": "single"}}, "tiers": SMALL},
        'tiers["BTC/USDT:USDT"] ends at 0.5 contracts, the position of BTC/USDT:USDT is 1 contracts',
    ),
    (
        "binance-usdm-multi",
        {"collateral": (Collateral("BTC", 1.0, price=10_000.0),)},
        'collateral has no "USDT", in which positions[0] settles',
    ),
    (
        "bybit-uta",
        {"tiers": {BTC: (Tier(0.0, 11_000.0, 0.01),)}, "orders": (Order(BTC, "buy", 10_000.0, 1.0),)},
        'tiers["BTC/USDT:USDT"] ends at 11000 USDT, the notional with orders of BTC/USDT:USDT is 20000 USDT',
    ),
    (
        "binance-pm",
        {
            "orders": (Order("ETH/USDT:USDT", "buy", 1.0, 1.0),),
            "parameters": {"ETH/USDT:USDT": {"contract_size": 1.0, "leverage": 2.0}},
        },
        'parameters["ETH/USDT:USDT"].mark_price is missing, must be a number > 0: orders[0] is on a symbol without a',
    ),
    ("binance-coinm", {}, 'positions[0].kind was "linear", must be "inverse" under model binance-coinm'),
    (
        "tiered",
        {"tiers": {BTC: (Tier(0.0, 1.0, 0.02), Tier(1.0, None, 0.01))}},
        'tiers["BTC/USDT:USDT"][1].mm_rate was 0.01, must not be below 0.02 of the tier before',
    ),
]


@pytest.mark.parametrize(("model", "changes", "message"), REFUSALS)
def test_refusals(book: MakeBook, model: str, changes: dict[str, Any], message: str) -> None:
    """The field that is missing or too small is named."""
    with pytest.raises(BookError) as caught:
        assess(book(**{"model": model, "tiers": FLAT, **changes}))
    assert message in str(caught.value)


def test_every_model_answers_a_book_without_positions(book: MakeBook) -> None:
    """An empty account is safe under every rule."""
    for model in MODELS:
        empty = book(
            model=model,
            positions=(),
            tiers={},
            parameters={"*": {"account_mode": "single"}} if model == "okx" else {},
            venue_reported=VenueReported(equity=5000.0, maintenance_margin=0.0),
        )
        risk = assess(empty)
        assert risk.risk_ratio == 0.0
        assert risk.margin_level is None
        assert risk.pools[0].equity == 5000.0


def test_ambiguous_collateral(book: MakeBook, leg: MakeLeg) -> None:
    """With two pools a third asset could belong to either."""
    other = leg(symbol="BTC/USDC:USDC", settle="USDC")
    wallet = (Collateral("USDT", 1.0), Collateral("USDC", 1.0), Collateral("BNB", 1.0))
    both = book(model="tiered", positions=(leg(), other), collateral=wallet, tiers={**FLAT, "BTC/USDC:USDC": FLAT[BTC]})
    with pytest.raises(BookError, match=r'collateral\[2\].asset was "BNB", must be one of the settlement assets'):
        assess(both)


def test_haircut_tiers_count_each_part(book: MakeBook) -> None:
    """1 BTC in full, 2 at half, the rest not at all; a debt in full."""
    tiers = (HaircutTier(0.0, 1.0, 0.0), HaircutTier(1.0, 3.0, 0.5))
    for balance, worth in ((0.5, 5000.0), (2.0, 15_000.0), (9.0, 20_000.0), (-1.0, -10_000.0)):
        wallet = (Collateral("USDT", 0.0), Collateral("BTC", balance, price=10_000.0, haircut_tiers=tiers))
        pool = assess(book(model="tiered", collateral=wallet, tiers=FLAT), liquidation=False).pools[0]
        assert pool.equity == pytest.approx(worth)


def test_reported_figures(book: MakeBook) -> None:
    """The venue's own figures, legs with value and PnL, nothing about other prices."""
    told = book(
        model="reported",
        tiers={},
        venue_reported=VenueReported(
            pools={"USDT": VenueFigures(equity=4000.0, risk_ratio=0.25, initial_margin=2000.0)}
        ),
    )
    pool = assess(told).pools[0]
    assert (pool.equity, pool.maintenance_margin, pool.risk_ratio) == (4000.0, 1000.0, 0.25)
    assert pool.margin_level == 2.0
    assert pool.positions[0].notional == 10_000.0
    assert pool.positions[0].liquidation_price is None
    assert pool.distance is None


def test_orders_count_in_the_requirement_where_the_venue_says_so(book: MakeBook) -> None:
    """A buy of another BTC: nothing more at Binance, twice as much at KuCoin, OKX and Bybit."""
    order = (Order(BTC, "buy", 10_000.0, 1.0),)
    expected = {"binance-usdm": 100.0, "okx": 200.0, "bybit-uta": 200.0}
    for model, margin in expected.items():
        given = {"*": {"account_mode": "single"}} if model == "okx" else {}
        pool = assess(book(model=model, tiers=FLAT, orders=order, parameters=given), liquidation=False).pools[0]
        assert pool.maintenance_margin == pytest.approx(margin)
    constants = {BTC: {**KUCOIN, "m": 1e15}}
    alone = assess(book(model="kucoin", parameters=constants), liquidation=False).pools[0]
    with_order = assess(book(model="kucoin", orders=order, parameters=constants), liquidation=False).pools[0]
    assert with_order.maintenance_margin == pytest.approx(2 * alone.maintenance_margin)


def test_tier_moves_with_orders_at_okx(book: MakeBook) -> None:
    """Position and orders together choose the tier of the order."""
    rows = {BTC: (Tier(0.0, 1.5, 0.01), Tier(1.5, None, 0.02))}
    orders = (Order(BTC, "buy", 10_000.0, 1.0),)
    changed = book(model="okx", tiers=rows, orders=orders, parameters={"*": {"account_mode": "single"}})
    assert assess(changed, liquidation=False).pools[0].maintenance_margin == pytest.approx(100.0 + 200.0)


def test_portfolio_margin_takes_open_losses_off(book: MakeBook) -> None:
    """A sell below the mark would lose 500 at once."""
    orders = (Order(BTC, "sell", 9_500.0, 1.0),)
    plain, ordered = book(model="binance-pm", tiers=FLAT), book(model="binance-pm", tiers=FLAT, orders=orders)
    assert assess(plain).pools[0].equity - assess(ordered).pools[0].equity == pytest.approx(500.0)


def test_margin_basis_of_brokers(book: MakeBook, leg: MakeLeg) -> None:
    """Used margin stands on the entry, or follows the mark where the broker says so."""
    grown = book(model="margin-level", positions=(leg(mark_price=12_000.0),), tiers={})
    assert assess(grown).pools[0].initial_margin == pytest.approx(1000.0)
    follows = replace(grown, parameters={"*": {"margin_basis": "mark", "stop_out_level": 0.5}})
    pool = assess(follows).pools[0]
    assert pool.initial_margin == pytest.approx(1200.0)
    assert pool.maintenance_margin == pytest.approx(600.0)


@pytest.mark.parametrize("frozen", [0.0, 430.0, 600.0])
def test_bingx_counts_the_margin_of_an_order_once(book: MakeBook, leg: MakeLeg, frozen: float) -> None:
    """Frozen by the venue, or asked for by the order: never both."""
    order = Order(BTC, "buy", 43_000.0, 0.1)
    held = leg(symbol=BTC, contracts=1.0, entry_price=43_000.0, mark_price=43_000.0, leverage=10.0)
    made = book(
        model="bingx",
        positions=(held,),
        orders=(order,),
        tiers=FLAT,
        collateral=(Collateral("USDT", 10_000.0, frozen=frozen),),
    )
    (pool,) = assess(made).pools
    assert pool.available_margin == pytest.approx(10_000.0 - 4_300.0 - max(frozen, 430.0))


def test_an_isolated_order_asks_nothing_of_the_cross_pool(book: MakeBook, leg: MakeLeg) -> None:
    """But what the venue froze for it, which the collateral says."""
    order = Order(BTC, "buy", 43_000.0, 1.0)
    bare = book(model="bingx", positions=(leg(symbol=BTC),), tiers=FLAT)
    waiting = replace(bare, orders=(replace(order, margin_mode="isolated"),))
    assert assess(waiting).pools[0].available_margin == assess(bare).pools[0].available_margin
    assert assess(replace(bare, orders=(order,))).pools[0].available_margin < assess(bare).pools[0].available_margin


@pytest.mark.parametrize("coins", [1, 2])
@pytest.mark.parametrize("model", ["binance-pm", "bybit-uta", "okx"])
def test_an_order_in_an_asset_that_is_not_listed_is_named(book: MakeBook, leg: MakeLeg, model: str, coins: int) -> None:
    """Its loss would land in another asset, or nowhere."""
    other = "BTC/USDC:USDC"
    told = book(
        model=model,
        positions=(leg(symbol=BTC),),
        orders=(Order(other, "buy", 41_000.0, 1.0),),
        tiers={**FLAT, other: FLAT[BTC]},
        collateral=(Collateral("USDT", 10_000.0), Collateral("BTC", 1.0, price=40_000.0))[:coins],
        parameters={
            other: {"contract_size": 1.0, "leverage": 10.0, "mark_price": 40_000.0},
            "*": {"account_mode": "multi"},
        },
    )
    with pytest.raises(BookError, match='collateral has no "USDC", in which an order on BTC/USDC:USDC settles'):
        assess(told)
