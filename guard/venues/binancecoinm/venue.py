"""Binance COIN-M futures: its row of the registry."""

from __future__ import annotations

from functools import partial
from typing import Final

from guard.venues.binance.funding import funding_of
from guard.venues.binance.reader import FuturesReader
from guard.venues.binance.refusals import WEIGHT_PER_MINUTE, dialect
from guard.venues.binancecoinm.branch import COINM
from guard.venues.binancecoinm.endpoints import FUNDING_INFO, MARKS, TIME
from guard.venues.entry import VenueEntry
from guard.venues.streaming.plans.binance import COINM as STREAMS

VENUE: Final = VenueEntry(
    name="binancecoinm",
    ccxt_id="binancecoinm",
    dialect=dialect(TIME, "inverse"),
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=partial(FuturesReader, branch=COINM),
    streams=STREAMS,
    funding=funding_of({"inverse": (MARKS, FUNDING_INFO)}),
)
