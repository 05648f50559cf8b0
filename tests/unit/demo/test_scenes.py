"""Every scene, lived through by an account that nobody guards: the story that the guard has to meet."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import pytest

from guard.demo.scenes import READINGS, SCENES, SECONDS_LEAST, Scene, pace_of, scene_named
from guard.demo.truth import account_risk
from guard.ports.errors import InputError
from guard.risk.zones import Zone, ZonePolicy, entered_zone
from guard.venues.binance.refusals import WEIGHT_PER_MINUTE

STEPS = 300
SECONDS = 60
DEADLY = ("flash-crash", "slow-bleed", "venue-outage", "hedged-book")
# Share of the story for which danger lasts before the account dies: the guard needs some readings of it.
ROOM = 0.15


def life(scene: Scene) -> list[tuple[float, Zone, float | None]]:
    """Scenario second, zone and distance of an unguarded account, to its end or the scene's."""
    speed = (scene.end_s - scene.begin_s) / SECONDS
    engine = scene.world.engine(0, speed, seed=1)
    wallets = {"USDT": Decimal(scene.world.balance)}
    account = engine.add_account("u", wallets, scene.world.holdings(), hedge_mode=scene.world.hedge_mode)
    seen = []
    for step in range(STEPS + 1):
        at_s = scene.begin_s + step * (scene.end_s - scene.begin_s) / STEPS
        engine.advance(round(at_s * 1000 / speed))
        if account.liquidated:
            break
        risk = account_risk(account, engine.market)
        seen.append((at_s, entered_zone(risk, ZonePolicy())[0], risk.distance))
    return seen


def test_the_names_are_those_of_the_contract() -> None:
    """Scripts and the help name them; the default comes first."""
    assert list(SCENES) == ["flash-crash", "slow-bleed", "venue-outage", "flapping", "hedged-book"]


def test_an_unknown_name_lists_the_known_ones() -> None:
    """One line that says what to do."""
    with pytest.raises(InputError, match=r"--scenario was moon; use one of: flash-crash, .*hedged-book"):
        scene_named("moon")


@pytest.mark.parametrize("seconds", [0.0, -1.0, 9.9, 3601.0, math.nan, math.inf])
def test_impossible_seconds_are_refused(seconds: float) -> None:
    """Too short to be seen, too long to be meant, or no number."""
    with pytest.raises(InputError, match="--seconds was"):
        pace_of(SCENES["flash-crash"], seconds)


@pytest.mark.parametrize("seconds", [SECONDS_LEAST, 15.0, 45.0, 300.0])
def test_the_pace_fits_the_budget_of_the_venue(seconds: float) -> None:
    """In any minute at most 2,200 of weight: 10 a reading, 80 more every 7 s and after each of three orders."""
    for scene in SCENES.values():
        pace = pace_of(scene, seconds)
        assert pace.speed * seconds == pytest.approx(scene.end_s - scene.begin_s)
        readings = min(60.0, seconds) / pace.cycle_s
        assert readings <= READINGS
        assert readings * 10 + (60 / 7 + 3) * 80 + 100 < WEIGHT_PER_MINUTE
        assert pace.cooldown_s > 2 * pace.cycle_s


@pytest.mark.parametrize("name", DEADLY)
def test_an_unguarded_account_dies_slowly_enough_to_be_saved(name: str) -> None:
    """It begins safe, passes warning and danger, stays in danger for a good part of the story, and dies in it."""
    scene = SCENES[name]
    seen = life(scene)
    zones = [zone for _, zone, _ in seen]
    assert zones[0] is Zone.SAFE
    assert Zone.WARNING in zones
    assert seen[-1][0] < scene.end_s
    danger = [at_s for at_s, zone, _ in seen if zone is Zone.DANGER]
    assert danger[-1] - danger[0] >= ROOM * (scene.end_s - scene.begin_s)
    in_time = [d for at_s, _, d in seen if d is not None and danger[0] <= at_s <= (danger[0] + danger[-1]) / 2]
    assert min(in_time) > 0.03


def test_the_outage_is_over_before_the_account_dies() -> None:
    """Danger comes while nobody can see it, and there is time left when the venue is back."""
    scene = SCENES["venue-outage"]
    (outage,) = scene.world.outages
    seen = life(scene)
    at_return = next(zone for at_s, zone, _ in seen if at_s > outage.until_s)
    assert at_return is Zone.DANGER
    assert next(zone for at_s, zone, _ in seen if at_s > outage.from_s) is Zone.WARNING
    assert seen[-1][0] - outage.until_s > ROOM * (scene.end_s - scene.begin_s)
    assert outage.from_s < scene.ask_s < outage.until_s


def test_the_crash_has_the_shape_of_its_model() -> None:
    """BTC loses 30 % and ETH 45 % within an hour, then both recover in part."""
    scene = SCENES["flash-crash"]
    for symbol, low in (("BTCUSDT", 0.70), ("ETHUSDT", 0.55)):
        times, factors = zip(*((at_s, float(factor)) for at_s, factor in scene.world.moves[symbol]), strict=True)
        bottom = times[factors.index(min(factors))]
        fall = max(at_s for at_s, factor in zip(times, factors, strict=True) if factor == 1)
        assert min(factors) == low
        assert bottom - fall <= 3600
        assert low < factors[-1] < 1


def test_flapping_crosses_the_bar_and_stays_inside_its_buffer() -> None:
    """Both sides of the bar many times, never as far as the way out, until the end; never worse than watch."""
    scene = SCENES["flapping"]
    bar, policy = ZonePolicy().watch.distance, ZonePolicy()
    assert bar is not None
    seen = life(scene)
    assert {zone for _, zone, _ in seen} == {Zone.SAFE, Zone.WATCH}
    first = next(index for index, (_, zone, _) in enumerate(seen) if zone is Zone.WATCH)
    last = max(index for index, (_, zone, _) in enumerate(seen) if zone is Zone.WATCH)
    between = [distance for _, _, distance in seen[first:last] if distance is not None]
    assert max(between) < bar * (1 + policy.exit_buffer)
    assert sum((a > bar) != (b > bar) for a, b in itertools.pairwise(between)) >= 8
    final = seen[-1][2]
    assert final is not None
    assert final > bar * (1 + policy.exit_buffer)


def test_both_legs_are_held_in_hedge_mode() -> None:
    """A long and a short leg of each symbol."""
    scene = SCENES["hedged-book"]
    assert scene.world.hedge_mode
    assert {(leg.symbol, leg.leg.value) for leg in scene.world.legs} == {
        (symbol, side) for symbol in ("BTCUSDT", "ETHUSDT") for side in ("LONG", "SHORT")
    }
