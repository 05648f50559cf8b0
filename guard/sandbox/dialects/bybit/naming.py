"""What the venue calls its contracts: `BTCPERP` is settled in USDC, quantities of inverse contracts are in USD."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from guard.sandbox.engine.instruments import Instrument
from guard.sandbox.engine.listing import default_instruments, inverse_instruments
from guard.sandbox.engine.market import Market
from guard.sandbox.engine.orders import Reason, Rejection


def listed() -> dict[str, Instrument]:
    """What the venue lists: one contract of an inverse symbol is 1 USD here."""
    inverse = {
        symbol: replace(instrument, step=Decimal(1), contract_size=Decimal(1))
        for symbol, instrument in inverse_instruments().items()
    }
    return {**default_instruments(), **inverse}


def wire_id(instrument: Instrument) -> str:
    """The venue's name of a contract."""
    return f"{instrument.base}PERP" if instrument.margin_asset == "USDC" else instrument.symbol


def category_of(instrument: Instrument) -> str:
    """The venue's word for the kind."""
    return "inverse" if instrument.is_inverse else "linear"


def by_wire_id(market: Market, category: str, name: str) -> Instrument:
    """The contract of a category by the venue's name.

    Raises:
        Rejection: there is none.
    """
    for symbol in market.symbols():
        instrument = market.instruments[symbol]
        if category_of(instrument) == category and wire_id(instrument) == name:
            return instrument
    raise Rejection(Reason.UNKNOWN_SYMBOL, name)


def of_category(market: Market, category: str) -> list[Instrument]:
    """Every contract of a category, in a fixed order."""
    found = [market.instruments[symbol] for symbol in market.symbols()]
    return [instrument for instrument in found if category_of(instrument) == category]
