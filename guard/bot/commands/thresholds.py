"""What is told at all: thresholds of an account, a person's quiet hours, maintenance windows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from guard.bot import alerts_text, texts
from guard.bot.asking import Ask, Command
from guard.bot.desk import Desk
from guard.bot.desks.people import AccountStanding
from guard.bot.naming import account_named, unknown_account
from guard.bot.replies import Reply
from guard.bot.status_text import escaped
from guard.bot.times_typed import read_hours, read_span
from guard.bot.typed import words_of
from guard.language.speech import Speech, marked
from guard.ports.errors import InputError

OFF: Final = "off"
WINDOW_MAX: Final = timedelta(days=7)
REASON_MAX: Final = 200
_NEARLY: Final = 0.75
_MOVE_ENDS: Final = re.compile(r"%[\"',;]*$")
_NAMES: Final = re.compile(r"[A-Za-z]")


async def set_rule(desk: Desk, ask: Ask) -> Reply:
    """`/set` shows the rules of an account, `/set <rule> <value> [account]` changes one."""
    standings = await desk.standings(ask.person.user_id)
    if not standings:
        return Reply(texts.no_accounts(ask.speech))
    words = words_of(ask.argument)
    if len(words) < 2:  # a rule and a value
        return await _shown_rules(desk, ask, standings, words)
    rule, value, name = _told_apart(words)
    chosen = _one(ask.speech, standings, name)
    if isinstance(chosen, Reply):
        return chosen
    names = [line.name for line in await desk.rules(ask.person.user_id, chosen.account_id)]
    known = rule.casefold().replace("-", "_")
    if known not in names:
        return _unknown_rule(ask.speech, rule, names)
    try:
        line = await desk.set_rule(ask.person.user_id, chosen.account_id, known, value)
    except InputError as error:
        return Reply(escaped(ask.speech.sentence(str(error))))
    return Reply(alerts_text.rule_set(ask.speech, chosen.account, line))


def _told_apart(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """The rule, its value, and the account's name; moves such as `BTC -8% ETH -12%` are one value of several words."""
    rule, *rest = words
    ends = [place for place, word in enumerate(rest, 1) if _MOVE_ENDS.search(word)]
    count = ends[-1] if ends and _NAMES.search(" ".join(rest[: ends[-1]])) else 1
    return rule, " ".join(rest[:count]), rest[count:]


async def _shown_rules(desk: Desk, ask: Ask, standings: Sequence[AccountStanding], words: Sequence[str]) -> Reply:
    """The rules of the only account, or of the named one; a rule without a value is shown alone."""
    user_id, speech = ask.person.user_id, ask.speech
    named = account_named(standings, words[0]) if words else None
    chosen = named or _one(speech, standings, [])
    if isinstance(chosen, Reply):
        return chosen
    rules = await desk.rules(user_id, chosen.account_id)
    if words and named is None:
        wanted = words[0].casefold().replace("-", "_")
        found = [line for line in rules if line.name == wanted]
        if not found:
            return _unknown_rule(speech, words[0], [line.name for line in rules])
        rules = found
    return Reply(alerts_text.rules_text(speech, chosen.account, rules, desk.now()))


def _unknown_rule(speech: Speech, typed: str, names: Sequence[str]) -> Reply:
    nearest = difflib.get_close_matches(typed.casefold().replace("-", "_"), names, n=1, cutoff=0.5)
    said = speech.text("There is no rule {name}.", name=escaped(typed, 40))
    if nearest:
        said += f" {speech.text('Did you mean {name}?', name=nearest[0])}"
    return Reply(f"{said}\n{speech.text('/set shows all rules.')}")


def _one(speech: Speech, standings: Sequence[AccountStanding], name: Sequence[str]) -> AccountStanding | Reply:
    """The named account, or the only one."""
    if name:
        return account_named(standings, " ".join(name)) or unknown_account(speech, " ".join(name), standings)
    if len(standings) == 1:
        return standings[0]
    names = escaped(", ".join(standing.account for standing in standings), 1000)
    return Reply(speech.text("Which account? Name it at the end: {names}", names=names))


async def quiet(desk: Desk, ask: Ask) -> Reply:
    """One's own quiet hours: shown, set, or ended."""
    speech, user_id = ask.speech, ask.person.user_id
    typed = ask.argument.strip()
    if not typed:
        hours = await desk.quiet_hours(user_id)
        if hours is None:
            return Reply(speech.text("You have no quiet hours. Set them: /quiet 22:00-07:00"))
        span = f"{hours[0]:%H:%M}-{hours[1]:%H:%M}"
        return Reply(speech.text("Quiet hours: {span}, in your time zone. /quiet off ends them.", span=span))
    if typed.casefold() == OFF:
        await desk.set_quiet(user_id, None, None)
        return Reply(speech.text("No quiet hours any more: every message makes a sound."))
    hours = read_hours(" ".join(words_of(typed)))
    if hours is None:
        return Reply(speech.text("I do not understand these hours. Type /quiet 22:00-07:00 or /quiet off"))
    await desk.set_quiet(user_id, *hours)
    span, zone = f"{hours[0]:%H:%M}-{hours[1]:%H:%M}", escaped(ask.person.timezone, 64)
    return Reply(
        speech.text(
            "Quiet hours: {span} ({zone}). Messages come without a sound then; danger, liquidation and an account that"
            " is not seen always make one.",
            span=span,
            zone=zone,
        )
    )


async def maintenance(desk: Desk, ask: Ask) -> Reply:
    """Begin a window of an account, or of all of one's own; end them."""
    speech, words, now = ask.speech, words_of(ask.argument), desk.now()
    standings = await desk.standings(ask.person.user_id)
    if not standings:
        return Reply(texts.no_accounts(speech))
    span = read_span(words[0]) if words else None
    ends = bool(words) and words[0].casefold() == OFF
    if span is None and not ends:
        return Reply(
            speech.text("How long, and why? /maintenance 2h alice moving funds, /maintenance 1h exchange upgrade")
            + f"\n{speech.text('/maintenance off ends it.')}"
        )
    named = account_named(standings, words[1]) if len(words) > 1 else None
    account_id = None if named is None else named.account_id
    if named is None and len(words) > 1 and _is_nearly_one(words[1], standings):
        return unknown_account(speech, words[1], standings)  # a mistyped name must not silence all accounts
    if span is None:
        count = await desk.end_maintenance(ask.person.user_id, account_id)
        return Reply(speech.plural("{count} window ended.", "{count} windows ended.", count))
    reason = " ".join(words[2 if named else 1 :])[:REASON_MAX]
    missing = _missing(speech, reason, named, standings)
    if missing:
        return Reply(missing)
    until = now + min(span, WINDOW_MAX)
    await desk.begin_maintenance(ask.person.user_id, account_id, until, reason)
    whose = speech.text("all your accounts") if named is None else escaped(named.account, 64)
    return Reply(
        speech.text(
            "Maintenance of {account} until {time}: nothing but liquidation is told. What still holds then is told"
            " when it ends.",
            account=whose,
            time=speech.moment(until),
        )
    )


def _missing(speech: Speech, reason: str, named: AccountStanding | None, standings: Sequence[AccountStanding]) -> str:
    """What a window is not begun without; empty: nothing."""
    if not reason:
        return speech.text("Say why, for those who wonder at the silence: /maintenance 2h alice moving funds")
    if named is None and not any(standing.role == "owner" for standing in standings):
        names = escaped(", ".join(standing.account for standing in standings), 1000)
        return speech.text(
            "Only an owner may say this of all accounts. Name yours after the time: {names}", names=names
        )
    return ""


def _is_nearly_one(word: str, standings: Sequence[AccountStanding]) -> bool:
    names = [standing.account.casefold() for standing in standings]
    return bool(difflib.get_close_matches(word.casefold(), names, n=1, cutoff=_NEARLY))


COMMANDS: tuple[Command, ...] = (
    Command(
        "set",
        marked("/set [rule value|off|default] [account]"),
        marked("thresholds: from where on you are told"),
        set_rule,
        least="owner",
    ),
    Command(
        "quiet", marked("/quiet 22:00-07:00|off"), marked("hours in which messages make no sound"), quiet, private=True
    ),
    Command(
        "maintenance",
        marked("/maintenance 2h [account] reason"),
        marked("only liquidation is told for a while"),
        maintenance,
        least="operator",
    ),
)
