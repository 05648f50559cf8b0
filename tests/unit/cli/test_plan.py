"""`guard plan`: targets, remedies, shocks, steps, the table, the JSON object, exit codes, and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.cli.plan import sensible_step
from guard.protect.reduced import Cut, reduce_book
from guard.protect.sizing import exact
from guard.risk.assess import assess
from guard.risk.bookfile import parse_book

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
CASES = sorted((Path(__file__).parents[3] / "docs" / "cases").glob("*.json"))
Run = Callable[..., tuple[int, str, str]]
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def ask(guard: Run, pair: dict[str, Any], write: Write) -> Callable[..., dict[str, Any]]:
    """The JSON answer for the pair (distance 19.6 %) under some options."""

    def call(*words: object) -> dict[str, Any]:
        code, out, err = guard("plan", write(pair), *words, "--json")
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    return call


def test_nothing_to_do(ask: Callable[..., dict[str, Any]]) -> None:
    """The built-in target holds: a feasible plan without steps."""
    answer = ask()
    assert (answer["feasible"], answer["steps"], answer["cost"], answer["bound"]) == (True, [], 0.0, 0.0)
    assert answer["target"] == {"risk_ratio": 0.35, "distance": 0.12, "margin_level": None, "shocks": []}


def test_hours_of_a_volatility_are_a_distance(ask: Callable[..., dict[str, Any]]) -> None:
    """1 % an hour is 30 % in 900 hours; of two distances the longer one holds."""
    answer = ask("--target-hours", "900", "--volatility", "1%")
    assert answer["target"] == {"risk_ratio": 1.0, "distance": 0.3, "margin_level": None, "shocks": []}
    same = ask("--target-distance", "30%")
    assert [answer[key] for key in ("steps", "cost", "after")] == [same[key] for key in ("steps", "cost", "after")]
    longer = ask("--target-hours", "900", "--volatility", "1%", "--target-distance", "40%")
    assert longer["target"]["distance"] == 0.4


def test_names_of_the_contract(ask: Callable[..., dict[str, Any]], pair: dict[str, Any]) -> None:
    """Every key is there; the steps, applied to the book, give the level that is promised."""
    answer = ask("--target-distance", "30%", "--step", f"{ETH}=0.05")
    assert {"feasible", "reason", "steps", "cost", "before", "after", "bound"} <= answer.keys()
    keys = {"remedy", "symbol", "side", "contracts", "limit_price", "cost"}
    assert all(keys <= step.keys() for step in answer["steps"])
    assert answer["bound"] <= answer["cost"]
    cuts = [Cut((s["symbol"], s["leg"]), exact(s["contracts"]), s["cost"]) for s in answer["steps"]]
    after = assess(reduce_book(parse_book(pair), cuts))
    assert after.distance is not None
    assert after.distance >= 0.30
    assert answer["after"][0]["risk_ratio"] == pytest.approx(after.risk_ratio)
    steps = {row["symbol"]: row for row in answer["assumptions"]["steps"]}
    assert steps[ETH] == {"symbol": ETH, "contracts": 0.05, "assumed": False}
    assert steps[BTC] == {"symbol": BTC, "contracts": 0.0001, "assumed": True}


def test_only_what_was_asked_for_must_hold(ask: Callable[..., dict[str, Any]]) -> None:
    """One level alone; several together."""
    ratio = ask("--target-risk", "1%")["after"][0]
    assert ratio["risk_ratio"] == pytest.approx(0.01, rel=1e-2)
    level = ask("--target-level", "200%")
    assert level["after"][0]["margin_level"] == pytest.approx(2.0, rel=1e-2)
    both = ask("--target-risk", "1%", "--target-distance", "0.5")["after"][0]
    assert both["risk_ratio"] <= 0.01
    assert abs(both["liquidation_shock_down"]) >= 0.5


def test_each_shock_is_survived_by_itself(ask: Callable[..., dict[str, Any]]) -> None:
    """Two options are two scenarios; moves in one option come together."""
    answer = ask("--shock", "BTC=-10%", "--shock", "BTC=-30%,ETH=-30%")
    assert answer["target"]["shocks"] == ["BTC -10 %", "BTC -30 %, ETH -30 %"]
    pool = answer["after"][0]
    assert 0.7 * pool["gross_notional"] * 0.005 < pool["equity"] - 0.3 * pool["gross_notional"]


def test_transfers_and_betas(ask: Callable[..., dict[str, Any]]) -> None:
    """What may be moved in is a remedy as soon as it is named."""
    answer = ask("--target-distance", "30%", "--transfer", "USDT=50000")
    assert [step["remedy"] for step in answer["steps"]] == ["transfer"]
    refused = ask("--target-distance", "30%", "--remedies", "hedge", "--beta", "BTC=1", "--beta", "ETH=1.2")
    assert not refused["feasible"]  # BTC is long itself, and in one-way mode a sale makes it smaller


def test_limits(ask: Callable[..., dict[str, Any]]) -> None:
    """Symbols and notional; dearer spreads cost more."""
    answer = ask("--target-distance", "30%", "--allow", ETH)
    assert {step["symbol"] for step in answer["steps"]} == {ETH}
    assert not ask("--target-distance", "30%", "--max-notional", "100")["feasible"]
    assert ask("--target-distance", "30%", "--cost-bps", "30")["cost"] > answer["cost"]


def test_exit_code_of_an_infeasible_plan(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """0 unless asked for; 3 then, with the answer all the same and what collateral would do."""
    pair["collateral"][0]["balance"] = 1.0
    code, out, _ = guard("plan", write(pair), "--json")
    assert code == 0
    assert not json.loads(out)["feasible"]
    code, out, _ = guard("plan", write(pair), "--require-feasible")
    assert code == 3
    assert "not feasible" in out
    assert "Instead: add " in out


def test_a_distance_that_only_the_venue_knows_is_not_called_out_of_reach(
    guard: Run, pair: dict[str, Any], write: Write
) -> None:
    """Figures of the venue alone say nothing of any other price."""
    book = {**pair, "model": "reported", "tiers": {}, "venue_reported": {"equity": 1_000, "maintenance_margin": 900}}
    _, out, _ = guard("plan", write(book))
    assert "out of reach" not in out
    assert "not known" in next(line for line in out.splitlines() if line.startswith("USDT"))


def test_the_table(guard: Run, pair: dict[str, Any], write: Write) -> None:
    """Three lines, steps and pools with units, and what was assumed with how to change it."""
    code, out, _ = guard("plan", write(pair), "--target-distance", "30%")
    assert code == 0
    for words in (
        "pair on any (rule tiered), plan: feasible",
        "target: risk_ratio at most 100.0 %, distance to liquidation at least 30.0 %",
        "Reduce: sell ",
        "no plan that is allowed costs less than ",
        "notional (quote)",
        "19.6 % -> 30.0 %",
        "spread and slippage 10 bps (--cost-bps)",
        f"Assumed steps in contracts (--step): {BTC}=0.0001, {ETH}=0.001",
    ):
        assert words in out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--target-risk", "0"), "--target-risk was 0, must be above 0 and at most 100%"),
        (("--target-risk", "abc"), "--target-risk was abc, must be a percentage"),
        (("--target-distance", "100%"), "--target-distance was 100%, must be at least 0 and below 100%"),
        (("--target-level", "-1%"), "--target-level was -1%, must be above 0"),
        (("--target-hours", "24"), "--target-hours and --volatility go together: name both"),
        (("--volatility", "1%"), "--target-hours and --volatility go together: name both"),
        (("--target-hours", "0", "--volatility", "1%"), "both must be above 0"),
        (("--target-hours", "2500", "--volatility", "2%"), "2500 at 2% an hour are 100%, must be below 100%"),
        (("--remedies", "pray"), "--remedies was pray, must be of cancel, net, transfer, reduce, hedge"),
        (("--remedies", ","), "--remedies was empty"),
        (("--beta", "BTC=1"), "--beta is for hedges: name hedge in --remedies too"),
        (("--beta", "BTC=x", "--remedies", "hedge"), "--beta was BTC=x, must be of the form ETH=1.2"),
        (("--transfer", "USDT=1", "--transfer", "USDT=2"), "--transfer names USDT twice"),
        (("--transfer", "USDT=inf"), "--transfer was USDT=inf, must be of the form USDT=5000"),
        (("--step", "BTC/USDT:USDT=0"), "--step was BTC/USDT:USDT=0, must be of the form"),
        (("--step", "XRP/USDT:USDT=1"), "the book has no symbol XRP/USDT:USDT, it has BTC/USDT:USDT, ETH/USDT:USDT"),
        (("--allow", "XRP/USDT:USDT"), "the book has no symbol XRP/USDT:USDT"),
        (("--shock", "XRP=-10%"), "--shock XRP=-10%: the book has no XRP"),
        (("--shock", "BTC=-100%"), "must be above -1 (-100 %)"),
        (("--shock", ""), "--shock was , must be of the form"),
    ],
)
def test_bad_input(guard: Run, pair: dict[str, Any], write: Write, words: tuple[str, ...], problem: str) -> None:
    """One line that names what was wrong, exit code 2, nothing on stdout."""
    code, out, err = guard("plan", write(pair), *words)
    assert (code, out) == (2, "")
    assert problem in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_case_has_an_answer(guard: Run, case: Path) -> None:
    """Whatever the rule: a plan, or why not; a closed pool, a loss and figures of the venue alone among them."""
    code, out, err = guard("plan", case, "--target-risk", "5%", "--remedies", "cancel,net,reduce,hedge", "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert answer["reason"]
    assert answer["feasible"] or answer["steps"] == []
    assert answer["bound"] <= answer["cost"] * (1 + 1e-9) or not answer["feasible"]


def test_a_sensible_step(pair: dict[str, Any]) -> None:
    """Worth at most ten, as fine as the leg, and whole where contracts are."""
    legs = parse_book(pair).positions
    assert str(sensible_step(legs[0])) == "0.0001"
    pair["positions"][0] |= {"contracts": 0.123456}
    assert sensible_step(parse_book(pair).positions[0]).as_tuple().exponent == -6
    pair["positions"][0] |= {"contracts": 250, "contract_size": 0.001}
    assert sensible_step(parse_book(pair).positions[0]) == 1
