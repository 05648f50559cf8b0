"""The WebSocket side of the dialect: market streams and user data streams, as the venue routes them."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from guard.sandbox.dialects.binanceusdm import shapes_stream as shapes
from guard.sandbox.dialects.binanceusdm.call import WireVenue
from guard.sandbox.dialects.binanceusdm.subscriptions import Subscriptions, parse_address
from guard.sandbox.engine.state import Event, LiquidationEvent
from guard.sandbox.faults import FaultKind, Faults

_QUEUE_LIMIT = 10_000
_LISTEN_KEY_ROTTED = -1125


class StreamDialect:
    """Every open stream of one venue.

    The server calls `push` as time passes and keeps `now_ms` right; the engine's events come by themselves.
    """

    def __init__(self, venue: WireVenue, faults: Faults) -> None:
        self.venue = venue
        self.faults = faults
        self.now_ms = venue.engine.now_ms
        self._connections: dict[int, _Connection] = {}
        self._opened = 0
        self._listened = asyncio.Event()
        venue.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:
        """Serve one connection until either side closes it."""
        self.now_ms = now_ms
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
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        await self._serve(_Connection(socket, subscriptions))
        return socket

    def push(self, now_ms: int) -> None:
        """Say what is due: marks, tops of the book, expired listen keys; drop connections when a fault says so."""
        self.now_ms = now_ms
        for connection in list(self._connections.values()):
            if self.faults.present(FaultKind.STREAM_DROP, now_ms):
                connection.hang_up()
                self.faults.struck[FaultKind.STREAM_DROP.value] += 1
                continue
            for name in connection.subscriptions.due(now_ms):
                payload = self._market_payload(name)
                if payload is not None:
                    self._say(connection, name, payload)
            for listen_key in connection.subscriptions.listen_keys():
                if self.venue.listen_keys.account_of(listen_key, now_ms) is None:
                    self._say(connection, listen_key, shapes.listen_key_expired(listen_key, now_ms))
                    connection.subscriptions.forget(listen_key)

    async def until_listened(self) -> None:
        """Wait until somebody has opened a user data stream."""
        await self._listened.wait()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        for connection in list(self._connections.values()):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _serve(self, connection: _Connection) -> None:
        self._opened += 1
        number = self._opened
        self._connections[number] = connection
        if connection.subscriptions.listen_keys():
            self._listened.set()
        writer = asyncio.create_task(connection.write(), name=f"sandbox-stream-{number}")
        self.push(self.now_ms)
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    connection.put(_answer(connection.subscriptions, message.data))
                    self.push(self.now_ms)
        finally:
            del self._connections[number]
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer

    def _on_event(self, event: Event) -> None:
        account = self.venue.engine.accounts.get(event.account_id)
        if account is None or not self._connections:
            return
        market = self.venue.engine.market
        payload = shapes.user_event(event, account, market, self.now_ms)
        for connection in list(self._connections.values()):
            if payload is not None:
                for listen_key in connection.subscriptions.listen_keys_of(account.id):
                    self._say(connection, listen_key, payload)
            if isinstance(event, LiquidationEvent):
                forced = shapes.force_order(event, account, market, self.now_ms)
                for name in connection.subscriptions.of_kind("forceOrder", event.liquidation.symbol):
                    self._say(connection, name, forced)

    def _market_payload(self, name: str) -> Any:
        """What a market stream says now; None for one that says nothing of itself."""
        engine = self.venue.engine
        head, _, rest = name.partition("@")
        kind = rest.partition("@")[0]
        if head == "!markPrice":
            symbols = engine.market.symbols()
            return [shapes.mark_price(engine.market, each, engine.next_funding_ms, self.now_ms) for each in symbols]
        symbol = head.upper()
        if symbol not in engine.market.series:
            return None
        if kind == "markPrice":
            return shapes.mark_price(engine.market, symbol, engine.next_funding_ms, self.now_ms)
        if kind == "bookTicker":
            return shapes.book_ticker(engine.market, symbol, self.now_ms)
        return None

    def _say(self, connection: _Connection, name: str, payload: Any) -> None:
        if self.faults.strike(FaultKind.STREAM_SILENT, "", name, self.now_ms):
            return
        message = {"stream": name, "data": payload} if connection.subscriptions.combined else payload
        connection.put(message)
        if self.faults.strike(FaultKind.STREAM_DUPLICATE, "", name, self.now_ms):
            connection.put(message)


class _Connection:
    """One open socket, its subscriptions and what waits to be written."""

    def __init__(self, socket: web.WebSocketResponse, subscriptions: Subscriptions) -> None:
        self.socket = socket
        self.subscriptions = subscriptions
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(_QUEUE_LIMIT)

    def put(self, message: Any) -> None:
        """Queue a message; a reader that is too slow is cut off, as the venue does."""
        try:
            self._waiting.put_nowait(json.dumps(message, separators=(",", ":")))
        except asyncio.QueueFull:
            self.hang_up()

    def hang_up(self) -> None:
        """Close after what was said so far is dropped."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def write(self) -> None:
        """Write what is queued until the socket closes."""
        while not self.socket.closed:
            text = await self._waiting.get()
            if text is None:
                await self.socket.close(code=WSCloseCode.GOING_AWAY)
                return
            with suppress(ConnectionResetError):  # the reader left; the reading side notices and ends the connection
                await self.socket.send_str(text)


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
