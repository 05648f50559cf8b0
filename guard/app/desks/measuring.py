"""What the commands that compute ask for: fresh reads, stress, what-if; answered."""

from __future__ import annotations

from guard.app.desks.backstage import Answers


class MeasuringAnswers(Answers):
    """Answers `guard.bot.desks.measuring.MeasuringDesk`."""
