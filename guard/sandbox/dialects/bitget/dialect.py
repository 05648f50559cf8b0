"""Bitget futures, served."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.bitget import endpoints, endpoints_trade
from guard.sandbox.dialects.bitget.call import Call, Table
from guard.sandbox.dialects.bitget.errors import WireError, from_rejection
from guard.sandbox.dialects.bitget.signing import PHRASE, authorize
from guard.sandbox.dialects.bitget.stream import BitgetStreams
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.rest import Answer, Bodies, RawRequest, RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.engine.rules.bitget import BitgetRule
from guard.sandbox.faults import FaultKind
from guard.sandbox.keys import ApiKey

ENDPOINTS: Final[Table] = {**endpoints.TABLE, **endpoints_trade.TABLE}


def _refusal(status: int, code: str, text: str, **headers: str) -> Answer:
    payload = {"code": code, "msg": text, "requestTime": 0, "data": None}
    return Answer(status, payload, {name.replace("_", "-"): value for name, value in headers.items()})


BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: _refusal(400, "40200", "Server upgrade, please try again later"),
    FaultKind.SERVER_BUSY: _refusal(400, "40725", "service return an error"),
    FaultKind.INTERNAL_ERROR: _refusal(500, "40015", "System is abnormal, please try again later"),
    FaultKind.UNKNOWN_STATE: _refusal(400, "40010", "Request timed out"),
    FaultKind.TOO_MANY_REQUESTS: _refusal(429, "429", "Too Many Requests"),
    FaultKind.BANNED: _refusal(429, "429", "Too Many Requests", Retry_After="60"),
    FaultKind.BAD_CREDENTIALS: _refusal(400, "40037", "Apikey does not exist"),
}


class BitgetServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.streams = BitgetStreams(world)
        super().__init__(RestSide(world, self._answer, BODIES, is_signed=lambda raw: "access-key" in raw.headers))

    def _answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer in the venue's envelope, or the refusal."""
        try:
            data = self._executed(raw, now_ms)
        except (Rejection, WireError) as refusal:
            error = from_rejection(refusal) if isinstance(refusal, Rejection) else refusal
            return Answer(error.status, {"code": error.code, "msg": error.msg, "requestTime": now_ms, "data": None})
        return Answer(200, {"code": "00000", "msg": "success", "requestTime": now_ms, "data": data})

    def _executed(self, raw: RawRequest, now_ms: int) -> Any:
        """1. Is there such an endpoint? 2. Who asks, and may they? 3. Is it one for their account? 4. Do it."""
        endpoint = ENDPOINTS.get((raw.method, raw.path))
        if endpoint is None:
            raise WireError("40404", "Request URL NOT FOUND", status=404)
        key = authorize(raw, endpoint.security, self._world.keys, now_ms)
        call = Call(self._world.engine, raw.params(), key, now_ms)
        endpoint.check_kind(raw.path, call)
        return endpoint.handler(call)


class BitgetDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "bitget"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = BitgetRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key, and the passphrase that every key of the sandbox has."""
        return key_pair(key, PHRASE)

    def instruments(self) -> dict[str, Instrument]:
        """USDT-, USDC- and coin-margined perpetuals."""
        return {**default_instruments(), **inverse_instruments()}

    def open(self, world: World) -> BitgetServed:
        """Serve `world`."""
        return BitgetServed(world)


DIALECT: Final = BitgetDialect()
