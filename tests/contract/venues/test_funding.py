"""What a leg costs in a day, as every venue that tells it tells it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from guard.ports.venue import AccountSpec, Credentials
from guard.venues.hub import VenueHub
from guard.venues.registry import entry_of, open_account
from tests.contract.venues.harness import Harness


async def test_funding_is_told_for_a_day(bench: Harness) -> None:
    """0.1 % every eight hours of what is held, however the venue counts; the first book does not wait for it."""
    entry = entry_of(bench.venue)
    if entry is None or entry.funding is None:
        pytest.skip(f"{bench.venue} is not asked for its funding")
    bench.server.engine.market.funding_rates[bench.engine_symbol("BTCUSDT")] = Decimal("0.001")
    owner = bench.account("alice", bench.holding("BTCUSDT", "1", "43000"))
    key = Credentials(**bench.credentials(owner))
    hub = VenueHub(bench.clock, requests_per_minute=10**6, tells_funding=True)
    account = await open_account(AccountSpec("alice", bench.venue, key, bench.server.base_url), bench.clock, hub)
    try:
        first = await account.fetch_book()
        assert first.funding == {}
        assert first.missing == ()
        for _ in range(50):
            fetched = await account.fetch_book()
            if fetched.funding:
                break
        assert fetched.funding == pytest.approx({bench.symbol("BTCUSDT"): 0.003})
    finally:
        await account.close()
        await hub.close()
