"""What moves of the market would do to an account: the grid, or one scenario. Pure; Telegram HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from guard.bot.cards import (
    age_lines,
    leg_name,
    level_words,
    money,
    move_words,
    pool_name,
    price,
    ratio_words,
    title,
    zone_icon,
)
from guard.bot.desks.measuring import HeldAccount, HeldBook
from guard.bot.limits import fitted
from guard.bot.status_text import ICONS
from guard.language.speech import Speech
from guard.risk.outcomes import Outcome, outcomes
from guard.risk.report import AccountRisk, PoolRisk, PositionRisk
from guard.risk.scenarios import Scenario
from guard.risk.stress import risks_of


@dataclass(frozen=True, slots=True)
class Stressed:
    """The outcomes in the order of asking."""

    outcomes: tuple[Outcome, ...]

    @property
    def worst(self) -> Outcome:
        """The one with the highest risk ratio; without equity, the least equity."""
        return max(self.outcomes, key=_badness)


def stressed(held: HeldBook, scenarios: Sequence[Scenario]) -> Stressed:
    """The account after each scenario. Takes a while for a large book.

    Raises:
        BookError: the book cannot be stressed.
    """
    return Stressed(outcomes(held.book, held.risk, risks_of(held.book, scenarios), held.policy))


def grid_text(speech: Speech, account: HeldAccount, held: HeldBook, found: Stressed, now: datetime) -> str:
    """One line for each move of everything, from far down to far up; what is liquidated first; the worst."""
    head = f"{title(speech, account.snapshot)}\n{age_lines(speech, account, held, now)}"
    about = speech.text("If everything moves by: risk ratio, equity")
    if _has_several_pools(held):
        about = speech.text("If everything moves by: risk ratio and equity of the worst pool then")
    rows = [_row(speech, outcome) for outcome in found.outcomes]
    worst = speech.text("Worst: <b>{what}</b>", what=_row(speech, found.worst))
    items = [f"<b>{about}</b>\n" + "\n".join(rows), _first_dead(speech, held.risk), worst]
    return fitted(head, items, _one_scenario(speech), partial(_more, speech))


def scenario_text(speech: Speech, account: HeldAccount, held: HeldBook, found: Stressed, now: datetime) -> str:
    """Everything about one scenario: before and after, who is liquidated first, what loses most."""
    outcome = found.worst
    head = f"{title(speech, account.snapshot)}\n{age_lines(speech, account, held, now)}"
    lines = [f"<b>{speech.text('If {moves}', moves=moves_words(speech, outcome.result.scenario))}</b>"]
    lines.append(
        speech.text(
            "Risk ratio {before} → <b>{after}</b>",
            before=ratio_words(speech, held.risk.risk_ratio),
            after=ratio_words(speech, outcome.result.risk_ratio),
        )
    )
    result = outcome.result
    if _has_several_pools(held) and outcome.worst_pool is not None:
        lines.append(speech.text("Worst pool then: <b>{pool}</b>", pool=pool_name(speech, outcome.worst_pool)))
    lines += [
        speech.text("Equity {money}", money=money(speech, result.equity, result.currency)),
        speech.text("Requirement {money}", money=money(speech, result.requirement, result.currency)),
        speech.text("Margin level {level}", level=level_words(speech, outcome.after.margin_level)),
        speech.text("Zone {zone}", zone=zone_icon(speech, outcome.zone)),
    ]
    items = ["\n".join(lines), *_who_suffers(speech, held.risk, outcome)]
    return fitted(head, items, "", partial(_more, speech))


def _has_several_pools(held: HeldBook) -> bool:
    """Whether figures of one pool must say that they are not those of the account."""
    return sum(bool(pool.positions) for pool in held.risk.pools) > 1


def moves_words(speech: Speech, scenario: Scenario) -> str:
    """The moves of a scenario: `BTC -8 %, everything else +2 %`."""
    words = [f"{asset} {move_words(speech, move)}" for asset, move in scenario.moves.items()]
    if scenario.otherwise:
        move = move_words(speech, scenario.otherwise)
        if words:
            words.append(speech.text("everything else {move}", move=move))
        else:
            words.append(speech.text("everything {move}", move=move))
    return speech.listed(*words) if words else speech.text("nothing moves")


def _row(speech: Speech, outcome: Outcome) -> str:
    """`🔴 -10 %: 87 %, 512,345 USDT`."""
    result = outcome.result
    ratio = speech.text("no equity left") if result.risk_ratio is None else speech.percent(result.risk_ratio)
    move = move_words(speech, result.scenario.otherwise)
    return f"{ICONS[outcome.zone]} {move}: {speech.listed(ratio, money(speech, result.equity, result.currency))}"


def _first_dead(speech: Speech, now: AccountRisk) -> str:
    """Which pool is liquidated first when everything falls, and when everything rises."""
    held = [pool for pool in now.pools if pool.positions]
    gone = [pool for pool in held if pool.risk_ratio is None]
    if gone:
        return speech.text("{pool} has no equity left already.", pool=pool_name(speech, gone[0]))
    down = min((pool for pool in held if pool.liquidation_shock_down is not None), key=_down, default=None)
    up = min((pool for pool in held if pool.liquidation_shock_up is not None), key=_up, default=None)
    lines = [f"<b>{speech.text('Liquidated first')}</b>"]
    if down is not None and down.liquidation_shock_down is not None:
        move = speech.change(down.liquidation_shock_down)
        lines.append(speech.text("when all falls: {pool} at {move}", pool=pool_name(speech, down), move=move))
    else:
        lines.append(speech.text("when all falls: nothing"))
    if up is not None and up.liquidation_shock_up is not None:
        move = speech.change(up.liquidation_shock_up)
        lines.append(speech.text("when all rises: {pool} at {move}", pool=pool_name(speech, up), move=move))
    else:
        lines.append(speech.text("when all rises: nothing"))
    return "\n".join(lines)


def _who_suffers(speech: Speech, now: AccountRisk, outcome: Outcome) -> list[str]:
    """The pool that is liquidated, or nearest to it, and the leg that loses most in it."""
    pool = outcome.worst_pool
    if pool is None:
        return []
    dead = pool.risk_ratio is None or pool.risk_ratio >= 1.0
    name = pool_name(speech, pool)
    found = [
        speech.text("🆘 Liquidated first: <b>{pool}</b>", pool=name)
        if dead
        else speech.text("Nearest to liquidation: <b>{pool}</b>", pool=name)
    ]
    loser = _loser(now, pool)
    if loser is not None:
        leg, loss = loser
        found.append(
            speech.text(
                "Loses most: {leg}, {loss}, mark {mark}",
                leg=leg_name(speech, leg.symbol, leg.side),
                loss=money(speech, loss, pool.currency),
                mark=price(speech, leg.mark_price, leg.symbol, pool.currency),
            )
        )
    return ["\n".join(found)]


def _loser(now: AccountRisk, after: PoolRisk) -> tuple[PositionRisk, float] | None:
    """The leg of a pool whose PnL falls most by a scenario, and by how much; None = none loses."""
    pnl = {
        (pool.currency, pool.symbol, leg.symbol, leg.side): leg.unrealized_pnl
        for pool in now.pools
        for leg in pool.positions
    }
    changes = [
        (leg, leg.unrealized_pnl - pnl.get((after.currency, after.symbol, leg.symbol, leg.side), leg.unrealized_pnl))
        for leg in after.positions
    ]
    leg, change = min(changes, key=lambda pair: pair[1])
    return (leg, change) if change < 0.0 else None


def _one_scenario(speech: Speech) -> str:
    return speech.text("One scenario: {example}", example="<code>/stress BTC -8% ETH -12%</code>")


def _badness(outcome: Outcome) -> tuple[bool, float, float]:
    result = outcome.result
    return (result.risk_ratio is None, result.risk_ratio or 0.0, -result.equity)


def _down(pool: PoolRisk) -> float:
    return abs(pool.liquidation_shock_down or 0.0)


def _up(pool: PoolRisk) -> float:
    return pool.liquidation_shock_up or 0.0


def _more(speech: Speech, count: int) -> str:
    return speech.plural("... and {count} more paragraph", "... and {count} more paragraphs", count)
