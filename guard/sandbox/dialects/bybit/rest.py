"""The REST side of the dialect: the address's limit, security, then the endpoint, all in the venue's envelope."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any, Final

from guard.sandbox.dialects.bybit import endpoints_account, endpoints_market, endpoints_trade
from guard.sandbox.dialects.bybit.call import Call, Table
from guard.sandbox.dialects.bybit.refusals import WireError, envelope, from_rejection
from guard.sandbox.dialects.bybit.signing import authorize
from guard.sandbox.dialects.rest import Answer, RawRequest
from guard.sandbox.engine.engine import Engine
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.keys import KeyRing

ENDPOINTS: Final[Table] = {**endpoints_market.TABLE, **endpoints_account.TABLE, **endpoints_trade.TABLE}
_WINDOW_MS = 5_000
_REQUESTS_MAX = 600


class AddressLimit:
    """At most so many requests of one address in any 5 s; `most` None lifts it."""

    def __init__(self, most: int | None = _REQUESTS_MAX) -> None:
        self.most = most
        self._asked: defaultdict[str, deque[int]] = defaultdict(deque)

    def spend(self, remote: str, now_ms: int) -> None:
        """Count a request.

        Raises:
            WireError: the address has asked too much.
        """
        asked = self._asked[remote]
        while asked and asked[0] <= now_ms - _WINDOW_MS:
            asked.popleft()
        if self.most is not None and len(asked) >= self.most:
            raise WireError(10018, "access too frequent", status=403)
        asked.append(now_ms)


class Endpoints:
    """Answers the requests of one venue."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self.engine = engine
        self.keys = keys
        self.limit = AddressLimit()

    def answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer, or the refusal in the venue's form."""
        try:
            return Answer(200, envelope(self._execute(raw, now_ms), now_ms))
        except (Rejection, WireError) as refusal:
            error = from_rejection(refusal) if isinstance(refusal, Rejection) else refusal
            return Answer(error.status, envelope({}, now_ms, error.code, error.text))

    def _execute(self, raw: RawRequest, now_ms: int) -> Any:
        """1. Has the address asked too much? 2. Is there such an endpoint? 3. May they? 4. Do it."""
        self.limit.spend(raw.remote, now_ms)
        endpoint = ENDPOINTS.get((raw.method, raw.path))
        if endpoint is None:
            raise WireError(10017, "Route not found.", status=404)
        key = authorize(raw, endpoint.security, self.keys, now_ms)
        return endpoint.handler(Call(self.engine, raw.params(), key, now_ms))
