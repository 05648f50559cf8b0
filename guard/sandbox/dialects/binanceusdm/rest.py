"""The REST side of the dialect: limits, security, then the endpoint; every refusal in the venue's form."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.binanceusdm import (
    endpoints_account,
    endpoints_algo,
    endpoints_market,
    endpoints_trade,
)
from guard.sandbox.dialects.binanceusdm.call import Call, Table, WireVenue
from guard.sandbox.dialects.binanceusdm.errors import WireError, from_rejection
from guard.sandbox.dialects.binanceusdm.limits import WeightLimit
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.binanceusdm.signing import authorize, signed_by
from guard.sandbox.dialects.rest import Answer, Bodies, RawRequest
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.faults import FaultKind

ENDPOINTS: Table = {
    **endpoints_market.TABLE,
    **endpoints_account.TABLE,
    **endpoints_trade.TABLE,
    **endpoints_algo.TABLE,
}


def _said(status: int, code: int, text: str, retry_after_s: int | None = None) -> Answer:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Answer(status, {"code": code, "msg": text}, headers)


_BAN_S = 60
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: _said(503, -1016, "This service is no longer available."),
    FaultKind.SERVER_BUSY: _said(
        503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes."
    ),
    FaultKind.INTERNAL_ERROR: _said(500, -1000, "An unknown error occurred while processing the request."),
    FaultKind.UNKNOWN_STATE: _said(
        503,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    ),
    FaultKind.TOO_MANY_REQUESTS: _said(
        429, -1003, "Too many requests; current limit is 2400 requests per minute.", retry_after_s=20
    ),
    FaultKind.BANNED: lambda now_ms: _said(
        418, -1003, f"Way too many requests; IP banned until {now_ms + _BAN_S * 1000}.", retry_after_s=_BAN_S
    ),
    FaultKind.BAD_CREDENTIALS: _said(401, -2015, "Invalid API-key, IP, or permissions for action."),
}


class Endpoints:
    """Answers `/fapi` and `/sapi` requests for one venue, or those of another table."""

    def __init__(self, venue: WireVenue, table: Table) -> None:
        self.venue = venue
        self._table = table

    def answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer, or the refusal in the venue's form."""
        weights, header = self._weights(raw.path)
        retry_after: dict[str, str] = {}
        try:
            status, payload = 200, self._execute(raw, weights, now_ms)
        except (Rejection, WireError) as refusal:
            error = from_rejection(refusal) if isinstance(refusal, Rejection) else refusal
            status, payload = error.status, {"code": error.code, "msg": error.msg}
            if error.retry_after_s is not None:
                retry_after = {"Retry-After": str(error.retry_after_s)}
        return Answer(status, payload, {header: str(weights.used(raw.remote, now_ms)), **retry_after})

    def _weights(self, path: str) -> tuple[WeightLimit, str]:
        if path.startswith("/sapi"):
            return self.venue.sapi_weights, "X-SAPI-USED-IP-WEIGHT-1M"
        return self.venue.weights, "X-MBX-USED-WEIGHT-1M"

    def _execute(self, raw: RawRequest, weights: WeightLimit, now_ms: int) -> Any:
        """1. Is there such an endpoint? 2. Has the caller asked too much? 3. May they? 4. Do it."""
        endpoint = self._table.get((raw.method, raw.path))
        if endpoint is None:
            raise WireError(404, -5000, f"Path {raw.path}, Method {raw.method} is invalid")
        request = signed_by(raw)
        params = Params(request.params())
        weights.spend(raw.remote, endpoint.cost(params), now_ms)
        key = authorize(request, endpoint.security, self.venue.keys, now_ms)
        return endpoint.handler(Call(self.venue, params, key, now_ms))
