"""What open orders reserve of balances at OKX and thereby take off cross equity. Pure.

The venue subtracts spot orders (of the currency that they give away) and the margin and fee of orders in isolated
margin. Cross orders on contracts are no part of it: they raise the requirement instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.venues.markets import Listing, MarketTable
from guard.venues.okx.parse import CONTRACT_TYPES, OrderRow


def reserved_by_currency(
    orders: Iterable[OrderRow], markets: MarketTable, marks: Mapping[str, float], taker_fee: float
) -> tuple[dict[str, float], list[str]]:
    """Reserved amounts by currency, in its units, and the names of what could not be told.

    Args:
        orders: every open order; conditional ones reserve nothing.
        markets: listings.
        marks: mark prices by id, for orders without a price.
        taker_fee: fee that is set aside for an isolated order, as a fraction of its value.
    """
    found: dict[str, float] = {}
    missing: list[str] = []
    for row in orders:
        if row.conditional or row.remaining is None:
            continue
        taken = _spot(row) if row.instrument_type == "SPOT" else _isolated(row, markets, marks, taker_fee)
        if taken is None:
            missing.append(f"amount that the order {row.order_id} on {row.market_id} reserves")
            continue
        currency, amount = taken
        if amount:
            found[currency] = found.get(currency, 0.0) + amount
    return found, missing


def _spot(row: OrderRow) -> tuple[str, float] | None:
    base, _, quote = row.market_id.partition("-")
    amount = row.remaining or 0.0
    if row.side == "sell":
        return base, amount
    return None if row.price is None else (quote, amount * row.price)


def _isolated(
    row: OrderRow, markets: MarketTable, marks: Mapping[str, float], taker_fee: float
) -> tuple[str, float] | None:
    if row.instrument_type not in CONTRACT_TYPES or not row.is_isolated or row.closes:
        return "", 0.0
    listing = markets.by_id.get(row.market_id)
    price = row.price or marks.get(row.market_id)
    if listing is None or price is None or row.leverage is None:
        return None
    value = _value(listing, row.remaining or 0.0, price)
    return listing.settle, value * (1.0 / row.leverage + taker_fee)


def _value(listing: Listing, contracts: float, price: float) -> float:
    size = contracts * listing.contract_size
    return size / price if listing.kind == "inverse" else size * price
