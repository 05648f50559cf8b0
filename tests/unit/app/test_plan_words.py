"""A plan in lines for a person: what they should know beside it is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guard.app.plan_words import three_lines
from guard.language.speech import ENGLISH
from guard.protect.plan_values import Plan
from guard.risk.report import AccountRisk

RISK = AccountRisk("alice", "somewhere", "tiered", datetime(2026, 11, 21, tzinfo=UTC), 0.5, None, ())
NOTE = "cheaper: moving 3,000.00 USDT into this account yourself, with nothing traded"


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("feasible", [False, True])
def test_notes_are_told_with_every_plan(by_hand: bool, feasible: bool) -> None:
    """Also with a person's own levels, where nobody asks what would be cheaper to trade."""
    plan = Plan(feasible, "because", (), 0.0, RISK, RISK, 0.0, by_hand=by_hand, notes=(NOTE,))
    assert three_lines(plan, ENGLISH)[-1].endswith(NOTE)
    assert NOTE not in " ".join(three_lines(replace(plan, notes=()), ENGLISH))
