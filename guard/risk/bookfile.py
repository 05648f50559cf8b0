"""The book file: strict parsing, writing and its JSON Schema, all from one table. No file is opened here.

Owns the names, units, defaults and limits of `guard.book/1`, and what must hold between fields. What a margin rule
needs beyond that, the rule itself asks for (`guard.risk.rules`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from guard.risk.book import (
    SCHEMA,
    Book,
    Collateral,
    Fees,
    Order,
    Position,
    Tier,
    VenueFigures,
    VenueReported,
)
from guard.risk.bookerror import BookError, keyed
from guard.risk.fields import Choice, Field, Flag, Keyed, Number, Record, Rows, Text, Timestamp
from guard.risk.rules import MODELS, RULES
from guard.risk.tiers import TierTables, check_rows

MOST_LEGS: Final = 5_000
MOST_ORDERS: Final = 50_000
MOST_SYMBOLS: Final = 10_000
MOST_TIERS: Final = 1_000
MOST_ASSETS: Final = 2_000

_FEES = Record(
    (
        Field("taker", Number(above=-0.1, below=0.1), "taker fee, fraction of notional", 0.0),
        Field("maker", Number(above=-0.1, below=0.1), "maker fee, fraction of notional", 0.0),
    )
)
_COLLATERAL = Record(
    (
        Field("asset", Text(32), "asset code"),
        Field("balance", Number(), "wallet balance before unrealized PnL, in units of the asset"),
        Field("price", Number(above=0), "price in the pool's currency", 1.0),
        Field("haircut", Number(at_least=0, at_most=1), "fraction that the venue does not count", 0.0),
        Field("frozen", Number(at_least=0), "what the venue withholds, in units of the asset", 0.0),
    )
)
_POSITION = Record(
    (
        Field("symbol", Text(64), "ccxt symbol, such as BTC/USDT:USDT"),
        Field("side", Choice(("long", "short")), "side of the leg"),
        Field("contracts", Number(above=0), "size in contracts, positive on both sides"),
        Field("contract_size", Number(above=0), "base units a contract (linear), quote units a contract (inverse)"),
        Field("kind", Choice(("linear", "inverse")), "settled in quote, or in base"),
        Field("settle", Text(32), "settlement asset"),
        Field("entry_price", Number(above=0), "average entry price, quote per base"),
        Field("mark_price", Number(above=0), "mark price, quote per base"),
        Field("leverage", Number(above=0), "leverage set for the symbol"),
        Field("margin_mode", Choice(("cross", "isolated")), "an isolated leg is a pool of its own", "cross"),
        Field("isolated_margin", Number(nullable=True), "wallet of an isolated leg, in the settlement asset", None),
    )
)
_ORDER = Record(
    (
        Field("symbol", Text(64), "ccxt symbol"),
        Field("side", Choice(("buy", "sell")), "side of the order"),
        Field("price", Number(above=0, nullable=True), "limit price; null = market or unpriced", None),
        Field("remaining", Number(above=0), "what is left, in contracts"),
        Field("reduce_only", Flag(), "can only reduce a position", default=False),
        Field("position_side", Choice(("long", "short"), nullable=True), "leg in hedge mode", None),
        Field("conditional", Flag(), "waits for a trigger and holds no margin", default=False),
        Field("order_id", Text(nullable=True), "the venue's id", None),
        Field("client_order_id", Text(nullable=True), "the client's id", None),
    )
)
_TIER = Record(
    (
        Field("floor", Number(at_least=0), "lower end, in the unit of the rule"),
        Field("cap", Number(above=0, nullable=True), "upper end; null = none", None),
        Field("mm_rate", Number(at_least=0, at_most=1), "maintenance margin rate"),
        Field("mm_deduction", Number(nullable=True), "maintenance amount; null = derived from the rates", None),
        Field("max_leverage", Number(above=0, nullable=True), "highest leverage in the tier", None),
    )
)
_FIGURES = (
    Field("equity", Number(nullable=True), "equity in the pool's currency", None),
    Field("maintenance_margin", Number(nullable=True), "requirement in the pool's currency", None),
    Field("initial_margin", Number(nullable=True), "initial margin in the pool's currency", None),
    Field("available_margin", Number(nullable=True), "available margin in the pool's currency", None),
    Field("risk_ratio", Number(nullable=True), "requirement / equity", None),
)
_REPORTED = Record((*_FIGURES, Field("pools", Keyed(Record(_FIGURES), MOST_ASSETS), "figures by pool currency", {})))
_ALL_PARAMETERS = tuple({field.name: field for rule in RULES.values() for field in rule.parameters}.values())
_BOOK: Final = Record((
    Field("schema", Choice((SCHEMA,)), "version of this format"),
    Field("account", Text(), "name of the account"),
    Field("venue", Text(64), "venue"),
    Field("model", Choice(MODELS), "margin rule"),
    Field("as_of", Timestamp(), "time of the figures"),
    Field("position_mode", Choice(("one_way", "hedge")), "whether a symbol may have two legs", "one_way"),
    Field("fees", _FEES, "trading fees", {"taker": 0.0, "maker": 0.0}),
    Field("collateral", Rows(_COLLATERAL, MOST_ASSETS), "wallet", ()),
    Field("positions", Rows(_POSITION, MOST_LEGS), "legs", ()),
    Field("orders", Rows(_ORDER, MOST_ORDERS), "open orders", ()),
    Field("tiers", Keyed(Rows(_TIER, MOST_TIERS, least=1), MOST_SYMBOLS), "margin tiers by symbol", {}),
    Field("parameters", Keyed(Record(_ALL_PARAMETERS), MOST_SYMBOLS), "constants of a rule, by symbol", {}),
    Field("venue_reported", _REPORTED, "the venue's own figures", {}),
))  # fmt: skip


def parse_book_text(text: str) -> Book:
    """Parse a book from JSON text; a key that stands twice in one object is refused.

    Raises:
        BookError: not JSON, or not a book.
    """
    try:
        document = json.loads(text, object_pairs_hook=_no_duplicates)
    except RecursionError as error:
        raise BookError("the book", "is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BookError("the book", f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except ValueError as error:
        if isinstance(error, BookError):
            raise
        raise BookError("the book", "is not JSON: it has a number with too many digits") from error
    return parse_book(document)


def _no_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BookError("the book", f"has the key {ascii(key)[:80]} twice in one object")
        found[key] = value
    return found


def parse_book(document: object) -> Book:
    """Parse a decoded JSON document into a book.

    Args:
        document: what `json.loads` returned. Unknown keys are errors; numbers may be decimal strings.

    Returns:
        A well-formed book.

    Raises:
        BookError: names the path, what stood there and what must stand there.
    """
    found = _BOOK.read("", document)
    figures = dict(found["venue_reported"])
    pools = {currency: VenueFigures(**values) for currency, values in figures.pop("pools", {}).items()}
    book = Book(
        account=found["account"],
        venue=found["venue"],
        model=found["model"],
        as_of=found["as_of"],
        position_mode=found["position_mode"],
        fees=Fees(**found["fees"]),
        collateral=tuple(Collateral(**item) for item in found["collateral"]),
        positions=tuple(Position(**item) for item in found["positions"]),
        orders=tuple(Order(**item) for item in found["orders"]),
        tiers=TierTables({symbol: tuple(Tier(**row) for row in rows) for symbol, rows in found["tiers"].items()}),
        parameters=_parameters(found),
        venue_reported=VenueReported(**figures, pools=pools),
    )
    check_book(book)
    return book


def _parameters(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Parameters that were given; a key of another rule is an error."""
    allowed = {field.name for field in RULES[found["model"]].parameters}
    kept: dict[str, dict[str, Any]] = {}
    for symbol, values in found["parameters"].items():
        kept[symbol] = {name: value for name, value in values.items() if value is not None}
        for name in kept[symbol]:
            if name not in allowed:
                path = f"{keyed('parameters', symbol)}.{name}"
                raise BookError(
                    path, f"is not a key of model {found['model']}, allowed keys: {', '.join(sorted(allowed))}"
                )
    return kept


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
    _check_legs(book)
    for symbol, tiers in book.tiers.items():
        check_rows(symbol, tiers)


def _check_legs(book: Book) -> None:
    legs: dict[tuple[str, str, str], int] = {}
    symbols: dict[str, int] = {}
    for index, position in enumerate(book.positions):
        path = f"positions[{index}]"
        if position.margin_mode == "isolated" and position.isolated_margin is None:
            raise BookError(f"{path}.isolated_margin", "was null, must be a number: the position is isolated")
        if position.margin_mode == "cross" and not book.collateral:
            raise BookError("collateral", f"is empty, must have the asset behind {path}, which is cross")
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


def dump_book(book: Book) -> dict[str, Any]:
    """A book as plain JSON values: `parse_book(dump_book(book)) == book`."""
    return {
        "schema": SCHEMA,
        "account": book.account,
        "venue": book.venue,
        "model": book.model,
        "as_of": book.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "position_mode": book.position_mode,
        "fees": _plain(book.fees, _FEES),
        "collateral": [_plain(item, _COLLATERAL) for item in book.collateral],
        "positions": [_plain(item, _POSITION) for item in book.positions],
        "orders": [_plain(item, _ORDER) for item in book.orders],
        "tiers": {symbol: [_plain(tier, _TIER) for tier in tiers] for symbol, tiers in book.tiers.items()},
        "parameters": {symbol: dict(values) for symbol, values in book.parameters.items()},
        "venue_reported": {
            **_plain(book.venue_reported, Record(_FIGURES)),
            "pools": {
                currency: _plain(figures, Record(_FIGURES)) for currency, figures in book.venue_reported.pools.items()
            },
        },
    }


def _plain(value: object, record: Record) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in record.fields}


def book_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the book file, from the table that the parser reads with."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "One account at one moment: everything that a margin rule needs. Fractions are 0..1.",
        **_BOOK.schema(),
    }


def with_marks(book: Book, marks: Mapping[str, float]) -> Book:
    """The same book at other marks, by symbol; symbols that are not named keep theirs."""
    return replace(
        book,
        positions=tuple(
            replace(position, mark_price=marks.get(position.symbol, position.mark_price)) for position in book.positions
        ),
    )
