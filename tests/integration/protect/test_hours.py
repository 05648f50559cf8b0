"""A safe account that its own volatility would bring to liquidation in hours: real ccxt, store and sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from guard.ports.records import CycleRecord, Reading
from guard.risk.zones import Zone
from guard.store.store import Store
from tests.integration.protect.armed import armed_at, trading_venues

BINANCE = next(kind for kind in trading_venues() if kind.venue == "binanceusdm")


def before(reading: Reading, hours: int, share: float) -> Reading:
    """What would have been read so many hours ago, with each mark at this part of what it is now."""
    assert reading.risk is not None
    pools = tuple(
        replace(pool, positions=tuple(replace(leg, mark_price=leg.mark_price * share) for leg in pool.positions))
        for pool in reading.risk.pools
    )
    return replace(reading, at=reading.at - timedelta(hours=hours), risk=replace(reading.risk, pools=pools))


async def test_it_is_protected_before_a_zone_calls_for_it(store: Store) -> None:
    """Hours come from stored readings; the plan restores as many as were asked for; the reason is stored and told."""
    legs = [("BTCUSDT", "8", "43500", "BOTH")]
    async with armed_at(BINANCE, store, legs) as armed:
        now = await armed.turn()
        for hours in range(30, 0, -1):
            await store.record_cycle(CycleRecord(before(now, hours, 1.05 if hours % 2 else 1.0)))
        armed.watch.protect = replace(armed.watch.protect, act_at_hours=40.0, target_hours=100.0)
        first, second = await armed.turn(), await armed.turn()
        assert first.zone is second.zone is Zone.SAFE
        assert second.own_hours is not None
        assert second.own_hours.hours is not None
        assert 20.0 < second.own_hours.hours < 40.0
        (intent,) = await armed.intents()
        assert intent.state == "done"
        assert intent.reason.endswith("h of this book's own volatility away, at or below 40 h")
        after = await armed.turn()
        assert after.own_hours is not None
        assert after.own_hours.hours is not None
        assert 100.0 <= after.own_hours.hours < 115.0
        assert len(await armed.intents()) == 1
        told = [message.html for message in await armed.messages()]
        assert any("protection acts now" in text and intent.reason in text for text in told)
        assert any("acted, back under the target" in text for text in told)
