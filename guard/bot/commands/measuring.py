"""Measuring: risk pool by pool, liquidation prices; what would be is in `guard.bot.commands.supposing`."""

from __future__ import annotations

from guard.bot import texts
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.cards import absent
from guard.bot.choosing import choice
from guard.bot.commands import supposing
from guard.bot.commands.viewing import stale
from guard.bot.desk import Desk
from guard.bot.desks.measuring import FreshRead, HeldAccount
from guard.bot.replies import Button, Reply, TapTarget, account_key
from guard.bot.risk_text import liquidation_text, read_note, risk_text
from guard.language.speech import Speech, marked

RISK = "risk"
READ_NOW = "readnow"


async def risk(desk: Desk, ask: Ask) -> Reply:
    """The figures of an account, pool by pool, with buttons to draw them anew and to have them read anew."""
    chosen = await choice(desk, ask)
    if isinstance(chosen, Reply):
        return chosen
    account = await desk.held(ask.person.user_id, chosen.snapshot.account_id)
    if account is None:
        return Reply(texts.no_accounts(ask.speech))
    return _risk_reply(ask.speech, desk, account, ask.chat_user_id)


async def liquidation(desk: Desk, ask: Ask) -> Reply:
    """Where each leg of an account is liquidated, and how far everything must move."""
    chosen = await choice(desk, ask)
    if isinstance(chosen, Reply):
        return chosen
    account = await desk.held(ask.person.user_id, chosen.snapshot.account_id)
    if account is None:
        return Reply(texts.no_accounts(ask.speech))
    if account.held is None:
        return Reply(absent(ask.speech, account))
    return Reply(liquidation_text(ask.speech, account, account.held, desk.now()))


async def refresh(desk: Desk, tap: Tap) -> TapAnswer:
    """The risk view drawn anew from what is known."""
    account = await _tapped(desk, tap)
    if isinstance(account, TapAnswer):
        return account
    return TapAnswer(texts.updated(tap.speech, desk.now()), _risk_reply(tap.speech, desk, account, tap.chat_user_id))


async def read_now(desk: Desk, tap: Tap) -> TapAnswer:
    """The account read at once, and the risk view drawn anew, whatever became of the reading."""
    before = await _tapped(desk, tap)
    if isinstance(before, TapAnswer):
        return before
    account_id = before.snapshot.account_id
    outcome = await desk.read_now(tap.person.user_id, account_id)
    account = await desk.held(tap.person.user_id, account_id)
    if outcome is None or account is None:
        return stale(tap.speech, "tap read now of an account that is not theirs any more")
    note = read_note(tap.speech, outcome, account)
    notice = texts.updated(tap.speech, desk.now()) if outcome is FreshRead.DONE else ""
    return TapAnswer(notice, _risk_reply(tap.speech, desk, account, tap.chat_user_id, note))


COMMANDS: tuple[Command, ...] = (
    Command("risk", marked("/risk [account]"), marked("every pool: risk ratio, distance, leverage"), risk),
    Command("liq", marked("/liq [account]"), marked("liquidation price of each position"), liquidation),
    *supposing.COMMANDS,
)
TAPS: tuple[TapAction, ...] = (TapAction(RISK, refresh), TapAction(READ_NOW, read_now))


def _risk_reply(speech: Speech, desk: Desk, account: HeldAccount, owner: int, note: str = "") -> Reply:
    key = account_key(account.snapshot.account_id)
    buttons = (
        Button(texts.refresh(speech), TapTarget(RISK, owner, key).data),
        Button(f"📡 {speech.text('Read now')}", TapTarget(READ_NOW, owner, key).data),
    )
    return Reply(risk_text(speech, account, desk.now(), note), (buttons,))


async def _tapped(desk: Desk, tap: Tap) -> HeldAccount | TapAnswer:
    """The account behind a button; or why the tap leads nowhere."""
    owner, _, key = tap.argument.partition(":")
    if owner != str(tap.chat_user_id):
        return TapAnswer(texts.not_your_button(tap.speech), refused="tap risk of somebody else")
    for snapshot in await desk.statuses(tap.person.user_id):
        if account_key(snapshot.account_id) == key:
            account = await desk.held(tap.person.user_id, snapshot.account_id)
            if account is not None:
                return account
    return stale(tap.speech, "tap risk of an account that is not theirs")
