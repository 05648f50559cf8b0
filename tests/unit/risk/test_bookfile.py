"""The book file's parser: what it accepts, and how it refuses."""

from __future__ import annotations

import copy
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.risk.bookerror import BookError
from guard.risk.bookfile import book_schema, dump_book, parse_book, parse_book_text, with_marks

DELETE = object()


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of the document with one value set (or deleted) at a path such as `positions.0.side`."""
    copied = copy.deepcopy(document)
    *way, last = path.split(".")
    target: Any = copied
    for step in way:
        target = target[int(step)] if step.isdigit() else target[step]
    key: Any = int(last) if last.isdigit() else last
    if value is DELETE:
        del target[key]
    elif isinstance(target, list) and key == len(target):
        target.append(value)
    else:
        target[key] = value
    return copied


def test_reads_every_field(document: dict[str, Any]) -> None:
    """Numbers and decimal strings become floats, times become UTC, defaults are filled in."""
    book = parse_book(document)
    assert book.as_of == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert book.positions[0].entry_price == 10_000.0
    assert book.fees.taker == 0.0005
    assert book.orders[0].conditional is False
    assert book.tiers["BTC/USDT:USDT"][1].cap is None
    assert book.tiers["BTC/USDT:USDT"][1].mm_deduction is None
    assert book.venue_reported.equity is None


LEG = {
    "symbol": "BTC/USDT:USDT",
    "side": "long",
    "contracts": 1,
    "contract_size": 1,
    "kind": "linear",
    "settle": "USDT",
    "entry_price": 10000,
    "mark_price": 10000,
    "leverage": 10,
}

REFUSALS: list[tuple[str, object, str]] = [
    ("positions.0.mark_price", -1, "positions[0].mark_price was -1, must be > 0"),
    ("positions.0.mark_price", math.nan, "positions[0].mark_price was NaN, must be a finite number"),
    ("positions.0.mark_price", math.inf, "positions[0].mark_price was Infinity, must be a finite number"),
    ("positions.0.mark_price", "nan", "positions[0].mark_price was 'nan', must be a number > 0"),
    ("positions.0.mark_price", "1_000", "positions[0].mark_price was '1_000', must be a number > 0"),
    ("positions.0.mark_price", True, "positions[0].mark_price was true, must be a number > 0"),
    ("positions.0.mark_price", None, "positions[0].mark_price was null, must be a number > 0"),
    ("positions.0.mark_price", DELETE, "positions[0].mark_price is missing, must be a number > 0"),
    ("positions.0.mark_price", 10**400, "positions[0].mark_price was a number beyond 1e18, must be within 1e+18"),
    ("positions.0.mark_price", 1e-300, "positions[0].mark_price was 1e-300, must be at least 1e-18"),
    ("positions.0.contracts", 0, "positions[0].contracts was 0, must be > 0"),
    ("positions.0.side", "both", "positions[0].side was 'both', must be one of: long, short"),
    ("positions.0.markprice", 1, "positions[0].markprice is not a known key, allowed keys: symbol, side, contracts, "),
    ("positions.0.symbol", "", "positions[0].symbol was '', must be text of 1 to 64 printable characters"),
    ("positions.0.margin_mode", "isolated", "positions[0].isolated_margin was null, must be a number: the position is"),
    ("positions.1", LEG, "positions[1] is a second long leg of BTC/USDT:USDT, the first is positions[0]"),
    ("positions.1", {**LEG, "side": "short"}, "positions[1] is a second leg of BTC/USDT:USDT (the first is positions"),
    ("positions", {}, "positions was an object, must be a list"),
    ("collateral", [], "collateral is empty, must have the asset behind positions[0], which is cross"),
    ("collateral.0.haircut", 1.5, "collateral[0].haircut was 1.5, must be >= 0 and <= 1"),
    ("collateral.1", {"asset": "USDT", "balance": 1}, 'collateral[1].asset was "USDT", which collateral[0] has'),
    ("schema", "guard.book/2", "schema was 'guard.book/2', must be \"guard.book/1\""),
    ("schema", DELETE, 'schema is missing, must be "guard.book/1"'),
    ("model", "magic", "model was 'magic', must be one of: tiered, binance-usdm"),
    ("as_of", "2026-11-21T12:00:00", "as_of was '2026-11-21T12:00:00', must be an ISO 8601 time with an offset"),
    ("as_of", "yesterday", "as_of was 'yesterday', must be an ISO 8601 time with an offset"),
    ("as_of", 1.5, "as_of was 1.5, must be an ISO 8601 time with an offset"),
    ("fees.taker", 5, "fees.taker was 5, must be >= 0 and < 0.1"),
    ("orders.0.remaining", -2, "orders[0].remaining was -2, must be > 0"),
    ("orders.0.reduce_only", "no", "orders[0].reduce_only was 'no', must be true or false"),
    ("tiers.BTC/USDT:USDT", [], 'tiers["BTC/USDT:USDT"] had 0 entries, must have 1 to 1000'),
    ("tiers.BTC/USDT:USDT.0.floor", 5, 'tiers["BTC/USDT:USDT"][0].floor was 5, must be 0: tiers leave a gap'),
    ("tiers.BTC/USDT:USDT.1.floor", 60000, "[1].floor was 60000, must be 50000: tiers leave a gap"),
    ("tiers.BTC/USDT:USDT.1.floor", 40000, "[1].floor was 40000, must be 50000: tiers leave an overlap"),
    ("tiers.BTC/USDT:USDT.1.cap", 50000, "[1].cap was 50000, must be > 50000 (its floor)"),
    ("tiers.BTC/USDT:USDT.0.cap", None, "[0].cap was null, must be a number: another tier follows"),
    ("tiers.BTC/USDT:USDT.0.mm_rate", 2, "[0].mm_rate was 2, must be >= 0 and <= 1"),
    ("parameters.BTC/USDT:USDT.banana", 2, 'parameters["BTC/USDT:USDT"].banana is not a known key, allowed keys: '),
    ("venue_reported.pools", {"USDT": {"equity": "x"}}, "venue_reported.pools[\"USDT\"].equity was 'x', must be a num"),
    ("surprise", 1, "surprise is not a known key, allowed keys: schema, account, venue, model, as_of"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), REFUSALS, ids=[f"{row[0]}-{index}" for index, row in enumerate(REFUSALS)]
)
def test_refuses(document: dict[str, Any], path: str, value: object, message: str) -> None:
    """One line that names the path, what stood there and what must stand there."""
    with pytest.raises(BookError) as caught:
        parse_book(changed(document, path, value))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_a_document_that_is_no_object(value: object) -> None:
    """The whole document of a wrong type is refused like any field."""
    with pytest.raises(BookError, match="the book was"):
        parse_book(value)


def test_hedge_legs_share_one_mark(document: dict[str, Any]) -> None:
    """Two legs of a symbol at different marks contradict each other."""
    document["position_mode"] = "hedge"
    document["positions"].append({**LEG, "side": "short"})
    assert len(parse_book(document).positions) == 2
    document["positions"][1]["mark_price"] = 9999
    with pytest.raises(BookError, match=r"positions\[1\].mark_price was 9999.0, must be 10000.0 as in positions\[0\]"):
        parse_book(document)


def test_round_trip(document: dict[str, Any]) -> None:
    """A dumped book, through JSON text, is the same book."""
    document["venue_reported"]["pools"] = {"USDT": {"equity": "5000.5"}}
    document["parameters"]["ETH/USDT:USDT"] = {"leverage": 5, "contract_size": 1}
    book = parse_book(document)
    assert parse_book_text(json.dumps(dump_book(book))) == book


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "the book has the key 'a' twice in one object"),
        ('{"a": {"b": 1, "b": 1}}', "the book has the key 'b' twice in one object"),
        ("{", "the book is not JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
        ("", "the book is not JSON: Expecting value in line 1, column 1"),
        ("[" * 100_000, "the book is nested too deeply"),
        ("1" * 5000, "the book is not JSON: it has a number with too many digits"),
    ],
)
def test_text_that_is_no_book(text: str, message: str) -> None:
    """Broken JSON and duplicate keys are refused in one line."""
    with pytest.raises(BookError) as caught:
        parse_book_text(text)
    assert str(caught.value) == message


def test_schema_names_every_key(document: dict[str, Any]) -> None:
    """The published schema has the keys of the example, forbids others, and is JSON."""
    schema = json.loads(json.dumps(book_schema()))
    assert set(schema["properties"]) == set(document)
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]["positions"]["items"]["properties"]) >= set(document["positions"][0])
    assert schema["properties"]["positions"]["items"]["properties"]["mark_price"]["description"]


def test_with_marks(document: dict[str, Any]) -> None:
    """Marks are replaced by symbol, everything else stays."""
    book = parse_book(document)
    moved = with_marks(book, {"BTC/USDT:USDT": 9000.0, "ETH/USDT:USDT": 1.0})
    assert moved.positions[0].mark_price == 9000.0
    assert moved.tiers == book.tiers
