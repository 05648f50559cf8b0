"""`guard limits`: tables with derived deductions, units by rule, what KuCoin nets, and bad books."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
Run = Callable[..., tuple[int, str, str]]
Write = Callable[[dict[str, Any]], Path]
ROWS = [{"floor": 0, "cap": 50_000, "mm_rate": 0.004}, {"floor": 50_000, "cap": None, "mm_rate": 0.005}]


def test_tiers_with_derived_deductions(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """50,000 * (0.5 % - 0.4 %) = 50; each rate applies to its slice."""
    pair["tiers"][BTC] = ROWS
    code, out, _ = guard("limits", write(pair), "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["applies_to"] == "slice"
    btc, eth = answer["symbols"]
    assert (btc["unit"], [row["mm_deduction"] for row in btc["rows"]]) == ("USDT", [0, pytest.approx(50)])
    assert (eth["symbol"], len(eth["rows"])) == (ETH, 1)
    code, out, _ = guard("limits", write(pair))
    assert code == 0
    for text in ("size in USDT; each rate applies to its slice", "no end", "0.5 %", "50.00"):
        assert text in out


UNITS = [
    ("tiered", BTC, "USDT", "slice"), ("binance-coinm", "BTC/USD:BTC", "BTC", "slice"),
    ("okx", BTC, "contracts", "whole position"), ("mexc", BTC, "contracts", "whole position"),
    ("kraken-futures", "BTC/USD:USD", "USD", "whole position"),
    ("kraken-futures", "BTC/USD:BTC", "contracts", "whole position"),
    ("tiered", "EURUSD", "quote currency", "slice"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "symbol", "unit", "scope"), UNITS)
def test_units(guard: Run, pair: dict[str, Any], write: Write, model: str, symbol: str, unit: str, scope: str) -> None:
    """What a tier's size is measured in depends on the rule; a flat rule has no deductions."""
    book = {**pair, "model": model, "positions": [], "tiers": {symbol: ROWS}}
    code, out, err = guard("limits", write(book), "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert (answer["symbols"][0]["unit"], answer["applies_to"]) == (unit, scope)
    if scope != "slice":
        assert [row["mm_deduction"] for row in answer["symbols"][0]["rows"]] == [0, 0]


def test_rules_without_tables(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """A broker's book has none; that is said, not shown as nothing."""
    book = {**pair, "model": "margin-level", "tiers": {}}
    code, out, _ = guard("limits", write(book))
    assert code == 0
    assert f"{BTC}: the book has no table for it" in out
    code, out, _ = guard("limits", write({**book, "positions": []}))
    assert code == 0
    assert "no symbols" in out


def test_risk_limits_reach_the_position(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """The rows go on until they hold what is held."""
    leg = {
        "symbol": "BTC/USD:BTC", "side": "long", "contracts": 20_000_000, "contract_size": 1, "kind": "inverse",
        "settle": "BTC", "entry_price": 10_000, "mark_price": 10_000, "leverage": 5,
    }  # fmt: skip
    limits = {"base": 200, "step": 100, "base_im": 0.01, "base_mm": 0.005}
    book = {**pair, "model": "bitmex", "positions": [leg], "tiers": {}, "parameters": {"BTC/USD:BTC": limits}}
    _, out, _ = guard("limits", write(book), "--json")
    rows = json.loads(out)["symbols"][0]["rows"]
    assert rows[-1]["cap"] == 2000
    assert rows[-1]["mm_rate"] == pytest.approx(0.005 + 18 * 0.005)


@pytest.fixture
def kucoin(pair: dict[str, Any]) -> dict[str, Any]:
    """Both longs under KuCoin's rule, with a sell of 2 BTC."""
    constants = {"m": 300, "f": 1.3, "mmr_limit": 0.3, "mmr_lev_constant": 100, "k": 490}
    return {
        **pair,
        "model": "kucoin",
        "tiers": {},
        "orders": [{"symbol": BTC, "side": "sell", "price": 50_000, "remaining": 2}],
        "parameters": {BTC: constants, ETH: constants},
    }


def test_kucoin_agrees_with_the_report(guard: Run, kucoin: dict[str, Any], write: Write) -> None:
    """What is shown symbol by symbol adds up to the pool."""
    _, out, _ = guard("limits", write(kucoin), "--json")
    symbols = json.loads(out)["symbols"]
    _, out, _ = guard("risk", write(kucoin), "--json")
    pool = json.loads(out)["pools"][0]
    for name in ("initial_margin", "maintenance_margin"):
        assert sum(symbol[name] for symbol in symbols) == pytest.approx(pool[name], rel=1e-12)
        assert sum(symbol["added_up"][name] for symbol in symbols) >= pool[name] * (1 - 1e-12)


def test_kucoin_open_size(guard: Run, kucoin: dict[str, Any], write: Write) -> None:
    """Margin of other symbols is not free; what is held the same way comes off, what is held against it is added."""
    from guard.risk.rules.kucoin import max_open_size

    kucoin["collateral"][0]["balance"] = 15_000
    _, out, _ = guard("limits", write(kucoin), "--json")
    btc = json.loads(out)["symbols"][0]
    free = 15_000 - 25_000 / 5  # ETH takes 5,000
    size = max_open_size(free_margin=free, leverage=5, price=50_000, k=490)
    assert btc["max_open"]["long"] == pytest.approx(size - 0.5, rel=1e-9)
    assert btc["max_open"]["short"] == 0  # 2 BTC are on order already, more than 1 and the 0.5 held against it
    code, out, _ = guard("limits", write(kucoin))
    assert code == 0
    assert "can still open short" in out


def test_kucoin_without_k(guard: Run, kucoin: dict[str, Any], write: Write) -> None:
    """The open size needs `k`; everything else is there without it."""
    del kucoin["parameters"][BTC]["k"]
    code, out, _ = guard("limits", write(kucoin), "--json")
    assert code == 0
    assert json.loads(out)["symbols"][0]["max_open"] is None


def test_kucoin_isolated_legs_have_risk_limits(guard: Run, kucoin: dict[str, Any], write: Write) -> None:
    """Tiers under this rule are the risk limits of isolated legs, in quote."""
    leg = {**kucoin["positions"][1], "margin_mode": "isolated", "isolated_margin": 5000}
    parameters = {BTC: kucoin["parameters"][BTC]}
    book = {**kucoin, "positions": [kucoin["positions"][0], leg], "parameters": parameters, "tiers": {ETH: ROWS}}
    _, out, _ = guard("limits", write(book), "--json")
    btc, eth = json.loads(out)["symbols"]
    assert (btc["rows"], btc["mm_rate"] > 0) == ([], True)
    assert (eth["unit"], len(eth["rows"])) == ("USDT", 2)


def test_missing_constant_is_one_line(guard: Run, kucoin: dict[str, Any], write: Write) -> None:
    """Which key of which symbol; exit 2."""
    del kucoin["parameters"][BTC]["m"]
    code, out, err = guard("limits", write(kucoin))
    assert (code, out) == (2, "")
    assert 'parameters["BTC/USDT:USDT"].m is missing' in err
    assert err.count("\n") == 1
