"""One watched account while the service runs: its record, its limits, its open connection, its last reading."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from guard.app.change_watch import Settled, is_whole
from guard.app.judge import JudgePolicy, judge_policy
from guard.app.live_book import LiveRisk
from guard.app.settings import Protect, Settings
from guard.ports.recipients import Recipient
from guard.ports.records import AccountRecord, Mode, Reading
from guard.ports.venue import AccountSpec, KeyRights, VenueAccount
from guard.protect.executor import Executor
from guard.protect.gate import count_confirmation
from guard.protect.plan_values import Target
from guard.protect.policy import ProtectPolicy
from guard.protect.setbacks import Setbacks
from guard.risk.own_volatility import MarkHistory
from guard.risk.zones import Zone

Opener = Callable[[AccountSpec], Awaitable[VenueAccount]]


@dataclass(slots=True)
class Watch:
    """What the cycle keeps of an account between two turns; everything that must survive a restart is in the store.

    `unrecorded` is the zone that was told directly because the store did not record; None = all is recorded.
    `told_directly` is what was told so last, and when on the stopwatch; None once something else was told.
    `refused` are the causes for which protection was last refused, so that each is told once.
    `can_trade` is whether orders are sent at its venue at all; known when `rights` are.
    `pending` means that the journal may hold intents that a crash or a silence left open.
    `settled` is what the next reading is compared with, to find what changed without the guard.
    `recipients` are who hears of the account, as last known.
    `last`, `last_good` (with figures) and `last_whole` (and nothing missing) are private readings; a tick that made the
    zone worse shows in `last` as its zone and risk, never as its time or quality. `live` is the risk at the newest
    marks since then, None = none have come.
    `suggested` is the zone for which a plan was proposed last, so that each is proposed once.
    `rehearsed` is the zone in which a dry run was told last: nothing changes by it, so that each is told once.
    `hedged` means that hedges of the guard may stand on the account.
    `consented` means that what is being carried out was asked for by a person.
    `acted_s` is when orders were sent last, `began_s` when the reading that is dealt with began, both on the stopwatch
    (the wall clock may be set back): a book that was read before orders were sent is not what is held any more.
    `setbacks` are steps that were refused lately: they rest, and are no news.
    `changed_s` is when mode or freeze were changed last, on the stopwatch: what was read before is older news.
    `acted` means that orders were sent since the book of `last` was read: it is not what is held any more.
    `marks` are prices of the last days, None = not read yet or not asked for; `hours_known` is whether the log was told
    last that hours of own volatility are known, `hours_told` whether people were; nobody has to hear that at first.
    `unstored_freeze` means that it was frozen here and the store does not say so (yet): what it says frees nothing.
    `turn` is held while a reading is judged, recorded and acted upon: one at a time.
    """

    record: AccountRecord
    policy: JudgePolicy
    protect: ProtectPolicy
    venue: VenueAccount | None = None
    last: Reading | None = None
    last_good: Reading | None = None
    last_whole: Reading | None = None
    confirmed_cycles: int = 0
    recipients: list[Recipient] = field(default_factory=list)
    unrecorded: Zone | None = None
    told_directly: tuple[Zone, float] | None = None
    rights: KeyRights | None = None
    can_trade: bool = True
    rights_at: datetime | None = None
    refused: frozenset[str] = frozenset()
    executor: Executor | None = None
    pending: bool = True
    settled: Settled | None = None
    live: LiveRisk | None = None
    acted: bool = False
    suggested: Zone | None = None
    rehearsed: Zone | None = None
    hedged: bool = True
    consented: bool = False
    acted_s: float = -math.inf
    setbacks: Setbacks = field(default_factory=Setbacks)
    began_s: float = 0.0
    changed_s: float = -math.inf
    unstored_freeze: bool = False
    marks: MarkHistory | None = None
    hours_known: bool | None = None
    hours_told: bool = True
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def opened(self, opener: Opener) -> VenueAccount:
        """The connection, opened when there is none."""
        if self.venue is None:
            self.venue = await opener(self.record.spec)
        return self.venue

    async def close(self) -> None:
        """Drop the connection; the next cycle opens a new one."""
        venue, self.venue = self.venue, None
        self.executor = None
        if venue is not None:
            await venue.close()

    def obey(self, record: AccountRecord, now_s: float) -> None:
        """Take a change of mode or freeze made in this process, at once."""
        self._enter(record.mode)
        self.record = record
        self.changed_s = now_s
        self.unstored_freeze &= record.frozen

    def _enter(self, mode: Mode) -> None:
        """In another mode what was told is told anew: a plan now with a button, a refusal that now counts."""
        if mode != self.record.mode:
            self.suggested, self.rehearsed, self.refused = None, None, frozenset()

    def freeze(self, now_s: float) -> None:
        """Freeze at once; it holds until it is stored, or lifted here."""
        self.obey(replace(self.record, frozen=True), now_s)
        self.unstored_freeze = True

    def freeze_stored(self) -> None:
        """The store knows of the freeze: from now on it decides."""
        self.unstored_freeze = False

    def follow(self, record: AccountRecord, asked_s: float) -> bool:
        """Take mode and freeze as stored, unless they were changed here after the store was asked; true: they differ.

        Args:
            record: as stored.
            asked_s: when the store was asked, on the stopwatch.
        """
        known = self.record
        if self.unstored_freeze:
            record = replace(record, frozen=True)
        same = (known.mode, known.frozen, known.mode_until) == (record.mode, record.frozen, record.mode_until)
        if same or asked_s <= self.changed_s:
            return False
        self._enter(record.mode)
        self.record = replace(known, mode=record.mode, frozen=record.frozen, mode_until=record.mode_until)
        return True

    def is_overtaken(self) -> bool:
        """Whether orders were sent since the reading that is dealt with began: its book is not what is held."""
        return self.began_s < self.acted_s

    def remember(self, reading: Reading) -> None:
        """Keep the reading, and count for how many cycles the zone has called for action."""
        self.confirmed_cycles = count_confirmation(
            self.confirmed_cycles, reading.zone, reading.quality, self.protect, *nearness_of(reading)
        )
        self.last = reading
        self.live = None
        if reading.risk is not None:
            self.last_good = reading
            self.last_whole = reading if is_whole(reading) else self.last_whole

    def target_at(self, reading: Reading) -> Target:
        """The levels that a plan must restore, at a reading."""
        return self.protect.target_now(reading.risk, reading.own_hours)

    def worsen(self, reading: Reading) -> None:
        """Keep what a tick did to the zone. No cycle: confirmations, ages and book stay those of the last reading."""
        if self.last is not None:
            self.last = replace(
                self.last,
                zone_state=reading.zone_state,
                zone=reading.zone,
                reason=reading.reason,
                risk=reading.risk,
            )
        self.live = reading.risk


def nearness_of(reading: Reading) -> tuple[float | None, float | None]:
    """How near liquidation is: the distance, a fraction, and the hours of own volatility; None = not known, or none."""
    distance = reading.risk.distance if reading.risk else None
    return distance, reading.own_hours.hours if reading.own_hours else None


def watch_of(record: AccountRecord, settings: Settings) -> Watch:
    """A watch with the account's own limits."""
    policy = judge_policy(settings.zones_of(record.name), settings.conformity, settings.schedule.stale_after_s)
    return Watch(record=record, policy=policy, protect=protect_policy(settings.protect_of(record.name)))


def protect_policy(protect: Protect) -> ProtectPolicy:
    """The protection limits as the protect room knows them."""
    return ProtectPolicy(
        act_in=Zone(protect.act_in),
        act_at_distance=protect.act_at_distance,
        act_at_hours=protect.act_at_hours,
        confirm_cycles=protect.confirm_cycles,
        target_risk_ratio=protect.target_risk_ratio,
        target_distance=protect.target_distance,
        target_hours=protect.target_hours,
        max_cost_bps=protect.max_cost_bps,
        max_slippage_bps=protect.max_slippage_bps,
        max_child_notional=protect.max_child_notional,
        max_daily_notional_x_equity=protect.max_daily_notional_x_equity,
        cooldown_s=protect.cooldown_s,
        remedies=protect.remedies,
        allow_symbols=protect.allow_symbols,
        dry_run=protect.dry_run,
        proposal_valid_s=protect.proposal_valid_s,
        reprice_tolerance=protect.reprice_tolerance,
        unhedge_after_s=protect.unhedge_after_s,
        betas=protect.betas,
        transferable=protect.transferable,
    )
