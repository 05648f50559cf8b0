"""The zone machine: bars, hysteresis, dwell, blindness; and every state with every input."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from guard.risk.quality import DataQuality, Quality
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import (
    BLIND,
    LADDER,
    NO_EQUITY,
    Zone,
    ZoneBars,
    ZonePolicy,
    ZoneState,
    entered_zone,
    percent,
    severity,
    step_zone,
)

POLICY = ZonePolicy()
FRESH = DataQuality(Quality.FRESH)
AT = datetime(2026, 11, 21, tzinfo=UTC)


def figures(ratio: float | None, distance: float | None = None, level: float | None = None) -> AccountRisk:
    """An assessment with these three figures."""
    pool = PoolRisk(
        "USDT", "cross", None, 0, 0, 0, 0, 0, 0, 0, 0, ratio, level, None, 0, 0,
        None if distance is None else -distance, None, (),
    )  # fmt: skip
    return AccountRisk("a", "v", "m", AT, ratio, level, (pool,))


ENTERED: list[tuple[float | None, float | None, float | None, Zone, str]] = [
    (0.0, None, None, Zone.SAFE, "no bar is reached"),
    (0.29999, 0.1501, None, Zone.SAFE, "no bar is reached"),
    (0.30, None, None, Zone.WATCH, "risk_ratio 30 % is at or above 30 %"),
    (0.415, 0.0769, 2.449, Zone.WARNING, "distance to liquidation 7.7 % is at or below 8 %"),
    (0.1, 0.15, None, Zone.WATCH, "distance to liquidation 15 % is at or below 15 %"),
    (0.1, None, 0.5, Zone.WARNING, "margin_level 50 % is at or below 50 %"),
    (0.1, None, 0.2, Zone.DANGER, "margin_level 20 % is at or below 20 %"),
    (0.75, None, None, Zone.DANGER, "risk_ratio 75 % is at or above 75 %"),
    (0.76, 0.02, None, Zone.DANGER, "distance to liquidation 2 % is at or below 4 %"),
    (0.95, None, None, Zone.LIQUIDATION, "risk_ratio 95 % is at or above 95 %"),
    (0.1, 0.005, None, Zone.LIQUIDATION, "distance to liquidation 0.5 % is at or below 0.5 %"),
    (1.5, 0.0, None, Zone.LIQUIDATION, "distance to liquidation 0 % is at or below 0.5 %"),
    (None, 0.0, None, Zone.LIQUIDATION, NO_EQUITY),
]


@pytest.mark.parametrize(("ratio", "distance", "level", "zone", "reason"), ENTERED)
def test_entered(ratio: float | None, distance: float | None, level: float | None, zone: Zone, reason: str) -> None:
    """Any bar, inclusive, the worst zone wins, and the reason names the bar that is passed furthest."""
    assert entered_zone(figures(ratio, distance, level), POLICY) == (zone, reason)


def test_bars_can_be_absent() -> None:
    """A policy without distance bars ignores distance."""
    policy = ZonePolicy(watch=ZoneBars(risk_ratio=0.3), warning=ZoneBars(), danger=ZoneBars(), liquidation=ZoneBars())
    assert entered_zone(figures(0.2, 0.001, 0.001), policy)[0] is Zone.SAFE
    assert entered_zone(figures(0.9, 0.001, 0.001), policy)[0] is Zone.WATCH


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.077, "7.7 %"), (0.08, "8 %"), (0.0004, "0.04 %"), (0.0, "0 %"), (0.9951, "99.5 %"), (10.0, "1000 %")],
)
def test_percent(fraction: float, text: str) -> None:
    """One decimal, two below one percent, no trailing zeros."""
    assert percent(fraction) == text


def walk(*steps: tuple[AccountRisk | None, Quality], policy: ZonePolicy = POLICY) -> list[Zone]:
    """Shown zones of a run from safe."""
    state, shown = ZoneState(), []
    for risk, quality in steps:
        state = step_zone(state, risk, DataQuality(quality, ("why",)), policy)
        shown.append(state.zone)
    return shown


def test_leaves_after_dwell_and_buffer() -> None:
    """Entered at 0.5 at once; 0.46 is not 10 % clear; 0.44 twice in a row is."""
    ratios = [0.5, 0.46, 0.44, 0.46, 0.44, 0.44, 0.28, 0.26, 0.26]
    shown = walk(*((figures(ratio), Quality.FRESH) for ratio in ratios))
    assert shown == [Zone.WARNING] * 5 + [Zone.WATCH] * 3 + [Zone.SAFE]


def test_all_bars_must_clear() -> None:
    """The ratio clears, the distance does not: the zone stays."""
    shown = walk((figures(0.5, 0.05), Quality.FRESH), *((figures(0.1, 0.085), Quality.FRESH),) * 3)
    assert shown == [Zone.WARNING] * 4


def test_falls_through_several_zones() -> None:
    """After the dwell the zone is the one that still holds, not the next one."""
    assert walk((figures(0.99), Quality.FRESH), *((figures(0.1), Quality.FRESH),) * 2)[-1] is Zone.SAFE


def test_disputed_raises_and_never_lowers() -> None:
    """A disputed figure counts against the account only."""
    steps = [(figures(0.8), Quality.DISPUTED), *((figures(0.1), Quality.DISPUTED),) * 5]
    assert walk(*steps) == [Zone.DANGER] * 6


def test_disputed_does_not_count_as_clear() -> None:
    """One fresh and one disputed clear cycle are not two clear cycles."""
    steps = [
        (figures(0.8), Quality.FRESH),
        (figures(0.1), Quality.FRESH),
        (figures(0.1), Quality.DISPUTED),
        (figures(0.1), Quality.FRESH),
    ]
    assert walk(*steps) == [Zone.DANGER] * 4


def test_goes_blind_and_returns() -> None:
    """One lost cycle is held, two are unknown; the first believable cycle steps from what was last known."""
    steps = [
        (figures(0.8), Quality.FRESH),
        (None, Quality.MISSING),
        (None, Quality.STALE),
        (None, Quality.MISSING),
        (figures(0.1), Quality.FRESH),
        (figures(0.1), Quality.FRESH),
    ]
    assert walk(*steps) == [Zone.DANGER, Zone.DANGER, Zone.UNKNOWN, Zone.UNKNOWN, Zone.DANGER, Zone.SAFE]


def test_stale_figures_may_raise() -> None:
    """Stale, but bad: the zone goes up."""
    state = step_zone(ZoneState(), figures(0.8), DataQuality(Quality.STALE, ("marks are 40 s old",)), POLICY)
    assert (state.zone, state.blind_cycles) == (Zone.DANGER, 1)


def test_certain_blindness_is_shown_at_once() -> None:
    """A rejected key does not get better by waiting; the reason is the quality's."""
    quality = DataQuality(Quality.MISSING, ("the key was rejected",))
    state = step_zone(ZoneState(last_known=Zone.WATCH, zone=Zone.WATCH), None, quality, POLICY, certain=True)
    assert state.zone is Zone.UNKNOWN
    assert state.last_known is Zone.WATCH
    assert "the key was rejected" in state.reason


LEVELS = (0.1, 0.28, 0.3, 0.46, 0.5, 0.68, 0.75, 0.9, 0.95, None)


def every_input() -> Iterator[tuple[ZoneState, AccountRisk | None, DataQuality, bool]]:
    """Every state with every input, the ratio standing for all bars."""
    risks = [figures(level) for level in LEVELS]
    for last, unknown, clear, blind in itertools.product(LADDER, (False, True), (0, 1), (0, 1, 2)):
        state = ZoneState(Zone.UNKNOWN if unknown else last, last, clear, blind)
        for risk, quality, certain in itertools.product([*risks, None], Quality, (False, True)):
            yield state, risk, DataQuality(quality), certain


def test_every_state_and_input() -> None:
    """The promises of the machine, for all pairs."""
    count = 0
    for state, risk, quality, certain in every_input():
        count += 1
        after = step_zone(state, risk, quality, POLICY, certain=certain)
        before, now = severity(state.last_known), severity(after.last_known)
        blind = risk is None or quality.quality in BLIND
        assert after.reason
        assert after.zone in {after.last_known, Zone.UNKNOWN}
        assert (after.zone is Zone.UNKNOWN) == (
            blind and (certain or state.blind_cycles + 1 >= POLICY.blind_cycles or state.zone is Zone.UNKNOWN)
        )
        assert after.blind_cycles == (state.blind_cycles + 1 if blind else 0)
        entered = 0 if risk is None else severity(entered_zone(risk, POLICY)[0])
        assert now >= entered
        assert now <= max(before, entered)
        if now < before:
            assert quality.quality is Quality.FRESH
            assert state.clear_cycles + 1 >= POLICY.dwell_cycles
            assert risk is not None
            assert risk.risk_ratio is not None
            bar = POLICY.bars(state.last_known).risk_ratio
            assert bar is not None
            assert risk.risk_ratio <= bar * 0.9
        if after.clear_cycles:
            assert quality.quality is Quality.FRESH
            assert after.clear_cycles == state.clear_cycles + 1
    assert count == len(LADDER) * 12 * (len(LEVELS) + 1) * len(Quality) * 2
