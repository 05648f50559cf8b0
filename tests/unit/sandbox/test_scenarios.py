from __future__ import annotations

from decimal import Decimal

import pytest

from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.engine import Engine
from guard.sandbox.scenarios import SCENARIOS

D = Decimal
START_MS = 1_700_000_000_000


def opened(name: str, *, speed: float = 1.0) -> tuple[Engine, Account]:
    """The scenario's venue and account."""
    scenario = SCENARIOS[name]
    engine = scenario.engine(START_MS, speed, seed=1, resolution_ms=round(10_000 / speed))
    balances = {"USDT": D(scenario.balance)}
    return engine, engine.add_account("demo", balances, scenario.holdings(), hedge_mode=scenario.hedge_mode)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_starts_in_peace(name: str) -> None:
    """The account starts with its balance as equity, far from death, in the first quarter of the crash too."""
    engine, account = opened(name)
    assert abs(engine.equity(account) - D(SCENARIOS[name].balance)) < 200
    figures = engine.figures(account).assets["USDT"]
    assert figures.maintenance < figures.margin_balance / 8
    assert figures.available > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_last_waypoint_is_within_the_duration(name: str) -> None:
    """After the duration prices stay."""
    scenario = SCENARIOS[name]
    for moves in (*scenario.moves.values(), scenario.rest):
        assert moves[-1][0] <= scenario.duration_s
    for outage in scenario.outages:
        assert 0 < outage.from_s < outage.until_s < scenario.duration_s


@pytest.mark.parametrize(("symbol", "lowest"), [("BTCUSDT", "0.70"), ("ETHUSDT", "0.55"), ("SOLUSDT", "0.52")])
def test_flash_crash_is_shaped_as_told(symbol: str, lowest: str) -> None:
    """A quarter of calm, the stated fall within an hour, a partial rebound."""
    engine, _ = opened("flash-crash")
    series = engine.market.series[symbol]
    start = series.price(START_MS)
    path = [series.price(START_MS + second * 1000) / start for second in range(0, 7201, 60)]
    assert all(abs(factor - 1) < D("0.001") for factor in path[:31])
    assert abs(min(path) - D(lowest)) < D("0.001")
    assert path.index(min(path)) == 90
    assert min(path) + D("0.1") < path[-1] < 1


@pytest.mark.parametrize(
    ("name", "dies"), [("calm", False), ("flash-crash", True), ("flapping", False), ("venue-outage", False)]
)
def test_what_becomes_of_the_unguarded_account(name: str, dies: bool) -> None:
    """The crash kills it before the bottom, the others do not."""
    engine, account = opened(name)
    engine.advance(START_MS + SCENARIOS[name].duration_s * 1000)
    assert account.liquidated is dies
    if dies:
        assert account.liquidations[0].at_ms < START_MS + 5350 * 1000


def test_speed_compresses_the_timeline() -> None:
    """At speed 100 the crash of two hours takes 72 seconds, funding included."""
    fast, _ = opened("flash-crash", speed=100)
    slow, _ = opened("flash-crash")
    assert (
        abs(
            fast.market.series["BTCUSDT"].price(START_MS + 54_000)
            - slow.market.series["BTCUSDT"].price(START_MS + 5_400_000)
        )
        < 20
    )
    assert fast.options.funding_interval_ms == 288_000


def test_same_seed_same_prices() -> None:
    """Noise repeats itself with its seed."""
    calm = SCENARIOS["calm"]
    moments = [START_MS + second * 1000 for second in range(20)]

    def prices(seed: int) -> list[Decimal]:
        path = calm.paths(START_MS, 1.0, seed)["BTCUSDT"]
        return [path.price("BTCUSDT", at) for at in moments]

    assert prices(1) == prices(1) != prices(2)


def test_outage_covers_rest_and_streams() -> None:
    """While the venue is away neither side answers."""
    faults = SCENARIOS["venue-outage"].faults(START_MS, speed=10)
    assert {fault.kind.value for fault in faults} == {"outage", "stream-drop"}
    assert all(fault.from_ms == START_MS + 150_000 and fault.until_ms == START_MS + 240_000 for fault in faults)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_can_be_told_in_coins(name: str) -> None:
    """At a venue of coin-settled contracts: the same dollars, in whole contracts, on prices that move alike."""
    scenario, dialect = SCENARIOS[name], dialect_of("binancecoinm")
    engine = scenario.engine(START_MS, 1.0, seed=1, resolution_ms=10_000, dialect=dialect)
    money, legs = scenario.opening(dialect)
    account = engine.add_account("demo", money, legs, hedge_mode=scenario.hedge_mode)
    prices = {"BTC": scenario.start_prices["BTCUSDT"], "ETH": scenario.start_prices["ETHUSDT"]}
    worth = sum((amount * prices[coin] for coin, amount in account.wallets.items()), D(0))
    assert abs(worth - D(scenario.balance)) < 1
    assert all(leg.qty % engine.market.instruments[leg.symbol].step == 0 for leg in account.held())
    linear = scenario.engine(START_MS, 1.0, seed=1, resolution_ms=10_000)
    for at_ms in (START_MS, START_MS + scenario.duration_s * 500, START_MS + scenario.duration_s * 1000):
        ratio = engine.market.series["BTCUSD"].price(at_ms) / linear.market.series["BTCUSDT"].price(at_ms)
        assert abs(ratio - 1) < D("0.002")


def test_a_venue_that_lists_the_scenario_gets_it_as_it_is() -> None:
    """In the venue's own money."""
    scenario = next(iter(SCENARIOS.values()))
    money, legs = scenario.opening(dialect_of("binanceusdm"))
    assert (money, legs) == ({"USDT": D(scenario.balance)}, scenario.holdings())
