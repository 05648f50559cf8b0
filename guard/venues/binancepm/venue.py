"""Binance portfolio margin: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.binance.funding import funding_of
from guard.venues.binance.refusals import dialect
from guard.venues.binancepm.endpoints import (
    CM_FUNDING_INFO,
    CM_MARKS,
    TIME,
    UM_FUNDING_INFO,
    UM_MARKS,
    WEIGHT_PER_MINUTE,
)
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
    funding=funding_of({"linear": (UM_MARKS, UM_FUNDING_INFO), "inverse": (CM_MARKS, CM_FUNDING_INFO)}),
)
