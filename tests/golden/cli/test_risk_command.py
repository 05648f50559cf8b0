"""`guard risk` on the venue's published two-position example: the block of the contract, figure by figure.

Source: Binance FAQ b3c689c1f50a44cabb3a84e663b81d93 (liquidation price in cross margin mode, two positions).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guard.cli.main import run

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def example() -> dict[str, Any]:
    """The example as a book file."""

    def leg(symbol: str, contracts: float, entry: float, mark: float) -> dict[str, Any]:
        return {
            "symbol": symbol,
            "side": "long",
            "contracts": contracts,
            "contract_size": 1,
            "kind": "linear",
            "settle": "USDT",
            "entry_price": entry,
            "mark_price": mark,
            "leverage": 20,
            "margin_mode": "cross",
            "isolated_margin": None,
        }

    return {
        "schema": "guard.book/1",
        "account": "alice",
        "venue": "binanceusdm",
        "model": "binance-usdm",
        "as_of": "2026-11-21T12:00:00Z",
        "position_mode": "one_way",
        "fees": {"taker": 0.0005},
        "collateral": [{"asset": "USDT", "balance": 1535443.01, "price": 1.0, "haircut": 0.0, "frozen": 0.0}],
        "positions": [leg(BTC, 109.488, 32481.98, 31967.27), leg(ETH, 3683.979, 1456.84, 1335.18)],
        "orders": [],
        "tiers": {
            BTC: [{"floor": 0, "cap": 10_000_000, "mm_rate": 0.025, "mm_deduction": 16300, "max_leverage": 20}],
            ETH: [{"floor": 0, "cap": 5_000_000, "mm_rate": 0.1, "mm_deduction": 135365, "max_leverage": 5}],
        },
        "parameters": {BTC: {}},
        "venue_reported": {"equity": None, "maintenance_margin": None, "risk_ratio": None},
    }


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The example in a file."""
    file = tmp_path / "book.json"
    file.write_text(json.dumps(example()), encoding="utf-8")
    return file


def test_published_example(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """risk_ratio 0.41489, liquidation 26316.89 and 1153.26, and all else that the contract shows."""
    assert run(["risk", str(book), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["quality"], report["zone"]) == ("fresh", "warning")
    assert report["zone_reason"] == "distance to liquidation 7.7 % is at or below 8 %"
    assert report["risk_ratio"] == pytest.approx(0.414895, abs=1e-6)
    assert report["margin_level"] == pytest.approx(2.4490, abs=1e-4)
    pool = report["pools"][0]
    shown = {
        "wallet_balance": 1535443.01,
        "unrealized_pnl": -504547.45,
        "equity": 1030895.56,
        "collateral_value": 1535443.01,
        "initial_margin": 420940.38,
        "maintenance_margin": 427713.32,
        "closing_fees": 0.0,
        "available_margin": 609955.18,
        "gross_notional": 8418807.54,
        "net_exposure": 8418807.54,
    }
    for key, value in shown.items():
        assert pool[key] == pytest.approx(value, abs=0.005), key
    assert pool["effective_leverage"] == pytest.approx(8.1665, abs=1e-4)
    assert pool["liquidation_shock_down"] == pytest.approx(-0.076942, abs=1e-6)
    assert pool["liquidation_shock_up"] is None
    btc, eth = pool["positions"]
    assert btc["liquidation_price"] == pytest.approx(26316.89, abs=0.005)
    assert eth["liquidation_price"] == pytest.approx(1153.26, abs=0.005)
    assert btc["maintenance_margin"] == pytest.approx(71200.81, abs=0.005)


@pytest.mark.parametrize(("zone", "code"), [("watch", 3), ("warning", 3), ("danger", 0), ("liquidation", 0)])
def test_fail_in(book: Path, zone: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 when the zone is this one or worse; the report is printed all the same."""
    assert run(["risk", str(book), "--json", "--fail-in", zone]) == code
    assert json.loads(capsys.readouterr().out)["zone"] == "warning"


def test_table_has_units(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same figures for people."""
    assert run(["risk", str(book)]) == 0
    shown = capsys.readouterr().out
    for text in ("warning", "41.49 %", "244.90 %", "7.7 %", "unreachable", "8.17 x", "26,316.89", "money in USDT"):
        assert text in shown


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"positions": [{"mark_price": -1}]}, "positions[0].mark_price was -1, must be > 0"),
        ({"positions": [{"mark_price": "NaN"}]}, "positions[0].mark_price"),
        ({"positions": [{"colour": "red"}]}, "positions[0].colour is not a known key"),
        ({"collateral": []}, "collateral"),
        (
            {"tiers": {BTC: [{"floor": 0, "cap": 10, "mm_rate": 0.1}, {"floor": 20, "cap": 30, "mm_rate": 0.2}]}},
            "tiers",
        ),
        ({"model": "no-such-rule"}, "model was 'no-such-rule'"),
        ({"schema": "guard.book/9"}, "schema"),
    ],
)
def test_bad_book_is_one_line(
    tmp_path: Path, change: dict[str, Any], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which key, which value, what it must be; exit 2."""
    book = example()
    for key, value in change.items():
        if key == "positions":
            book["positions"][0] |= value[0]
        elif key == "tiers":
            book["tiers"] |= value
        else:
            book[key] = value
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(book), encoding="utf-8")
    assert run(["risk", str(file), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert expected in captured.err
    assert captured.err.count("\n") == 1


def test_duplicate_leg_and_duplicate_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A leg twice, and a JSON key twice, would each be counted wrongly in silence."""
    book = example()
    book["positions"].append(book["positions"][0])
    file = tmp_path / "twice.json"
    file.write_text(json.dumps(book), encoding="utf-8")
    assert run(["risk", str(file)]) == 2
    assert "positions[2]" in capsys.readouterr().err
    file.write_text('{"schema": "guard.book/1", "schema": "guard.book/1"}', encoding="utf-8")
    assert run(["risk", str(file)]) == 2
    assert "schema" in capsys.readouterr().err


def test_book_from_standard_input(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`guard once --book - | guard risk -` style pipes."""
    with book.open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert run(["risk", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["account"] == "alice"


def test_schema_describes_the_book(capsys: pytest.CaptureFixture[str]) -> None:
    """`guard schema book` is a JSON Schema that names every key of the example."""
    assert run(["schema", "book"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(example()) <= set(schema["properties"])
