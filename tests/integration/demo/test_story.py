"""The demonstration as a person starts it: real venue, real guard, real chat, on loopback."""

from __future__ import annotations

import io
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from guard.app.opening import opened
from guard.app.past import Past
from guard.app.settings_file import load_settings
from guard.charts.draw import draw
from guard.charts.file import write_png
from guard.demo.story import tell
from guard.language.speech import ENGLISH

ACCOUNT_KEYS = {"liquidated", "final_equity"}
ACTION_KEYS = {"at", "remedy", "symbol", "leg", "contracts", "price", "state"}
PNG_BYTES_MAX = 400_000


async def told(scenario: str, out: Path, seconds: float) -> tuple[dict[str, Any], str]:
    """The summary, checked against its contract, and what a pipe got to read."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=False, width=100, highlight=False, soft_wrap=True)
    summary: dict[str, Any] = await tell(scenario, out, seconds, console)
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == summary
    keeps_the_contract(summary, scenario)
    return summary, text.getvalue()


def keeps_the_contract(summary: dict[str, Any], scenario: str) -> None:
    """Names and types that scripts hold on to; charts that are pictures."""
    assert summary["scenario"] == scenario
    for who in ("guarded", "unguarded"):
        assert summary[who].keys() >= ACCOUNT_KEYS
        assert isinstance(summary[who]["liquidated"], bool)
        assert isinstance(summary[who]["final_equity"], float)
    assert summary["zones_seen"][0] == "safe"
    assert isinstance(summary["alerts"], int)
    assert all(action.keys() >= ACTION_KEYS for action in summary["actions"])
    latency = summary["alert_latency_ms"]
    assert 0 < latency["p50"] <= latency["p99"] < 5_000
    assert [Path(chart).name for chart in summary["charts"]] == [f"{scenario}.png"]
    for chart in summary["charts"]:
        is_a_picture(Path(chart))


def is_a_picture(path: Path) -> None:
    """A PNG of sane size that is not blank."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(content) < PNG_BYTES_MAX
    width, height = struct.unpack(">II", content[16:24])
    assert width >= 800
    assert height >= 800
    pixels = np.asarray(imread(path))[:, :, :3]
    assert (np.abs(pixels - pixels[0, 0]).max(axis=2) > 0.05).mean() > 0.05


def is_a_rescue(summary: dict[str, Any], *zones: str) -> None:
    """The unguarded account dies; the guarded one passes these zones, is reduced, and keeps clearly more."""
    assert summary["unguarded"]["liquidated"]
    assert not summary["guarded"]["liquidated"]
    assert summary["guarded"]["final_equity"] > 2 * summary["unguarded"]["final_equity"]
    assert [zone for zone in summary["zones_seen"] if zone in zones] == list(zones)
    filled = [action for action in summary["actions"] if action["contracts"] > 0]
    assert filled
    assert {action["remedy"] for action in filled} == {"reduce"}
    assert {action["state"] for action in filled} == {"verified"}


async def test_a_crash(tmp_path: Path) -> None:
    """Through warning and danger to an action that saves the account; told as a person reads it; kept for later."""
    summary, text = await told("flash-crash", tmp_path, 20.0)
    is_a_rescue(summary, "watch", "warning", "danger")
    lines = text.splitlines()
    for words in (
        "Linked. You are You",
        "WARNING · guarded (was watch)",
        "DANGER · guarded (was warning)",
        "liquidates you",
        "guarded: acted",
        "you: /status",
        "YES, after",
        "time is scaled: 1 s here is",
        "guard history guarded --config",
    ):
        assert any(words in line for line in lines), words
    assert "[info" not in text
    assert "zone changed" in (tmp_path / "guard.log").read_text(encoding="utf-8")
    async with opened(load_settings(tmp_path / "demo.toml", {})) as everything:
        account = await everything.account("guarded")
        day = datetime.now(tz=UTC) - timedelta(days=1)
        snapshots = await everything.store.snapshots(account.account_id, day, 10_000)
        past = Past(everything.store, everything.clock, everything.settings)
        picture = await past.history_picture(account, day, ENGLISH)
        assert await everything.store.outbox_pending() == 0
    assert len(snapshots) >= summary["readings"]
    write_png(draw(picture), tmp_path / "history.png")
    is_a_picture(tmp_path / "history.png")


async def test_flapping(tmp_path: Path) -> None:
    """The price crosses the bar many times: one alert on the way in, one on the way out, and no order."""
    summary, text = await told("flapping", tmp_path, 12.0)
    assert summary["plain_alarms"] >= 6
    assert summary["alerts"] == 2
    assert [(each["rule"], each["zone"]) for each in summary["told"]] == [("zone", "watch"), ("zone", "safe")]
    assert summary["zones_seen"] == ["safe", "watch"]
    assert summary["actions"] == []
    assert not summary["guarded"]["liquidated"]
    assert not summary["unguarded"]["liquidated"]
    assert text.count("WATCH · guarded (was safe)") == 1
    assert text.count("SAFE · guarded (resolved, was watch)") == 1


@pytest.mark.long
async def test_an_outage(tmp_path: Path) -> None:
    """The guard goes blind and says so, sends nothing meanwhile, says that data is back, and then acts."""
    summary, text = await told("venue-outage", tmp_path, 20.0)
    is_a_rescue(summary, "watch", "warning", "unknown", "danger")
    assert "The guard cannot see this account." in text
    assert "(data is back)" in text
    assert summary["blind_s"] > 0
    blind_at, back_at = (each["scene_s"] for each in summary["told"] if each["rule"] == "blind")
    assert not [action for action in summary["actions"] if blind_at <= action["scene_s"] <= back_at]


@pytest.mark.long
async def test_a_slow_bleed(tmp_path: Path) -> None:
    """Without a single large move."""
    summary, _ = await told("slow-bleed", tmp_path, 20.0)
    is_a_rescue(summary, "watch", "warning", "danger")


@pytest.mark.long
async def test_a_hedged_book(tmp_path: Path) -> None:
    """In hedge mode orders name their leg, and no leg flips."""
    summary, _ = await told("hedged-book", tmp_path, 20.0)
    is_a_rescue(summary, "watch", "warning", "danger")
    assert {action["leg"] for action in summary["actions"]} <= {"long", "short"}
