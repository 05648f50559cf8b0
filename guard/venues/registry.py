"""The venues that the guard knows, and how to open an account at one of them."""

from __future__ import annotations

import importlib
from pathlib import Path

from guard.ports.clock import Clock
from guard.ports.errors import InputError
from guard.ports.venue import AccountSpec, VenueAccount
from guard.venues.account import CcxtAccount
from guard.venues.client import VenueClient, require_credentials
from guard.venues.entry import VenueEntry
from guard.venues.file import FileAccount
from guard.venues.funding import board_of
from guard.venues.hub import VenueHub

# A venue joins by a folder guard/venues/<name> with a `venue.py`, which is loaded when it is first asked for.
_ADAPTERS = frozenset(path.parent.name for path in Path(__file__).parent.glob("*/venue.py")) - {"generic"}

VENUES: tuple[str, ...] = (*sorted(_ADAPTERS), "file", "generic:<ccxt id>")
"""Names for `--venue`."""


def entry_of(venue: str) -> VenueEntry | None:
    """What is known of `venue`; None for `file`, which no exchange stands behind.

    Raises:
        InputError: no such venue.
    """
    if venue == "file":
        return None
    if venue.startswith("generic:"):
        from guard.venues.generic.venue import entry_for  # noqa: PLC0415 - loads the exchange's ccxt module

        return entry_for(venue)
    if venue not in _ADAPTERS:
        raise InputError(f"venue was {venue!r}, must be one of: {', '.join(VENUES)}")
    entry: VenueEntry = importlib.import_module(f"guard.venues.{venue}.venue").VENUE
    return entry


def needs(venue: str) -> frozenset[str]:
    """The fields of `guard.ports.venue.Credentials` that an account at `venue` must have.

    Raises:
        InputError: no such venue.
    """
    entry = entry_of(venue)
    return entry.needs if entry else frozenset()


async def open_account(spec: AccountSpec, clock: Clock, hub: VenueHub | None = None) -> VenueAccount:
    """Open an account. Nothing is asked of the venue yet, so this works while the venue is down.

    Args:
        spec: which account.
        clock: every time that is taken and every wait.
        hub: what accounts at one venue share; by default the account has one of its own, closed with it.

    Raises:
        InputError: no such venue, no key, no book file, or a base URL that is none.
    """
    entry = entry_of(spec.venue)
    if entry is None:
        return FileAccount(spec, clock)
    require_credentials(spec, entry.needs)
    shared = hub or VenueHub(clock)
    site = shared.site(entry.name, spec.base_url, entry.weight_per_minute, entry.ccxt_id)
    client = VenueClient(site, spec, entry.dialect)
    return CcxtAccount(client, entry.open_reader(client), None if hub else shared, board_of(site, entry))
