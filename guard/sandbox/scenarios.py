"""Named price paths: what happens in the sandbox's world. Data, and how it is laid on the venue's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from guard.sandbox.dialects.dialect import Dialect
from guard.sandbox.engine.accounts import to_places
from guard.sandbox.engine.engine import EIGHT_HOURS_MS, Engine, EngineOptions, Holding
from guard.sandbox.engine.listing import INVERSE_START_PRICES, START_PRICES
from guard.sandbox.engine.prices import Noise, PricePath, path_through
from guard.sandbox.engine.sides import Leg
from guard.sandbox.faults import Fault, FaultKind

Moves = tuple[tuple[int, str], ...]
"""Waypoints of one symbol: scenario second, and price as a multiple of the start price."""

_HOUR = 3600
_RESOLUTION_MS = 250


@dataclass(frozen=True, slots=True)
class Outage:
    """From one scenario second to another the venue behaves like this, on REST and streams."""

    from_s: int
    until_s: int
    kind: FaultKind = FaultKind.OUTAGE


@dataclass(frozen=True, slots=True)
class ScenarioLeg:
    """A leg of the scenario's account: signed quantity, opened at the start price."""

    symbol: str
    qty: str
    leg: Leg = Leg.BOTH


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world: how prices move, when the venue is away, and an account that makes it worth watching.

    `moves` has an entry per symbol; `rest` is what every other symbol does. `jitter` is relative noise.
    """

    name: str
    title: str
    duration_s: int
    moves: Mapping[str, Moves]
    rest: Moves
    jitter: str = "0.0002"
    outages: tuple[Outage, ...] = ()
    balance: str = "100000"
    legs: tuple[ScenarioLeg, ...] = ()
    hedge_mode: bool = False
    start_prices: Mapping[str, Decimal] = field(default_factory=lambda: START_PRICES)

    def paths(self, start_ms: int, speed: float, seed: int) -> dict[str, PricePath]:
        """The story's symbols on a timeline that starts at `start_ms` and runs `speed` scenario seconds a second."""
        return self._paths_of(self.start_prices, start_ms, speed, seed)

    def _paths_of(self, prices: Mapping[str, Decimal], start_ms: int, speed: float, seed: int) -> dict[str, PricePath]:
        noise = Noise(seed, Decimal(self.jitter), period_ms=1000) if Decimal(self.jitter) else None
        paths = {}
        for symbol, price in prices.items():
            moves = self.moves.get(_told_as(symbol), self.rest)
            points = [(start_ms + round(at_s * 1000 / speed), price * Decimal(factor)) for at_s, factor in moves]
            paths[symbol] = path_through(points, noise)
        return paths

    def faults(self, start_ms: int, speed: float) -> list[Fault]:
        """The outages on the same timeline; streams are dropped while the venue is away."""
        return [
            Fault(
                kind,
                from_ms=start_ms + round(outage.from_s * 1000 / speed),
                until_ms=start_ms + round(outage.until_s * 1000 / speed),
            )
            for outage in self.outages
            for kind in (outage.kind, FaultKind.STREAM_DROP)
        ]

    def holdings(self) -> list[Holding]:
        """The legs of the scenario's account, opened at the start prices."""
        return [Holding(leg.symbol, Decimal(leg.qty), self.start_prices[leg.symbol], leg=leg.leg) for leg in self.legs]

    def opening(self, dialect: Dialect) -> tuple[dict[str, Decimal], list[Holding]]:
        """Money and legs of the scenario's account in the contracts that `dialect` lists.

        Where those are settled in coins, each leg becomes one of as many dollars, and the money is split between their
        coins; a leg that has no such contract is left out.
        """
        listed = dialect.instruments()
        if all(leg.symbol in listed for leg in self.legs):
            return {dialect.wallet_asset: Decimal(self.balance)}, self.holdings()
        found = [(leg, listed[_coin_symbol(leg)]) for leg in self.holdings() if _coin_symbol(leg) in listed]
        coins = {item.margin_asset: leg.entry_price for leg, item in found}
        money = {coin: to_places(Decimal(self.balance) / len(coins) / price) for coin, price in coins.items()}
        legs = [
            Holding(item.symbol, _whole(leg.qty * leg.entry_price, item.step), leg.entry_price, leg=leg.leg)
            for leg, item in found
        ]
        return money, legs

    def _coin_prices(self) -> dict[str, Decimal]:
        """Start prices of coin-settled contracts: beside the linear ones as they stand by default."""
        told = {symbol: _told_as(symbol) for symbol in INVERSE_START_PRICES}
        return {
            symbol: INVERSE_START_PRICES[symbol] * self.start_prices[linear] / START_PRICES[linear]
            for symbol, linear in told.items()
            if linear in self.start_prices
        }

    def engine(
        self,
        start_ms: int,
        speed: float,
        seed: int,
        resolution_ms: int = _RESOLUTION_MS,
        dialect: Dialect | None = None,
    ) -> Engine:
        """A venue in which this scenario begins at `start_ms`; funding keeps its scenario rhythm.

        Prices are looked at every `resolution_ms` of the venue's time: virtual hours ask for a coarser grid.
        """
        funding_ms = max(resolution_ms, round(EIGHT_HOURS_MS / speed))
        options = EngineOptions(resolution_ms=resolution_ms, funding_interval_ms=funding_ms)
        paths = self._paths_of({**self.start_prices, **self._coin_prices()}, start_ms, speed, seed)
        if dialect is None:
            return Engine(start_ms=start_ms, paths=paths, options=options)
        return Engine(
            start_ms=start_ms, instruments=dialect.instruments(), paths=paths, options=options, rule=dialect.rule
        )


def _told_as(symbol: str) -> str:
    """The symbol whose moves `symbol` follows: `BTCUSDT` of `BTCUSD` and of `BTCUSD_301227`."""
    return f"{symbol.partition('_')[0].removesuffix('USD')}USDT" if symbol in INVERSE_START_PRICES else symbol


def _coin_symbol(leg: Holding) -> str:
    return f"{leg.symbol.removesuffix('USDT')}USD"


def _whole(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value() * step


_LONG_BTC_ETH_SHORT_SOL = (
    ScenarioLeg("BTCUSDT", "5.5"),
    ScenarioLeg("ETHUSDT", "38"),
    ScenarioLeg("SOLUSDT", "-400"),
)
_STILL: Moves = ((0, "1"),)

# The shape of 2021-05-19: half an hour of calm, an hour of falling in waves, half an hour of partial rebound.
_CRASH_BTC: Moves = (
    (0, "1"),
    (1800, "1"),
    (2400, "0.955"),
    (3000, "0.90"),
    (3300, "0.915"),
    (4200, "0.83"),
    (4800, "0.78"),
    (5100, "0.79"),
    (5400, "0.70"),
    (5700, "0.77"),
    (6300, "0.80"),
    (7200, "0.85"),
)
_CRASH_ETH: Moves = (
    (0, "1"),
    (1800, "1"),
    (2400, "0.94"),
    (3000, "0.86"),
    (3300, "0.88"),
    (4200, "0.75"),
    (4800, "0.67"),
    (5100, "0.69"),
    (5400, "0.55"),
    (5700, "0.65"),
    (6300, "0.69"),
    (7200, "0.74"),
)
_CRASH_SOL: Moves = (
    (0, "1"),
    (1800, "1"),
    (2400, "0.93"),
    (3000, "0.84"),
    (3300, "0.87"),
    (4200, "0.72"),
    (4800, "0.64"),
    (5100, "0.66"),
    (5400, "0.52"),
    (5700, "0.62"),
    (6300, "0.66"),
    (7200, "0.71"),
)
_CRASH = {"BTCUSDT": _CRASH_BTC, "BTCUSDC": _CRASH_BTC, "SOLUSDT": _CRASH_SOL}
_FLAPS: Moves = (
    (0, "1"),
    (1800, "0.843"),
    *((1800 + 300 * step, "0.835" if step % 2 else "0.851") for step in range(1, 18)),
)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="calm",
            title="prices stand still but for noise",
            duration_s=_HOUR,
            moves={},
            rest=_STILL,
            legs=_LONG_BTC_ETH_SHORT_SOL,
        ),
        Scenario(
            name="flash-crash",
            title="BTC -30 % and ETH -45 % within an hour, then a partial rebound",
            duration_s=2 * _HOUR,
            moves=_CRASH,
            rest=_CRASH_ETH,
            legs=_LONG_BTC_ETH_SHORT_SOL,
        ),
        Scenario(
            name="slow-bleed",
            title="everything loses a third in a day, without a single large move",
            duration_s=24 * _HOUR,
            moves={"BTCUSDT": ((0, "1"), (6 * _HOUR, "1"), (24 * _HOUR, "0.70"))},
            rest=((0, "1"), (6 * _HOUR, "1"), (24 * _HOUR, "0.64")),
            legs=_LONG_BTC_ETH_SHORT_SOL,
        ),
        Scenario(
            name="flapping",
            title="after a fall the price oscillates around a level, 2 % from side to side",
            duration_s=2 * _HOUR,
            moves={},
            rest=_FLAPS,
            jitter="0",
            legs=_LONG_BTC_ETH_SHORT_SOL,
        ),
        Scenario(
            name="venue-outage",
            title="the venue stops answering in the middle of a fall",
            duration_s=_HOUR,
            moves={},
            rest=((0, "1"), (900, "1"), (2700, "0.86"), (3600, "0.88")),
            outages=(Outage(1500, 2400),),
            legs=_LONG_BTC_ETH_SHORT_SOL,
        ),
        Scenario(
            name="hedged-book",
            title="long and short legs of the same symbols, first a rise, then a fall",
            duration_s=2 * _HOUR,
            moves={},
            rest=((0, "1"), (1800, "1"), (3600, "1.35"), (5400, "0.75"), (7200, "0.9")),
            balance="40000",
            hedge_mode=True,
            legs=(
                ScenarioLeg("BTCUSDT", "6", Leg.LONG),
                ScenarioLeg("BTCUSDT", "-5", Leg.SHORT),
                ScenarioLeg("ETHUSDT", "40", Leg.LONG),
                ScenarioLeg("ETHUSDT", "-25", Leg.SHORT),
            ),
        ),
    )
}
