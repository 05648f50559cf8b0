"""What the commands over alerts ask for: states, acknowledging, snoozing, thresholds; answered.

Every answer is written as one with what it was read from, so that a cycle at the same moment neither loses it nor is
lost, and is remembered with who gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

import structlog

from guard.alerts.engine import acknowledge, gravity, is_grave, is_open, snooze
from guard.alerts.named_shocks import (
    ALL,
    NamedShock,
    assets_of,
    is_stored,
    names_assets,
    own_shocks,
    read_shocks,
    stored_name,
)
from guard.alerts.rulebook import RULES, RuleSpec, Thresholds, merged, read_threshold, rule_named
from guard.alerts.rules import Rule
from guard.alerts.telling import was_told
from guard.app.alert_settings import AlertingPolicy
from guard.app.answered_copies import AlertAnswer
from guard.app.desks.backstage import Answers
from guard.app.desks.rights import allowed, require, roles_of
from guard.bot.desks.alerting import AlertBoard, Answered, OpenAlert, RuleLine, ToldAlert
from guard.ports.alerting import AlertState, AuditRecord, MaintenanceRecord, RuleSetting
from guard.ports.errors import InputError, NotAllowed
from guard.ports.records import AccountRecord, Role, Snapshot

log = structlog.get_logger(__name__)

GRAVE_SNOOZE_MAX: Final = timedelta(hours=4)
"""Danger is silent this long at most: whoever snoozed it may be asleep."""

DEFAULT: Final = "default"
OFF: Final = "off"


class AlertingAnswers(Answers):
    """Answers `guard.bot.desks.alerting.AlertingDesk`."""

    async def alert_boards(self, user_id: str, since: datetime) -> list[AlertBoard]:
        """Alerts of every account that the person may see, by name."""
        store, now = self._stage.store, self._stage.clock.now()
        names = {user.user_id: user.name for user in await store.users()}
        windows = await store.maintenance(now)
        boards = []
        for account, role in await roles_of(store, user_id):
            states = await store.alert_states(account.account_id)
            recent = await store.alerts(since, account.account_id)
            boards.append(
                AlertBoard(
                    account_id=account.account_id,
                    account=account.name,
                    role=role,
                    open=_opened(states, names, await store.latest_snapshot(account.account_id) if states else None),
                    recent=tuple(
                        ToldAlert(each.at, _title(each.rule), each.zone, each.reason, was_told(each)) for each in recent
                    ),
                    windows=tuple(window for window in windows if _covers(window, account)),
                )
            )
        return boards

    async def acknowledge(self, user_id: str, account_id: str, rank: int | None = None) -> Answered:
        """The person has seen the alerts of an account that are at most as grave as `rank`."""
        account = await require(self._stage.store, user_id, account_id, "operator")
        now = self._stage.clock.now()
        answered, states = await self._answer(account, rank, lambda state: acknowledge(state, user_id, now))
        await self._audit(user_id, account_id, "acknowledge", _alerts(answered.count))
        await self._show_others(account_id, states, user_id, now, typed=rank is None)
        return answered

    async def snooze(self, user_id: str, account_id: str, until: datetime, rank: int | None = None) -> Answered:
        """Silence about the alerts of an account until then, or until one gets worse."""
        account = await require(self._stage.store, user_id, account_id, "operator")
        now = self._stage.clock.now()
        states = await self._stage.store.alert_states(account_id)
        grave = any(is_grave(state.level) for state in states if _is_meant(state, rank))
        until = min(until, now + GRAVE_SNOOZE_MAX) if grave else until
        answered, meant = await self._answer(account, rank, lambda state: snooze(state, user_id, now, until))
        await self._audit(user_id, account_id, "snooze", f"{_alerts(answered.count)} until {until.isoformat()}")
        await self._show_others(account_id, meant, user_id, now, until, typed=rank is None)
        return Answered(answered.account, answered.count, answered.graver, until)

    async def _answer(
        self, account: AccountRecord, rank: int | None, change: Callable[[AlertState], AlertState]
    ) -> tuple[Answered, list[AlertState]]:
        """Change every open alert of an account that is no graver than what was shown, and was told; which they are."""
        store, graver, worst = self._stage.store, None, 0
        meant: list[AlertState] = []

        def changed(state: AlertState) -> AlertState:
            # Looked at once more where it is written: it may have become worse since it was read.
            return change(state) if is_open(state) and _is_meant(state, rank) else state

        for state in await store.alert_states(account.account_id):
            after = await store.change_alert_state(state.fingerprint, changed)
            if after is None or not is_open(after):
                continue
            if _is_meant(after, rank):
                meant.append(after)
            elif rank is not None and _rank(after) > rank and _rank(after) > worst:
                worst, graver = _rank(after), after.level
        log.info("alerts answered", account=account.name, count=len(meant))
        return Answered(account.name, len(meant), graver), meant

    async def _show_others(
        self,
        account_id: str,
        states: Sequence[AlertState],
        user_id: str,
        at: datetime,
        until: datetime | None = None,
        *,
        typed: bool,
    ) -> None:
        """What the others have of these alerts says from now on who answered."""
        person = await self._stage.store.user(user_id) if states else None
        if person is not None:
            since = min(state.since for state in states)
            names = tuple(state.fingerprint for state in states)
            self._stage.answered(AlertAnswer(account_id, names, since, user_id, person.name, at, until, typed))

    async def rules(self, user_id: str, account_id: str) -> list[RuleLine]:
        """The rules of an account, in the order in which people read them."""
        account = await require(self._stage.store, user_id, account_id, "viewer")
        own = {each.rule: each.value for each in await self._stage.store.rule_settings(account_id)}
        held = merged(self._configured(account), own.items())
        return [
            self._shocks_line(account, own) if spec.rule is Rule.SHOCKS else _line(spec, held, own=name in own)
            for name, spec in RULES.items()
        ]

    async def set_rule(self, user_id: str, account_id: str, rule: str, value: str) -> RuleLine:
        """Set a threshold as a person writes it, or the configured one again."""
        store = self._stage.store
        account = await require(store, user_id, account_id, "owner")
        spec = rule_named(rule)
        if spec.rule is Rule.SHOCKS or (spec.rule is Rule.STRESS and names_assets(value)):
            return await self._set_shocks(user_id, account, value)
        name, own = spec.rule.value, value.strip().casefold() != DEFAULT
        if own:
            threshold = read_threshold(spec, value)
            await store.set_rule(RuleSetting(account_id, name, threshold, user_id, self._stage.clock.now()))
        else:
            await store.forget_rule(account_id, name)
        await self._audit(user_id, account_id, "set", f"{name} {value.strip()}")
        log.info("threshold set", account=account.name, rule=name, value=value.strip())
        settings = await store.rule_settings(account_id)
        held = merged(self._configured(account), ((each.rule, each.value) for each in settings))
        return _line(spec, held, own=own)

    async def _set_shocks(self, user_id: str, account: AccountRecord, value: str) -> RuleLine:
        """The account's own named shocks, none (`off`), or the configured ones again."""
        store, account_id, word = self._stage.store, account.account_id, value.strip().casefold()
        shocks = () if word in {DEFAULT, OFF} else self._movable(account_id, read_shocks(value))
        kept = None if word == DEFAULT else stored_name(shocks)
        if kept is not None:
            on = 1.0 if shocks else None
            await store.set_rule(RuleSetting(account_id, kept, on, user_id, self._stage.clock.now()))
        for setting in await store.rule_settings(account_id):
            if is_stored(setting.rule) and setting.rule != kept:
                await store.forget_rule(account_id, setting.rule)
        await self._audit(user_id, account_id, "set", f"shocks {value.strip()}")
        log.info("named shocks set", account=account.name, value=value.strip())
        return self._shocks_line(account, {each.rule: each.value for each in await store.rule_settings(account_id)})

    def _movable(self, account_id: str, shocks: tuple[NamedShock, ...]) -> tuple[NamedShock, ...]:
        """The shocks, if each moves something that the account holds: one that moves nothing would look like safety."""
        book = self._stage.book_of(account_id)
        if book is None or not book.positions:
            return shocks
        held = assets_of(book)
        unknown = [asset for shock in shocks for asset in shock.assets if asset not in {ALL, *held}]
        if unknown:
            raise InputError(f"the account has no {unknown[0]}", fix=f"it has {', '.join(sorted(held.values()))}")
        return shocks

    def _shocks_line(self, account: AccountRecord, names: Iterable[str]) -> RuleLine:
        own = own_shocks(names)
        shocks = AlertingPolicy.of(self._stage.settings).shocks(account.name) if own is None else own
        line = _line(RULES[Rule.SHOCKS.value], {} if shocks else {Rule.SHOCKS: None}, own=own is not None)
        return replace(line, text=", ".join(shock.name for shock in shocks))

    async def set_quiet(self, user_id: str, quiet_from: time | None, quiet_to: time | None) -> None:
        """The person's quiet hours in their own zone."""
        await self._stage.store.set_quiet(user_id, quiet_from, quiet_to)
        hours = "off" if quiet_from is None or quiet_to is None else f"{quiet_from:%H:%M}-{quiet_to:%H:%M}"
        await self._audit(user_id, None, "quiet", hours)

    async def quiet_hours(self, user_id: str) -> tuple[time, time] | None:
        """The person's quiet hours in their own zone."""
        person = await self._stage.store.user(user_id)
        if person is None or person.quiet_from is None or person.quiet_to is None:
            return None
        return person.quiet_from, person.quiet_to

    async def begin_maintenance(self, user_id: str, account_id: str | None, until: datetime, reason: str) -> None:
        """From now until then only liquidation is told of an account, or of all that the person owns."""
        await self._require_for_window(user_id, account_id)
        now, window_id = self._stage.clock.now(), self._stage.ids.new("window")
        window = MaintenanceRecord(window_id, user_id, account_id, now, until, reason)
        await self._stage.store.add_maintenance(window)
        await self._audit(user_id, account_id, "maintenance", f"until {until.isoformat()}: {reason}")

    async def end_maintenance(self, user_id: str, account_id: str | None) -> int:
        """End open windows of an account, or all that the person may end."""
        store, now = self._stage.store, self._stage.clock.now()
        if account_id is not None:
            await require(store, user_id, account_id, "operator")
        mine = {account.account_id for account in await allowed(store, user_id, "operator")}
        if not mine:
            raise await self._refusal(user_id, "operator")
        ended = 0
        for window in await store.maintenance(now):
            is_mine = window.user_id == user_id if window.account_id is None else window.account_id in mine
            if is_mine and account_id in {None, window.account_id}:
                await store.end_maintenance(window.window_id, now)
                ended += 1
        await self._audit(user_id, account_id, "maintenance", f"ended {ended}")
        return ended

    async def _require_for_window(self, user_id: str, account_id: str | None) -> None:
        store = self._stage.store
        if account_id is not None:
            await require(store, user_id, account_id, "operator")
        elif not await allowed(store, user_id, "owner"):
            raise await self._refusal(user_id, "owner")

    async def _refusal(self, user_id: str, needed: Role) -> NotAllowed:
        """Why somebody may do this with none of their accounts."""
        seen = await roles_of(self._stage.store, user_id)
        return NotAllowed(needed, seen[0][1], seen[0][0].name) if seen else NotAllowed(needed)

    def _configured(self, account: AccountRecord) -> Thresholds:
        return AlertingPolicy.of(self._stage.settings).thresholds(account.name)

    async def _audit(self, user_id: str, account_id: str | None, what: str, detail: str) -> None:
        record = AuditRecord(self._stage.clock.now(), user_id, account_id, what, detail)
        await self._stage.store.record_audit(record)


def _opened(states: list[AlertState], names: Mapping[str, str], seen: Snapshot | None) -> tuple[OpenAlert, ...]:
    found = [
        OpenAlert(
            rule=state.rule,
            title=_title(state.rule),
            level=state.level,
            rank=_rank(state),
            status=state.status,
            headline=_headline(state, seen),
            since=state.since,
            told_at=state.told_at,
            seen_by=None if state.seen_by is None else names.get(state.seen_by),
            snoozed_until=state.snoozed_until,
            gone_since=state.clear_since if gravity(state.level) >= gravity(state.told_level) else None,
        )
        for state in states
    ]
    return tuple(sorted(found, key=lambda alert: (-alert.rank, alert.since)))


def _headline(state: AlertState, seen: Snapshot | None) -> str:
    """What holds, of the zone with the figure of now: the one that is remembered is of when it was told."""
    of_now = seen is not None and state.rule == Rule.ZONE and seen.zone is state.level
    return seen.reason if of_now and seen is not None else state.headline


def _alerts(count: int) -> str:
    return f"{count} alert" if count == 1 else f"{count} alerts"


def _title(rule: str) -> str:
    return RULES[rule].title if rule in RULES else rule


def _rank(state: AlertState) -> int:
    return gravity(state.level)


def _is_meant(state: AlertState, rank: int | None) -> bool:
    """Whether an answer is to this alert: to all that stand, or (a button) to a message that can have told of it."""
    return rank is None or (_rank(state) <= rank and state.told_at is not None)


def _covers(window: MaintenanceRecord, account: AccountRecord) -> bool:
    if window.account_id is None:
        return window.user_id == account.owner
    return window.account_id == account.account_id


def _line(spec: RuleSpec, held: Mapping[Rule, float | None], *, own: bool) -> RuleLine:
    value = held.get(spec.rule)
    return RuleLine(
        name=spec.rule.value,
        title=spec.title,
        help=spec.help,
        unit=spec.unit.value,
        value=value,
        is_off=value is None if spec.has_threshold else spec.rule in held,
        own=own,
        optional=spec.optional,
    )
