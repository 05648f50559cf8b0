"""The answer of `guard stress` for a terminal. Every figure has its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import ZONE_STYLE, money, percent


def stress_table(answer: Mapping[str, Any]) -> Group:
    """The verdict, every scenario, and what each position adds."""
    head = Text.assemble((answer["account"], "bold"), f" on {answer['venue']} (rule {answer['model']}), stressed: ")
    head.append_text(_zone(answer["zone"]))
    now = answer["now"]
    head.append(f"\nnow {_ratio(now['risk_ratio'])} of 100 %, {now['zone']} ({now['zone_reason']})")
    if not answer["scenarios"]:
        head.append("\nno positions: nothing to stress")
        return Group(head)
    worst = next(row for row in answer["scenarios"] if row["name"] == answer["worst"])
    head.append(f"\nworst: {worst['name']}: {_after(worst)}")
    return Group(head, _scenarios(answer), _contributions(answer), *_left_out(answer))


def _after(row: Mapping[str, Any]) -> str:
    equity = money(row["equity"], row["currency"])
    if row["risk_ratio"] is None:
        return f"no equity left ({equity})"
    liquidated = ", liquidated" if row["liquidated"] else ""
    return f"risk_ratio {_ratio(row['risk_ratio'])}{liquidated}, equity {equity}"


def _zone(name: str) -> Text:
    return Text(name, style=ZONE_STYLE[name])


def _ratio(value: float | None) -> str:
    return "no equity" if value is None else percent(value, 2)


def _scenarios(answer: Mapping[str, Any]) -> Table:
    table = Table(title="\nAfter each scenario", title_justify="left", box=None, pad_edge=False)
    table.add_column("scenario", max_width=62)
    for heading in ("risk_ratio", "equity", "distance left", "leverage"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("zone", no_wrap=True)
    for row in answer["scenarios"]:
        leverage = row["effective_leverage"]
        table.add_row(
            Text(row["name"], style="bold" if row["name"] == answer["worst"] else ""),
            _ratio(row["risk_ratio"]),
            money(row["equity"], row["currency"]),
            "out of reach" if row["distance"] is None else percent(row["distance"]),
            "none" if leverage is None else f"{leverage:,.2f} x",
            _zone(row["zone"]),
        )
    return table


def _contributions(answer: Mapping[str, Any]) -> Table:
    title = "\nWhat each position adds to risk_ratio, in percentage points (pp)"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("symbol", no_wrap=True)
    table.add_column("side")
    for heading in ("now", "in the worst scenario", "PnL in the worst scenario"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in answer["contributions"]:
        table.add_row(
            row["symbol"],
            row["side"],
            _points(row["risk_ratio"]),
            _points(row["worst_risk_ratio"]),
            money(row["pnl_in_worst"], row["currency"]),
        )
    return table


def _points(value: float | None) -> str:
    return "no equity" if value is None else f"{value * 100 + 0.0:+,.2f} pp"


def _left_out(answer: Mapping[str, Any]) -> list[Text]:
    """Orders that could not be filled are said, never left out in silence."""
    names = dict.fromkeys(name for row in answer["scenarios"] for name in row["left_out"])
    return [Text(f"\nnot filled, the book has no tiers for them: {', '.join(names)}")] if names else []
