"""The REST side of the dialect: faults, limits, security, then the endpoint; every refusal in the venue's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.binanceusdm import (
    endpoints_account,
    endpoints_algo,
    endpoints_market,
    endpoints_trade,
)
from guard.sandbox.dialects.binanceusdm.call import Call, Table, WireVenue
from guard.sandbox.dialects.binanceusdm.errors import WireError, from_rejection, no_permission
from guard.sandbox.dialects.binanceusdm.params import Params
from guard.sandbox.dialects.binanceusdm.rest_faults import RestFaults, json_response
from guard.sandbox.dialects.binanceusdm.signing import RawRequest, authorize
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.faults import FaultKind

ENDPOINTS: Table = {
    **endpoints_market.TABLE,
    **endpoints_account.TABLE,
    **endpoints_trade.TABLE,
    **endpoints_algo.TABLE,
}


class RestDialect:
    """Answers `/fapi` and `/sapi` requests for one venue."""

    def __init__(self, venue: WireVenue, faults: RestFaults, sync: Callable[[], int]) -> None:
        """`sync` brings the engine to the present and returns it in epoch milliseconds."""
        self.venue = venue
        self.faults = faults
        self.sync = sync

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request.

        1. Faults that strike before anything is done. 2. The endpoint. 3. Faults that spoil the answer.
        """
        early = await self.faults.before(request, self.sync())
        if early is not None:
            return early
        body = (await request.read()).decode(errors="replace")
        now_ms = self.sync()
        raw = RawRequest(
            query=request.rel_url.raw_query_string,
            body=body,
            api_key=request.headers.get("X-MBX-APIKEY", ""),
            remote=request.remote or "",
        )
        answer = self._answer(request.method, request.path, raw, now_ms)
        return self.faults.after(request, now_ms) or answer

    def _answer(self, method: str, path: str, raw: RawRequest, now_ms: int) -> web.Response:
        """The endpoint's answer, or the refusal in the venue's form."""
        weights, header = (
            (self.venue.sapi_weights, "X-SAPI-USED-IP-WEIGHT-1M")
            if path.startswith("/sapi")
            else (self.venue.weights, "X-MBX-USED-WEIGHT-1M")
        )
        retry_after: dict[str, str] = {}
        try:
            status, payload = 200, self._execute(method, path, raw, now_ms)
        except (Rejection, WireError) as refusal:
            error = from_rejection(refusal) if isinstance(refusal, Rejection) else refusal
            status, payload = error.status, {"code": error.code, "msg": error.msg}
            if error.retry_after_s is not None:
                retry_after = {"Retry-After": str(error.retry_after_s)}
        return json_response(status, payload, {header: str(weights.used(raw.remote, now_ms)), **retry_after})

    def _execute(self, method: str, path: str, raw: RawRequest, now_ms: int) -> Any:
        """1. Is there such an endpoint? 2. Has the caller asked too much? 3. May they? 4. Do it."""
        endpoint = ENDPOINTS.get((method, path))
        if endpoint is None:
            raise WireError(404, -5000, f"Path {path}, Method {method} is invalid")
        params = Params(raw.params())

        weights = self.venue.sapi_weights if path.startswith("/sapi") else self.venue.weights
        weights.spend(raw.remote, endpoint.cost(params), now_ms)
        self.faults.refuse(method, path, now_ms)

        venue_ms = now_ms + self.faults.skew_ms(path, now_ms)
        key = authorize(raw, endpoint.security, self.venue.keys, venue_ms)
        if key is not None and self.faults.faults.strike(FaultKind.BAD_CREDENTIALS, method, path, now_ms):
            raise no_permission()

        return endpoint.handler(Call(self.venue, params, key, venue_ms))
