"""What was known and sent: `guard history`, `guard alerts`."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.alert_states import open_alerts, open_line
from guard.cli.output import console, print_json, print_line, print_note
from guard.cli.session import AsJson, ConfigFile, with_store

if TYPE_CHECKING:
    from guard.app.opening import Opened
    from guard.charts.picture import HistoryPicture
    from guard.ports.records import Snapshot

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
MOST_ROWS = 10_000
SHOWN_ROWS = 50

Since = Annotated[str, typer.Option("--since", metavar="AGE", help="How far back: 90m, 24h, 7d.")]
OneAccount = Annotated[str | None, typer.Option("--account", metavar="NAME", help="Only this account.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("history")(history)
    app.command("alerts")(alerts)


def span(text: str) -> timedelta:
    """The duration in a text such as `24h`.

    Raises:
        InputError: it is not a number with m, h or d.
    """
    from guard.ports.errors import InputError

    match = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    if match is None or int(match[1]) == 0:
        raise InputError(f"--since was {text}, must be a number with m, h or d, such as 24h")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def history(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    since: Since = "24h",
    png: Annotated[
        Path | None,
        typer.Option("--png", "--chart", metavar="FILE", help="Draw a chart into FILE; words as in [alerts]."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Levels of an account over time."""
    age = span(since)

    async def work(opened: Opened) -> tuple[list[Snapshot], HistoryPicture | None]:
        from guard.app.past import Past
        from guard.language.speech import speech_of

        record = await opened.account(account)
        begin = opened.clock.now() - age
        # One more than is shown: whether there are older ones is told, never left out in silence.
        snapshots = await opened.store.snapshots(record.account_id, begin, MOST_ROWS + 1)
        past = Past(opened.store, opened.clock, opened.settings)
        if png is None:
            return snapshots, None
        alerts = opened.settings.alerts
        return snapshots, await past.history_picture(record, begin, speech_of(alerts.language, alerts.timezone))

    found, picture = with_store(config, work)
    snapshots = found[-MOST_ROWS:]
    truncated = len(snapshots) < len(found)
    if truncated and (as_json or png is None):
        print_note(f"only the newest {MOST_ROWS:,} readings of the last {since} are shown; ask for less with --since")
    if png is not None and picture is not None:
        from guard.charts.draw import draw
        from guard.charts.file import write_png

        write_png(draw(picture), png)
        if not as_json:
            print_line(f"wrote {png}")
            return
    if as_json:
        rows = [_snapshot_row(snapshot) for snapshot in snapshots]
        print_json({"account": account, "truncated": truncated, "snapshots": rows})
        return
    _print_snapshots(account, since, snapshots)


def _snapshot_row(snapshot: Snapshot) -> dict[str, object]:
    return {
        "at": snapshot.at.isoformat(),
        "zone": snapshot.zone.value,
        "reason": snapshot.reason,
        "quality": snapshot.quality,
        "currency": snapshot.currency,
        "equity": snapshot.equity,
        "risk_ratio": snapshot.risk_ratio,
        "margin_level": snapshot.margin_level,
        "distance": snapshot.distance,
        "effective_leverage": snapshot.effective_leverage,
        "error": snapshot.error,
    }


def _print_snapshots(account: str, since: str, snapshots: list[Snapshot]) -> None:
    from rich.table import Table

    from guard.cli.risk_table import money, percent, zone_text

    if not snapshots:
        print_line(f"nothing was recorded of {account} in the last {since}")
        return
    shown = snapshots[-SHOWN_ROWS:]
    if len(shown) < len(snapshots):
        print_line(f"the last {len(shown)} of {len(snapshots)} readings (all of them: --json)")
    table = Table(box=None)
    for heading in ("time (UTC)", "zone"):
        table.add_column(heading)
    for heading in ("equity", "risk_ratio", "margin_level", "distance"):
        table.add_column(heading, justify="right")
    table.add_column("reason")
    for row in shown:
        table.add_row(
            f"{row.at:%m-%d %H:%M:%S}",
            zone_text(row.zone),
            money(row.equity, row.currency or ""),
            percent(row.risk_ratio),
            percent(row.margin_level),
            percent(row.distance),
            row.error or row.reason,
        )
    console().print(table)


def alerts(
    account: OneAccount = None, since: Since = "24h", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """What is wrong now and who has seen it, what was told, and what is still undelivered."""
    age = span(since)

    async def work(opened: Opened) -> tuple[list[dict[str, object]], list[dict[str, object]], int]:
        account_id = (await opened.account(account)).account_id if account else None
        names = {record.account_id: record.name for record in await opened.store.accounts()}
        records = await opened.store.alerts(opened.clock.now() - age, account_id)
        rows: list[dict[str, object]] = [
            {
                "at": alert.at.isoformat(timespec="seconds"),
                "account": names.get(alert.account_id, alert.account_id),
                "rule": alert.rule,
                "zone": alert.zone.value,
                "reason": alert.reason.value,
                "text": alert.text,
            }
            for alert in records
        ]
        return await open_alerts(opened, account_id), rows, await opened.store.outbox_pending()

    standing, rows, pending = with_store(config, work)
    if as_json:
        print_json({"open": standing, "alerts": rows, "outbox_pending": pending})
        return
    for row in standing:
        print_line(open_line(row))
    if not rows:
        print_line(f"no alerts in the last {since}")
    for row in rows:
        print_line(f"{row['at']}  {row['account']}  {row['zone']} ({row['reason']}, {row['rule']})")
    if pending:
        print_line(f"{pending} messages are not delivered yet")
