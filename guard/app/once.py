"""One cycle of some accounts outside the service: the same steps, the same records, no orders."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TextIO

from guard.alerts.outbox import Outbox
from guard.alerts.sinks.console import ConsoleSink
from guard.alerts.sinks.telegram import TelegramSink
from guard.app.alert_settings import AlertingPolicy
from guard.app.channels import destinations_of, second_channels
from guard.app.cycle import Cycle, Recipients
from guard.app.decision import NOTHING, Decision
from guard.app.direct import DirectTeller
from guard.app.handover import Unattended
from guard.app.hearing import Hearing
from guard.app.opening import Opened
from guard.app.runlock import AlreadyRunning, run_lock
from guard.app.watch import Watch, watch_of
from guard.bot.standalone import standalone_sender
from guard.ports.records import Reading
from guard.ports.sending import Sink
from guard.ports.venue import AccountSpec, VenueAccount
from guard.venues.hub import VenueHub
from guard.venues.registry import open_account

FLUSH_S = 15.0


class NoProtection:
    """`guard.app.cycle.Protector` that never acts: orders belong to the service alone."""

    async def decide(self, watch: Watch, reading: Reading, recipients: Recipients) -> Decision:
        """Nothing."""
        del watch, reading, recipients
        return NOTHING

    async def carry_out(self, watch: Watch, decision: Decision, recipients: Recipients) -> None:
        """Nothing."""
        del watch, decision, recipients


async def cycle_once(opened: Opened, names: list[str], console: TextIO) -> list[Reading]:
    """Run one cycle of each named account (all when none is named), record it and deliver what it tells.

    Raises:
        InputError: no such account.
    """
    records = [await opened.account(name, secrets=True) for name in names]
    if not names:
        records = await opened.store.accounts(secrets=True)
    token, second = opened.settings.telegram.token(), second_channels(opened.settings)
    hub = VenueHub(opened.clock)

    async def opener(spec: AccountSpec) -> VenueAccount:
        return await open_account(spec, opened.clock, hub)

    async with standalone_sender(token, opened.settings.telegram.base_url) as sender:
        sinks: list[Sink] = [ConsoleSink(console)]
        if sender is not None:
            sinks.append(TelegramSink(sender))
        if second is not None:
            sinks.append(second)
        outbox = Outbox(
            opened.store,
            sinks,
            opened.clock,
            opened.ids,
            chance=random.Random().random,  # noqa: S311  # spreads repeats, no secret
            second=destinations_of(second),
        )
        cycle = Cycle(
            store=opened.store,
            clock=opened.clock,
            ids=opened.ids,
            opener=opener,
            protector=NoProtection(),
            handover=Unattended(),
            tell_directly=DirectTeller({sink.scheme: sink for sink in sinks}).tell,
            timeout_s=opened.settings.schedule.timeout_s,
            hearing=Hearing.of(opened.settings, destinations_of(second)),
            alerting=AlertingPolicy.of(opened.settings),
        )
        watches = [watch_of(record, opened.settings) for record in records]
        try:
            readings = [await cycle.run(watch) for watch in watches]
        finally:
            for watch in watches:
                await watch.close()
            await hub.close()
        # Where the service runs, it delivers: two would send everything twice.
        with suppress(AlreadyRunning), run_lock(opened.settings.database.url):
            await outbox.flush(FLUSH_S)
    return readings
