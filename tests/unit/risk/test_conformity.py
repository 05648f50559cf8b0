"""Our figures against the venue's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from guard.risk.assess import assess
from guard.risk.book import Book, Collateral, VenueFigures, VenueReported
from guard.risk.conformity import Tolerance, compared, conformity, worse_of

MakeBook = Callable[..., Book]

CASES: list[tuple[str, VenueReported, tuple[str, ...]]] = [
    ("says nothing", VenueReported(), ()),
    ("agrees", VenueReported(equity=5000.0, maintenance_margin=40.0), ()),
    ("within tolerance", VenueReported(equity=5009.0, maintenance_margin=40.39), ()),
    (
        "equity",
        VenueReported(equity=5020.0),
        ("equity is 5,000 USDT by our rule, 5,020 USDT at the venue",),
    ),
    (
        "requirement",
        VenueReported(maintenance_margin=41.0),
        ("requirement is 40 USDT by our rule, 41 USDT at the venue",),
    ),
    (
        "ratio only",
        VenueReported(risk_ratio=0.02),
        ("risk_ratio of USDT is 0.80 % by our rule, 2.00 % at the venue",),
    ),
    (
        "by pool",
        VenueReported(pools={"USDT": VenueFigures(equity=1.0)}),
        ("equity is 5,000 USDT by our rule, 1 USDT at the venue",),
    ),
    (
        "the venue says 0",
        VenueReported(maintenance_margin=0.0),
        ("requirement is 40 USDT by our rule, 0 USDT at the venue",),
    ),
]


@pytest.mark.parametrize(("reported", "lines"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_conformity(book: MakeBook, reported: VenueReported, lines: tuple[str, ...]) -> None:
    """One line per disagreement, with both figures and the unit."""
    told = book(venue_reported=reported)
    assert conformity(assess(told), told) == lines


def test_dust_is_no_dispute(book: MakeBook) -> None:
    """Half a cent is not worth an alarm."""
    told = book(positions=(), collateral=(Collateral("USDT", 0.005),), venue_reported=VenueReported(equity=0.0))
    assert conformity(assess(told), told) == ()


def test_worse_of_takes_the_venue_when_it_is_worse(book: MakeBook) -> None:
    """Zones are set on the worse of both ratios."""
    told = book(venue_reported=VenueReported(equity=1000.0, maintenance_margin=500.0))
    risk = worse_of(assess(told), told)
    assert risk.risk_ratio == 0.5
    assert risk.pools[0].risk_ratio == 0.5
    better = book(venue_reported=VenueReported(risk_ratio=0.001))
    assert worse_of(assess(better), better).risk_ratio == 0.008
    assert worse_of(assess(book()), book()) == assess(book())


def test_worse_of_with_no_equity_at_the_venue(book: MakeBook) -> None:
    """A venue that sees no equity makes the ratio undefined, which is liquidation."""
    told = book(venue_reported=VenueReported(equity=0.0, maintenance_margin=500.0))
    assert worse_of(assess(told), told).risk_ratio is None


@pytest.mark.parametrize(("moved", "agrees"), [(0.0004, True), (-0.0004, True), (0.0006, False)])
def test_near_liquidation_a_tick_between_two_answers_is_no_dispute(book: MakeBook, moved: float, agrees: bool) -> None:
    """Equity is a sliver of the notional there: what prices move in between is more than 0.2 % of it."""
    told = book(collateral=(Collateral("USDT", 100.0),))
    (pool,) = assess(told).pools
    said = pool.equity + moved * pool.gross_notional
    dated = replace(told, venue_reported=VenueReported(equity=said))
    (found,) = compared(assess(dated), dated, Tolerance(equity=0.0))
    assert (found.figure, found.agrees) == ("equity", agrees)
    assert conformity(assess(dated), dated, Tolerance(equity=0.0, price_lag=0.0)) != ()


@pytest.mark.parametrize("beside_equity", [True, False])
@pytest.mark.parametrize(("moved", "agrees"), [(0.003, True), (-0.003, True), (0.007, False), (-0.007, False)])
def test_a_ratio_of_older_prices_is_no_dispute(book: MakeBook, moved: float, agrees: bool, beside_equity: bool) -> None:
    """Some venues tell a ratio in place of the requirement, and computed it a little earlier."""
    told = book(collateral=(Collateral("USDT", 500.0),))
    (pool,) = assess(told).pools
    requirement = pool.maintenance_margin + pool.closing_fees
    ratio = requirement / (pool.equity + moved * pool.gross_notional)
    equity = pool.equity if beside_equity else None
    dated = replace(told, venue_reported=VenueReported(equity=equity, risk_ratio=ratio))
    found = compared(assess(dated), dated)[-1]
    assert (found.figure, found.agrees) == ("risk_ratio", agrees)


def test_a_ratio_of_another_requirement_is_a_dispute(book: MakeBook) -> None:
    """With money to spare a lag of prices explains little: a requirement that is missed by a tenth is noticed."""
    told = book()
    (pool,) = assess(told).pools
    assert pool.risk_ratio is not None
    for factor, agrees in ((1.01, True), (1.1, False), (0.9, False), (0.0, False)):
        said = VenueReported(equity=pool.equity, risk_ratio=factor * pool.risk_ratio)
        dated = replace(told, venue_reported=said)
        assert compared(assess(dated), dated)[-1].agrees is agrees, factor
        full = replace(dated, venue_reported=replace(said, maintenance_margin=pool.maintenance_margin))
        assert [each.figure for each in compared(assess(full), full)] == ["equity", "requirement"]


def test_small_ratios_are_told_in_four_places(book: MakeBook) -> None:
    """What rounding hides is no dispute."""
    told = book(collateral=(Collateral("USDT", 500_000.0),))
    (pool,) = assess(told).pools
    assert pool.risk_ratio is not None
    dated = replace(told, venue_reported=VenueReported(risk_ratio=round(pool.risk_ratio, 4)))
    assert conformity(assess(dated), dated) == ()
