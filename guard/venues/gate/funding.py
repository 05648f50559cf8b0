"""Funding at Gate: rate and interval stand in the contracts of a settlement currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, positive, rows, text
from guard.venues.funding import FundingSource, Rate, daily
from guard.venues.gate import endpoints as at

_HOUR_S: Final = 3_600.0


async def _read(client: VenueClient, settle: str) -> Mapping[str, float]:
    return read_funding(await client.call(at.CONTRACTS, {"settle": settle}))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    Raises:
        BadAnswer: no list.
    """
    where = at.CONTRACTS.name

    def rate(row: Row) -> Rate:
        hours = positive(row, "funding_interval", where) / _HOUR_S
        return Rate(text(row, "name", where), number(row, "funding_rate", where), hours)

    return daily(rows(answer, where), rate)


FUNDING: Final = FundingSource(_read, part_of=lambda listing: listing.settle.lower())
