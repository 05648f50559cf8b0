"""What the commands over alerts ask for: states, acknowledging, snoozing, thresholds; answered."""

from __future__ import annotations

from guard.app.desks.backstage import Answers


class AlertingAnswers(Answers):
    """Answers `guard.bot.desks.alerting.AlertingDesk`."""
