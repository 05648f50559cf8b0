"""What the bot says, in English: greetings, refusals, help, hints. Pure; Telegram HTML.

All wordings of the chat but the figures (`guard.bot.status_text`) stand here, so that another language has one place
to look.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from guard.bot.figures import age, clock_time, percent
from guard.bot.status_text import ICONS, escaped
from guard.ports.errors import NotAllowed
from guard.ports.records import Snapshot

STRANGER = (
    "This bot is private. If it should know you, ask its owner for a link code and send it to me in a private chat:\n"
    "/start CODE"
)
STRANGER_TAP = "This bot is private."
CODE_REJECTED = "This code is not valid: mistyped, already used, or expired. Ask for a new one."
CODE_IN_GROUP = (
    "A link code works in a private chat with me only, and everybody here has now seen this one: ask for a new one."
)
STALE_BUTTON = "This button is no longer in use. Send /status."
NOT_YOUR_BUTTON = "Only the person who asked can refresh this. Send /status yourself."
PRIVATE_ONLY = "I do this in a private chat with me only."
NO_ACCOUNTS = "No account is assigned to you yet. The operator of the guard can assign one."
COMMANDS_ONLY = "I answer commands. /help shows them."
# Says nothing of what failed: when memory cannot be read, nobody is known, so anybody may be asking.
CANNOT_ANSWER = "I cannot answer right now. Please try again in a minute."
REFRESH = "🔄 Refresh"


def not_allowed(error: NotAllowed) -> str:
    """Somebody's role is not enough."""
    return escaped(f"{str(error)[:1].upper()}{str(error)[1:]}.")


def too_many_codes(wait_s: float) -> str:
    """After several wrong codes in a row."""
    return f"Too many wrong codes. Try again in {age(wait_s)}."


def linked(name: str) -> str:
    """A code was accepted."""
    return (
        f"Linked. You are <b>{escaped(name)}</b>, and your alerts will arrive here.\n"
        "/status shows your accounts, /help the other commands."
    )


def already_linked(name: str) -> str:
    """`/start` without a code from somebody we know."""
    return f"You are <b>{escaped(name)}</b> and linked already.\n/status shows your accounts, /help the other commands."


def still_linked(name: str) -> str:
    """`/start` with a bad code from somebody we know."""
    return f"{CODE_REJECTED}\nNothing has changed: you are still linked as <b>{escaped(name)}</b>."


def help_text(commands: Sequence[tuple[str, str]]) -> str:
    """All commands: pairs of usage (`/status [account]`) and summary."""
    lines = [f"{html.escape(usage, quote=False)} - {html.escape(summary, quote=False)}" for usage, summary in commands]
    return "\n".join(["<b>Commands</b>", *lines])


def unknown_command(name: str, nearest: str | None) -> str:
    """A command that does not exist, and the nearest that does."""
    hint = f" Did you mean /{nearest}?" if nearest else ""
    return f"I do not know /{escaped(name, 40)}.{hint}\n/help shows all commands."


def unknown_account(name: str, nearest: str | None, names: Sequence[str]) -> str:
    """An account that the person does not have; `names` are those that they do."""
    hint = f" Did you mean {escaped(nearest)}?" if nearest else ""
    return f"You have no account {escaped(name, 64)}.{hint}\nYours: {escaped(', '.join(names), 1000)}"


def whoami(name: str, chat_user_id: int, chat_id: int, accounts: Sequence[str]) -> str:
    """Who the guard thinks this is."""
    return "\n".join(
        [
            f"You are <b>{escaped(name)}</b>.",
            f"Telegram user id: <code>{chat_user_id}</code>",
            f"This chat's id: <code>{chat_id}</code>",
            f"Accounts: {escaped(', '.join(accounts), 1000) if accounts else 'none'}",
        ]
    )


def ranges_only(typed: str) -> str:
    """A time that is neither of the two."""
    return f"I look back 24h or 7d, not {escaped(typed, 20)}."


def caption(snapshot: Snapshot, what: str, now: datetime) -> str:
    """The line under a picture of an account; `what` is such as `last 24 h`."""
    ratio = f", risk ratio {percent(snapshot.risk_ratio)}" if snapshot.risk_ratio is not None else ""
    data = f"data {age((now - snapshot.data_at).total_seconds())} old" if snapshot.data_at else "never read"
    return (
        f"{ICONS[snapshot.zone]} <b>{escaped(snapshot.account, 64)}</b>, {what}: {snapshot.zone.upper()}{ratio}, {data}"
    )


def caption_of_all(count: int) -> str:
    """The line under a picture of several accounts."""
    return f"<b>{count} accounts</b>, distance to liquidation"


def no_picture(caption_html: str, reason: str) -> str:
    """The words without the picture."""
    return f"{caption_html}\nNo picture: {escaped(reason)}."


def picture_refused(words: str) -> str:
    """Telegram did not take a picture; plain text."""
    return f"{words}\nTelegram did not accept the picture."


def updated(now: datetime) -> str:
    """The notice after a refresh."""
    return f"Updated {clock_time(now)}"


def slow_down(wait_s: float | None) -> str:
    """The notice when a refresh hits Telegram's limits."""
    return f"Telegram asks to wait {age(wait_s)}." if wait_s else "Telegram is not reachable right now. Try again."
