"""Commands: what the commands that compute ask for: fresh reads, stress, what-if."""

from __future__ import annotations

from guard.bot.asking import Command, TapAction

COMMANDS: tuple[Command, ...] = ()
TAPS: tuple[TapAction, ...] = ()
