"""The REST side of the dialect: security, then the endpoint; every refusal in the venue's form."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.kucoinfutures import endpoints_account, endpoints_market, endpoints_trade
from guard.sandbox.dialects.kucoinfutures.call import Call, Endpoint, Table, WireVenue
from guard.sandbox.dialects.kucoinfutures.signing import authorize
from guard.sandbox.dialects.kucoinfutures.wording import WireError, from_rejection, said
from guard.sandbox.dialects.rest import Answer, Bodies, RawRequest
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.faults import FaultKind

ENDPOINTS: Final[Table] = {**endpoints_market.TABLE, **endpoints_account.TABLE, **endpoints_trade.TABLE}


def _refused(status: int, code: str, text: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"code": code, "msg": text}, named)


BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: _refused(503, "503", "Service is under maintenance. Please try again later."),
    FaultKind.SERVER_BUSY: _refused(503, "503", "Service Unavailable. Please try again later."),
    FaultKind.INTERNAL_ERROR: _refused(500, "500000", "Internal Server Error"),
    FaultKind.UNKNOWN_STATE: _refused(200, "408000", "Network timeout, please try again later"),
    FaultKind.TOO_MANY_REQUESTS: _refused(
        429,
        "429000",
        "Too many requests in a short period of time, please retry later",
        gw_ratelimit_limit="2000",
        gw_ratelimit_remaining="0",
        gw_ratelimit_reset="20000",
    ),
    # Of the whole venue, not of one user: no header goes with it.
    FaultKind.BANNED: _refused(429, "429000", "Too many requests. System-level rate limit exceeded."),
    FaultKind.BAD_CREDENTIALS: _refused(401, "400003", "KC-API-KEY not exists"),
}


class Endpoints:
    """Answers requests for one venue."""

    def __init__(self, venue: WireVenue) -> None:
        self.venue = venue
        self._open_ended = sorted((key for key in ENDPOINTS if key[1].endswith("/")), key=lambda key: -len(key[1]))

    def answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer, or the refusal in the venue's form."""
        try:
            return said(self._execute(raw, now_ms))
        except WireError as error:
            return error.answer()
        except Rejection as error:
            return from_rejection(error).answer()

    def _execute(self, raw: RawRequest, now_ms: int) -> Any:
        """1. Is there such an endpoint? 2. May they? 3. Do it."""
        endpoint, rest = self._found(raw)
        key = authorize(raw, endpoint.security, self.venue.world.keys, now_ms)
        return endpoint.handler(Call(self.venue, raw.params(), key, now_ms, rest, raw.headers.get("host", "")))

    def _found(self, raw: RawRequest) -> tuple[Endpoint, str]:
        endpoint = ENDPOINTS.get((raw.method, raw.path))
        if endpoint is not None:
            return endpoint, ""
        for method, path in self._open_ended:
            if method == raw.method and raw.path.startswith(path):
                return ENDPOINTS[method, path], raw.path.removeprefix(path)
        raise WireError("404000", "Url Not Found", 404)
