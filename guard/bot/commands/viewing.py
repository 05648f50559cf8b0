"""Looking: status, positions, pictures, history. Answers to a person who is already admitted, from stored data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guard.bot import texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.desk import Desk, PictureWish
from guard.bot.history_text import history_text
from guard.bot.looks import CHART_USAGE, LookRequest, read_look
from guard.bot.naming import account_named, unknown_account
from guard.bot.replies import ALL_ACCOUNTS, STATUS, Button, Reply, TapTarget, account_key, read_target
from guard.bot.status_text import by_urgency, positions_text, status_text
from guard.language.speech import Speech, marked
from guard.ports.errors import PictureError
from guard.ports.records import Snapshot


async def status(desk: Desk, ask: Ask) -> Reply:
    """Zone and figures of all accounts, or of one."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.no_accounts(ask.speech))
    if not ask.argument:
        return status_reply(ask.speech, snapshots, desk.now(), TapTarget(STATUS, ask.chat_user_id, ALL_ACCOUNTS))
    chosen = account_named(snapshots, ask.argument)
    if chosen is None:
        return _unknown(ask, ask.argument, snapshots)
    target = TapTarget(STATUS, ask.chat_user_id, account_key(chosen.account_id))
    return status_reply(ask.speech, [chosen], desk.now(), target)


async def positions(desk: Desk, ask: Ask) -> Reply:
    """The legs of all accounts, or of one."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.no_accounts(ask.speech))
    if not ask.argument:
        return Reply(positions_text(ask.speech, snapshots, desk.now()))
    chosen = account_named(snapshots, ask.argument)
    if chosen is None:
        return _unknown(ask, ask.argument, snapshots)
    return Reply(positions_text(ask.speech, [chosen], desk.now()))


async def chart(desk: Desk, ask: Ask) -> Reply:
    """A picture of one account: its history, or another of the kinds; distances of all accounts without a name."""
    looking = await _looking(desk, ask)
    if isinstance(looking, Reply):
        return looking
    request, chosen, snapshots = looking
    now, kind = desk.now(), request.kind
    whole = kind == "distance" and not request.account and len(snapshots) > 1
    if whole:
        caption = texts.caption_of_all(ask.speech, len(snapshots))
    else:
        past = kind == "history"
        what = texts.span(ask.speech, request.span_key) if past else texts.kind(ask.speech, kind)
        caption = texts.caption(ask.speech, chosen, what, now)
    wish = PictureWish(kind, None if whole else chosen.account_id, now - request.span, ask.speech)
    try:
        png = await desk.picture(ask.person.user_id, wish)
    except PictureError as error:
        return Reply(texts.no_picture(ask.speech, caption, str(error)))
    return _unknown(ask, request.account, snapshots) if png is None else Reply(caption, png=png)


async def history(desk: Desk, ask: Ask) -> Reply:
    """What became of one account: the worst and the best, zone changes, alerts, actions."""
    looking = await _looking(desk, ask, kinds=False)
    if isinstance(looking, Reply):
        return looking
    request, chosen, snapshots = looking
    past = await desk.history(ask.person.user_id, chosen.account_id, desk.now() - request.span)
    if past is None:
        return _unknown(ask, request.account, snapshots)
    return Reply(history_text(ask.speech, past, chosen.zone, texts.span(ask.speech, request.span_key)))


def status_reply(speech: Speech, snapshots: Sequence[Snapshot], now: datetime, target: TapTarget) -> Reply:
    """The status view with its Refresh button."""
    return Reply(status_text(speech, snapshots, now), ((Button(texts.refresh(speech), target.data),),))


async def refresh(desk: Desk, tap: Tap) -> TapAnswer:
    """The status view drawn anew, for whom it was made; gone when the account is no longer theirs to see."""
    target = read_target(f"{STATUS}:{tap.argument}")
    if target is None:
        return stale(tap.speech, "tap status, unreadable")
    if target.owner != tap.chat_user_id:
        return TapAnswer(texts.not_your_button(tap.speech), refused="tap status of somebody else")
    snapshots = await desk.statuses(tap.person.user_id)
    if target.account_key != ALL_ACCOUNTS:
        snapshots = [snapshot for snapshot in snapshots if account_key(snapshot.account_id) == target.account_key]
    if not snapshots:
        return stale(tap.speech, "tap status of an account that is not theirs")
    now = desk.now()
    return TapAnswer(texts.updated(tap.speech, now), redraw=status_reply(tap.speech, snapshots, now, target))


def stale(speech: Speech, refused: str) -> TapAnswer:
    """What a button leads to that means nothing any more; `refused` is for the log."""
    return TapAnswer(texts.stale_button(speech), refused=refused)


async def _looking(desk: Desk, ask: Ask, *, kinds: bool = True) -> tuple[LookRequest, Snapshot, list[Snapshot]] | Reply:
    """What is asked for, which account (without a name the most urgent) and all of them; or why that has no answer."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.no_accounts(ask.speech))
    request = read_look(ask.argument, [snapshot.account for snapshot in snapshots], kinds=kinds)
    if isinstance(request, str):
        return Reply(texts.ranges_only(ask.speech, request))
    chosen = account_named(snapshots, request.account) if request.account else by_urgency(snapshots)[0]
    return _unknown(ask, request.account, snapshots) if chosen is None else (request, chosen, snapshots)


def _unknown(ask: Ask, name: str, snapshots: Sequence[Snapshot]) -> Reply:
    """The answer to the name of an account that the person does not have."""
    return unknown_account(ask.speech, name, by_urgency(snapshots))


COMMANDS: tuple[Command, ...] = (
    Command("status", marked("/status [account]"), marked("zone, risk ratio, distance to liquidation"), status),
    Command(
        "positions", marked("/positions [account]"), marked("open positions and their liquidation prices"), positions
    ),
    Command("chart", CHART_USAGE, marked("a picture of risk over time, of positions or of stress"), chart),
    Command(
        "history",
        marked("/history [account] [24h|7d]"),
        marked("zone changes, alerts, actions; worst and best"),
        history,
    ),
)
TAPS: tuple[TapAction, ...] = (TapAction(STATUS, refresh),)
