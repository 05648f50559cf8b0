"""Kraken Futures' answers to rows. Pure.

Positions carry no margin and no mark: marks come from the tickers, tiers from the instruments, totals from the
accounts. Bitcoin is XBT on the wire; names of contracts come in either case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guard.ports.errors import BadAnswer
from guard.ports.venue import Depth, Instrument
from guard.risk.book import Kind, OrderSide, Side, Tier
from guard.venues.depth import read_sides
from guard.venues.fields import (
    Row,
    decimal,
    number,
    optional_flag,
    optional_number,
    optional_text,
    positive,
    record,
    refused,
    rows,
    text,
)
from guard.venues.krakenfutures import endpoints as at
from guard.venues.markets import Listing

TAKER, MAKER = 0.0005, 0.0002
"""Base fees, the highest of any user."""
FLEX = "flex"
_COINS: Mapping[str, str] = {"XBT": "BTC"}
_KINDS: Mapping[str, Kind] = {
    "flexible_futures": "linear",
    "futures_vanilla": "linear",
    "futures_inverse": "inverse",
}
_CONDITIONAL = frozenset({"stp", "stop", "take_profit", "trailing_stop"})


@dataclass(frozen=True, slots=True)
class Contract:
    """A listed contract with its tiers: in USD (linear) or contracts of 1 USD (inverse)."""

    listing: Listing
    tiers: tuple[Tier, ...]

    def leverage_at(self, size: float, price: float) -> float:
        """The highest leverage of a position of `size`, as the venue tells sizes, at `price`."""
        held = size if self.listing.kind == "inverse" else size * self.listing.contract_size * price
        holds = [tier for tier in self.tiers if held > tier.floor] or list(self.tiers[:1])
        return holds[-1].max_leverage or 1.0


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """One currency of the multi-collateral wallet: amount, value in USD, and value after the haircut."""

    asset: str
    quantity: float
    value: float
    collateral: float


@dataclass(frozen=True, slots=True)
class Flex:
    """The multi-collateral wallet, in USD."""

    currencies: tuple[CurrencyRow, ...]
    equity: float
    maintenance_margin: float
    initial_margin: float
    available: float | None
    unrealized_funding: float
    pnl: float


@dataclass(frozen=True, slots=True)
class SingleWallet:
    """A single-collateral wallet, in its coin."""

    name: str
    asset: str
    balance: float
    equity: float
    initial_margin: float
    maintenance_margin: float


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One leg. `fixed_leverage` is set of isolated legs."""

    market_id: str
    side: Side
    size: float
    entry_price: float
    fixed_leverage: float | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An open order."""

    market_id: str
    side: OrderSide
    price: float | None
    remaining: float
    reduce_only: bool
    conditional: bool
    order_id: str
    client_order_id: str | None


def asset_of(word: str) -> str:
    """A currency as everybody else calls it."""
    return _COINS.get(word.upper(), word.upper())


def read_contracts(answer: object) -> dict[str, Contract]:
    """Listed contracts by the venue's name in capitals; indices, and what cannot be read, are left out.

    Raises:
        BadAnswer: no list, or not one contract in it.
    """
    where = at.INSTRUMENTS.name
    found = {}
    for row in rows(record(answer, where).get("instruments"), where):
        kind = _KINDS.get(optional_text(row, "type") or "")
        if kind is None:
            continue
        try:
            contract = _contract(row, kind, where)
        except BadAnswer:
            continue
        found[contract.listing.market_id] = contract
    if not found:
        raise refused(where, "lists no contract")
    return found


def _contract(row: Row, kind: Kind, where: str) -> Contract:
    market_id = text(row, "symbol", where).upper()
    where = f"{where} {market_id}"
    pair = market_id.split("_")[1] if "_" in market_id else ""
    if not pair.endswith("USD"):
        raise refused(where, "is quoted in another currency than USD")
    base = asset_of(pair.removesuffix("USD"))
    settle = "USD" if kind == "linear" else base
    symbol = f"{base}/USD:{settle}"
    expiry = optional_text(row, "lastTradingTime")
    if expiry is not None:
        symbol += "-" + expiry[2:10].replace("-", "")
    size = _exact(row, "contractSize", where)
    step = Decimal(1).scaleb(-int(optional_number(row, "contractValueTradePrecision", where) or 0))
    tick = _exact(row, "tickSize", where)
    if size <= 0 or tick <= 0:
        raise refused(where, f"has a contract size of {size} and a tick of {tick}")
    instrument = Instrument(symbol=symbol, step=step, minimum=step, tick=tick, contract_size=size)
    listing = Listing(market_id, symbol, settle, kind, float(size), instrument, TAKER, MAKER)
    return Contract(listing, _tiers(rows(row.get("marginLevels"), where), where))


def _tiers(levels: Sequence[Row], where: str) -> tuple[Tier, ...]:
    floors = [_floor(level, where) for level in levels]
    if not floors or floors[0] != 0 or floors != sorted(set(floors)):
        raise refused(where, f"its margin levels begin at {floors}")
    caps: list[float | None] = [*floors[1:], None]
    return tuple(
        Tier(
            floor,
            cap,
            mm_rate=positive(level, "maintenanceMargin", where),
            max_leverage=1.0 / positive(level, "initialMargin", where),
        )
        for level, floor, cap in zip(levels, floors, caps, strict=True)
    )


def _floor(level: Row, where: str) -> float:
    units = optional_number(level, "numNonContractUnits", where)
    return number(level, "contracts", where) if units is None else units


def _exact(row: Row, key: str, where: str) -> Decimal:
    """The venue writes numbers, not texts; their shortest form is what it means."""
    return decimal({**row, key: str(number(row, key, where))}, key, where).normalize()


def read_marks(answer: object) -> dict[str, float]:
    """Mark prices by the venue's name; contracts without one are left out.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.TICKERS.name
    listed = rows(record(answer, where).get("tickers"), where)
    marks = {text(row, "symbol", where).upper(): optional_number(row, "markPrice", where) for row in listed}
    return {name: mark for name, mark in marks.items() if mark is not None and mark > 0}


def read_flex(answer: object) -> Flex:
    """The multi-collateral wallet.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.ACCOUNTS.name
    row = record(_accounts(answer).get(FLEX), where)
    listed = record(row.get("currencies"), where)
    return Flex(
        currencies=tuple(_currency(name, record(each, where), where) for name, each in sorted(listed.items())),
        equity=number(row, "marginEquity", where),
        maintenance_margin=number(row, "maintenanceMargin", where),
        initial_margin=number(row, "initialMarginWithOrders", where),
        available=optional_number(row, "availableMargin", where),
        unrealized_funding=number(row, "unrealizedFunding", where),
        pnl=number(row, "pnl", where),
    )


def _accounts(answer: object) -> Row:
    return record(record(answer, at.ACCOUNTS.name).get("accounts"), at.ACCOUNTS.name)


def _currency(name: str, row: Mapping[str, Any], where: str) -> CurrencyRow:
    where = f"{where} {name}"
    return CurrencyRow(
        asset=asset_of(name),
        quantity=number(row, "quantity", where),
        value=number(row, "value", where),
        collateral=number(row, "collateral", where),
    )


def read_singles(answer: object) -> tuple[SingleWallet, ...]:
    """The single-collateral wallets that hold something.

    Raises:
        BadAnswer: unreadable.
    """
    found = []
    for name, row in sorted(_accounts(answer).items()):
        if isinstance(row, dict) and row.get("type") == "marginAccount":
            found.append(_single(name, row, f"{at.ACCOUNTS.name} {name}"))
    return tuple(wallet for wallet in found if wallet.balance or wallet.equity or wallet.maintenance_margin)


def _single(name: str, row: Row, where: str) -> SingleWallet:
    currency = text(row, "currency", where)
    needed = record(row.get("marginRequirements"), where)
    return SingleWallet(
        name=name,
        asset=asset_of(currency),
        balance=number(record(row.get("balances"), where), currency, where),
        equity=number(record(row.get("auxiliary"), where), "pv", where),
        initial_margin=number(needed, "im", where),
        maintenance_margin=number(needed, "mm", where),
    )


def read_positions(answer: object) -> tuple[PositionRow, ...]:
    """The legs that are held.

    Raises:
        BadAnswer: unreadable, or a contract twice.
    """
    where = at.POSITIONS.name
    found = tuple(_position(row, where) for row in rows(record(answer, where).get("openPositions"), where))
    held = tuple(row for row in found if row is not None)
    names = [row.market_id for row in held]
    if len(set(names)) != len(names):
        raise refused(where, "has a contract twice")
    return held


def _position(row: Row, where: str) -> PositionRow | None:
    market_id = text(row, "symbol", where).upper()
    where = f"{where} {market_id}"
    size = number(row, "size", where)
    if size == 0:
        return None
    side = text(row, "side", where)
    if side not in {"long", "short"} or size < 0:
        raise refused(where, f"its side was {side!a}, its size {size:g}")
    return PositionRow(
        market_id=market_id,
        side="long" if side == "long" else "short",
        size=size,
        entry_price=positive(row, "price", where),
        fixed_leverage=optional_number(row, "maxFixedLeverage", where),
    )


def read_orders(answer: object) -> tuple[OrderRow, ...]:
    """Open orders, those that wait for a trigger included.

    Raises:
        BadAnswer: unreadable.
    """
    where = at.OPEN_ORDERS.name
    return tuple(_order(row, where) for row in rows(record(answer, where).get("openOrders"), where))


def _order(row: Row, where: str) -> OrderRow:
    side = text(row, "side", where)
    if side not in {"buy", "sell"}:
        raise refused(where, f"the side of an order was {side!a}")
    waiting = text(row, "orderType", where) in _CONDITIONAL
    return OrderRow(
        market_id=text(row, "symbol", where).upper(),
        side="buy" if side == "buy" else "sell",
        price=optional_number(row, "limitPrice", where) if waiting else positive(row, "limitPrice", where),
        remaining=number(row, "unfilledSize", where),
        reduce_only=optional_flag(row, "reduceOnly", where) or False,
        conditional=waiting,
        order_id=text(row, "order_id", where),
        client_order_id=optional_text(row, "cliOrdId"),
    )


def read_depth(answer: object, symbol: str) -> Depth:
    """The order book, best level first.

    Raises:
        BadAnswer: a level is not a pair of positive numbers.
    """
    book = record(record(answer, at.DEPTH.name).get("orderBook"), at.DEPTH.name)
    found = read_sides(book, symbol, at.DEPTH.name)
    # Whatever order they come in.
    best_first = tuple(sorted(found.bids, key=lambda level: -level.price))
    return Depth(symbol, best_first, tuple(sorted(found.asks, key=lambda level: level.price)))
