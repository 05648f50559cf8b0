"""The state of the service in words, as one person may see it. Pure; Telegram HTML."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from guard.bot.desks.upkeep import AccountState, Drill, ServiceState
from guard.bot.limits import fitted
from guard.bot.more import more_accounts
from guard.bot.status_text import ICONS, NAME_CLIP, escaped
from guard.language.speech import Speech
from guard.language.words import zone_word

_GOOD = "✅"
_BAD = "⚠️"
_OFF = "▫️"


def health_text(speech: Speech, state: ServiceState, now: datetime) -> str:
    """The verdict, the person's accounts, and the ways by which they are told."""
    accounts = sorted(state.accounts, key=_worst_first)
    service = [
        speech.text("Accounts watched here: {count}", count=speech.number(state.accounts_total)),
        _telegram(speech, state.telegram),
        _second(speech, state.second),
        _outbox(speech, state),
        _heartbeat(speech, state),
        _streams(speech, state),
        _database(speech, state),
        speech.text("Requests refused: {count}", count=speech.number(state.refusals)),
        speech.text("Version {version}", version=escaped(state.version, 40)),
    ]
    tail = "\n".join([*filter(None, service), "", speech.text("As of {at}", at=speech.moment(now))])
    cards = [_account(speech, account) for account in accounts]
    return fitted(_verdict(speech, state), cards, tail, partial(more_accounts, speech))


def drill_text(speech: Speech, drill: Drill, *, everywhere: bool) -> str:
    """What becomes of a drill, and by what the person sees whether it works."""
    names = escaped(", ".join(drill.second), 600)
    if drill.outcome == "not_owner":
        return speech.text("Only the owner of an account may ring the second channels. /test alone rings this chat.")
    if drill.outcome == "too_soon":
        return speech.text("A drill is under way already. Wait 10 s for the next one.")
    lines = [
        speech.text("A drill is on its way to this chat, by the way that an alarm takes."),
        speech.text("If it is not here within a minute, alarms do not arrive either: /health says why."),
    ]
    if not drill.second:
        lines.append(speech.text("There is no second channel: if Telegram fails, nobody is told."))
    elif everywhere:
        lines.append(speech.text("It goes to the second channels too, look there: {names}", names=names))
    else:
        lines.append(speech.text("Second channels, not rung now: {names}. /test all rings them too.", names=names))
    return "\n".join(lines)


def _verdict(speech: Speech, state: ServiceState) -> str:
    """One line that says whether a person can sleep."""
    bad = [account for account in state.accounts if _is_bad(account)]
    if bad:
        count = speech.plural(
            "{count} of your accounts is not seen well", "{count} of your accounts are not seen well", len(bad)
        )
        return f"{_BAD} <b>{count}</b>"
    if state.answers_ms is None or state.dead:
        return f"{_BAD} <b>{speech.text('The guard sees your accounts, but not all is well')}</b>"
    return f"{_GOOD} <b>{speech.text('The guard sees all your accounts')}</b>"


def _account(speech: Speech, account: AccountState) -> str:
    """An account: its zone, when it was looked at, and what is wrong."""
    name = f"{ICONS[account.zone]} <b>{escaped(account.name, NAME_CLIP)}</b>: {zone_word(speech, account.zone)}"
    if not account.watched:
        why = f": {escaped(speech.sentence(account.problem))}" if account.problem else ""
        return f"{name}\n{_BAD} {speech.text('not watched by the running service')}{why}"
    if account.checked_s is None:
        return f"{name}\n{_BAD} {speech.text('not read yet')}"
    checked = speech.duration(account.checked_s)
    lines = [name]
    if account.data_s is None:
        lines.append(speech.text("looked at {checked} ago, no figures since the start", checked=checked))
    else:
        data = speech.duration(account.data_s)
        lines.append(speech.text("looked at {checked} ago, figures {data} old", checked=checked, data=data))
    if account.problem:
        lines.append(f"{_BAD} {escaped(speech.sentence(account.problem))}")
    if account.overdue:
        lines.append(f"{_BAD} {speech.text('it should have been looked at again by now')}")
    if account.unrecorded:
        lines.append(f"{_BAD} {speech.text('the last reading was not recorded')}")
    return "\n".join(lines)


def _telegram(speech: Speech, state: str) -> str:
    match state:
        case "running":
            return f"{_GOOD} {speech.text('Telegram: connected')}"
        case "off":
            return f"{_OFF} {speech.text('Telegram: off')}"
        case "starting":
            return f"{_OFF} {speech.text('Telegram: connecting')}"
        case "bad_token":
            return f"{_BAD} {speech.text('Telegram: the token is not accepted')}"
        case _:
            return f"{_BAD} {speech.text('Telegram: not reachable')}"


def _second(speech: Speech, names: tuple[str, ...]) -> str:
    if not names:
        return f"{_OFF} {speech.text('Second channels: none, if Telegram fails nobody is told')}"
    return f"{_GOOD} {speech.text('Second channels: {names}', names=escaped(', '.join(names), 400))}"


def _outbox(speech: Speech, state: ServiceState) -> str:
    waiting = speech.plural("{count} message waits", "{count} messages wait", state.pending)
    if not state.dead:
        return f"{_GOOD} {speech.text('Delivery: {waiting}', waiting=waiting)}"
    given_up = speech.plural("{count} given up in 24 h", "{count} given up in 24 h", state.dead)
    return f"{_BAD} {speech.text('Delivery: {waiting}, {given_up}', waiting=waiting, given_up=given_up)}"


def _heartbeat(speech: Speech, state: ServiceState) -> str:
    if state.heartbeat == "off":
        return f"{_OFF} {speech.text('Heartbeat: off, nobody notices when the guard dies')}"
    if state.heartbeat_error:
        return f"{_BAD} {speech.text('Heartbeat: not heard ({error})', error=escaped(state.heartbeat_error, 120))}"
    if state.heartbeat_s is None:
        return f"{_OFF} {speech.text('Heartbeat: no good round yet')}"
    age = speech.duration(state.heartbeat_s)
    if state.heartbeat == "good":
        return f"{_GOOD} {speech.text('Heartbeat: heard {age} ago', age=age)}"
    return f"{_BAD} {speech.text('Heartbeat: the last good round was {age} ago', age=age)}"


def _streams(speech: Speech, state: ServiceState) -> str:
    healthy, total = state.streams
    if not total:
        return ""
    sign = _GOOD if healthy == total else _BAD
    return f"{sign} {speech.text('Streams: {healthy} of {total} up', healthy=healthy, total=total)}"


def _database(speech: Speech, state: ServiceState) -> str:
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(state.database, escaped(state.database, 20))
    if state.answers_ms is None:
        return f"{_BAD} {speech.text('Database {kind}: does not answer', kind=kind)}"
    shown = speech.number(state.answers_ms)
    return f"{_GOOD} {speech.text('Database {kind}: answers in {ms} ms', kind=kind, ms=shown)}"


def _is_bad(account: AccountState) -> bool:
    """Whether an account is not seen, not looked at, or not recorded."""
    return (
        not account.watched
        or account.checked_s is None
        or bool(account.problem)
        or account.overdue
        or account.unrecorded
    )


def _worst_first(account: AccountState) -> tuple[bool, str]:
    return (not _is_bad(account), account.name)
