"""The REST side of the dialect: security, then the endpoint; answers come bare, refusals as label and text."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.gate import endpoints_read, endpoints_trade
from guard.sandbox.dialects.gate.call import Call, Route, Table
from guard.sandbox.dialects.gate.errors import WireError, from_rejection
from guard.sandbox.dialects.gate.signing import authorize
from guard.sandbox.dialects.rest import Answer, RawRequest
from guard.sandbox.engine.orders import Rejection

ENDPOINTS: Table = {**endpoints_read.TABLE, **endpoints_trade.TABLE}


class Endpoints:
    """Answers `/api/v4` requests for one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer, or the refusal in the venue's form."""
        try:
            return self._execute(raw, now_ms)
        except Rejection as rejection:
            return from_rejection(rejection).answer()
        except WireError as error:
            return error.answer()

    def _execute(self, raw: RawRequest, now_ms: int) -> Answer:
        """1. Is there such an endpoint? 2. May the caller? 3. Do it."""
        found = _routed(raw.method, raw.path)
        if found is None:
            raise WireError("NOT_FOUND", "no such endpoint", 404)
        route, named = found
        key = authorize(raw, self._world.keys, now_ms) if route.is_private else None
        payload = route.handler(Call(self._world, {**raw.params(), **named}, key, now_ms))
        is_created = raw.method == "POST" and raw.path.endswith("orders")
        return Answer(201 if is_created else 200, payload)


def _routed(method: str, path: str) -> tuple[Route, dict[str, Any]] | None:
    """The route, and what stands in the named parts of the path."""
    parts = path.split("/")
    for (verb, pattern), route in ENDPOINTS.items():
        wanted = pattern.split("/")
        if verb != method or len(wanted) != len(parts):
            continue
        pairs = list(zip(wanted, parts, strict=True))
        if all(name == part or name.startswith("{") for name, part in pairs):
            return route, {name.strip("{}"): part for name, part in pairs if name.startswith("{")}
    return None
