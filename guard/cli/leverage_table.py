"""The answer of `guard leverage` for a terminal. Every figure has its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import money, percent

BASIS = {
    "given": "the move is the one given",
    "prices": (
        "the move is {deviations:g} daily deviations of the book, from {returns:,} returns of {hours_per_bar:g} h each"
    ),
    "stress": "the move is the shock of stress: the worse of all assets together and each alone (12 % for BTC and ETH)",
}
EXPERIENCED = {"scalping": " (experienced only)"}


def leverage_table(answer: Mapping[str, Any]) -> Group:
    """One line with the answer, the pools of a book, and the usual ranges."""
    pools = answer["pools"]
    parts: list[Text | Table] = [_headline(answer)]
    if pools:
        parts += [Text(BASIS[answer["basis"]].format(**answer)), _pools(pools)]
    parts.append(_styles(answer))
    return Group(*parts)


def times(value: float | None) -> str:
    """A leverage; `no limit` where nothing limits it."""
    return "no limit" if value is None else f"{value:,.2f} x"


def _headline(answer: Mapping[str, Any]) -> Text:
    if answer["optimal"] is None:
        return Text("no limit: the legs offset each other, the assumed move costs nothing", style="bold")
    drawdown, move = percent(answer["drawdown"], 2), percent(answer["move"], 2)
    return Text.assemble(
        (times(answer["optimal"]), "bold"), f" loses at most {drawdown} of the account in a move of {move}"
    )


def _pools(rows: list[Mapping[str, Any]]) -> Table:
    table = Table(title="\nThe book now", title_justify="left", box=None, pad_edge=False)
    table.add_column("pool", no_wrap=True)
    for heading in (
        "equity",
        "gross notional",
        "effective now",
        "daily volatility",
        "assumed move",
        "fits",
        "reduce by",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        name = row["currency"] if row["symbol"] is None else f"{row['currency']}, isolated {row['symbol']}"
        effective = "no equity left" if row["effective"] is None else times(row["effective"])
        table.add_row(
            name,
            money(row["equity"], row["currency"]),
            money(row["gross_notional"], row["currency"]),
            effective,
            "-" if row["daily_volatility"] is None else percent(row["daily_volatility"], 2),
            percent(row["move"], 2),
            times(row["optimal"]),
            "-" if row["reduce_by"] is None else percent(row["reduce_by"]),
        )
    return table


def _styles(answer: Mapping[str, Any]) -> Table:
    table = Table(title="\nUsual ranges by style", title_justify="left", box=None, pad_edge=False)
    table.add_column("style", no_wrap=True)
    table.add_column("range", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in answer["styles"]:
        low, high = f"{row['low']:g}", f"{row['high']:g}"
        span = f"{low} x" if low == high else f"{low} to {high} x"
        table.add_row(row["style"] + EXPERIENCED.get(row["style"], ""), span, "fits" if row["fits"] else "")
    return table
