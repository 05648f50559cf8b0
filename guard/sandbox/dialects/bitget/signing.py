"""Who asks, and whether the request is theirs: key, passphrase, timestamp, address, HMAC signature, rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
from enum import Enum
from typing import Final
from urllib.parse import unquote

from guard.sandbox.dialects.bitget.errors import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

PHRASE: Final = "sandbox-passphrase"
"""The passphrase of every key here."""
WINDOW_MS: Final = 30_000
"""How far a timestamp may be off."""


class Security(Enum):
    """What an endpoint asks for."""

    NONE = "none"
    READ = "read"
    TRADE = "trade"


def sign(payload: str, secret: str) -> str:
    """The base64 HMAC-SHA256 of `payload`."""
    return base64.b64encode(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()).decode()


def authorize(raw: RawRequest, security: Security, keys: KeyRing, now_ms: int) -> ApiKey | None:
    """The key of the caller; None when the endpoint asks for none.

    Raises:
        WireError: what is wrong with the request, in the venue's order.
    """
    if security is Security.NONE:
        return None
    given = {name: raw.headers.get(f"access-{name}", "") for name in ("key", "sign", "timestamp", "passphrase")}
    key = checked_key(keys, given["key"], given["passphrase"], raw.remote)
    if not given["timestamp"].isdigit():
        raise WireError("40005", "Invalid ACCESS_TIMESTAMP")
    if abs(now_ms - int(given["timestamp"])) > WINDOW_MS:
        raise WireError("40008", "Request timestamp expired")
    path = f"{raw.path}?{unquote(raw.query)}" if raw.query else raw.path
    if not hmac.compare_digest(sign(f"{given['timestamp']}{raw.method}{path}{raw.body}", key.secret), given["sign"]):
        raise WireError("40009", "sign signature error")
    if not (key.futures if security is Security.TRADE else key.reading):
        needed = "coow" if security is Security.TRADE else "cpor"
        raise WireError("40014", f"Incorrect permissions, need {needed} permissions")
    return key


def checked_key(keys: KeyRing, name: str, passphrase: str, remote: str) -> ApiKey:
    """A key that is known, with its passphrase, from an address that it allows.

    Raises:
        WireError: it is not so.
    """
    if not name:
        raise WireError("40001", "ACCESS_KEY cannot be empty")
    key = keys.find(name)
    if key is None:
        raise WireError("40037", "Apikey does not exist")
    if passphrase != PHRASE:
        raise WireError("40012", "apikey/password is incorrect")
    if key.ips and remote not in key.ips:
        raise WireError("40018", "Invalid IP")
    return key
