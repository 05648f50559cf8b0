"""Ending a server of the sandbox so that no connection outlives it."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

ACCEPTING_TURNS: Final = 3


async def close(runner: web.AppRunner) -> None:
    """Close every connection and stop listening, after everybody who is connecting has been let in.

    It takes some turns of the loop; a server that is closed in between drops such a connection without closing it.
    """
    for _ in range(ACCEPTING_TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
