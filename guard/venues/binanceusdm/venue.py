"""Binance USD-M futures: its row of the registry."""

from __future__ import annotations

from functools import partial
from typing import Final

from guard.venues.binance.funding import funding_of
from guard.venues.binance.reader import FuturesReader
from guard.venues.binance.refusals import WEIGHT_PER_MINUTE, dialect
from guard.venues.binanceusdm.branch import USDM
from guard.venues.binanceusdm.endpoints import FUNDING_INFO, MARKS, TIME
from guard.venues.entry import VenueEntry
from guard.venues.streaming.plans.binance import USDM as STREAMS

VENUE: Final = VenueEntry(
    name="binanceusdm",
    ccxt_id="binanceusdm",
    dialect=dialect(TIME, "linear"),
    weight_per_minute=WEIGHT_PER_MINUTE,
    open_reader=partial(FuturesReader, branch=USDM),
    streams=STREAMS,
    funding=funding_of({"linear": (MARKS, FUNDING_INFO)}),
)
