"""Who asks, and whether the request is theirs: key, passphrase, timestamp and signature in headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from enum import Enum
from typing import Final

from guard.sandbox.dialects.kucoinfutures.wording import WireError
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

PHRASE: Final = "sandbox-phrase"
"""The passphrase of every key here: at the venue its user chooses one."""
WINDOW_MS: Final = 5_000
_HEADERS: Final = ("kc-api-key", "kc-api-sign", "kc-api-timestamp", "kc-api-passphrase")


class Security(Enum):
    """What an endpoint asks for."""

    NONE = "none"
    GENERAL = "general"
    FUTURES = "futures"


def signature(text: str, secret: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def authorize(raw: RawRequest, security: Security, keys: KeyRing, now_ms: int) -> ApiKey | None:
    """The key of the caller; None when the endpoint asks for none.

    Raises:
        WireError: 400001 to 400007, in the venue's order.
    """
    if security is Security.NONE:
        return None
    values = [raw.headers.get(name, "") for name in _HEADERS]
    if not all(values):
        raise WireError(
            "400001",
            "Please check the header of your request for KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE",
            401,
        )
    name, signed, timestamp, passphrase = values
    key = keys.find(name)
    if key is None:
        raise WireError("400003", "KC-API-KEY not exists", 401)
    if not timestamp.isdigit() or abs(now_ms - int(timestamp)) > WINDOW_MS:
        raise WireError("400002", "KC-API-TIMESTAMP Invalid", 400)
    if not hmac.compare_digest(signature(_payload(raw, timestamp), key.secret), signed):
        raise WireError("400005", "Invalid KC-API-SIGN", 401)
    if not hmac.compare_digest(signature(PHRASE, key.secret), passphrase):
        raise WireError("400004", "Invalid KC-API-PASSPHRASE", 401)
    if key.ips and raw.remote not in key.ips:
        raise WireError("400006", "The requested ip address is not in the api whitelist", 401)
    if not (key.reading and (key.futures or security is Security.GENERAL)):
        raise WireError("400007", "Access denied, require more permission.", 403)
    return key


def _payload(raw: RawRequest, timestamp: str) -> str:
    address = f"{raw.path}?{raw.query}" if raw.query else raw.path
    return f"{timestamp}{raw.method}{address}{raw.body}"
