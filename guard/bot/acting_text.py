"""How plans, modes and actions are written for a person in chat. Pure; Telegram HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from guard.bot.desks.acting import Actable, Action, ActionLog, Answer, Frozen, Offer, PlanRow, Question
from guard.bot.limits import fitted
from guard.bot.more import more_accounts
from guard.bot.status_text import ICONS, NAME_CLIP, escaped, hedge_line
from guard.language.speech import Speech, marked, quote_of
from guard.language.words import side_word, zone_word
from guard.ports.records import IntentOrigin, IntentState, Mode, OrderRecord

LINE_CLIP: Final = 600
ROWS_MAX: Final = 12

_MODES: Final[dict[Mode, str]] = {
    "observe": marked("observe: alerts only, nothing is ever sent"),
    "suggest": marked("suggest: alerts come with a plan, nothing is ever sent"),
    "confirm": marked("confirm: a plan comes with a button, nothing is sent before you tap"),
    "auto": marked("auto: the guard acts by itself inside its limits"),
}
_STATES: Final[dict[IntentState, str]] = {
    "open": marked("under way"),
    "done": marked("done"),
    "refused": marked("refused"),
    "failed": marked("not done"),
    "dry_run": marked("dry run"),
}
_ORIGINS: Final[dict[IntentOrigin, str]] = {
    "auto": marked("by itself"),
    "confirm": marked("confirmed by {name}"),
    "command": marked("asked for by {name}"),
    "unwind": marked("a hedge is taken off"),
}
_REMEDIES: Final[dict[str, str]] = {
    "cancel": marked("cancel"),
    "net": marked("net"),
    "transfer": marked("transfer"),
    "reduce": marked("reduce"),
    "hedge": marked("hedge"),
}


# Plans


def offer_text(speech: Speech, offer: Offer, now: datetime) -> str:
    """A plan: three lines, its steps, and what a tap would do or why nothing can be done."""
    head = f"🛡 <b>{escaped(offer.account, NAME_CLIP)}</b> · {speech.text('plan')}"
    if offer.changed:
        again = speech.text("By now the plan is another one: {why}.", why=escaped(speech.sentence(offer.changed)))
        head = f"{head}\n⚠️ {again}"
    lines = "\n".join(escaped(line, LINE_CLIP) for line in offer.lines)
    rows = [row_text(speech, row) for row in offer.rows[:ROWS_MAX]]
    if len(offer.rows) > ROWS_MAX:
        rows.append(_more_steps(speech, len(offer.rows) - ROWS_MAX))
    tail = [_what_a_tap_does(speech, offer), speech.text("Read {at}", at=speech.moment(now))]
    return fitted("\n".join(filter(None, [head, lines])), rows, "\n".join(tail), partial(_more_steps, speech))


def row_text(speech: Speech, row: PlanRow) -> str:
    """One step: `• reduce BTC/USDT:USDT long: sell 0.5 at 39,800 or better, cost 12.30 USDT`."""
    what = speech.text(_REMEDIES[row.remedy]) if row.remedy in _REMEDIES else row.remedy
    currency = quote_of(row.symbol)
    if row.remedy == "cancel":
        return "• " + speech.text(
            "{remedy} the order {side} {size} {symbol} at {price}",
            remedy=what,
            side=_order_side(speech, row.side),
            size=speech.contracts(float(row.contracts)),
            symbol=escaped(row.symbol),
            price=speech.price(float(row.limit_price), row.symbol),
        )
    if row.remedy == "transfer":
        return "• " + speech.text(
            "{remedy} {amount}", remedy=what, amount=speech.money(float(row.contracts), row.symbol)
        )
    return "• " + speech.text(
        "{remedy} {symbol} {leg}: {side} {size} at {price} or better, cost {cost}",
        remedy=what,
        symbol=escaped(row.symbol),
        leg=side_word(speech, row.leg),
        side=_order_side(speech, row.side),
        size=speech.contracts(float(row.contracts)),
        price=speech.price(float(row.limit_price), row.symbol),
        cost=speech.money(row.cost, currency),
    )


def _order_side(speech: Speech, side: str) -> str:
    return speech.text("buy") if side == "buy" else speech.text("sell")


def _more_steps(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more step", "... and {count} more steps", count)


def _what_a_tap_does(speech: Speech, offer: Offer) -> str:
    if offer.refusals:
        why = "\n".join(f"- {escaped(speech.sentence(reason), LINE_CLIP)}" for reason in offer.refusals)
        return f"{speech.text('It cannot be done now:')}\n{why}"
    if not offer.may_act:
        return speech.text("There is nothing to send.")
    lines = [
        speech.text("Nothing is sent before you tap. The button works for {time}.", time=speech.duration(offer.valid_s))
    ]
    if offer.dry_run:
        lines.append(speech.text("Dry run: the orders are only recorded."))
    return "\n".join(lines)


def outcome_line(speech: Speech, answer: Answer, now: datetime) -> str:
    """What became of a tap, to stand under the plan."""
    at = speech.clock_time(now)
    if answer.kind == "sending" and answer.dry_run:
        return speech.plural(
            "🧪 {at}: dry run, {count} order is recorded, none is sent.",
            "🧪 {at}: dry run, {count} orders are recorded, none is sent.",
            answer.orders,
            at=at,
        )
    if answer.kind == "sending":
        return speech.plural(
            "✅ {at}: you said yes. {count} order is on its way; a message tells what became of it.",
            "✅ {at}: you said yes. {count} orders are on their way; a message tells what became of them.",
            answer.orders,
            at=at,
        )
    why = "\n".join(f"- {escaped(speech.sentence(reason), LINE_CLIP)}" for reason in answer.reasons)
    return f"{speech.text('⛔ {at}: nothing was sent.', at=at)}\n{why}"


def stale_notice(speech: Speech, answer: Answer) -> str:
    """Why a button does nothing."""
    match answer.problem:
        case "expired" if answer.question:
            return speech.text("This button has expired: nothing was changed. Type the command again.")
        case "expired":
            return speech.text("This button has expired: nothing was sent. Tap the other one for the plan of now.")
        case "used":
            return speech.text("This button was used already. Nothing is sent twice.")
        case "foreign":
            return speech.text("This button is somebody else's: nothing was sent.")
        case _:
            return speech.text("This button is no longer in use: nothing was sent.")


# Modes


def modes_text(speech: Speech, accounts: Sequence[Actable]) -> str:
    """The mode of each account, and what the modes are."""
    cards = [mode_card(speech, account) for account in accounts]
    meaning = "\n".join(f"<i>{escaped(speech.text(text))}</i>" for text in _MODES.values())
    return fitted("", cards, meaning, partial(more_accounts, speech))


def mode_card(speech: Speech, account: Actable) -> str:
    """One account: its mode, until when, and whether it is frozen."""
    line = f"<b>{escaped(account.name, NAME_CLIP)}</b>: {account.mode}"
    if account.mode_until is not None:
        line += " " + speech.text("until {at}", at=speech.moment(account.mode_until))
    if account.frozen:
        line += f"\n❄️ {speech.text('frozen: nothing is sent until /resume')}"
    return line


def question_text(speech: Speech, question: Question) -> str:
    """What is about to be allowed."""
    name = escaped(question.account, NAME_CLIP)
    tail = speech.text("The button works for {time}.", time=speech.duration(question.valid_s))
    if question.mode is None:
        head = speech.text("Let <b>{account}</b> act again as before? It is frozen now.", account=name)
        return f"❄️ {head}\n{tail}"
    span = speech.text("without end")
    if question.for_s is not None:
        span = speech.text("for {time}", time=speech.duration(question.for_s))
    head = speech.text("Set <b>{account}</b> to {mode}, {span}?", account=name, mode=question.mode, span=span)
    return f"🔐 {head}\n<i>{escaped(speech.text(_MODES[question.mode]))}</i>\n{tail}"


def changed_text(speech: Speech, answer: Answer) -> str:
    """The mode that holds now."""
    name = escaped(answer.account, NAME_CLIP)
    if answer.mode is None:
        return f"🔓 {speech.text('<b>{account}</b> is not frozen any more.', account=name)}"
    until = ""
    if answer.mode_until is not None:
        until = " " + speech.text("until {at}", at=speech.moment(answer.mode_until))
    head = speech.text("<b>{account}</b> is in mode {mode}", account=name, mode=answer.mode)
    notes = "".join(f"\n- {escaped(speech.sentence(note), LINE_CLIP)}" for note in answer.reasons)
    return f"🔐 {head}{until}\n<i>{escaped(speech.text(_MODES[answer.mode]))}</i>{notes}"


def frozen_text(speech: Speech, frozen: Frozen) -> str:
    """What was just stopped; and what to do where a restart would undo that."""
    shown = escaped(", ".join(frozen.accounts), 1000)
    head = "❄️ " + speech.text(
        "Frozen: <b>{accounts}</b>. No order is sent until /resume; watching and warning go on.", accounts=shown
    )
    if not frozen.unstored:
        return head
    lost = speech.text(
        "Not stored, the database cannot be written: <b>{accounts}</b>. This freeze is lost when the guard is "
        "restarted.",
        accounts=escaped(", ".join(frozen.unstored), 1000),
    )
    remedy = speech.text(
        "To stop the orders of all accounts for good, run {command} on the guard's machine, or create the file {file} "
        "there.",
        command="<code>guard stop-orders</code>",
        file=f"<code>{escaped(frozen.stop_file)}</code>",
    )
    return "\n".join([head, f"⚠️ {lost}", remedy])


# The record


def log_text(speech: Speech, log: ActionLog, span: str) -> str:
    """What protection did, the newest first, and the hedges that stand."""
    head = f"🛠 <b>{escaped(log.account, NAME_CLIP)}</b> · {speech.text('actions, {span}', span=span)}"
    cards = [action_card(speech, action) for action in log.actions]
    if log.hedges:
        cards.insert(0, "\n".join([speech.text("Hedges:"), *(hedge_line(speech, hedge) for hedge in log.hedges)]))
    return fitted(head, cards or [speech.text("Nothing was done or refused.")], "", partial(_more_actions, speech))


def _more_actions(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more action", "... and {count} more actions", count)


def action_card(speech: Speech, action: Action) -> str:
    """One intent: what it came to, why, who asked, the orders, the levels, the cost against the plan."""
    intent = action.intent
    state, zone = speech.text(_STATES[intent.state]), zone_word(speech, intent.zone)
    who = speech.text(_ORIGINS[intent.origin], name=escaped(action.asked_by or "?", NAME_CLIP))
    lines = [f"{ICONS[intent.zone]} {speech.short_time(intent.at)} <b>{state}</b> · {zone} · {who}"]
    lines.append(escaped(speech.sentence(intent.reason), LINE_CLIP))
    lines += [f"• {order_text(speech, order)}" for order in action.orders[:ROWS_MAX]]
    if len(action.orders) > ROWS_MAX:
        lines.append(_more_steps(speech, len(action.orders) - ROWS_MAX))
    if intent.risk_ratio_before is not None:
        levels = speech.percent(intent.risk_ratio_before)
        if intent.risk_ratio_after is not None:
            levels += f" → {speech.percent(intent.risk_ratio_after)}"
        lines.append(speech.text("Risk ratio {levels}", levels=levels))
    if intent.cost_planned is not None and intent.state != "refused":
        planned = speech.number(intent.cost_planned, 2)
        actual = speech.text("unknown") if intent.cost_actual is None else speech.number(intent.cost_actual, 2)
        lines.append(speech.text("Cost {actual}, planned {planned} (quote currency)", actual=actual, planned=planned))
    return "\n".join(lines)


def order_text(speech: Speech, order: OrderRecord) -> str:
    """`sell 0.5 contracts BTC/USDT:USDT long: filled 0.5 at 39,812 USDT`."""
    what = " ".join(
        [
            _order_side(speech, order.side),
            speech.contracts(float(order.contracts)),
            escaped(order.symbol),
            side_word(speech, order.leg),
        ]
    )
    if Decimal(order.filled) > 0 and order.average_price is not None:
        end = speech.text(
            "filled {size} at {price}",
            size=speech.number(float(order.filled), 10, at_least=0),
            price=speech.price(order.average_price, order.symbol),
        )
    else:
        end = escaped(f"{order.state}, {order.error}" if order.error else order.state.value)
    return f"{what}: {end}"
