"""MEXC: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import VenueEntry
from guard.venues.mexc.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.mexc.reader import MexcReader

VENUE: Final = VenueEntry(
    name="mexc",
    ccxt_id="mexc",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=MexcReader,
)
