"""The WebSocket side: `/v4/ws/usdt` and `/v4/ws/btc` with tickers, and an account's positions, balances and orders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.gate import shapes
from guard.sandbox.dialects.gate.errors import WireError
from guard.sandbox.dialects.gate.names import SETTLES, settle_of, symbol_of, wire_id
from guard.sandbox.dialects.gate.shapes_orders import order_json, price_order_json
from guard.sandbox.dialects.gate.signing import subscriber
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.accounts import Account, LedgerEntry
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, LiquidationEvent, OrderEvent

_PRIVATE = frozenset({"futures.positions", "futures.balances", "futures.orders", "futures.autoorders"})
_TICKERS = "futures.tickers"
_TICKERS_MS = 500
_UNKNOWN, _REFUSED = 2, 4


@dataclass(slots=True)
class Session:
    """What one connection listens to; private channels belong to the account of the key that subscribed."""

    settle: str
    account_id: int | None = None
    contracts: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    due_ms: int = 0


class StreamDialect:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: Sockets[Session] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        settle = request.path.rstrip("/").rpartition("/")[2]
        if settle not in SETTLES:
            return web.Response(status=404)
        return await self._sockets.serve(request, Session(settle), self._on_message)

    def push(self, now_ms: int) -> None:
        """Say what is due: tickers."""
        self._sockets.drop_struck(now_ms)
        market = self._world.engine.market
        for connection in self._sockets:
            session = connection.state
            if not session.contracts or session.due_ms > now_ms:
                continue
            session.due_ms = now_ms + _TICKERS_MS
            listed = [market.instruments[symbol_of(name)] for name in sorted(session.contracts)]
            self._say(connection, _TICKERS, [shapes.ticker_json(market, each) for each in listed])

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account's own events."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Session], text: str) -> None:
        try:
            message = json.loads(text)
            channel = str(message["channel"])
        except (ValueError, KeyError, TypeError):
            connection.put(self._envelope("", "", error={"code": 1, "message": "invalid message"}))
            return
        if channel == "futures.ping":
            connection.put(self._envelope("futures.pong", ""))
            return
        event, tag = str(message.get("event", "")), {"id": message.get("id")}
        try:
            self._subscribe(connection.state, message, channel, event)
        except WireError as error:
            code = _REFUSED if channel in _PRIVATE else _UNKNOWN
            said = {"code": code, "message": json.dumps(error.payload())}
            connection.put({**self._envelope(channel, event, error=said), **tag})
            return
        connection.put({**self._envelope(channel, event, result={"status": "success"}), **tag})
        self.push(self._world.wire_ms)

    def _subscribe(self, session: Session, message: Mapping[str, Any], channel: str, event: str) -> None:
        if event not in {"subscribe", "unsubscribe"}:
            raise WireError("INVALID_PARAM_VALUE", f"unknown event {event}")
        if channel == _TICKERS:
            self._subscribe_tickers(session, message.get("payload"), event)
            return
        if channel not in _PRIVATE:
            raise WireError("INVALID_PARAM_VALUE", f"unknown channel {channel}")
        key = subscriber(message, self._world.keys, self._world.wire_ms)
        payload = message.get("payload")
        if not isinstance(payload, list) or str(payload[0]) != str(5_691_000 + key.account_id):
            raise WireError("INVALID_PARAM_VALUE", "the user id is not the key's")
        session.account_id = key.account_id
        if event == "subscribe":
            session.channels.add(channel)
            self._sockets.listened.set()
        else:
            session.channels.discard(channel)

    def _subscribe_tickers(self, session: Session, payload: object, event: str) -> None:
        names = {str(name) for name in payload} if isinstance(payload, list) else set()
        market = self._world.engine.market
        for name in sorted(names):
            instrument = market.instruments.get(symbol_of(name))
            if instrument is None or instrument.symbol not in market.series or settle_of(instrument) != session.settle:
                raise WireError("CONTRACT_NOT_FOUND", f"unknown contract {name}")
        session.contracts = session.contracts | names if event == "subscribe" else session.contracts - names
        session.due_ms = 0

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        for connection in self._sockets:
            if connection.state.account_id != account.id:
                continue
            for channel in sorted(connection.state.channels):
                rows = self._news(event, account, channel, connection.state.settle)
                if rows:
                    self._say(connection, channel, rows)

    def _news(self, event: Event, account: Account, channel: str, settle: str) -> list[dict[str, Any]]:
        """What a channel says of an event."""
        world, instruments = self._world, self._world.engine.market.instruments
        if isinstance(event, OrderEvent):
            mine = channel == "futures.orders" and settle_of(instruments[event.order.symbol]) == settle
            return [order_json(world, account, event.order)] if mine else []
        if isinstance(event, AlgoEvent):
            mine = channel == "futures.autoorders" and settle_of(instruments[event.algo.request.symbol]) == settle
            return [price_order_json(world, account, event.algo)] if mine else []
        if not isinstance(event, AccountEvent | LiquidationEvent):
            return []
        if channel == "futures.positions":
            keys = (
                event.legs if isinstance(event, AccountEvent) else ((event.liquidation.symbol, event.liquidation.leg),)
            )
            return [
                shapes.leg_json(world, account, symbol, leg)
                for symbol, leg in keys
                if settle_of(instruments[symbol]) == settle
            ]
        if channel == "futures.balances" and account.ledger and isinstance(event, AccountEvent):
            return [self._balance(account, account.ledger[-1], instruments)] if settle.upper() in event.assets else []
        return []

    def _balance(self, account: Account, entry: LedgerEntry, instruments: Mapping[str, Instrument]) -> dict[str, Any]:
        """What changed a wallet last."""
        contract = wire_id(instruments[entry.symbol]) if entry.symbol in instruments else ""
        return {
            "balance": float(account.wallets.get(entry.asset, 0)),
            "change": float(entry.amount),
            "currency": entry.asset.lower(),
            "text": f"{contract}:{entry.trade_id or ''}",
            "time": self._world.wire_ms // 1000,
            "time_ms": self._world.wire_ms,
            "type": entry.kind.value.lower(),
            "user": str(5_691_000 + account.id),
        }

    def _envelope(self, channel: str, event: str, **more: Any) -> dict[str, Any]:
        now_ms = self._world.wire_ms
        return {"time": now_ms // 1000, "time_ms": now_ms, "channel": channel, "event": event, **more}

    def _say(self, connection: Connection[Session], channel: str, rows: list[dict[str, Any]]) -> None:
        self._sockets.say(connection, channel, self._envelope(channel, "update", result=rows), self._world.wire_ms)
