"""KuCoin futures: its row of the registry."""

from __future__ import annotations

from typing import Final

from guard.venues.entry import KEY_AND_PASSPHRASE, VenueEntry
from guard.venues.kucoinfutures.endpoints import DIALECT, WEIGHT_PER_MINUTE
from guard.venues.kucoinfutures.funding import FUNDING
from guard.venues.kucoinfutures.reader import KucoinReader
from guard.venues.streaming.plans.kucoinfutures import PLAN as STREAMS

VENUE: Final = VenueEntry(
    name="kucoinfutures",
    ccxt_id="kucoinfutures",
    dialect=DIALECT,
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=KucoinReader,
    streams=STREAMS,
    funding=FUNDING,
    needs=KEY_AND_PASSPHRASE,
)
