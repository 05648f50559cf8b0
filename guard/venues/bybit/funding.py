"""Funding at Bybit: rate and interval stand in the tickers of a category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.bybit import endpoints as at
from guard.venues.bybit.listings import category_of
from guard.venues.bybit.parse import read_page
from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, positive, text
from guard.venues.funding import FundingSource, Rate, daily


async def _read(client: VenueClient, category: str) -> Mapping[str, float]:
    return read_funding(await client.call(at.TICKERS, {"category": category}))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: no list.
    """
    where = at.TICKERS.name

    def rate(row: Row) -> Rate:
        hours = positive(row, "fundingIntervalHour", where)
        return Rate(text(row, "symbol", where), number(row, "fundingRate", where), hours)

    return daily(read_page(answer, where).rows, rate)


FUNDING: Final = FundingSource(_read, part_of=category_of)
