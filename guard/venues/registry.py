"""The venues that the guard knows, and how to open an account at one of them."""

from __future__ import annotations

from collections.abc import Mapping

from guard.ports.clock import Clock
from guard.ports.errors import InputError
from guard.ports.venue import AccountSpec, VenueAccount
from guard.venues.binanceusdm.account import BinanceUsdmAccount
from guard.venues.binanceusdm.endpoints import WEIGHT_PER_MINUTE
from guard.venues.client import require_key
from guard.venues.file import FileAccount
from guard.venues.hub import VenueHub

_KEY_PAIR = frozenset({"api_key", "secret"})
_NEEDS: Mapping[str, frozenset[str]] = {"binanceusdm": _KEY_PAIR, "file": frozenset()}

VENUES: tuple[str, ...] = tuple(sorted(_NEEDS))
"""Names for `--venue`."""


def needs(venue: str) -> frozenset[str]:
    """The fields of `guard.ports.venue.Credentials` that an account at `venue` must have.

    Raises:
        InputError: no such venue.
    """
    found = _NEEDS.get(venue)
    if found is None:
        raise InputError(f"venue was {venue!r}, must be one of: {', '.join(VENUES)}")
    return found


async def open_account(spec: AccountSpec, clock: Clock, hub: VenueHub | None = None) -> VenueAccount:
    """Open an account. Nothing is asked of the venue yet, so this works while the venue is down.

    Args:
        spec: which account.
        clock: every time that is taken and every wait.
        hub: what accounts at one venue share; by default the account has one of its own, closed with it.

    Raises:
        InputError: no such venue, no key, no book file, or a base URL that is none.
    """
    needs(spec.venue)
    if spec.venue == "file":
        return FileAccount(spec, clock)
    require_key(spec)
    shared = hub or VenueHub(clock)
    site = shared.site(spec.venue, spec.base_url, WEIGHT_PER_MINUTE)
    return BinanceUsdmAccount(spec, site, own_hub=None if hub else shared)
