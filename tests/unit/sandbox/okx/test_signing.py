"""OKX's gate: each thing that can be wrong with a request has its own code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.sandbox.dialects.okx.errors import WireError, from_rejection
from guard.sandbox.dialects.okx.signing import PHRASE, authorize, login, sign
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.engine.orders import Reason, Rejection
from guard.sandbox.keys import ApiKey, KeyRing

NOW_MS = 1_700_000_000_000
STAMP = "2023-11-14T22:13:20.000Z"
PATH, QUERY = "/api/v5/trade/orders-pending", "limit=100"


@pytest.fixture
def key() -> ApiKey:
    """A key that reads and trades."""
    return ApiKey("k", "s", 1)


@pytest.fixture
def ring(key: ApiKey) -> KeyRing:
    """It alone."""
    ring = KeyRing()
    ring.add(key)
    return ring


def request(**headers: str) -> RawRequest:
    """A signed reading."""
    given = {
        "ok-access-key": "k",
        "ok-access-passphrase": PHRASE,
        "ok-access-timestamp": STAMP,
        "ok-access-sign": sign(f"{headers.get('ok_access_timestamp', STAMP)}GET{PATH}?{QUERY}", "s"),
    }
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    return RawRequest("GET", PATH, QUERY, "", given, "127.0.0.1")


def code_of(raw: RawRequest, ring: KeyRing, now_ms: int = NOW_MS) -> str:
    """The refusal."""
    with pytest.raises(WireError) as caught:
        authorize(raw, ring, now_ms)
    assert caught.value.status == 401
    return caught.value.code


def test_a_right_request(ring: KeyRing, key: ApiKey) -> None:
    """Passes, within half a minute of its time."""
    assert authorize(request(), ring, NOW_MS + 29_000) is key
    assert authorize(request(), ring, NOW_MS - 29_000) is key


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ok_access_key": ""}, "50103"),
        ({"ok_access_passphrase": ""}, "50104"),
        ({"ok_access_sign": ""}, "50106"),
        ({"ok_access_timestamp": ""}, "50107"),
        ({"ok_access_key": "x"}, "50111"),
        ({"ok_access_passphrase": "x"}, "50105"),
        ({"ok_access_timestamp": "yesterday"}, "50112"),
        ({"ok_access_sign": "x"}, "50113"),
    ],
)
def test_wrong_headers(ring: KeyRing, headers: dict[str, str], code: str) -> None:
    """One at a time."""
    assert code_of(request(**headers), ring) == code


def test_time_address_and_rights(ring: KeyRing, key: ApiKey) -> None:
    """A stale request, an address that is not on the list, a right that is missing."""
    assert code_of(request(), ring, NOW_MS + 31_000) == "50102"
    assert code_of(replace(request(), query="limit=99"), ring) == "50113"
    key.reading = False
    assert code_of(request(), ring) == "50120"
    key.ips = frozenset({"10.0.0.1"})
    assert code_of(request(), ring) == "50110"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"apiKey": "x"}, "60005"),
        ({"passphrase": "x"}, "60024"),
        ({"timestamp": "1"}, "60006"),
        ({"timestamp": "now"}, "60006"),
        ({"sign": "x"}, "60007"),
    ],
)
def test_logins_to_streams(ring: KeyRing, key: ApiKey, change: dict[str, Any], code: str) -> None:
    """In seconds; each wrong thing has its code."""
    stamp = str(NOW_MS // 1000)
    right = {
        "apiKey": "k",
        "passphrase": PHRASE,
        "timestamp": stamp,
        "sign": sign(f"{stamp}GET/users/self/verify", "s"),
    }
    assert login(right, ring, NOW_MS) is key
    with pytest.raises(WireError) as caught:
        login({**right, **change}, ring, NOW_MS)
    assert caught.value.code == code


def test_every_reason_has_a_code() -> None:
    """Whatever the engine refuses."""
    assert all(from_rejection(Rejection(reason)).code.startswith("5") for reason in Reason)
