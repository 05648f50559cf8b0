"""Ending a server of the sandbox so that no connection outlives it."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

ACCEPTING_TURNS: Final = 3


async def close(runner: web.AppRunner) -> None:
    """Stop listening, then close every connection, those included that were being accepted at that moment.

    The server knows of a connection only some turns of the loop after it was accepted, and would leave such a one open.
    """
    for site in list(runner.sites):
        await site.stop()
    for _ in range(ACCEPTING_TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
