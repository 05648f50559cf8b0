"""The answer of `guard limits` for a terminal. Every figure has its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import amount


def limits_table(answer: Mapping[str, Any]) -> Group:
    """Each symbol with its tiers, or with what its rule says of the size at hand."""
    parts: list[Text | Table] = [Text(f"{answer['account']} (rule {answer['model']})", style="bold")]
    for symbol in answer["symbols"]:
        if symbol["rows"]:
            parts.append(_tiers(symbol, whole=answer["applies_to"] == "whole position"))
        elif "mm_rate" in symbol:
            parts.append(_continuous(symbol))
        else:
            parts.append(Text(f"\n{symbol['symbol']}: the book has no table for it, and this rule needs none"))
    if not answer["symbols"]:
        parts.append(Text("no symbols"))
    return Group(*parts)


def _exact(fraction: float | None) -> str:
    """A fraction as percent with six digits: rates are small and are multiplied by large sizes."""
    return "-" if fraction is None else f"{fraction * 100:.6f}".rstrip("0").rstrip(".") + " %"


def _tiers(symbol: Mapping[str, Any], *, whole: bool) -> Table:
    scope = "the rate applies to the whole position" if whole else "each rate applies to its slice"
    title = f"\n{symbol['symbol']}: size in {symbol['unit']}; {scope}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("above", "up to", "initial", "maintenance", "maintenance / initial", "deduction", "leverage up to"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in symbol["rows"]:
        table.add_row(
            amount(row["floor"]),
            "no end" if row["cap"] is None else amount(row["cap"]),
            _exact(row["im_rate"]),
            _exact(row["mm_rate"]),
            "-" if row["mm_of_im"] is None else f"{row['mm_of_im'] * 100:.1f} %",
            "-" if row["mm_deduction"] is None else amount(row["mm_deduction"]),
            "-" if row["max_leverage"] is None else f"{row['max_leverage']:,.2f} x",
        )
    return table


def _continuous(symbol: Mapping[str, Any]) -> Table:
    base, _, quote = symbol["symbol"].partition(":")[0].partition("/")
    table = Table(title=f"\n{symbol['symbol']}", title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    added = symbol["added_up"]
    rows = [
        ("worst side of position and orders", f"{symbol['size']:,.8g} {base}", ""),
        ("maintenance rate", _exact(symbol["mm_rate"]), "grows with the size, without tiers"),
        ("initial rate", _exact(symbol["im_rate"]), f"leverage up to {symbol['max_leverage']:,.2f} x"),
        (
            "maintenance margin",
            f"{amount(symbol['maintenance_margin'])} {quote}",
            f"added up: {amount(added['maintenance_margin'])} {quote}",
        ),
        (
            "initial margin",
            f"{amount(symbol['initial_margin'])} {quote}",
            f"added up: {amount(added['initial_margin'])} {quote}",
        ),
    ]
    if symbol["max_open"] is not None:
        rows += [(f"can still open {side}", f"{size:,.2f} {base}", "") for side, size in symbol["max_open"].items()]
    for row in rows:
        table.add_row(*row)
    return table
