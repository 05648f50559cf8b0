"""One watched account while the service runs: its record, its limits, its open connection, its last reading."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from guard.app.judge import JudgePolicy, judge_policy
from guard.app.settings import Protect, Settings
from guard.ports.records import AccountRecord, Reading
from guard.ports.venue import AccountSpec, VenueAccount
from guard.protect.policy import ProtectPolicy
from guard.risk.zones import Zone

Opener = Callable[[AccountSpec], Awaitable[VenueAccount]]


@dataclass(slots=True)
class Watch:
    """What the cycle keeps of an account between two turns; everything that must survive a restart is in the store."""

    record: AccountRecord
    policy: JudgePolicy
    protect: ProtectPolicy
    venue: VenueAccount | None = None
    last: Reading | None = None
    last_good: Reading | None = None
    zone_cycles: int = 0
    recovered: bool = False

    async def opened(self, opener: Opener) -> VenueAccount:
        """The connection, opened when there is none."""
        if self.venue is None:
            self.venue = await opener(self.record.spec)
        return self.venue

    async def close(self) -> None:
        """Drop the connection; the next cycle opens a new one."""
        venue, self.venue = self.venue, None
        if venue is not None:
            await venue.close()

    def remember(self, reading: Reading) -> None:
        """Keep the reading, and count for how many cycles the zone has held."""
        same = self.last is not None and self.last.zone == reading.zone
        self.zone_cycles = self.zone_cycles + 1 if same else 1
        self.last = reading
        if reading.risk is not None:
            self.last_good = reading


def watch_of(record: AccountRecord, settings: Settings) -> Watch:
    """A watch with the account's own limits."""
    policy = judge_policy(settings.zones_of(record.name), settings.conformity, settings.schedule.stale_after_s)
    return Watch(record=record, policy=policy, protect=protect_policy(settings.protect_of(record.name)))


def protect_policy(protect: Protect) -> ProtectPolicy:
    """The protection limits as the protect room knows them."""
    return ProtectPolicy(
        act_in=Zone(protect.act_in),
        confirm_cycles=protect.confirm_cycles,
        target_risk_ratio=protect.target_risk_ratio,
        target_distance=protect.target_distance,
        max_cost_bps=protect.max_cost_bps,
        max_slippage_bps=protect.max_slippage_bps,
        max_child_notional=protect.max_child_notional,
        max_daily_notional_x_equity=protect.max_daily_notional_x_equity,
        cooldown_s=protect.cooldown_s,
        allow_symbols=protect.allow_symbols,
        dry_run=protect.dry_run,
    )
