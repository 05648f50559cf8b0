"""The symbols of a venue: names, units and trading rules. Plain values; knows no venue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guard.ports.venue import Instrument
from guard.risk.book import Kind


@dataclass(frozen=True, slots=True)
class Listing:
    """One listed contract. `market_id` is the venue's name for it, `symbol` the one used everywhere else.

    `taker` and `maker` are the venue's base fees as fractions of notional.
    """

    market_id: str
    symbol: str
    settle: str
    kind: Kind
    contract_size: float
    instrument: Instrument
    taker: float
    maker: float


@dataclass(frozen=True, slots=True)
class MarketTable:
    """Listings by the venue's id and by symbol."""

    by_id: Mapping[str, Listing]
    by_symbol: Mapping[str, Listing]

    @staticmethod
    def of(listings: Iterable[Listing]) -> MarketTable:
        """The table of these listings."""
        rows = tuple(listings)
        return MarketTable({row.market_id: row for row in rows}, {row.symbol: row for row in rows})
