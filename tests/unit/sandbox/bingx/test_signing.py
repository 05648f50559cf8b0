"""Who may ask: each refusal has a code of its own, and all come with HTTP 200."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from guard.sandbox.dialects.bingx.signing import Security, authorize
from guard.sandbox.dialects.bingx.words import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

NOW_MS = 1_700_000_000_000
READER = ApiKey("reader", "secret", 1, futures=False)
TRADER = ApiKey("trader", "secret", 1, ips=frozenset({"127.0.0.1"}))
BLIND = ApiKey("blind", "secret", 1, reading=False)


def ring() -> KeyRing:
    """Three keys."""
    made = KeyRing(1)
    for key in (READER, TRADER, BLIND):
        made.add(key)
    return made


def signed(
    key: str = "trader", secret: str = "secret", at_ms: int = NOW_MS, extra: str = "symbol=BTC-USDT"
) -> RawRequest:
    """A request as ccxt signs it: sorted parameters, decoded, then the signature."""
    payload = f"{extra}&timestamp={at_ms}"
    signature = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    query = f"{payload}&signature={signature}"
    return RawRequest("GET", "/openApi/x", query, "", {"x-bx-apikey": key}, "127.0.0.1")


def code_of(raw: RawRequest, security: Security = Security.READ, now_ms: int = NOW_MS) -> int:
    """The refusal's code."""
    with pytest.raises(WireError) as caught:
        authorize(raw, security, ring(), now_ms)
    return caught.value.code


def test_who_may() -> None:
    """Anybody where nothing is asked; a key with the right otherwise."""
    assert authorize(replace(signed(), headers={}), Security.NONE, ring(), NOW_MS) is None
    assert authorize(signed(), Security.TRADE, ring(), NOW_MS) == TRADER
    assert authorize(signed("reader"), Security.READ, ring(), NOW_MS) == READER


def test_who_may_not() -> None:
    """Unknown key, wrong address, wrong or no signature, wrong time, missing right."""
    assert code_of(signed("nobody")) == 100413
    assert code_of(replace(signed(), remote="10.0.0.1")) == 100419
    assert code_of(signed(secret="other")) == 100001
    assert code_of(replace(signed(), query=f"timestamp={NOW_MS}")) == 100412
    assert code_of(signed("reader"), Security.TRADE) == 100004
    assert code_of(signed("blind")) == 100004


@pytest.mark.parametrize("away_ms", [-5_001, 1_001])
def test_a_wrong_time(away_ms: int) -> None:
    """Late by more than the window, or early."""
    assert code_of(signed(at_ms=NOW_MS + away_ms)) == 100421


def test_a_window_of_the_callers_own() -> None:
    """As ccxt sorts it in."""
    raw = signed(at_ms=NOW_MS - 20_000, extra="recvWindow=30000&symbol=BTC-USDT")
    assert authorize(raw, Security.READ, ring(), NOW_MS) == TRADER
