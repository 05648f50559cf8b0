"""The WebSocket side of the dialect: tickers for everybody; positions, orders and the wallet for who logged in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.bybit import shapes_account, shapes_orders
from guard.sandbox.dialects.bybit.naming import by_wire_id, category_of
from guard.sandbox.dialects.bybit.shapes_market import ticker_json
from guard.sandbox.dialects.bybit.signing import sign
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.orders import Rejection
from guard.sandbox.engine.sides import Leg
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, OrderEvent

_PRIVATE = ("position", "order", "wallet")
_TICKERS_MS = 1_000


@dataclass(slots=True)
class Session:
    """What a connection has subscribed to; `category` is empty on the private address."""

    category: str
    account_id: int | None = None
    topics: set[str] = field(default_factory=set)
    due_ms: dict[str, int] = field(default_factory=dict)


class StreamDialect:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: Sockets[Session] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        category = request.path.removeprefix("/v5/public/") if request.path.startswith("/v5/public/") else ""
        if not category and request.path != "/v5/private":
            return web.json_response({"retCode": 10404, "retMsg": "Route not found."}, status=404)
        return await self._sockets.serve(request, Session(category), self._on_message)

    def push(self, now_ms: int) -> None:
        """Say the tickers that are due; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            session = connection.state
            for topic in sorted(session.topics):
                if topic.startswith("tickers.") and session.due_ms.get(topic, 0) <= now_ms:
                    kind = "delta" if topic in session.due_ms else "snapshot"
                    session.due_ms[topic] = now_ms + _TICKERS_MS
                    self._say_ticker(connection, topic, kind, now_ms)

    async def until_listened(self) -> None:
        """Wait until somebody has subscribed to an account's own events."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Session], text: str) -> None:
        try:
            message = json.loads(text)
            operation, arguments = str(message["op"]), [str(each) for each in message.get("args") or []]
        except (ValueError, KeyError, TypeError, AttributeError):
            connection.put({"success": False, "ret_msg": "error:invalid op", "conn_id": "sandbox", "op": ""})
            return
        connection.put(self._answer(connection.state, operation, arguments, message.get("req_id", "")))
        self.push(self._world.wire_ms)

    def _answer(self, session: Session, operation: str, arguments: list[str], request_id: Any) -> dict[str, Any]:
        said = {"success": True, "ret_msg": "", "op": operation, "req_id": request_id, "conn_id": "sandbox"}
        if operation == "ping":
            if session.category:
                return {**said, "ret_msg": "pong"}
            return {"req_id": request_id, "op": "pong", "args": [str(self._world.wire_ms)], "conn_id": "sandbox"}
        if not self._obeyed(session, operation, arguments):
            return {**said, "success": False, "ret_msg": f"error:{operation} {' '.join(arguments)} refused"}
        return said

    def _obeyed(self, session: Session, operation: str, arguments: list[str]) -> bool:
        """Log in, subscribe or unsubscribe; False when that may not be."""
        if operation == "auth":
            session.account_id = self._account_of(arguments)
            return session.account_id is not None
        if operation == "unsubscribe":
            session.topics.difference_update(arguments)
            return True
        if operation != "subscribe" or not all(self._may_hear(session, topic) for topic in arguments):
            return False
        session.topics.update(arguments)
        if session.account_id is not None:
            self._sockets.listened.set()
        return True

    def _account_of(self, arguments: list[str]) -> int | None:
        """Who logs in with `[key, expires, signature]`."""
        if len(arguments) != 3:
            return None
        name, expires, signature = arguments
        key = self._world.keys.find(name)
        if key is None or not expires.isdigit() or int(expires) < self._world.wire_ms:
            return None
        return key.account_id if sign(f"GET/realtime{expires}", key.secret) == signature else None

    def _may_hear(self, session: Session, topic: str) -> bool:
        if not session.category:
            return session.account_id is not None and topic in _PRIVATE
        return topic.startswith("tickers.") and self._symbol(session, topic) is not None

    def _symbol(self, session: Session, topic: str) -> str | None:
        try:
            return by_wire_id(self._world.engine.market, session.category, topic.removeprefix("tickers.")).symbol
        except Rejection:
            return None

    def _say_ticker(self, connection: Connection[Session], topic: str, kind: str, now_ms: int) -> None:
        symbol = self._symbol(connection.state, topic)
        engine = self._world.engine
        if symbol is not None:
            data = ticker_json(engine.market, engine.market.instruments[symbol], engine.next_funding_ms)
            message = {"topic": topic, "type": kind, "data": data, "cs": now_ms, "ts": now_ms}
            self._sockets.say(connection, topic, message, now_ms)

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        for topic, data in self._news(event, account):
            for connection in self._sockets:
                if connection.state.account_id == account.id and topic in connection.state.topics:
                    now_ms = self._world.wire_ms
                    message = {"id": str(now_ms), "topic": topic, "creationTime": now_ms, "data": data}
                    self._sockets.say(connection, topic, message, now_ms)

    def _news(self, event: Event, account: Account) -> list[tuple[str, list[dict[str, Any]]]]:
        """What an event is told as, by topic."""
        market = self._world.engine.market
        if isinstance(event, OrderEvent):
            instrument = market.instruments[event.order.symbol]
            row = shapes_orders.order_json(event.order, instrument)
            return [("order", [{**row, "category": category_of(instrument)}])]
        if isinstance(event, AlgoEvent):
            instrument = market.instruments[event.algo.request.symbol]
            row = shapes_orders.algo_json(event.algo, instrument)
            return [("order", [{**row, "category": category_of(instrument)}])]
        if isinstance(event, AccountEvent):
            wallet = ("wallet", [shapes_account.wallet_json(account, market, self._world.engine.figures(account))])
            legs = [self._leg(account, symbol, leg) for symbol, leg in event.legs]
            return [("position", legs), wallet] if legs else [wallet]
        return []

    def _leg(self, account: Account, symbol: str, leg: Leg) -> dict[str, Any]:
        engine = self._world.engine
        row = shapes_account.position_json(
            account, engine.market, engine.figures(account), account.position(symbol, leg)
        )
        row["entryPrice"] = row.pop("avgPrice")
        return {**row, "category": category_of(engine.market.instruments[symbol])}
