"""Who asks, and whether the request is theirs: key, passphrase, timestamp, base64 HMAC signature, rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from guard.sandbox.dialects.okx.errors import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

PHRASE: Final = "sandbox-passphrase"
"""The passphrase of every key of the sandbox."""
WINDOW_MS = 30_000
_UNAUTHORIZED = 401


def sign(payload: str, secret: str) -> str:
    """The base64 HMAC-SHA256 of `payload`."""
    return base64.b64encode(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()).decode()


def authorize(raw: RawRequest, keys: KeyRing, now_ms: int) -> ApiKey:
    """The key of the caller.

    Checked in the venue's order: 1. headers, 2. key, 3. passphrase, 4. timestamp, 5. signature, 6. address, 7. rights.

    Raises:
        WireError: 50103 to 50107, 50111, 50105, 50112, 50102, 50113, 50110 or 50120.
    """
    given = {name: raw.headers.get(f"ok-access-{name}", "") for name in ("key", "passphrase", "sign", "timestamp")}
    codes = {"key": "50103", "passphrase": "50104", "sign": "50106", "timestamp": "50107"}
    for name, code in codes.items():
        if not given[name]:
            raise _refused(code, f'Request header "OK-ACCESS-{name.upper()}" cannot be empty.')
    key = keys.find(given["key"])
    if key is None:
        raise _refused("50111", "Invalid OK-ACCESS-KEY")
    if given["passphrase"] != PHRASE:
        raise _refused("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')
    if abs(now_ms - _milliseconds(given["timestamp"])) > WINDOW_MS:
        raise _refused("50102", "Timestamp request expired")
    path = f"{raw.path}?{raw.query}" if raw.query else raw.path
    payload = given["timestamp"] + raw.method + path + raw.body
    if not hmac.compare_digest(sign(payload, key.secret), given["sign"]):
        raise _refused("50113", "Invalid Sign")
    if key.ips and raw.remote not in key.ips:
        raise _refused("50110", f"Your IP {raw.remote} is not included in your API key's IP whitelist.")
    if not (key.reading if raw.method == "GET" else key.futures):
        raise _refused("50120", "This API key doesn't have permission to use this function")
    return key


def login(arguments: Mapping[str, object], keys: KeyRing, now_ms: int) -> ApiKey:
    """The key that logs in to a stream; its timestamp is in seconds.

    Raises:
        WireError: 60005, 60024, 60006 or 60007.
    """
    key = keys.find(str(arguments.get("apiKey", "")))
    stamp = str(arguments.get("timestamp", ""))
    if key is None:
        raise WireError("60005", "Invalid OK-ACCESS-KEY")
    if arguments.get("passphrase") != PHRASE:
        raise WireError("60024", "Wrong passphrase")
    if not stamp.isdigit() or abs(now_ms - int(stamp) * 1000) > WINDOW_MS:
        raise WireError("60006", "Timestamp request expired")
    if not hmac.compare_digest(sign(f"{stamp}GET/users/self/verify", key.secret), str(arguments.get("sign", ""))):
        raise WireError("60007", "Invalid sign")
    return key


def _milliseconds(stamp: str) -> float:
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError as error:
        raise _refused("50112", "Invalid OK-ACCESS-TIMESTAMP") from error


def _refused(code: str, text: str) -> WireError:
    return WireError(code, text, _UNAUTHORIZED)
