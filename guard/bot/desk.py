"""What the bot asks the rest of the guard: one protocol, put together from those of the families of commands."""

from __future__ import annotations

from typing import Protocol

from guard.bot.desks.acting import ActingDesk
from guard.bot.desks.alerting import AlertingDesk
from guard.bot.desks.measuring import MeasuringDesk
from guard.bot.desks.people import PeopleDesk
from guard.bot.desks.upkeep import UpkeepDesk
from guard.bot.desks.viewing import PictureKind, PictureWish, ViewingDesk

__all__ = ["Desk", "PictureKind", "PictureWish"]


class Desk(ViewingDesk, MeasuringDesk, AlertingDesk, ActingDesk, PeopleDesk, UpkeepDesk, Protocol):
    """The bot's counterpart. Every method but `now` may raise a `GuardError` when the answer cannot be had now."""
