"""A seeded world for the guard to watch: prices, accounts at the sandbox venue, and trouble on its wire.

Equal seeds give equal worlds. Knows the sandbox, nothing of the guard but its clock.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from decimal import Decimal
from typing import Final

from guard.ports.clock import Clock
from guard.sandbox.engine.engine import Holding
from guard.sandbox.faults import Fault, FaultKind
from guard.sandbox.scenarios import Moves, Scenario
from guard.sandbox.server import SandboxAccount, SandboxServer
from guard.sim.in_process import InProcessSession
from guard.sim.seeded import seeded_random

_RESOLUTION_MS: Final = 15_000
_STEP_S: Final = 300
_WALK: Final = 0.0035  # standard deviation of a step of the walk, as a fraction of the price
_ORDER_PATH: Final = "/fapi/v1/order"

# What may happen to the wire: kind, longest duration in s, probability for each request, value in ms.
_TROUBLE: Final = (
    (FaultKind.OUTAGE, 360, 1.0, 0),
    (FaultKind.MAINTENANCE, 240, 1.0, 0),
    (FaultKind.SERVER_BUSY, 300, 0.5, 0),
    (FaultKind.INTERNAL_ERROR, 300, 0.3, 0),
    (FaultKind.LATENCY, 600, 0.7, 2_500),
    (FaultKind.HANG, 300, 0.3, 0),
    (FaultKind.RESET, 300, 0.4, 0),
    (FaultKind.TOO_MANY_REQUESTS, 120, 0.2, 0),
    (FaultKind.TRUNCATED, 300, 0.4, 0),
    (FaultKind.HTML, 200, 0.6, 0),
    (FaultKind.CLOCK_SKEW, 900, 1.0, 30_000),
    (FaultKind.BAD_CREDENTIALS, 200, 1.0, 0),
)


class World:
    """The venue and everything that happens there.

    Args:
        clock: time.
        seed: decides prices, books and trouble.
        hours: how long the world is interesting; afterwards prices stand still.
        trouble: whether the wire fails now and then.
    """

    def __init__(self, clock: Clock, seed: int, hours: float, *, trouble: bool) -> None:
        self._chance = seeded_random(seed, "world")
        start_ms = int(clock.now().timestamp() * 1000)
        engine = _scenario(self._chance, hours).engine(start_ms, 1.0, seed, resolution_ms=_RESOLUTION_MS)
        self.venue = SandboxServer(engine, clock, seed=seed)
        wire = seeded_random(seed, "wire")
        self.session = InProcessSession(self.venue.served.rest, clock, lambda: wire.uniform(0.01, 0.06))
        if trouble:
            for fault in _trouble(seeded_random(seed, "trouble"), start_ms, hours):
                self.venue.faults.add(fault)

    def open_account(self, name: str) -> SandboxAccount:
        """One more account with the world's kind of book: long BTC and ETH, short SOL, cross."""
        size = Decimal(str(round(self._chance.uniform(0.9, 1.7), 2)))
        prices = _START
        legs = (("BTCUSDT", Decimal("5.5")), ("ETHUSDT", Decimal(38)), ("SOLUSDT", Decimal(-400)))
        holdings = [Holding(symbol, (qty * size).quantize(Decimal("0.1")), prices[symbol]) for symbol, qty in legs]
        return self.venue.add_account(name, {"USDT": 100_000}, holdings)

    @property
    def struck(self) -> Counter[str]:
        """How often each kind of trouble struck."""
        return self.venue.faults.struck


_START: Final = {"BTCUSDT": Decimal(43_500), "ETHUSDT": Decimal(3_400), "SOLUSDT": Decimal(56)}


def _scenario(chance: random.Random, hours: float) -> Scenario:
    """A walk with one fall in it: 15 to 35 % within 40 minutes, a part of which comes back."""
    duration_s = round(hours * 3600)
    fall_at_s = duration_s * chance.uniform(0.25, 0.5)
    depth = chance.uniform(0.15, 0.35)
    back = chance.uniform(0.2, 0.7)
    moves = {
        symbol: _walk(chance, duration_s, fall_at_s, depth * sharpness, back)
        for symbol, sharpness in (("BTCUSDT", 1.0), ("ETHUSDT", 1.3), ("SOLUSDT", 1.4))
    }
    return Scenario(
        name="simulated", title="a seeded walk with a fall", duration_s=duration_s, moves=moves, rest=((0, "1"),)
    )


def _walk(chance: random.Random, duration_s: int, fall_at_s: float, depth: float, back: float) -> Moves:
    """Waypoints of one symbol: the walk times the fall and its partial return."""
    level, points = 0.0, []
    for at_s in range(0, duration_s + _STEP_S, _STEP_S):
        fallen = min(1.0, max(0.0, (at_s - fall_at_s) / 2400))
        returned = min(1.0, max(0.0, (at_s - fall_at_s - 2400) / 3600))
        factor = math.exp(level) * (1 - depth * fallen * (1 - back * returned))
        points.append((at_s, f"{factor:.6f}"))
        level += chance.gauss(0.0, _WALK)
    return tuple(points)


def _trouble(chance: random.Random, start_ms: int, hours: float) -> list[Fault]:
    """Two pieces of trouble an hour, and orders whose answers are lost now and then."""
    faults = [
        Fault(FaultKind.LOST_ANSWER, path=_ORDER_PATH, method="POST", probability=0.2),
        Fault(FaultKind.UNKNOWN_STATE, path=_ORDER_PATH, method="POST", probability=0.1),
    ]
    for _ in range(max(1, round(hours * 2))):
        kind, longest_s, probability, value_ms = chance.choice(_TROUBLE)
        from_ms = start_ms + round(chance.uniform(0.02, 0.95) * hours * 3_600_000)
        until_ms = from_ms + round(chance.uniform(0.2, 1.0) * longest_s * 1000)
        faults.append(Fault(kind, probability=probability, value_ms=value_ms, from_ms=from_ms, until_ms=until_ms))
    return faults
