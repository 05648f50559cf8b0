"""The stage: the sandbox venue on loopback with two equal accounts, and what is really so on it.

Owns when prices begin to move and the scene's clock. Knows nothing of the guard but its risk engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from guard.app.judge import judge_policy
from guard.app.settings import Conformity
from guard.demo.scenes import Pace
from guard.demo.truth import account_risk, protection_cost
from guard.ports.clock import Clock
from guard.risk.zones import Zone, entered_zone
from guard.sandbox.engine.engine import EIGHT_HOURS_MS, Engine, EngineOptions
from guard.sandbox.server import SandboxAccount, SandboxServer

GUARDED = "guarded"
UNGUARDED = "unguarded"
SEED = 20210519
RESOLUTION_MS = 50


@dataclass(frozen=True, slots=True)
class Sight:
    """One account as it really is: equity in USDT; risk_ratio and distance as fractions, None = no value.

    `zone` is the one whose bars are reached now, without any hysteresis. `liquidated_s` is the scenario second of the
    account's end, None while it lives.
    """

    equity: float
    risk_ratio: float | None
    distance: float | None
    zone: Zone
    liquidated_s: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything at one scenario second: marks by the venue's symbol, and both accounts."""

    scene_s: float
    marks: dict[str, float]
    guarded: Sight
    unguarded: Sight


class Stage:
    """A venue with two accounts of the same kind. Prices stand still until `begin`."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self.pace = pace
        self.scene = pace.scene
        self._clock = clock
        self._started_ms = int(clock.now().timestamp() * 1000)
        self._begun_ms: int | None = None
        self._zones = judge_policy(self.scene.zones, Conformity(), stale_after_s=1.0).zones
        funding_ms = max(RESOLUTION_MS, round(EIGHT_HOURS_MS / pace.speed))
        options = EngineOptions(resolution_ms=RESOLUTION_MS, funding_interval_ms=funding_ms)
        self.server = SandboxServer(Engine(start_ms=self._started_ms, options=options), clock, seed=SEED)
        world = self.scene.world
        self.guarded, self.unguarded = (
            self.server.add_account(name, {"USDT": world.balance}, world.holdings(), hedge_mode=world.hedge_mode)
            for name in (GUARDED, UNGUARDED)
        )

    def begin(self) -> None:
        """Let the scene's prices and outages run from now on."""
        speed = self.pace.speed
        self._begun_ms = self.server.sync()
        origin_ms = self._begun_ms - round(self.scene.begin_s * 1000 / speed)
        for symbol, path in self.scene.world.paths(origin_ms, speed, SEED).items():
            self.server.set_path(symbol, path)
        for fault in self.scene.world.faults(origin_ms, speed):
            self.server.faults.add(fault)

    def scene_s(self, at_ms: float) -> float:
        """The scenario second of a moment of the clock, in epoch milliseconds; before `begin` the story's first."""
        if self._begun_ms is None:
            return float(self.scene.begin_s)
        return self.scene.begin_s + (at_ms - self._begun_ms) / 1000 * self.pace.speed

    def look(self) -> Moment:
        """Everything as it is now."""
        now_ms = self.server.sync()
        market = self.server.engine.market
        return Moment(
            scene_s=self.scene_s(now_ms),
            marks={symbol: float(market.mark(symbol)) for symbol in self.scene.symbols},
            guarded=self._sight(self.guarded),
            unguarded=self._sight(self.unguarded),
        )

    def cost_of_protection(self) -> float:
        """What the guard's own trades cost the guarded account so far, in USDT."""
        return float(protection_cost(self.guarded.account, self.server.engine.market))

    def _sight(self, opened: SandboxAccount) -> Sight:
        risk = account_risk(opened.account, self.server.engine.market)
        ended = opened.account.liquidations
        return Sight(
            equity=float(self.server.equity(opened.name)),
            risk_ratio=risk.risk_ratio,
            distance=risk.distance,
            zone=entered_zone(risk, self._zones)[0],
            liquidated_s=self.scene_s(ended[0].at_ms) if ended else None,
        )
