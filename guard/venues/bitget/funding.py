"""Funding at Bitget: rate and interval of every contract of a product type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.bitget import endpoints as at
from guard.venues.bitget.listings import product_of
from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, positive, rows, text
from guard.venues.funding import FundingSource, Rate, daily


async def _read(client: VenueClient, product: str) -> Mapping[str, float]:
    return read_funding(await client.call(at.FUNDING_RATES, {"productType": product}))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: no list.
    """
    where = at.FUNDING_RATES.name

    def rate(row: Row) -> Rate:
        hours = positive(row, "fundingRateInterval", where)
        return Rate(text(row, "symbol", where), number(row, "fundingRate", where), hours)

    return daily(rows(at.data_of(answer, where), where), rate)


FUNDING: Final = FundingSource(_read, part_of=lambda listing: product_of(listing.settle))
