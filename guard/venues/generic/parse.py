"""From ccxt's unified balances and positions to a book of model `reported`. Pure.

ccxt's unified fields are no margin engine, and differ from exchange to exchange in what they contain. So what is made
of them errs on the safe side, and says what it does not know:

    equity       = total of the currency, less the unrealized loss of its cross legs: some exchanges count it inside
                   the total and some do not. A loss is taken off either way, a profit is never added.
                   A loss that is not told is computed from the mark.
    requirement  = sum of the `maintenanceMargin` of the currency's cross legs; a leg without one makes the book
                   INCOMPLETE, and so does one of 0 (no exchange asks for nothing) unless the other leg of its symbol
                   has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from guard.ports.venue import FetchedBook
from guard.risk.book import Book, Collateral, Position, PositionMode, Side, VenueFigures, VenueReported
from guard.venues.fields import Row, number, optional_number, optional_text, record, refused, rows, text

MODEL = "reported"
# What a held position has besides its size.
_VALUES = ("notional", "initialMargin", "maintenanceMargin", "unrealizedPnl")


@dataclass(frozen=True, slots=True)
class Leg:
    """A position as ccxt tells it. `maintenance` in the settlement currency; None = not told."""

    position: Position
    maintenance: float | None
    has_mark: bool
    has_size: bool
    hedged: bool | None
    unrealized: float


def read_balances(answer: object, where: str) -> dict[str, float]:
    """Totals by currency, without those that are 0.

    Raises:
        BadAnswer: not ccxt's structure.
    """
    totals = record(record(answer, where).get("total"), where)
    found = {str(currency): number(totals, currency, where) for currency, total in totals.items() if total is not None}
    return {currency: total for currency, total in found.items() if total != 0.0}


def _no_size(symbol: str) -> float | None:  # noqa: ARG001 - the answer is the same for all
    return None


def read_legs(answer: object, where: str, size_of: Callable[[str], float | None] = _no_size) -> tuple[Leg, ...]:
    """Everything that is held; a leg that stands twice is refused.

    Args:
        answer: ccxt's `fetch_positions()`.
        where: what was asked, for errors.
        size_of: the contract size of a symbol by its listing, for rows that do not tell it.

    Raises:
        BadAnswer: not ccxt's structure, or a leg without symbol, side, size or entry price.
    """
    legs = tuple(_leg(row, where, size_of) for row in rows(answer, where) if _is_held(row, where))
    keys = [(leg.position.symbol, leg.position.side, leg.position.margin_mode) for leg in legs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise refused(where, f"{twice[0]} {twice[1]} stands twice")
    return legs


def _is_held(row: Row, where: str) -> bool:
    """Whether there is anything; a row with a value and without a size is not passed over in silence."""
    contracts = optional_number(row, "contracts", where)
    if contracts is None and any(optional_number(row, key, where) for key in _VALUES):
        raise refused(where, f"{row.get('symbol')} has no contracts")
    return bool(contracts)


def _leg(row: Row, where: str, size_of: Callable[[str], float | None]) -> Leg:
    symbol, side = text(row, "symbol", where), text(row, "side", where)
    if side not in {"long", "short"}:
        raise refused(where, f"the side of {symbol} was {side!r}")
    entry, mark = number(row, "entryPrice", where), optional_number(row, "markPrice", where)
    size = optional_number(row, "contractSize", where) or size_of(symbol)
    isolated = optional_text(row, "marginMode") == "isolated"
    settle = symbol.rpartition(":")[2].partition("-")[0]
    base = symbol.partition("/")[0]
    position = Position(
        symbol=symbol,
        side=cast("Side", side),
        contracts=abs(number(row, "contracts", where)),
        contract_size=size or 1.0,
        kind="inverse" if settle == base else "linear",
        settle=settle,
        entry_price=entry,
        mark_price=mark or entry,
        leverage=optional_number(row, "leverage", where) or 1.0,
        margin_mode="isolated" if isolated else "cross",
        isolated_margin=(optional_number(row, "initialMargin", where) or 0.0) if isolated else None,
    )
    told = optional_number(row, "unrealizedPnl", where)
    return Leg(
        position=position,
        maintenance=optional_number(row, "maintenanceMargin", where),
        has_mark=mark is not None and mark > 0,
        has_size=size is not None,
        hedged=row.get("hedged") if isinstance(row.get("hedged"), bool) else None,
        unrealized=_gained(position) if told is None else told,
    )


def _gained(position: Position) -> float:
    """Unrealized PnL at the mark, in the settlement currency."""
    size, entry, mark = position.contracts * position.contract_size, position.entry_price, position.mark_price
    gained = size / entry - size / mark if position.kind == "inverse" else size * (mark - entry)
    return gained if position.side == "long" else -gained


def mode_of(legs: Sequence[Leg]) -> tuple[PositionMode, bool]:
    """The position mode, and whether the held legs prove it."""
    if any(leg.hedged for leg in legs):
        return "hedge", True
    symbols = [leg.position.symbol for leg in legs]
    if len(set(symbols)) < len(symbols):
        return "hedge", True
    return "one_way", any(leg.hedged is False for leg in legs)


def assemble(
    account: str, venue: str, balances: Mapping[str, float], legs: Sequence[Leg], parts: Mapping[str, datetime]
) -> FetchedBook:
    """The book: a pool for each currency that holds money or settles a cross leg."""
    missing = [f"mark price of {leg.position.symbol}" for leg in legs if not leg.has_mark]
    missing += [f"contract size of {leg.position.symbol}" for leg in legs if not leg.has_size]
    charged = {leg.position.symbol for leg in legs if leg.maintenance is not None and leg.maintenance > 0}
    missing += [
        f"maintenance margin of {leg.position.symbol}"
        for leg in legs
        if leg.position.margin_mode == "cross" and (leg.maintenance is None or leg.position.symbol not in charged)
    ]
    # An isolated leg is a pool of its own, and nothing of it can be computed from what ccxt tells.
    missing += [f"margin of isolated {leg.position.symbol}" for leg in legs if leg.position.margin_mode == "isolated"]
    settles = {leg.position.settle for leg in legs}
    missing += [f"balance of {currency}" for currency in sorted(settles - balances.keys())]
    mode, proven = mode_of(legs)
    currencies = sorted(settles | balances.keys()) if settles else sorted(balances)
    book = Book(
        account=account,
        venue=venue,
        model=MODEL,
        as_of=min(parts.values()),
        position_mode=mode,
        collateral=tuple(Collateral(currency, balances.get(currency, 0.0)) for currency in currencies),
        positions=tuple(leg.position for leg in legs),
        venue_reported=VenueReported(
            pools={currency: _figures(currency, balances.get(currency, 0.0), legs) for currency in currencies}
        ),
    )
    return FetchedBook(book, parts, tuple(dict.fromkeys(missing)), position_mode_proven=proven)


def _figures(currency: str, total: float, legs: Sequence[Leg]) -> VenueFigures:
    mine = [leg for leg in legs if leg.position.settle == currency and leg.position.margin_mode == "cross"]
    equity = total + min(0.0, sum(leg.unrealized for leg in mine))
    requirement = sum(max(0.0, leg.maintenance or 0.0) for leg in mine)
    return VenueFigures(equity=equity, maintenance_margin=requirement)


def fetch_time_ms(answer: object) -> float:
    """The venue's clock as `fetch_time` tells it, in ms.

    Raises:
        BadAnswer: no number.
    """
    answered: dict[str, Any] = {"time": answer}
    return number(answered, "time", "fetch_time")
