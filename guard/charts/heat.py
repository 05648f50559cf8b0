"""What a heat map of stress shows: the risk ratio after moves of the whole market, and of each asset alone. Pure."""

from __future__ import annotations

from typing import Final

from guard.charts.history import bars_of
from guard.charts.picture import HeatPicture, HeatRow
from guard.charts.words import label, share
from guard.risk.book import Book
from guard.risk.scenarios import Kind, Scenario, movable
from guard.risk.stress import risks_of
from guard.risk.zones import ZonePolicy

MOVES: Final = (-0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3)
"""Columns of the map, as fractions."""
ASSETS_MAX: Final = 9
"""Rows beside that of the whole market."""
ALL: Final = "All together"


def heat_picture(book: Book, policy: ZonePolicy) -> HeatPicture:
    """The stress grid of a book.

    One row moves every price together, each of the others one asset alone; the assets with the largest legs are shown.

    Raises:
        BookError: the book cannot be assessed, or its rule knows the present only.
    """
    assets = _largest(book)
    read = f"Risk ratio after a sudden move.\nData as of {book.as_of:%d %b %H:%M:%S} UTC"
    if not book.positions:
        return HeatPicture(f"{label(book.account)}: no positions to stress.", read, MOVES, ())
    scenarios = [Scenario(f"{ALL} {move}", Kind.CUSTOM, {}, move) for move in MOVES]
    shown = assets[:ASSETS_MAX]
    scenarios += [Scenario(f"{asset} {move}", Kind.CUSTOM, {asset: move}) for asset in shown for move in MOVES]
    ratios = [result.risk_ratio for result in risks_of(book, scenarios)]
    names = [ALL, *(f"{asset} alone" for asset in shown)]
    count = len(MOVES)
    rows = tuple(HeatRow(name, tuple(ratios[n * count : (n + 1) * count])) for n, name in enumerate(names))
    more = len(assets) - len(shown)
    note = f"{more} smaller assets move with the market only" if more > 0 else ""
    return HeatPicture(
        f"{label(book.account)}: {_verdict(rows[0])}", read, MOVES, rows, bars_of(policy, "risk_ratio"), note
    )


def _verdict(whole: HeatRow) -> str:
    """Which shown moves of the whole market liquidate."""
    deadly = [move for move, ratio in zip(MOVES, whole.ratios, strict=True) if ratio is None or ratio >= 1.0]
    if not deadly:
        return f"the market may\nmove {share(MOVES[-1])} either way."
    nearest = min(deadly, key=abs)
    if nearest == 0.0:
        return "liquidation\nis due now."
    return f"a market move\nof {'+' if nearest > 0 else '-'}{share(abs(nearest))} liquidates."


def _largest(book: Book) -> list[str]:
    """The assets that can move, the one with the largest legs first; coins held as collateral after them."""
    size: dict[str, float] = {}
    for leg in book.positions:
        worth = leg.contracts * leg.contract_size * (leg.mark_price if leg.kind == "linear" else 1.0)
        size[leg.base] = size.get(leg.base, 0.0) + worth
    return sorted(movable(book), key=lambda asset: -size.get(asset, 0.0))
