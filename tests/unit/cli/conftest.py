"""Books and commands for tests of the offline commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.cli.main import run

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def guard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; returns exit code, stdout, stderr."""
    monkeypatch.delenv("GUARD_CONFIG", raising=False)

    def call(*words: object) -> tuple[int, str, str]:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def pair() -> dict[str, Any]:
    """25,000 USDT of BTC and of ETH, both long, behind 10,000 USDT, as a document."""

    def leg(symbol: str, contracts: float, price: float) -> dict[str, Any]:
        return {
            "symbol": symbol, "side": "long", "contracts": contracts, "contract_size": 1, "kind": "linear",
            "settle": "USDT", "entry_price": price, "mark_price": price, "leverage": 5,
        }  # fmt: skip

    return {
        "schema": "guard.book/1",
        "account": "pair",
        "venue": "any",
        "model": "tiered",
        "as_of": "2026-11-21T12:00:00Z",
        "collateral": [{"asset": "USDT", "balance": 10_000}],
        "positions": [leg(BTC, 0.5, 50_000), leg(ETH, 10, 2_500)],
        "tiers": {symbol: [{"floor": 0, "cap": None, "mm_rate": 0.005}] for symbol in (BTC, ETH)},
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes a document as a book file."""

    def save(document: dict[str, Any]) -> Path:
        file = tmp_path / "book.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        return file

    return save
