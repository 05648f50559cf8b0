"""From rows of a unified account to a book of the risk engine. Pure.

The venue's own figures are the book (model `reported`): one pool in USD for everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, VenueFigures, VenueReported
from guard.venues.kucoinfutures.assemble import REPORTED_MODEL, worst_ratio
from guard.venues.kucoinfutures.legs import VENUE, Held, LegBuilder, Reference, torn_evidence
from guard.venues.kucoinfutures.parse_unified import UnifiedOverview

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class UnifiedAnswers:
    """What was read of a unified account in one cycle."""

    held: Held
    overview: UnifiedOverview


def assemble_unified(account: str, answers: UnifiedAnswers, reference: Reference) -> FetchedBook:
    """The book of one cycle.

    The position mode is not told for unified accounts: legs that are named by their side show hedge mode.

    Args:
        account: the account's name.
        answers: what was read.
        reference: what was known; its position mode is not used.
    """
    held = answers.held
    hedge = any(row.leg != "BOTH" for row in held.positions)
    builder = LegBuilder(held, replace(reference, position_mode="hedge" if hedge else "one_way"))
    positions = tuple(builder.position(row) for row in held.positions)
    figures = _figures(answers.overview)
    pnl = sum(row.unrealized_pnl or 0.0 for row in held.positions)
    book = Book(
        account=account,
        venue=VENUE,
        model=REPORTED_MODEL,
        as_of=min(held.parts["balances"], held.parts["positions"]),
        position_mode=builder.reference.position_mode,
        fees=builder.fees(),
        collateral=(Collateral(CURRENCY, answers.overview.adjusted_equity - pnl),),
        positions=positions,
        orders=builder.orders(),
        venue_reported=VenueReported(
            figures.equity,
            figures.maintenance_margin,
            figures.initial_margin,
            figures.available_margin,
            worst_ratio(figures.risk_ratio, builder.isolated_ratio()),
            {CURRENCY: figures},
        ),
    )
    return FetchedBook(
        book=book, parts=held.parts, missing=tuple(dict.fromkeys(builder.missing)), torn=torn_evidence(held)
    )


def _figures(overview: UnifiedOverview) -> VenueFigures:
    """The account's figures; the requirement is the one that the venue liquidates at, fees to close included."""
    equity, ratio = overview.adjusted_equity, overview.risk_ratio
    requirement = overview.maintenance_margin
    if ratio is not None and equity > 0:
        requirement = max(requirement, ratio * equity)
    return VenueFigures(
        equity=equity,
        maintenance_margin=requirement,
        initial_margin=overview.initial_margin,
        available_margin=overview.available,
        risk_ratio=requirement / equity if equity > 0 else None,
    )
