"""What must hold under every margin rule: books with orders, hedges, haircuts and isolated legs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, Fees, HaircutTier, Order, Position, Tier, VenueReported
from guard.risk.bookcheck import check_book
from guard.risk.bookfile import dump_book, parse_book, with_marks
from guard.risk.liquidation import symbol_roots
from guard.risk.movers import market_after, movers_of
from guard.risk.path import along_moves
from guard.risk.quality import Quality
from guard.risk.reportfile import report_json
from guard.risk.rules import MODELS, pools_of
from guard.risk.valuation import market_now, value_pool
from guard.risk.zones import Zone

NEW, OLD = datetime(2026, 11, 21, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
INVERSE_ONLY = {"binance-coinm"}
BOTH_KINDS = {"tiered", "binance-pm", "bybit-uta", "okx", "deribit-sm", "kraken-futures", "bitmex", "bingx"}
ONE_POOL = {"binance-usdm-multi", "binance-pm", "bybit-uta", "kraken-futures"}
FLAT = {"gate", "bitget", "kraken-futures"}


def real(low: float, high: float) -> st.SearchStrategy[float]:
    """Finite floats in a range."""
    return st.floats(min_value=low, max_value=high, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tables of 1 to 4 tiers with rates that rise, without an end."""
    floors = [0.0, *sorted(draw(st.sets(st.integers(1, 2_000_000), max_size=3)))]
    rates = sorted(draw(st.lists(real(0.002, 0.3), min_size=len(floors), max_size=len(floors))))
    return tuple(Tier(float(f), c, r) for f, c, r in zip(floors, [*floors[1:], None], rates, strict=True))


PARAMETERS: dict[str, float] = {
    "m": 50.0, "k": 490.0, "f": 1.3, "mmr_limit": 0.3, "mmr_lev_constant": 100.0,
    "base": 200.0, "step": 100.0, "base_im": 0.02, "base_mm": 0.01, "slope": 1e-6, "max_leverage": 40.0,
    "contract_size": 1.0, "leverage": 10.0, "mark_price": 5.0,
}  # fmt: skip


def parameters_of(model: str, symbols: set[str], draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Constants that the model knows, for each symbol, and the account's mode."""
    from guard.risk.rules import RULES

    known = {field.name for field in RULES[model].parameters}
    found: dict[str, dict[str, Any]] = {
        symbol: {name: value for name, value in PARAMETERS.items() if name in known} for symbol in symbols
    }
    modes = {"okx": ["single", "multi"], "gate": ["classic", "unified"], "deribit-sm": ["segregated", "cross"]}
    if model in modes:
        found["*"] = {"account_mode": draw(st.sampled_from(modes[model]))}
    return found


@st.composite
def legs_of(draw: st.DrawFn, model: str, hedge: bool) -> list[Position]:
    """Legs of 1 to 3 coins, of the kinds that the model knows."""
    found: list[Position] = []
    for coin in draw(st.lists(st.sampled_from(["BTC", "ETH", "SOL"]), min_size=1, max_size=3, unique=True)):
        inverse = model in INVERSE_ONLY or (model in BOTH_KINDS and draw(st.booleans()))
        symbol, settle = (f"{coin}/USD:{coin}", coin) if inverse else (f"{coin}/USDT:USDT", "USDT")
        mark = draw(real(0.5, 50_000.0))
        sides = (
            draw(st.sampled_from([("long",), ("short",), ("long", "short")]))
            if hedge
            else (draw(st.sampled_from(["long", "short"])),)
        )
        for side in sides:
            notional = draw(real(100.0, 1e6))
            found.append(
                Position(
                    symbol=symbol,
                    side="long" if side == "long" else "short",
                    contracts=notional if inverse else notional / mark,
                    contract_size=1.0,
                    kind="inverse" if inverse else "linear",
                    settle=settle,
                    entry_price=mark * draw(real(0.7, 1.4)),
                    mark_price=mark,
                    leverage=draw(st.sampled_from([2.0, 10.0, 50.0])),
                    opened_at=draw(st.sampled_from([None, OLD])),
                )
            )
    return found


@st.composite
def books(draw: st.DrawFn, models: tuple[str, ...] = MODELS) -> Book:
    """A well-formed book of any model."""
    model = draw(st.sampled_from(models))
    hedge = model not in {"hyperliquid", "kraken-futures"} and draw(st.booleans())
    legs = draw(legs_of(model, hedge))
    if draw(st.booleans()) and model != "reported":
        leg = legs[0]
        value = leg.contracts / leg.mark_price if leg.kind == "inverse" else leg.contracts * leg.mark_price
        if sum(other.symbol == leg.symbol for other in legs) == 1:
            legs[0] = replace(leg, margin_mode="isolated", isolated_margin=value * draw(real(0.02, 2.0)))
    marks = {leg.settle: leg.mark_price for leg in legs if leg.kind == "inverse"}
    gross = sum(leg.contracts * (1.0 if leg.kind == "inverse" else leg.mark_price) for leg in legs)
    settles = {leg.settle for leg in legs}
    one_pool = model in ONE_POOL
    book = Book(
        account="a", venue="v", model=model, as_of=draw(st.sampled_from([NEW, OLD])),
        position_mode="hedge" if hedge else "one_way", fees=Fees(taker=draw(st.sampled_from([0.0, 0.0006]))),
        positions=tuple(legs), tiers={leg.symbol: draw(tables()) for leg in legs},
        parameters=parameters_of(model, {leg.symbol for leg in legs} | {"XRP/USDT:USDT"}, draw),
    )  # fmt: skip
    mode = book.parameters.get("*", {}).get("account_mode")
    one_pool = one_pool or mode in {"multi", "unified", "cross"}
    collateral = []
    for settle in sorted(settles):
        worth = gross * draw(real(0.05, 2.0))
        price = marks.get(settle, 1.0) if one_pool else 1.0
        haircut = draw(st.sampled_from([0.0, 0.1])) if one_pool else 0.0
        tiers = (
            (HaircutTier(0.0, worth, 0.05), HaircutTier(worth, None, 0.5)) if draw(st.booleans()) and haircut else ()
        )
        collateral.append(
            Collateral(settle, worth / marks.get(settle, 1.0), price, haircut, haircut_tiers=tiers, markup=haircut / 20)
        )
    orders = draw(st.lists(orders_of(legs), max_size=2))
    reported = VenueReported(equity=gross, maintenance_margin=gross * draw(real(0.0, 2.0)))
    return replace(
        book, collateral=tuple(collateral), orders=tuple(orders),
        venue_reported=reported if model == "reported" else VenueReported(),
    )  # fmt: skip


def orders_of(legs: list[Position]) -> st.SearchStrategy[Order]:
    """Orders in the symbols that are held."""
    held = st.sampled_from(legs)
    return st.builds(
        lambda leg, side, at, part: Order(leg.symbol, side, leg.mark_price * at, leg.contracts * part),
        held,
        st.sampled_from(["buy", "sell"]),
        real(0.8, 1.2),
        real(0.01, 3.0),
    )


@given(books())
def test_books_are_well_formed_and_answered(book: Book) -> None:
    """Every model answers a well-formed book with finite figures, and the book survives its file format."""
    check_book(book)
    text = json.dumps(report_json(assess(book), Quality.FRESH, Zone.SAFE, ""), allow_nan=False)
    assert text
    assert parse_book(dump_book(book)) == book


@given(books())
def test_requirement_is_never_negative(book: Book) -> None:
    """Of no leg and of no pool, under any rule."""
    for pool in assess(book, liquidation=False).pools:
        assert pool.maintenance_margin >= 0.0
        assert pool.closing_fees >= 0.0
        assert all(leg.maintenance_margin >= 0.0 and leg.closing_fee >= 0.0 for leg in pool.positions)
        assert pool.risk_ratio is None or (math.isfinite(pool.risk_ratio) and pool.risk_ratio >= 0.0)


SOLVED = tuple(model for model in MODELS if model != "reported")
CONTINUOUS = tuple(model for model in SOLVED if model not in FLAT)


@given(books(SOLVED))
def test_liquidation_prices_against_the_engine(book: Book) -> None:
    """At each root in `v` the figures of the valuation meet: slack is 0 within 1e-9 of what is added up."""
    for pool in pools_of(book):
        now = value_pool(pool, market_now(pool))
        for weight in (1.0, 0.0):
            roots = symbol_roots(pool, now, weight=weight)
            for index, root in enumerate(roots):
                if np.isnan(root) or pool.legs.flat is not None:
                    continue
                v = np.where(pool.legs.symbol == index, np.where(pool.legs.inverse, 1 / root, root), pool.legs.mark)
                there = value_pool(pool, replace(market_now(pool), v=v[None, :]))
                scale = abs(now.equity[0]) + abs(there.unrealized_pnl[0]) + abs(now.unrealized_pnl[0])
                slack = there.equity[0] - weight * there.requirement[0]
                assert abs(slack) <= 1e-9 * (scale + abs(there.requirement[0]))


@given(books(SOLVED), real(-0.9, 5.0), real(0.2, 2.0))
def test_paths_agree_with_the_valuation(book: Book, x: float, beta: float) -> None:
    """Slack along a path of straight pieces is what the scenario engine says, for common moves and for betas."""
    for pool in pools_of(book):
        if pool.legs.flat is not None:
            continue
        movers = movers_of(pool)
        for weights in (movers.common(), movers.common() * beta):
            move = x if weights.max(initial=0.0) * x > -0.99 else -0.5 / weights.max(initial=1.0)
            slack, _ = along_moves(pool, movers, weights, 1.0).slack(float(move))
            figures = value_pool(pool, market_after(pool, movers, (weights * move)[None, :]))
            scale = abs(figures.equity[0]) + figures.requirement[0] + abs(figures.unrealized_pnl[0]) + 1.0
            assert slack == pytest.approx(figures.equity[0] - figures.requirement[0], abs=1e-9 * scale)


@given(books(SOLVED))
def test_the_shock_is_the_nearest(book: Book) -> None:
    """At the shock slack is 0; everywhere between here and there it is not negative."""
    for pool, figures in zip(pools_of(book), assess(book).pools, strict=True):
        if not pool.positions or figures.risk_ratio is None or figures.risk_ratio >= 1.0:
            continue
        movers = movers_of(pool)
        down = -0.999 if figures.liquidation_shock_down is None else figures.liquidation_shock_down
        up = 10.0 if figures.liquidation_shock_up is None else figures.liquidation_shock_up
        steps = np.concatenate([np.linspace(down, 0.0, 23) * 0.9999, np.linspace(0.0, up, 23) * 0.9999])
        found = value_pool(pool, market_after(pool, movers, np.multiply.outer(steps, movers.common())))
        slack = found.equity - found.requirement
        assert bool((slack >= -1e-9 * (np.abs(found.equity) + found.requirement + 1.0)).all())


@given(books(("gate", "bitget", "kraken-futures")))
def test_flat_rules_change_sign_at_their_liquidation_price(book: Book) -> None:
    """Where a requirement may jump, the ratio is below 1 on one side of the price and at or above 1 on the other."""
    risk = assess(book)
    for pool in risk.pools:
        if pool.margin_mode == "isolated" or pool.risk_ratio is None or pool.risk_ratio >= 1.0:
            continue
        for leg in pool.positions:
            if leg.liquidation_price is None or leg.liquidation_price < 1e-6 * leg.mark_price:
                continue  # so near to 0 float64 has no digits of equity left
            inside, outside = (1 - 1e-6, 1 + 1e-6) if leg.liquidation_price > leg.mark_price else (1 + 1e-6, 1 - 1e-6)
            ratios = [
                _cross_ratio(with_marks(book, {leg.symbol: leg.liquidation_price * at})) for at in (inside, outside)
            ]
            assert ratios[0] < 1.0 + 1e-6
            assert ratios[1] > 1.0 - 1e-6


def _cross_ratio(book: Book) -> float:
    """Ratio of the cross pool, infinity without equity."""
    ratio = next(pool for pool in assess(book, liquidation=False).pools if pool.margin_mode == "cross").risk_ratio
    return math.inf if ratio is None else ratio


@given(books(SOLVED))
def test_scenario_zero_is_the_report(book: Book) -> None:
    """No move at all gives the figures of the report, alone and among thousands of scenarios."""
    for pool, figures in zip(pools_of(book), assess(book).pools, strict=True):
        movers = movers_of(pool)
        found = value_pool(pool, market_after(pool, movers, np.zeros((5000, len(movers.names)))))
        for got, said in ((found.equity, figures.equity), (found.maintenance, figures.maintenance_margin)):
            assert float(got[0]) == pytest.approx(said, rel=1e-12, abs=1e-9)
            assert float(got[-1]) == pytest.approx(said, rel=1e-12, abs=1e-9)


@given(books())
def test_order_of_legs_does_not_matter(book: Book) -> None:
    """Legs, orders and collateral backwards give the same account."""
    backwards = replace(
        book, positions=book.positions[::-1], orders=book.orders[::-1], collateral=book.collateral[::-1]
    )
    one, two = assess(book), assess(backwards)
    assert one.risk_ratio == _about(two.risk_ratio)
    assert one.margin_level == _about(two.margin_level)


def _about(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9)
