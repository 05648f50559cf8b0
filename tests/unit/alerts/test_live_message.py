"""The message that is edited in place: what it says, what counts as a change, when it is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.alerts.live_message import ALARM_EVERY, CALM_EVERY, STAMP_EVERY, edit_due, render_live
from guard.alerts.render import KnownLevels
from guard.language.speech import ENGLISH, speech_of
from guard.ports.alerting import LiveMessage
from guard.ports.records import Reading
from guard.risk.zones import Zone

AT = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
Make = Callable[..., Any]


def _alice(reading: Make, risk: Make, pool: Make, leg: Make, **fields: Any) -> Reading:
    made: Reading = reading(**{"risk": risk(pool(leg())), **fields})
    return made


def test_a_few_lines(reading: Make, risk: Make, pool: Make, leg: Make) -> None:
    """Zone, level, distance, equity, since when, and of when the data is."""
    text = render_live(ENGLISH, _alice(reading, risk, pool, leg), None, AT - timedelta(minutes=5))
    assert text.html.splitlines() == [
        "📌 🟠 <b>WARNING</b> · <b>alice</b>",
        "Risk ratio 41.5 % · distance 7.7 %",
        "Equity 1,030,896 USDT",
        "In this zone since 2026-11-21 11:55:05 UTC",
        "Data of 2026-11-21 12:00:03 UTC",
    ]


def test_in_japanese(reading: Make, risk: Make, pool: Make, leg: Make) -> None:
    """The same, in the reader's zone."""
    text = render_live(speech_of("ja", "Asia/Tokyo"), _alice(reading, risk, pool, leg), None, None)
    assert "リスク比率 41.5 % · 清算までの距離 7.7 %" in text.html
    assert text.html.endswith("データの時刻: 2026-11-21 21:00:03 JST")


def test_what_cannot_be_seen_says_so_with_the_age_of_what_was(reading: Make) -> None:
    """The last figures never stand without their time."""
    known = KnownLevels(AT - timedelta(minutes=9), 0.4, 0.08, 2.0)
    blind = reading(Zone.UNKNOWN, None, reason="", error="binance did not answer")
    assert render_live(ENGLISH, blind, known, None).html.splitlines() == [
        "📌 ⚫ <b>UNKNOWN</b> · <b>alice</b>",
        "Not seen: binance did not answer",
        "Risk ratio 40.0 % · distance 8.0 %",
        "Data of 2026-11-21 11:51:05 UTC",
    ]


def test_a_newer_time_alone_is_no_change(reading: Make, risk: Make, pool: Make, leg: Make) -> None:
    """A figure that reads the same is the same; one that reads otherwise is not."""
    first = render_live(ENGLISH, _alice(reading, risk, pool, leg), None, None)
    later = render_live(ENGLISH, _alice(reading, risk, pool, leg, at=AT + timedelta(seconds=30)), None, None)
    moved = render_live(ENGLISH, reading(risk=risk(pool(leg(), equity=1_030_999.0))), None, None)
    assert first.html != later.html
    assert first.shown == later.shown != moved.shown


@pytest.mark.parametrize(
    ("stood", "zone", "wait"),
    [
        ("warning|old", Zone.WARNING, ALARM_EVERY),
        ("unknown|old", Zone.UNKNOWN, ALARM_EVERY),
        ("safe|old", Zone.SAFE, CALM_EVERY),
        ("safe|old", Zone.WATCH, ALARM_EVERY),
        ("danger|old", Zone.SAFE, ALARM_EVERY),
    ],
)
def test_when_an_edit_is_due(reading: Make, stood: str, zone: Zone, wait: timedelta) -> None:
    """Often in alarm and when the zone has changed, seldom in calm; an unchanged text only to renew its time."""
    text = render_live(ENGLISH, reading(zone), None, None)
    live = LiveMessage("telegram:1", "account-1", "7", stood, AT)
    assert edit_due(live, text, zone) == AT + wait
    same = LiveMessage("telegram:1", "account-1", "7", text.shown, AT)
    assert edit_due(same, text, zone) == AT + STAMP_EVERY


def test_what_is_not_known_is_not_out_of_reach(reading: Make, risk: Make, pool: Make, leg: Make) -> None:
    """No distance is known of an account of the venue's own figures, nor of one whose last figures have none."""
    far = pool(leg(), liquidation_shock_down=None)
    theirs = render_live(ENGLISH, reading(risk=replace(risk(far), model="reported")), None, None)
    assert "distance not known (the venue tells the present only)" in theirs.html
    ours = render_live(ENGLISH, reading(risk=risk(far)), None, None)
    assert "distance out of reach" in ours.html
    blind = reading(Zone.UNKNOWN, None, reason="", error="binance did not answer")
    known = KnownLevels(AT - timedelta(minutes=9), 0.4, None, 2.0)
    assert "Risk ratio 40.0 % · distance unknown" in render_live(ENGLISH, blind, known, None).html
