"""Who somebody is to the guard, in words: roles, language, groups. Pure; Telegram HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from guard.bot.desks.people import AccountStanding
from guard.bot.limits import fitted
from guard.bot.more import more_accounts
from guard.bot.status_text import NAME_CLIP, escaped
from guard.bot.texts import role_word
from guard.language.catalogue import LANGUAGES
from guard.language.speech import Speech
from guard.ports.records import UserRecord


def whoami(
    speech: Speech,
    person: UserRecord,
    chat_user_id: int,
    chat_id: int,
    standings: Sequence[AccountStanding],
    now: datetime,
) -> str:
    """Who the guard thinks this is: ids, language and zone, accounts with roles."""
    held = [f"{standing.account} ({role_word(speech, standing.role)})" for standing in standings]
    return "\n".join(
        [
            speech.text("You are <b>{name}</b>.", name=escaped(person.name)),
            speech.text("Telegram user id: <code>{id}</code>", id=chat_user_id),
            speech.text("This chat's id: <code>{id}</code>", id=chat_id),
            speech.text("Language: {language}", language=LANGUAGES[speech.language]),
            _zone(speech, person.timezone, now),
            speech.text(
                "Accounts: {accounts}", accounts=escaped(", ".join(held), 1000) if held else speech.text("none")
            ),
        ]
    )


def accounts(speech: Speech, standings: Sequence[AccountStanding]) -> str:
    """One paragraph for each account."""
    return fitted("", [_account(speech, standing) for standing in standings], "", partial(more_accounts, speech))


def _account(speech: Speech, standing: AccountStanding) -> str:
    owner = speech.text("nobody") if standing.owner is None else escaped(standing.owner, NAME_CLIP)
    lines = [
        f"<b>{escaped(standing.account, NAME_CLIP)}</b>, {escaped(standing.venue, 40)}",
        speech.text(
            "you: {role}, owner: {owner}, mode: {mode}",
            role=role_word(speech, standing.role),
            owner=owner,
            mode=standing.mode,
        ),
    ]
    if standing.frozen:
        lines.append(speech.text("Frozen: the guard does not act, it only watches."))
    return "\n".join(lines)


def language(speech: Speech, name: str, timezone: str, now: datetime) -> str:
    """The language and the zone in which one is told things, and how to change the zone."""
    return "\n".join(
        [
            speech.text("Language: {language}", language=name),
            _zone(speech, timezone, now),
            speech.text("Another time zone: /lang Asia/Tokyo"),
        ]
    )


def _zone(speech: Speech, timezone: str, now: datetime) -> str:
    return speech.text(
        "Time zone: {zone}, it is {now} there", zone=escaped(timezone, NAME_CLIP), now=speech.clock_time(now)
    )


def unknown_zone(speech: Speech, typed: str, nearest: str | None) -> str:
    """What was typed is no time zone, and the nearest that is."""
    said = speech.text("{typed} is no language I know and no time zone.", typed=escaped(typed, 40))
    if nearest is None:
        return f"{said}\n{speech.text('Name a zone like this: /lang Asia/Tokyo')}"
    return f"{said}\n{speech.text('Did you mean this? /lang {zone}', zone=escaped(nearest, 40))}"


def group_linked(speech: Speech, account: str | None) -> str:
    """Alerts go into this group or topic too."""
    if account is None:
        said = speech.text("The alerts of all accounts that you own go here too from now on.")
    else:
        said = speech.text("The alerts of <b>{account}</b> go here too from now on.", account=escaped(account, 64))
    return f"{said}\n{speech.text('Everybody here can read them. /here off ends it.')}"


def group_ended(speech: Speech, *, ended: bool) -> str:
    """No alerts go into this group or topic any more."""
    if ended:
        return speech.text("No alerts of yours go here any more.")
    return speech.text("No alerts of yours went here.")
