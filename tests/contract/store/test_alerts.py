"""Where alerts stand: stored with a cycle, answered by people at any moment, compared with the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from guard.ports.alerting import AlertState, AlertStatus, MaintenanceRecord, RuleSetting
from guard.ports.records import UserRecord
from guard.risk.zones import Zone
from guard.store.store import Store


def firing(at: datetime, **fields: Any) -> AlertState:
    """A danger that is told every few minutes."""
    state = AlertState(
        "id-alice/zone", "id-alice", "zone", AlertStatus.FIRING, Zone.DANGER, "why", at, at, at, Zone.DANGER, 1
    )
    return replace(state, **fields)


async def test_states_are_stored_with_their_cycle_and_come_back_whole(store: Store, make: Any) -> None:
    """Every field; a briefing has what is over too, the list of open ones has not."""
    await store.add_account(make.account())
    at = make.at(1)
    state = firing(at, clear_since=at, eased_at=at, flaps=3, unanswered_since=at, escalated=1, headline="x" * 900)
    over = firing(at, fingerprint="id-alice/blind", rule="blind", status=AlertStatus.RESOLVED, level=Zone.SAFE)
    await store.record_cycle(make.cycle(states=(state, over)))
    window = MaintenanceRecord("w", (await store.add_user("anna", at)).user_id, None, at, make.at(60), "upgrade")
    await store.add_maintenance(window)
    briefing = await store.alert_briefing("id-alice", make.at(2))
    assert (set(briefing.states), briefing.windows) == ({state, over}, (window,))
    assert await store.alert_states("id-alice") == [state]
    assert (await store.alert_briefing("id-alice", make.at(60))).windows == ()


@pytest.mark.parametrize(
    ("answered_s", "status", "level", "stays"),
    [
        (10, AlertStatus.FIRING, Zone.DANGER, True),
        (10, AlertStatus.FIRING, Zone.WARNING, True),
        (10, AlertStatus.FIRING, Zone.LIQUIDATION, False),
        (10, AlertStatus.RESOLVED, Zone.SAFE, False),
        (3, AlertStatus.FIRING, Zone.DANGER, False),
    ],
)
async def test_an_answer_during_a_cycle_is_not_overwritten(
    store: Store, make: Any, alice: UserRecord, answered_s: float, status: AlertStatus, level: Zone, stays: bool
) -> None:
    """The cycle read the alert before the person answered; only worse than answered, or over, counts more."""
    await store.save_alert_states([firing(make.at(0))])
    answered = replace(
        firing(make.at(0)), status=AlertStatus.ACKNOWLEDGED, seen_by=alice.user_id, changed_at=make.at(answered_s)
    )
    await store.change_alert_state("id-alice/zone", lambda _: answered)
    late = firing(make.at(0), status=status, level=level, told_at=make.at(5), told_level=level, times_told=2)
    await store.record_cycle(make.cycle(seconds=5, states=(late,)))
    state = await store.alert_state("id-alice/zone")
    assert state is not None
    assert (state.status is AlertStatus.ACKNOWLEDGED) is stays
    assert (state.level, state.times_told) == (level, 2)
    assert state.seen_by == (alice.user_id if stays else None)


async def test_what_never_was_cannot_be_changed(store: Store) -> None:
    """None instead of an error: it may be gone with its account."""
    assert await store.change_alert_state("id-nobody/zone", lambda state: state) is None


async def test_thresholds_of_everybody_are_one_question(store: Store, make: Any, alice: UserRecord) -> None:
    """By account; what is set anew replaces, what is forgotten is gone."""
    await store.add_account(make.account("bob"))
    settings = [
        RuleSetting("id-alice", "drawdown", 0.1, alice.user_id, make.at(0)),
        RuleSetting("id-bob", "stress", None, None, make.at(1)),
    ]
    for setting in (replace(settings[0], value=0.3), *settings):
        await store.set_rule(setting)
    assert await store.all_rule_settings() == settings
    await store.forget_rule("id-bob", "stress")
    assert await store.all_rule_settings() == settings[:1]


async def test_peaks_of_equity_are_by_the_hour_and_begin_anew_when_money_moved(store: Store, make: Any) -> None:
    """A few rows of a day; what was there before money went is not what was lost."""
    await store.add_account(make.account())
    for minutes, equity in ((0, 100.0), (10, 300.0), (20, 200.0), (70, 250.0)):
        reading = make.reading(seconds=60 * minutes, risk=make.risk(make.pool(make.leg(), equity=equity)))
        await store.record_cycle(replace(make.cycle(), reading=reading))
    start = make.start.replace(minute=0, second=0, microsecond=0)
    day_ago = make.at(0) - timedelta(days=1)
    peaks = [(start, 300.0, "USDT"), (start + timedelta(hours=1), 250.0, "USDT")]
    assert await store.equity_peaks("id-alice", day_ago, "money") == peaks
    moved = make.alert(seconds=15 * 60, rule="money")
    await store.record_announcement((moved,), ())
    peaks[0] = (start, 200.0, "USDT")
    assert await store.equity_peaks("id-alice", day_ago, "money") == peaks
    assert await store.equity_peaks("id-alice", make.at(30 * 60), "other") == peaks[1:]
