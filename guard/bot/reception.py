"""One visit from door to answer.

Every update goes through here and nowhere else, so that nothing can be asked without being admitted first:
(1) READ the update into a visit, (2) ADMIT the person or refuse, (3) ANSWER, (4) SHOW the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from telegram import Update

from guard.bot import table, texts
from guard.bot.asking import Ask, Tap, TapAction, TapAnswer
from guard.bot.asking import Command as TableCommand
from guard.bot.auth import Doorkeeper, LinkResult
from guard.bot.desk import Desk
from guard.bot.limits import plain, shortened
from guard.bot.menus import Menus
from guard.bot.replies import Reply
from guard.bot.sender import TelegramSender
from guard.bot.visits import Command, Said, Tapped, Visit, read_command, read_visit
from guard.language.speech import Speech, speech_of
from guard.ports.clock import Clock
from guard.ports.errors import GuardError, NotAllowed
from guard.ports.records import UserRecord
from guard.ports.sending import ChatMoved, SendError, SendRejected, SendRetry

log = structlog.get_logger("guard.bot")

# An answer is worth waiting for a little: the person is looking at the screen. After that they ask again.
ATTEMPTS_MAX = 4
WAIT_MAX_S = 60.0
# What acts is not done any more when it was typed so long ago: prices have moved, and so has the person's mind.
LATE_S = 60.0
NOTICE_MAX = 200  # characters of a notice; of Telegram


class Reception:
    """Serves updates; `username` is asked at each use, because Telegram tells it only after the first contact."""

    def __init__(
        self, desk: Desk, sender: TelegramSender, menus: Menus, clock: Clock, username: Callable[[], str]
    ) -> None:
        self._desk = desk
        self._door = Doorkeeper(desk)
        self._sender = sender
        self._menus = menus
        self._clock = clock
        self._username = username

    async def serve(self, update: Update) -> None:
        """Deal with one update; failures to send end here, in the log."""
        visit = read_visit(update)
        if visit is None:
            return
        try:
            if isinstance(visit, Tapped):
                await self._tapped(visit)
            else:
                await self._said(visit)
        except SendError as error:
            log.warning("chat.answer_lost", chat_id=visit.chat_id, error=str(error))
        except GuardError as error:
            log.warning("chat.desk_failed", chat_id=visit.chat_id, error=str(error))
            await self._apologize(visit)

    async def apologize(self, update: Update) -> None:
        """Tell the person that a defect of ours has eaten the question."""
        visit = read_visit(update)
        if visit is None:
            return
        try:
            person = await self._door.admit(visit)
        except GuardError as error:
            log.warning("chat.desk_failed", chat_id=visit.chat_id, error=str(error))
            person = None
        await self._apologize(visit, person)

    async def _apologize(self, visit: Said | Tapped, person: UserRecord | None = None) -> None:
        """A word that reveals nothing; to whom may be a stranger, because the desk could not tell, once in a while."""
        answer = person is not None or self._door.may_answer(visit)
        words = texts.cannot_answer(_foreign(visit) if person is None else _speech(person))
        try:
            if isinstance(visit, Tapped):
                await self._sender.answer_tap(visit.query_id, words if answer else "")
            elif answer:
                await self._sender.show(visit.chat_id, Reply(words), topic_id=visit.topic_id)
        except SendError as error:
            log.warning("chat.answer_lost", chat_id=visit.chat_id, error=str(error))

    # Messages

    async def _said(self, said: Said) -> None:
        command = read_command(said.text, self._username())
        if command is None and not said.private:
            return  # people in a group talk to each other
        person = await self._door.admit(said)
        if command is not None and command.name == "start" and command.argument:
            await self._start(said, command.argument, person)
            return
        if person is None:
            # In a group an unknown command may be meant for another bot: that is no attempt on this one.
            if said.private or (command is not None and (command.addressed or command.name in table.BY_NAME)):
                await self._turn_away(said, _attempt(command))
            return
        reply = await self._answer(said, command, person)
        if reply is not None:
            await self._show(said, reply)
        if said.private:
            await self._after(said, person)

    async def _answer(self, said: Said, command: Command | None, person: UserRecord) -> Reply | None:
        speech = _speech(person)
        if command is None:
            return Reply(texts.commands_only(speech))
        known = table.BY_NAME.get(command.name)
        if known is None:
            return table.unknown_command(speech, command.name) if said.private or command.addressed else None
        return await self._asked(said, known, command.argument, person)

    async def _asked(self, said: Said, known: TableCommand, argument: str, person: UserRecord) -> Reply:
        """The answer to a command that exists: what acts is asked for in private, and now."""
        speech = _speech(person)
        age_s = 0.0 if said.at is None else (self._desk.now() - said.at).total_seconds()
        if known.acts and not said.private:
            await self._door.record(said, f"command /{known.name} in a group")
            return Reply(texts.private_only(speech))
        if known.acts and age_s > LATE_S:
            await self._door.record(said, f"command /{known.name}, typed {age_s:.0f} s ago")
            return Reply(texts.too_late(speech, age_s))
        ask = Ask(person, said.chat_id, said.user_id, argument, speech, said.private, said.topic_id, said.title)
        try:
            return await known.answer(self._desk, ask)
        except NotAllowed as error:
            await self._door.record(said, f"command /{known.name}: {error.message}")
            return Reply(texts.not_allowed(speech, error))
        except GuardError as error:
            log.warning("chat.desk_failed", chat_id=said.chat_id, command=known.name, error=str(error))
            return Reply(texts.cannot_answer(speech))

    async def _start(self, said: Said, code: str, person: UserRecord | None) -> None:
        """Link by code: in private only, where nobody else reads the code."""
        if not said.private:
            await self._door.spoil(code)
            await self._turn_away(said, "link code in a group", Reply(texts.code_in_group(_foreign(said))))
            return
        result = await self._door.link(said, code)
        if result.person is not None:
            await self._show(said, Reply(texts.linked(_speech(result.person), result.person.name)))
            await self._menus.keep(said.chat_id, result.person.user_id)
        elif not result.looked_at:
            await self._turn_away(
                said, "too many link codes", Reply(texts.too_many_codes(_foreign(said), result.wait_s))
            )
        else:
            # Always answered: somebody who mistyped must know. Guessing is bounded by the number of attempts.
            await self._door.refuse(said, "link code rejected")
            await self._show(said, Reply(_rejected(result, person, _foreign(said))))

    async def _turn_away(self, said: Said, what: str, reply: Reply | None = None) -> None:
        if not await self._door.refuse(said, what):
            return
        words = reply or Reply(texts.stranger(_foreign(said)))
        await self._sender.show(said.chat_id, words, topic_id=said.topic_id)
        if said.private and reply is None:
            await self._menus.drop(said.chat_id)

    # Taps

    async def _tapped(self, tapped: Tapped) -> None:
        person = await self._door.admit(tapped)
        action, _, argument = tapped.data.partition(":")
        known = table.TAPS.get(action)
        if person is None:
            answer = await self._door.refuse(tapped, f"tap {'unknown' if known is None else action}")
            # Always ended, or the stranger's client would spin; with words only once in a while.
            await self._sender.answer_tap(tapped.query_id, texts.stranger_tap(_foreign(tapped)) if answer else "")
            return
        done = await self._done(tapped, known, argument, person)
        if done.refused:
            await self._door.record(tapped, done.refused)
        notice = done.notice
        if done.redraw is not None:
            failure = await self._redraw(tapped, _speech(person), done.redraw)
            notice = (notice if done.done else failure) if failure else notice
        try:
            await self._sender.answer_tap(tapped.query_id, shortened(notice, NOTICE_MAX, "..."), alert=done.alert)
        except SendError as error:  # a tap that is answered late: what it led to is shown all the same
            log.warning("chat.answer_lost", chat_id=tapped.chat_id, error=str(error))
        if done.send is not None:
            await self._show(tapped, done.send)
        if tapped.private:
            await self._after(tapped, person)

    async def _done(self, tapped: Tapped, known: TapAction | None, argument: str, person: UserRecord) -> TapAnswer:
        """What a tap of a known person leads to."""
        speech = _speech(person)
        if known is None:
            return TapAnswer(texts.stale_button(speech), refused="tap unknown")
        if tapped.message_id is None:
            return TapAnswer(texts.stale_button(speech), refused=f"tap {known.action}, message out of reach")
        if known.private and not tapped.private:
            return TapAnswer(texts.private_only(speech), alert=True, refused=f"tap {known.action} in a group")
        tap = Tap(
            person,
            tapped.chat_id,
            tapped.user_id,
            tapped.message_id,
            argument,
            speech,
            tapped.private,
            tapped.html,
        )
        try:
            return await known.answer(self._desk, tap)
        except NotAllowed as error:
            return TapAnswer(
                plain(texts.not_allowed(speech, error)), alert=True, refused=f"tap {known.action}: {error.message}"
            )
        except GuardError as error:
            log.warning("chat.desk_failed", chat_id=tapped.chat_id, tap=known.action, error=str(error))
            return TapAnswer(texts.cannot_answer(speech))

    async def _redraw(self, tapped: Tapped, speech: Speech, reply: Reply) -> str:
        """Draw the message under a button anew; why that could not be done, empty = it was."""
        if tapped.message_id is None:
            return ""
        try:
            await self._sender.redraw(tapped.chat_id, tapped.message_id, reply)
        except SendRetry as error:
            return texts.slow_down(speech, error.retry_after_s)
        except SendRejected as error:
            log.warning("chat.redraw_rejected", chat_id=tapped.chat_id, error=str(error))
            return texts.stale_button(speech)
        return ""

    async def _after(self, visit: Visit, person: UserRecord) -> None:
        """What a visit in a private chat leads to besides its answer: alerts arrive there again, the menu is right."""
        if await self._desk.came_by(person.user_id, visit.chat_id):
            await self._show(visit, Reply(texts.heard_again(_speech(person))))
        await self._menus.keep(visit.chat_id, person.user_id)

    # Sending

    async def _show(self, visit: Visit, reply: Reply) -> None:
        """Send an answer where it was asked for, patiently for a short while.

        Raises:
            SendError: it could not be sent.
        """
        chat_id = visit.chat_id
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._sender.show(chat_id, reply, topic_id=visit.topic_id)
            except SendRetry as error:
                wait_s = 2.0 ** (attempt - 1) if error.retry_after_s is None else error.retry_after_s
                if attempt == ATTEMPTS_MAX or wait_s > WAIT_MAX_S:
                    raise
                log.info("chat.answer_delayed", chat_id=chat_id, wait_s=wait_s, error=str(error))
                await self._clock.sleep(wait_s)
            except ChatMoved as error:
                if attempt == ATTEMPTS_MAX:
                    raise
                await self._follow(chat_id, error.new_chat_id)
                chat_id = error.new_chat_id
            except SendRejected as error:
                # Markup or a picture of ours that Telegram refuses is a defect; the person still gets the words.
                log.warning("chat.markup_rejected", chat_id=chat_id, picture=reply.png is not None, error=str(error))
                words = plain(reply.html)
                await self._sender.send_plain(
                    chat_id, words if reply.png is None else texts.picture_refused(_foreign(visit), words)
                )
                return
            else:
                return

    async def _follow(self, chat_id: int, new_chat_id: int) -> None:
        """Have it remembered that a chat has moved; the answer does not wait for a store that fails."""
        log.warning("chat.moved", chat_id=chat_id, new_chat_id=new_chat_id)
        try:
            await self._desk.moved(chat_id, new_chat_id)
        except GuardError as error:
            log.warning("chat.move_not_stored", chat_id=chat_id, error=str(error))


def _speech(person: UserRecord) -> Speech:
    return speech_of(person.language, person.timezone)


def _foreign(visit: Visit) -> Speech:
    """How to talk to somebody who is not known (yet): in the language of their client."""
    return speech_of(visit.language, "UTC")


def _rejected(result: LinkResult, person: UserRecord | None, speech: Speech) -> str:
    if result.wait_s > 0:
        return texts.too_many_codes(speech, result.wait_s)
    return texts.code_rejected(speech) if person is None else texts.still_linked(_speech(person), person.name)


def _attempt(command: Command | None) -> str:
    """What a stranger tried, for the log: the command's name, never its argument (it may be a code)."""
    return "message" if command is None else f"command /{command.name}"
