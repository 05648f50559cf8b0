"""Who a person is: role, language, groups; answered."""

from __future__ import annotations

from guard.app.desks.backstage import Answers


class PeopleAnswers(Answers):
    """Answers `guard.bot.desks.people.PeopleDesk`."""
