"""Who asks, and whether the request is theirs: key, timestamp in seconds, HMAC-SHA512 signature, rights."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from guard.sandbox.dialects.gate.errors import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

WINDOW_MS: Final = 60_000


def sign(payload: str, secret: str) -> str:
    """The HMAC-SHA512 of `payload` in hexadecimal digits."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha512).hexdigest()


def authorize(raw: RawRequest, keys: KeyRing, now_ms: int) -> ApiKey:
    """The key of the caller.

    Checked in this order: 1. headers, 2. key, 3. timestamp, 4. signature, 5. address, 6. rights.

    Raises:
        WireError: what is wrong with it.
    """
    given = {name: raw.headers.get(name, "") for name in ("key", "timestamp", "sign")}
    if not all(given.values()):
        raise WireError("MISSING_REQUIRED_HEADER", "KEY, Timestamp and SIGN are required", 401)
    key = keys.find(given["key"])
    if key is None:
        raise WireError("INVALID_KEY", "Invalid key provided", 401)
    check_time(given["timestamp"], now_ms)
    body = hashlib.sha512(raw.body.encode()).hexdigest()
    payload = "\n".join((raw.method, raw.path, unquote(raw.query), body, given["timestamp"]))
    if not hmac.compare_digest(sign(payload, key.secret), given["sign"]):
        raise WireError("INVALID_SIGNATURE", "Signature mismatch", 401)
    if key.ips and raw.remote not in key.ips:
        raise WireError("IP_FORBIDDEN", f"Your IP {raw.remote} is not in the whitelist", 403)
    if raw.method == "GET" and not key.reading:
        raise WireError("FORBIDDEN", "The key has no permission for this request", 403)
    if raw.method != "GET" and not key.futures:
        raise WireError("READ_ONLY", "The key is read only", 403)
    return key


def check_time(stamp: str, now_ms: int) -> None:
    """Refuse a timestamp in seconds that is too far from now.

    Raises:
        WireError: it is.
    """
    if not stamp.isdigit() or abs(now_ms - int(stamp) * 1000) > WINDOW_MS:
        raise WireError("REQUEST_EXPIRED", "gap between request Timestamp and server time exceeds 60", 403)


def subscriber(message: Mapping[str, object], keys: KeyRing, now_ms: int) -> ApiKey:
    """The key that subscribes to a private channel.

    Raises:
        WireError: the signature is not of a key that is known, or of another moment.
    """
    auth = message.get("auth")
    given = auth if isinstance(auth, Mapping) else {}
    key = keys.find(str(given.get("KEY", "")))
    if key is None:
        raise WireError("INVALID_KEY", "Invalid key provided")
    stamp = str(message.get("time", ""))
    check_time(stamp, now_ms)
    payload = f"channel={message.get('channel')}&event={message.get('event')}&time={stamp}"
    if not hmac.compare_digest(sign(payload, key.secret), str(given.get("SIGN", ""))):
        raise WireError("INVALID_SIGNATURE", "Signature mismatch")
    return key
