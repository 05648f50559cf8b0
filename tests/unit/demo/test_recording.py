"""Questions that are asked of a recorded run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guard.demo.recording import Recording, Seen
from guard.risk.zones import Zone

SAFE, WATCH, UNKNOWN = Zone.SAFE, Zone.WATCH, Zone.UNKNOWN


def test_zones_are_listed_in_the_order_of_first_entry(saved: Recording) -> None:
    """Each once, also when it was entered again."""
    assert saved.zones_seen() == [Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER]


def test_spans_follow_each_other_without_gaps_to_the_last_moment(saved: Recording) -> None:
    """A zone lasts until the reading that left it."""
    spans = saved.zone_spans()
    assert [zone for _, _, zone in spans] == [Zone.SAFE, Zone.WATCH, Zone.WARNING, Zone.DANGER, Zone.SAFE]
    assert [start for start, _, _ in spans[1:]] == [end for _, end, _ in spans[:-1]]
    assert spans[0][0] == saved.seen[0].scene_s
    assert spans[-1][1] == saved.moments[-1].scene_s


def test_a_last_reading_after_the_last_moment_makes_no_negative_span(saved: Recording) -> None:
    """The guard's clock and the camera's do not tick together."""
    saved.seen.append(Seen(saved.moments[-1].scene_s + 5, Zone.WATCH))
    assert all(end >= start for start, end, _ in saved.zone_spans())


def test_nothing_seen_is_no_span(saved: Recording) -> None:
    """A guard that never read has no zones."""
    saved.seen = []
    assert saved.zone_spans() == []
    assert saved.blind_s() == 0


def test_blindness_is_counted_in_scenario_seconds(flapped: Callable[..., Recording]) -> None:
    """Only the time in `unknown`, also in several stretches."""
    recording = flapped([SAFE, UNKNOWN, UNKNOWN, SAFE, UNKNOWN, SAFE])
    assert recording.blind_s() == 30


@pytest.mark.parametrize(
    ("zones", "rings"),
    [([SAFE], 0), ([SAFE, SAFE], 0), ([SAFE, WATCH], 1), ([SAFE, WATCH, SAFE, WATCH, WATCH, SAFE], 4)],
)
def test_a_plain_alarm_rings_at_each_change(flapped: Callable[..., Recording], zones: list[Zone], rings: int) -> None:
    """What hysteresis saves the person from."""
    assert flapped(zones).plain_alarms() == rings


def test_a_plain_alarm_is_silent_after_the_end(saved: Recording) -> None:
    """An account that is gone rings no more."""
    assert saved.plain_alarms() == 0
