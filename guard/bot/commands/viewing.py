"""Looking: status, positions, pictures, history. Answers to a person who is already admitted, from stored data."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from guard.bot import texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.desk import Desk, PictureWish
from guard.bot.history_text import history_text
from guard.bot.looks import CHART_USAGE, LookRequest, read_look
from guard.bot.replies import ALL_ACCOUNTS, STATUS, Button, Reply, TapTarget, account_key, read_target
from guard.bot.status_text import by_urgency, positions_text, status_text
from guard.ports.errors import PictureError
from guard.ports.records import Snapshot


async def start(_: Desk, ask: Ask) -> Reply:
    """Greet somebody who is linked already; linking itself is done before anybody is admitted."""
    return Reply(texts.already_linked(ask.person.name))


async def status(desk: Desk, ask: Ask) -> Reply:
    """Zone and figures of all accounts, or of one."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.NO_ACCOUNTS)
    if not ask.argument:
        return status_reply(desk, snapshots, TapTarget(STATUS, ask.chat_user_id, ALL_ACCOUNTS))
    chosen = choose(snapshots, ask.argument)
    if chosen is None:
        return _unknown_account(ask.argument, snapshots)
    return status_reply(desk, [chosen], TapTarget(STATUS, ask.chat_user_id, account_key(chosen.account_id)))


async def positions(desk: Desk, ask: Ask) -> Reply:
    """The legs of all accounts, or of one."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.NO_ACCOUNTS)
    if not ask.argument:
        return Reply(positions_text(snapshots, desk.now()))
    chosen = choose(snapshots, ask.argument)
    if chosen is None:
        return _unknown_account(ask.argument, snapshots)
    return Reply(positions_text([chosen], desk.now()))


async def chart(desk: Desk, ask: Ask) -> Reply:
    """A picture of one account: its history, or another of the kinds; distances of all accounts without a name."""
    looking = await _looking(desk, ask)
    if isinstance(looking, Reply):
        return looking
    request, chosen, snapshots = looking
    now, kind = desk.now(), request.kind
    whole = kind == "distance" and not request.account and len(snapshots) > 1
    if whole:
        caption = texts.caption_of_all(len(snapshots))
    else:
        caption = texts.caption(chosen, f"last {request.words}" if kind == "history" else kind, now)
    wish = PictureWish(kind, None if whole else chosen.account_id, now - request.span)
    try:
        png = await desk.picture(ask.person.user_id, wish)
    except PictureError as error:
        return Reply(texts.no_picture(caption, str(error)))
    return _unknown_account(request.account, snapshots) if png is None else Reply(caption, png=png)


async def history(desk: Desk, ask: Ask) -> Reply:
    """What became of one account: the worst and the best, zone changes, alerts, actions."""
    looking = await _looking(desk, ask, kinds=False)
    if isinstance(looking, Reply):
        return looking
    request, chosen, snapshots = looking
    past = await desk.history(ask.person.user_id, chosen.account_id, desk.now() - request.span)
    if past is None:
        return _unknown_account(request.account, snapshots)
    return Reply(history_text(past, chosen.zone, request.words))


async def whoami(desk: Desk, ask: Ask) -> Reply:
    """Who the guard thinks this is."""
    names = sorted(snapshot.account for snapshot in await desk.statuses(ask.person.user_id))
    return Reply(texts.whoami(ask.person.name, ask.chat_user_id, ask.chat_id, names))


def choose(snapshots: Sequence[Snapshot], name: str) -> Snapshot | None:
    """The account called `name`: exactly, else ignoring case, else the only one that starts with it."""
    folded = name.casefold()
    same = [snapshot for snapshot in snapshots if snapshot.account == name]
    alike = [snapshot for snapshot in snapshots if snapshot.account.casefold() == folded]
    longer = [snapshot for snapshot in snapshots if snapshot.account.casefold().startswith(folded)]
    return next((found[0] for found in (same, alike, longer) if len(found) == 1), None)


def status_reply(desk: Desk, snapshots: Sequence[Snapshot], target: TapTarget) -> Reply:
    """The status view with its Refresh button."""
    return Reply(status_text(snapshots, desk.now()), ((Button(texts.REFRESH, target.data),),))


async def refresh(desk: Desk, tap: Tap) -> TapAnswer:
    """The status view drawn anew, for whom it was made; gone when the account is no longer theirs to see."""
    target = read_target(f"{STATUS}:{tap.argument}")
    if target is None:
        return stale("tap status, unreadable")
    if target.owner != tap.chat_user_id:
        return TapAnswer(texts.NOT_YOUR_BUTTON, refused="tap status of somebody else")
    snapshots = await desk.statuses(tap.person.user_id)
    if target.account_key != ALL_ACCOUNTS:
        snapshots = [snapshot for snapshot in snapshots if account_key(snapshot.account_id) == target.account_key]
    if not snapshots:
        return stale("tap status of an account that is not theirs")
    return TapAnswer(texts.updated(desk.now()), redraw=status_reply(desk, snapshots, target))


def stale(refused: str) -> TapAnswer:
    """What a button leads to that means nothing any more."""
    return TapAnswer(texts.STALE_BUTTON, refused=refused)


async def _looking(desk: Desk, ask: Ask, *, kinds: bool = True) -> tuple[LookRequest, Snapshot, list[Snapshot]] | Reply:
    """What is asked for, which account (without a name the most urgent) and all of them; or why that has no answer."""
    snapshots = await desk.statuses(ask.person.user_id)
    if not snapshots:
        return Reply(texts.NO_ACCOUNTS)
    request = read_look(ask.argument, [snapshot.account for snapshot in snapshots], kinds=kinds)
    if isinstance(request, str):
        return Reply(texts.ranges_only(request))
    chosen = choose(snapshots, request.account) if request.account else by_urgency(snapshots)[0]
    return _unknown_account(request.account, snapshots) if chosen is None else (request, chosen, snapshots)


def _unknown_account(name: str, snapshots: Sequence[Snapshot]) -> Reply:
    names = [snapshot.account for snapshot in by_urgency(snapshots)]
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return Reply(texts.unknown_account(name, nearest[0] if nearest else None, names))


COMMANDS: tuple[Command, ...] = (
    Command("status", "/status [account]", "zone, risk ratio, distance to liquidation", status),
    Command("positions", "/positions [account]", "open positions and their liquidation prices", positions),
    Command("chart", CHART_USAGE, "a picture of risk over time, of positions or of stress", chart),
    Command("history", "/history [account] [24h|7d]", "zone changes, alerts, actions; worst and best", history),
    Command("whoami", "/whoami", "who you are to the guard", whoami),
    Command("start", "/start CODE", "link yourself with a one-time code", start),
)
TAPS: tuple[TapAction, ...] = (TapAction(STATUS, refresh),)
