"""Assessment of small books, with the edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Order, Position, Tier
from guard.risk.bookerror import BookError
from guard.risk.bookfile import with_marks

MakeBook = Callable[..., Book]
MakeLeg = Callable[..., Position]
FLAT = (Tier(0.0, None, 0.01),)


def test_one_long(book: MakeBook) -> None:
    """Figures of one BTC long, by hand."""
    risk = assess(book())
    pool = risk.pools[0]
    assert pool.equity == 5000.0
    assert pool.maintenance_margin == 40.0
    assert pool.initial_margin == 1000.0
    assert pool.available_margin == 4000.0
    assert risk.risk_ratio == 0.008
    assert risk.margin_level == 5.0
    assert pool.effective_leverage == 2.0
    assert pool.positions[0].liquidation_price == pytest.approx(5000.0 / 0.996, rel=1e-12)
    assert pool.liquidation_shock_down == pytest.approx(0.5 / 0.996 - 1.0, rel=1e-12)
    assert pool.liquidation_shock_up is None


def test_empty_book(book: MakeBook) -> None:
    """No positions: ratio 0, no margin level, the wallet still shown."""
    risk = assess(book(positions=(), tiers={}))
    assert risk.risk_ratio == 0.0
    assert risk.margin_level is None
    assert risk.pools[0].equity == 5000.0
    assert assess(book(positions=(), tiers={}, collateral=())).pools == ()


def test_no_equity_left(book: MakeBook) -> None:
    """Equity at or below 0 with positions has no ratio."""
    risk = assess(book(collateral=(Collateral("USDT", -1.0),)))
    assert risk.risk_ratio is None
    assert risk.pools[0].effective_leverage is None
    assert risk.pools[0].available_margin == 0.0
    assert risk.pools[0].liquidation_shock_down == 0.0
    assert risk.distance == 0.0


def test_zero_requirement(book: MakeBook) -> None:
    """A tier of rate 0 needs nothing; liquidation is where equity ends."""
    risk = assess(book(tiers={"BTC/USDT:USDT": (Tier(0.0, None, 0.0),)}))
    assert risk.risk_ratio == 0.0
    assert risk.pools[0].positions[0].liquidation_price == pytest.approx(5000.0)


def test_past_liquidation(book: MakeBook) -> None:
    """Past liquidation the shock is 0 and the liquidation price is where the mark would have to return to."""
    risk = assess(book(collateral=(Collateral("USDT", 30.0),)))
    pool = risk.pools[0]
    assert risk.risk_ratio == pytest.approx(40.0 / 30.0)
    assert (pool.liquidation_shock_down, pool.liquidation_shock_up) == (0.0, 0.0)
    assert pool.positions[0].liquidation_price == pytest.approx(9970.0 / 0.996, rel=1e-12)


def test_hedged_book_has_an_upper_liquidation_price(book: MakeBook, leg: MakeLeg) -> None:
    """Both legs pay: a full hedge is liquidated when the price grows enough, and both legs share the price."""
    legs = (leg(contracts=2.0), leg(side="short", contracts=2.0, entry_price=9000.0))
    hedged = book(
        position_mode="hedge",
        positions=legs,
        tiers={"BTC/USDT:USDT": (Tier(0.0, None, 0.0045),)},
        collateral=(Collateral("USDT", 10_000.0),),
    )
    risk = assess(hedged)
    prices = [position.liquidation_price for position in risk.pools[0].positions]
    assert prices == pytest.approx([8000.0 / (4 * 0.0045)] * 2, rel=1e-12)
    assert risk.pools[0].liquidation_shock_down is None


def test_unreachable(book: MakeBook) -> None:
    """A fully paid long cannot be liquidated."""
    risk = assess(book(collateral=(Collateral("USDT", 20_000.0),)))
    assert risk.pools[0].positions[0].liquidation_price is None
    assert risk.distance is None


def test_pools_by_settlement(book: MakeBook, leg: MakeLeg) -> None:
    """Single-asset mode: USDT and USDC carry their own positions; an idle balance is shown; a zero balance is not."""
    other = leg(symbol="BTC/USDC:USDC", settle="USDC", contracts=2.0)
    split = book(
        positions=(leg(), other),
        collateral=(
            Collateral("USDC", 900.0),
            Collateral("BNB", 3.0, price=600.0),
            Collateral("USDT", 5000.0),
            Collateral("ETH", 0.0),
        ),
        tiers={"BTC/USDT:USDT": FLAT, "BTC/USDC:USDC": FLAT},
    )
    risk = assess(split)
    assert [pool.currency for pool in risk.pools] == ["BNB", "USDC", "USDT"]
    assert risk.risk_ratio == pytest.approx(200.0 / 900.0)
    assert risk.pools[0].equity == 3.0
    assert risk.pools[0].risk_ratio == 0.0


def test_isolated_leg_is_its_own_pool(book: MakeBook, leg: MakeLeg) -> None:
    """An isolated leg has its own margin and does not touch the cross pool."""
    alone = leg(symbol="ETH/USDT:USDT", margin_mode="isolated", isolated_margin=1500.0)
    risk = assess(book(positions=(leg(), alone), tiers={"BTC/USDT:USDT": FLAT, "ETH/USDT:USDT": FLAT}))
    cross, isolated = risk.pools
    assert (isolated.margin_mode, isolated.symbol, isolated.equity) == ("isolated", "ETH/USDT:USDT", 1500.0)
    assert isolated.positions[0].liquidation_price == pytest.approx(8500.0 / 0.99)
    assert cross.equity == 5000.0
    assert risk.risk_ratio == isolated.risk_ratio


ORDERS: list[tuple[str, tuple[Order, ...], float]] = [
    ("buy adds", (Order("BTC/USDT:USDT", "buy", 9000.0, 1.0),), 1900.0),
    ("a sell within the position is free", (Order("BTC/USDT:USDT", "sell", 11_000.0, 0.5),), 1000.0),
    ("a sell beyond twice the position counts", (Order("BTC/USDT:USDT", "sell", 10_000.0, 3.0),), 2000.0),
    ("reduce-only is free", (Order("BTC/USDT:USDT", "buy", 9000.0, 1.0, reduce_only=True),), 1000.0),
    ("conditional is free", (Order("BTC/USDT:USDT", "buy", 9000.0, 1.0, conditional=True),), 1000.0),
    ("unpriced counts at the mark", (Order("BTC/USDT:USDT", "buy", None, 1.0),), 2000.0),
    ("another symbol by its parameters", (Order("ETH/USDT:USDT", "buy", 2000.0, 1.0),), 1400.0),
]


@pytest.mark.parametrize(("orders", "initial"), [row[1:] for row in ORDERS], ids=[row[0] for row in ORDERS])
def test_orders_hold_initial_margin(book: MakeBook, orders: tuple[Order, ...], initial: float) -> None:
    """Open orders count in initial margin, never in the requirement."""
    risk = assess(book(orders=orders, parameters={"ETH/USDT:USDT": {"leverage": 5.0, "contract_size": 1.0}}))
    assert risk.pools[0].initial_margin == pytest.approx(initial)
    assert risk.pools[0].maintenance_margin == 40.0


def test_hedge_mode_counts_the_larger_side(book: MakeBook, leg: MakeLeg) -> None:
    """Initial margin of a hedged symbol is that of its larger side after orders; maintenance margin that of both."""
    hedged = book(position_mode="hedge", positions=(leg(), leg(side="short", contracts=0.5)))
    assert assess(hedged).pools[0].initial_margin == pytest.approx(1000.0)
    more = replace(hedged, orders=(Order("BTC/USDT:USDT", "sell", 10_000.0, 1.0, position_side="short"),))
    assert assess(more).pools[0].initial_margin == pytest.approx(1500.0)
    assert assess(more).pools[0].maintenance_margin == pytest.approx(60.0)


REFUSALS: list[tuple[dict[str, object], str]] = [
    ({"tiers": {}}, 'tiers has no entry "BTC/USDT:USDT", which positions[0] needs'),
    (
        {"tiers": {"BTC/USDT:USDT": (Tier(0.0, 9_999.0, 0.01),)}},
        'tiers["BTC/USDT:USDT"] ends at 9999 USDT, the notional of BTC/USDT:USDT is 10000 USDT',
    ),
    ({"collateral": (Collateral("USDC", 1.0),)}, 'collateral has no "USDT", in which cross positions or orders settle'),
    (
        {"collateral": (Collateral("USDT", 1.0, price=2.0),)},
        "collateral[0].price was 2, must be 1: the pool is kept in USDT",
    ),
    (
        {"orders": (Order("ETH/USDT:USDT", "buy", 1.0, 1.0),)},
        'parameters["ETH/USDT:USDT"].contract_size is missing, must be a number > 0: orders[0] is on a symbol without',
    ),
    ({"model": "magic"}, 'model was "magic", must be one of: '),
]


@pytest.mark.parametrize(("changes", "message"), REFUSALS)
def test_refuses_what_it_cannot_answer(book: MakeBook, changes: dict[str, object], message: str) -> None:
    """A missing input is named; nothing is guessed or left out of a sum."""
    with pytest.raises(BookError) as caught:
        assess(book(**changes))
    assert message in str(caught.value)


def test_refuses_inverse_legs(book: MakeBook, leg: MakeLeg) -> None:
    """USD-M futures are linear."""
    with pytest.raises(
        BookError, match=r'positions\[0\].kind was "inverse", must be "linear" under model binance-usdm'
    ):
        assess(book(positions=(leg(kind="inverse"),)))


def test_refuses_nan_from_an_adapter(book: MakeBook, leg: MakeLeg) -> None:
    """A book that nobody validated is refused rather than reported."""
    with pytest.raises(BookError, match="not finite"):
        assess(book(positions=(leg(mark_price=float("nan")),)))


def test_tiered_inverse(book: MakeBook, leg: MakeLeg) -> None:
    """A coin pool: value and margin in BTC, liquidation where 1/P meets the wallet."""
    inverse = leg(symbol="BTC/USD:BTC", settle="BTC", kind="inverse", contracts=100.0, contract_size=100.0)
    coin = book(model="tiered", positions=(inverse,), collateral=(Collateral("BTC", 0.5),), tiers={"BTC/USD:BTC": FLAT})
    risk = assess(coin)
    pool = risk.pools[0]
    assert pool.maintenance_margin == pytest.approx(0.01)
    liquidation = 10_000.0 * 1.01 / 1.5
    assert pool.positions[0].liquidation_price == pytest.approx(liquidation, rel=1e-12)
    assert pool.liquidation_shock_down == pytest.approx(liquidation / 10_000.0 - 1.0, rel=1e-12)
    after = assess(with_marks(coin, {"BTC/USD:BTC": liquidation}))
    assert after.risk_ratio == pytest.approx(1.0, rel=1e-9)


def test_coin_collateral_falls_with_the_market(book: MakeBook, leg: MakeLeg) -> None:
    """Wrong-way risk: with BTC as collateral the common shock is nearer than the liquidation price says."""
    wallet = (Collateral("USDT", 1000.0), Collateral("BTC", 0.5, price=10_000.0, haircut=0.1))
    risk = assess(book(model="tiered", positions=(leg(),), collateral=wallet, tiers={"BTC/USDT:USDT": FLAT}))
    pool = risk.pools[0]
    assert pool.equity == pytest.approx(5500.0)
    assert pool.collateral_value == pytest.approx(5500.0)
    assert pool.positions[0].liquidation_price == pytest.approx(4500.0 / 0.99)
    # equity 5500 + 14500 x meets 100 (1 + x)
    assert pool.liquidation_shock_down == pytest.approx(-5400.0 / 14_400.0, rel=1e-12)


def test_without_liquidation_prices(book: MakeBook) -> None:
    """The quick form leaves prices and shocks out."""
    risk = assess(book(), liquidation=False)
    assert risk.pools[0].positions[0].liquidation_price is None
    assert risk.distance is None
    assert risk.risk_ratio == 0.008
