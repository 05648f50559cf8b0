"""What each demonstration plays: a world of the sandbox, two equal accounts in it, and the guard's limits. Data.

Zones are the guard's defaults. Protection differs from the defaults where its user would differ: a book of this size is
sold in larger orders, and once the guard acts it makes room for a fall as deep as this market is known for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from guard.app.settings import Protect, Schedule, Zones
from guard.ports.errors import InputError
from guard.sandbox.engine.sides import Leg
from guard.sandbox.scenarios import SCENARIOS, Moves, Outage, Scenario, ScenarioLeg

READINGS = 110
SECONDS_LEAST = 10.0
SECONDS_MOST = 3600.0
BALANCE = "500000"


@dataclass(frozen=True, slots=True)
class Scene:
    """One demonstration.

    Args:
        world: prices, outages, and the legs and balance of both accounts.
        begin_s: scenario second at which the story begins.
        end_s: scenario second at which it ends.
        plot: what is about to happen, one sentence.
        ask_s: scenario second at which the person asks the chat for the status.
        protect: limits of protection.
        zones: bars of the zones.
    """

    world: Scenario
    begin_s: int
    end_s: int
    plot: str
    ask_s: int
    protect: Protect
    zones: Zones = field(default_factory=Zones)

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.world.name

    @property
    def symbols(self) -> tuple[str, ...]:
        """The venue's symbols that the accounts hold."""
        return tuple(dict.fromkeys(leg.symbol for leg in self.world.legs))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a scene is played: `seconds` for the whole of it."""

    scene: Scene
    seconds: float

    @property
    def speed(self) -> float:
        """Scenario seconds in one second."""
        return (self.scene.end_s - self.scene.begin_s) / self.seconds

    @property
    def cycle_s(self) -> float:
        """Pause between two readings of the guard, in seconds of the clock.

        The request budget of the venue allows about a hundred readings in a minute, and fewer while it fails.
        """
        return max(0.15, self.seconds / READINGS)

    @property
    def cooldown_s(self) -> float:
        """Pause between two plans: the default in the scene's time, but as many readings as by default in danger."""
        readings = Protect().cooldown_s / Schedule().danger_s
        return max(Protect().cooldown_s / self.speed, readings / 2 * self.cycle_s)


def scene_named(name: str) -> Scene:
    """The scene of that name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in SCENES:
        raise InputError(f"--scenario was {name}", fix=f"use one of: {', '.join(SCENES)}")
    return SCENES[name]


def pace_of(scene: Scene, seconds: float) -> Pace:
    """The scene played in `seconds`.

    Raises:
        InputError: too short to be seen, or too long to be meant.
    """
    if not SECONDS_LEAST <= seconds <= SECONDS_MOST:
        raise InputError(f"--seconds was {seconds:g}", fix=f"give {SECONDS_LEAST:g} to {SECONDS_MOST:g}")
    return Pace(scene, seconds)


# The shape of 2021-05-19 in waves, as in the sandbox's own scenario, with the second bounce where it matters to these
# accounts: between the level at which the guard acts and the one at which such an account dies.
_CRASH_S = (1800, 2400, 2900, 3200, 3620, 3900, 4200, 4500, 5000, 5150, 5400, 5700, 6300, 7200)
_CRASH_BTC = (
    "1",
    "0.955",
    "0.91",
    "0.922",
    "0.886",
    "0.8885",
    "0.8865",
    "0.888",
    "0.80",
    "0.81",
    "0.70",
    "0.77",
    "0.80",
    "0.85",
)
_CRASH_ETH = (
    "1",
    "0.94",
    "0.87",
    "0.888",
    "0.833",
    "0.837",
    "0.834",
    "0.836",
    "0.70",
    "0.715",
    "0.55",
    "0.65",
    "0.69",
    "0.74",
)
_CRASH_SOL = (
    "1",
    "0.93",
    "0.855",
    "0.875",
    "0.813",
    "0.817",
    "0.814",
    "0.816",
    "0.67",
    "0.69",
    "0.52",
    "0.62",
    "0.66",
    "0.71",
)


def _waves(times_s: tuple[int, ...], factors: tuple[str, ...]) -> Moves:
    return ((0, factors[0]), *zip(times_s, factors, strict=True))


def _hours(*points: tuple[int, str]) -> Moves:
    return tuple((hour * 3600, factor) for hour, factor in points)


_LEGS = (ScenarioLeg("BTCUSDT", "50"), ScenarioLeg("ETHUSDT", "290"), ScenarioLeg("SOLUSDT", "-4500"))
_LIGHTER_LEGS = (ScenarioLeg("BTCUSDT", "45"), ScenarioLeg("ETHUSDT", "260"), ScenarioLeg("SOLUSDT", "-4000"))
_HEDGED_LEGS = (
    ScenarioLeg("BTCUSDT", "62", Leg.LONG),
    ScenarioLeg("BTCUSDT", "-22", Leg.SHORT),
    ScenarioLeg("ETHUSDT", "360", Leg.LONG),
    ScenarioLeg("ETHUSDT", "-110", Leg.SHORT),
)
_PROTECT = Protect(max_child_notional=2_000_000, target_distance=0.30)

_SCENES = (
    Scene(
        world=replace(
            SCENARIOS["flash-crash"],
            legs=_LEGS,
            balance=BALANCE,
            moves={
                "BTCUSDT": _waves(_CRASH_S, _CRASH_BTC),
                "ETHUSDT": _waves(_CRASH_S, _CRASH_ETH),
                "SOLUSDT": _waves(_CRASH_S, _CRASH_SOL),
            },
        ),
        begin_s=1650,
        end_s=6900,
        plot="BTC loses 30 % and ETH 45 % within an hour, then both recover in part (the shape of 19 May 2021)",
        ask_s=6400,
        protect=_PROTECT,
    ),
    Scene(
        world=replace(
            SCENARIOS["slow-bleed"],
            legs=_LEGS,
            balance=BALANCE,
            moves={"BTCUSDT": ((0, "1"), *_hours((6, "1"), (13, "0.884"), (16, "0.882"), (24, "0.70")))},
            rest=((0, "1"), *_hours((6, "1"), (13, "0.863"), (16, "0.861"), (24, "0.64"))),
        ),
        begin_s=5 * 3600,
        end_s=24 * 3600,
        plot="everything loses a third within a day, without a single large move",
        ask_s=22 * 3600,
        protect=_PROTECT,
    ),
    Scene(
        world=replace(
            SCENARIOS["venue-outage"],
            legs=_LEGS,
            balance=BALANCE,
            moves={},
            rest=(
                (0, "1"),
                (900, "1"),
                (1600, "0.915"),
                (2300, "0.877"),
                (3200, "0.877"),
                (3700, "0.80"),
                (4000, "0.82"),
            ),
            outages=(Outage(1800, 2300),),
        ),
        begin_s=700,
        end_s=4000,
        plot="prices fall, and in the middle of it the venue stops answering",
        ask_s=2100,
        protect=_PROTECT,
    ),
    Scene(
        world=replace(
            SCENARIOS["flapping"],
            legs=_LIGHTER_LEGS,
            balance=BALANCE,
            rest=(
                (0, "1"),
                (600, "1"),
                *((1200 + 300 * step, "0.978" if step % 2 else "0.955") for step in range(13)),
                (5400, "1.03"),
                (6000, "1.03"),
            ),
        ),
        begin_s=400,
        end_s=6000,
        plot="the price goes back and forth across the level at which an alarm starts, then recovers",
        ask_s=5700,
        protect=_PROTECT,
    ),
    Scene(
        world=replace(
            SCENARIOS["hedged-book"],
            legs=_HEDGED_LEGS,
            balance=BALANCE,
            rest=(
                (0, "1"),
                (900, "1"),
                (1800, "1.06"),
                (3500, "0.865"),
                (4400, "0.866"),
                (5200, "0.74"),
                (6000, "0.82"),
            ),
        ),
        begin_s=700,
        end_s=6000,
        plot="long and short legs of the same symbols, in hedge mode: first a rise, then a fall",
        ask_s=5600,
        protect=_PROTECT,
    ),
)

SCENES: Mapping[str, Scene] = {scene.name: scene for scene in _SCENES}
"""Every demonstration by name; the first is the default."""
