"""Deribit: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.deribit.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.deribit.reader import DeribitReader
from guard.venues.entry import VenueEntry

VENUE: Final = VenueEntry(
    name="deribit",
    ccxt_id="deribit",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=DeribitReader,
)
