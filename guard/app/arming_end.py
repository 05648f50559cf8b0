"""The end of an arming: a mode that was set until a time is `observe` again from then on."""

from __future__ import annotations

from dataclasses import replace

import structlog

from guard.alerts.announce import Announcement
from guard.alerts.notices import protection_notice
from guard.app.cycle import Recipients
from guard.app.decision import NOTHING
from guard.app.watch import Watch
from guard.ports.alerting import AuditRecord
from guard.ports.clock import Clock, Ids
from guard.ports.records import Reading
from guard.protect.consent_texts import arming_ended_text
from guard.protect.gate import mode_at
from guard.store.store import Store

log = structlog.get_logger(__name__)


async def end_arming(
    watch: Watch, reading: Reading, recipients: Recipients, *, store: Store, clock: Clock, ids: Ids
) -> Announcement:
    """Back to observe once the arming has ended: stored, logged, and told one time."""
    record, until = watch.record, watch.record.mode_until
    if until is None or mode_at(record.mode, until, reading.at) == record.mode:
        return NOTHING.announcement
    await store.set_mode(record.account_id, "observe")
    detail = f"mode {record.mode} ended at {until.isoformat()}"
    await store.record_audit(AuditRecord(reading.at, None, record.account_id, "mode", detail))
    watch.obey(replace(record, mode="observe", mode_until=None), clock.monotonic())
    log.warning("arming ended", account=record.name, mode=record.mode, until=until.isoformat())
    return protection_notice(
        record.account_id,
        f"arming_ended:{until.isoformat()}",
        arming_ended_text(record.name, record.mode, until),
        reading.zone,
        reading.at,
        await recipients(watch),
        ids,
    )
