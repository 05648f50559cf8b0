"""`check`: what a key may do, in which modes the account is, and what a person should know."""

from __future__ import annotations

import pytest

from guard.ports.errors import VenueUnavailable
from tests.contract.venues.harness import Harness


async def test_a_trading_key(bench: Harness) -> None:
    """Read live: it may read and trade, and not withdraw, as far as the venue tells."""
    check = await (await bench.open(bench.account())).check()
    assert check.rights.read is True
    assert check.rights.trade in {True, None}
    assert check.rights.withdraw in {False, None}
    assert check.position_mode == "one_way"
    assert check.account_mode
    assert abs(check.clock_skew_ms) < 2_000
    assert check.fetched.missing == ()


async def test_a_key_that_may_withdraw_is_told(bench: Harness) -> None:
    """Whether it is accepted is not decided here."""
    if not bench.rights:
        pytest.skip(f"{bench.venue} does not tell")
    account = bench.account()
    check = await (await bench.open(account, **bench.key(account, withdrawals=True))).check()
    assert check.rights.withdraw is True
    assert any("may withdraw" in warning for warning in check.warnings)


async def test_a_key_that_may_only_read(bench: Harness) -> None:
    """Enough to watch."""
    if not bench.rights:
        pytest.skip(f"{bench.venue} does not tell")
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    check = await (await bench.open(account, **bench.key(account, futures=False))).check()
    assert check.rights.trade is False
    assert len(check.fetched.book.positions) == 1
    assert any("it cannot act" in warning for warning in check.warnings)


async def test_hedge_mode(bench: Harness) -> None:
    """As the venue states it."""
    if not bench.has_hedge_mode:
        pytest.skip(f"{bench.venue} has no hedge mode")
    assert (await (await bench.open(bench.account(hedge_mode=True))).check()).position_mode == "hedge"


async def test_rights_that_cannot_be_read_now_fail_the_check(bench: Harness) -> None:
    """A withdrawal key must not slip in during an outage."""
    if not bench.rights:
        pytest.skip(f"{bench.venue} does not tell")
    bench.tampering.pages[bench.rights] = (503, "text/html", b"<html>later</html>")
    with pytest.raises(VenueUnavailable):
        await (await bench.open(bench.account())).check()
