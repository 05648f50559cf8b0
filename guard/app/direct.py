"""The last resort: telling people without the store, when the store does not record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from guard.alerts.announce import CONSOLE
from guard.alerts.delivery import Delivered, attempt
from guard.alerts.notices import render_unrecorded
from guard.app.watch import Watch
from guard.ports.records import Reading
from guard.ports.sending import Sink

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0


class DirectTeller:
    """Sends to sinks at once. Best effort: what is not delivered is logged with its whole text."""

    def __init__(self, sinks: Mapping[str, Sink]) -> None:
        self._sinks = sinks

    async def tell(self, watch: Watch, reading: Reading, why: str) -> None:
        """Tell the account's last known recipients its zone, and why this message takes another way."""
        html = render_unrecorded(reading, why)
        await asyncio.gather(*(self._deliver(destination, html) for destination in watch.recipients or [CONSOLE]))

    async def _deliver(self, destination: str, html: str) -> None:
        if destination.partition(":")[0] not in self._sinks:
            return
        outcome = await attempt(destination, html, self._sinks, TIMEOUT_S)
        if not isinstance(outcome, Delivered):
            log.error("direct message not delivered", destination=destination, error=outcome.error, text=html)
