"""BingX: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.bingx.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.bingx.funding import FUNDING
from guard.venues.bingx.reader import BingxReader
from guard.venues.entry import VenueEntry
from guard.venues.streaming.plans.bingx import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="bingx",
    ccxt_id="bingx",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=BingxReader,
    streams=STREAMS,
    funding=FUNDING,
)
