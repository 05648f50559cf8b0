"""Endpoints that read: public data, and the caller's account."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.okx import shapes_account, shapes_market
from guard.sandbox.dialects.okx.call import Call, Route, Table
from guard.sandbox.dialects.okx.errors import WireError, missing
from guard.sandbox.dialects.okx.instruments import family_of, wire_id
from guard.sandbox.engine import choices
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.orders import Reason, Rejection

_TYPES = frozenset({"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"})
_POSITION_MODES = {"long_short_mode": True, "net_mode": False}


def _time(call: Call) -> list[Any]:
    return [{"ts": str(call.now_ms)}]


def _swaps(call: Call) -> list[Instrument]:
    """The swaps that a request is about; other types are listed without any contract."""
    kind = call.text("instType")
    if kind not in _TYPES:
        raise missing("instType")
    return call.selected() if kind == "SWAP" else []


def _instruments(call: Call) -> list[Any]:
    return [shapes_market.instrument_json(each) for each in _swaps(call)]


def _marks(call: Call) -> list[Any]:
    return [shapes_market.mark_json(call.market, each, call.now_ms) for each in _swaps(call)]


def _funding(call: Call) -> list[Any]:
    wanted = call.text("instId")
    found = [each for each in call.market.instruments.values() if wanted in {"ANY", wire_id(each)}]
    next_ms = call.world.engine.next_funding_ms
    return [shapes_market.funding_json(call.market, each, next_ms, call.now_ms) for each in found]


def _tickers(call: Call) -> list[Any]:
    return [shapes_market.ticker_json(call.market, each, call.now_ms) for each in _swaps(call)]


def _ticker(call: Call) -> list[Any]:
    return [shapes_market.ticker_json(call.market, call.instrument(), call.now_ms)]


def _books(call: Call) -> list[Any]:
    levels = int(call.maybe("sz") or 1)
    return [shapes_market.book_json(call.market, call.instrument(), levels, call.now_ms)]


def _tiers(call: Call) -> list[Any]:
    if call.text("tdMode") not in {"cross", "isolated"}:
        raise missing("tdMode")
    families = call.text("instFamily").split(",")
    return [row for each in _swaps(call) if family_of(each) in families for row in shapes_market.tiers_json(each)]


def _discounts(call: Call) -> list[Any]:
    wanted = call.maybe("ccy")
    return [row for row in shapes_market.discounts_json() if wanted in {None, row["ccy"]}]


def _balance(call: Call) -> list[Any]:
    return [shapes_account.balance_json(call.world, call.account)]


def _positions(call: Call) -> list[Any]:
    wanted, kind = call.maybe("instId"), call.maybe("instType")
    rows = shapes_account.positions_json(call.world, call.account)
    return [row for row in rows if wanted in {None, row["instId"]} and kind in {None, row["instType"]}]


def _config(call: Call) -> list[Any]:
    if call.key is None:
        raise WireError("50103", "no key", 401)
    return [shapes_account.config_json(call.account, call.key)]


def _fee(call: Call) -> list[Any]:
    return [shapes_account.fee_json(call.account, call.text("instType"), call.now_ms)]


def _leverage(call: Call) -> list[Any]:
    symbol = call.instrument().symbol
    return shapes_account.leverage_json(call.account, call.market, symbol)


def _set_leverage(call: Call) -> list[Any]:
    symbol, leverage = call.instrument().symbol, call.decimal("lever")
    if leverage != int(leverage):
        raise Rejection(Reason.LEVERAGE_INVALID)
    choices.set_leverage(call.world.engine.state, call.account, symbol, int(leverage))
    return shapes_account.leverage_json(call.account, call.market, symbol)


def _set_position_mode(call: Call) -> list[Any]:
    mode = call.text("posMode")
    if mode not in _POSITION_MODES:
        raise missing("posMode")
    if call.account.hedge_mode != _POSITION_MODES[mode]:
        choices.set_hedge_mode(call.account, hedge_mode=_POSITION_MODES[mode])
    return [{"posMode": mode}]


TABLE: Table = {
    ("GET", "/api/v5/public/time"): Route(_time, is_private=False),
    ("GET", "/api/v5/public/instruments"): Route(_instruments, is_private=False),
    ("GET", "/api/v5/public/mark-price"): Route(_marks, is_private=False),
    ("GET", "/api/v5/public/funding-rate"): Route(_funding, is_private=False),
    ("GET", "/api/v5/public/position-tiers"): Route(_tiers, is_private=False),
    ("GET", "/api/v5/public/discount-rate-interest-free-quota"): Route(_discounts, is_private=False),
    ("GET", "/api/v5/market/tickers"): Route(_tickers, is_private=False),
    ("GET", "/api/v5/market/ticker"): Route(_ticker, is_private=False),
    ("GET", "/api/v5/market/books"): Route(_books, is_private=False),
    ("GET", "/api/v5/account/balance"): Route(_balance),
    ("GET", "/api/v5/account/positions"): Route(_positions),
    ("GET", "/api/v5/account/config"): Route(_config),
    ("GET", "/api/v5/account/trade-fee"): Route(_fee),
    ("GET", "/api/v5/account/leverage-info"): Route(_leverage),
    ("POST", "/api/v5/account/set-leverage"): Route(_set_leverage),
    ("POST", "/api/v5/account/set-position-mode"): Route(_set_position_mode),
}
