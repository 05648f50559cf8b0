"""The answer of `guard plan` for a terminal. Every figure has its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import amount, percent, price


def plan_table(answer: Mapping[str, Any]) -> Group:
    """Three lines, every step, every pool before and after, and what the plan rests on."""
    head = Text.assemble((answer["account"], "bold"), f" on {answer['venue']} (rule {answer['model']}), plan: ")
    verdict = "feasible" if answer["feasible"] else "not feasible"
    head.append(verdict, style="green" if answer["feasible"] else "bold red")
    head.append(f"\ntarget: {_target(answer['target'])}")
    for line in answer["explanation"]:
        head.append(f"\n{line}")
    if answer["feasible"] and answer["reason"]:
        head.append(f"\n{answer['reason']}", style="dim")
    parts: list[Text | Table] = [head]
    if answer["steps"]:
        parts.append(_steps(answer["steps"]))
    parts += [_pools(answer), _assumptions(answer["assumptions"])]
    return Group(*parts)


def _target(target: Mapping[str, Any]) -> str:
    """What was asked for, as it was asked."""
    words = [f"risk_ratio at most {percent(target['risk_ratio'])}"]
    if target["distance"]:
        words.append(f"distance to liquidation at least {percent(target['distance'])}")
    if target["margin_level"] is not None:
        words.append(f"margin_level at least {percent(target['margin_level'], 0)}")
    if target["shocks"]:
        words.append("survive " + "; ".join(target["shocks"]))
    return ", ".join(words)


def _steps(steps: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(title="\nSteps, in this order", title_justify="left", box=None, pad_edge=False)
    table.add_column("remedy", no_wrap=True)
    table.add_column("symbol", no_wrap=True)
    table.add_column("leg")
    table.add_column("order")
    for heading in ("contracts", "limit price", "notional (quote)", "cost (quote)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("note")
    for step in steps:
        moved = step["remedy"] == "transfer"
        table.add_row(
            step["remedy"],
            step["symbol"],
            "" if moved else step["leg"],
            "" if moved else step["side"],
            f"{step['contracts']:,.10g}",
            "" if moved else price(step["limit_price"]),
            amount(step["notional"]),
            amount(step["cost"]),
            _note(step),
        )
    return table


def _note(step: Mapping[str, Any]) -> str:
    if step["protects"]:
        return f"against {step['protects']}"
    if step["order_id"]:
        return f"order {step['order_id']}"
    return "isolated" if step["margin_mode"] == "isolated" else ""


def _pools(answer: Mapping[str, Any]) -> Table:
    """Each pool before and after; a pool that is closed is gone."""
    table = Table(title="\nPools, before -> after", title_justify="left", box=None, pad_edge=False)
    table.add_column("pool", no_wrap=True)
    for heading in ("risk_ratio", "distance", "margin_level", "equity", "gross notional"):
        table.add_column(heading, justify="right", no_wrap=True)
    after = {_name(pool): pool for pool in answer["after"]}
    told = answer["model"] != "reported"
    for pool in answer["before"]:
        then = after.get(_name(pool))
        table.add_row(
            _name(pool),
            _both(_ratio(pool), "closed" if then is None else _ratio(then)),
            _both(_distance(pool, told=told), "closed" if then is None else _distance(then, told=told)),
            _both(percent(pool["margin_level"], 0), "closed" if then is None else percent(then["margin_level"], 0)),
            _both(amount(pool["equity"]), "closed" if then is None else amount(then["equity"])),
            _both(amount(pool["gross_notional"]), "closed" if then is None else amount(then["gross_notional"])),
        )
    return table


def _both(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _name(pool: Mapping[str, Any]) -> str:
    if pool["margin_mode"] == "cross":
        return str(pool["currency"])
    sides = {leg["side"] for leg in pool["positions"]}
    return f"{pool['currency']} isolated {pool['symbol']} {' '.join(sorted(sides))}"


def _ratio(pool: Mapping[str, Any]) -> str:
    return "no equity" if pool["risk_ratio"] is None else percent(pool["risk_ratio"])


def _distance(pool: Mapping[str, Any], *, told: bool) -> str:
    """The nearer one; `told`: whether it can be known, which the venue's own figures do not allow."""
    shocks = [pool[f"liquidation_shock_{way}"] for way in ("down", "up")]
    near = min((abs(shock) for shock in shocks if shock is not None), default=None)
    if near is not None:
        return percent(near)
    if pool["risk_ratio"] is None:
        return "none left"
    return "out of reach" if told else "not known"


def _assumptions(assumptions: Mapping[str, Any]) -> Text:
    """What no book file says is said here, with how to change it."""
    costs = f"{assumptions['spread_and_slippage_bps']:g} bps (--cost-bps)"
    band = f"limit prices within {assumptions['limit_band_bps']:g} bps of the mark"
    fee = f"taker fee {percent(assumptions['taker_fee'], 3)} of notional"
    lines = [f"\nAssumed: {fee}, spread and slippage {costs}, {band}"]
    guessed = [f"{row['symbol']}={row['contracts']:.10g}" for row in assumptions["steps"] if row["assumed"]]
    if guessed:
        lines.append(f"Assumed steps in contracts (--step): {', '.join(guessed)}")
    return Text("\n".join(lines), style="dim")
