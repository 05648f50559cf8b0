"""A channel of delivery with a will of its own: scripted answers, and a memory of what was asked and what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from guard.ports.sending import Buttons

Answer = BaseException | float | str | None
"""What a channel does with one message: raise, wait so many seconds first, give this receipt, or just deliver."""


class ScriptedSink:
    """A `guard.ports.sending.Sink` that answers each destination from its script; after the script it delivers.

    Args:
        scheme: which destinations it serves.
        script: answers by destination, used up in order.
    """

    def __init__(self, scheme: str = "telegram", script: Mapping[str, Sequence[Answer]] | None = None) -> None:
        self.scheme = scheme
        self.script = {destination: list(answers) for destination, answers in (script or {}).items()}
        self.asked: list[tuple[float, str, str]] = []
        self.arrived: list[tuple[str, str]] = []
        self.silent: list[str] = []
        self.buttons: dict[str, Buttons] = {}
        self.busy = 0
        self.busy_max = 0

    async def deliver(self, destination: str, html: str, *, silent: bool = False, buttons: Buttons = ()) -> str:
        """Answer as scripted."""
        self.asked.append((asyncio.get_running_loop().time(), destination, html))
        answers = self.script.get(destination, [])
        answer = answers.pop(0) if answers else None
        self.busy += 1
        self.busy_max = max(self.busy_max, self.busy)
        try:
            if isinstance(answer, float):
                await asyncio.sleep(answer)
        finally:
            self.busy -= 1
        if isinstance(answer, BaseException):
            raise answer
        self.arrived.append((destination, html))
        if silent:
            self.silent.append(html)
        if buttons:
            self.buttons[html] = buttons
        return answer if isinstance(answer, str) else f"receipt-{len(self.arrived)}"

    def times(self, destination: str) -> list[float]:
        """When a destination was tried, in seconds of the loop's clock."""
        return [round(at, 3) for at, to, _ in self.asked if to == destination]

    def texts(self, destination: str) -> list[str]:
        """What arrived at a destination, in order."""
        return [html for to, html in self.arrived if to == destination]
