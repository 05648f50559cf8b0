"""What a key may do, as its venue tells it: read in calm, so that it is known in danger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from guard.app.watch import Watch
from guard.ports.deadline import Deadline
from guard.ports.errors import VenueError
from guard.ports.venue import VenueAccount

log = structlog.get_logger(__name__)

RIGHTS_VALID_S: Final = 600.0
RIGHTS_AGAIN_S: Final = 60.0
"""How long what is known holds once it could not be read anew: looking in every cycle would hold up every alert."""


async def refresh_rights(watch: Watch, venue: VenueAccount, now: datetime, timeout_s: float) -> None:
    """Read them anew where they are old. A failed look keeps what was known."""
    # What was read in a time that is still to come was read before the clock was set back: it is old.
    if watch.rights_at is not None and 0.0 <= (now - watch.rights_at).total_seconds() < RIGHTS_VALID_S:
        return
    try:
        # What is to be told waits for this, and ticks wait for the turn: a venue that hangs must not hold them up.
        async with Deadline(timeout_s):
            check = await venue.check()
    except (TimeoutError, VenueError) as error:
        log.warning("key rights not read", account=watch.record.name, error=str(error) or "no answer in time")
        if watch.rights is not None:
            watch.rights_at = now - timedelta(seconds=RIGHTS_VALID_S - RIGHTS_AGAIN_S)
        return
    watch.rights, watch.can_trade = check.rights, check.can_trade
    watch.rights_at = now
