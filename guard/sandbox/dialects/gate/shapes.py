"""Public data and accounts as Gate writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.sandbox.dialects.dialect import World
from guard.sandbox.dialects.gate.call import plain, wire_s
from guard.sandbox.dialects.gate.names import DECIMAL, settle_of, wire_id
from guard.sandbox.engine.accounts import Account
from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.liquidation_price import liquidation_price
from guard.sandbox.engine.margin import AccountFigures, LegFigures
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orderbook import Level
from guard.sandbox.engine.rule import USD
from guard.sandbox.engine.rules.gate import (
    CLASSIC,
    DISCOUNTS,
    FEE,
    MULTI,
    PORTFOLIO,
    SINGLE,
    TOGETHER,
    GateRule,
    initial_of,
    isolated_orders,
    mode_of,
)
from guard.sandbox.engine.sides import Leg
from guard.sandbox.keys import ApiKey

RULE = GateRule()
_ZERO = Decimal(0)
MODES = {Leg.BOTH: "single", Leg.LONG: "dual_long", Leg.SHORT: "dual_short"}
_MARGIN_MODES = {CLASSIC: 0, MULTI: 1, PORTFOLIO: 2, SINGLE: 3}
_LEVEL_WITHOUT_LEGS = "9999.99"


def size_json(instrument: Instrument, qty: Decimal) -> int | str:
    """Signed contracts: a text where parts of one are traded."""
    contracts = instrument.contracts(qty)
    return plain(contracts) if instrument.symbol in DECIMAL else int(contracts)


def contract_json(market: Market, instrument: Instrument) -> dict[str, Any]:
    """One row of `contracts`."""
    mark = plain(market.mark(instrument.symbol))
    has_parts = instrument.symbol in DECIMAL
    return {
        "name": wire_id(instrument),
        "type": "inverse" if instrument.is_inverse else "direct",
        "quanto_multiplier": "0" if instrument.is_inverse else plain(instrument.contract_size),
        "enable_decimal": has_parts,
        "order_size_min": plain(instrument.contracts(instrument.step)) if has_parts else 1,
        "order_size_max": int(instrument.contracts(instrument.max_qty)),
        "order_price_round": plain(instrument.tick),
        "mark_price_round": plain(instrument.tick),
        "order_price_deviate": plain(instrument.price_band),
        "last_price": mark,
        "mark_price": mark,
        "index_price": mark,
        "leverage_min": "1",
        "leverage_max": str(instrument.max_leverage),
        "cross_leverage_default": "10",
        "maintenance_rate": plain(instrument.brackets[0].mm_rate),
        "maker_fee_rate": "-0.0001",
        "taker_fee_rate": plain(FEE),
        "funding_rate": plain(market.funding_rate(instrument.symbol)),
        "funding_interval": 28800,
        "risk_limit_base": plain(instrument.brackets[0].cap),
        "risk_limit_max": plain(instrument.brackets[-1].cap),
        "in_delisting": False,
        "status": "trading",
        "create_time": 1_574_035_200,
        "orders_limit": 100,
    }


def ticker_json(market: Market, instrument: Instrument) -> dict[str, Any]:
    """One row of `tickers`, and of the channel of that name."""
    mark = plain(market.mark(instrument.symbol))
    return {
        "contract": wire_id(instrument),
        "last": mark,
        "mark_price": mark,
        "index_price": mark,
        "funding_rate": plain(market.funding_rate(instrument.symbol)),
        "change_percentage": "0",
        "low_24h": mark,
        "high_24h": mark,
        "volume_24h": "0",
        "quanto_base_rate": "",
    }


def book_json(market: Market, instrument: Instrument, levels: int, now_ms: int) -> dict[str, Any]:
    """The answer of `order_book`."""
    book = market.book(instrument.symbol)

    def side(rows: tuple[Level, ...]) -> list[dict[str, Any]]:
        return [{"p": plain(row.price), "s": size_json(instrument, row.qty)} for row in rows[:levels]]

    at_s = now_ms / 1000
    return {"current": at_s, "update": at_s, "asks": side(book.asks), "bids": side(book.bids)}


def tiers_json(instrument: Instrument) -> list[dict[str, Any]]:
    """The rows of `risk_limit_tiers` of one contract."""
    return [
        {
            "contract": wire_id(instrument),
            "tier": index,
            "risk_limit": plain(bracket.cap),
            "initial_rate": plain(Decimal(1) / bracket.max_leverage),
            "maintenance_rate": plain(bracket.mm_rate),
            "leverage_max": str(bracket.max_leverage),
            "deduction": plain(bracket.cum),
        }
        for index, bracket in enumerate(instrument.brackets, start=1)
    ]


def account_json(world: World, account: Account, settle: str) -> dict[str, Any]:
    """The answer of `accounts`; cross figures are of the futures account, 0 in unified modes with one pool in USD."""
    market, figures = world.engine.market, world.engine.figures(account)
    currency, mode = settle.upper(), mode_of(account)
    asset = figures.assets[currency]
    reserved = isolated_orders(account, market, figures).get(currency, _ZERO)
    isolated = asset.wallet - asset.cross_wallet
    legs = RULE.groups(account, market, figures).get(currency, ())
    equity = _ZERO if mode in TOGETHER else RULE.equity(account, market, figures, currency)
    maintenance = RULE.requirement(account, market, figures, currency, legs) if legs else _ZERO
    cross_orders = asset.order_initial - reserved
    initial = asset.cross_position_initial
    return {
        "user": 5_691_000 + account.id,
        "currency": currency,
        "total": plain(asset.wallet) if mode == CLASSIC else "0",
        "unrealised_pnl": plain(asset.unrealized),
        "position_margin": plain(isolated + initial),
        "position_initial_margin": plain(asset.position_initial),
        "order_margin": plain(asset.order_initial),
        "available": plain(asset.available),
        "point": "0",
        "bonus": "0",
        "in_dual_mode": account.hedge_mode,
        "position_mode": "dual" if account.hedge_mode else "single",
        "margin_mode": _MARGIN_MODES[mode],
        "enable_credit": mode != CLASSIC,
        "enable_evolved_classic": True,
        "enable_tiered_mm": True,
        "maintenance_margin": plain(asset.maintenance),
        "isolated_position_margin": plain(isolated),
        "cross_margin_balance": plain(equity),
        "cross_order_margin": plain(cross_orders),
        "cross_initial_margin": plain(initial),
        "cross_maintenance_margin": plain(maintenance),
        "cross_unrealised_pnl": plain(asset.cross_unrealized),
        "cross_available": plain(max(_ZERO, equity - initial - cross_orders)),
        "cross_mmr": _level(equity, maintenance),
        "cross_imr": _level(equity, initial + cross_orders),
        "history": {"dnw": "0", "pnl": "0", "fee": "0", "refr": "0", "fund": "0"},
    }


def _level(equity: Decimal, margin: Decimal) -> str:
    return plain(equity / margin) if margin else _LEVEL_WITHOUT_LEGS


def position_json(world: World, account: Account, figures: AccountFigures, leg: LegFigures) -> dict[str, Any]:
    """One row of `positions` and of the channel of that name; also of an empty leg."""
    market, position = world.engine.market, leg.position
    instrument = market.instruments[position.symbol]
    bracket = instrument.bracket_of(leg.notional)
    tiers_part = instrument.maintenance(leg.notional)
    dead_at = liquidation_price(account, market, figures, leg) if position.qty else None
    settings = account.settings_of(position.symbol)
    leverage, isolated = str(settings.leverage), settings.isolated
    return {
        "user": 5_691_000 + account.id,
        "contract": wire_id(instrument),
        "mode": MODES[position.leg],
        "size": size_json(instrument, position.qty),
        "leverage": leverage if isolated else "0",
        "cross_leverage_limit": "0" if isolated else leverage,
        "leverage_max": str(instrument.max_leverage),
        "risk_limit": plain(bracket.cap),
        "maintenance_rate": plain(bracket.mm_rate),
        "average_maintenance_rate": plain(tiers_part / leg.notional) if leg.notional else "0",
        "value": plain(leg.notional),
        "margin": plain(position.isolated_wallet if isolated else leg.initial),
        "initial_margin": plain(leg.initial),
        "maintenance_margin": plain(leg.maintenance),
        "entry_price": plain(position.entry_price),
        "mark_price": plain(leg.mark),
        "liq_price": plain(dead_at or _ZERO),
        "unrealised_pnl": plain(leg.unrealized),
        "realised_pnl": "0",
        "history_pnl": "0",
        "last_close_pnl": "0",
        "adl_ranking": 5 if position.qty else 6,
        "pending_orders": sum(order.symbol == position.symbol for order in account.open_orders.values()),
        "close_order": None,
        "update_time": int(wire_s(world, position.updated_ms)),
        "open_time": int(wire_s(world, position.updated_ms)),
        "trade_max_size": "0",
    }


def positions_json(world: World, account: Account, settle: str) -> list[dict[str, Any]]:
    """The held legs of one settlement currency."""
    figures, instruments = world.engine.figures(account), world.engine.market.instruments
    held = [leg for leg in figures.legs if settle_of(instruments[leg.position.symbol]) == settle]
    return [position_json(world, account, figures, leg) for leg in held]


def leg_json(world: World, account: Account, symbol: str, leg: Leg) -> dict[str, Any]:
    """One leg, held or not."""
    market = world.engine.market
    figures = market.rule.leg(account, market, account.position(symbol, leg))
    return position_json(world, account, world.engine.figures(account), figures)


def unified_json(world: World, account: Account) -> dict[str, Any]:
    """The answer of `unified/accounts`."""
    market, figures = world.engine.market, world.engine.figures(account)
    together = mode_of(account) in TOGETHER
    groups = RULE.groups(account, market, figures)
    equity = RULE.equity(account, market, figures, USD) if together else _ZERO
    requirement = RULE.requirement(account, market, figures, USD, groups[USD]) if together else _ZERO
    initial = initial_of(market, figures, USD) if together else _ZERO
    return {
        "user_id": 5_691_000 + account.id,
        "refresh_time": world.wire_ms,
        "locked": False,
        "balances": {name: _balance_json(account, market, figures, name) for name in figures.assets},
        "total_margin_balance": plain(equity),
        "total_initial_margin": plain(initial),
        "total_maintenance_margin": plain(requirement),
        "total_initial_margin_rate": plain(equity / initial) if initial else "0",
        "total_maintenance_margin_rate": plain(equity / requirement) if requirement else "0",
        "total_available_margin": plain(max(_ZERO, equity - initial)),
        "unified_account_total": plain(equity),
        "unified_account_total_liab": "0",
        "unified_account_total_equity": plain(equity),
        "spot_order_loss": "0",
        "leverage": "2",
    }


def _balance_json(account: Account, market: Market, figures: AccountFigures, name: str) -> dict[str, Any]:
    asset = figures.assets[name]
    row = {
        "available": plain(asset.available),
        "freeze": "0",
        "borrowed": "0",
        "equity": plain(asset.cross_margin_balance),
        "total_liab": "0",
    }
    names = ("cross_balance", "iso_balance", "margin_balance", "mm", "im", "mmr", "imr", "available_margin")
    if mode_of(account) != SINGLE:
        return {**row, **dict.fromkeys(names, "0")}
    legs = RULE.groups(account, market, figures).get(name, ())
    equity, initial = RULE.equity(account, market, figures, name), initial_of(market, figures, name)
    requirement = RULE.requirement(account, market, figures, name, legs)
    reserved = isolated_orders(account, market, figures).get(name, _ZERO)
    told = (
        asset.cross_wallet - reserved,
        asset.wallet - asset.cross_wallet,
        equity,
        requirement,
        initial,
        equity / requirement if requirement else _ZERO,
        equity / initial if initial else _ZERO,
        max(_ZERO, equity - initial),
    )
    return {**row, **{each: plain(value) for each, value in zip(names, told, strict=True)}}


def discounts_json() -> list[dict[str, Any]]:
    """The rows of `unified/currency_discount_tiers`."""
    found = []
    for currency, rows in DISCOUNTS.items():
        start, tiers = _ZERO, []
        for index, (end, rate) in enumerate(rows, start=1):
            tiers.append(
                {
                    "tier": str(index),
                    "discount": plain(rate),
                    "lower_limit": plain(start),
                    "upper_limit": "+" if end is None else plain(end),
                    "leverage": "10",
                }
            )
            start = start if end is None else end
        found.append({"currency": currency, "discount_tiers": tiers})
    return found


def key_json(account: Account, key: ApiKey) -> dict[str, Any]:
    """One row of `account/main_keys`: of the key itself only the beginning is shown."""
    perms = [{"name": "futures", "read_only": not key.futures}, {"name": "account", "read_only": True}]
    perms += [{"name": "wallet", "read_only": not key.internal_transfer}]
    perms += [{"name": "withdraw", "read_only": False}] if key.withdrawals else []
    return {
        "state": 1,
        "mode": 1 if mode_of(account) == CLASSIC else 2,
        "name": "guard",
        "user_id": 5_691_000 + account.id,
        "perms": perms,
        "ip_whitelist": sorted(key.ips),
        "key": f"{key.key[:12]}*****",
        "created_at": key.created_ms // 1000,
    }
