"""The summary's contract and the sentence, from made-up runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guard.demo.recording import Recording
from guard.demo.summary import fate_of, percentile, sentence, summary_of
from guard.risk.zones import Zone


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.5, 7.0),
        ([7.0], 0.99, 7.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([1.0, 2.0], 0.0, 1.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_percentile(values: list[float], share: float, expected: float | None) -> None:
    """The nearest rank; of nothing there is none."""
    assert percentile(values, share) == expected


def test_fates(saved: Recording) -> None:
    """Final and lowest equity, highest risk, and the end in seconds since the beginning."""
    guarded, unguarded = fate_of(saved, "guarded"), fate_of(saved, "unguarded")
    assert (guarded.liquidated, guarded.final_equity, guarded.lowest_equity) == (False, 200_000, 200_000)
    assert guarded.highest_risk_ratio == pytest.approx(0.35)
    assert (unguarded.liquidated, unguarded.liquidated_s, unguarded.final_equity) == (True, 700, 5_000)


def test_a_liquidated_account_was_at_one_at_least(saved: Recording) -> None:
    """The camera rarely catches the very moment: the highest sight before it was lower."""
    assert fate_of(saved, "unguarded").highest_risk_ratio == 1.0


def test_the_contract(saved: Recording) -> None:
    """Every name that scripts hold on to, with its type, as JSON without NaN."""
    summary: dict[str, Any] = json.loads(json.dumps(summary_of(saved, ["a.png"]), allow_nan=False))
    assert summary["scenario"] == "flash-crash"
    assert summary["guarded"] == {
        "liquidated": False,
        "final_equity": 200_000,
        "lowest_equity": 200_000,
        "highest_risk_ratio": 0.35,
        "liquidated_after_s": None,
    }
    assert (summary["unguarded"]["liquidated"], summary["unguarded"]["final_equity"]) == (True, 5_000)
    assert summary["zones_seen"] == ["safe", "watch", "warning", "danger"]
    assert summary["alerts"] == 5
    assert summary["alert_latency_ms"] == {"p50": 20, "p99": 40}
    assert summary["charts"] == ["a.png"]
    first, _, last = summary["actions"]
    assert (first["remedy"], first["symbol"], first["leg"]) == ("reduce", "BTC/USDT:USDT", "long")
    assert (first["contracts"], first["price"], first["state"]) == (2, 40_000, "verified")
    assert first["at"] == "2026-01-02T03:04:05+00:00"
    assert (last["contracts"], last["price"], last["state"]) == (0, None, "failed")
    assert summary["protection_cost"] == 123.46


def test_without_alerts_there_is_no_latency(flapped: Callable[..., Recording]) -> None:
    """None, not zero: nothing was measured."""
    assert summary_of(flapped([Zone.SAFE]), [])["alert_latency_ms"] == {"p50": None, "p99": None}


def test_the_sentence_of_a_rescue(saved: Recording) -> None:
    """Who died and when, what is left, and how long before the guard acted: 700 s - 500 s."""
    assert sentence(saved) == (
        "The unguarded account was liquidated after 11 min (5,000 USDT left); the guarded account lives with "
        "200,000 USDT. The guard acted 3 min 20 s before the other account died."
    )


def test_the_sentence_tells_a_failure_too(saved: Recording) -> None:
    """The story is told from what happened, not from what should have."""
    last = saved.moments[-1]
    saved.moments[-1] = replace(last, guarded=replace(last.guarded, liquidated_s=last.scene_s, equity=0.0))
    assert "the guarded account was liquidated after 16 min (0 USDT left)" in sentence(saved)
    assert "acted" not in sentence(saved)


def test_the_sentence_of_a_blind_guard(flapped: Callable[..., Recording]) -> None:
    """For how long, and that nothing was sent."""
    recording = flapped([Zone.SAFE, *[Zone.UNKNOWN] * 12, Zone.SAFE])
    assert "For 2 min the guard could not see the account: it said so and sent no order." in sentence(recording)


def test_the_sentence_of_flapping(flapped: Callable[..., Recording]) -> None:
    """How often a plain alarm would have rung."""
    zones = [Zone.SAFE, Zone.WATCH] * 5
    assert "would have rung 9 times, the guard wrote 0 messages" in sentence(flapped(zones))
