"""A step that a person thinks about, in figures before and after. Pure; Telegram HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from guard.bot.cards import (
    age_lines,
    distance_words,
    level_words,
    money,
    pool_name,
    ratio_words,
    title,
    zone_icon,
)
from guard.bot.desks.measuring import HeldAccount, HeldBook
from guard.bot.refusal import Refusal
from guard.bot.whatif import Step, Wish, take_step
from guard.language.speech import Speech
from guard.risk.assess import assess
from guard.risk.report import AccountRisk, PoolRisk
from guard.risk.zones import Zone, entered_zone

_NO_MATTER = 1e-9


@dataclass(frozen=True, slots=True)
class Supposed:
    """A step and what it leads to; zones are those that a book without history would be in."""

    step: Step
    after: AccountRisk
    zone_before: Zone
    zone_after: Zone


def suppose(speech: Speech, held: HeldBook, wish: Wish) -> Supposed | Refusal:
    """Take a step on a copy of the book and assess it. Takes a while for a large book.

    Raises:
        BookError: the step cannot be taken, or the book after it not be assessed.
    """
    if held.book.model == "reported":
        return Refusal(
            speech.text("This account is watched by its venue's own figures: what a step would change is not known.")
        )
    step = take_step(speech, held.book, held.risk, wish)
    if isinstance(step, Refusal):
        return step
    after = assess(step.book, prices=False)
    return Supposed(step, after, entered_zone(held.risk, held.policy)[0], entered_zone(after, held.policy)[0])


def supposed_text(speech: Speech, account: HeldAccount, held: HeldBook, found: Supposed, now: datetime) -> str:
    """The step, and every figure that it changes, before → after."""
    before, after = held.risk, found.after
    arrow = partial("{} → <b>{}</b>".format)
    lines = [
        title(speech, account.snapshot),
        age_lines(speech, account, held, now),
        "",
        f"<b>{speech.text('What if')}</b>: {found.step.html}",
        "",
        speech.text(
            "Risk ratio {change}",
            change=arrow(ratio_words(speech, before.risk_ratio), ratio_words(speech, after.risk_ratio)),
        ),
        speech.text(
            "Distance to liquidation {change}",
            change=arrow(distance_words(speech, before), distance_words(speech, after)),
        ),
        speech.text(
            "Margin level {change}",
            change=arrow(level_words(speech, before.margin_level), level_words(speech, after.margin_level)),
        ),
        *_pool_lines(speech, before, after),
        speech.text(
            "Zone {change}", change=arrow(zone_icon(speech, found.zone_before), zone_icon(speech, found.zone_after))
        ),
        "",
        speech.text("Nothing was done. Slippage is not counted."),
    ]
    return "\n".join(lines)


def _pool_lines(speech: Speech, before: AccountRisk, after: AccountRisk) -> list[str]:
    """Equity and leverage of the pools that the step changes; a pool that is gone is said to be."""
    later = {(pool.currency, pool.symbol): pool for pool in after.pools}
    lines: list[str] = []
    for pool in before.pools:
        new = later.get((pool.currency, pool.symbol))
        name = pool_name(speech, pool)
        if new is None:
            lines.append(speech.text("{pool}: gone", pool=name))
        elif _is_changed(pool, new):
            equity = f"{money(speech, pool.equity, pool.currency)} → {money(speech, new.equity, pool.currency)}"
            leverage = f"{_times(speech, pool)} → {_times(speech, new)}"
            lines.append(
                speech.text("{pool}: equity {equity}, leverage {leverage}", pool=name, equity=equity, leverage=leverage)
            )
    return lines[:6]


def _is_changed(before: PoolRisk, after: PoolRisk) -> bool:
    scale = abs(before.equity) + before.gross_notional + 1.0
    moved = abs(before.equity - after.equity) + abs(before.gross_notional - after.gross_notional)
    return moved > _NO_MATTER * scale


def _times(speech: Speech, pool: PoolRisk) -> str:
    if pool.effective_leverage is None:
        return speech.text("no equity left")
    return speech.multiple(pool.effective_leverage)
