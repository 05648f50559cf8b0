"""Hyperliquid, served: two paths, `/info` and `/exchange`, and one WebSocket."""

from __future__ import annotations

import json
from typing import Final

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.hyperliquid import info, listing
from guard.sandbox.dialects.hyperliquid.call import Call, Refused, bad_body
from guard.sandbox.dialects.hyperliquid.exchange import Actions
from guard.sandbox.dialects.hyperliquid.signing import private_key_of
from guard.sandbox.dialects.hyperliquid.stream import HyperliquidStreams
from guard.sandbox.dialects.hyperliquid.wallets import Wallets, wallet_of
from guard.sandbox.dialects.rest import Answer, Bodies, RawRequest, RestSide
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.rule import MarginRule
from guard.sandbox.engine.rules.hyperliquid import HyperliquidRule
from guard.sandbox.faults import FaultKind
from guard.sandbox.keys import ApiKey

# The venue has no codes: its gates answer with a status and a word or nothing.
BODIES: Final[Bodies] = {
    FaultKind.MAINTENANCE: Answer(503, "Service Unavailable"),
    FaultKind.SERVER_BUSY: Answer(503, "Service Unavailable"),
    FaultKind.INTERNAL_ERROR: Answer(500, None),
    FaultKind.UNKNOWN_STATE: Answer(504, "Gateway Timeout"),
    FaultKind.TOO_MANY_REQUESTS: Answer(429, None),
    FaultKind.BANNED: Answer(429, None, {"Retry-After": "60"}),
    FaultKind.BAD_CREDENTIALS: Answer(
        200, {"status": "err", "response": f"User or API Wallet 0x{'0' * 40} does not exist."}
    ),
}


def path_of(raw: RawRequest) -> str:
    """What is asked: `/info/clearinghouseState`; every question goes to one path."""
    kind = raw.params().get("type")
    return f"{raw.path}/{kind}" if raw.path == "/info" and isinstance(kind, str) else raw.path


class HyperliquidServed:
    """Implements `guard.sandbox.dialects.dialect.Served`."""

    def __init__(self, world: World) -> None:
        self._engine = world.engine
        self._wallets = Wallets(world.engine, world.keys)
        self._actions = Actions()
        self.streams = HyperliquidStreams(world, self._wallets)
        self._rest = RestSide(
            world, self._answer, BODIES, is_signed=lambda raw: raw.path == "/exchange", path_of=path_of
        )

    def _answer(self, raw: RawRequest, now_ms: int) -> Answer:
        try:
            body = json.loads(raw.body)
            if raw.method != "POST" or not isinstance(body, dict):
                raise bad_body()
            call = Call(self._engine, self._wallets, body, now_ms)
            if raw.path == "/info":
                return Answer(200, info.answer(call))
            if raw.path == "/exchange":
                return Answer(200, self._actions.answer(call))
        except ValueError:
            return bad_body().answer
        except Refused as refused:
            return refused.answer
        return Answer(404, None)

    async def rest(self, request: web.Request) -> web.Response:
        """Answer one request of the REST side."""
        return await self._rest.handle(request)

    async def refused(self, request: web.Request, now_ms: int) -> web.Response | None:
        """The answer to a WebSocket handshake that a fault spoils."""
        return await self._rest.before(request, now_ms)

    def lift_limits(self) -> None:
        """There are none."""


class HyperliquidDialect:
    """Implements `guard.sandbox.dialects.dialect.Dialect`."""

    name = "hyperliquid"
    wallet_asset = listing.MONEY
    has_hedge_mode = False
    rule: MarginRule = HyperliquidRule()

    def credentials(self, account: Account, key: ApiKey) -> dict[str, str]:
        """The wallet that is watched, and the private key of its agent."""
        return {"wallet_address": wallet_of(account), "secret": private_key_of(key.secret)}

    def instruments(self) -> dict[str, Instrument]:
        """Its coins under the engine's names."""
        return listing.instruments()

    def open(self, world: World) -> HyperliquidServed:
        """Serve `world`."""
        return HyperliquidServed(world)


DIALECT: Final = HyperliquidDialect()
