"""Commands: what the commands that act ask for: modes, plans, consent, freezing."""

from __future__ import annotations

from guard.bot.asking import Command, TapAction

COMMANDS: tuple[Command, ...] = ()
TAPS: tuple[TapAction, ...] = ()
