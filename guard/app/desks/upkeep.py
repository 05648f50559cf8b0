"""What upkeep asks for: health, the log, a drill; answered."""

from __future__ import annotations

from guard.app.desks.backstage import Answers


class UpkeepAnswers(Answers):
    """Answers `guard.bot.desks.upkeep.UpkeepDesk`."""
