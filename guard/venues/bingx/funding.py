"""Funding at BingX: rate and interval stand with the mark prices, where the interval is told at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.bingx import endpoints as at
from guard.venues.bingx.parse import data_of
from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, positive, rows, text
from guard.venues.funding import FundingSource, Rate, daily

_ENDPOINTS: Final = {"linear": at.MARK, "inverse": at.COIN_MARK}


async def _read(client: VenueClient, kind: str) -> Mapping[str, float]:
    endpoint = _ENDPOINTS[kind]
    return read_funding(await client.call(endpoint), endpoint.name)


def read_funding(answer: object, where: str) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: no list.
    """

    def rate(row: Row) -> Rate:
        hours = positive(row, "fundingIntervalHours", where)
        return Rate(text(row, "symbol", where), number(row, "lastFundingRate", where), hours)

    return daily(rows(data_of(answer, where), where), rate)


FUNDING: Final = FundingSource(_read, part_of=lambda listing: listing.kind)
