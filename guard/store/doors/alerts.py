"""Where alerts stand, as methods of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from guard.ports.alerting import AlertBriefing, AlertState, LiveMessage, MaintenanceRecord, RuleSetting
from guard.ports.records import AlertCopy, Snapshot
from guard.store import alert_states, history, outbox, peaks
from guard.store.doors.door import Door


class AlertDoor(Door):
    """Questions and changes over alert states, thresholds, maintenance windows and live messages."""

    async def save_alert_states(self, states: Sequence[AlertState]) -> None:
        """Store where conditions stand now, outside a cycle."""
        await self._write(alert_states.save_states, states)

    async def change_alert_state(
        self, fingerprint: str, change: Callable[[AlertState], AlertState]
    ) -> AlertState | None:
        """Change where one condition stands, read and written as one; None when it never was."""
        return await self._write(alert_states.change_state, fingerprint, change)

    async def alert_copies(
        self, account_id: str, fingerprints: Sequence[str], since: datetime, until: datetime
    ) -> list[AlertCopy]:
        """Messages about these alerts of an account that chats were sent and had at `until`, the newest first."""
        return await self._read(outbox.alert_copies, account_id, fingerprints, since, until)

    async def snapshot_near(self, account_id: str, at: datetime, within: timedelta) -> Snapshot | None:
        """What was known at about a moment, without positions; None when nothing was within that time of it."""
        return await self._read(history.snapshot_near, account_id, at, within)

    async def alert_state(self, fingerprint: str) -> AlertState | None:
        """Where one condition stands; None when it never was."""
        return await self._read(alert_states.alert_state, fingerprint)

    async def alert_states(self, account_id: str) -> list[AlertState]:
        """The account's conditions that are not resolved, the longest standing first."""
        return await self._read(alert_states.alert_states, account_id)

    async def alert_briefing(self, account_id: str, now: datetime) -> AlertBriefing:
        """All of the account's conditions that ever were, and the maintenance windows that are not over."""
        return await self._read(alert_states.briefing, account_id, now)

    async def equity_peaks(self, account_id: str, since: datetime, unless: str) -> list[tuple[datetime, float, str]]:
        """Hour, highest equity and its currency since then, and since the last alert of the rule `unless`."""
        return await self._read(peaks.equity_peaks, account_id, since, unless)

    async def rule_settings(self, account_id: str) -> list[RuleSetting]:
        """The thresholds that people set for an account."""
        return await self._read(alert_states.rule_settings, account_id)

    async def all_rule_settings(self) -> list[RuleSetting]:
        """The thresholds that people set for all accounts."""
        return await self._read(alert_states.all_rule_settings)

    async def set_rule(self, setting: RuleSetting) -> None:
        """Set a threshold, or switch a rule off."""
        await self._write(alert_states.set_rule, setting)

    async def forget_rule(self, account_id: str, rule: str) -> None:
        """Let the configured threshold hold again."""
        await self._write(alert_states.forget_rule, account_id, rule)

    async def add_maintenance(self, window: MaintenanceRecord) -> None:
        """Announce a maintenance window."""
        await self._write(alert_states.add_maintenance, window)

    async def end_maintenance(self, window_id: str, at: datetime) -> None:
        """End a window now."""
        await self._write(alert_states.end_maintenance, window_id, at)

    async def maintenance(self, now: datetime) -> list[MaintenanceRecord]:
        """Windows of all people that are not over yet."""
        return await self._read(alert_states.maintenance, now)

    async def live_message(self, destination: str, account_id: str) -> LiveMessage | None:
        """The live message of an account in a chat; None when there is none."""
        return await self._read(alert_states.live_message, destination, account_id)

    async def save_live_message(self, live: LiveMessage) -> None:
        """Remember a live message."""
        await self._write(alert_states.save_live_message, live)

    async def forget_live_message(self, destination: str, account_id: str) -> None:
        """The message is gone."""
        await self._write(alert_states.forget_live_message, destination, account_id)
