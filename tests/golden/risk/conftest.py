"""Books for worked examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.risk.book import Book
from guard.risk.bookfile import parse_book

BuildBook = Callable[..., Book]


@pytest.fixture
def build() -> BuildBook:
    """Builds a book from short rows, through the parser, as a user would write it.

    `legs` are dicts that override a linear USDT long of 1 contract; `wallet` is the balance of `settle`.
    """

    def make(
        model: str, wallet: float, legs: Sequence[Mapping[str, Any]], tiers: Mapping[str, Any], **more: Any
    ) -> Book:
        base = {
            "side": "long", "contracts": 1, "contract_size": 1, "kind": "linear", "settle": "USDT", "leverage": 20,
        }  # fmt: skip
        settle = {**base, **legs[0]}["settle"] if legs else "USDT"
        document = {
            "schema": "guard.book/1",
            "account": "golden",
            "venue": model,
            "model": model,
            "as_of": datetime(2026, 11, 21, tzinfo=UTC).isoformat(),
            "collateral": [{"asset": settle, "balance": wallet}],
            "positions": [{**base, **leg} for leg in legs],
            "tiers": tiers,
            **more,
        }
        return parse_book(document)

    return make


@pytest.fixture
def flat() -> Callable[..., list[dict[str, Any]]]:
    """Builds a tier table of one row."""

    def make(mm_rate: float, mm_deduction: float = 0.0) -> list[dict[str, Any]]:
        return [{"floor": 0, "cap": None, "mm_rate": mm_rate, "mm_deduction": mm_deduction}]

    return make
