"""Endpoints that read: public data, and the caller's account; and settings of contracts."""

from __future__ import annotations

from typing import Any

from guard.sandbox.dialects.gate import shapes
from guard.sandbox.dialects.gate.call import Call, Route, Table
from guard.sandbox.dialects.gate.errors import WireError, invalid
from guard.sandbox.engine import choices
from guard.sandbox.engine.rules.gate import CLASSIC, mode_of
from guard.sandbox.engine.sides import Leg

_FUTURES = "/api/v4/futures/{settle}"
_LARGEST_BOOK = 300


def _time(call: Call) -> dict[str, Any]:
    return {"server_time": call.now_ms}


def _contracts(call: Call) -> list[Any]:
    return [shapes.contract_json(call.market, each) for each in call.selected()]


def _tickers(call: Call) -> list[Any]:
    return [shapes.ticker_json(call.market, each) for each in call.selected()]


def _book(call: Call) -> dict[str, Any]:
    levels = int(call.maybe("limit") or 10)
    if levels > _LARGEST_BOOK:
        raise invalid("limit")
    return shapes.book_json(call.market, call.instrument(), levels, call.now_ms)


def _tiers(call: Call) -> list[Any]:
    return [row for each in call.selected() for row in shapes.tiers_json(each)]


def _account(call: Call) -> dict[str, Any]:
    return shapes.account_json(call.world, call.settled_account(), call.settle)


def _positions(call: Call) -> list[Any]:
    return call.page(shapes.positions_json(call.world, call.settled_account(), call.settle))


def _position(call: Call) -> dict[str, Any]:
    account, symbol = call.settled_account(), call.instrument().symbol
    if account.hedge_mode:
        raise WireError("POSITION_DUAL_MODE", "the account is in dual mode")
    return shapes.leg_json(call.world, account, symbol, Leg.BOTH)


def _legs(call: Call) -> list[Any]:
    account, symbol = call.settled_account(), call.instrument().symbol
    if not account.hedge_mode:
        raise WireError("POSITION_DUAL_MODE", "the account is not in dual mode")
    return [shapes.leg_json(call.world, account, symbol, leg) for leg in (Leg.LONG, Leg.SHORT)]


def _set_leverage(call: Call) -> Any:
    """A leverage of 0 is cross margin with a limit of its own."""
    account, symbol, engine = call.settled_account(), call.instrument().symbol, call.world.engine
    leverage = call.decimal("leverage")
    isolated = leverage > 0
    limit = leverage if isolated else call.decimal("cross_leverage_limit")
    if limit != int(limit):
        raise invalid("leverage")
    if account.settings_of(symbol).isolated != isolated:
        choices.set_isolated(engine.state, account, symbol, isolated=isolated)
    choices.set_leverage(engine.state, account, symbol, int(limit))
    return _legs(call) if account.hedge_mode else _position(call)


def _set_dual_mode(call: Call) -> dict[str, Any]:
    account, dual = call.settled_account(), call.is_true("dual_mode")
    choices.set_hedge_mode(account, hedge_mode=dual)
    return shapes.account_json(call.world, account, call.settle)


def _unified(call: Call) -> dict[str, Any]:
    if mode_of(call.account) == CLASSIC:
        raise WireError("ACCOUNT_NOT_FOUND", "the user has no unified account")
    return shapes.unified_json(call.world, call.account)


def _unified_mode(call: Call) -> dict[str, Any]:
    return {"mode": mode_of(call.account), "settings": {"usdt_futures": True, "spot_hedge": False}}


def _discounts(call: Call) -> list[Any]:  # noqa: ARG001 - the table's
    return shapes.discounts_json()


def _nobody(call: Call) -> Any:  # noqa: ARG001 - the table's
    """Contracts of other kinds: nobody has an account for them."""
    raise WireError("USER_NOT_FOUND", "please transfer funds first to create the account")


def _main_keys(call: Call) -> list[Any]:
    keys = call.world.keys.keys.values()
    return [shapes.key_json(call.account, key) for key in keys if key.account_id == call.account.id]


def _detail(call: Call) -> dict[str, Any]:
    return {
        "user_id": 5_691_000 + call.account.id,
        "ip_whitelist": sorted(call.key.ips) if call.key else [],
        "currency_pairs": [],
        "key": {"mode": 1 if mode_of(call.account) == CLASSIC else 2},
        "tier": 0,
        "copy_trading_role": 0,
    }


TABLE: Table = {
    ("GET", "/api/v4/spot/time"): Route(_time, is_private=False),
    ("GET", f"{_FUTURES}/contracts"): Route(_contracts, is_private=False),
    ("GET", f"{_FUTURES}/tickers"): Route(_tickers, is_private=False),
    ("GET", f"{_FUTURES}/order_book"): Route(_book, is_private=False),
    ("GET", f"{_FUTURES}/risk_limit_tiers"): Route(_tiers, is_private=False),
    ("GET", f"{_FUTURES}/accounts"): Route(_account),
    ("GET", f"{_FUTURES}/positions"): Route(_positions),
    ("GET", f"{_FUTURES}/positions/{{contract}}"): Route(_position),
    ("GET", f"{_FUTURES}/dual_comp/positions/{{contract}}"): Route(_legs),
    ("POST", f"{_FUTURES}/positions/{{contract}}/leverage"): Route(_set_leverage),
    ("POST", f"{_FUTURES}/dual_comp/positions/{{contract}}/leverage"): Route(_set_leverage),
    ("POST", f"{_FUTURES}/dual_mode"): Route(_set_dual_mode),
    ("GET", "/api/v4/unified/accounts"): Route(_unified),
    ("GET", "/api/v4/unified/unified_mode"): Route(_unified_mode),
    ("GET", "/api/v4/unified/currency_discount_tiers"): Route(_discounts),
    ("GET", "/api/v4/delivery/{settle}/accounts"): Route(_nobody),
    ("GET", "/api/v4/options/accounts"): Route(_nobody),
    ("GET", "/api/v4/account/main_keys"): Route(_main_keys),
    ("GET", "/api/v4/account/detail"): Route(_detail),
}
