"""OKX: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import KEY_AND_PASSPHRASE, VenueEntry
from guard.venues.okx.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.okx.funding import FUNDING
from guard.venues.okx.reader import OkxReader
from guard.venues.streaming.plans.okx import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="okx",
    ccxt_id="okx",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=OkxReader,
    streams=STREAMS,
    funding=FUNDING,
    needs=KEY_AND_PASSPHRASE,
)
