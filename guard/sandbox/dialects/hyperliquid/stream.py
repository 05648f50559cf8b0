"""The WebSocket side: public prices, and the news of any address; nobody logs in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.hyperliquid import listing, shapes
from guard.sandbox.dialects.hyperliquid.wallets import Wallets
from guard.sandbox.dialects.sockets import Connection, Sockets
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.state import Event, OrderEvent

Subscription = dict[str, Any]

_PERIODS_MS = {
    "allMids": 1_000,
    "activeAssetCtx": 1_000,
    "l2Book": 1_000,
    "clearinghouseState": 5_000,
    "spotState": 5_000,
    "webData2": 1_000,
}
_OF_EVENTS = frozenset({"orderUpdates", "userFills", "userEvents"})
_OF_USERS = _OF_EVENTS | {"clearinghouseState", "spotState", "webData2"}
_OF_COINS = frozenset({"activeAssetCtx", "l2Book"})


@dataclass(slots=True)
class Subscriptions:
    """What one connection listens to, and when each of it is due."""

    listed: list[Subscription] = field(default_factory=list)
    due_ms: dict[str, int] = field(default_factory=dict)


class HyperliquidStreams:
    """Every open connection of one venue."""

    def __init__(self, world: World, wallets: Wallets) -> None:
        self._world = world
        self._wallets = wallets
        self._sockets: Sockets[Subscriptions] = Sockets(world.faults)
        world.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the protocol's
        """Serve one connection until either side closes it."""
        return await self._sockets.serve(request, Subscriptions(), self._on_message)

    def push(self, now_ms: int) -> None:
        """Say what is due; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            for wanted in connection.state.listed:
                name = _name_of(wanted)
                if connection.state.due_ms.get(name, 0) > now_ms or wanted["type"] in _OF_EVENTS:
                    continue
                connection.state.due_ms[name] = now_ms + _PERIODS_MS[wanted["type"]]
                self._say(connection, wanted["type"], self._payload(wanted, now_ms))

    async def until_listened(self) -> None:
        """Wait until somebody listens to an account."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Subscriptions], text: str) -> None:
        try:
            message = json.loads(text)
            method = message["method"]
            wanted = message.get("subscription")
        except (ValueError, KeyError, TypeError, AttributeError):
            connection.put({"channel": "error", "data": f"Error parsing JSON into valid websocket request: {text}"})
            return
        if method == "ping":
            connection.put({"channel": "pong"})
        elif method == "subscribe":
            self._subscribe(connection, wanted, text)
        elif method == "unsubscribe":
            connection.state.listed = [each for each in connection.state.listed if each != wanted]
            connection.put({"channel": "subscriptionResponse", "data": {"method": method, "subscription": wanted}})

    def _subscribe(self, connection: Connection[Subscriptions], wanted: Any, text: str) -> None:
        if not self._may_be_listened_to(wanted):
            connection.put({"channel": "error", "data": f"Invalid subscription {text}"})
            return
        if wanted in connection.state.listed:
            connection.put({"channel": "error", "data": f"Already subscribed: {text}"})
            return
        connection.state.listed.append(wanted)
        connection.put({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": wanted}})
        if wanted["type"] in _OF_USERS:
            self._sockets.listened.set()
        if wanted["type"] == "userFills":
            account = self._wallets.account(wanted["user"])
            fills = [shapes.fill(trade) for trade in account.trades] if account else []
            self._say(connection, "userFills", {"isSnapshot": True, "user": wanted["user"], "fills": fills})
        self.push(self._world.wire_ms)

    def _may_be_listened_to(self, wanted: Any) -> bool:
        if not isinstance(wanted, dict) or wanted.get("type") not in _OF_USERS | _PERIODS_MS.keys():
            return False
        if wanted["type"] in _OF_USERS and not isinstance(wanted.get("user"), str):
            return False
        return wanted["type"] not in _OF_COINS or wanted.get("coin") in listing.BY_NAME

    def _payload(self, wanted: Subscription, now_ms: int) -> Any:
        market, kind = self._world.engine.market, wanted["type"]
        if kind == "allMids":
            dex = wanted.get("dex") or ""
            told: dict[str, Any] = {"mids": shapes.mids(market, dex)}
            return {**told, "dex": dex} if dex else told
        if kind == "activeAssetCtx":
            coin = listing.BY_NAME[wanted["coin"]]
            return {"coin": coin.name, "ctx": shapes.context(market, coin)}
        if kind == "l2Book":
            return shapes.depth(market, listing.BY_NAME[wanted["coin"]], now_ms)
        account = self._wallets.account(wanted["user"])
        return None if account is None else self._of_account(kind, account, wanted, now_ms)

    def _of_account(self, kind: str, account: Account, wanted: Subscription, now_ms: int) -> Any:
        market, dex = self._world.engine.market, wanted.get("dex") or ""
        if kind == "spotState":
            return {"user": wanted["user"], "spotState": shapes.spot_state(account, market)}
        state = shapes.state(account, market, dex, now_ms)
        if kind == "clearinghouseState":
            return {"dex": dex, "user": wanted["user"], "clearinghouseState": state}
        orders = shapes.open_orders(account, dex)
        return {"user": wanted["user"], "serverTime": now_ms, "clearinghouseState": state, "openOrders": orders}

    def _on_event(self, event: Event) -> None:
        account = self._world.engine.accounts.get(event.account_id)
        if account is None:
            return
        for connection in self._sockets:
            for wanted in connection.state.listed:
                if wanted["type"] in _OF_USERS and self._wallets.account(wanted["user"]) is account:
                    self._tell(connection, wanted, event)

    def _tell(self, connection: Connection[Subscriptions], wanted: Subscription, event: Event) -> None:
        kind = wanted["type"]
        if kind in {"clearinghouseState", "spotState", "webData2"}:
            self._say(connection, kind, self._payload(wanted, self._world.wire_ms))
        elif kind == "orderUpdates" and isinstance(event, OrderEvent):
            order = event.order
            row = {"order": shapes.basic_order(order), "status": shapes.order_status(order)}
            self._say(connection, kind, [{**row, "statusTimestamp": order.updated_ms, "user": wanted["user"]}])
        elif kind in {"userFills", "userEvents"} and isinstance(event, OrderEvent) and event.trade is not None:
            fills = {"fills": [shapes.fill(event.trade)]}
            told = {"isSnapshot": False, "user": wanted["user"], **fills} if kind == "userFills" else fills
            self._say(connection, kind, told)

    def _say(self, connection: Connection[Subscriptions], kind: str, payload: Any) -> None:
        if payload is None:
            return
        channel = "user" if kind == "userEvents" else kind
        self._sockets.say(connection, channel, {"channel": channel, "data": payload}, self._world.wire_ms)


def _name_of(wanted: Subscription) -> str:
    return json.dumps(wanted, sort_keys=True)
