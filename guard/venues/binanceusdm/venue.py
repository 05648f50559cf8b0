"""Binance USD-M futures: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.binanceusdm.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.binanceusdm.reader import UsdmReader
from guard.venues.entry import VenueEntry

VENUE: Final = VenueEntry(
    name="binanceusdm",
    ccxt_id="binanceusdm",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=UsdmReader,
)
