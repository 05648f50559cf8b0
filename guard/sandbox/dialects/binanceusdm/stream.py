"""The WebSocket side of the dialect: market streams and user data streams, as the venue routes them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.binanceusdm import shapes_stream as shapes
from guard.sandbox.dialects.binanceusdm.call import WireVenue
from guard.sandbox.dialects.binanceusdm.subscriptions import Subscriptions, parse_address
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.state import Event, LiquidationEvent

_LISTEN_KEY_ROTTED = -1125


class StreamDialect:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, venue: WireVenue, world: World) -> None:
        self.venue = venue
        self._world = world
        self._sockets: Sockets[Subscriptions] = Sockets(world.faults)
        venue.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:
        """Serve one connection until either side closes it."""
        address = parse_address(request.path, dict(request.query))
        subscriptions = Subscriptions(combined=address.combined)
        for name in address.names:
            account_id = self.venue.listen_keys.account_of(name, now_ms)
            if account_id is None:
                subscriptions.add(name)
            else:
                subscriptions.listen(name, account_id)
        for listen_key in address.listen_keys:
            account_id = self.venue.listen_keys.account_of(listen_key, now_ms)
            if account_id is None:
                return web.json_response(
                    {"code": _LISTEN_KEY_ROTTED, "msg": "This listenKey does not exist."}, status=400
                )
            subscriptions.listen(listen_key, account_id)
        if subscriptions.listen_keys():
            self._sockets.listened.set()
        return await self._sockets.serve(
            request, subscriptions, self._on_message, on_open=lambda _: self.push(self._world.wire_ms)
        )

    def push(self, now_ms: int) -> None:
        """Say what is due: marks, tops of the book, expired listen keys; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            for name in connection.state.due(now_ms):
                payload = self._market_payload(name, now_ms)
                if payload is not None:
                    self._say(connection, name, payload)
            for listen_key in connection.state.listen_keys():
                if self.venue.listen_keys.account_of(listen_key, now_ms) is None:
                    self._say(connection, listen_key, shapes.listen_key_expired(listen_key, now_ms))
                    connection.state.forget(listen_key)

    async def until_listened(self) -> None:
        """Wait until somebody has opened a user data stream."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def wire_id(self, symbol: str) -> str:
        """What the wire calls a symbol of the engine: the same here."""
        return symbol

    def engine_symbol(self, wire_id: str) -> str:
        """The way back."""
        return wire_id

    def worded(self, payload: Any) -> Any:
        """A message in the words and units of the wire: as it is here."""
        return payload

    def _on_message(self, connection: Connection[Subscriptions], text: str) -> None:
        connection.put(_answer(connection.state, text))
        self.push(self._world.wire_ms)

    def _on_event(self, event: Event) -> None:
        account = self.venue.engine.accounts.get(event.account_id)
        if account is None:
            return
        market = self.venue.engine.market
        now_ms = self._world.wire_ms
        payload = shapes.user_event(event, account, market, now_ms)
        for connection in self._sockets:
            if payload is not None:
                for listen_key in connection.state.listen_keys_of(account.id):
                    self._say(connection, listen_key, payload)
            if isinstance(event, LiquidationEvent):
                forced = shapes.force_order(event, account, market, now_ms)
                for name in connection.state.of_kind("forceOrder", self.wire_id(event.liquidation.symbol)):
                    self._say(connection, name, forced)

    def _market_payload(self, name: str, now_ms: int) -> Any:
        """What a market stream says now; None for one that says nothing of itself."""
        engine = self.venue.engine
        head, _, rest = name.partition("@")
        kind = rest.partition("@")[0]
        if head == "!markPrice":
            symbols = engine.market.symbols()
            return [shapes.mark_price(engine.market, each, engine.next_funding_ms, now_ms) for each in symbols]
        symbol = self.engine_symbol(head.upper())
        if symbol not in engine.market.series:
            return None
        if kind == "markPrice":
            return shapes.mark_price(engine.market, symbol, engine.next_funding_ms, now_ms)
        if kind == "bookTicker":
            return shapes.book_ticker(engine.market, symbol, now_ms)
        return None

    def _say(self, connection: Connection[Subscriptions], name: str, payload: Any) -> None:
        worded = self.worded(payload)
        message = {"stream": name, "data": worded} if connection.state.combined else worded
        self._sockets.say(connection, name, message, self._world.wire_ms)


def _answer(subscriptions: Subscriptions, text: str) -> dict[str, Any]:
    """The answer to a SUBSCRIBE, UNSUBSCRIBE or LIST_SUBSCRIPTIONS message."""
    try:
        message = json.loads(text)
        method, names = str(message["method"]), [str(name) for name in message.get("params", [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"error": {"code": 2, "msg": "Invalid request: not a valid method"}, "id": None}
    request_id = message.get("id")
    if method == "SUBSCRIBE":
        for name in names:
            subscriptions.add(name)
        return {"result": None, "id": request_id}
    if method == "UNSUBSCRIBE":
        for name in names:
            subscriptions.forget(name)
        return {"result": None, "id": request_id}
    if method == "LIST_SUBSCRIPTIONS":
        return {"result": subscriptions.names(), "id": request_id}
    return {"error": {"code": 2, "msg": f"Invalid request: unknown variant {method}"}, "id": request_id}
