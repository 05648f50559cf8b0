"""Who may ask: every way in which a request is not its key's."""

from __future__ import annotations

from typing import Any

import pytest

from guard.sandbox.dialects.bitget.errors import WireError
from guard.sandbox.dialects.bitget.signing import PHRASE, WINDOW_MS, Security, authorize, sign
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

NOW = 1_767_000_000_000
PATH, QUERY = "/api/v2/mix/order/detail", "clientOid=a%2Fb&symbol=BTCUSDT"


@pytest.fixture
def keys() -> KeyRing:
    """One key that may read only."""
    ring = KeyRing()
    ring.add(ApiKey("key", "secret", account_id=1, futures=False))
    return ring


def request(*, at_ms: int = NOW, secret: str = "secret", **headers: Any) -> RawRequest:
    """A signed request; the venue signs the decoded query."""
    payload = f"{at_ms}GET{PATH}?clientOid=a/b&symbol=BTCUSDT"
    given = {"access-key": "key", "access-passphrase": PHRASE, "access-timestamp": str(at_ms)}
    given["access-sign"] = sign(payload, secret)
    return RawRequest("GET", PATH, QUERY, "", {**given, **headers}, "127.0.0.1")


def test_a_signed_request(keys: KeyRing) -> None:
    """Its key is found; public requests need none."""
    found = authorize(request(), Security.READ, keys, NOW)
    assert found is not None
    assert found.account_id == 1
    assert authorize(RawRequest("GET", PATH, "", "", {}, ""), Security.NONE, keys, NOW) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"access-key": ""}, "40001"),
        ({"access-key": "other"}, "40037"),
        ({"access-passphrase": "other"}, "40012"),
        ({"access-timestamp": "soon"}, "40005"),
        ({"at_ms": NOW - WINDOW_MS - 1}, "40008"),
        ({"at_ms": NOW + WINDOW_MS + 1}, "40008"),
        ({"secret": "other"}, "40009"),
        ({"access-sign": "?"}, "40009"),
    ],
)
def test_what_is_refused(keys: KeyRing, change: dict[str, Any], code: str) -> None:
    """Each by its code."""
    with pytest.raises(WireError) as caught:
        authorize(request(**change), Security.READ, keys, NOW)
    assert caught.value.code == code


def test_rights_and_addresses(keys: KeyRing) -> None:
    """A reading key does not trade; a bound key works from its address."""
    with pytest.raises(WireError, match="40014"):
        authorize(request(), Security.TRADE, keys, NOW)
    keys.keys["key"].ips = frozenset({"10.0.0.1"})
    with pytest.raises(WireError, match="40018"):
        authorize(request(), Security.READ, keys, NOW)
