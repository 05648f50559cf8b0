"""Funding at OKX: the rate with the times of this payment and the next, which are an interval apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, refused, text
from guard.venues.funding import FundingSource, Rate, daily
from guard.venues.okx import endpoints as at

_HOUR_MS: Final = 3_600_000.0


async def _read(client: VenueClient, _part: str) -> Mapping[str, float]:
    return read_funding(await client.call(at.FUNDING_RATE, {"instId": "ANY"}))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: no list.
    """
    where = at.FUNDING_RATE.name

    def rate(row: Row) -> Rate:
        market_id = text(row, "instId", where)
        hours = (number(row, "nextFundingTime", where) - number(row, "fundingTime", where)) / _HOUR_MS
        if hours <= 0:
            raise refused(where, f"the next funding of {market_id} was not after this one")
        return Rate(market_id, number(row, "fundingRate", where), hours)

    return daily(at.data_of(answer, where), rate)


FUNDING: Final = FundingSource(_read)
