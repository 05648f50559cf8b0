"""The symbols of a venue: names, units and trading rules. Plain values; knows no venue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from guard.ports.errors import BadAnswer
from guard.ports.venue import Instrument
from guard.risk.book import Kind
from guard.venues.fields import Row, refused, rows

T = TypeVar("T")


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


def readable(markets: object, where: str, read: Callable[[Row], T], *, may_be_none: bool = False) -> list[T]:
    """What `read` makes of each market.

    One whose rules cannot be read is left out, so that one new listing cannot blind every account; an account that
    holds it finds it missing.

    Args:
        markets: the list, as the venue or ccxt gives it.
        where: the request.
        read: makes a listing of a market; raises `BadAnswer` where it cannot.
        may_be_none: whether it is right that there is nothing to read.

    Raises:
        BadAnswer: no list, or not one market that can be read.
    """
    found = []
    for market in rows(markets, where):
        try:
            found.append(read(market))
        except BadAnswer:
            continue
    if not found and not may_be_none:
        raise refused(where, "lists no contract")
    return found
