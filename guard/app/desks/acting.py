"""What the commands that act ask for: modes, plans, consent, freezing; answered."""

from __future__ import annotations

from guard.app.desks.backstage import Answers


class ActingAnswers(Answers):
    """Answers `guard.bot.desks.acting.ActingDesk`."""
