"""Accounts and positions of Gate as rows of plain values. Pure: no ccxt, no clock, no I/O.

"" and null mean missing, never 0; a required field that is absent is a `BadAnswer`; what may be absent is None and is
named as missing by `guard.venues.gate.assemble`. Knows no books: that is `assemble`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from guard.risk.book import PositionMode, Side
from guard.venues.fields import (
    Row,
    above_zero,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.gate import endpoints as at

AccountMode = Literal["classic", "single", "multi", "portfolio"]
_MARGIN_MODES: Mapping[float, AccountMode] = {0.0: "classic", 1.0: "multi", 2.0: "portfolio", 3.0: "single"}
_UNIFIED_MODES: Mapping[str, AccountMode] = {
    "classic": "classic",
    "single_currency": "single",
    "multi_currency": "multi",
    "portfolio": "portfolio",
}
LegName = Literal["single", "dual_long", "dual_short"]
_LEGS: Mapping[str, LegName] = {"single": "single", "dual_long": "dual_long", "dual_short": "dual_short"}
_POSITION_MODES: Mapping[str, PositionMode] = {"single": "one_way", "dual": "hedge"}


class AccountRow(NamedTuple):
    """`GET v4/futures/{settle}/accounts`, in its currency. None = the venue did not say.

    `wallet` is the balance before unrealized PnL, isolated margins included; `isolated_orders` what orders in isolated
    margin reserve. The figures at the end are the venue's own, of its cross legs. `tiered` says whether maintenance
    margins are sliced by tiers, `evolved` whether cross legs are liquidated together, by the account's level.
    """

    settle: str
    currency: str
    wallet: float
    isolated_margin: float | None
    isolated_orders: float
    account_mode: AccountMode | None
    position_mode: PositionMode
    tiered: bool | None
    evolved: bool | None
    equity: float | None
    maintenance_margin: float | None
    initial_margin: float | None
    available: float | None
    margin_level: float | None
    """Equity / maintenance margin: low is bad."""
    is_used: bool
    """Margins are in use: something is held or ordered."""
    is_empty: bool
    """Nothing was deposited or earned, nothing is held: there can be no positions and no orders."""


class PositionRow(NamedTuple):
    """One held leg. `contracts` is positive on both sides; money is in the settlement currency.

    `adl` is the place in the auto-deleveraging queue as a fraction, 1 = next. `maintenance_margin` and `average_rate`
    are the venue's own: `maintenance_margin = value * (average_rate + closing fee)`.
    """

    settle: str
    market_id: str
    leg: LegName
    side: Side
    contracts: float
    entry_price: float
    mark_price: float | None
    leverage: float | None
    isolated_margin: float | None
    value: float | None
    maintenance_margin: float | None
    average_rate: float | None
    changed_ms: float
    adl: float | None = None

    @property
    def is_isolated(self) -> bool:
        """Whether the leg has its own margin."""
        return self.isolated_margin is not None


class LegTerms(NamedTuple):
    """The settings of a contract without a position."""

    leverage: float | None
    is_isolated: bool


NO_TERMS = LegTerms(leverage=None, is_isolated=False)


def read_account(answer: object, settle: str) -> AccountRow:
    """The account of one settlement currency.

    Raises:
        BadAnswer: a required field is missing or unreadable, or a mode is not known.
    """
    where = f"{at.ACCOUNT.name} {settle}"
    row = record(answer, where)
    currency = text(row, "currency", where).upper()
    if currency.lower() != settle:
        raise refused(where, f"currency was {currency!r}")
    wallet, order_margin = number(row, "total", where), optional_number(row, "order_margin", where) or 0.0
    isolated = optional_number(row, "isolated_position_margin", where)
    cross_orders = optional_number(row, "cross_order_margin", where)
    initial = optional_number(row, "cross_initial_margin", where)
    margins = [optional_number(row, key, where) for key in ("position_margin", "position_initial_margin")]
    margins += [isolated, order_margin, cross_orders, initial]
    return AccountRow(
        settle=settle,
        currency=currency,
        wallet=wallet,
        isolated_margin=isolated,
        isolated_orders=0.0 if cross_orders is None else max(0.0, order_margin - cross_orders),
        account_mode=_account_mode(row, where),
        position_mode=_position_mode(row, where),
        tiered=optional_flag(row, "enable_tiered_mm", where),
        evolved=optional_flag(row, "enable_evolved_classic", where),
        equity=optional_number(row, "cross_margin_balance", where),
        maintenance_margin=optional_number(row, "cross_maintenance_margin", where),
        initial_margin=None if initial is None else initial + (cross_orders or 0.0),
        available=optional_number(row, "cross_available", where),
        margin_level=optional_number(row, "cross_mmr", where),
        is_used=any(margins),
        is_empty=not any((wallet, *margins)),
    )


def holds_anything(answer: object, where: str) -> bool:
    """Whether an account of another kind of contracts has positions or orders, by the margins that they hold.

    Raises:
        BadAnswer: something unreadable stands there.
    """
    row = record(answer, where)
    margins = ("position_margin", "order_margin", "init_margin", "maint_margin", "bid_order_margin", "ask_order_margin")
    return any(optional_number(row, name, where) for name in margins)


def _account_mode(row: Row, where: str) -> AccountMode | None:
    stated = optional_number(row, "margin_mode", where)
    if stated is None:
        return None
    if stated not in _MARGIN_MODES:
        raise refused(where, f"margin_mode was {stated:g}")
    return _MARGIN_MODES[stated]


def _position_mode(row: Row, where: str) -> PositionMode:
    """As `position_mode` states it; `in_dual_mode` is on its way out, and decides only where the other is absent."""
    named = optional_text(row, "position_mode")
    mode = _POSITION_MODES.get(named) if named is not None else None
    if named is None:
        dual = optional_flag(row, "in_dual_mode", where)
        if dual is None:
            raise refused(where, "tells no position mode")
        return "hedge" if dual else "one_way"
    if mode is None:
        raise refused(where, f"position_mode was {named!r}, which the guard does not know (set one-way or hedge mode)")
    return mode


def read_unified_mode(answer: object) -> AccountMode:
    """The account mode as the unified account states it.

    Raises:
        BadAnswer: it is not known.
    """
    where = at.UNIFIED_MODE.name
    word = text(record(answer, where), "mode", where)
    if word not in _UNIFIED_MODES:
        raise refused(where, f"mode was {word!r}")
    return _UNIFIED_MODES[word]


def read_positions(pages: list[object], settle: str) -> tuple[PositionRow, ...]:
    """The held legs of one settlement currency; rows without a size only hold settings.

    Raises:
        BadAnswer: a required field is missing or unreadable, a leg stands twice, or its sign contradicts its leg.
    """
    where = f"{at.POSITIONS.name} {settle}"
    found: dict[tuple[str, LegName], PositionRow] = {}
    for row in (row for page in pages for row in rows(page, where)):
        market_id = text(row, "contract", where)
        here = f"{where} {market_id}"
        size = number(row, "size", here)
        if size == 0.0:
            continue
        position = _position(row, settle, market_id, size, here)
        key = (market_id, position.leg)
        if key in found:
            raise refused(where, f"{market_id} {position.leg} stands twice")
        found[key] = position
    return tuple(found.values())


def _position(row: Row, settle: str, market_id: str, size: float, where: str) -> PositionRow:
    word = text(row, "mode", where)
    leg = _LEGS.get(word)
    if leg is None:
        raise refused(where, f"mode was {word!r}")
    if leg == "dual_long" and size < 0:
        raise refused(where, f"size of the {leg} leg was {size:g}")
    # Accounts differ in the sign of a leg that says by its name that it is short.
    side: Side = "short" if leg == "dual_short" or size < 0 else "long"
    terms = _terms(row, where)
    mark = optional_number(row, "mark_price", where)
    return PositionRow(
        settle=settle,
        market_id=market_id,
        leg=leg,
        side=side,
        contracts=abs(size),
        entry_price=positive(row, "entry_price", where),
        mark_price=mark if mark is not None and mark > 0 else None,
        leverage=terms.leverage,
        isolated_margin=number(row, "margin", where) if terms.is_isolated else None,
        value=above_zero(row, "value", where),
        maintenance_margin=above_zero(row, "maintenance_margin", where),
        average_rate=above_zero(row, "average_maintenance_rate", where),
        changed_ms=(optional_number(row, "update_time", where) or 0.0) * 1000.0,
        adl=_adl(row, where),
    )


def _terms(row: Row, where: str) -> LegTerms:
    """The margin mode as `pos_margin_mode` states it, else by the leverage: 0 means cross margin.

    Then the leverage is the limit of cross margin, 0 = as high as allowed. `lever` is the leverage in both modes; the
    venue means it to replace those two.
    """
    lever, mode = above_zero(row, "lever", where), optional_text(row, "pos_margin_mode")
    if mode not in {None, "cross", "isolated"}:
        raise refused(where, f"pos_margin_mode was {mode!r}")
    told = optional_number(row, "leverage", where)
    if told is None and (lever is None or mode is None):
        told = number(row, "leverage", where)
    leverage = told or 0.0
    if leverage < 0:
        raise refused(where, f"leverage was {leverage:g}")
    if mode == "isolated" or (mode is None and leverage):
        return LegTerms(leverage or lever, is_isolated=True)
    limit = optional_number(row, "cross_leverage_limit", where)
    if not limit and (lever or leverage):
        return LegTerms(lever or leverage, is_isolated=False)
    return LegTerms(above_zero(row, "leverage_max", where) if limit == 0.0 else limit, is_isolated=False)


def _adl(row: Row, where: str) -> float | None:
    """The venue's grades are 1 = next to 5; 6 stands for no place at all."""
    grade = optional_number(row, "adl_ranking", where)
    return (5.0 - grade) / 4.0 if grade is not None and 1.0 <= grade <= 5.0 else None


def read_terms(answer: object, settle: str, market_id: str) -> LegTerms:
    """The settings of one contract, from its position or its two legs; of two leverages the lower one.

    No legs, or legs of both margin modes, tell nothing: then its orders count as of cross margin.

    Raises:
        BadAnswer: they are missing or unreadable.
    """
    where = f"{at.POSITIONS.name} {settle} {market_id}"
    found = [
        _terms(row, where) for row in (rows(answer, where) if isinstance(answer, list) else [record(answer, where)])
    ]
    if len({terms.is_isolated for terms in found}) != 1:
        return NO_TERMS
    known = [terms.leverage for terms in found if terms.leverage is not None]
    return LegTerms(min(known, default=None), found[0].is_isolated)
