"""What `guard doctor` says of whom danger goes to when nobody acknowledges it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from guard.app.doctor import look_at_escalation
from guard.app.opening import Opened
from guard.app.settings import Alerts, Apprise, Settings
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, GrantRecord, Role, UserRecord
from guard.ports.venue import AccountSpec
from guard.sim.virtual_time import START


class People:
    """Anna owns `alpha`; Ben has a chat, and perhaps a role."""

    def __init__(self, role: Role | None) -> None:
        self.role = role

    async def accounts(self) -> list[AccountRecord]:
        """One."""
        return [AccountRecord("a", AccountSpec("alpha", "file"), "anna", "observe", START)]

    async def grants(self, **asked: Any) -> list[GrantRecord]:
        """Ben's."""
        assert asked == {"account_id": "a"}
        return [] if self.role is None else [GrantRecord("a", "ben", self.role)]

    async def user_named(self, name: str) -> UserRecord | None:
        """Ben."""
        return UserRecord("ben", "ben", START) if name == "ben" else None

    async def recipients_of(self, user_id: str) -> list[Recipient]:
        """Ben's chat."""
        assert user_id == "ben"
        return [Recipient("telegram:2", user_id="ben")]


MISSING = "nobody else to tell of alpha: add a second channel ([apprise] urls_file) or an operator (guard user role)"
THERE = "danger that nobody acknowledges is told further"


@pytest.mark.parametrize(
    ("settings", "role", "says"),
    [
        (Settings(), None, MISSING),
        (Settings(), "viewer", MISSING),
        (Settings(), "operator", THERE),
        (Settings(apprise=Apprise(urls_file=Path("urls"))), None, THERE),
        (Settings(alerts=Alerts(second_person="ben")), None, THERE),
        (Settings(alerts=Alerts(second_person="nobody")), "operator", MISSING),
        (
            Settings(alerts=Alerts(escalate_after_s=None, second_person_after_s=None)),
            None,
            "off ([alerts] escalate_after_s, second_person_after_s)",
        ),
    ],
)
async def test_who_is_told_next(settings: Settings, role: Role | None, says: str) -> None:
    """A warning, no fault: one person may watch an account alone."""
    everything = SimpleNamespace(settings=settings, store=People(role))
    found = await look_at_escalation(cast("Opened", everything))
    assert (found.ok, found.warning, found.detail) == (True, says is MISSING, says)
