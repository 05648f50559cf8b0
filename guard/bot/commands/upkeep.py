"""Commands: what upkeep asks for: health, the log, a drill."""

from __future__ import annotations

from guard.bot.asking import Command, TapAction

COMMANDS: tuple[Command, ...] = ()
TAPS: tuple[TapAction, ...] = ()
