"""Hyperliquid: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import VenueEntry
from guard.venues.hyperliquid.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.hyperliquid.funding import FUNDING
from guard.venues.hyperliquid.reader import HyperliquidReader
from guard.venues.streaming.plans.hyperliquid import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="hyperliquid",
    ccxt_id="hyperliquid",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    needs=frozenset({"wallet_address"}),
    open_reader=HyperliquidReader,
    streams=STREAMS,
    funding=FUNDING,
)
