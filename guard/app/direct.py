"""The last resort: telling people without the store, when the store does not record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from guard.alerts.announce import Texts, one_of_each
from guard.alerts.delivery import Delivered, attempt
from guard.alerts.notices import render_unrecorded
from guard.app.watch import Watch
from guard.language.speech import Speech
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

        def render(speech: Speech) -> str:
            return render_unrecorded(speech, reading, why)

        texts = Texts(render)
        told = one_of_each(watch.recipients)
        await asyncio.gather(*(self._deliver(recipient.destination, texts.of(recipient)) for recipient in told))

    async def _deliver(self, destination: str, html: str) -> None:
        if destination.partition(":")[0] not in self._sinks:
            return
        outcome = await attempt(destination, html, self._sinks, TIMEOUT_S)
        if not isinstance(outcome, Delivered):
            log.error("direct message not delivered", destination=destination, error=outcome.error, text=html)
