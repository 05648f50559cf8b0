"""The WebSocket side: `/ws/v5/public`, `/private` and `/business` with login, channels and their pushes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.okx import shapes_account, shapes_market
from guard.sandbox.dialects.okx.errors import WireError
from guard.sandbox.dialects.okx.instruments import symbol_of
from guard.sandbox.dialects.okx.shapes_orders import algo_json, order_json
from guard.sandbox.dialects.okx.signing import login
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, LiquidationEvent, OrderEvent

_PRIVATE = frozenset({"account", "positions", "orders", "orders-algo"})
_PUBLIC_MS = {"mark-price": 200, "tickers": 200}
_REGULAR_MS = 5_000

Argument = dict[str, Any]


@dataclass(slots=True)
class Session:
    """What one connection listens to: subscriptions by their text, and when each of the regular ones is due."""

    account_id: int | None = None
    channels: dict[str, Argument] = field(default_factory=dict)
    due_ms: dict[str, int] = field(default_factory=dict)

    def add(self, argument: Argument) -> None:
        """Listen from now on."""
        name = json.dumps(argument, sort_keys=True)
        self.channels[name] = argument
        self.due_ms[name] = 0

    def forget(self, argument: Argument) -> None:
        """Listen no more."""
        name = json.dumps(argument, sort_keys=True)
        self.channels.pop(name, None)
        self.due_ms.pop(name, None)

    def due(self, now_ms: int) -> list[Argument]:
        """What speaks now: at once after subscribing, then in its rhythm."""
        ready = [name for name, at_ms in self.due_ms.items() if at_ms <= now_ms]
        for name in ready:
            self.due_ms[name] = now_ms + _PUBLIC_MS.get(str(self.channels[name].get("channel")), _REGULAR_MS)
        return [self.channels[name] for name in ready]

    def on(self, channel: str) -> list[Argument]:
        """The subscriptions of one channel."""
        return [argument for argument in self.channels.values() if argument.get("channel") == channel]


class StreamDialect:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: Sockets[Session] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        return await self._sockets.serve(request, Session(), self._on_message)

    def push(self, now_ms: int) -> None:
        """Say what is due: marks, tickers, and accounts and positions in their rhythm."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            for argument in connection.state.due(now_ms):
                self._speak(connection, argument, now_ms)

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account's own events."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Session], text: str) -> None:
        if text == "ping":
            connection.put("pong")
            return
        try:
            message = json.loads(text)
            operation, arguments = str(message["op"]), list(message["args"])
        except (ValueError, KeyError, TypeError):
            connection.put({"event": "error", "code": "60012", "msg": f"Illegal request: {text}", "connId": "a4d3ae55"})
            return
        for argument in arguments:
            self._answer(connection, operation, argument, message.get("id"))
        self.push(self._world.wire_ms)

    def _answer(self, connection: Connection[Session], operation: str, argument: Argument, number: object) -> None:
        tag = {} if number is None else {"id": number}
        try:
            if operation == "login":
                key = login(argument, self._world.keys, self._world.wire_ms)
                connection.state.account_id = key.account_id
                connection.put({**tag, "event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})
                return
            self._subscribe(connection, operation, argument)
        except WireError as error:
            connection.put({**tag, "event": "error", "code": error.code, "msg": error.text, "connId": "a4d3ae55"})
            return
        connection.put({**tag, "event": operation, "arg": argument, "connId": "a4d3ae55"})

    def _subscribe(self, connection: Connection[Session], operation: str, argument: Argument) -> None:
        channel = str(argument.get("channel", ""))
        if operation not in {"subscribe", "unsubscribe"}:
            raise WireError("60019", f"Invalid op {operation}")
        if channel not in _PRIVATE and channel not in _PUBLIC_MS:
            raise WireError("60018", f"channel:{channel} doesn't exist")
        if channel in _PRIVATE and connection.state.account_id is None:
            raise WireError("60011", "Please log in")
        if operation == "unsubscribe":
            connection.state.forget(argument)
            return
        connection.state.add(argument)
        if channel in _PRIVATE:
            self._sockets.listened.set()

    def _speak(self, connection: Connection[Session], argument: Argument, now_ms: int) -> None:
        """What a channel says in its rhythm; orders speak when they change only."""
        channel, engine = str(argument["channel"]), self._world.engine
        if channel in _PUBLIC_MS:
            symbol = symbol_of(str(argument.get("instId", "")))
            if symbol in engine.market.series:
                shape = shapes_market.mark_json if channel == "mark-price" else shapes_market.ticker_json
                self._say(connection, argument, [shape(engine.market, engine.market.instruments[symbol], now_ms)])
            return
        account = engine.accounts.get(connection.state.account_id or 0)
        if account is None:
            return
        if channel == "account":
            self._say(connection, argument, [shapes_account.balance_json(self._world, account)])
        if channel == "positions":
            self._say(connection, argument, shapes_account.positions_json(self._world, account))

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        for connection in self._sockets:
            if connection.state.account_id != account.id:
                continue
            if isinstance(event, OrderEvent):
                self._tell(connection, "orders", [order_json(self._world, account, event.order)])
            elif isinstance(event, AlgoEvent):
                self._tell(connection, "orders-algo", [algo_json(self._world, account, event.algo)])
            elif isinstance(event, AccountEvent | LiquidationEvent):
                self._tell(connection, "account", [shapes_account.balance_json(self._world, account)])
                self._tell(connection, "positions", self._changed(account.id, event))

    def _changed(self, account_id: int, event: AccountEvent | LiquidationEvent) -> list[Any]:
        """The legs that an event is about; one that is gone is told with a size of 0."""
        account, engine = self._world.engine.accounts[account_id], self._world.engine
        keys = event.legs if isinstance(event, AccountEvent) else ((event.liquidation.symbol, event.liquidation.leg),)
        figures, rows = engine.figures(account), []
        for symbol, leg in keys:
            held = figures.leg(symbol, leg)
            if held is not None:
                rows.append(shapes_account.position_json(self._world, account, figures, held))
                continue
            instrument = engine.market.instruments[symbol]
            empty = engine.market.rule.leg(account, engine.market, account.position(symbol, leg))
            rows.append(shapes_account.closed_json(self._world, instrument, empty))
        return rows

    def _tell(self, connection: Connection[Session], channel: str, rows: list[Any]) -> None:
        for argument in connection.state.on(channel):
            self._say(connection, argument, rows)

    def _say(self, connection: Connection[Session], argument: Argument, rows: list[Any]) -> None:
        if rows:
            self._sockets.say(
                connection, str(argument["channel"]), {"arg": argument, "data": rows}, self._world.wire_ms
            )
