"""Charts: files that are pictures, not blank, of sane size; and the words and places in them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from guard.demo.recording import Recording
from guard.demo.storychart import story_chart
from guard.demo.storychart import title_of as story_title
from guard.ports.errors import InputError
from guard.risk.zones import Zone

BYTES_MAX = 400_000


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
