"""The leverage that an allowed drawdown and an assumed move permit, and what an account has. Pure; Telegram HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from guard.bot.cards import age_lines, pool_name, title
from guard.bot.desks.measuring import HeldAccount, HeldBook
from guard.bot.limits import fitted
from guard.bot.more import more_pools
from guard.bot.refusal import Refusal, not_understood, refusal
from guard.bot.typed import read_share
from guard.language.speech import Speech
from guard.risk.leverage import STYLES, LeverageAdvice, advise, optimal_leverage, stress_move, styles_of
from guard.risk.report import PoolRisk

EXAMPLE: Final = "/leverage drawdown 10% move 3%"
USUAL_DRAWDOWN: Final = 0.1


@dataclass(frozen=True, slots=True)
class LeverageWish:
    """The allowed drawdown and the assumed move as fractions; `move` None = that of stress."""

    drawdown: float = USUAL_DRAWDOWN
    move: float | None = None


def is_leverage(words: Sequence[str]) -> bool:
    """Whether words begin like a wish rather than like an account."""
    return words[0].casefold() in {"drawdown", "move"} or words[0].endswith("%")


def read_leverage(speech: Speech, words: Sequence[str]) -> LeverageWish | Refusal:
    """The wish in words such as `drawdown 10% move 3%`, in any order; or what is wrong with them."""
    wish, left = LeverageWish(), list(words)
    while left:
        name = left.pop(0)
        if name.casefold() not in {"drawdown", "move"}:
            return not_understood(speech, name, EXAMPLE)
        share = read_share(left.pop(0)) if left else None
        if share is None:
            what = speech.text("The {name} is a percentage above 0 and at most 100 %.", name=name.casefold())
            return refusal(speech, what, EXAMPLE)
        wish = replace(wish, drawdown=share) if name.casefold() == "drawdown" else replace(wish, move=share)
    return wish


def formula_text(speech: Speech, drawdown: float, move: float) -> str:
    """The leverage for two figures alone, and the styles that trade with as much."""
    optimal = optimal_leverage(drawdown, move)
    return f"{_headline(speech, optimal, drawdown, move)}\n\n{_styles(speech, optimal)}"


def leverage_text(speech: Speech, account: HeldAccount, held: HeldBook, wish: LeverageWish, now: datetime) -> str:
    """Each pool with positions: the leverage that fits, and the one that it has, the fullest first.

    Raises:
        BookError: a figure out of range.
    """
    head = f"{title(speech, account.snapshot)}\n{age_lines(speech, account, held, now)}"
    rows = [(pool, _advice(pool, wish)) for pool in held.risk.pools if pool.positions]
    if not rows:
        return f"{head}\n\n{speech.text('No positions: an empty account has no leverage.')}"
    rows.sort(key=lambda row: -_use(row[1]))
    items = [_pool_card(speech, pool, advice, wish.drawdown) for pool, advice in rows]
    if wish.move is None:
        items.append(
            speech.text(
                "The assumed move is the shock of stress: the worse of all coins together and each alone "
                "(12 % for BTC and ETH, 18 to 25 % for others). Your own: {example}",
                example=f"<code>{EXAMPLE}</code>",
            )
        )
    first = rows[0][1]
    return fitted(head, items, _styles(speech, first.optimal if first else None), partial(more_pools, speech))


def _advice(pool: PoolRisk, wish: LeverageWish) -> LeverageAdvice | None:
    """What fits a pool; None = no limit, its legs offset each other."""
    move = stress_move(pool) if wish.move is None else wish.move
    return advise(pool, drawdown=wish.drawdown, move=move) if move > 0.0 else None


def _use(advice: LeverageAdvice | None) -> float:
    """How much of the fitting leverage is used; a pool without equity uses it all."""
    if advice is None:
        return 0.0
    return float("inf") if advice.effective is None else advice.effective / advice.optimal


def _pool_card(speech: Speech, pool: PoolRisk, advice: LeverageAdvice | None, drawdown: float) -> str:
    has = speech.text("no equity left")
    if pool.effective_leverage is not None:
        has = speech.multiple(pool.effective_leverage)
    lines = [f"<b>{pool_name(speech, pool)}</b>", speech.text("Leverage now <b>{leverage}</b>", leverage=has)]
    if advice is None:
        lines.append(speech.text("No limit: the positions offset each other, the assumed move costs nothing"))
        return "\n".join(lines)
    lines.append(_headline(speech, advice.optimal, drawdown, advice.move))
    if advice.effective is None:
        return "\n".join(lines)
    if advice.reduce_by > 0.0:
        lines.append(f"⚠️ {speech.text('Too much: reduce by {part}', part=speech.percent(advice.reduce_by))}")
    else:
        lines.append(speech.text("It fits"))
    return "\n".join(lines)


def _headline(speech: Speech, optimal: float, drawdown: float, move: float) -> str:
    return speech.text(
        "<b>{leverage}</b> loses at most {drawdown} of the account in a move of {move}",
        leverage=speech.multiple(optimal),
        drawdown=speech.percent(drawdown),
        move=speech.percent(move),
    )


def _styles(speech: Speech, optimal: float | None) -> str:
    """Usual ranges, and which the leverage lies in."""
    fitting = styles_of(optimal) if optimal is not None else ()
    lines = [f"<b>{speech.text('Usual leverage by style')}</b>"]
    for style, (low, high) in STYLES.items():
        span = f"{low:g}x" if low == high else f"{low:g}x - {high:g}x"
        mark = " ✅" if style in fitting else ""
        lines.append(f"{_style_name(speech, style)}: {span}{mark}")
    return "\n".join(lines)


def _style_name(speech: Speech, style: str) -> str:
    match style:
        case "general":
            return speech.text("general")
        case "swing":
            return speech.text("swing")
        case "scalping":
            return speech.text("scalping (experienced only)")
        case _:
            return speech.text("long-term")
