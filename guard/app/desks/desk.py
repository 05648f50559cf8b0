"""What the chat bot asks for, answered: the families of answers put together."""

from __future__ import annotations

from guard.app.desks.acting import ActingAnswers
from guard.app.desks.alerting import AlertingAnswers
from guard.app.desks.measuring import MeasuringAnswers
from guard.app.desks.people import PeopleAnswers
from guard.app.desks.upkeep import UpkeepAnswers
from guard.app.desks.viewing import ViewingAnswers


class StoreDesk(ViewingAnswers, MeasuringAnswers, AlertingAnswers, ActingAnswers, PeopleAnswers, UpkeepAnswers):
    """`guard.bot.desk.Desk` over the store and the running service."""
