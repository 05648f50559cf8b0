"""From positions and a rule's terms to a `Pool`: the plumbing that every rule shares. Decides no number of a venue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from guard.risk.assets import parts
from guard.risk.book import Book, Collateral, MarginMode, Position
from guard.risk.bookerror import BookError
from guard.risk.pool import Array, Assets, Legs, Pool

ZERO_LINE: Array = np.zeros(1)


@dataclass(frozen=True, slots=True)
class LegTerms:
    """What a rule decides for one leg; see `guard.risk.pool.Legs` for the meaning of each figure."""

    line_rate: Array = field(default_factory=lambda: ZERO_LINE)
    line_deduction: Array = field(default_factory=lambda: ZERO_LINE)
    im_rate: float = 0.0
    im_fixed: float = 0.0
    fee_rate: float = 0.0
    fee_fixed: float = 0.0
    charged: float | None = None


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """What a rule decides for one asset: `min_k(rate_k * x + constant_k)` of it counts."""

    line_rate: tuple[float, ...]
    line_constant: tuple[float, ...]
    charge_factor: float = 1.0


def size_of(position: Position) -> float:
    """Base units of a linear leg, quote units of an inverse one."""
    return position.contracts * position.contract_size


def notional_of(position: Position) -> float:
    """Value at the mark: in quote for a linear leg, in base coin for an inverse one."""
    size = size_of(position)
    return size / position.mark_price if position.kind == "inverse" else size * position.mark_price


def haircut_terms(item: Collateral) -> AssetTerms:
    """A balance counts less its haircut, a debt counts in full."""
    if item.haircut == 0.0:
        return AssetTerms((1.0,), (0.0,))
    return AssetTerms((1.0 - item.haircut, 1.0), (0.0, 0.0))


def isolated_pool(position: Position, terms: LegTerms, where: str) -> Pool:
    """The pool of an isolated leg: its own margin, no other collateral.

    Raises:
        BookError: the leg has no isolated margin.
    """
    if position.isolated_margin is None:
        raise BookError(f"{where}.isolated_margin", "was null, must be a number: the position is isolated")
    wallet = Collateral(asset=position.settle, balance=position.isolated_margin)
    return build_pool(
        currency=position.settle,
        positions=(position,),
        terms=(terms,),
        collateral=(wallet,),
        margin_mode="isolated",
        symbol=position.symbol,
    )


def build_pool(
    *,
    currency: str,
    positions: Sequence[Position],
    terms: Sequence[LegTerms],
    collateral: Sequence[Collateral],
    asset_terms: Sequence[AssetTerms] | None = None,
    margin_mode: MarginMode = "cross",
    symbol: str | None = None,
    upl_counts_inside: bool = False,
    withheld: float = 0.0,
    im_orders: float = 0.0,
) -> Pool:
    """Put positions, their terms and the collateral into arrays.

    Args:
        currency: what the pool is kept in.
        positions: the legs.
        terms: one for each leg.
        collateral: assets of the pool; each settlement asset must be among them.
        asset_terms: one for each asset; by default haircuts as the book has them.
        margin_mode: cross or isolated.
        symbol: of an isolated pool.
        upl_counts_inside: see `guard.risk.pool.Assets`.
        withheld: taken off equity, in `currency`.
        im_orders: initial margin of open orders, in `currency`.
    """
    names = tuple(item.asset for item in collateral)
    pairs = [parts(position.symbol, position.settle) for position in positions]
    movers = tuple(sorted({currency, *names, *(name for pair in pairs for name in pair)}))
    mover = {name: index for index, name in enumerate(movers)}
    symbols = tuple(dict.fromkeys(position.symbol for position in positions))
    return Pool(
        currency=currency,
        margin_mode=margin_mode,
        symbol=symbol,
        positions=tuple(positions),
        symbols=symbols,
        movers=movers,
        currency_mover=mover[currency],
        legs=_legs(positions, terms, symbols, names, mover, pairs),
        assets=_assets(collateral, asset_terms, mover, upl_counts_inside=upl_counts_inside),
        withheld=withheld,
        im_orders=im_orders,
    )


def _legs(
    positions: Sequence[Position],
    terms: Sequence[LegTerms],
    symbols: Sequence[str],
    assets: Sequence[str],
    mover: dict[str, int],
    pairs: Sequence[tuple[str, str]],
) -> Legs:
    symbol_index = {name: index for index, name in enumerate(symbols)}
    asset_index = {name: index for index, name in enumerate(assets)}
    inverse = np.array([position.kind == "inverse" for position in positions], dtype=np.bool_)
    prices = _column([(position.entry_price, position.mark_price) for position in positions], 2)
    v = np.where(inverse[:, None], 1.0 / prices, prices)
    size = np.array([size_of(position) for position in positions], dtype=np.float64)
    sign = np.array([position.sign for position in positions], dtype=np.float64)
    charged = [each if term.charged is None else term.charged for each, term in zip(size, terms, strict=True)]
    numbers = _column([(t.fee_rate, t.fee_fixed, t.im_rate, t.im_fixed) for t in terms], 4)
    rate, deduction = _lines(terms)
    return Legs(
        symbol=np.array([symbol_index[position.symbol] for position in positions], dtype=np.intp),
        inverse=inverse,
        size=size,
        direction=np.where(inverse, -sign, sign),
        entry=v[:, 0],
        mark=v[:, 1],
        settle=np.array([asset_index[position.settle] for position in positions], dtype=np.intp),
        base=np.array([mover[base] for base, _ in pairs], dtype=np.intp),
        quote=np.array([mover[quote] for _, quote in pairs], dtype=np.intp),
        charged=np.array(charged, dtype=np.float64),
        line_rate=rate,
        line_deduction=deduction,
        fee_rate=numbers[:, 0],
        fee_fixed=numbers[:, 1],
        im_rate=numbers[:, 2],
        im_fixed=numbers[:, 3],
    )


def _column(rows: list[tuple[float, ...]], width: int) -> Array:
    """Rows as an array of shape (rows, width), also when there are none."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _lines(terms: Sequence[LegTerms]) -> tuple[Array, Array]:
    """Lines of all legs, padded with lines of 0 (the requirement is never below 0): two of shape (lines, legs)."""
    most = max((len(term.line_rate) for term in terms), default=1)
    rate, deduction = np.zeros((most, len(terms))), np.zeros((most, len(terms)))
    for index, term in enumerate(terms):
        rate[: len(term.line_rate), index] = term.line_rate
        deduction[: len(term.line_rate), index] = term.line_deduction
    return rate, deduction


def _assets(
    collateral: Sequence[Collateral],
    asset_terms: Sequence[AssetTerms] | None,
    mover: dict[str, int],
    *,
    upl_counts_inside: bool,
) -> Assets:
    terms = [haircut_terms(item) for item in collateral] if asset_terms is None else asset_terms
    most = max((len(term.line_rate) for term in terms), default=1)
    # A line that is repeated changes no minimum: pad with the last one.
    rates = [term.line_rate + term.line_rate[-1:] * (most - len(term.line_rate)) for term in terms]
    constants = [term.line_constant + term.line_constant[-1:] * (most - len(term.line_constant)) for term in terms]
    return Assets(
        names=tuple(item.asset for item in collateral),
        balance=np.array([item.balance for item in collateral], dtype=np.float64),
        frozen=np.array([item.frozen for item in collateral], dtype=np.float64),
        price=np.array([item.price for item in collateral], dtype=np.float64),
        mover=np.array([mover[item.asset] for item in collateral], dtype=np.intp),
        line_rate=_column(rates, most).T,
        line_constant=_column(constants, most).T,
        charge_factor=np.array([term.charge_factor for term in terms], dtype=np.float64),
        upl_counts_inside=upl_counts_inside,
    )


def tables_needed(book: Book, position: Position, where: str) -> None:
    """Refuse a leg whose symbol has no tier table.

    Raises:
        BookError: names the symbol and the position.
    """
    if position.symbol not in book.tiers:
        raise BookError("tiers", f'has no entry "{position.symbol}", which {where} needs')
