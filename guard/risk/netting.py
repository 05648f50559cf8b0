"""Self-trading: close the long against the short leg of a symbol, as venues do just before liquidation."""

from __future__ import annotations

from dataclasses import replace

from guard.risk.book import Book, Position


def netted(book: Book, symbol: str | None = None, *, fee_rate: float = 0.0) -> Book:
    """A book whose hedged cross legs are closed against each other at the mark.

    Formula:
        closed   = min(long, short) contracts of each symbol
        realized = closed * contract_size * (short entry - long entry)      linear; what both legs had in common
                   closed * contract_size * (1 / long entry - 1 / short entry)   inverse, in coin
        the wallet of the settlement asset gains `realized` less the fee of both closings

    Args:
        book: a book in hedge mode.
        symbol: net this symbol only; None nets all.
        fee_rate: closing fee as a fraction of notional; the venue charges none of its users for self-trading.

    Returns:
        The book after netting; equity differs by the fee only.

    Source: BingX support 11263240855823 "self-trading" (10 long, 5 short -> 5 long).
    """
    legs = {
        (position.symbol, position.side): position for position in book.positions if position.margin_mode == "cross"
    }
    closed: dict[str, float] = {}
    gains: dict[str, float] = {}
    for name in sorted({name for name, _ in legs} if symbol is None else {symbol}):
        long, short = legs.get((name, "long")), legs.get((name, "short"))
        if long is None or short is None:
            continue
        closed[name] = min(long.contracts, short.contracts)
        gains[long.settle] = gains.get(long.settle, 0.0) + _realized(long, short, closed[name], fee_rate)
    positions = tuple(
        replace(position, contracts=position.contracts - closed[position.symbol])
        if position.symbol in closed and position.margin_mode == "cross"
        else position
        for position in book.positions
    )
    collateral = tuple(replace(item, balance=item.balance + gains.get(item.asset, 0.0)) for item in book.collateral)
    return replace(book, positions=tuple(leg for leg in positions if leg.contracts > 0.0), collateral=collateral)


def _realized(long: Position, short: Position, contracts: float, fee_rate: float) -> float:
    size = contracts * long.contract_size
    if long.kind == "inverse":
        return size * (1.0 / long.entry_price - 1.0 / short.entry_price) - 2.0 * fee_rate * size / long.mark_price
    return size * (short.entry_price - long.entry_price) - 2.0 * fee_rate * size * long.mark_price
