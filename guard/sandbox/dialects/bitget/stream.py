"""The WebSocket side: public tickers; after a login the positions, orders and accounts of each product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from guard.sandbox.dialects.bitget import shapes
from guard.sandbox.dialects.bitget.endpoints import ticker
from guard.sandbox.dialects.bitget.errors import WireError
from guard.sandbox.dialects.bitget.names import engine_symbol, plain, product_of, wire_id
from guard.sandbox.dialects.bitget.signing import checked_key, sign
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, LiquidationEvent, OrderEvent

_TICKER_MS = 300
_LOGIN_WINDOW_S = 30
_PRIVATE: Final = frozenset({"positions", "orders", "orders-algo", "account"})
_ONE_TIME: Final = frozenset({"orders"})
Arg = tuple[str, str, str]
"""Product, channel, and the contract or coin, `default` for all."""


@dataclass(slots=True)
class Listener:
    """One connection: whose it is, what it listens to, and when each ticker speaks next."""

    remote: str
    account_id: int | None = None
    args: dict[Arg, dict[str, Any]] = field(default_factory=dict)
    due_ms: dict[Arg, int] = field(default_factory=dict)


class BitgetStreams:
    """Every open stream of one venue. The engine's events come by themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: Sockets[Listener] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        return await self._sockets.serve(request, Listener(request.remote or ""), self._on_message)

    def push(self, now_ms: int) -> None:
        """Say the tickers that are due; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            for arg, due_ms in list(connection.state.due_ms.items()):
                if due_ms <= now_ms:
                    connection.state.due_ms[arg] = now_ms + _TICKER_MS
                    self._say(connection, arg, [self._ticker(engine_symbol(arg[2]), now_ms)])

    async def until_listened(self) -> None:
        """Wait until somebody has subscribed to a private channel."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _ticker(self, symbol: str, now_ms: int) -> dict[str, Any]:
        told = ticker(self._world.engine.market, symbol, now_ms)
        return {**told, "instId": wire_id(symbol), "symbolType": "1", "nextFundingTime": "0"}

    def _on_message(self, connection: Connection[Listener], text: str) -> None:
        if text == "ping":
            connection.put("pong")
            return
        try:
            message = json.loads(text)
            word, args = str(message["op"]), [dict(arg) for arg in message["args"]]
        except (ValueError, KeyError, TypeError):
            connection.put({"event": "error", "code": 30003, "msg": "Invalid request: not a valid op"})
            return
        for arg in args:
            if word == "login":
                self._login(connection, arg)
            elif word == "subscribe":
                self._subscribe(connection, arg)
            elif word == "unsubscribe":
                self._unsubscribe(connection, arg)
        self.push(self._world.wire_ms)

    def _login(self, connection: Connection[Listener], arg: Mapping[str, Any]) -> None:
        try:
            key = checked_key(
                self._world.keys,
                str(arg.get("apiKey", "")),
                str(arg.get("passphrase", "")),
                connection.state.remote,
            )
        except WireError:
            connection.put({"event": "error", "code": 30011, "msg": "Invalid ACCESS_KEY"})
            return
        at = str(arg.get("timestamp", ""))
        late = not at.isdigit() or abs(self._world.wire_ms / 1000 - int(at)) > _LOGIN_WINDOW_S
        if late or sign(f"{at}GET/user/verify", key.secret) != arg.get("sign"):
            code, said = (30006, "Invalid timestamp") if late else (30005, "Invalid sign")
            connection.put({"event": "error", "code": code, "msg": said})
            return
        connection.state.account_id = key.account_id
        connection.put({"event": "login", "code": 0})

    def _subscribe(self, connection: Connection[Listener], arg: dict[str, Any]) -> None:
        name = _named(arg)
        product, channel, what = name
        if channel in _PRIVATE and connection.state.account_id is None:
            connection.put({"event": "error", "code": 30004, "msg": "User needs to log in", "arg": arg})
            return
        known = engine_symbol(what) in self._world.engine.market.series
        if channel not in _PRIVATE and not (channel == "ticker" and known):
            connection.put({"event": "error", "code": 30001, "msg": f"{product},{channel},{what} doesn't exist"})
            return
        connection.state.args[name] = arg
        connection.put({"event": "subscribe", "arg": arg})
        if channel == "ticker":
            connection.state.due_ms[name] = 0
            return
        self._sockets.listened.set()
        account = self._account(connection)
        if account is not None and channel not in _ONE_TIME:
            self._say(connection, name, _told(account, self._world.engine.market, self._figures(account), name))

    def _unsubscribe(self, connection: Connection[Listener], arg: dict[str, Any]) -> None:
        connection.state.args.pop(_named(arg), None)
        connection.state.due_ms.pop(_named(arg), None)
        connection.put({"event": "unsubscribe", "arg": arg})

    def _account(self, connection: Connection[Listener]) -> Account | None:
        account_id = connection.state.account_id
        return None if account_id is None else self._world.engine.accounts.get(account_id)

    def _figures(self, account: Account) -> Any:
        return self._world.engine.figures(account)

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        market = self._world.engine.market
        for connection in self._sockets:
            if connection.state.account_id != account.id:
                continue
            for name in connection.state.args:
                data = self._news(event, account, market, name)
                if data is not None:
                    self._say(connection, name, data)

    def _news(self, event: Event, account: Account, market: Market, name: Arg) -> list[dict[str, Any]] | None:
        """What a channel says of an event; None: nothing."""
        product, channel, _ = name
        if isinstance(event, OrderEvent) and channel == "orders":
            if product_of(market.instruments[event.order.symbol]) != product:
                return None
            row = shapes.order(account, market, event.order, "status")
            filled = plain(event.order.filled)
            return [{**row, "instId": row["symbol"], "accBaseVolume": filled, "cancelReason": ""}]
        if isinstance(event, AlgoEvent) and channel == "orders-algo":
            if product_of(market.instruments[event.algo.request.symbol]) != product:
                return None
            row = shapes.plan(account, market, event.algo)
            return [{**row, "instId": row["symbol"], "status": "live"}]
        if isinstance(event, AccountEvent | LiquidationEvent | OrderEvent) and channel in {"positions", "account"}:
            return _told(account, market, self._figures(account), name)
        return None

    def _say(self, connection: Connection[Listener], name: Arg, data: list[dict[str, Any]]) -> None:
        arg, now_ms = connection.state.args.get(name), self._world.wire_ms
        if arg is not None:
            message = {"action": "snapshot", "arg": arg, "data": data, "ts": now_ms}
            self._sockets.say(connection, name[1], message, now_ms)


def _named(arg: Mapping[str, Any]) -> Arg:
    what = arg.get("instId") or arg.get("coin") or "default"
    return str(arg.get("instType", "")).upper(), str(arg.get("channel", "")), str(what)


def _told(account: Account, market: Market, figures: Any, name: Arg) -> list[dict[str, Any]]:
    """The whole of a private channel: every leg, or every margin coin."""
    product, channel, _ = name
    if channel == "positions":
        rows = shapes.positions(account, market, figures, product)
        return [
            {
                **row,
                "posId": str(index),
                "instId": row["symbol"],
                "leverage": int(row["leverage"]),
                "frozen": row["locked"],
                "unrealizedPLR": "0",
                "marginRate": row["marginRatio"],
            }
            for index, row in enumerate(rows, start=1)
        ]
    if channel == "account":
        return [
            {
                "marginCoin": row["marginCoin"],
                "frozen": row["locked"],
                "available": row["available"],
                "maxOpenPosAvailable": row["crossedMaxAvailable"],
                "maxTransferOut": row["maxTransferOut"],
                "equity": row["accountEquity"],
                "usdtEquity": row["usdtEquity"],
                "crossedRiskRate": row["crossedRiskRate"],
                "unrealizedPL": row["unrealizedPL"],
            }
            for row in shapes.accounts(account, market, figures, product)
        ]
    return []
