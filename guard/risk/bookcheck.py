"""What must hold between the fields of a book, for books from any source: files, adapters, programs."""

from __future__ import annotations

from guard.risk.assets import STABLE, parts
from guard.risk.book import Book, Collateral, Position
from guard.risk.bookerror import BookError
from guard.risk.tiers import check_rows


def check_book(book: Book) -> None:
    """Check what must hold between fields, for books from any source.

    Raises:
        BookError: a duplicate asset or leg, legs of a symbol that contradict each other, an isolated leg without its
            margin, cross positions without collateral, tiers that do not touch.
    """
    assets: dict[str, int] = {}
    for index, item in enumerate(book.collateral):
        if item.asset in assets:
            raise BookError(
                f"collateral[{index}].asset", f'was "{item.asset}", which collateral[{assets[item.asset]}] has'
            )
        assets[item.asset] = index
        _check_collateral(item, f"collateral[{index}]")
    _check_legs(book)
    for symbol, tiers in book.tiers.items():
        check_rows(symbol, tiers)


def _check_collateral(item: Collateral, path: str) -> None:
    """Haircut tiers touch, and haircuts grow with the amount: otherwise more collateral could count for less."""
    end: float | None = 0.0
    for index, tier in enumerate(item.haircut_tiers):
        row = f"{path}.haircut_tiers[{index}]"
        if end is None or tier.floor != end:
            raise BookError(
                f"{row}.floor", f"was {tier.floor:.12g}, must be {'no row after an open end' if end is None else end}"
            )
        if tier.cap is not None and tier.cap <= tier.floor:
            raise BookError(f"{row}.cap", f"was {tier.cap:.12g}, must be > {tier.floor:.12g} (its floor)")
        if index and tier.haircut < item.haircut_tiers[index - 1].haircut:
            raise BookError(f"{row}.haircut", f"was {tier.haircut:g}, must not be below the haircut of the tier before")
        end = tier.cap


def _check_legs(book: Book) -> None:
    legs: dict[tuple[str, str, str], int] = {}
    symbols: dict[str, int] = {}
    for index, position in enumerate(book.positions):
        path = f"positions[{index}]"
        if position.margin_mode == "isolated" and position.isolated_margin is None:
            raise BookError(f"{path}.isolated_margin", "was null, must be a number: the position is isolated")
        if position.margin_mode == "cross" and not book.collateral:
            raise BookError("collateral", f"is empty, must have the asset behind {path}, which is cross")
        _check_settlement(position, path)
        leg = (position.symbol, position.side, position.margin_mode)
        if leg in legs:
            raise BookError(
                path, f"is a second {position.side} leg of {position.symbol}, the first is positions[{legs[leg]}]"
            )
        legs[leg] = index
        first = symbols.setdefault(position.symbol, index)
        _check_symbol(book, index, first)


def _check_symbol(book: Book, index: int, first: int) -> None:
    """Legs of one symbol share its terms and its mark."""
    if first == index:
        return
    position, other = book.positions[index], book.positions[first]
    if book.position_mode == "one_way" and position.margin_mode == other.margin_mode:
        message = (
            f"is a second leg of {position.symbol} (the first is positions[{first}]), which needs position_mode hedge"
        )
        raise BookError(f"positions[{index}]", message)
    for name in ("mark_price", "contract_size", "kind", "settle"):
        if getattr(position, name) != getattr(other, name):
            path = f"positions[{index}].{name}"
            raise BookError(
                path, f"was {getattr(position, name)}, must be {getattr(other, name)} as in positions[{first}]"
            )


def _check_settlement(position: Position, path: str) -> None:
    """An inverse contract settles in its base, a linear one in its quote (or in a third asset, when that is stable)."""
    base, quote = parts(position.symbol, position.settle)
    if position.kind == "inverse" and position.settle != base:
        raise BookError(
            f"{path}.settle", f'was "{position.settle}", must be "{base}": an inverse contract settles in its base'
        )
    if position.kind == "linear" and position.settle != quote and quote not in STABLE:
        raise BookError(
            f"{path}.settle", f'was "{position.settle}", must be "{quote}": a linear contract settles in its quote'
        )
