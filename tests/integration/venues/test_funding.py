"""From a venue's public rates to the alert: what a leg costs in a day as a share of equity."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from guard.alerts.conditions import observe
from guard.alerts.rules import Rule
from guard.app.clock import SystemClock
from guard.app.judge import judge, judge_policy
from guard.app.settings import Conformity, Zones
from guard.ports.records import AccountRecord
from guard.ports.venue import AccountSpec, Credentials, FetchedBook, VenueAccount
from guard.risk.quality import Quality
from guard.risk.zones import ZoneState
from guard.sandbox.dialects.table import dialect_of
from guard.sandbox.engine.engine import Engine, Holding
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxServer
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account

BTC = "BTC/USDT:USDT"


async def told(account: VenueAccount) -> FetchedBook:
    """A reading with funding: there after a few at the latest, since the rates are asked for meanwhile."""
    for _ in range(50):
        fetched = await account.fetch_book()
        if fetched.funding:
            return fetched
    raise AssertionError("no funding")


async def test_the_rule_fires_at_the_rates_that_the_venue_tells() -> None:
    """0.1 % every eight hours at 10x are 3 % of equity a day. Without the endpoint the book is as whole, and silent."""
    clock, dialect = SystemClock(), dialect_of("binanceusdm")
    start_ms = int(datetime.now(tz=UTC).timestamp() * 1000)
    engine = Engine(start_ms=start_ms, instruments=dialect.instruments(), rule=dialect.rule)
    engine.market.funding_rates["BTCUSDT"] = Decimal("0.001")
    server = SandboxServer(engine, clock, seed=1, tick_s=5.0, dialect=dialect)
    mark = engine.market.mark("BTCUSDT")
    opened = server.add_account("main", {"USDT": mark}, [Holding("BTCUSDT", Decimal(10), mark)])
    base_url = await server.start()
    spec = AccountSpec("main", "binanceusdm", Credentials(opened.api_key, opened.secret), base_url)
    policy = judge_policy(Zones(), Conformity(), 60.0)
    record = AccountRecord("a", spec, None, "observe", clock.now())
    server.add_fault(FaultKind.INTERNAL_ERROR, path="/fapi/v1/fundingInfo")
    for is_told in (False, True):
        hub = VenueHub(clock, tells_funding=True)
        account = await open_account(spec, clock, hub)
        fetched = await told(account) if is_told else [await account.fetch_book() for _ in range(5)][-1]
        reading = judge(record, fetched, ZoneState(), policy, now=clock.now(), duration_ms=1.0)
        assert reading.quality.quality is Quality.FRESH
        assert bool(fetched.funding) is is_told
        fires = [
            bool([each for each in observe(reading, {Rule.FUNDING: bar}, ()).conditions if each.rule is Rule.FUNDING])
            for bar in (0.0295, 0.0305)
        ]
        assert fires == [is_told, False]
        await account.close()
        await hub.close()
        server.clear_faults()
    await server.stop()
