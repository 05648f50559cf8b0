"""Who asks, and whether the request is theirs: API key, timestamp, receive window, HMAC signature."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl

from guard.sandbox.dialects.binanceusdm.errors import WireError, missing, no_permission
from guard.sandbox.dialects.rest import RawRequest
from guard.sandbox.keys import ApiKey, KeyRing

DEFAULT_RECV_WINDOW_MS = 5_000
MAX_RECV_WINDOW_MS = 60_000
_AHEAD_MS = 1_000
_SIGNATURE = re.compile(r"(^|&)signature=[^&]*")


class Security(Enum):
    """What an endpoint asks for."""

    NONE = "none"
    KEY = "key"
    USER_DATA = "user data"
    TRADE = "trade"
    TRANSFER = "transfer"

    @property
    def is_signed(self) -> bool:
        """Whether the request must carry a timestamp and a signature."""
        return self in {Security.USER_DATA, Security.TRADE, Security.TRANSFER}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its key and its signature are about."""

    query: str
    body: str
    api_key: str
    remote: str

    def params(self) -> dict[str, str]:
        """Query and body parameters, decoded."""
        pairs = parse_qsl(self.query, keep_blank_values=True) + parse_qsl(self.body, keep_blank_values=True)
        return {name: value for name, value in pairs if name != "signature"}


def signed_by(raw: RawRequest) -> SignedRequest:
    """The signed parts of a request."""
    return SignedRequest(raw.query, raw.body, raw.headers.get("x-mbx-apikey", ""), raw.remote)


def authorize(request: SignedRequest, security: Security, keys: KeyRing, now_ms: int) -> ApiKey | None:
    """The key of the caller; None when the endpoint asks for none.

    Checked in the venue's order: 1. key, 2. address and rights, 3. timestamp, 4. signature.

    Raises:
        WireError: -2014, -2015, -1102, -1131, -1021 or -1022.
    """
    if security is Security.NONE:
        return None
    if not request.api_key:
        raise WireError(401, -2014, "API-key format invalid.")
    key = keys.find(request.api_key)
    if key is None or (key.ips and request.remote not in key.ips):
        raise no_permission()
    if security.is_signed:
        params = request.params()
        _check_time(params, now_ms)
        _check_signature(request, key.secret)
    _check_rights(key, security)
    return key


def sign(payload: str, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 of `payload`."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def _check_rights(key: ApiKey, security: Security) -> None:
    allowed = {
        Security.KEY: True,
        Security.USER_DATA: key.reading,
        Security.TRADE: key.futures,
        Security.TRANSFER: key.universal_transfer,
    }
    if not allowed[security]:
        raise no_permission()


def _check_time(params: Mapping[str, str], now_ms: int) -> None:
    timestamp = _whole(params, "timestamp")
    window = _whole(params, "recvWindow") if params.get("recvWindow") else DEFAULT_RECV_WINDOW_MS
    if window > MAX_RECV_WINDOW_MS:
        raise WireError(400, -1131, "recvWindow must be less than 60000.")
    if timestamp > now_ms + _AHEAD_MS:
        raise WireError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - timestamp > window:
        raise WireError(400, -1021, "Timestamp for this request is outside of the recvWindow.")


def _check_signature(request: SignedRequest, secret: str) -> None:
    given = dict(parse_qsl(request.query) + parse_qsl(request.body)).get("signature")
    if not given:
        raise missing("signature")
    payload = _SIGNATURE.sub("", request.query) + _SIGNATURE.sub("", request.body)
    if not hmac.compare_digest(sign(payload, secret), given):
        raise WireError(400, -1022, "Signature for this request is not valid.")


def _whole(params: Mapping[str, str], name: str) -> int:
    try:
        return int(params[name])
    except (KeyError, ValueError) as error:
        raise missing(name) from error
