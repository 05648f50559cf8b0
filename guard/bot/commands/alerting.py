"""Alerts: what holds, and answering it: seen, silence for a while. By commands and by the buttons under an alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from guard.bot import alerts_text, texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.commands import thresholds
from guard.bot.commands.viewing import stale
from guard.bot.desk import Desk
from guard.bot.desks.alerting import AlertBoard, Answered
from guard.bot.limits import followed
from guard.bot.naming import account_named, unknown_account
from guard.bot.replies import Button, Reply, account_key
from guard.bot.status_text import full_card
from guard.bot.times_typed import read_span, read_until
from guard.bot.typed import words_of
from guard.language.speech import Speech, marked
from guard.ports.buttons import ACKNOWLEDGE, DETAILS, PLAN, SNOOZE
from guard.ports.errors import NotAllowed
from guard.ports.records import Role
from guard.ports.roles import reaches

SPAN: Final = timedelta(hours=24)
SPAN_MAX: Final = timedelta(days=30)
SNOOZE_MAX: Final = timedelta(hours=24)
ALL: Final = "all"
ROWS_MAX: Final = 8
_ANSWERS: Final[Role] = "operator"
SEEN: Final = "seen"
HUSH: Final = "hush"
"""The buttons of the board that `/alerts` shows: it is drawn anew under them, of one account or of all."""


async def alerts(desk: Desk, ask: Ask) -> Reply:
    """What holds, who has seen it, and what was told lately; of all accounts, or of one."""
    words = words_of(ask.argument)
    span = read_span(words[-1]) if words else None
    if span is not None:
        words = words[:-1]
    span = min(span or SPAN, SPAN_MAX)
    boards = await desk.alert_boards(ask.person.user_id, desk.now() - span)
    named = _named(ask.speech, boards, words)
    if isinstance(named, Reply):
        return named
    view = _View(alone=bool(words), span=span)
    reply = _board_reply(ask.speech, named, desk.now(), view)
    return reply if ask.private else Reply(reply.html)  # answers are given in private only


async def ack(desk: Desk, ask: Ask) -> Reply:
    """Acknowledge the alerts of one account, or of all."""
    words = words_of(ask.argument)
    chosen = await _to_answer(desk, ask, words)
    if isinstance(chosen, Reply):
        return chosen
    answers = [await desk.acknowledge(ask.person.user_id, board.account_id) for board in chosen]
    return Reply(alerts_text.acknowledged(ask.speech, answers))


async def snooze(desk: Desk, ask: Ask) -> Reply:
    """Silence for a while, about one account or all."""
    now = desk.now()
    wished = read_until(words_of(ask.argument), now, ask.speech.zone)
    if wished is None:
        return Reply(
            ask.speech.text("For how long? /snooze 15m, /snooze 1h alice, /snooze until 07:00, /snooze 2h all")
        )
    until, words = min(wished[0], now + SNOOZE_MAX), wished[1]
    chosen = await _to_answer(desk, ask, words)
    if isinstance(chosen, Reply):
        return chosen
    answers = [await desk.snooze(ask.person.user_id, board.account_id, until) for board in chosen]
    return Reply(alerts_text.snoozed(ask.speech, answers, wished[0]))


# Buttons


@dataclass(frozen=True, slots=True)
class _View:
    """What a board shows: one account alone or all, and how far back."""

    alone: bool = False
    span: timedelta = SPAN

    @property
    def data(self) -> str:
        """For a button: the board that is drawn anew."""
        return f"{self.alone:d}:{self.span // timedelta(minutes=1)}"


@dataclass(frozen=True, slots=True)
class _Pressed:
    """What a button under an alert stood for: an account of the person, how grave the message was, minutes."""

    board: AlertBoard
    numbers: tuple[int, ...]


async def tap_acknowledge(desk: Desk, tap: Tap) -> TapAnswer:
    """Seen: the message says by whom and when from now on."""
    pressed = await _pressed(desk, tap, 1)
    if pressed is None:
        return stale(tap.speech, "tap ack, stale")
    answer = await desk.acknowledge(tap.person.user_id, pressed.board.account_id, pressed.numbers[0])
    return _answered(desk, tap, pressed.board, answer)


async def tap_snooze(desk: Desk, tap: Tap) -> TapAnswer:
    """Silence for a while."""
    pressed = await _pressed(desk, tap, 2)
    if pressed is None or not 0 < pressed.numbers[1] * 60 <= SNOOZE_MAX.total_seconds():
        return stale(tap.speech, "tap snooze, stale")
    until = desk.now() + timedelta(minutes=pressed.numbers[1])
    answer = await desk.snooze(tap.person.user_id, pressed.board.account_id, until, pressed.numbers[0])
    return _answered(desk, tap, pressed.board, answer)


async def tap_seen(desk: Desk, tap: Tap) -> TapAnswer:
    """Seen, from the board: it shows then who has seen it."""
    pressed = await _pressed(desk, tap, 3)
    if pressed is None:
        return stale(tap.speech, "tap seen, stale")
    answer = await desk.acknowledge(tap.person.user_id, pressed.board.account_id, pressed.numbers[0])
    return await _board_anew(desk, tap, pressed, answer)


async def tap_hush(desk: Desk, tap: Tap) -> TapAnswer:
    """Silence for a while, from the board."""
    pressed = await _pressed(desk, tap, 4)
    if pressed is None or not 0 < pressed.numbers[3] * 60 <= SNOOZE_MAX.total_seconds():
        return stale(tap.speech, "tap hush, stale")
    until = desk.now() + timedelta(minutes=pressed.numbers[3])
    answer = await desk.snooze(tap.person.user_id, pressed.board.account_id, until, pressed.numbers[0])
    return await _board_anew(desk, tap, pressed, answer)


async def _board_anew(desk: Desk, tap: Tap, pressed: _Pressed, answer: Answered) -> TapAnswer:
    """The board as it is after an answer; also after one that did nothing, because it shows why."""
    view = _View(pressed.numbers[1] == 1, min(timedelta(minutes=pressed.numbers[2]), SPAN_MAX))
    boards = await desk.alert_boards(tap.person.user_id, desk.now() - view.span)
    shown = [board for board in boards if not view.alone or board.account_id == pressed.board.account_id]
    redraw = _board_reply(tap.speech, shown, desk.now(), view)
    if answer.graver is not None:
        return TapAnswer(alerts_text.worse_now(tap.speech, answer), redraw, alert=True)
    done = tap.speech.text("Done") if answer.count else tap.speech.text("This alert is over already.")
    return TapAnswer(done, redraw, done=True)


async def tap_details(desk: Desk, tap: Tap) -> TapAnswer:
    """All figures of the account, and its alerts."""
    pressed = await _pressed(desk, tap, 0)
    if pressed is None:
        return stale(tap.speech, "tap details, stale")
    speech, now, account_id = tap.speech, desk.now(), pressed.board.account_id
    found = [each for each in await desk.statuses(tap.person.user_id) if each.account_id == account_id]
    if not found:
        return stale(speech, "tap details, stale")
    holds = [line for alert in pressed.board.open for line in alerts_text.open_alert(speech, alert, now)]
    card = full_card(speech, found[0], now)
    return TapAnswer(send=Reply("\n\n".join([card, "\n".join(holds[:12])]) if holds else card))


async def _pressed(desk: Desk, tap: Tap, numbers: int) -> _Pressed | None:
    """What a button stood for; None when it is none of ours any more: anybody can send anything here."""
    key, *rest = tap.argument.split(":")
    if len(rest) != numbers or not all(each.isascii() and each.isdecimal() and len(each) < 6 for each in rest):
        return None
    for board in await desk.alert_boards(tap.person.user_id, desk.now()):
        if account_key(board.account_id) == key:
            return _Pressed(board, tuple(int(each) for each in rest))
    return None


def _answered(desk: Desk, tap: Tap, board: AlertBoard, answer: Answered) -> TapAnswer:
    """The message drawn anew with who and when; or why the tap did nothing."""
    speech = tap.speech
    if answer.graver is not None:
        return TapAnswer(alerts_text.worse_now(speech, answer), alert=True)
    if answer.count == 0:
        return TapAnswer(speech.text("This alert is over already."), redraw=_redrawn(tap, board, ""))
    line = alerts_text.answered_line(speech, tap.person.name, desk.now(), answer.until)
    redrawn = _redrawn(tap, board, line)
    if redrawn is None:
        return TapAnswer(send=Reply(line))
    return TapAnswer(speech.text("Done"), redraw=redrawn, done=True)


def _redrawn(tap: Tap, board: AlertBoard, line: str) -> Reply | None:
    """The message under the button with one more line; None when it can no longer be read."""
    if not tap.html:
        return None
    key = account_key(board.account_id)
    details = Button(f"🔎 {tap.speech.text('Details')}", f"{DETAILS}:{key}")
    plan = Button(f"🧭 {tap.speech.text('Plan')}", f"{PLAN}:{key}")
    return Reply(followed(tap.html, line), ((details, plan),))


def _board_reply(speech: Speech, boards: Sequence[AlertBoard], now: datetime, view: _View) -> Reply:
    """The board, and a row of buttons for each account whose alerts the person may answer."""
    text = alerts_text.boards_text(speech, boards, now, speech.duration(view.span.total_seconds()))
    firing = sorted(
        (board for board in boards if board.open and reaches(board.role, _ANSWERS)), key=lambda board: -board.rank
    )
    return Reply(text, _answer_rows(speech, firing, view))


def _answer_rows(speech: Speech, firing: Sequence[AlertBoard], view: _View) -> tuple[tuple[Button, ...], ...]:
    return tuple(_answer_row(speech, board, view, several=len(firing) > 1) for board in firing[:ROWS_MAX])


def _answer_row(speech: Speech, board: AlertBoard, view: _View, *, several: bool) -> tuple[Button, ...]:
    about = f"{account_key(board.account_id)}:{board.rank}:{view.data}"
    name = f" {board.account[:20]}" if several else ""
    return (
        Button(f"✅ {speech.text('Acknowledge')}{name}", f"{SEEN}:{about}"),
        Button(f"🔕 {speech.duration(3600)}{name}", f"{HUSH}:{about}:60"),
    )


async def _to_answer(desk: Desk, ask: Ask, words: Sequence[str]) -> list[AlertBoard] | Reply:
    """The accounts whose alerts are answered: the named one, all, or the only one with an alert."""
    boards = await desk.alert_boards(ask.person.user_id, desk.now())
    mine = [board for board in boards if reaches(board.role, _ANSWERS)]
    everything = len(words) == 1 and words[0].casefold() == ALL
    if words and not everything:
        return _named(ask.speech, boards, words)
    firing = [board for board in mine if board.open]
    if not boards:
        return Reply(texts.no_accounts(ask.speech))
    others = [board for board in boards if board.open and board not in mine]
    if not firing and (others or not mine):  # what holds is told by others: "no alert holds" would be all clear
        which = others[0] if others else boards[0]
        raise NotAllowed(_ANSWERS, which.role, which.account)
    if not firing:
        return Reply(ask.speech.text("No alert holds."))
    if len(firing) == 1 or everything:
        return firing
    rows = _answer_rows(ask.speech, firing, _View())
    return Reply(ask.speech.text("Several accounts have alerts. Which one? Name it, or say all."), rows)


def _named(speech: Speech, boards: Sequence[AlertBoard], words: Sequence[str]) -> list[AlertBoard] | Reply:
    """The boards of the account with this name, or all without a name; or that there is none."""
    if not boards:
        return Reply(texts.no_accounts(speech))
    if not words:
        return list(boards)
    found = account_named(boards, " ".join(words))
    return [found] if found is not None else unknown_account(speech, " ".join(words), boards)


COMMANDS: tuple[Command, ...] = (
    Command("alerts", marked("/alerts [account] [24h]"), marked("what is wrong now, and what was told"), alerts),
    Command("ack", marked("/ack [account|all]"), marked("you have seen it: no repeats"), ack, least="operator"),
    Command(
        "snooze",
        marked("/snooze 15m|1h|until 07:00 [account|all]"),
        marked("silence for a while; it ends when things get worse"),
        snooze,
        least="operator",
    ),
    *thresholds.COMMANDS,
)
TAPS: tuple[TapAction, ...] = (
    TapAction(ACKNOWLEDGE, tap_acknowledge, private=True),
    TapAction(SNOOZE, tap_snooze, private=True),
    TapAction(DETAILS, tap_details, private=True),
    TapAction(SEEN, tap_seen, private=True),
    TapAction(HUSH, tap_hush, private=True),
)
