"""Funding at Hyperliquid: paid every hour; the rate stands with the prices of a dex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guard.venues.client import VenueClient
from guard.venues.fields import Row, number, record, refused, rows, text
from guard.venues.funding import FundingSource, Rate, daily
from guard.venues.hyperliquid import endpoints as at
from guard.venues.hyperliquid.reference import dex_of, listed

_HOURS: Final = 1.0


async def _read(client: VenueClient, dex: str) -> Mapping[str, float]:
    named = {"dex": dex} if dex else {}
    return read_funding(await client.call(at.UNIVERSE, {"type": "metaAndAssetCtxs", **named}))


def read_funding(answer: object) -> dict[str, float]:
    """What a long pays in a day at the present rates, as a fraction of its notional, by coin.

    Raises:
        BadAnswer: no contracts with their prices.
    """
    where = at.UNIVERSE.name
    if not isinstance(answer, list) or len(answer) != 2:
        raise refused(where, "is no list of contracts and prices")
    listed, contexts = rows(record(answer[0], where).get("universe"), where), answer[1]
    if not isinstance(contexts, list) or len(contexts) < len(listed):
        raise refused(where, "has fewer prices than contracts")

    def rate(pair: tuple[Row, object]) -> Rate:
        contract, context = pair
        return Rate(text(contract, "name", where), number(record(context, where), "funding", where), _HOURS)

    return daily(zip(listed, contexts, strict=False), rate)


FUNDING: Final = FundingSource(_read, part_of=lambda listing: dex_of(listing.market_id), listed=listed)
