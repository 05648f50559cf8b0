"""Open WebSocket connections of any dialect: what waits to be written, who is cut off, and the faults of streams.

Knows no venue's words: a dialect gives what to answer to a message, and says what is due.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from aiohttp import WSCloseCode, WSMsgType, web

from guard.sandbox.faults import FaultKind, Faults

_QUEUE_LIMIT = 10_000

S = TypeVar("S")
"""What a dialect keeps of a connection: its subscriptions, who logged in."""

Encode = Callable[[Any], str | bytes]


def compact(message: Any) -> str:
    """Compact JSON; a text stays as it is."""
    return message if isinstance(message, str) else json.dumps(message, separators=(",", ":"))


class Connection(Generic[S]):
    """One open socket, what the dialect knows of it, and what waits to be written."""

    def __init__(self, socket: web.WebSocketResponse, state: S, encode: Encode = compact) -> None:
        self.socket = socket
        self.state = state
        self._encode = encode
        self._waiting: asyncio.Queue[str | bytes | None] = asyncio.Queue(_QUEUE_LIMIT)

    def put(self, message: Any) -> None:
        """Queue a message; a reader that is too slow is cut off, as venues do."""
        try:
            self._waiting.put_nowait(self._encode(message))
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
            said = await self._waiting.get()
            if said is None:
                await self.socket.close(code=WSCloseCode.GOING_AWAY)
                return
            with suppress(ConnectionResetError):  # the reader left; the reading side notices and ends the connection
                await (self.socket.send_str(said) if isinstance(said, str) else self.socket.send_bytes(said))


class Sockets(Generic[S]):
    """Every open connection of a venue.

    Args:
        faults: declared faults.
        encode: how messages are written; compact JSON by default. Bytes go out as binary frames.
    """

    def __init__(self, faults: Faults, encode: Encode = compact) -> None:
        self.faults = faults
        self._encode = encode
        self._connections: dict[int, Connection[S]] = {}
        self._opened = 0
        self.listened = asyncio.Event()

    async def serve(
        self,
        request: web.Request,
        state: S,
        on_message: Callable[[Connection[S], str], None],
        on_open: Callable[[Connection[S]], None] | None = None,
    ) -> web.StreamResponse:
        """Serve one connection until either side closes it; `on_message` gets each text frame."""
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        connection = Connection(socket, state, self._encode)
        with self._kept(connection):
            writer = asyncio.create_task(connection.write(), name="sandbox-stream-writer")
            try:
                if on_open is not None:
                    on_open(connection)
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        on_message(connection, message.data)
            finally:
                writer.cancel()
                with suppress(asyncio.CancelledError):
                    await writer
        return socket

    @contextmanager
    def _kept(self, connection: Connection[S]) -> Iterator[None]:
        self._opened += 1
        number = self._opened
        self._connections[number] = connection
        try:
            yield
        finally:
            del self._connections[number]

    def __iter__(self) -> Iterator[Connection[S]]:
        """The connections that are open now."""
        return iter(list(self._connections.values()))

    def drop_struck(self, now_ms: int) -> None:
        """Hang up on everybody while `FaultKind.STREAM_DROP` is on."""
        if self.faults.present(FaultKind.STREAM_DROP, now_ms):
            for connection in self:
                connection.hang_up()
                self.faults.struck[FaultKind.STREAM_DROP.value] += 1

    def say(self, connection: Connection[S], channel: str, message: Any, now_ms: int) -> None:
        """Say something on a channel, unless it is silent by a fault; twice when a fault says so."""
        if self.faults.strike(FaultKind.STREAM_SILENT, "", channel, now_ms):
            return
        connection.put(message)
        if self.faults.strike(FaultKind.STREAM_DUPLICATE, "", channel, now_ms):
            connection.put(message)

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account's own events (the dialect sets `listened`)."""
        await self.listened.wait()

    async def close(self, connections: Iterable[Connection[S]] | None = None) -> None:
        """Close every connection, as a server that goes down does."""
        for connection in connections or self:
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
