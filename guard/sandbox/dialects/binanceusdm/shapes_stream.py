"""What the streams say, in the venue's JSON. Pure."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.binanceusdm.shapes_market import book_ticker as book_ticker_row
from guard.sandbox.dialects.numbers import money, on_grid, plain
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.margin import account_figures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.state import (
    AccountEvent,
    AlgoEvent,
    Event,
    LiquidationEvent,
    MarginCallEvent,
    OrderEvent,
    SettingsEvent,
)

Json = dict[str, Any]


def user_event(event: Event, account: Account, market: Market, now_ms: int) -> Json | None:
    """The message that an engine event causes on the account's user data stream, if any."""
    if isinstance(event, OrderEvent):
        return _order_update(event, market, now_ms)
    if isinstance(event, AccountEvent):
        return _account_update(event, account, market, now_ms)
    if isinstance(event, AlgoEvent):
        return _algo_update(event, market, now_ms)
    if isinstance(event, SettingsEvent):
        return _config_update(event, account, now_ms)
    if isinstance(event, MarginCallEvent):
        return _margin_call(account, market, now_ms)
    return None


def mark_price(market: Market, symbol: str, next_funding_ms: int, now_ms: int) -> Json:
    """One `markPriceUpdate`."""
    mark = money(market.mark(symbol))
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": symbol,
        "p": mark,
        "ap": mark,
        "P": mark,
        "i": mark,
        "r": money(market.funding_rate(symbol)),
        "T": next_funding_ms,
    }


def book_ticker(market: Market, symbol: str, now_ms: int) -> Json:
    """One `bookTicker`."""
    row = book_ticker_row(market, symbol, now_ms)
    return {
        "e": "bookTicker",
        "u": now_ms,
        "E": now_ms,
        "T": now_ms,
        "s": symbol,
        "b": row["bidPrice"],
        "B": row["bidQty"],
        "a": row["askPrice"],
        "A": row["askQty"],
    }


def force_order(event: LiquidationEvent, account: Account, market: Market, now_ms: int) -> Json:
    """One `forceOrder` of the public liquidation stream."""
    order = account.orders[event.liquidation.order_id]
    instrument = market.instruments[order.symbol]
    qty, price = on_grid(order.qty, instrument.step), on_grid(order.price, instrument.tick)
    fields = {"s": order.symbol, "S": order.side.value, "o": "LIMIT", "f": "IOC", "q": qty, "p": price, "ap": price}
    return {"e": "forceOrder", "E": now_ms, "o": {**fields, "X": "FILLED", "l": qty, "z": qty, "T": now_ms}}


def listen_key_expired(listen_key: str, now_ms: int) -> Json:
    """The last word of a stream whose listen key was not kept alive."""
    return {"e": "listenKeyExpired", "E": now_ms, "listenKey": listen_key}


def _order_update(event: OrderEvent, market: Market, now_ms: int) -> Json:
    order, trade = event.order, event.trade
    instrument = market.instruments[order.symbol]
    kind = "LIQUIDATION" if event.execution == "CALCULATED" else order.kind.value
    fields: Json = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side.value,
        "o": kind,
        "f": order.time_in_force.value,
        "q": on_grid(order.qty, instrument.step),
        "p": on_grid(order.price, instrument.tick),
        "ap": plain(order.average_price),
        "sp": on_grid(order.trigger_price, instrument.tick),
        "x": event.execution,
        "X": order.status.value,
        "i": order.id,
        "l": on_grid(trade.qty, instrument.step) if trade else "0",
        "z": on_grid(order.filled, instrument.step),
        "L": on_grid(trade.price, instrument.tick) if trade else "0",
        "T": order.updated_ms,
        "t": trade.id if trade else 0,
        "b": "0",
        "a": "0",
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": order.algo_kind or kind,
        "ps": order.leg.value,
        "cp": order.close_position,
        "rp": money(trade.realized_pnl) if trade else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": 0,
    }
    if trade:
        fields |= {"N": trade.asset, "n": money(trade.fee)}
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": order.updated_ms, "o": fields}


def _account_update(event: AccountEvent, account: Account, market: Market, now_ms: int) -> Json:
    figures = account_figures(account, market)
    changed = [figures.assets[name] for name in event.assets if name in figures.assets]
    legs = [market.rule.leg(account, market, account.position(symbol, leg)) for symbol, leg in event.legs]
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "a": {
            "m": event.cause,
            "B": [
                {"a": asset.asset, "wb": money(asset.wallet), "cw": money(asset.cross_wallet), "bc": "0"}
                for asset in changed
            ],
            "P": [
                {
                    "s": leg.position.symbol,
                    "pa": on_grid(leg.position.qty, market.instruments[leg.position.symbol].step),
                    "ep": plain(leg.position.entry_price),
                    "bep": plain(leg.position.entry_price),
                    "cr": "0",
                    "up": money(leg.unrealized),
                    "mt": "isolated" if leg.isolated else "cross",
                    "iw": plain(leg.position.isolated_wallet),
                    "ps": leg.position.leg.value,
                    "ma": market.instruments[leg.position.symbol].margin_asset,
                }
                for leg in legs
            ],
        },
    }


def _algo_update(event: AlgoEvent, market: Market, now_ms: int) -> Json:
    algo, request = event.algo, event.algo.request
    instrument = market.instruments[request.symbol]
    nothing = instrument.tick * 0
    fields = {
        "caid": algo.client_algo_id,
        "aid": algo.id,
        "at": "CONDITIONAL",
        "o": request.kind.value,
        "s": request.symbol,
        "S": request.side.value,
        "ps": request.leg.value,
        "f": request.time_in_force.value,
        "q": on_grid(request.qty, instrument.step) if request.qty is not None else "0",
        "X": algo.status.value,
        "ai": str(algo.order_id or ""),
        "tp": on_grid(request.trigger_price or nothing, instrument.tick),
        "p": on_grid(request.price or nothing, instrument.tick),
        "V": "EXPIRE_MAKER",
        "wt": request.working_type,
        "pm": "NONE",
        "cp": request.close_position,
        "pP": False,
        "R": bool(request.reduce_only) or request.close_position,
        "tt": algo.triggered_ms,
        "gtd": 0,
        "rm": algo.rejection,
    }
    return {"e": "ALGO_UPDATE", "T": algo.updated_ms, "E": now_ms, "o": fields}


def _config_update(event: SettingsEvent, account: Account, now_ms: int) -> Json:
    head: Json = {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms}
    if event.symbol:
        return {**head, "ac": {"s": event.symbol, "l": account.settings_of(event.symbol).leverage}}
    return {**head, "ai": {"j": account.multi_assets}}


def _margin_call(account: Account, market: Market, now_ms: int) -> Json:
    figures = account_figures(account, market)
    asset = figures.assets.get("USDT")
    return {
        "e": "MARGIN_CALL",
        "E": now_ms,
        "cw": money(asset.cross_wallet) if asset else "0",
        "p": [
            {
                "s": leg.position.symbol,
                "ps": leg.position.leg.value,
                "pa": on_grid(leg.position.qty, market.instruments[leg.position.symbol].step),
                "mt": "ISOLATED" if leg.isolated else "CROSSED",
                "iw": plain(leg.position.isolated_wallet),
                "mp": money(leg.mark),
                "up": money(leg.unrealized),
                "mm": money(leg.maintenance),
            }
            for leg in figures.legs
        ],
    }
