"""Gate: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import VenueEntry
from guard.venues.gate.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.gate.funding import FUNDING
from guard.venues.gate.reader import GateReader
from guard.venues.streaming.plans.gate import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="gate",
    ccxt_id="gate",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=GateReader,
    streams=STREAMS,
    funding=FUNDING,
)
