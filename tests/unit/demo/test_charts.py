"""Charts: files that are pictures, not blank, of sane size; and the words and places in them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from guard.demo.chart import history_chart, title_of, zone_spans
from guard.demo.chartstyle import names_below
from guard.demo.recording import Recording
from guard.demo.storychart import story_chart
from guard.demo.storychart import title_of as story_title
from guard.ports.errors import InputError
from guard.ports.records import Snapshot
from guard.risk.zones import Zone

BYTES_MAX = 400_000
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def snapshot(minute: int, zone: Zone = Zone.SAFE, equity: float | None = 1000.0) -> Snapshot:
    """What was known at a minute; nothing when equity is None."""
    known = equity is not None
    return Snapshot(
        account_id="a",
        account="alice",
        at=START + timedelta(minutes=minute),
        zone=zone,
        reason="",
        quality="fresh" if known else "missing",
        data_at=START if known else None,
        currency="USDT" if known else None,
        equity=equity,
        unrealized_pnl=0.0 if known else None,
        initial_margin=10.0 if known else None,
        maintenance_margin=5.0 if known else None,
        available_margin=900.0 if known else None,
        risk_ratio=0.005 * minute if known else None,
        margin_level=5.0 if known else None,
        distance=None if minute == 3 else 0.9 / (minute + 1),
        effective_leverage=1.0,
        error=None if known else "down",
    )


def is_a_picture(path: Path, *, least_ink: float = 0.02) -> None:
    """A PNG of sane size and shape in which something is drawn, on a light and solid ground."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(content) < BYTES_MAX
    width, height = struct.unpack(">II", content[16:24])
    assert 800 <= width <= 1600
    assert 200 <= height <= 2400
    pixels = np.asarray(imread(path))[:, :, :3]
    ground = pixels[0, 0]
    assert ground.min() > 0.9
    assert np.asarray(imread(path)).shape[2] == 3 or np.asarray(imread(path))[:, :, 3].min() == 1
    inked = (np.abs(pixels - ground).max(axis=2) > 0.05).mean()
    assert least_ink < inked < 0.9


def test_the_story_is_drawn(saved: Recording, tmp_path: Path) -> None:
    """A rescue, with alerts, actions and an end."""
    story_chart(saved, tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_a_story_without_alarms_is_drawn(flapped: Callable[..., Recording], tmp_path: Path) -> None:
    """Nothing sold, nobody dead, blind for a while."""
    story_chart(flapped([Zone.SAFE, Zone.WATCH, Zone.UNKNOWN, Zone.SAFE, Zone.SAFE]), tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_a_story_of_a_guard_that_never_read_is_drawn(saved: Recording, tmp_path: Path) -> None:
    """Without zones: a slow machine must not end in a traceback."""
    saved.seen, saved.told, saved.done = [], [], []
    story_chart(saved, tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_a_chart_that_cannot_be_written_is_said(saved: Recording, tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(InputError, match="cannot be written"):
        story_chart(saved, tmp_path / "no" / "a.png")


def test_the_title_says_what_became_of_both(saved: Recording) -> None:
    """The unguarded account first: it is the reason for the other."""
    assert story_title(saved) == "Unguarded: liquidated, 5,000 USDT left.\nGuarded: saved, 200,000 USDT."


def test_the_title_does_not_hide_a_failure(saved: Recording) -> None:
    """A guarded account that died is called so."""
    last = saved.moments[-1]
    saved.moments[-1] = replace(last, guarded=replace(last.guarded, liquidated_s=last.scene_s, equity=9.0))
    assert story_title(saved).endswith("Guarded: liquidated, 9 USDT left.")


def test_the_title_of_flapping_counts(flapped: Callable[..., Recording]) -> None:
    """How often the bar was crossed against how often the guard wrote."""
    assert story_title(flapped([Zone.SAFE, Zone.WATCH, Zone.SAFE])) == (
        "2 times across the level of an alarm,\n0 messages from the guard."
    )


HISTORY = [
    snapshot(0),
    snapshot(1, Zone.WATCH),
    snapshot(2, Zone.UNKNOWN, None),
    snapshot(3, Zone.DANGER, 400.0),
    snapshot(4, Zone.WATCH, 500.0),
]


def test_a_history_is_drawn(tmp_path: Path) -> None:
    """With a gap where the guard was blind, in whatever order the rows come."""
    history_chart(HISTORY[::-1], tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_a_single_reading_is_drawn(tmp_path: Path) -> None:
    """A moment is shown as a minute, not as years."""
    history_chart([snapshot(0)], tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_a_history_that_was_always_blind_is_drawn(tmp_path: Path) -> None:
    """No figure at all."""
    history_chart([snapshot(minute, Zone.UNKNOWN, None) for minute in range(3)], tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png")


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    """A chart with a sentence instead of an error."""
    history_chart([], tmp_path / "a.png")
    is_a_picture(tmp_path / "a.png", least_ink=0.001)


@pytest.mark.parametrize(
    ("zones", "title"),
    [
        ([Zone.SAFE], "alice: now SAFE.\nAll the time."),
        ([Zone.SAFE, Zone.DANGER, Zone.WATCH], "alice: now WATCH.\nAt worst DANGER."),
        ([Zone.WATCH, Zone.UNKNOWN], "alice: now BLIND.\nAt worst WATCH, and blind at times."),
        ([Zone.UNKNOWN, Zone.UNKNOWN], "alice: now BLIND.\nThe guard never saw the account."),
    ],
)
def test_the_title_of_a_history(zones: list[Zone], title: str) -> None:
    """Where the account is, what its worst was, and whether it was seen."""
    assert title_of([snapshot(minute, zone) for minute, zone in enumerate(zones)]) == title


def test_spans_of_a_history_have_no_gaps() -> None:
    """Each zone lasts until the next; equal neighbours are one."""
    rows = [snapshot(0), snapshot(1), snapshot(2, Zone.WATCH), snapshot(3, Zone.SAFE)]
    assert zone_spans(rows, [0, 1, 2, 3]) == [(0, 2, Zone.SAFE), (2, 3, Zone.WATCH), (3, 3, Zone.SAFE)]


def test_the_worse_zone_is_named_where_only_one_fits() -> None:
    """Names below narrow spans do not cover each other."""
    narrow = [(10.0, 11.0, Zone.WARNING), (11.0, 12.0, Zone.DANGER), (60.0, 61.0, Zone.WARNING)]
    assert names_below(narrow, 100.0) == [(11.5, Zone.DANGER), (60.5, Zone.WARNING)]
