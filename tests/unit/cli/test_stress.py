"""`guard stress`: standard scenarios, shocks, grids, betas, zones, contributions, and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.risk.assess import assess
from guard.risk.bookfile import parse_book
from guard.risk.scenarios import Kind
from guard.risk.shocked import book_after, endless
from guard.risk.stress import stress

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
CASES = sorted((Path(__file__).parents[3] / "docs" / "cases").glob("*.json"))
Run = Callable[..., tuple[int, str, str]]
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def after(guard: Run, pair: dict[str, Any], write: Write) -> Callable[..., dict[str, Any]]:
    """The answer for the pair under some options."""

    def ask(*words: object) -> dict[str, Any]:
        code, out, err = guard("stress", write(pair), *words, "--json")
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    return ask


def test_standard_scenarios(after: Callable[..., dict[str, Any]]) -> None:
    """Each set that fits a book of two longs; the worst is the extreme fall, in which no equity is left."""
    answer = after()
    assert {row["kind"] for row in answer["scenarios"]} == {"all", "alone", "beta", "depeg", "funding", "extreme"}
    assert (answer["worst"], answer["zone"]) == ("extreme move down", "liquidation")
    worst = next(row for row in answer["scenarios"] if row["name"] == answer["worst"])
    assert (worst["risk_ratio"], worst["liquidated"], worst["equity"]) == (None, True, pytest.approx(-2000))
    assert answer["now"]["zone"] == "safe"
    assert [row["pnl_in_worst"] for row in answer["contributions"]] == pytest.approx([-6000, -6000])
    assert [row["risk_ratio"] for row in answer["contributions"]] == pytest.approx([0.0125, 0.0125])


def test_shocks_make_one_scenario(after: Callable[..., dict[str, Any]]) -> None:
    """BTC falls by 10 %, ETH (all else) by 20 %: 7,500 of 10,000 are gone; the zone knows the distance that is left."""
    answer = after("--shock", "BTC=-10%", "--shock", "ALL=-0.2")
    (row,) = answer["scenarios"]
    assert row["name"] == answer["worst"] == "BTC -10 %, all else -20 %"
    assert (row["equity"], row["requirement"]) == pytest.approx((2500, 0.005 * 42_500))
    assert row["risk_ratio"] == pytest.approx(0.085)
    assert row["distance"] == pytest.approx((2500 - 212.5) / (42_500 * 0.995))
    assert row["margin_level"] == pytest.approx(2500 / 8500)
    assert row["effective_leverage"] == pytest.approx(17)
    assert (row["zone"], answer["zone"]) == ("warning", "warning")  # by ratio alone it would be safe


def test_hedged_pair(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """Opposite legs protect each other when all falls, and the set holds the case in which they do not."""
    pair["positions"][1]["side"] = "short"
    _, out, _ = guard("stress", write(pair), "--json")
    answer = json.loads(out)
    assert answer["worst"] == "correlation breaks: longs down, shorts up"
    fall = next(row for row in answer["scenarios"] if row["name"] == "extreme move down")
    assert fall["equity"] == pytest.approx(10_000)
    _, out, _ = guard("stress", write(pair), "--shock", "ALL=-38%", "--json")
    assert [row["worst_risk_ratio"] > 0 for row in json.loads(out)["contributions"]] == [True, False]


def test_depeg_of_the_collateral(after: Callable[..., dict[str, Any]]) -> None:
    """USDT loses 2 %: marks in USDT rise, and so does the equity of longs in USDT; names in any case are found."""
    (row,) = after("--shock", "usdt=-2%")["scenarios"]
    assert row["name"] == "USDT -2 %"
    assert row["equity"] == pytest.approx(10_000 + 50_000 * (1 / 0.98 - 1))


def test_grid(after: Callable[..., dict[str, Any]]) -> None:
    """The whole market in both directions, from the deepest fall up: equity rises row by row."""
    rows = after("--grid")["scenarios"]
    assert len(rows) == 18
    assert (rows[0]["name"], rows[-1]["name"]) == ("everything -50 %", "everything +50 %")
    assert [row["equity"] for row in rows] == sorted(row["equity"] for row in rows)


def test_grid_of_a_shock(after: Callable[..., dict[str, Any]]) -> None:
    """Ten equal steps of the shock."""
    rows = after("--grid", "--shock", "BTC=-10%")["scenarios"]
    assert [row["name"] for row in rows] == [f"BTC -{step} %" for step in range(1, 11)]
    assert rows[-1]["equity"] == pytest.approx(7500)


def test_betas_from_prices(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path) -> None:
    """ETH moves twice as far as BTC: 24 % when the market moves 12 %."""
    for base, factor in (("BTC", 1.0), ("ETH", 2.0)):
        closes = [100.0]
        for bar in range(48):
            closes.append(closes[-1] * (1 + factor * (0.01 if bar % 2 == 0 else -0.01)))
        rows = [f"{bar * 3_600_000},{close!r}\n" for bar, close in enumerate(closes)]
        (tmp_path / f"{base}USDT.csv").write_text("timestamp_ms,close\n" + "".join(rows), encoding="utf-8")
    _, out, _ = guard("stress", write(pair), "--prices", tmp_path, "--json")
    row = next(row for row in json.loads(out)["scenarios"] if row["kind"] == "beta")
    assert row["moves"] == {"BTC": pytest.approx(-0.12), "ETH": pytest.approx(-0.24), "ALL": -0.12}
    (tmp_path / "BTCUSDT.csv").write_text(
        "timestamp_ms,close\n" + "".join(f"{bar * 3_600_000},1\n" for bar in range(49)), encoding="utf-8"
    )
    code, _, err = guard("stress", write(pair), "--prices", tmp_path)
    assert code == 2
    assert "BTC does not move" in err


def test_table(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """The worst by name, every figure with its unit, what each position adds."""
    code, out, _ = guard("stress", write(pair))
    assert code == 0
    for text in (
        "worst: extreme move down: no equity left (-2,000.00 USDT)",
        "BTC alone -12 %",
        "7,000.00 USDT",
        "14.5 %",
        "6.71 x",
        "+1.25 pp",
        "-6,000.00 USDT",
    ):
        assert text in out


@pytest.mark.parametrize(("zone", "code"), [("watch", 3), ("warning", 3), ("danger", 0), ("liquidation", 0)])
def test_fail_in(guard: Run, pair: dict[str, Any], write: Write, zone: str, code: int) -> None:
    """Exit 3 when the worst scenario's zone is this one or worse."""
    found, out, _ = guard("stress", write(pair), "--shock", "ALL=-12%", "--fail-in", zone, "--json")
    assert (found, json.loads(out)["zone"]) == (code, "warning")


def test_no_positions(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """Nothing to stress is said, in both forms."""
    book = write({**pair, "positions": []})
    code, out, _ = guard("stress", book)
    assert code == 0
    assert "no positions: nothing to stress" in out
    code, out, _ = guard("stress", book, "--grid", "--fail-in", "watch", "--json")
    assert code == 0
    answer = json.loads(out)
    assert (answer["worst"], answer["scenarios"], answer["zone"]) == (None, [], "safe")


def test_orders_that_cannot_fill_are_named(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """An order on a symbol without tiers is left out of the fills, and the reader is told."""
    pair["orders"] = [{"symbol": "SOL/USDT:USDT", "side": "buy", "price": 100, "remaining": 3}]
    pair["parameters"] = {"SOL/USDT:USDT": {"contract_size": 1, "leverage": 5, "mark_price": 100}}
    code, out, err = guard("stress", write(pair))
    assert code == 0, err
    assert "not filled, the book has no tiers for them: buy 3 contracts SOL/USDT:USDT" in out


BAD = [
    (["--shock", "BTC"], "--shock was BTC, must be of the form BTC=-10%"),
    (["--shock", "=-10%"], "--shock was =-10%, must be of the form"),
    (["--shock", "BTC="], "--shock BTC was , must be a percentage"),
    (["--shock", "BTC=-10"], "--shock BTC was -10, must be a percentage such as 10%"),
    (["--shock", "BTC=-100%"], "shock of BTC was -1, must be above -1 (-100 %)"),
    (["--shock", "BTC=-1%", "--shock", "btc=-2%"], "--shock names BTC twice"),
    (["--shock", "DOGE=-10%"], "the book has no DOGE, it has ALL, BTC, USDT, ETH"),
    (["--shock", "B\nTC=1%"], "the book has no B\\nTC"),
    (["--grid", "--shock", "BTC=-100%"], "must be above -1 (-100 %)"),
    (["--fail-in", "nowhere"], "--fail-in was nowhere, must be one of watch"),
    (["--prices", "no-such-directory"], "BTCUSDT.csv: cannot be read"),
    (["--config", "no-such-file.toml"], "no-such-file.toml"),
]


@pytest.mark.parametrize(("words", "expected"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_bad_input_is_one_line(guard: Run, pair: dict[str, Any], write: Write, words: list[str], expected: str) -> None:
    """What was wrong and what it must be; exit 2, nothing on stdout."""
    code, out, err = guard("stress", write(pair), *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert expected in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["risk", "stress"])
def test_brokers_own_levels(guard: Run, pair: dict[str, Any], write: Write, tmp_path: Path, command: str) -> None:
    """The levels of the book decide, and levels that do not fall are bad input."""
    config = tmp_path / "levels.toml"
    zones = ("watch", "warning", "danger", "liquidation")
    config.write_text("".join(f'[zones.{zone}]\ndistance = "off"\n' for zone in zones), encoding="utf-8")
    book = {
        **pair,
        "model": "margin-level",
        "tiers": {},
        "parameters": {"*": {"safe_level": 2.0, "warning_level": 1.5}},
    }
    more = ("--shock", "BTC=0%") if command == "stress" else ()
    code, out, err = guard(command, write(book), *more, "--config", config, "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert (answer["zone"], answer["zone_reason"]) == ("warning", "margin_level 100 % is at or below 150 %")
    book["parameters"] = {"*": {"warning_level": 0.1}}
    code, out, err = guard(command, write(book), *more)
    assert (code, out) == (2, "")
    assert 'parameters["*"].danger_level was 0.3, must not be above 0.1' in err


def test_reported_figures_cannot_be_stressed(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """The venue's figures hold at present only."""
    book = {**pair, "model": "reported", "tiers": {}, "venue_reported": {"equity": 10_000, "maintenance_margin": 250}}
    code, out, err = guard("stress", write(book))
    assert (code, out) == (2, "")
    assert "cannot be stressed" in err


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_the_shocked_book_agrees_with_stress(file: Path) -> None:
    """Zones come from assessing the shocked book: its risk_ratio must be that of the stress, within 1e-9.

    Funding is the exception where the wallet has haircuts: stress takes it off at its full price, never at less.
    """
    book = parse_book(json.loads(file.read_text(encoding="utf-8")))
    if book.model == "reported":
        return
    now, open_ended = assess(book), endless(book)
    for result in stress(book).results:
        found = assess(book_after(open_ended, result.scenario, now), liquidation=False).risk_ratio
        if result.scenario.kind is Kind.FUNDING and any(item.haircut for item in book.collateral):
            assert found is not None
            assert result.risk_ratio is not None
            assert found <= result.risk_ratio
        else:
            expected = None if result.risk_ratio is None else pytest.approx(result.risk_ratio, rel=1e-9, abs=1e-12)
            assert found == expected, result.scenario.name
