"""What a heat map of stress shows: the risk ratio after moves of the whole market, and of each asset alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from guard.charts.figures import label, share
from guard.charts.history import bars_of
from guard.charts.picture import Bar, HeatPicture, HeatRow
from guard.charts.words import data_as_of, short_zone
from guard.language.speech import ENGLISH, Speech
from guard.risk.book import Book
from guard.risk.scenarios import Kind, Scenario, movable
from guard.risk.stress import risks_of
from guard.risk.zones import LADDER, Zone, ZonePolicy

MOVES: Final = (-0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3)
"""Columns of the map, as fractions."""
ASSETS_MAX: Final = 9
"""Rows beside that of the whole market."""


def heat_picture(book: Book, policy: ZonePolicy, speech: Speech = ENGLISH) -> HeatPicture:
    """The stress grid of a book.

    One row moves every price together, each of the others one asset alone; the assets with the largest legs are shown.

    Args:
        book: of an account.
        policy: its bars.
        speech: of whoever asked.

    Raises:
        BookError: the book cannot be assessed, or its rule knows the present only.
    """
    read = f"{speech.text('Risk ratio after a sudden move.')}\n{data_as_of(speech, book.as_of)}"
    account = label(book.account)
    if not book.positions:
        return HeatPicture(speech.text("{account}: no positions to stress.", account=account), read, MOVES, ())
    assets = _largest(book)
    shown, more = assets[:ASSETS_MAX], len(assets[ASSETS_MAX:])
    rows = _rows(book, shown, speech)
    bars = bars_of(policy, "risk_ratio")
    return HeatPicture(
        title=_title(account, rows[0], speech),
        subtitle=read,
        moves=MOVES,
        rows=rows,
        columns=tuple(speech.text("now") if move == 0 else f"{move * 100:+.0f}" for move in MOVES),
        bars=bars,
        legend=_legend(bars, speech),
        axis=speech.text("price move, %"),
        cells=speech.text("in each cell the risk ratio in %; ✕: liquidated (100 % or more)"),
        note=speech.plural(
            "{count} smaller asset moves with the market only", "{count} smaller assets move with the market only", more
        )
        if more
        else "",
    )


def _rows(book: Book, assets: Sequence[str], speech: Speech) -> tuple[HeatRow, ...]:
    scenarios = [Scenario(f"all {move}", Kind.CUSTOM, {}, move) for move in MOVES]
    scenarios += [Scenario(f"{asset} {move}", Kind.CUSTOM, {asset: move}) for asset in assets for move in MOVES]
    ratios = [result.risk_ratio for result in risks_of(book, scenarios)]
    names = [speech.text("All together"), *(speech.text("{asset} alone", asset=asset) for asset in assets)]
    count = len(MOVES)
    return tuple(HeatRow(name, tuple(ratios[n * count : (n + 1) * count])) for n, name in enumerate(names))


def _legend(bars: Sequence[Bar], speech: Speech) -> tuple[tuple[Zone, str], ...]:
    """What each colour means: the zone, and from where on; zones without a bar are never shown but the ends."""
    begins = {bar.zone: f" {share(bar.value)}" for bar in bars}
    return tuple(
        (zone, f"{short_zone(speech, zone)}{begins.get(zone, '')}")
        for zone in LADDER
        if zone in begins or zone in (Zone.SAFE, Zone.LIQUIDATION)
    )


def _title(account: str, whole: HeatRow, speech: Speech) -> str:
    """Which shown moves of the whole market liquidate."""
    deadly = [move for move, ratio in zip(MOVES, whole.ratios, strict=True) if ratio is None or ratio >= 1.0]
    if not deadly:
        most = share(MOVES[-1])
        return speech.text("{account}: the market may\nmove {share} either way.", account=account, share=most)
    nearest = min(deadly, key=abs)
    if nearest == 0.0:
        return speech.text("{account}: liquidation\nis due now.", account=account)
    move = f"{'+' if nearest > 0 else '-'}{share(abs(nearest))}"
    return speech.text("{account}: a market move\nof {move} liquidates.", account=account, move=move)


def _largest(book: Book) -> list[str]:
    """The assets that can move, the one with the largest legs first; coins held as collateral after them."""
    size: dict[str, float] = {}
    for leg in book.positions:
        worth = leg.contracts * leg.contract_size * (leg.mark_price if leg.kind == "linear" else 1.0)
        size[leg.base] = size.get(leg.base, 0.0) + worth
    return sorted(movable(book), key=lambda asset: -size.get(asset, 0.0))
