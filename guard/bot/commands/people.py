"""Who one is to the guard, in which language it talks, which accounts one has, where alerts go besides."""

from __future__ import annotations

import difflib
from dataclasses import replace

from guard.bot import people_text, texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.commands.viewing import stale
from guard.bot.desk import Desk
from guard.bot.replies import Button, Reply
from guard.language.catalogue import LANGUAGES
from guard.language.speech import Speech, marked, speech_of
from guard.language.zones import nearest_zone, zone_named
from guard.ports.records import UserRecord

LANG = "lang"
OFF = "off"


async def start(_: Desk, ask: Ask) -> Reply:
    """Greet somebody who is linked already; linking itself is done before anybody is admitted."""
    return Reply(texts.already_linked(ask.speech, ask.person.name))


async def whoami(desk: Desk, ask: Ask) -> Reply:
    """Who the guard thinks this is."""
    standings = await desk.standings(ask.person.user_id)
    return Reply(people_text.whoami(ask.speech, ask.person, ask.chat_user_id, ask.chat_id, standings, desk.now()))


async def accounts(desk: Desk, ask: Ask) -> Reply:
    """The accounts that one may see, with role, venue, mode, owner."""
    standings = await desk.standings(ask.person.user_id)
    return Reply(people_text.accounts(ask.speech, standings) if standings else texts.no_accounts(ask.speech))


async def lang(desk: Desk, ask: Ask) -> Reply:
    """Choose a language, a time zone, or both in any order; without any, the present ones and a button for each."""
    person, zone_words = ask.person, []
    for word in ask.argument.split():
        if word.casefold() in LANGUAGES:
            person = replace(person, language=word.casefold())
        else:
            zone_words.append(word)
    if zone_words:
        typed = " ".join(zone_words)
        zone = zone_named(typed)
        if zone is None:
            return Reply(people_text.unknown_zone(ask.speech, typed, nearest_zone(typed)))
        person = replace(person, timezone=zone)
    if person != ask.person:
        await desk.speak(person.user_id, language=person.language, timezone=person.timezone)
    return language_reply(desk, person)


async def choose_language(desk: Desk, tap: Tap) -> TapAnswer:
    """A tap on a language: that of the person who taps, whoever asked."""
    if tap.argument not in LANGUAGES:
        return stale(tap.speech, "tap lang, unreadable")
    person = replace(tap.person, language=tap.argument)
    await desk.speak(person.user_id, language=person.language)
    return TapAnswer(LANGUAGES[person.language], redraw=language_reply(desk, person))


def language_reply(desk: Desk, person: UserRecord) -> Reply:
    """The present language and zone, in that language, and a button for each language."""
    speech = speech_of(person.language, person.timezone)
    buttons = tuple(Button(name, f"{LANG}:{code}") for code, name in LANGUAGES.items())
    return Reply(people_text.language(speech, LANGUAGES[speech.language], person.timezone, desk.now()), (buttons,))


async def here(desk: Desk, ask: Ask) -> Reply:
    """Let the group or topic where this is typed hear one's alerts, or end it."""
    if ask.private:
        return Reply(texts.groups_only(ask.speech))
    if ask.argument.casefold() == OFF:
        ended = await desk.unlink_group(ask.person.user_id, ask.chat_id, ask.topic_id)
        return Reply(people_text.group_ended(ask.speech, ended=ended))
    account = None
    if ask.argument:
        names = {standing.account: standing for standing in await desk.standings(ask.person.user_id)}
        account = next((names[name] for name in names if name.casefold() == ask.argument.casefold()), None)
        if account is None:
            return _unknown(ask.speech, ask.argument, list(names))
    account_id = None if account is None else account.account_id
    await desk.link_group(ask.person.user_id, ask.chat_id, ask.topic_id, ask.title, account_id)
    return Reply(people_text.group_linked(ask.speech, None if account is None else account.account))


def _unknown(speech: Speech, typed: str, names: list[str]) -> Reply:
    nearest = difflib.get_close_matches(typed, names, n=1, cutoff=0.5)
    return Reply(texts.unknown_account(speech, typed, nearest[0] if nearest else None, names))


COMMANDS: tuple[Command, ...] = (
    Command("accounts", "/accounts", marked("your accounts: role, venue, mode, owner"), accounts),
    Command("lang", marked("/lang [en|ja] [time zone]"), marked("language and time zone"), lang, private=True),
    Command(
        "here",
        marked("/here [account|off]"),
        marked("alerts into this group or topic"),
        here,
        least="owner",
        in_groups=True,
    ),
    Command("whoami", "/whoami", marked("who you are to the guard"), whoami),
    Command("start", marked("/start CODE"), marked("link yourself with a one-time code"), start),
)
TAPS: tuple[TapAction, ...] = (TapAction(LANG, choose_language, private=True),)
