"""`guard demo`: the story in a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.cli.output import console, print_json


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("demo")(demo)


def demo(
    scenario: Annotated[str, typer.Option("--scenario", metavar="NAME")] = "flash-crash",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where summary.json and the charts go.")] = Path(
        "var/demo"
    ),
    seconds: Annotated[float, typer.Option("--seconds", metavar="N", help="How long the story takes.")] = 38.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """A venue on loopback, two equal accounts, a crash: one is guarded, the other is not."""
    import asyncio

    from guard.demo.story import tell

    summary = asyncio.run(tell(scenario, out, seconds, console=None if as_json else console()))
    if as_json:
        print_json(summary)
