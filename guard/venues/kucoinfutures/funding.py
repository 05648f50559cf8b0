"""Funding at KuCoin: rate and interval stand with the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.client import VenueClient
from guard.venues.fields import Row, above_zero, number, positive, rows, text
from guard.venues.funding import FundingSource, Rate, daily
from guard.venues.kucoinfutures import endpoints as at

_HOUR_MS: Final = 3_600_000.0


async def _read(client: VenueClient, _part: str) -> Mapping[str, float]:
    return read_funding(await client.call(at.CONTRACTS))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by the venue's id.

    The interval that holds now may differ from the contract's usual one.

    Raises:
        BadAnswer: no list.
    """
    where = at.CONTRACTS.name

    def rate(row: Row) -> Rate:
        now_ms = above_zero(row, "currentFundingRateGranularity", where)
        hours = (now_ms or positive(row, "fundingRateGranularity", where)) / _HOUR_MS
        return Rate(text(row, "symbol", where), number(row, "fundingFeeRate", where), hours)

    return daily(rows(at.data_of(answer, where), where), rate)


FUNDING: Final = FundingSource(_read)
