"""Several requests at once, with none left running unattended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*requests: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results in order; when some fail, the first failure, raised after all have ended."""
    results = await asyncio.gather(*requests, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
