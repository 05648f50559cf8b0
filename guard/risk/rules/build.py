"""From a part of a book and a rule's terms to a `Pool`: the plumbing that every rule shares. Decides no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from guard.risk.book import Book, Collateral
from guard.risk.bookerror import BookError, keyed
from guard.risk.pool import Array, Assets, Index, Legs, Mask, Pool
from guard.risk.rules.part import Part, Sheet, sheet_of, where
from guard.risk.tiers import Stack, TierTables, tables_of

ACCOUNT: Final = "*"
"""Key of a book's `parameters` for what holds for the whole account."""


@dataclass(slots=True)
class Terms:
    """What a rule decides for the legs of a pool; meaning and shapes as in `guard.risk.pool.Legs`."""

    line_rate: Array
    line_deduction: Array
    im_rate: Array
    im_fixed: Array | None = None
    fee_rate: Array | None = None
    fee_fixed: Array | None = None
    charged: Array | None = None
    loss: Mask | None = None
    flat: Mask | None = None
    flat_floor: Array | None = None
    offset_group: Index | None = None
    may_be_negative: bool | None = None
    """None = look at the lines."""


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """What a rule decides for one asset: `min_k(rate_k * x + constant_k)` of it counts.

    `charge_factor` multiplies requirements that settle in it, `charge` is a requirement for itself in its units.
    """

    line_rate: tuple[float, ...]
    line_constant: tuple[float, ...]
    charge_factor: float = 1.0
    charge: float = 0.0


def haircut_terms(item: Collateral) -> AssetTerms:
    """A balance counts less its haircut (each part of it less that of its tier), a debt counts in full.

    Haircuts that grow with the amount make what counts concave: the least of straight lines.
    """
    if not item.haircut_tiers:
        return _FULLY if item.haircut == 0.0 else AssetTerms((1.0 - item.haircut, 1.0), (0.0, 0.0))
    rates, constants = [1.0], [0.0]
    constant, before = 0.0, 1.0 - item.haircut_tiers[0].haircut
    for tier in item.haircut_tiers:
        rate = 1.0 - tier.haircut
        constant, before = constant + tier.floor * (before - rate), rate
        rates.append(rate)
        constants.append(constant)
    last = item.haircut_tiers[-1]
    if last.cap is not None:  # beyond the last tier nothing more counts
        rates.append(0.0)
        constants.append(constant + last.cap * before)
    return AssetTerms(tuple(rates), tuple(constants))


_FULLY = AssetTerms((1.0,), (0.0,))


def single_lines(rates: Array) -> tuple[Array, Array]:
    """Lines through the origin, one a leg: `line_rate`, `line_deduction` of shape (1, legs)."""
    return rates[None, :], np.zeros((1, len(rates)))


def fixed_lines(amounts: Array) -> tuple[Array, Array]:
    """Requirements that do not move with the mark, one a leg."""
    return np.zeros((1, len(amounts))), -amounts[None, :]


def tier_stack(book: Book, sheet: Sheet, sizes: Array, unit: str | None = None, *, marginal: bool = True) -> Stack:
    """Tables of the legs, checked to cover their present `sizes`, in `unit` (None: the settlement asset).

    Raises:
        BookError: a symbol without tiers, a malformed table, or a size beyond its last cap.
    """
    symbols = sheet.symbols
    tables: TierTables = tables_of(book.tiers)
    stack = tables.last_stack(symbols, marginal=marginal)
    if stack is None:
        for position in sheet.positions:
            if position.symbol not in tables:
                raise BookError("tiers", f'has no entry "{position.symbol}", which {where(book, position)} needs')
        stack = tables.stack(symbols, marginal=marginal)
    if bool((sizes > stack.cap).any()):
        leg = int(np.argmax(sizes > stack.cap))
        what = "the position" if unit == "contracts" else "the notional"
        unit = sheet.positions[leg].settle if unit is None else unit
        tables.table(symbols[leg], marginal=marginal).check_within(float(sizes[leg]), what, unit)
    return stack


def parameter(book: Book, symbol: str, name: str, why: str) -> float:
    """A parameter of a symbol that the rule cannot do without.

    Raises:
        BookError: it is missing; `why` says who needs it.
    """
    value = optional_parameter(book, symbol, name)
    if value is None:
        raise BookError(f"{keyed('parameters', symbol)}.{name}", f"is missing, must be a number: {why}")
    return float(value)


def optional_parameter(book: Book, symbol: str, name: str) -> Any:
    """A parameter of a symbol, or the one that stands for the whole account under `*`; None = not given."""
    value = book.parameters.get(symbol, {}).get(name)
    return book.parameters.get(ACCOUNT, {}).get(name) if value is None else value


def build_pool(
    part: Part,
    terms: Terms,
    *,
    extra: Sheet | None = None,
    asset_terms: Sequence[AssetTerms] | None = None,
    upl_counts_inside: bool = False,
    withheld: float = 0.0,
    im_orders: float = 0.0,
    solvable: bool = True,
) -> Pool:
    """Put a part of a book and a rule's terms into a pool.

    Args:
        part: legs and collateral; each settlement asset must be among the collateral.
        terms: one column for each leg, and after them for each leg of `extra`.
        extra: legs of size 0 that stand for open orders.
        asset_terms: one for each asset; by default haircuts as the book has them.
        upl_counts_inside: see `guard.risk.pool.Assets`.
        withheld: taken off equity, in the pool's currency.
        im_orders: initial margin of open orders, in the pool's currency.
        solvable: see `guard.risk.pool.Pool`.

    Raises:
        BookError: an order settles in an asset that is not among the collateral.
    """
    sheet = part.sheet if extra is None else sheet_of([*part.sheet.positions, *extra.positions])
    names = tuple([item.asset for item in part.collateral])
    for position in extra.positions if extra is not None else ():
        if position.settle not in names:
            raise BookError("collateral", f'has no "{position.settle}", in which an order on {position.symbol} settles')
    leg_symbols = sheet.symbols
    symbols = leg_symbols if len(set(leg_symbols)) == len(leg_symbols) else tuple(dict.fromkeys(leg_symbols))
    assets = _assets(part.collateral, names, asset_terms, upl_counts_inside=upl_counts_inside)
    any_inverse, below = sheet.any_inverse, terms.may_be_negative
    if below is None or terms.loss is not None:
        below = terms.loss is not None or bool((terms.line_deduction[0] > 0.0).any())
    direction = np.where(sheet.long != sheet.inverse if any_inverse else sheet.long, 1.0, -1.0)
    legs = Legs(
        symbol=_places(symbols, leg_symbols),
        inverse=sheet.inverse,
        size=sheet.size,
        direction=direction,
        exposure=direction * sheet.size,
        entry=np.where(sheet.inverse, 1.0 / sheet.entry, sheet.entry) if any_inverse else sheet.entry,
        mark=np.where(sheet.inverse, 1.0 / sheet.mark, sheet.mark) if any_inverse else sheet.mark,
        settle=_places(names, [position.settle for position in sheet.positions])
        if len(names) > 1
        else np.zeros(len(leg_symbols), dtype=np.intp),
        line_rate=terms.line_rate,
        line_deduction=terms.line_deduction,
        im_rate=terms.im_rate,
        im_fixed=terms.im_fixed,
        fee_rate=terms.fee_rate,
        fee_fixed=terms.fee_fixed,
        charged=terms.charged,
        loss=terms.loss,
        flat=terms.flat,
        flat_floor=terms.flat_floor,
        offset_group=terms.offset_group,
        any_inverse=any_inverse,
        may_be_negative=below,
    )
    return Pool(
        currency=part.currency,
        margin_mode=part.margin_mode,
        symbol=part.symbol,
        positions=part.sheet.positions,
        names=part.sheet.names,
        symbols=symbols,
        legs=legs,
        assets=assets,
        withheld=withheld,
        im_orders=im_orders,
        solvable=solvable,
        plain=_is_plain(part, legs, assets),
    )


def _places(names: tuple[str, ...], wanted: Sequence[str]) -> Index:
    """Index of each wanted name."""
    if names == wanted:
        return np.arange(len(names))
    place = {name: index for index, name in enumerate(names)}
    return np.array([place[name] for name in wanted], dtype=np.intp)


def _is_plain(part: Part, legs: Legs, assets: Assets) -> bool:
    return (
        len(assets.names) == 1
        and assets.names[0] == part.currency
        and assets.line_rate.shape[0] == 1
        and assets.charge_factor is None
        and assets.charge is None
        and legs.loss is None
        and legs.flat is None
        and legs.offset_group is None
    )


def _assets(
    collateral: Sequence[Collateral],
    names: tuple[str, ...],
    given: Sequence[AssetTerms] | None,
    *,
    upl_counts_inside: bool,
) -> Assets:
    if given is None and len(collateral) == 1 and collateral[0].haircut == 0.0 and not collateral[0].haircut_tiers:
        return _own_asset(collateral[0], upl_counts_inside=upl_counts_inside)
    terms = [haircut_terms(item) for item in collateral] if given is None else given
    most = max((len(term.line_rate) for term in terms), default=1)
    # A line that is repeated changes no minimum: pad with the last one.
    rates = [term.line_rate + term.line_rate[-1:] * (most - len(term.line_rate)) for term in terms]
    constants = [term.line_constant + term.line_constant[-1:] * (most - len(term.line_constant)) for term in terms]
    factors = [term.charge_factor for term in terms]
    charges = [term.charge for term in terms]
    return Assets(
        names=names,
        balance=np.array([item.balance for item in collateral], dtype=np.float64),
        free=np.array([item.balance - item.frozen for item in collateral], dtype=np.float64),
        price=np.array([item.price for item in collateral], dtype=np.float64),
        line_rate=np.array(rates, dtype=np.float64).reshape(len(terms), most).T,
        line_constant=np.array(constants, dtype=np.float64).reshape(len(terms), most).T,
        charge_factor=None if set(factors) <= {1.0} else np.array(factors, dtype=np.float64),
        charge=None if not any(charges) else np.array(charges, dtype=np.float64),
        upl_counts_inside=upl_counts_inside,
    )


_ONE: Array = np.ones((1, 1))
_ZERO: Array = np.zeros((1, 1))


def _own_asset(item: Collateral, *, upl_counts_inside: bool) -> Assets:
    """The usual wallet: one asset that counts in full."""
    return Assets(
        names=(item.asset,),
        balance=np.array([item.balance]),
        free=np.array([item.balance - item.frozen]),
        price=np.array([item.price]),
        line_rate=_ONE,
        line_constant=_ZERO,
        upl_counts_inside=upl_counts_inside,
    )
