"""What must hold under every margin rule: books with orders, hedges, haircuts and isolated legs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from guard.risk.assess import assess
from guard.risk.book import Book
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
from tests.harness.random_books import books, real

FLAT = {"gate", "bitget", "kraken-futures"}


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
