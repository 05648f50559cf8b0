"""Who asks, and whether the request is theirs: key, HMAC signature, timestamp, receive window, address, rights."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum

from guard.sandbox.dialects.bybit.refusals import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

DEFAULT_RECV_WINDOW_MS = 5_000
_AHEAD_MS = 1_000


class Security(Enum):
    """What an endpoint asks for."""

    NONE = "none"
    READ = "read"
    TRADE = "trade"


def authorize(request: RawRequest, security: Security, keys: KeyRing, now_ms: int) -> ApiKey | None:
    """The key of the caller; None when the endpoint asks for none.

    Checked in the venue's order: 1. key, 2. signature, 3. time, 4. address, 5. rights.

    Raises:
        WireError: 10003, 10004, 10002, 10010 or 10005.
    """
    if security is Security.NONE:
        return None
    key = keys.find(request.headers.get("x-bapi-api-key", ""))
    if key is None:
        raise WireError(10003, "API key is invalid.")
    _check_signature(request, key)
    _check_time(request, now_ms)
    if key.ips and request.remote not in key.ips:
        raise WireError(10010, "Unmatched IP, please check your API key's bound IP addresses.")
    if not (key.futures if security is Security.TRADE else key.reading):
        raise WireError(10005, "Permission denied, please check your API key permissions.")
    return key


def sign(payload: str, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 of `payload`."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def _check_signature(request: RawRequest, key: ApiKey) -> None:
    names = ("x-bapi-timestamp", "x-bapi-api-key", "x-bapi-recv-window")
    head = "".join(request.headers.get(name, "") for name in names)
    payload = head + (request.body if request.method == "POST" else request.query)
    if not hmac.compare_digest(sign(payload, key.secret), request.headers.get("x-bapi-sign", "")):
        raise WireError(10004, "error sign! please check your signature generation algorithm.")


def _check_time(request: RawRequest, now_ms: int) -> None:
    try:
        sent_ms = int(request.headers.get("x-bapi-timestamp", ""))
        window_ms = int(request.headers.get("x-bapi-recv-window") or DEFAULT_RECV_WINDOW_MS)
    except ValueError as error:
        raise WireError(10001, "params error: timestamp or recv_window") from error
    if not now_ms - window_ms <= sent_ms < now_ms + _AHEAD_MS:
        raise WireError(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{sent_ms}],server_timestamp[{now_ms}],recv_window[{window_ms}]",
        )
