"""Funding at the branches of Binance's futures: the rate with the mark prices, its interval in a list of exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from guard.venues.client import Endpoint, VenueClient
from guard.venues.fields import Row, number, positive, rows, text
from guard.venues.funding import FundingSource, Rate, daily
from guard.venues.together import together

# Contracts with another interval, or that once had one, are in the list.
_HOURS: Final = 8.0
# Of all marks at once.
_WEIGHT: Final = 10


def funding_of(branches: Mapping[str, tuple[Endpoint, Endpoint]]) -> FundingSource:
    """How branches are asked: `premiumIndex` and `fundingInfo` of each, by the kind of their contracts."""

    async def read(client: VenueClient, kind: str) -> Mapping[str, float]:
        marks, info = branches[kind]
        rates, intervals = await together(client.call(replace(marks, weight=_WEIGHT)), client.call(info))
        return read_funding(rates, intervals, marks.name, info.name)

    return FundingSource(read, part_of=lambda listing: listing.kind)


def read_funding(marks: object, info: object, where: str, info_where: str) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: one of them is no list, or an interval cannot be read.
    """
    hours = {
        text(row, "symbol", info_where): positive(row, "fundingIntervalHours", info_where)
        for row in rows(info, info_where)
    }

    def rate(row: Row) -> Rate:
        market_id = text(row, "symbol", where)
        return Rate(market_id, number(row, "lastFundingRate", where), hours.get(market_id, _HOURS))

    return daily(rows(marks, where), rate)
