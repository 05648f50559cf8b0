"""The WebSocket side: topics of classic streams (opened with a token), and channels of the newer push service.

A classic stream is opened at `/endpoint`; the push service listens at the root, and knows an account by the token in
its address.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.kucoinfutures import shapes_account, shapes_orders
from guard.sandbox.dialects.kucoinfutures.call import WireVenue
from guard.sandbox.dialects.kucoinfutures.endpoints_market import ticker
from guard.sandbox.dialects.kucoinfutures.wording import NANOSECONDS, WireError, contract_id, number, plain, symbol_of
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.accounts import Account, Position
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, LiquidationEvent, OrderEvent

_EVERY_MS: Final = 1_000
_PING_MS: Final = 18_000
_CLASSIC_PATH: Final = "/endpoint"
_ORDERS: Final = "/contractMarket/tradeOrders"
_STOPS: Final = "/contractMarket/advancedOrders"
_WALLET: Final = "/contractAccount/wallet"
_POSITION: Final = "/contract/position:"
_ALL_POSITIONS: Final = "/contract/positionAll"
_TICKER: Final = "/contractMarket/ticker:"
_INSTRUMENT: Final = "/contract/instrument:"
_MARK: Final = "mark-price:"
_PUSH_POSITIONS: Final = ("positionAll", "position")
_KINDS: Final = {"NEW": "open", "TRADE": "match", "CANCELED": "canceled", "EXPIRED": "canceled", "CALCULATED": "match"}


@dataclass
class Session:
    """What one connection asked for. `account_id` None: nobody's; `classic` False: the push service."""

    classic: bool
    account_id: int | None = None
    topics: dict[str, int] = field(default_factory=dict)
    """Topic, and when it last said something by itself."""


class StreamSide:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, venue: WireVenue, world: World) -> None:
        self._venue = venue
        self._world = world
        self._sockets: Sockets[Session] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        token = request.query.get("token", "")
        session = Session(request.path == _CLASSIC_PATH, self._venue.tokens.get(token))
        connect_id = request.query.get("connectId", "")
        welcome: dict[str, Any] = {"id": connect_id, "type": "welcome"}
        if not session.classic:
            welcome = {"sessionId": token or "public", "message": "welcome", "pingInterval": _PING_MS}
        return await self._sockets.serve(request, session, self._on_message, on_open=lambda each: each.put(welcome))

    def push(self, now_ms: int) -> None:
        """Say the marks and tickers that are due; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            for topic, last_ms in list(connection.state.topics.items()):
                if now_ms - last_ms < _EVERY_MS:
                    continue
                message = self._due(topic, now_ms)
                if message is not None:
                    connection.state.topics[topic] = now_ms
                    self._sockets.say(connection, topic, message, now_ms)

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account's own events."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Session], text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            connection.put({"id": "", "type": "error", "code": 400, "data": "invalid message"})
            return
        if message.get("type") == "ping":
            connection.put({"id": message.get("id"), "type": "pong", "timestamp": self._world.wire_ms * 1_000})
        elif connection.state.classic:
            self._on_classic(connection, message)
        else:
            self._on_action(connection, message)
        self.push(self._world.wire_ms)

    def _on_classic(self, connection: Connection[Session], message: dict[str, Any]) -> None:
        kind, topic, ident = message.get("type"), str(message.get("topic") or ""), message.get("id")
        if kind not in {"subscribe", "unsubscribe"} or not topic:
            connection.put({"id": ident, "type": "error", "code": 415, "data": "type is not supported"})
            return
        private = topic in {_ORDERS, _STOPS, _WALLET, _ALL_POSITIONS} or topic.startswith((_POSITION, f"{_ORDERS}:"))
        if private and connection.state.account_id is None:
            connection.put({"id": ident, "type": "error", "code": 401, "data": "token is invalid"})
            return
        head, colon, names = topic.partition(":")
        for each in [f"{head}:{name}" for name in names.split(",")] if colon else [topic]:
            self._keep(connection, each, on=kind == "subscribe", private=private)
        if message.get("response"):
            connection.put({"id": ident, "type": "ack"})

    def _on_action(self, connection: Connection[Session], message: dict[str, Any]) -> None:
        action, channel, ident = message.get("action"), str(message.get("channel") or ""), message.get("id")
        private = channel not in {"mark-price", "ticker"}
        if action not in {"subscribe", "unsubscribe"} or not channel:
            connection.put({"id": ident, "result": False, "reason": "action is not supported"})
            return
        if private and connection.state.account_id is None:
            connection.put({"id": ident, "result": False, "reason": "token is invalid"})
            return
        name = f"{channel}:{message.get('symbol') or message.get('tradeType') or ''}"
        self._keep(connection, name, on=action == "subscribe", private=private)
        connection.put({"id": ident, "result": True})

    def _keep(self, connection: Connection[Session], topic: str, *, on: bool, private: bool) -> None:
        if not on:
            connection.state.topics.pop(topic, None)
            return
        connection.state.topics.setdefault(topic, 0)
        if private:
            self._sockets.listened.set()

    def _due(self, topic: str, now_ms: int) -> dict[str, Any] | None:
        """What a market topic says now; None for one that says nothing of itself."""
        market = self._world.engine.market
        head = next((head for head in (_TICKER, _INSTRUMENT, _MARK) if topic.startswith(head)), None)
        if head is None:
            return None
        try:
            symbol = symbol_of(market, topic.removeprefix(head))
        except WireError:
            return None
        wire_id, mark = contract_id(market.instruments[symbol]), market.mark(symbol)
        if head == _TICKER:
            return _classic(topic, "ticker", ticker(market, symbol, now_ms))
        if head == _INSTRUMENT:
            prices = {
                "granularity": _EVERY_MS,
                "timestamp": now_ms,
                "markPrice": number(mark),
                "indexPrice": number(mark),
            }
            return _classic(topic, "mark.index.price", prices)
        data = {"s": wire_id, "mp": plain(mark), "ip": plain(mark), "oi": "0", "ts": now_ms}
        return {"T": "mark-price", "P": str(now_ms * NANOSECONDS), "d": data}

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        for connection in self._sockets:
            if connection.state.account_id == account.id:
                for topic in list(connection.state.topics):
                    for message in self._news(event, account, topic):
                        self._sockets.say(connection, topic, message, self._world.wire_ms)

    def _news(self, event: Event, account: Account, topic: str) -> list[dict[str, Any]]:
        """What an event has to say on a private topic."""
        market, now_ms = self._world.engine.market, self._world.wire_ms
        if isinstance(event, OrderEvent) and topic.partition(":")[0] == _ORDERS:
            data = shapes_orders.order_news(event.order, account, market, _KINDS[event.execution], now_ms, event.trade)
            return [_private(topic, "symbolOrderChange", data)]
        if isinstance(event, AlgoEvent) and topic == _STOPS:
            row = shapes_orders.stop_row(event.algo, account, market)
            data = {**row, "orderId": row["id"], "orderPrice": row["price"], "type": "open", "ts": now_ms * NANOSECONDS}
            return [_private(topic, "stopOrder", data)]
        if not isinstance(event, AccountEvent | LiquidationEvent):
            return []
        if topic == _WALLET:
            figures = self._world.engine.figures(account)
            names = event.assets if isinstance(event, AccountEvent) else tuple(figures.assets)
            return [
                _private(topic, "walletBalance.change", shapes_account.wallet_news(market, figures, name, now_ms))
                for name in names
            ]
        legs = event.legs if isinstance(event, AccountEvent) else ()
        closed = [position for leg in legs if not (position := account.position(*leg)).qty]
        return self._position_news(account, closed, topic, now_ms)

    def _position_news(self, account: Account, closed: list[Position], topic: str, now_ms: int) -> list[dict[str, Any]]:
        market, figures = self._world.engine.market, self._world.engine.figures(account)
        rows = [shapes_account.position_row(self._venue.rule, account, market, leg, now_ms) for leg in figures.legs]
        rows += [shapes_account.closed_row(market, position, now_ms) for position in closed]
        if topic == _ALL_POSITIONS:
            return [_private(topic, "position.change", {**row, "changeReason": "positionChange"}) for row in rows]
        if topic.startswith(_POSITION):
            return [_private(topic, "position.change", row) for row in rows if topic.endswith(f":{row['symbol']}")]
        if topic.partition(":")[0] in _PUSH_POSITIONS:
            kind = "UNIFIED" if account.mode else "FUTURES"
            return [{"T": f"positionAll.{kind}", "P": str(now_ms * NANOSECONDS), "d": _pushed(row)} for row in rows]
        return []


def _classic(topic: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "topic": topic, "subject": subject, "data": data}


def _private(topic: str, subject: str, data: dict[str, Any]) -> dict[str, Any]:
    return {**_classic(topic, subject, data), "userId": "sandbox", "channelType": "private"}


def _pushed(row: dict[str, Any]) -> dict[str, Any]:
    """A leg in the short names of the push service."""
    unified = shapes_account.unified_position(row)
    return {
        "pi": unified["id"],
        "s": unified["symbol"],
        "mM": unified["marginMode"],
        "q": unified["size"],
        "eP": unified["entryPrice"],
        "pV": unified["positionValue"],
        "mP": unified["markPrice"],
        "lP": "0",
        "bP": "0",
        "l": unified["leverage"],
        "uPL": unified["unrealizedPnL"],
        "rPL": "0",
        "iM": unified["initialMargin"],
        "mmr": unified["mmr"],
        "mtM": unified["maintenanceMargin"],
        "U": str(unified["updateTime"]),
        "O": unified["creationTime"],
    }
