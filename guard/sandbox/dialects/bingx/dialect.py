"""BingX, served."""

from __future__ import annotations

from typing import Any, Final

from guard.sandbox.dialects.bingx import account, market, trade
from guard.sandbox.dialects.bingx.call import Call, Table, WireVenue
from guard.sandbox.dialects.bingx.signing import authorize
from guard.sandbox.dialects.bingx.stream import BingxStreams
from guard.sandbox.dialects.bingx.words import WireError, enveloped, from_rejection, refusal, said
from guard.sandbox.dialects.dialect import World, key_pair
from guard.sandbox.dialects.rest import Answer, Bodies, RawRequest, RestServed, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.engine.rules.bingx import BingxRule
from guard.sandbox.faults import FaultKind
from guard.sandbox.keys import ApiKey

ENDPOINTS: Table = {**market.TABLE, **account.TABLE, **trade.TABLE}
_BAN_MS = 120_000
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: said(503, 100503, "service is under maintenance"),
    FaultKind.SERVER_BUSY: said(200, 109500, "The current system is busy, please try again later"),
    FaultKind.INTERNAL_ERROR: said(500, 100500, "Internal system error"),
    FaultKind.UNKNOWN_STATE: said(504, 504, "rpc timeout"),
    FaultKind.TOO_MANY_REQUESTS: said(200, 100410, "rate limited"),
    FaultKind.BANNED: lambda now_ms: said(
        418,
        100410,
        "code:100410:The endpoint trigger frequency limit rule is currently in the disabled period and will be "
        f"unblocked after {now_ms + _BAN_MS}",
    ),
    FaultKind.BAD_CREDENTIALS: said(200, 100413, "Incorrect apiKey"),
}


class BingxServed(RestServed):
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        self.venue = WireVenue(world.engine, world.keys)
        self.streams = BingxStreams(self.venue, world)
        super().__init__(RestSide(world, self._answer, BODIES, is_signed=lambda raw: "x-bx-apikey" in raw.headers))

    def _answer(self, raw: RawRequest, now_ms: int) -> Answer:
        endpoint = ENDPOINTS.get((raw.method, raw.path))
        if endpoint is None:
            return said(404, 100400, f"this api is not exist: {raw.path}")
        try:
            key = authorize(raw, endpoint.security, self.venue.keys, now_ms)
            answer: Any = endpoint.handler(Call(self.venue, raw.params(), key, now_ms))
        except Rejection as error:
            return refusal(from_rejection(error), now_ms)
        except WireError as error:
            return refusal(error, now_ms)
        return Answer(200, answer if endpoint.bare else enveloped(answer, now_ms))


class BingxDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "bingx"
    wallet_asset = "USDT"
    has_hedge_mode = True
    rule: MarginRule = BingxRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:  # noqa: ARG002 - the protocol's
        """A key and its secret."""
        return key_pair(key)

    def instruments(self) -> dict[str, Instrument]:
        """USDT-, USDC- and coin-margined contracts."""
        return {**default_instruments(), **inverse_instruments()}

    def open(self, world: World) -> BingxServed:
        """Serve `world`."""
        return BingxServed(world)


DIALECT: Final = BingxDialect()
