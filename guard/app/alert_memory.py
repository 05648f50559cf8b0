"""What is remembered of alerts while the service runs: where they stand, what people set, what equity was.

Read from the store at an account's first look, and asked anew before anything is told: a person may have acknowledged
it meanwhile. While an alert stands it is asked anew every few seconds too: a snooze may have begun that ends before
anything else would be told. A calm account costs the store nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from guard.alerts.conditions import NOTHING_ELSE, Facts
from guard.alerts.drawdown import WINDOW, EquityPeaks
from guard.alerts.engine import is_open
from guard.alerts.named_shocks import NamedShock, own_shocks
from guard.alerts.rulebook import Thresholds, merged
from guard.alerts.rules import Rule
from guard.app.alert_settings import AlertingPolicy
from guard.ports.alerting import AlertBriefing, AlertState, MaintenanceRecord, RuleSetting
from guard.ports.clock import Clock
from guard.ports.records import AccountRecord, Reading, Snapshot
from guard.protect.worth import dollars, worth
from guard.risk.assets import FIAT, STABLE
from guard.risk.book import Book
from guard.risk.quality import Quality
from guard.risk.report import AccountRisk

States = Mapping[str, AlertState]

# What people set or answered, here or in another process, holds after so long.
_SETTINGS_KEPT_S: Final = 10.0
_ANSWERS_KEPT_S: Final = 10.0
AGO: Final = timedelta(minutes=15)
"""How old the levels are that a message compares with."""
_STEP: Final = timedelta(minutes=1)


class MemoryStore(Protocol):
    """What is asked."""

    async def alert_briefing(self, account_id: str, now: datetime) -> AlertBriefing:
        """Where the account's alerts stand, and the windows that are not over."""
        ...

    async def all_rule_settings(self) -> list[RuleSetting]:
        """The thresholds that people set."""
        ...

    async def equity_peaks(self, account_id: str, since: datetime, unless: str) -> list[tuple[datetime, float, str]]:
        """The highest equity of each hour."""
        ...

    async def snapshot_near(self, account_id: str, at: datetime, within: timedelta) -> Snapshot | None:
        """What was known at about a moment."""
        ...


@dataclass(slots=True)
class _Account:
    """What is known of one account; None: not read yet. `asked_s` is when the store was asked for the states."""

    states: States | None = None
    asked_s: float = 0.0
    peaks: EquityPeaks | None = None
    levels: list[Snapshot] = field(default_factory=list)


class AlertMemory:
    """The memory of all accounts.

    Args:
        store: what survives.
        clock: time.
        policy: what is configured.
    """

    def __init__(self, store: MemoryStore, clock: Clock, policy: AlertingPolicy) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self._accounts: dict[str, _Account] = {}
        self._configured: dict[str, Thresholds] = {}
        self._own: Mapping[str, tuple[RuleSetting, ...]] = {}
        self._own_s: float | None = None

    async def states(self, account_id: str) -> States:
        """Where an account's alerts stand, by fingerprint."""
        account = self._account(account_id)
        if account.states is None or self._may_be_answered(account):
            return (await self.asked(account_id, self._clock.now()))[0]
        return account.states

    async def asked(self, account_id: str, now: datetime) -> tuple[States, tuple[MaintenanceRecord, ...]]:
        """The same from the store, with the maintenance windows of everybody."""
        self._account(account_id).asked_s = self._clock.monotonic()
        briefing = await self._store.alert_briefing(account_id, now)
        return {state.fingerprint: state for state in briefing.states}, briefing.windows

    def _may_be_answered(self, account: _Account) -> bool:
        """Whether somebody may have answered since the store was asked: there is something to answer."""
        if self._clock.monotonic() - account.asked_s < _ANSWERS_KEPT_S:
            return False
        return any(is_open(state) for state in (account.states or {}).values())

    def is_kept(self, account_id: str, states: States) -> bool:
        """Whether memory holds just these."""
        return self._account(account_id).states == states

    def keep(self, account_id: str, states: States) -> None:
        """These were stored."""
        self._account(account_id).states = states

    def forget(self, account_id: str) -> None:
        """Nobody knows what was stored: ask anew."""
        self._account(account_id).states = None

    def drop(self, account_id: str) -> None:
        """There is no such account any more."""
        self._accounts.pop(account_id, None)

    def settings_changed(self) -> None:
        """Somebody set a threshold: ask for them at the next look."""
        self._own_s = None

    async def thresholds(self, record: AccountRecord) -> Thresholds:
        """What holds for an account: as configured, with people's own on top."""
        now_s = self._clock.monotonic()
        if self._own_s is None or now_s - self._own_s > _SETTINGS_KEPT_S:
            found: dict[str, list[RuleSetting]] = {}
            for setting in await self._store.all_rule_settings():
                found.setdefault(setting.account_id, []).append(setting)
            self._own, self._own_s = {account_id: tuple(own) for account_id, own in found.items()}, now_s
        configured = self._configured.get(record.name)
        if configured is None:
            configured = self._configured[record.name] = self._policy.thresholds(record.name)
        own = self._own.get(record.account_id)
        return configured if own is None else merged(configured, ((each.rule, each.value) for each in own))

    async def facts(self, reading: Reading, thresholds: Thresholds) -> Facts:
        """What the rules of an account need to know besides its reading. Figures that cannot be believed are none."""
        if reading.risk is None or reading.fetched is None or reading.quality.quality is not Quality.FRESH:
            return NOTHING_ELSE
        known = await self._money(reading, reading.fetched.book, reading.risk, thresholds)
        return replace(known, shocks=self._shocks(reading))

    def _shocks(self, reading: Reading) -> tuple[NamedShock, ...]:
        """The named shocks of an account: a person's own, else the configured ones."""
        own = own_shocks(each.rule for each in self._own.get(reading.account_id, ()))
        return self._policy.shocks(reading.account) if own is None else own

    async def _money(self, reading: Reading, book: Book, risk: AccountRisk, thresholds: Thresholds) -> Facts:
        """What rules about money need to know."""
        money = thresholds.get(Rule.AVAILABLE_MONEY) is not None
        available = _available(book, risk) if money else None
        if thresholds.get(Rule.DRAWDOWN) is None:
            return Facts(available=available)
        account = self._account(reading.account_id)
        if account.peaks is None:
            account.peaks = await self._peaks(reading, risk)
        equity = worth(book, risk)
        account.peaks.add(reading.at, equity)
        return Facts(equity, account.peaks.peak(reading.at), available)

    def remember(self, reading: Reading) -> None:
        """Keep the levels of a reading, once a minute, for whoever compares with them a while later."""
        if reading.risk is None:
            return
        levels = self._account(reading.account_id).levels
        if levels and reading.at - levels[-1].at < _STEP:
            return
        levels.append(_levels(reading, reading.risk))
        while len(levels) > 1 and levels[1].at <= reading.at - AGO:
            levels.pop(0)

    async def levels_ago(self, reading: Reading) -> Snapshot | None:
        """What was known a quarter of an hour ago, from history where this process does not remember it."""
        known = self.levels_before(reading.account_id, reading.at)
        if known is not None:
            return known
        return await self._store.snapshot_near(reading.account_id, reading.at - AGO, AGO / 3)

    def levels_before(self, account_id: str, now: datetime) -> Snapshot | None:
        """What was known a quarter of an hour ago; None: it is not remembered."""
        levels = self._account(account_id).levels
        old = [each for each in levels[:2] if each.at <= now - AGO]
        return old[-1] if old and now - old[-1].at <= 2 * AGO else None

    def money_moved(self, account_id: str) -> None:
        """Money came or went: what equity was before is no measure any more."""
        peaks = self._account(account_id).peaks
        if peaks is not None:
            peaks.restart()

    async def _peaks(self, reading: Reading, risk: AccountRisk) -> EquityPeaks:
        """From history, where that tells the whole account: one pool, in dollars of some kind."""
        if len(risk.pools) != 1 or risk.pools[0].currency not in STABLE | FIAT:
            return EquityPeaks()
        currency = risk.pools[0].currency
        rows = await self._store.equity_peaks(reading.account_id, reading.at - WINDOW, Rule.MONEY.value)
        return EquityPeaks((at, equity) for at, equity, of in rows if of == currency)

    def _account(self, account_id: str) -> _Account:
        return self._accounts.setdefault(account_id, _Account())


def _levels(reading: Reading, risk: AccountRisk) -> Snapshot:
    """The levels of a reading; nothing else of it is kept."""
    worst = max(risk.pools, key=lambda pool: (pool.risk_ratio is None, pool.risk_ratio or 0.0), default=None)
    return Snapshot(
        account_id=reading.account_id,
        account=reading.account,
        at=reading.at,
        zone=reading.zone,
        reason=reading.reason,
        quality=reading.quality.quality.value,
        data_at=reading.at,
        currency=worst.currency if worst else None,
        equity=worst.equity if worst else None,
        unrealized_pnl=None,
        initial_margin=None,
        maintenance_margin=None,
        available_margin=None,
        risk_ratio=risk.risk_ratio,
        margin_level=risk.margin_level,
        distance=risk.distance,
        effective_leverage=None,
        error=None,
    )


def _available(book: Book, risk: AccountRisk) -> float | None:
    """Free margin of the pools with positions, in dollars; None where one has no price."""
    total = 0.0
    for pool in risk.pools:
        if not pool.positions or pool.symbol is not None:
            continue
        amount = dollars(book, pool.currency, pool.available_margin)
        if amount == 0.0 and pool.available_margin != 0.0:
            return None
        total += amount
    return total if any(pool.positions for pool in risk.pools) else float("inf")
