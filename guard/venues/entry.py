"""What the registry knows of a venue. The folder of a venue exports one of these as `VENUE` in its `venue.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guard.venues.client import Dialect, VenueClient
from guard.venues.funding import FundingSource
from guard.venues.reader import VenueReader

KEY_PAIR = frozenset({"api_key", "secret"})
"""What most venues ask for."""
KEY_AND_PASSPHRASE = KEY_PAIR | {"passphrase"}


@dataclass(frozen=True, slots=True)
class VenueEntry:
    """One venue.

    Attributes:
        name: what users call it.
        ccxt_id: the ccxt module that speaks with it.
        dialect: what its client must know.
        weight_per_minute: request weight, in ccxt's cost units, that one address may spend in a minute, with headroom.
        open_reader: makes the reader of one account.
        needs: fields of `guard.ports.venue.Credentials` that an account must have.
        streams: what may be listened to (`guard.venues.streaming`); None = it is polled only.
        funding: how it is asked for its funding rates; None = it is not asked.
    """

    name: str
    ccxt_id: str
    dialect: Dialect
    weight_per_minute: int
    open_reader: Callable[[VenueClient], VenueReader]
    needs: frozenset[str] = KEY_PAIR
    streams: Any = None
    funding: FundingSource | None = None
