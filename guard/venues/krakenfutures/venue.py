"""Kraken Futures: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import VenueEntry
from guard.venues.krakenfutures.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.krakenfutures.reader import KrakenReader

VENUE: Final = VenueEntry(
    name="krakenfutures",
    ccxt_id="krakenfutures",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=KrakenReader,
)
