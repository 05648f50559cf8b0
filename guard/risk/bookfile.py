"""The book file: strict parsing and writing, and its JSON Schema, all from one table. No file is opened here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from guard.risk.book import (
    SCHEMA,
    Book,
    Collateral,
    Fees,
    HaircutTier,
    Order,
    Position,
    Tier,
    VenueFigures,
    VenueReported,
)
from guard.risk.bookcheck import check_book
from guard.risk.bookerror import BookError, keyed
from guard.risk.bookformat import BOOK, COLLATERAL, FEES, FIGURES, ORDER, POSITION, TIER
from guard.risk.fields import Reader, Record, Rows
from guard.risk.rules import RULES
from guard.risk.tiers import TierTables


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
    found = BOOK.read("", document)
    figures = dict(found["venue_reported"])
    pools = {currency: VenueFigures(**values) for currency, values in figures.pop("pools", {}).items()}
    book = Book(
        account=found["account"],
        venue=found["venue"],
        model=found["model"],
        as_of=found["as_of"],
        position_mode=found["position_mode"],
        fees=Fees(**found["fees"]),
        collateral=tuple(_collateral(item) for item in found["collateral"]),
        positions=tuple(Position(**item) for item in found["positions"]),
        orders=tuple(Order(**item) for item in found["orders"]),
        tiers=TierTables({symbol: tuple(Tier(**row) for row in rows) for symbol, rows in found["tiers"].items()}),
        parameters=_parameters(found),
        venue_reported=VenueReported(**figures, pools=pools),
    )
    check_book(book)
    return book


def _collateral(item: Mapping[str, Any]) -> Collateral:
    """Collateral with its haircut tiers."""
    return Collateral(**{**item, "haircut_tiers": tuple(HaircutTier(**row) for row in item["haircut_tiers"])})


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


def dump_book(book: Book) -> dict[str, Any]:
    """A book as plain JSON values: `parse_book(dump_book(book)) == book`."""
    return {
        "schema": SCHEMA,
        "account": book.account,
        "venue": book.venue,
        "model": book.model,
        "as_of": book.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "position_mode": book.position_mode,
        "fees": _plain(book.fees, FEES),
        "collateral": [_plain(item, COLLATERAL) for item in book.collateral],
        "positions": [_plain(item, POSITION) for item in book.positions],
        "orders": [_plain(item, ORDER) for item in book.orders],
        "tiers": {symbol: [_plain(tier, TIER) for tier in tiers] for symbol, tiers in book.tiers.items()},
        "parameters": {symbol: dict(values) for symbol, values in book.parameters.items()},
        "venue_reported": {
            **_plain(book.venue_reported, Record(FIGURES)),
            "pools": {
                currency: _plain(figures, Record(FIGURES)) for currency, figures in book.venue_reported.pools.items()
            },
        },
    }


def _plain(value: object, record: Record) -> dict[str, Any]:
    return {field.name: _plain_value(getattr(value, field.name), field.reader) for field in record.fields}


def _plain_value(value: Any, reader: Reader) -> Any:
    """Times as text, rows as lists of objects, everything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(reader, Rows) and isinstance(reader.item, Record):
        return [_plain(row, reader.item) for row in value]
    return value


def book_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the book file, from the table that the parser reads with."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "One account at one moment: everything that a margin rule needs. Fractions are 0..1.",
        **BOOK.schema(),
    }


def with_marks(book: Book, marks: Mapping[str, float]) -> Book:
    """The same book at other marks, by symbol; symbols that are not named keep theirs."""
    return replace(
        book,
        positions=tuple(
            replace(position, mark_price=marks.get(position.symbol, position.mark_price)) for position in book.positions
        ),
    )
