"""What a plan needs of the market: trading rules and order books of the symbols that are held, read at once.

A symbol whose answer fails or is late is left out and named: the plan then does without its order book, or without its
leg. One dead symbol must not keep the others from being sold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from guard.ports.errors import VenueError
from guard.ports.venue import Depth, Instrument, VenueAccount
from guard.protect.lookup import ask

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Quotes:
    """Trading rules and order books by symbol; `problems` names what could not be read, one line each."""

    instruments: Mapping[str, Instrument]
    depth: Mapping[str, Depth]
    problems: tuple[str, ...] = ()


async def read_quotes(account: VenueAccount, symbols: Iterable[str], timeout_s: float) -> Quotes:
    """Read rules and order books of `symbols`, each answer within `timeout_s` seconds."""
    names = sorted(set(symbols))
    instruments = [_read(account.instrument(name), f"trading rules of {name}", timeout_s) for name in names]
    books = [_read(account.depth(name), f"the order book of {name}", timeout_s) for name in names]
    rules, depths = await asyncio.gather(asyncio.gather(*instruments), asyncio.gather(*books))
    return Quotes(
        instruments={name: rule for name, rule in zip(names, rules, strict=True) if isinstance(rule, Instrument)},
        depth={name: depth for name, depth in zip(names, depths, strict=True) if isinstance(depth, Depth)},
        problems=tuple(answer for answer in (*rules, *depths) if isinstance(answer, str)),
    )


async def _read(call: Awaitable[_Answer], what: str, timeout_s: float) -> _Answer | str:
    """The answer, or why there is none."""
    try:
        return await ask(call, what, timeout_s)
    except VenueError as error:
        return f"{what}: {error}"
