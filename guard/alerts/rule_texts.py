"""Messages about rules, several accounts at once, and danger that nobody acknowledges, as people read them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guard.alerts.markup import bold, safe
from guard.alerts.outages import Waiting
from guard.alerts.render import ZONE_MARKS
from guard.alerts.rulebook import RULES
from guard.language.speech import Speech
from guard.language.words import zone_word
from guard.ports.alerting import AlertState
from guard.ports.records import AlertReason, Reading
from guard.risk.zones import Zone

_MAX_LINE = 400


def render_rule(speech: Speech, reason: AlertReason, state: AlertState, reading: Reading) -> str:
    """The message that a rule has something to tell.

    Args:
        speech: how the reader reads.
        reason: why it is sent.
        state: where the alert stands.
        reading: the cycle's result.
    """
    title = speech.text(RULES[state.rule].title)
    head = f"{ZONE_MARKS[state.level]} <b>{safe(title)}</b> · {bold(reading.account)}"
    headline = safe(speech.sentence(state.headline), _MAX_LINE)
    if reason is AlertReason.RESOLVED:
        lines = [f"{head} ({speech.text('resolved')})", speech.text("It was: {what}", what=headline)]
    elif reason is AlertReason.REPEAT:
        since = speech.text("still, for {time}", time=speech.duration((reading.at - state.since).total_seconds()))
        lines = [f"{head} ({since})", f"<b>{headline}</b>"]
    else:
        lines = [head, f"<b>{headline}</b>"]
    zone = speech.text("Zone {zone}", zone=zone_word(speech, reading.zone))
    return "\n".join([*lines, f"{zone} · {speech.moment(reading.at)}"])


def render_together(speech: Speech, accounts: Sequence[Waiting], reading: Reading, *, over: bool, again: bool) -> str:
    """The message about several accounts that are not seen, or are seen again, by the same cause.

    Args:
        speech: how the reader reads.
        accounts: which ones.
        reading: of one of them.
        over: they are seen again.
        again: it is a reminder.
    """
    lines = [
        f"{bold(each.account)}: {speech.text('zone {zone}', zone=zone_word(speech, each.zone))}" for each in accounts
    ]
    if over:
        head = speech.plural(
            "{count} more account is seen again", "{count} more accounts are seen again", len(accounts)
        )
        return "\n".join([f"🟢 <b>{head}</b>", *lines, speech.moment(reading.at)])
    if again:
        head = speech.plural("{count} more account is still not seen", "{count} more are still not seen", len(accounts))
    else:
        head = speech.plural("{count} more account is not seen", "{count} more accounts are not seen", len(accounts))
    why = speech.text("Why: {why}", why=safe(speech.sentence(reading.error or reading.reason), _MAX_LINE))
    known = speech.text("As last known:")
    blind = speech.text("While they are not seen, no order is sent. Check the venue yourself.")
    return "\n".join(
        [f"{ZONE_MARKS[Zone.UNKNOWN]} <b>{head}</b>", why, known, *lines, blind, speech.moment(reading.at)]
    )


def render_unanswered(
    speech: Speech, account: str, since: datetime, now: datetime, asked: Sequence[str], message: str
) -> str:
    """Danger that nobody acknowledges, for whoever comes next.

    Args:
        speech: how the reader reads.
        account: whose.
        since: when it was told first.
        now: the cycle's time.
        asked: names of the people who were told first.
        message: the alert itself, as it would be told now.
    """
    waited = speech.duration(max(0.0, (now - since).total_seconds()))
    head = speech.text("Nobody has acknowledged this for {time}", time=waited)
    names = ", ".join(safe(name) for name in asked)
    first = (
        speech.text("Asked first: {names}", names=names) if names else speech.text("No chat was there to ask first.")
    )
    plea = speech.text("Look at the account, or reach them another way.")
    return "\n".join([f"⏫ <b>{head}</b> · {bold(account)}", first, plea, "", message])


def alone_lines(speech: Speech, *, is_alone: bool) -> list[str]:
    """That danger which nobody acknowledges goes nowhere from here, and how that is changed."""
    if not is_alone:
        return []
    missing = speech.text(
        "There is nobody else to tell: add a second channel ([apprise] urls_file) or an operator (guard user role)."
    )
    return [f"☝️ {missing}"]
