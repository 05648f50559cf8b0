"""`guard stop-orders`: the kill switch of a running guard, from the command line."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from guard.cli.output import print_line
from guard.cli.session import ConfigFile


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("stop-orders")(stop_orders)


def stop_orders(
    resume: Annotated[bool, typer.Option("--resume", help="Let armed accounts act again.")] = False,
    config: ConfigFile = None,
) -> None:
    """Stop every protective order at once; the guard goes on watching and warning."""
    from guard.app.killswitch import kill_switch_file, resume_orders
    from guard.app.killswitch import stop_orders as make
    from guard.app.settings_file import load_settings

    # Deliberately without the database: it must work while that does not.
    file = kill_switch_file(load_settings(config))
    if resume:
        print_line("orders may go again" if resume_orders(file) else "orders were not stopped")
        return
    make(file, f"guard stop-orders by {_who()} at {datetime.now(tz=UTC):%Y-%m-%d %H:%M:%S} UTC")
    print_line(f"orders are stopped while {file} exists; go on with: guard stop-orders --resume")


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "somebody"
