"""Running a command's coroutine with the opened store, for commands that read or change the service's state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from guard.app.opening import Opened

T = TypeVar("T")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration (default: $GUARD_CONFIG, else config/guard.toml)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def with_store(config: Path | None, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Load the settings, open the store, do the work, close everything."""
    from guard.app.logs import configure_logs
    from guard.app.opening import opened
    from guard.app.settings import Log
    from guard.app.settings_file import load_settings

    settings = load_settings(config)
    # A command's result is what it prints; only trouble is logged beside it.
    configure_logs(Log(level="error", format="text"))

    async def session() -> T:
        async with opened(settings) as everything:
            return await work(everything)

    return asyncio.run(session())
