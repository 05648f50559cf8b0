"""`guard account check` as tables: what was read, the venue's figures and ours, the difference, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from guard.cli.risk_table import money, percent, risk_table

if TYPE_CHECKING:
    from guard.app.accounts import CheckVerdict
    from guard.risk.book import VenueFigures
    from guard.risk.report import PoolRisk

TOLERANCE_NOTE = "the venue's own figure beside ours"


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
    risk, fetched = verdict.reading.risk, verdict.check.fetched
    if risk is None:
        return None
    table = Table(title="Ours and the venue's", title_justify="left", box=None)
    for heading in ("pool", "figure"):
        table.add_column(heading)
    for heading in ("ours", "the venue's", "difference"):
        table.add_column(heading, justify="right")
    for pool in risk.pools:
        reported = fetched.book.venue_reported.pools.get(pool.currency)
        if pool.symbol is None and reported is not None:
            _compare(table, pool, reported)
    return table if table.row_count else None


def _compare(table: Table, pool: PoolRisk, reported: VenueFigures) -> None:
    rows = (
        ("equity", pool.equity, reported.equity),
        ("maintenance margin", pool.maintenance_margin, reported.maintenance_margin),
        ("initial margin", pool.initial_margin, reported.initial_margin),
        ("available margin", pool.available_margin, reported.available_margin),
    )
    for name, ours, theirs in rows:
        if theirs is None:
            continue
        difference = percent(abs(ours - theirs) / abs(theirs), 3) if theirs else money(ours - theirs, pool.currency)
        table.add_row(pool.currency, name, money(ours, pool.currency), money(theirs, pool.currency), difference)


def _key_line(verdict: CheckVerdict) -> Text:
    check = verdict.check
    answers = {True: "yes", False: "no", None: "not told by the venue"}
    rights = check.rights
    return Text(
        f"\nkey: may trade: {answers[rights.trade]}, may withdraw: {answers[rights.withdraw]}, "
        f"bound to addresses: {answers[rights.ip_restricted]}\n"
        f"account mode: {check.account_mode}, position mode: {check.position_mode.replace('_', '-')}, "
        f"clock difference: {check.clock_skew_ms:+.0f} ms"
    )


def _verdict_line(verdict: CheckVerdict) -> Text:
    lines = [Text(f"warning: {warning}", style="yellow") for warning in verdict.warnings]
    lines += [Text(f"problem: {problem}", style="red") for problem in verdict.problems]
    if not verdict.problems:
        lines.append(Text("verdict: fit to be watched", style="green"))
    return Text("\n").join(lines)
