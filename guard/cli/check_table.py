"""`guard account check` as tables: what was read, the venue's figures and ours, the difference, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import money, percent, risk_table
from guard.risk.conformity import Comparison, compared

if TYPE_CHECKING:
    from guard.app.accounts import CheckVerdict


def check_table(verdict: CheckVerdict) -> Group:
    """The whole answer."""
    parts: list[object] = []
    if verdict.reading.risk is not None:
        parts.append(risk_table(verdict.reading.risk, verdict.reading.zone, verdict.reading.reason))
    parts += [_read_table(verdict), _venue_table(verdict), _key_line(verdict), _verdict_line(verdict)]
    return Group(*(part for part in parts if part is not None))  # type: ignore[arg-type]  # rich takes any renderable


def _read_table(verdict: CheckVerdict) -> Table:
    table = Table(title="What was read", title_justify="left", box=None)
    table.add_column("part")
    table.add_column("age", justify="right")
    for part, at in verdict.check.fetched.parts.items():
        table.add_row(part.replace("_", " "), f"{(verdict.reading.at - at).total_seconds():.1f} s")
    for missing in verdict.check.fetched.missing:
        table.add_row(Text(missing, style="red"), Text("missing", style="red"))
    return table


def _venue_table(verdict: CheckVerdict) -> Table | None:
    risk, book, policy = verdict.reading.risk, verdict.check.fetched.book, verdict.policy
    if risk is None:
        return None
    table = Table(title="Ours and the venue's", title_justify="left", box=None)
    for heading in ("pool", "figure"):
        table.add_column(heading)
    for heading in ("ours", "the venue's", "difference"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for each in compared(risk, book, policy.tolerance):
        word = Text("agrees", style="green") if each.agrees else Text("DISPUTED", style="red")
        table.add_row(each.currency, each.figure, *_figures(each), word)
    return table if table.row_count else None


def _figures(each: Comparison) -> tuple[str, str, str]:
    """Ours, the venue's, and the difference relative to the venue's."""
    if each.figure == "risk_ratio":
        ratio = "none, no equity" if each.ours is None else percent(each.ours, 2)
        return ratio, percent(each.theirs, 2), ""
    ours = each.ours or 0.0
    apart = ours - each.theirs
    difference = percent(abs(apart) / abs(each.theirs), 3) if each.theirs else money(apart, each.currency)
    return money(ours, each.currency), money(each.theirs, each.currency), difference


def _key_line(verdict: CheckVerdict) -> Text:
    check = verdict.check
    answers = {True: "yes", False: "no", None: "not told by the venue"}
    rights = check.rights
    settled = f", settled in {' '.join(check.settles)}" if check.settles else ""
    return Text(
        f"\nkey: may trade: {answers[rights.trade]}, may withdraw: {answers[rights.withdraw]}, "
        f"may transfer: {answers[rights.transfer]}, bound to addresses: {answers[rights.ip_restricted]}\n"
        f"account mode: {check.account_mode}{settled}, position mode: {check.position_mode.replace('_', '-')}, "
        f"clock difference: {check.clock_skew_ms:+.0f} ms"
    )


def _verdict_line(verdict: CheckVerdict) -> Text:
    lines = [Text(f"warning: {warning}", style="yellow") for warning in verdict.warnings]
    lines += [Text(f"problem: {problem}", style="red") for problem in verdict.problems]
    if not verdict.problems:
        lines.append(Text("verdict: fit to be watched", style="green"))
    return Text("\n").join(lines)
