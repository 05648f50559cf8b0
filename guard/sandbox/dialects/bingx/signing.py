"""Who asks, and whether the request is theirs: API key, timestamp, receive window, HMAC over the parameters."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import Enum
from urllib.parse import parse_qsl

from guard.sandbox.dialects.bingx.words import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

DEFAULT_RECV_WINDOW_MS = 5_000
_AHEAD_MS = 1_000


class Security(Enum):
    """What an endpoint asks for."""

    NONE = "none"
    READ = "read"
    TRADE = "trade"


def authorize(raw: RawRequest, security: Security, keys: KeyRing, now_ms: int) -> ApiKey | None:
    """The key of the caller; None when the endpoint asks for none.

    Raises:
        WireError: 100413, 100419, 100412, 100001, 100421 or 100004.
    """
    if security is Security.NONE:
        return None
    key = keys.find(raw.headers.get("x-bx-apikey", ""))
    if key is None:
        raise WireError(100413, "Incorrect apiKey")
    if key.ips and raw.remote not in key.ips:
        raise WireError(100419, "your current request IP does not match IP whitelist")
    pairs = parse_qsl(raw.query, keep_blank_values=True) + parse_qsl(raw.body, keep_blank_values=True)
    params = dict(pairs)
    _check_signature([pair for pair in pairs if pair[0] != "signature"], params.get("signature"), key.secret)
    _check_time(params, now_ms)
    if not key.reading or (security is Security.TRADE and not key.futures):
        raise WireError(100004, "Permission denied as the API key was created without the permission")
    return key


def _check_signature(pairs: list[tuple[str, str]], given: str | None, secret: str) -> None:
    if not given:
        raise WireError(100412, "Null signature")
    payload = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, given):
        raise WireError(100001, "Signature verification failed due to signature mismatch")


def _check_time(params: Mapping[str, str], now_ms: int) -> None:
    try:
        timestamp = int(params["timestamp"])
        window = int(params.get("recvWindow") or DEFAULT_RECV_WINDOW_MS)
    except (KeyError, ValueError) as error:
        raise WireError(100421, "Null timestamp or timestamp mismatch") from error
    if timestamp > now_ms + _AHEAD_MS or now_ms - timestamp > window:
        raise WireError(100421, "Null timestamp or timestamp mismatch")
