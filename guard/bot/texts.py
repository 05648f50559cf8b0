"""What the bot says: greetings, refusals, help, hints. Pure; Telegram HTML, in the words of one person's `Speech`.

All wordings of the door and of looking but the figures (`guard.bot.status_text`, `guard.bot.history_text`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from guard.bot.desk import PictureKind
from guard.bot.status_text import ICONS, escaped
from guard.language.speech import Speech
from guard.language.words import zone_word
from guard.ports.errors import NotAllowed
from guard.ports.records import Role, Snapshot

# Strangers


def stranger(speech: Speech) -> str:
    """To somebody who is not linked."""
    return speech.text(
        "This bot is private. If it should know you, ask its owner for a link code and send it to me in a private "
        "chat:\n/start CODE"
    )


def stranger_tap(speech: Speech) -> str:
    """The notice for a tap of somebody who is not linked."""
    return speech.text("This bot is private.")


def cannot_answer(speech: Speech) -> str:
    """Something failed. Not what: when memory cannot be read, nobody is known, so anybody may be asking."""
    return speech.text("I cannot answer right now. Please try again in a minute.")


# Linking


def code_rejected(speech: Speech) -> str:
    """A code that links nobody."""
    return speech.text("This code is not valid: mistyped, already used, or expired. Ask for a new one.")


def code_in_group(speech: Speech) -> str:
    """A code that others have read."""
    return speech.text(
        "A link code works in a private chat with me only, and everybody here has now seen this one: ask for a new one."
    )


def too_many_codes(speech: Speech, wait_s: float) -> str:
    """After several wrong codes in a row."""
    return speech.text("Too many wrong codes. Try again in {wait}.", wait=speech.duration(wait_s))


def linked(speech: Speech, name: str) -> str:
    """A code was accepted."""
    return speech.text(
        "Linked. You are <b>{name}</b>, and your alerts will arrive here.\n"
        "/status shows your accounts, /help the other commands, /lang changes the language.",
        name=escaped(name),
    )


def heard_again(speech: Speech) -> str:
    """The chat had been given up, because the bot was blocked or the chat deleted."""
    return speech.text("For a while I could not write here. Your alerts arrive here again from now on.")


def already_linked(speech: Speech, name: str) -> str:
    """`/start` without a code from somebody we know."""
    return speech.text(
        "You are <b>{name}</b> and linked already.\n/status shows your accounts, /help the other commands.",
        name=escaped(name),
    )


def still_linked(speech: Speech, name: str) -> str:
    """`/start` with a bad code from somebody we know."""
    unchanged = speech.text("Nothing has changed: you are still linked as <b>{name}</b>.", name=escaped(name))
    return f"{code_rejected(speech)}\n{unchanged}"


# Refusals


def stale_button(speech: Speech) -> str:
    """The notice for a button that means nothing any more."""
    return speech.text("This button is no longer in use. Send /status.")


def not_your_button(speech: Speech) -> str:
    """The notice for a tap on what somebody else asked for."""
    return speech.text("Only the person who asked can refresh this. Send /status yourself.")


def private_only(speech: Speech) -> str:
    """What is not done where others read."""
    return speech.text("I do this in a private chat with me only.")


def too_late(speech: Speech, age_s: float) -> str:
    """What acts, and was typed too long ago to be what the person wants now."""
    return speech.text(
        "This was typed {age} ago and was not done. Send it again if you still want it.", age=speech.duration(age_s)
    )


def groups_only(speech: Speech) -> str:
    """What makes no sense in a private chat."""
    return speech.text("Type this in the group or topic that it is meant for.")


def not_allowed(speech: Speech, error: NotAllowed) -> str:
    """Somebody's role is not enough; who has none does not learn that there is such an account."""
    if error.role is None:
        return speech.text("You have no such account. /accounts shows yours.")
    return speech.text(
        "{account}: this needs the role {needed}, yours is {role}. Ask the owner of the account.",
        account=escaped(error.account, 64),
        needed=role_word(speech, error.needed),
        role=role_word(speech, error.role),
    )


def role_word(speech: Speech, role: Role | str) -> str:
    """What somebody is to an account."""
    match role:
        case "owner":
            return speech.text("owner")
        case "operator":
            return speech.text("operator")
        case _:
            return speech.text("viewer")


# Hints


def no_accounts(speech: Speech) -> str:
    """Somebody who may see nothing."""
    return speech.text("No account is assigned to you yet. The operator of the guard can assign one.")


def commands_only(speech: Speech) -> str:
    """To small talk."""
    return speech.text("I answer commands. /help shows them.")


def help_text(speech: Speech, commands: Sequence[tuple[str, str]]) -> str:
    """All commands: pairs of usage (`/status [account]`) and summary, as they stand in the table."""
    lines = [
        f"{html.escape(speech.text(usage), quote=False)} - {html.escape(speech.text(summary), quote=False)}"
        for usage, summary in commands
    ]
    return "\n".join([f"<b>{speech.text('Commands')}</b>", *lines])


def unknown_command(speech: Speech, name: str, nearest: str | None) -> str:
    """A command that does not exist, and the nearest that does."""
    said = speech.text("I do not know /{name}.", name=escaped(name, 40))
    hint = f" {speech.text('Did you mean {nearest}?', nearest=f'/{nearest}')}" if nearest else ""
    return f"{said}{hint}\n{speech.text('/help shows all commands.')}"


def unknown_account(speech: Speech, name: str, nearest: str | None, names: Sequence[str]) -> str:
    """An account that the person does not have; `names` are those that they do."""
    said = speech.text("You have no account {name}.", name=escaped(name, 64))
    hint = f" {speech.text('Did you mean {nearest}?', nearest=escaped(nearest, 64))}" if nearest else ""
    return f"{said}{hint}\n{speech.text('Yours: {names}', names=escaped(', '.join(names), 1000))}"


def span(speech: Speech, key: str) -> str:
    """How far back something looks."""
    return speech.text("last 7 days") if key == "7d" else speech.text("last 24 h")


def kind(speech: Speech, name: PictureKind) -> str:
    """What a picture shows, where that is no stretch of time."""
    match name:
        case "exposure":
            return speech.text("exposure")
        case "stress":
            return speech.text("stress")
        case _:
            return speech.text("distance")


def ranges_only(speech: Speech, typed: str) -> str:
    """A time that is neither of the two."""
    return speech.text("I look back 24h or 7d, not {typed}.", typed=escaped(typed, 20))


# Pictures


def caption(speech: Speech, snapshot: Snapshot, what: str, now: datetime) -> str:
    """The line under a picture of an account; `what` is such as `last 24 h`, already in the person's language."""
    if snapshot.data_at:
        age = speech.duration((now - snapshot.data_at).total_seconds())
        data = speech.text("data {age} old", age=age)
    else:
        data = speech.text("never read")
    parts = [zone_word(speech, snapshot.zone).upper()]
    if snapshot.risk_ratio is not None:
        parts.append(speech.text("risk ratio {ratio}", ratio=speech.percent(snapshot.risk_ratio)))
    icon, name = ICONS[snapshot.zone], escaped(snapshot.account, 64)
    return f"{icon} <b>{name}</b>, {what}: {speech.listed(*parts, data)}"


def caption_of_all(speech: Speech, count: int) -> str:
    """The line under a picture of several accounts."""
    return speech.plural(
        "<b>{count} account</b>, distance to liquidation", "<b>{count} accounts</b>, distance to liquidation", count
    )


def no_picture(speech: Speech, caption_html: str, reason: str) -> str:
    """The words without the picture."""
    why = speech.text("No picture: {reason}.", reason=escaped(speech.sentence(reason)))
    return f"{caption_html}\n{why}"


def picture_refused(speech: Speech, words: str) -> str:
    """Telegram did not take a picture; plain text."""
    return f"{words}\n{speech.text('Telegram did not accept the picture.')}"


# Buttons


def refresh(speech: Speech) -> str:
    """The label of the button that draws a view anew."""
    return f"🔄 {speech.text('Refresh')}"


def updated(speech: Speech, now: datetime) -> str:
    """The notice after a refresh."""
    return speech.text("Updated {at}", at=speech.moment(now))


def slow_down(speech: Speech, wait_s: float | None) -> str:
    """The notice when a refresh hits Telegram's limits."""
    if wait_s:
        return speech.text("Telegram asks to wait {wait}.", wait=speech.duration(wait_s))
    return speech.text("Telegram is not reachable right now. Try again.")
