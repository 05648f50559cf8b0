from __future__ import annotations

import pytest

from guard.sandbox.dialects.binanceusdm.errors import WireError
from guard.sandbox.dialects.binanceusdm.signing import Security, SignedRequest, authorize, sign
from guard.sandbox.keys import ApiKey, KeyRing

NOW_MS = 1_700_000_000_000
SECRET = "sandbox-secret"


def owner(
    *, reading: bool = True, futures: bool = True, transfer: bool = False, ips: frozenset[str] = frozenset()
) -> ApiKey:
    """The key `k` with the given rights."""
    return ApiKey("k", SECRET, 1, reading=reading, futures=futures, universal_transfer=transfer, ips=ips)


def ring(key: ApiKey | None = None) -> KeyRing:
    """A ring with one key."""
    keys = KeyRing()
    keys.add(key or owner())
    return keys


def signed(payload: str, *, secret: str = SECRET, in_body: bool = False, api_key: str = "k") -> SignedRequest:
    """A request whose query (or body) is `payload` with its signature."""
    text = f"{payload}&signature={sign(payload, secret)}"
    return SignedRequest("" if in_body else text, text if in_body else "", api_key, "127.0.0.1")


def test_published_signature_example() -> None:
    """The example of the venue's documentation (SIGNED endpoint, POST /fapi/v1/order)."""
    order = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
    payload = order + "&recvWindow=5000&timestamp=1591702613943"
    secret = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
    assert sign(payload, secret) == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


@pytest.mark.parametrize("in_body", [True, False])
def test_right_signature_is_accepted(in_body: bool) -> None:
    """In the query or in the body."""
    key = authorize(signed(f"timestamp={NOW_MS}", in_body=in_body), Security.USER_DATA, ring(), NOW_MS)
    assert key is not None
    assert key.account_id == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SignedRequest("", "", "", "127.0.0.1"), -2014),
        (signed(f"timestamp={NOW_MS}", api_key="other"), -2015),
        (signed("recvWindow=5000"), -1102),
        (signed("timestamp=soon"), -1102),
        (SignedRequest(f"timestamp={NOW_MS}", "", "k", "127.0.0.1"), -1102),
        (signed(f"timestamp={NOW_MS}", secret="wrong"), -1022),
        (signed(f"timestamp={NOW_MS - 5001}"), -1021),
        (signed(f"timestamp={NOW_MS + 1001}"), -1021),
        (signed(f"timestamp={NOW_MS}&recvWindow=60001"), -1131),
    ],
)
def test_refused_requests(request_: SignedRequest, code: int) -> None:
    """Each mistake has the venue's own code."""
    with pytest.raises(WireError) as caught:
        authorize(request_, Security.USER_DATA, ring(), NOW_MS)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "payload",
    [f"timestamp={NOW_MS - 5000}", f"timestamp={NOW_MS + 1000}", f"timestamp={NOW_MS - 9999}&recvWindow=10000"],
)
def test_edges_of_the_window_are_inside(payload: str) -> None:
    """Exactly as old, or as far ahead, as allowed."""
    assert authorize(signed(payload), Security.USER_DATA, ring(), NOW_MS) is not None


@pytest.mark.parametrize(
    ("key", "security", "allowed"),
    [
        (owner(futures=False), Security.USER_DATA, True),
        (owner(futures=False), Security.TRADE, False),
        (owner(reading=False), Security.USER_DATA, False),
        (owner(transfer=True), Security.TRANSFER, True),
        (owner(), Security.TRANSFER, False),
        (owner(ips=frozenset({"10.0.0.1"})), Security.USER_DATA, False),
        (owner(ips=frozenset({"127.0.0.1"})), Security.USER_DATA, True),
    ],
)
def test_rights(key: ApiKey, security: Security, allowed: bool) -> None:
    """A key does what it may, from where it may, and nothing else."""
    request = signed(f"timestamp={NOW_MS}")
    if allowed:
        assert authorize(request, security, ring(key), NOW_MS) is not None
        return
    with pytest.raises(WireError) as caught:
        authorize(request, security, ring(key), NOW_MS)
    assert caught.value.code == -2015


def test_open_endpoints_ask_for_nothing() -> None:
    """A public endpoint has no caller."""
    assert authorize(SignedRequest("", "", "", "127.0.0.1"), Security.NONE, ring(), NOW_MS) is None


def test_keys_are_made_up_from_the_seed() -> None:
    """The same seed gives the same keys, another seed others."""
    assert KeyRing(3).invent() == KeyRing(3).invent() != KeyRing(4).invent()
    assert len(KeyRing(3).invent()) == 64
