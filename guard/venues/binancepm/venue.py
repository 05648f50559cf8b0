"""Binance portfolio margin: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.binance.refusals import dialect
from guard.venues.binancepm.endpoints import TIME, WEIGHT_PER_MINUTE
from guard.venues.binancepm.reader import PortfolioReader
from guard.venues.entry import VenueEntry
from guard.venues.streaming.plans.binance import PORTFOLIO as STREAMS

VENUE: Final = VenueEntry(
    name="binancepm",
    ccxt_id="binance",
    dialect=dialect(TIME, "linear", "inverse", exceptions="portfolioMargin"),
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=PortfolioReader,
    streams=STREAMS,
)
