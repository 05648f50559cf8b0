"""Wrong keys, wrong clocks and too many requests, as real ccxt meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ccxt.async_support as ccxt
import pytest

from guard.sandbox.dialects.binanceusdm.dialect import BinanceServed
from guard.sandbox.faults import FaultKind
from guard.sandbox.server import SandboxAccount, SandboxServer

Connect = Callable[..., Any]


async def test_wrong_secret(connect: Connect, alice: SandboxAccount) -> None:
    """-1022: the key is known, the signature is not its own."""
    exchange = connect(alice, secret="not-the-secret")
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        await exchange.fetch_position_mode()


async def test_unknown_and_revoked_key(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """-2015 with 401 for a key that the venue does not know, or knows no longer."""
    exchange = connect(alice)
    await exchange.fetch_position_mode()
    server.keys.revoke(alice.api_key)
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await exchange.fetch_position_mode()


async def test_key_from_another_address(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """An allow-list that this machine is not on."""
    server.keys.keys[alice.api_key].ips = frozenset({"10.1.2.3"})
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await connect(alice).fetch_position_mode()


async def test_key_that_may_only_read(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """Reading works, trading is -2015."""
    server.keys.keys[alice.api_key].futures = False
    exchange = connect(alice)
    assert (await exchange.fetch_balance())["USDT"]["total"] == 100_000
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await exchange.create_order("BTC/USDT:USDT", "market", "buy", 1)


async def test_restrictions_tell_what_a_key_may(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """The call with which a guard refuses keys that could take money out."""
    told = await connect(alice).sapiGetAccountApiRestrictions()
    assert (told["enableReading"], told["enableFutures"], told["enableWithdrawals"]) == (True, True, False)
    risky = server.add_key(alice.account, withdrawals=True, universal_transfer=True)
    other = connect(alice, apiKey=risky.key, secret=risky.secret)
    told = await other.sapiGetAccountApiRestrictions()
    assert (told["enableWithdrawals"], told["permitsUniversalTransfer"], told["ipRestrict"]) == (True, True, False)


@pytest.mark.parametrize("skew_ms", [60_000, -5_000])
async def test_skewed_clock_and_its_cure(
    connect: Connect, alice: SandboxAccount, server: SandboxServer, skew_ms: int
) -> None:
    """-1021 either way until ccxt adjusts for the difference."""
    server.add_fault(FaultKind.CLOCK_SKEW, value_ms=skew_ms)
    exchange = connect(alice)
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        await exchange.fetch_position_mode()
    await exchange.load_time_difference()
    assert not (await exchange.fetch_position_mode())["hedged"]


async def test_too_many_requests(connect: Connect, alice: SandboxAccount, server: SandboxServer) -> None:
    """The weight is told with every answer; over the limit comes 429, and 418 for who insists."""
    exchange = connect(alice)
    await exchange.fapiPrivateV3GetAccount()
    before = int(exchange.last_response_headers["X-MBX-USED-WEIGHT-1M"])
    await exchange.fapiPrivateV3GetAccount()
    assert int(exchange.last_response_headers["X-MBX-USED-WEIGHT-1M"]) - before in {5, 5 - before}
    served = server.served
    assert isinstance(served, BinanceServed)
    served.venue.weights.limit, served.venue.weights.patience = 1, 2
    for status in ("429", "429", "418", "418"):
        with pytest.raises(ccxt.DDoSProtection, match=f"{status} .*-1003"):
            await exchange.fapiPrivateV3GetAccount()
        assert int(exchange.last_response_headers["Retry-After"]) > 0


async def test_unknown_path(connect: Connect) -> None:
    """An address that the venue does not have is a 404, not a silence."""
    with pytest.raises(ccxt.ExchangeError, match="-5000"):
        await connect(None).fapiPublicGetInsuranceBalance()
