"""The REST side of the dialect: security, then the endpoint; everything wrapped in `code`, `msg` and `data`."""

from __future__ import annotations

import json
from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.okx import endpoints_read, endpoints_trade
from guard.sandbox.dialects.okx.call import Call, Table
from guard.sandbox.dialects.okx.endpoints_trade import OrderRefused
from guard.sandbox.dialects.okx.errors import WireError, from_rejection, said
from guard.sandbox.dialects.okx.signing import authorize
from guard.sandbox.dialects.rest import Answer, RawRequest
from guard.sandbox.engine.orders import Rejection

ENDPOINTS: Table = {**endpoints_read.TABLE, **endpoints_trade.TABLE}


class Endpoints:
    """Answers `/api/v5` requests for one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, raw: RawRequest, now_ms: int) -> Answer:
        """The endpoint's answer, or the refusal in the venue's form."""
        try:
            data = self._execute(raw, now_ms)
        except OrderRefused as refused:
            return Answer(200, {"code": "1", "data": [refused.row()], "msg": "All operations failed"})
        except (Rejection, WireError) as refusal:
            error = from_rejection(refusal) if isinstance(refusal, Rejection) else refusal
            return said(error.status, error.code, error.text)
        failed = [row for row in data if isinstance(row, dict) and row.get("sCode", "0") != "0"]
        code = "0" if not failed else "1" if len(failed) == len(data) else "2"
        return Answer(200, {"code": code, "data": data, "msg": ""})

    def _execute(self, raw: RawRequest, now_ms: int) -> list[Any]:
        """1. Is there such an endpoint? 2. May the caller? 3. Do it."""
        route = ENDPOINTS.get((raw.method, raw.path))
        if route is None:
            raise WireError("404", "Not Found", 404)
        key = authorize(raw, self._world.keys, now_ms) if route.is_private else None
        return route.handler(Call(self._world, _params(raw), key, now_ms))


def _params(raw: RawRequest) -> dict[str, Any]:
    """Parameters of query and body; a body that is a list stands under the empty name."""
    if raw.body.lstrip().startswith("["):
        try:
            return {"": json.loads(raw.body)}
        except ValueError as error:
            raise WireError("50002", "JSON syntax error", 400) from error
    return raw.params()
