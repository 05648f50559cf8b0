"""Price paths: what a symbol's mid price is at a time. Pure and repeatable; knows no accounts and no orders."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

_PLACES = Decimal("0.00000001")
_HASH_SPAN = Decimal(2**64)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A price that a path passes through: `at_ms` on the venue's timeline, `price` in quote units."""

    at_ms: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Noise:
    """Seeded relative jitter around a path: up to `amplitude` (a fraction) either way, new every `period_ms`."""

    seed: int
    amplitude: Decimal
    period_ms: int = 1000

    def factor(self, symbol: str, at_ms: int) -> Decimal:
        """The multiplier at `at_ms`: the same for the same seed, symbol and period."""
        text = f"{self.seed}:{symbol}:{at_ms // self.period_ms}".encode()
        number = Decimal(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))
        return 1 + self.amplitude * (2 * number / _HASH_SPAN - 1)


@dataclass(frozen=True, slots=True)
class PricePath:
    """Straight lines between waypoints; flat before the first and after the last."""

    waypoints: tuple[Waypoint, ...]
    noise: Noise | None = None

    def __post_init__(self) -> None:
        times = [point.at_ms for point in self.waypoints]
        if not times or times != sorted(set(times)):
            raise ValueError("a price path needs waypoints at strictly increasing times")
        if any(point.price <= 0 for point in self.waypoints):
            raise ValueError("every waypoint's price must be > 0")

    def price(self, symbol: str, at_ms: int) -> Decimal:
        """The mid price at `at_ms`, rounded to 8 places."""
        smooth = self._between(at_ms)
        moved = smooth if self.noise is None else smooth * self.noise.factor(symbol, at_ms)
        return moved.quantize(_PLACES)

    def still_until(self, at_ms: int) -> int | None:
        """How long the price keeps the value it has at `at_ms`; None = for ever."""
        if self.noise is not None:
            return at_ms
        if at_ms >= self.waypoints[-1].at_ms:
            return None
        return max(at_ms, self.waypoints[0].at_ms)

    def _between(self, at_ms: int) -> Decimal:
        index = bisect.bisect_right(self.waypoints, at_ms, key=lambda point: point.at_ms)
        if index == 0:
            return self.waypoints[0].price
        left = self.waypoints[index - 1]
        if index == len(self.waypoints):
            return left.price
        right = self.waypoints[index]
        share = Decimal(at_ms - left.at_ms) / Decimal(right.at_ms - left.at_ms)
        return left.price + (right.price - left.price) * share


@dataclass(slots=True)
class PriceSeries:
    """The history and future of one symbol: a path that can be replaced from a moment on."""

    symbol: str
    path: PricePath
    _starts: list[int] = field(default_factory=list)
    _paths: list[PricePath] = field(default_factory=list)

    def price(self, at_ms: int) -> Decimal:
        """The mid price at `at_ms`, past or future."""
        return self._path_at(at_ms).price(self.symbol, at_ms)

    def replace_from(self, at_ms: int, path: PricePath) -> None:
        """Follow `path` from `at_ms` on; what was before stays as history."""
        index = bisect.bisect_left(self._starts, at_ms)
        del self._starts[index:], self._paths[index:]
        self._starts.append(at_ms)
        self._paths.append(path)

    def still_until(self, at_ms: int) -> int | None:
        """How long the price surely keeps the value it has at `at_ms`; None = for ever."""
        return self._path_at(at_ms).still_until(at_ms)

    def candle(self, start_ms: int, end_ms: int, samples: int = 12) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Open, high, low and close between two moments, from evenly spaced samples."""
        span = max(1, end_ms - start_ms)
        prices = [self.price(start_ms + span * step // samples) for step in range(samples)]
        prices.append(self.price(end_ms))
        return prices[0], max(prices), min(prices), prices[-1]

    def _path_at(self, at_ms: int) -> PricePath:
        index = bisect.bisect_right(self._starts, at_ms)
        return self.path if index == 0 else self._paths[index - 1]


def flat_path(price: Decimal) -> PricePath:
    """A path that stays at `price` (quote units)."""
    return PricePath((Waypoint(0, price),))


def path_through(points: Sequence[tuple[int, Decimal]], noise: Noise | None = None) -> PricePath:
    """A path through `(at_ms, price)` pairs."""
    return PricePath(tuple(Waypoint(at_ms, price) for at_ms, price in points), noise)
