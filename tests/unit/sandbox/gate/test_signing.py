"""Who is let in, and with which words the others are refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from guard.sandbox.dialects.gate.errors import WireError
from guard.sandbox.dialects.gate.signing import authorize, sign, subscriber
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

NOW_MS = 1_772_600_000_000


def keys(**rights: Any) -> KeyRing:
    """A ring with one key."""
    ring = KeyRing()
    ring.add(ApiKey("k", "s", 1, **rights))
    return ring


def request(method: str = "GET", **headers: str) -> RawRequest:
    """A signed request."""
    path, query, body, stamp = "/api/v4/futures/usdt/orders", "text=a%20b", "", str(NOW_MS // 1000)
    payload = "\n".join((method, path, "text=a b", hashlib.sha512(body.encode()).hexdigest(), stamp))
    given = {"key": "k", "timestamp": stamp, "sign": sign(payload, "s"), **headers}
    return RawRequest(method, path, query, body, given, "127.0.0.1")


def test_a_right_signature() -> None:
    """Over the query as it was before it was encoded."""
    assert authorize(request(), keys(), NOW_MS).account_id == 1


@pytest.mark.parametrize(
    ("headers", "rights", "method", "label"),
    [
        ({"sign": ""}, {}, "GET", "MISSING_REQUIRED_HEADER"),
        ({"key": "other"}, {}, "GET", "INVALID_KEY"),
        ({"timestamp": str(NOW_MS // 1000 - 61)}, {}, "GET", "REQUEST_EXPIRED"),
        ({"timestamp": "soon"}, {}, "GET", "REQUEST_EXPIRED"),
        ({"sign": "0" * 128}, {}, "GET", "INVALID_SIGNATURE"),
        ({}, {"ips": frozenset({"203.0.113.1"})}, "GET", "IP_FORBIDDEN"),
        ({}, {"reading": False}, "GET", "FORBIDDEN"),
        ({}, {"futures": False}, "POST", "READ_ONLY"),
    ],
)
def test_refusals(headers: dict[str, str], rights: dict[str, Any], method: str, label: str) -> None:
    """Each in its words."""
    with pytest.raises(WireError) as caught:
        authorize(request(method, **headers), keys(**rights), NOW_MS)
    assert caught.value.label == label


def test_subscribers() -> None:
    """Signed over channel, event and time."""
    stamp = NOW_MS // 1000
    signature = sign(f"channel=futures.orders&event=subscribe&time={stamp}", "s")
    message = {
        "time": stamp,
        "channel": "futures.orders",
        "event": "subscribe",
        "auth": {"KEY": "k", "SIGN": signature},
    }
    assert subscriber(message, keys(), NOW_MS).account_id == 1
    for change, label in (({"auth": {}}, "INVALID_KEY"), ({"event": "unsubscribe"}, "INVALID_SIGNATURE")):
        with pytest.raises(WireError) as caught:
            subscriber({**message, **change}, keys(), NOW_MS)
        assert caught.value.label == label
