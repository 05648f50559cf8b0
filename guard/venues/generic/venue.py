"""Venue `generic:<ccxt id>`: an exchange that ccxt knows and the guard has no adapter for."""

from __future__ import annotations

from typing import Final

from guard.ports.errors import InputError
from guard.venues import library
from guard.venues.client import Dialect, Endpoint
from guard.venues.entry import VenueEntry
from guard.venues.generic.parse import fetch_time_ms
from guard.venues.generic.reader import GenericReader

PREFIX: Final = "generic:"
_CREDENTIALS: Final = {
    "apiKey": "api_key",
    "secret": "secret",
    "password": "passphrase",
    "walletAddress": "wallet_address",
    "privateKey": "secret",
}
_MUST_HAVE: Final = ("fetchPositions", "fetchBalance", "fetchTime")
# Of what ccxt would allow itself; the rest is left to others behind the address.
_SHARE: Final = 0.8


def entry_for(venue: str) -> VenueEntry:
    """The entry of `generic:<ccxt id>`.

    Raises:
        InputError: ccxt has no such exchange, or it cannot tell positions, balances and its time.
    """
    ccxt_id = venue.removeprefix(PREFIX)
    # Made for its description only; it opens no connection.
    exchange = library.exchange_class(ccxt_id)()
    lacking = [name for name in _MUST_HAVE if not exchange.has.get(name)]
    if lacking:
        raise InputError(f"ccxt's {ccxt_id} has no {' and no '.join(lacking)}", fix="it cannot be watched")
    required = {name for name, is_needed in exchange.requiredCredentials.items() if is_needed}
    unknown = sorted(required - _CREDENTIALS.keys())
    if unknown:
        raise InputError(f"{ccxt_id} asks for {' and '.join(unknown)}, which the guard does not keep")
    return VenueEntry(
        name=venue,
        ccxt_id=ccxt_id,
        dialect=Dialect(
            time=Endpoint("fetch_time", f"{venue} fetch_time", signed=False, by_name=True),
            time_ms=fetch_time_ms,
            rulings={},
            options={"defaultType": "swap", "warnOnFetchOpenOrdersWithoutSymbol": False},
        ),
        weight_per_minute=max(1, round(_SHARE * 60_000 / exchange.rateLimit)),
        open_reader=GenericReader,
        needs=frozenset(_CREDENTIALS[name] for name in required),
    )
