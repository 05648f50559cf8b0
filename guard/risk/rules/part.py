"""A book divided into pools, each with its legs as columns: what every rule starts from. Decides no number of a venue.

Owns which position and which collateral belongs to which pool, for venues that keep a pool for each settlement asset
and for venues that keep one pool for everything. Isolated legs are pools of their own everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from guard.risk.book import Book, Collateral, MarginMode, Position
from guard.risk.bookerror import BookError, one_of
from guard.risk.pool import Array, Mask

_ROW = attrgetter("symbol", "side", "contracts", "contract_size", "kind", "entry_price", "mark_price", "leverage")
_POOL_OF = attrgetter("margin_mode", "settle")


@dataclass(slots=True)
class Sheet:
    """Legs as columns of shape (legs,).

    `size` in base units (linear) or quote units (inverse), prices in quote per base, `value` at the mark in the
    settlement asset, `long` and `inverse` masks.
    """

    positions: tuple[Position, ...]
    size: Array
    entry: Array
    mark: Array
    leverage: Array
    long: Mask
    inverse: Mask
    any_inverse: bool
    value: Array
    symbols: tuple[str, ...]
    """Symbol of each leg, with repeats."""
    names: tuple[tuple[Any, ...], ...]
    """What a report repeats of each leg: symbols, sides, contracts, entry and mark prices."""


def sheet_of(positions: Sequence[Position]) -> Sheet:
    """Positions as columns."""
    if not positions:
        return _empty_sheet()
    symbols, sides, contracts, contract_size, kinds, entry, mark, leverage = zip(*map(_ROW, positions), strict=True)
    entries, marks = np.array(entry, dtype=np.float64), np.array(mark, dtype=np.float64)
    size = np.array(contracts, dtype=np.float64) * np.array(contract_size, dtype=np.float64)
    any_inverse = "inverse" in kinds
    inverse = np.array([kind == "inverse" for kind in kinds]) if any_inverse else np.zeros(len(kinds), dtype=np.bool_)
    return Sheet(
        positions=tuple(positions),
        size=size,
        entry=entries,
        mark=marks,
        leverage=np.array(leverage, dtype=np.float64),
        long=np.array([side == "long" for side in sides]),
        inverse=inverse,
        any_inverse=any_inverse,
        value=np.where(inverse, size / marks, size * marks) if any_inverse else size * marks,
        symbols=symbols,
        names=(symbols, sides, contracts, entry, mark),
    )


def _empty_sheet() -> Sheet:
    none, nobody = np.zeros(0), np.zeros(0, dtype=np.bool_)
    return Sheet((), none, none, none, none, nobody, nobody, any_inverse=False, value=none, symbols=(), names=((),) * 5)


@dataclass(slots=True)
class Part:
    """One pool of a book before a rule has looked at it."""

    currency: str
    margin_mode: MarginMode
    symbol: str | None
    sheet: Sheet
    collateral: tuple[Collateral, ...]

    @property
    def cross(self) -> bool:
        """Whether the pool shares its collateral."""
        return self.margin_mode == "cross"


def where(book: Book, position: Position) -> str:
    """Path of a position in its book, for errors."""
    return f"positions[{next(index for index, held in enumerate(book.positions) if held is position)}]"


def require_kind(book: Book, kind: Literal["linear", "inverse"]) -> None:
    """Refuse positions of another kind.

    Raises:
        BookError: names the position.
    """
    if {position.kind for position in book.positions} <= {kind}:
        return
    for index, position in enumerate(book.positions):
        if position.kind != kind:
            raise BookError(
                f"positions[{index}].kind", f'was "{position.kind}", must be "{kind}" under model {book.model}'
            )


def isolated_parts(book: Book) -> list[Part]:
    """Each isolated leg with its own margin.

    Raises:
        BookError: an isolated leg without its margin.
    """
    found = []
    for index, position in enumerate(book.positions):
        if position.margin_mode == "cross":
            continue
        if position.isolated_margin is None:
            path = f"positions[{index}].isolated_margin"
            raise BookError(path, "was null, must be a number: the position is isolated")
        wallet = Collateral(asset=position.settle, balance=position.isolated_margin)
        found.append(Part(position.settle, "isolated", position.symbol, sheet_of([position]), (wallet,)))
    return found


def parts_by_settlement(book: Book, also: Iterable[str] = (), *, alone: bool = True) -> list[Part]:
    """A pool for each settlement asset, and for each isolated leg.

    Args:
        book: the book.
        also: further currencies that need a pool, such as those in which orders settle.
        alone: each pool has its own currency as collateral only, and other balances are shown as idle pools; False:
            other collateral joins the only pool there is.

    Raises:
        BookError: a pool without collateral, a price of a pool's own currency other than 1, or collateral that could
            belong to several pools.
    """
    kinds = set(map(_POOL_OF, book.positions))
    positions: Sequence[Position] = book.positions
    cross = positions
    if any(mode == "isolated" for mode, _ in kinds):
        cross = [position for position in positions if position.margin_mode == "cross"]
    settles = {settle for mode, settle in kinds if mode == "cross"} | set(also)
    held = _own_collateral(book, settles) if alone else _shared_collateral(book, settles)
    parts = [
        Part(
            currency=currency,
            margin_mode="cross",
            symbol=None,
            sheet=sheet_of(cross if len(settles) == 1 else [leg for leg in cross if leg.settle == currency])
            if currency in settles
            else sheet_of(()),
            collateral=tuple(items),
        )
        for currency, items in sorted(held.items())
    ]
    return parts if len(cross) == len(positions) else [*parts, *isolated_parts(book)]


def part_of_everything(book: Book, currency: str) -> list[Part]:
    """One pool for all cross positions and all collateral, kept in `currency`, and one for each isolated leg.

    Raises:
        BookError: cross positions settle in an asset that is not among the collateral.
    """
    cross = [position for position in book.positions if position.margin_mode == "cross"]
    names = {item.asset for item in book.collateral}
    for position in cross:
        if position.settle not in names:
            raise BookError("collateral", f'has no "{position.settle}", in which {where(book, position)} settles')
    parts = [Part(currency, "cross", None, sheet_of(cross), book.collateral)] if book.collateral else []
    return [*parts, *isolated_parts(book)]


def _own_collateral(book: Book, settles: set[str]) -> dict[str, list[Collateral]]:
    wallets = {item.asset: item for item in book.collateral}
    for asset in sorted(settles - wallets.keys()):
        raise BookError("collateral", f'has no "{asset}", in which cross positions or orders settle')
    for index, item in enumerate(book.collateral):
        if item.asset in settles:
            _check_own_price(item, index)
    return {
        asset: [item if asset in settles else Collateral(asset, item.balance, frozen=item.frozen)]
        for asset, item in wallets.items()
        if asset in settles or item.balance != 0.0
    }


def _shared_collateral(book: Book, settles: set[str]) -> dict[str, list[Collateral]]:
    found: dict[str, list[Collateral]] = {settle: [] for settle in settles}
    own = settles | {position.settle for position in book.positions}  # isolated legs keep their wallet to themselves
    for index, item in enumerate(book.collateral):
        if item.asset in own:
            _check_own_price(item, index)
            found.setdefault(item.asset, []).insert(0, item)
        elif len(settles) == 1:
            found[next(iter(settles))].append(item)
        elif not settles:
            found[item.asset] = [Collateral(item.asset, item.balance, 1.0, item.haircut, item.frozen)]
        else:
            choices = one_of(sorted(settles))
            message = f'was "{item.asset}", must be one of the settlement assets, there are several: {choices}'
            raise BookError(f"collateral[{index}].asset", message)
    return {settle: _complete(settle, items) for settle, items in found.items()}


def _complete(currency: str, items: list[Collateral]) -> list[Collateral]:
    """The pool's own currency stands first, with a balance of 0 where other assets carry the pool."""
    if not items:
        raise BookError("collateral", f'has no "{currency}", in which cross positions or orders settle')
    return items if items[0].asset == currency else [Collateral(asset=currency, balance=0.0), *items]


def _check_own_price(item: Collateral, index: int) -> None:
    if item.price != 1.0:
        raise BookError(
            f"collateral[{index}].price", f"was {item.price:g}, must be 1: the pool is kept in {item.asset}"
        )
