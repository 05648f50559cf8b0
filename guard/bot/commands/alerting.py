"""Commands: what the commands over alerts ask for: states, acknowledging, snoozing, thresholds."""

from __future__ import annotations

from guard.bot.asking import Command, TapAction

COMMANDS: tuple[Command, ...] = ()
TAPS: tuple[TapAction, ...] = ()
