"""Bitget futures: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.bitget.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.bitget.funding import FUNDING
from guard.venues.bitget.reader import BitgetReader
from guard.venues.entry import KEY_AND_PASSPHRASE, VenueEntry
from guard.venues.streaming.plans.bitget import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="bitget",
    ccxt_id="bitget",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=BitgetReader,
    streams=STREAMS,
    funding=FUNDING,
    needs=KEY_AND_PASSPHRASE,
)
