"""Everything the service needs, looked at one by one; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guard.app.accounts import check_account
from guard.app.alerting import helpers_of
from guard.app.channels import destinations_of, require_known, second_channels
from guard.app.clock import SystemClock
from guard.app.idle_settings import idle_lines
from guard.app.opening import Opened, opened
from guard.app.settings import Settings
from guard.bot.standalone import standalone_sender
from guard.ports.errors import GuardError
from guard.store.migrate import scripts_folder
from guard.store.schema import require_current

CLOCK_SKEW_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `detail` says what is, or what to do; `warning`: works, but may not be enough."""

    what: str
    ok: bool
    detail: str
    warning: bool = False


async def examine(settings: Settings) -> list[Finding]:
    """Look at configuration, database, key, Telegram and every account."""
    idle = [Finding("configuration", ok=True, detail=line, warning=True) for line in idle_lines(settings)]
    findings = [
        Finding("configuration", ok=True, detail=str(settings.file or "built-in defaults")),
        *idle,
        _try("migration scripts", lambda: str(scripts_folder())),
    ]
    schema = _try("database schema", lambda: _schema(settings))
    findings.append(schema)
    if schema.ok:
        try:
            async with opened(settings) as everything:
                findings.append(Finding("master key", ok=True, detail="opens the stored credentials"))
                findings += await _people(everything)
                findings += await _accounts(everything)
                findings.append(await look_at_escalation(everything))
        except GuardError as error:
            findings.append(Finding("master key", ok=False, detail=str(error)))
    findings.append(await _telegram(settings))
    findings.append(await _second(settings))
    return findings


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, ok=True, detail=look())
    except GuardError as error:
        return Finding(what, ok=False, detail=str(error))


def _schema(settings: Settings) -> str:
    require_current(settings.database.url)
    return f"{settings.database.url} is current"


async def _second(settings: Settings) -> Finding:
    """Whether every second channel is one; nothing is sent, `guard test-alert` does."""
    what = "second channels"
    try:
        second = second_channels(settings)
        await require_known(second)
    except GuardError as error:
        return Finding(what, ok=False, detail=str(error))
    count = len(destinations_of(second))
    return Finding(what, ok=True, detail=f"{count} in apprise.urls_file" if count else "off")


async def look_at_escalation(everything: Opened) -> Finding:
    """Whether somebody else is there for danger that the first ones do not acknowledge."""
    what, settings, store = "escalation", everything.settings, everything.store
    alerts = settings.alerts
    if alerts.escalate_after_s is None and alerts.second_person_after_s is None:
        return Finding(what, ok=True, detail="off ([alerts] escalate_after_s, second_person_after_s)")
    records = await store.accounts() if settings.apprise.urls_file is None else []
    person = alerts.second_person
    alone = [record.name for record in records if not await helpers_of(store, record.account_id, person)]
    if not alone:
        return Finding(what, ok=True, detail="danger that nobody acknowledges is told further")
    missing = "add a second channel ([apprise] urls_file) or an operator (guard user role)"
    return Finding(what, ok=True, detail=f"nobody else to tell of {', '.join(alone)}: {missing}", warning=True)


async def _people(everything: Opened) -> list[Finding]:
    users = await everything.store.users()
    findings = []
    for user in users:
        chats = [chat for chat in await everything.store.chats_of(user.user_id) if chat.dead_since is None]
        detail = f"{len(chats)} linked chats" if chats else f"no linked chat; run: guard user link {user.name}"
        findings.append(Finding(f"user {user.name}", ok=bool(chats), detail=detail))
    return findings or [Finding("users", ok=True, detail="none yet; alerts go to the console")]


async def _accounts(everything: Opened) -> list[Finding]:
    records = await everything.store.accounts(secrets=True)
    findings = []
    for record in records:
        what = f"account {record.name}"
        try:
            verdict = await check_account(everything, record)
        except GuardError as error:
            findings.append(Finding(what, ok=False, detail=str(error)))
            continue
        skew = verdict.check.clock_skew_ms
        problems = list(verdict.problems)
        if abs(skew) > CLOCK_SKEW_MS:
            problems.append(f"this machine's clock is {skew:+.0f} ms off the venue's: synchronise it")
        detail = "; ".join(problems) or f"read well, mode {record.mode}"
        findings.append(Finding(what, ok=not problems, detail=detail))
    return findings or [Finding("accounts", ok=False, detail="none yet; run: guard account add")]


async def _telegram(settings: Settings) -> Finding:
    try:
        token = settings.telegram.token()
        if token is None:
            return Finding("Telegram", ok=True, detail="off; alerts go to the console only")
        async with standalone_sender(token, settings.telegram.base_url) as sender:
            name = await sender.whoami() if sender else ""
    except GuardError as error:
        return Finding("Telegram", ok=False, detail=str(error))
    return Finding("Telegram", ok=True, detail=f"the bot is {name}, checked at {SystemClock().now():%H:%M:%S} UTC")
