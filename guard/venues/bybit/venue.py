"""Bybit unified account: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.bybit.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.bybit.funding import FUNDING
from guard.venues.bybit.reader import BybitReader
from guard.venues.entry import VenueEntry
from guard.venues.streaming.plans.bybit import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="bybit",
    ccxt_id="bybit",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=BybitReader,
    streams=STREAMS,
    funding=FUNDING,
)
