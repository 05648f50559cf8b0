"""`check`: what a key may do, in which modes the account is, and what a person should know."""

from __future__ import annotations

from typing import Any

import pytest

from guard.ports.errors import CredentialsRejected, VenueUnavailable
from guard.ports.venue import KeyRights


async def test_a_trading_key(bench: Any) -> None:
    """Read live; a key that is not bound to addresses is worth a warning."""
    check = await (await bench.open(bench.account())).check()
    assert check.rights == KeyRights(read=True, trade=True, withdraw=False, transfer=False, ip_restricted=False)
    assert (check.position_mode, check.account_mode) == ("one_way", "single-asset")
    assert abs(check.clock_skew_ms) < 1_000
    assert check.fetched.missing == ()
    assert check.warnings == ("this key is not bound to addresses: whoever has it can use it from anywhere",)


async def test_a_bound_key_has_no_warnings(bench: Any) -> None:
    """Nothing to say."""
    account = bench.account()
    check = await (await bench.open(account, **bench.key(account, ips=frozenset({"127.0.0.1"})))).check()
    assert (check.rights.ip_restricted, check.warnings) == (True, ())


async def test_a_key_that_may_withdraw_is_told(bench: Any) -> None:
    """Whether it is accepted is not decided here."""
    account = bench.account()
    check = await (await bench.open(account, **bench.key(account, withdrawals=True, universal_transfer=True))).check()
    assert (check.rights.withdraw, check.rights.transfer) == (True, True)
    assert any("may withdraw" in warning for warning in check.warnings)


async def test_a_key_that_may_only_read(bench: Any) -> None:
    """Enough to watch."""
    account = bench.account("alice", bench.holding("BTCUSDT", "2", "43000"))
    check = await (await bench.open(account, **bench.key(account, futures=False))).check()
    assert check.rights.trade is False
    assert len(check.fetched.book.positions) == 1
    assert any("it cannot act" in warning for warning in check.warnings)


async def test_a_key_from_another_address_is_refused(bench: Any) -> None:
    """The message names all three possible reasons."""
    account = bench.account()
    opened = await bench.open(account, **bench.key(account, ips=frozenset({"10.0.0.1"})))
    with pytest.raises(CredentialsRejected, match="bound to other addresses"):
        await opened.check()


async def test_hedge_mode(bench: Any) -> None:
    """As the venue states it."""
    assert (await (await bench.open(bench.account(hedge_mode=True))).check()).position_mode == "hedge"


async def test_rights_that_the_venue_does_not_tell(bench: Any) -> None:
    """Test networks have no such request: unknown is not "no"."""
    bench.tampering.pages[bench.rights] = (404, "text/html", b"<html>not found</html>")
    check = await (await bench.open(bench.account())).check()
    assert (check.rights.trade, check.rights.withdraw) == (None, None)
    assert check.warnings == ("the venue does not tell what this key may do",)


async def test_rights_that_cannot_be_read_now_fail_the_check(bench: Any) -> None:
    """A withdrawal key must not slip in during an outage."""
    bench.tampering.pages[bench.rights] = (503, "text/html", b"<html>later</html>")
    with pytest.raises(VenueUnavailable, match="apiRestrictions"):
        await (await bench.open(bench.account())).check()
