"""The parser against arbitrary JSON: a book or a BookError, nothing else; and the engine against what it lets in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guard.risk.assess import assess
from guard.risk.book import Book
from guard.risk.bookerror import BookError
from guard.risk.bookfile import dump_book, parse_book, parse_book_text
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk
from guard.risk.reportfile import report_json
from guard.risk.rules import MODELS
from guard.risk.zones import ZonePolicy, entered_zone

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NUMBERS = st.one_of(
    st.floats(min_value=1e-18, max_value=1e18),
    st.floats(),
    st.integers(),
    st.sampled_from([0, 1, -1, "1.5", 1e-18, 1e18]),
)
SYMBOLS = st.sampled_from(["BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USD:BTC", "EURUSD"])

LEG = st.fixed_dictionaries(
    {
        "symbol": SYMBOLS,
        "side": st.sampled_from(["long", "short"]),
        "contracts": NUMBERS,
        "contract_size": NUMBERS,
        "kind": st.sampled_from(["linear", "inverse"]),
        "settle": st.sampled_from(["USDT", "BTC", "USDC"]),
        "entry_price": NUMBERS,
        "mark_price": NUMBERS,
        "leverage": NUMBERS,
    },
    optional={"margin_mode": st.sampled_from(["cross", "isolated"]), "isolated_margin": NUMBERS | st.none()},
)
TIERS = st.lists(
    st.fixed_dictionaries(
        {"floor": NUMBERS, "cap": NUMBERS | st.none(), "mm_rate": NUMBERS}, optional={"mm_deduction": NUMBERS}
    ),
    min_size=1,
    max_size=2,
) | st.floats(min_value=0, max_value=1).map(lambda rate: [{"floor": 0, "cap": None, "mm_rate": rate}])
DOCUMENT = st.fixed_dictionaries(
    {
        "schema": st.just("guard.book/1"),
        "account": st.just("a"),
        "venue": st.just("v"),
        "model": st.sampled_from(MODELS),
        "as_of": st.just("2026-11-21T12:00:00Z"),
        "position_mode": st.sampled_from(["one_way", "hedge"]),
        "collateral": st.lists(
            st.fixed_dictionaries({"asset": st.sampled_from(["USDT", "BTC", "USDC"]), "balance": NUMBERS}), max_size=2
        ),
        "positions": st.lists(LEG, max_size=3),
        "tiers": st.dictionaries(SYMBOLS, TIERS, max_size=4),
    },
    optional={"orders": ANY, "fees": ANY, "parameters": ANY, "venue_reported": ANY},
)


def refusal(parse: Callable[[], Book]) -> tuple[Book | None, str]:
    """What a parser made of its input: a book, or the line that refuses it. Any other exception escapes."""
    try:
        return parse(), ""
    except BookError as error:
        return None, str(error)


@given(ANY)
def test_arbitrary_json(document: Any) -> None:
    """Only BookError leaves the parser, as one printable line."""
    _, line = refusal(lambda: parse_book(document))
    assert line.isprintable()


@given(st.text(max_size=40))
def test_arbitrary_text(text: str) -> None:
    """Only BookError leaves the text reader, as one printable line."""
    _, line = refusal(lambda: parse_book_text(text))
    assert line.isprintable()


@given(DOCUMENT)
def test_almost_books(document: dict[str, Any]) -> None:
    """A document that looks like a book is refused in one line, or gives figures without NaN and infinity."""
    book, line = refusal(lambda: parse_book(document))
    if book is None:
        assert line.isprintable()
        return
    assert parse_book(dump_book(book)) == book
    assessed, line = assessment(book)
    if assessed is None:
        assert line.isprintable()
        return
    zone, reason = entered_zone(assessed, ZonePolicy())
    json.dumps(report_json(assessed, Quality.FRESH, zone, reason), allow_nan=False)
    assert assessed.risk_ratio is None or (math.isfinite(assessed.risk_ratio) and assessed.risk_ratio >= 0.0)


def assessment(book: Book) -> tuple[AccountRisk | None, str]:
    """What the engine made of a book: figures, or the line that refuses it."""
    try:
        return assess(book), ""
    except BookError as error:
        return None, str(error)
