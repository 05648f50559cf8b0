"""Adding, checking and arming accounts: what a person does before the service runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from guard.app.judge import JudgePolicy, judge
from guard.app.names import check_name
from guard.app.opening import Opened
from guard.app.watch import watch_of
from guard.ports.errors import InputError
from guard.ports.records import AccountRecord, Mode, Reading
from guard.ports.venue import AccountCheck, AccountSpec
from guard.protect.watched_only import watched_only
from guard.risk.reportfile import report_json
from guard.risk.zones import ZoneState
from guard.venues.registry import open_account

ARMED: Final = frozenset({"confirm", "auto"})
"""Modes in which orders may be sent."""


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """An account read live, and what stands against watching it (`problems`) or is worth knowing (`warnings`)."""

    record: AccountRecord
    check: AccountCheck
    reading: Reading
    policy: JudgePolicy
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


async def check_account(opened: Opened, record: AccountRecord) -> CheckVerdict:
    """Read an account now and judge what was read.

    Raises:
        VenueError: the venue could not be read; the message says what to do.
    """
    started = opened.clock.monotonic()
    account = await open_account(record.spec, opened.clock)
    try:
        check = await account.check()
    finally:
        await account.close()
    watch = watch_of(record, opened.settings)
    reading = judge(
        record,
        check.fetched,
        ZoneState(),
        watch.policy,
        now=opened.clock.now(),
        duration_ms=(opened.clock.monotonic() - started) * 1000,
    )
    problems = tuple(reading.quality.reasons) if reading.quality.quality.value != "fresh" else ()
    warnings = check.warnings
    if record.mode in ARMED and check.rights.trade is False:
        problems += (f"the account is armed (mode {record.mode}) but its key may not trade",)
    return CheckVerdict(record, check, reading, watch.policy, problems, warnings)


async def add_account(
    opened: Opened, spec: AccountSpec, *, owner: str | None, allow_withdraw_key: bool
) -> AccountCheck:
    """Check an account live and store it in mode observe.

    Raises:
        InputError: the name is taken or cannot be one, the owner unknown, or the key may withdraw and that was
            not allowed.
        VenueError: the venue does not accept the account; nothing is stored.
    """
    check_name("account", spec.name)
    if await opened.store.account_named(spec.name) is not None:
        raise InputError(
            f"an account called {spec.name} exists", fix=f"guard account remove {spec.name}, or take another name"
        )
    user = await opened.user(owner) if owner else None
    record = AccountRecord(
        account_id=opened.ids.new("account"),
        spec=spec,
        owner=user.user_id if user else None,
        mode="observe",
        created_at=opened.clock.now(),
    )
    verdict = await check_account(opened, record)
    if verdict.check.rights.withdraw and not allow_withdraw_key:
        raise InputError(
            f"the key of {spec.name} may withdraw funds: whoever steals it empties the account",
            fix="make a key without withdrawal rights at the venue, or insist with --allow-withdraw-key",
        )
    await opened.store.add_account(record)
    return replace(verdict.check, warnings=verdict.warnings + verdict.problems)


async def set_mode(
    opened: Opened, name: str, mode: Mode, until: datetime | None = None, *, ends_freeze: bool = True
) -> tuple[str, ...]:
    """Arm or disarm an account; arming (confirm, auto) needs a key that may trade and an account that reads clean.

    Args:
        opened: what is open.
        name: of the account.
        mode: what the guard may do from now on.
        until: when it is back to observe by itself; None = never.
        ends_freeze: arming also ends a freeze that there was before: where nothing else does, a person looked at the
            account and says to go on.

    Raises:
        InputError: the account cannot be armed; the message says why.
        VenueError: the venue could not be asked.
    """
    record = await opened.account(name, secrets=True)
    warnings: tuple[str, ...] = ()
    if mode in ARMED:
        verdict = await check_account(opened, record)
        refuse_arming(record, verdict.check, verdict.problems)
        refuse_twin(record, await opened.store.accounts(secrets=True))
        warnings = verdict.warnings
    await opened.store.set_mode(record.account_id, mode, until)
    if ends_freeze and mode in ARMED and record.frozen:
        await opened.store.set_frozen(record.account_id, False)
        warnings += ("automation of this account was frozen; it goes on from now",)
    return warnings


def refuse_arming(record: AccountRecord, check: AccountCheck, problems: tuple[str, ...]) -> None:
    """Raise InputError where an account must not be armed.

    Args:
        record: the account.
        check: what was just read of it.
        problems: what stands against trusting that.

    Raises:
        InputError: says why, and what to do.
    """
    name, venue, trade = record.name, record.spec.venue, check.rights.trade
    if not check.can_trade:
        raise InputError(
            f"{name} cannot be armed: the guard sends no orders at {venue}, accounts there are watched only",
            fix="its alerts work as before; act at the venue yourself",
        )
    if trade is None:
        raise InputError(
            f"{name} cannot be armed: {venue} does not tell whether its key may trade, so nobody could know in time",
            fix="its alerts work as before; act at the venue yourself",
        )
    if not trade:
        raise InputError(
            f"{name} cannot be armed: its key may not trade", fix="enable futures trading for the key at the venue"
        )
    if problems:
        raise InputError(f"{name} cannot be armed: {'; '.join(problems)}", fix=f"see: guard account check {name}")
    unknown = watched_only(check.fetched.book)
    if unknown:
        raise InputError(
            f"{name} cannot be armed: {unknown}",
            fix="its alerts work as before; a margin mode whose rule is published can be armed",
        )


def refuse_twin(record: AccountRecord, others: Iterable[AccountRecord]) -> None:
    """Raise InputError where an account that is armed has the same key: both would sell the same legs at once.

    Raises:
        InputError: says which.
    """
    for other in others:
        if other.account_id != record.account_id and other.mode in ARMED and _is_same(record.spec, other.spec):
            raise InputError(
                f"{record.spec.name} cannot be armed: {other.spec.name} has the same key and is armed, both would act "
                "on the same positions",
                fix=f"disarm {other.spec.name} first, or remove one of the two",
            )


def _is_same(one: AccountSpec, other: AccountSpec) -> bool:
    """Whether two accounts are certainly one at the venue; two keys of one account look like two."""
    mine, theirs = one.credentials, other.credentials
    if one.venue != other.venue:
        return False
    same_key = mine.api_key != "" and mine.api_key == theirs.api_key
    return same_key or (mine.wallet_address != "" and mine.wallet_address.lower() == theirs.wallet_address.lower())


def check_json(verdict: CheckVerdict) -> dict[str, object]:
    """The answer of `guard account check --json`."""
    check, reading = verdict.check, verdict.reading
    rights = check.rights
    return {
        "account": verdict.record.name,
        "venue": verdict.record.spec.venue,
        "ok": not verdict.problems,
        "problems": list(verdict.problems),
        "warnings": list(verdict.warnings),
        "account_mode": check.account_mode,
        "position_mode": check.position_mode,
        "settles": list(check.settles),
        "clock_skew_ms": round(check.clock_skew_ms, 1),
        "rights": {
            "read": rights.read,
            "trade": rights.trade,
            "withdraw": rights.withdraw,
            "transfer": rights.transfer,
            "ip_restricted": rights.ip_restricted,
        },
        "risk": report_json(reading.risk, reading.quality.quality, reading.zone, reading.reason)
        if reading.risk
        else None,
    }
