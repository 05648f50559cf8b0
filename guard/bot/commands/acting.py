"""Acting: plans, orders by hand, modes, freezing, and the record. A message alone sends nothing: a tap in time does.

In private chats only. What a person may do with an account is asked of the desk on every message and every tap.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from guard.bot import acting_text, texts
from guard.bot.acting_text import changed_text, frozen_text, log_text, modes_text, offer_text, outcome_line
from guard.bot.asking import Ask, Command, Tap, TapAction, TapAnswer
from guard.bot.choosing import Choice, Grammar, choice
from guard.bot.desk import Desk
from guard.bot.desks.acting import AGAIN, DO, Actable, Answer, Offer, Question
from guard.bot.limits import followed
from guard.bot.refusal import Refusal, not_understood
from guard.bot.replies import Button, Reply
from guard.bot.wishing import ModeWish, is_mode, is_order, is_plan, read_mode, read_net, read_order, read_plan
from guard.language.speech import Speech, marked
from guard.ports.buttons import PLAN, account_key
from guard.ports.errors import NotAllowed
from guard.ports.records import Snapshot
from guard.ports.roles import reaches
from guard.ports.wishes import Wish

SPANS: Final = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
ACTIONS_EXAMPLE: Final = "/actions 7d"


# Plans


async def plan(desk: Desk, ask: Ask) -> Reply:
    """The guard's own way back under the target, or under another one."""
    chosen = await choice(desk, ask, is_plan)
    return (
        chosen if isinstance(chosen, Reply) else await _offered(desk, ask, chosen, read_plan(ask.speech, chosen.words))
    )


async def reduce(desk: Desk, ask: Ask) -> Reply:
    """A leg made smaller by hand."""
    chosen = await _about_a_symbol(desk, ask)
    if isinstance(chosen, Reply):
        return chosen
    account, found = chosen
    return await _offered(desk, ask, found, read_order(ask.speech, "reduce", account.symbols, found.words))


async def hedge(desk: Desk, ask: Ask) -> Reply:
    """An opposite leg opened by hand."""
    chosen = await _about_a_symbol(desk, ask)
    if isinstance(chosen, Reply):
        return chosen
    account, found = chosen
    return await _offered(desk, ask, found, read_order(ask.speech, "hedge", account.symbols, found.words))


async def net(desk: Desk, ask: Ask) -> Reply:
    """Long against short legs closed."""
    chosen = await _about_a_symbol(desk, ask)
    if isinstance(chosen, Reply):
        return chosen
    account, found = chosen
    return await _offered(desk, ask, found, read_net(ask.speech, account.symbols, found.words))


async def unhedge(desk: Desk, ask: Ask) -> Reply:
    """The guard's hedges taken off."""
    chosen = await choice(desk, ask)
    return chosen if isinstance(chosen, Reply) else await _offered(desk, ask, chosen, Wish("unhedge"))


async def _about_a_symbol(desk: Desk, ask: Ask) -> tuple[Actable, Choice] | Reply:
    """The account that is meant, with the symbols that it holds; a symbol of any of them needs no account before it."""
    accounts = {account.account_id: account for account in await desk.actables(ask.person.user_id)}
    symbols = [symbol for account in accounts.values() for symbol in account.symbols]
    grammar: Grammar = partial(is_order, symbols)
    chosen = await choice(desk, ask, grammar, partial(_may_trade, accounts))
    if isinstance(chosen, Reply):
        return chosen
    account = accounts.get(chosen.snapshot.account_id)
    return Reply(texts.no_accounts(ask.speech)) if account is None else (account, chosen)


def _may_trade(accounts: Mapping[str, Actable], snapshot: Snapshot, word: str) -> bool:
    account = accounts.get(snapshot.account_id)
    return account is not None and is_order(account.symbols, [word])


async def _offered(desk: Desk, ask: Ask, chosen: Choice, wish: Wish | Refusal) -> Reply:
    if isinstance(wish, Refusal):
        return Reply(wish.html)
    offer = await desk.offer(ask.person, ask.speech, chosen.snapshot.account_id, wish)
    return _offer_reply(ask.speech, desk, offer)


def _offer_reply(speech: Speech, desk: Desk, offer: Offer) -> Reply:
    anew = Button(f"🔄 {speech.text('Plan now')}", f"{AGAIN}:{offer.nonce}")
    do = Button(f"✅ {speech.text('Do it')}", f"{DO}:{offer.nonce}")
    return Reply(offer_text(speech, offer, desk.now()), ((do, anew) if offer.may_act else (anew,),))


# Taps


async def tap_plan(desk: Desk, tap: Tap) -> TapAnswer:
    """The Plan button of an alert: the plan as a further message."""
    for account in await desk.actables(tap.person.user_id):
        if account_key(account.account_id) == tap.argument:
            offer = await desk.offer(tap.person, tap.speech, account.account_id, Wish())
            return TapAnswer(send=_offer_reply(tap.speech, desk, offer))
    return TapAnswer(texts.stale_button(tap.speech), refused="tap plan of an account that is not theirs")


async def tap_again(desk: Desk, tap: Tap) -> TapAnswer:
    """The plan behind the message, made anew."""
    offer = await desk.offer_again(tap.person, tap.speech, tap.argument)
    if isinstance(offer, str):
        notice = acting_text.stale_notice(tap.speech, Answer("stale", problem=offer))
        return TapAnswer(notice, alert=True, refused=f"tap again, {offer}")
    return TapAnswer(texts.updated(tap.speech, desk.now()), _offer_reply(tap.speech, desk, offer))


async def tap_do(desk: Desk, tap: Tap) -> TapAnswer:
    """A person says yes."""
    answer = await desk.approve(tap.person, tap.speech, tap.argument)
    speech = tap.speech
    match answer.kind:
        case "stale":
            anew = Button(f"🔄 {speech.text('Plan now')}", f"{AGAIN}:{tap.argument}")
            redraw = (
                Reply(tap.html, () if answer.question else ((anew,),))
                if answer.problem == "expired" and tap.html
                else None
            )
            notice = acting_text.stale_notice(speech, answer)
            return TapAnswer(notice, redraw, alert=True, refused=f"tap do, {answer.problem}")
        case "again" if answer.offer is not None:
            notice = speech.text("The plan has changed: nothing was sent. Look again.")
            return TapAnswer(notice, _offer_reply(speech, desk, answer.offer), alert=True)
        case "changed":
            return TapAnswer(speech.text("Done."), Reply(changed_text(speech, answer)), done=True)
        case _:
            line = outcome_line(speech, answer, desk.now())
            shown = followed(tap.html, line, "\n\n")
            refused = f"tap do, refused: {'; '.join(answer.reasons)}" if answer.kind == "refused" else ""
            notice = speech.text("Nothing was sent.") if refused else speech.text("On its way.")
            return TapAnswer(notice, Reply(shown), alert=bool(refused), refused=refused, done=True)


# Modes


async def mode(desk: Desk, ask: Ask) -> Reply:
    """The modes of all accounts; or another mode for one."""
    accounts = await desk.actables(ask.person.user_id)
    if not accounts:
        return Reply(texts.no_accounts(ask.speech))
    if not ask.argument.strip():
        return Reply(modes_text(ask.speech, accounts))
    chosen = await choice(desk, ask, is_mode)
    if isinstance(chosen, Reply):
        return chosen
    wish = read_mode(ask.speech, chosen.words)
    if isinstance(wish, Refusal):
        return Reply(wish.html)
    return await _mode_of(desk, ask, chosen, wish, accounts)


async def _mode_of(desk: Desk, ask: Ask, chosen: Choice, wish: ModeWish, accounts: list[Actable]) -> Reply:
    account_id = chosen.snapshot.account_id
    if wish.mode is None:
        return Reply(modes_text(ask.speech, [each for each in accounts if each.account_id == account_id]))
    question = await desk.ask_mode(ask.person, account_id, wish.mode, wish.for_s)
    if question is None:
        return Reply(changed_text(ask.speech, Answer("changed", chosen.snapshot.account, mode=wish.mode)))
    return _question_reply(ask.speech, question, ask.speech.text("Yes, set it"))


async def freeze(desk: Desk, ask: Ask) -> Reply:
    """Stop every action at once: of one account, or of all on which the person may act."""
    seen = await desk.actables(ask.person.user_id)
    accounts = [each for each in seen if reaches(each.role, "operator")]
    if not accounts:
        if seen:
            raise NotAllowed("operator", seen[0].role, seen[0].name)
        return Reply(texts.no_accounts(ask.speech))
    account_ids = tuple(account.account_id for account in accounts)
    typed = ask.argument.strip().casefold()
    if typed not in {"", "all"} or any(account.name.casefold() == typed for account in accounts if typed):
        chosen = await choice(desk, ask)
        if isinstance(chosen, Reply):
            return chosen
        account_ids = (chosen.snapshot.account_id,)
    return Reply(frozen_text(ask.speech, await desk.freeze(ask.person, account_ids)))


async def resume(desk: Desk, ask: Ask) -> Reply:
    """Let a frozen account act again; without a name, one that is frozen."""
    accounts = await desk.actables(ask.person.user_id)
    frozen = [account for account in accounts if account.frozen]
    if ask.argument.strip() or len(frozen) != 1:
        chosen = await choice(desk, ask)
        if isinstance(chosen, Reply):
            return chosen
        account_id, name = chosen.snapshot.account_id, chosen.snapshot.account
    else:
        account_id, name = frozen[0].account_id, frozen[0].name
    question = await desk.ask_resume(ask.person, account_id)
    if question is None:
        return Reply(changed_text(ask.speech, Answer("changed", name)))
    return _question_reply(ask.speech, question, ask.speech.text("Yes, let it act again"))


def _question_reply(speech: Speech, question: Question, label: str) -> Reply:
    return Reply(acting_text.question_text(speech, question), ((Button(f"✅ {label}", f"{DO}:{question.nonce}"),),))


# The record


async def actions(desk: Desk, ask: Ask) -> Reply:
    """What protection did on an account, and the hedges that stand."""
    chosen = await choice(desk, ask, lambda words: words[0].casefold() in SPANS)
    if isinstance(chosen, Reply):
        return chosen
    span = chosen.words[0].casefold() if chosen.words else "7d"
    if span not in SPANS or len(chosen.words) > 1:
        return Reply(not_understood(ask.speech, " ".join(chosen.words), ACTIONS_EXAMPLE).html)
    log = await desk.action_log(ask.person, chosen.snapshot.account_id, desk.now() - SPANS[span])
    return Reply(log_text(ask.speech, log, span))


COMMANDS: tuple[Command, ...] = (
    Command(
        "plan", marked("/plan [account] [30%]"), marked("the cheapest way back, with a button"), plan, "operator", True
    ),
    Command("reduce", marked("/reduce [account] BTC 25%"), marked("make a position smaller"), reduce, "operator", True),
    Command("hedge", marked("/hedge [account] BTC 50%"), marked("open an opposite leg"), hedge, "operator", True),
    Command("net", marked("/net [account] [BTC]"), marked("close long against short"), net, "operator", True),
    Command("unhedge", marked("/unhedge [account]"), marked("take the guard's hedges off"), unhedge, "operator", True),
    Command("mode", marked("/mode [account] [auto 8h]"), marked("how far the guard may act"), mode, "viewer", True),
    Command("freeze", marked("/freeze [account|all]"), marked("stop every action at once"), freeze, "operator", True),
    Command("resume", marked("/resume [account]"), marked("let a frozen account act again"), resume, "operator", True),
    Command("actions", marked("/actions [account] [24h|7d]"), marked("what the guard did, and why"), actions),
)
TAPS: tuple[TapAction, ...] = (
    TapAction(PLAN, tap_plan, private=True),
    TapAction(AGAIN, tap_again, private=True),
    TapAction(DO, tap_do, private=True),
)
