"""`guard stress`: the account after price moves, the worst of them, and what each leg has to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from guard.cli.fraction import read_fraction
from guard.cli.offline import (
    AsJson,
    BookPath,
    ConfigPath,
    FailIn,
    bad_books_told,
    check_zone_name,
    exit_if_reached,
    read_book,
    zone_policy,
)
from guard.cli.output import console, print_json

if TYPE_CHECKING:
    from guard.risk.book import Book
    from guard.risk.outcomes import Outcome
    from guard.risk.report import AccountRisk
    from guard.risk.scenarios import Scenario
    from guard.risk.stress import StressReport
    from guard.risk.zones import Zone, ZonePolicy

STEPS: Final = 10
"""Parts of a shock that `--grid` looks at."""


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("stress")(stress)


def stress(
    book: BookPath,
    shock: Annotated[
        list[str] | None,
        typer.Option(
            "--shock",
            metavar="ASSET=MOVE",
            help="A move such as BTC=-10%; several make one scenario. ALL is all that is not stable and not named.",
        ),
    ] = None,
    grid: Annotated[
        bool, typer.Option("--grid", help="The shock in ten steps; without --shock the whole market, -50 % to +50 %.")
    ] = False,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", metavar="DIR", help="Betas to BTC from recorded prices, for the beta scenarios."),
    ] = None,
    as_json: AsJson = False,
    fail_in: FailIn = None,
    config: ConfigPath = None,
) -> None:
    """Risk after price moves: standard scenarios, or your own; the worst, and what each position adds to it."""
    from guard.cli.stress_table import stress_table
    from guard.risk.assess import assess
    from guard.risk.stress import stress as stress_book
    from guard.risk.zones import Zone

    check_zone_name(fail_in)
    parsed = read_book(book)
    policy = zone_policy(parsed, config)
    with bad_books_told():
        now = assess(parsed)
        betas = None if prices is None else _betas(parsed, prices)
        report = stress_book(parsed, _scenarios(parsed, shock or [], grid=grid), betas=betas)
        answer = _answer(parsed, now, report, policy)
    if as_json:
        print_json(answer)
    else:
        console().print(stress_table(answer))
    exit_if_reached(Zone(answer["zone"]), fail_in)


def _scenarios(book: Book, typed: Sequence[str], *, grid: bool) -> list[Scenario] | None:
    """What was asked for; None = the standard sets."""
    from guard.risk.scenarios import market_ladder, shock

    if not typed and not grid:
        return None
    if not typed:
        return [_named(scenario) for scenario in market_ladder()]
    moves = _moves(book, typed)
    whole = shock(moves)  # refuses what cannot be, before any part of it
    if not grid:
        return [_named(whole)]
    parts = [step / STEPS for step in range(1, STEPS + 1)]
    return [_named(shock({asset: move * part for asset, move in moves.items()})) for part in parts]


def typed_scenario(book: Book, typed: Sequence[str]) -> Scenario:
    """One scenario of several moves, as they were typed.

    Raises:
        InputError: as `_moves`.
        BookError: a move of -100 % or below.
    """
    from guard.risk.scenarios import shock

    return _named(shock(_moves(book, typed)))


def _moves(book: Book, typed: Sequence[str]) -> dict[str, float]:
    """Moves by asset, as the book spells it.

    Raises:
        InputError: not of the form ASSET=MOVE, an asset twice, or one that the book does not have: a shock that moves
            nothing would look like safety.
    """
    from guard.ports.errors import InputError

    known = _assets(book)
    moves: dict[str, float] = {}
    for text in typed:
        name, sign, move = text.partition("=")
        shown = ascii(text[:40])[1:-1]
        if not sign or not name.strip():
            raise InputError(f"--shock was {shown}, must be of the form BTC=-10%, ALL=-10% or USDT=-2%")
        name = name.strip()
        asset = name if name in known else known.get(name.upper(), "")
        if not asset:
            has = ", ".join(dict.fromkeys(known.values()))
            raise InputError(f"--shock {shown}: the book has no {ascii(name[:40])[1:-1]}, it has {has}")
        if asset in moves:
            raise InputError(f"--shock names {asset} twice")
        moves[asset] = read_fraction(move, f"--shock {asset}")
    return moves


def _assets(book: Book) -> dict[str, str]:
    """Assets that a shock can move, and ALL; by their name and by their name in capitals."""
    from guard.risk.assets import parts

    names = [name for leg in book.positions for name in (*parts(leg.symbol, leg.settle), leg.settle)]
    names += [item.asset for item in book.collateral]
    names += [parts(order.symbol, "")[0] for order in book.orders]
    found = dict.fromkeys(["ALL", *names])
    return {**{name.upper(): name for name in found}, **{name: name for name in found}}


def _named(scenario: Scenario) -> Scenario:
    """A shock named in percent: `BTC -10 %, all else +5 %`."""
    words = [f"{asset} {move * 100:+.4g} %" for asset, move in scenario.moves.items()]
    if scenario.otherwise:
        words.append(f"{'all else' if words else 'everything'} {scenario.otherwise * 100:+.4g} %")
    return replace(scenario, name=", ".join(words) or "nothing moves")


def _betas(book: Book, prices: Path) -> dict[str, float]:
    """Slopes of each asset's returns on those of BTC, by ordinary least squares."""
    import numpy as np

    from guard.cli.prices import read_returns
    from guard.ports.errors import InputError
    from guard.risk.scenarios import movable

    returns = read_returns(prices, ["BTC", *movable(book)]).by_base
    market = np.asarray(returns["BTC"])
    spread = float(((market - market.mean()) ** 2).sum())
    if spread <= 0.0:
        raise InputError(f"{prices}: BTC does not move, betas cannot be told")
    return {
        asset: float(((market - market.mean()) * np.asarray(series)).sum()) / spread
        for asset, series in returns.items()
    }


def _answer(book: Book, now: AccountRisk, report: StressReport, policy: ZonePolicy) -> dict[str, Any]:
    """The whole answer; `zone` is the worst of the scenarios' zones, or the present one without scenarios."""
    from guard.risk.outcomes import outcomes
    from guard.risk.zones import entered_zone, severity

    zone, reason = entered_zone(now, policy)
    rows = [_scenario(outcome) for outcome in outcomes(book, now, report.results, policy)]
    zones: list[tuple[Zone, str]] = [(row.pop("_zone"), row["zone_reason"]) for row in rows]
    worst_zone, worst_reason = max(zones, key=lambda pair: severity(pair[0]), default=(zone, reason))
    worst = report.results.index(report.worst) if report.worst is not None else None
    return {
        "account": book.account,
        "venue": book.venue,
        "model": book.model,
        "zone": worst_zone.value,
        "zone_reason": worst_reason,
        "now": {
            "risk_ratio": now.risk_ratio,
            "margin_level": now.margin_level,
            "distance": now.distance,
            "zone": zone.value,
            "zone_reason": reason,
        },
        "worst": None if worst is None else rows[worst]["name"],
        "scenarios": rows,
        "contributions": [
            {
                "symbol": each.symbol,
                "side": each.side,
                "risk_ratio": each.risk_ratio,
                "worst_risk_ratio": each.worst_risk_ratio,
                "pnl_in_worst": each.pnl_in_worst + 0.0,
                "currency": each.currency,
            }
            for each in report.contributions
        ],
    }


def _scenario(outcome: Outcome) -> dict[str, Any]:
    """One scenario with the zone that the account would be in: distance and margin level after it count too."""
    result, after = outcome.result, outcome.after
    scenario = result.scenario
    return {
        "name": scenario.name,
        "kind": scenario.kind.value,
        "moves": {**scenario.moves, **({"ALL": scenario.otherwise} if scenario.otherwise else {})},
        "funding": scenario.funding,
        "fills": scenario.fills,
        "risk_ratio": result.risk_ratio,
        "liquidated": result.liquidated,
        "currency": result.currency,
        "equity": result.equity,
        "requirement": result.requirement,
        "margin_level": after.margin_level,
        "distance": after.distance,
        "effective_leverage": max(
            (pool.effective_leverage for pool in after.pools if pool.effective_leverage is not None), default=None
        ),
        "left_out": list(result.left_out),
        "zone": outcome.zone.value,
        "zone_reason": outcome.reason,
        "_zone": outcome.zone,
    }
