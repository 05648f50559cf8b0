"""The WebSocket side: gzipped frames; market channels by subscription, an account's own events by listen key."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

from guard.sandbox.dialects.bingx.call import Call, WireVenue
from guard.sandbox.dialects.bingx.market import ticker
from guard.sandbox.dialects.bingx.orders import STATUS
from guard.sandbox.dialects.bingx.words import market_id, plain
from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.sockets import Connection, Sockets, compact
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import AlgoStatus
from guard.sandbox.engine.state import AccountEvent, AlgoEvent, Event, OrderEvent, SettingsEvent

_PING_MS = 5_000
_ALGO_STATUS = {AlgoStatus.NEW: "NEW", AlgoStatus.CANCELED: "CANCELED", AlgoStatus.REJECTED: "EXPIRED"}


def zipped(message: Any) -> bytes:
    """As the venue writes on its sockets."""
    return gzip.compress(compact(message).encode(), compresslevel=1)


@dataclass(slots=True)
class Listener:
    """What a connection asked for: whose events, and which channels (`BTC-USDT@ticker`)."""

    account_id: int | None = None
    channels: list[str] = field(default_factory=list)
    pinged_ms: int = 0


class BingxStreams:
    """Implements `guard.sandbox.dialects.dialect.StreamSide`."""

    def __init__(self, venue: WireVenue, world: World) -> None:
        self.venue = venue
        self._world = world
        self._sockets: Sockets[Listener] = Sockets(world.faults, zipped)
        venue.engine.state.listeners.append(self._on_event)

    async def handle(self, request: web.Request, now_ms: int) -> web.StreamResponse:  # noqa: ARG002 - the seam's
        """Serve one connection until either side closes it."""
        key = request.query.get("listenKey")
        if key is not None and key not in self.venue.listen_keys:
            return web.json_response({"code": 100400, "msg": "invalid listenKey"}, status=400)
        listener = Listener(self.venue.listen_keys[key] if key is not None else None)
        if key is not None:
            self._sockets.listened.set()
        return await self._sockets.serve(request, listener, self._on_message)

    def push(self, now_ms: int) -> None:
        """Say what is due on every channel; drop connections when a fault says so."""
        self._sockets.drop_struck(now_ms)
        for connection in self._sockets:
            if now_ms - connection.state.pinged_ms >= _PING_MS:
                connection.state.pinged_ms = now_ms
                self._sockets.say(connection, "ping", "Ping", now_ms)
            for channel in connection.state.channels:
                data = self._channel(channel, now_ms)
                if data is not None:
                    self._sockets.say(connection, channel, {"code": 0, "dataType": channel, "data": data}, now_ms)

    async def until_listened(self) -> None:
        """Wait until somebody has connected with a listen key."""
        await self._sockets.until_listened()

    async def close(self) -> None:
        """Close every connection, as a server that goes down does."""
        await self._sockets.close()

    def _on_message(self, connection: Connection[Listener], text: str) -> None:
        if text == "Pong":
            return
        try:
            message = json.loads(text)
            number, channel = str(message["id"]), str(message["dataType"])
        except (ValueError, KeyError, TypeError):
            connection.put({"code": 100400, "msg": "invalid request", "id": ""})
            return
        channels = connection.state.channels
        if message.get("reqType") == "unsub":
            channels[:] = [name for name in channels if name != channel]
        elif channel not in channels:
            channels.append(channel)
        connection.put({"id": number, "code": 0, "msg": "SUCCESS", "timestamp": self._world.wire_ms})
        self.push(self._world.wire_ms)

    def _channel(self, channel: str, now_ms: int) -> Any:
        name, _, kind = channel.partition("@")
        call = Call(self.venue, {"symbol": name}, None, now_ms)
        listed = {
            market_id(each): each for inverse in (False, True) for each in self.venue.instruments(inverse=inverse)
        }
        if name not in listed:
            return None
        if kind == "markPrice":
            mark = {"e": "markPriceUpdate", "E": now_ms, "s": name, "p": plain(call.market.mark(listed[name].symbol))}
            return [mark] if listed[name].is_inverse else mark
        return _ticker_event(call, listed[name]) if kind == "ticker" else None

    def _on_event(self, event: Event) -> None:
        account = self.venue.engine.accounts.get(event.account_id)
        if account is None:
            return
        now_ms, market = self._world.wire_ms, self.venue.engine.market
        said = _user_event(event, account, market, now_ms)
        for connection in self._sockets:
            if said is not None and connection.state.account_id == account.id:
                self._sockets.say(connection, said["e"], said, now_ms)


def _ticker_event(call: Call, instrument: Instrument) -> dict[str, Any]:
    row = ticker(call, instrument)
    return {
        "e": "24hTicker",
        "E": call.now_ms,
        "s": row["symbol"],
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "c": row["lastPrice"],
        "L": row["lastQty"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "o": row["openPrice"],
        "O": call.now_ms,
        "C": call.now_ms,
        "A": row["askPrice"],
        "a": row["askQty"],
        "B": row["bidPrice"],
        "b": row["bidQty"],
    }


def _user_event(event: Event, account: Account, market: Market, now_ms: int) -> dict[str, Any] | None:
    if isinstance(event, AccountEvent):
        return _account_update(event, account, market, now_ms)
    if isinstance(event, OrderEvent):
        return _order_update(event, market, now_ms)
    if isinstance(event, AlgoEvent):
        return _algo_update(event, market, now_ms)
    if isinstance(event, SettingsEvent) and event.symbol:
        return _config_update(account, market, event.symbol, now_ms)
    return None


def _account_update(event: AccountEvent, account: Account, market: Market, now_ms: int) -> dict[str, Any]:
    legs = [account.position(symbol, leg) for symbol, leg in event.legs]
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now_ms,
        "a": {
            "m": event.cause,
            "B": [
                {
                    "a": asset,
                    "wb": plain(account.wallets.get(asset, Decimal(0)), 8),
                    "cw": plain(account.wallets.get(asset, Decimal(0)), 8),
                    "bc": "0",
                }
                for asset in event.assets
            ],
            "P": [
                {
                    "s": market_id(market.instruments[leg.symbol]),
                    "pa": plain(market.instruments[leg.symbol].contracts(abs(leg.qty))),
                    "ep": plain(leg.entry_price, 8),
                    "up": plain(
                        market.instruments[leg.symbol].pnl(leg.qty, leg.entry_price, market.mark(leg.symbol))
                        if leg.qty
                        else leg.qty,
                        8,
                    ),
                    "mt": "isolated" if account.settings_of(leg.symbol).isolated else "cross",
                    "iw": plain(leg.isolated_wallet, 8),
                    "ps": "LONG" if leg.qty >= 0 else "SHORT",
                }
                for leg in legs
            ],
        },
    }


def _order_update(event: OrderEvent, market: Market, now_ms: int) -> dict[str, Any]:
    order, trade = event.order, event.trade
    instrument = market.instruments[order.symbol]
    return {
        "e": "ORDER_TRADE_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "o": {
            "s": market_id(instrument),
            "c": order.client_order_id,
            "i": order.id,
            "S": order.side.value,
            "o": order.kind.value,
            "q": plain(instrument.contracts(order.qty), 8),
            "p": plain(order.price, 8),
            "ap": plain(order.average_price, 8),
            "x": event.execution,
            "X": STATUS[order.status],
            "N": instrument.margin_asset,
            "n": plain(-trade.fee, 8) if trade else "0",
            "T": trade.at_ms if trade else 0,
            "wt": "MARK_PRICE",
            "ps": order.leg.value,
            "rp": plain(trade.realized_pnl, 8) if trade else "0",
            "z": plain(instrument.contracts(order.filled), 8),
        },
    }


def _algo_update(event: AlgoEvent, market: Market, now_ms: int) -> dict[str, Any]:
    """A waiting order is told as any other; one that was triggered, as filled."""
    wanted = event.algo.request
    row = {
        "s": market_id(market.instruments[wanted.symbol]),
        "c": event.algo.client_algo_id,
        "i": event.algo.id,
        "S": wanted.side.value,
        "o": wanted.kind.value,
        "q": plain(wanted.qty or Decimal(0), 8),
        "p": plain(wanted.price or Decimal(0), 8),
        "sp": plain(wanted.trigger_price or Decimal(0), 8),
        "ap": "0",
        "x": event.algo.status.value,
        "X": _ALGO_STATUS.get(event.algo.status, "FILLED"),
        "ps": wanted.leg.value,
        "z": "0",
    }
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": row}


def _config_update(account: Account, market: Market, symbol: str, now_ms: int) -> dict[str, Any]:
    settings = account.settings_of(symbol)
    changed = {
        "s": market_id(market.instruments[symbol]),
        "l": settings.leverage,
        "S": settings.leverage,
        "mt": "isolated" if settings.isolated else "cross",
    }
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "ac": changed}
