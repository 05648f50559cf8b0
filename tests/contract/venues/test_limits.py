"""After too many requests every venue has the silence it asked for: all of it, and no more."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from guard.ports.errors import RateLimited
from guard.sandbox.faults import FaultKind
from tests.contract.venues.harness import Harness

USUAL_S = 5.0
SAID_S: Mapping[tuple[str, FaultKind], float] = {
    ("binancecoinm", FaultKind.BANNED): 60.0,
    ("binancecoinm", FaultKind.TOO_MANY_REQUESTS): 20.0,
    ("binancepm", FaultKind.BANNED): 60.0,
    ("binancepm", FaultKind.TOO_MANY_REQUESTS): 20.0,
    ("binanceusdm", FaultKind.BANNED): 60.0,
    ("binanceusdm", FaultKind.TOO_MANY_REQUESTS): 20.0,
    ("bingx", FaultKind.BANNED): 120.0,
    ("bitget", FaultKind.BANNED): 60.0,
    ("bybit", FaultKind.BANNED): 600.0,
    ("bybit", FaultKind.TOO_MANY_REQUESTS): 20.0,
    ("hyperliquid", FaultKind.BANNED): 60.0,
    ("kucoinfutures", FaultKind.TOO_MANY_REQUESTS): 20.0,
}
"""What the sandbox says, in each venue's own words; whoever says nothing has the usual pause."""
# Of the real time that a test takes, and of the error in the venue's clock.
TOLERANCE_S = 2.0


@pytest.mark.parametrize("kind", [FaultKind.TOO_MANY_REQUESTS, FaultKind.BANNED])
async def test_the_site_is_silent_for_as_long_as_the_venue_said(bench: Harness, kind: FaultKind) -> None:
    """Every account of the site, until the time is over; then all of them are read again."""
    one, two = await bench.open(bench.account("alice")), await bench.open(bench.account("bob"))
    await one.fetch_book()
    await two.fetch_book()
    said_s = SAID_S.get((bench.venue, kind), USUAL_S)
    bench.server.add_fault(kind, path=bench.positions, times=1)
    with pytest.raises(RateLimited):
        await one.fetch_book()
    assert two._client.site.pause_left_s() == pytest.approx(said_s, abs=TOLERANCE_S)
    sent = len(bench.tampering.seen)
    bench.clock.jump(said_s - 1.5 * TOLERANCE_S)
    with pytest.raises(RateLimited):
        await two.fetch_book()
    assert len(bench.tampering.seen) == sent
    bench.clock.jump(2 * TOLERANCE_S)
    assert (await two.fetch_book()).missing == ()
    assert (await one.fetch_book()).missing == ()
