"""The risk of one account, pool by pool, and where each leg is liquidated. Pure; Telegram HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from guard.bot.cards import (
    absent,
    age_lines,
    leg_name,
    level_words,
    money,
    name_of,
    pool_name,
    price,
    ratio_words,
    title,
    title_with_reason,
)
from guard.bot.desks.measuring import FreshRead, HeldAccount, HeldBook
from guard.bot.hours_text import hours_line
from guard.bot.limits import fitted
from guard.bot.more import more_pools, more_positions
from guard.bot.status_text import ICONS, escaped, full_card, not_told
from guard.language.speech import Speech
from guard.risk.report import PoolRisk, PositionRisk
from guard.risk.zones import Zone, entered_zone, severity


def risk_text(speech: Speech, account: HeldAccount, now: datetime, note: str = "") -> str:
    """Every pool with its figures, the most urgent first.

    Without a book the stored figures of the account, and why there is no more. `note` is what a person is told besides.
    """
    tail = "\n".join([*filter(None, [note]), speech.text("Updated {at}", at=speech.clock_time(now))])
    if account.held is None:
        items = [full_card(speech, account.snapshot, now), absent(speech, account)]
        return fitted("", items, tail, partial(more_pools, speech))
    pools = sorted(((_zone_of(pool, account.held), pool) for pool in account.held.risk.pools), key=_urgency)
    items = [_pool_card(speech, pool, account.held, zone if len(pools) > 1 else None) for zone, pool in pools]
    head = f"{title_with_reason(speech, account.snapshot)}\n{age_lines(speech, account, account.held, now)}"
    if not pools:
        items = [speech.text("No positions and no collateral.")]
    return fitted(head, items, tail, partial(more_pools, speech))


def liquidation_text(speech: Speech, account: HeldAccount, held: HeldBook, now: datetime) -> str:
    """Where each leg is liquidated by its own move alone, the nearest first; before that the move of all together."""
    legs = [(leg, pool) for pool in held.risk.pools for leg in pool.positions]
    head = f"{title(speech, account.snapshot)}\n{age_lines(speech, account, held, now)}"
    if not legs:
        return f"{head}\n\n{speech.text('No positions: nothing can be liquidated.')}"
    together = [
        f"<b>{pool_name(speech, pool)}</b>\n{_reach(speech, pool, held)}"
        for pool in sorted(held.risk.pools, key=_nearness)
        if pool.positions
    ]
    if held.risk.of_present_only:
        return fitted(head, together, "", partial(more_pools, speech))
    alone = [_leg_card(speech, leg, pool) for leg, pool in sorted(legs, key=lambda pair: _move_size(pair[0]))]
    first = f"<b>{speech.text('If only this price moves')}</b>\n{alone[0]}"
    about = speech.text("Each price is where its pool is liquidated while all others stand still.")
    return fitted(head, [*together, first, *alone[1:]], about, partial(more_positions, speech))


def read_note(speech: Speech, outcome: FreshRead, account: HeldAccount) -> str:
    """What became of a wish to read at once, for under the figures; empty = they are new."""
    name = name_of(account.snapshot)
    match outcome:
        case FreshRead.DONE:
            return ""
        case FreshRead.FAILED:
            return f"⚠️ {speech.text('Read now, in vain: these are the last figures that there are.')}"
        case FreshRead.SILENT:
            return f"⚠️ {speech.text('The venue has not answered within 5 s: these are the figures from before.')}"
        case FreshRead.TOO_SOON:
            return speech.text("Somebody had it read a moment ago; it is read anew once in 5 s at most.")
        case FreshRead.NOT_WATCHED:
            return speech.text("{account} is not watched by the running service. /health says why.", account=name)


def _zone_of(pool: PoolRisk, held: HeldBook) -> Zone:
    """The zone that the account would be in if it were this pool alone."""
    alone = replace(held.risk, pools=(pool,), risk_ratio=pool.risk_ratio, margin_level=pool.margin_level)
    return entered_zone(alone, held.policy)[0]


def _pool_card(speech: Speech, pool: PoolRisk, held: HeldBook, zone: Zone | None) -> str:
    """A pool; its zone is shown where there are others."""
    text = speech.text
    currency = pool.currency
    name = f"{ICONS[zone]} <b>{pool_name(speech, pool)}</b>" if zone else f"<b>{pool_name(speech, pool)}</b>"
    if not pool.positions:
        return f"{name}\n{text('Equity {money}, no positions', money=money(speech, pool.equity, currency))}"
    if pool.effective_leverage is None:
        leverage = text("not defined (no equity left)")
    else:
        leverage = speech.multiple(pool.effective_leverage)
    lines = [
        name,
        text("Risk ratio <b>{ratio}</b> of 100 %", ratio=ratio_words(speech, pool.risk_ratio)),
        text("Equity {money}", money=money(speech, pool.equity, currency)),
        text("Requirement {money}", money=money(speech, pool.maintenance_margin + pool.closing_fees, currency)),
        text("Margin level {level}", level=level_words(speech, pool.margin_level)),
        _reach(speech, pool, held),
        text("Effective leverage {leverage}", leverage=leverage),
        text(
            "Net exposure {net} of {gross} gross",
            net=money(speech, pool.net_exposure, currency),
            gross=money(speech, pool.gross_notional, currency),
        ),
    ]
    return "\n".join(lines)


def _reach(speech: Speech, pool: PoolRisk, held: HeldBook) -> str:
    """How far liquidation is: as moves, and as hours where protection goes by them."""
    moves = _common_moves(speech, pool, held)
    if not held.counts_hours:
        return moves
    pairs = zip(held.risk.pools, held.own.pools, strict=True) if held.own is not None else ()
    own = next((each for of, each in pairs if of is pool), None)
    return f"{moves}\n{escaped(hours_line(speech, own))}"


def _common_moves(speech: Speech, pool: PoolRisk, held: HeldBook) -> str:
    """Liquidation by a move of everything together, both ways."""
    if pool.risk_ratio is None:
        return speech.text("No equity left: liquidation is due at these prices")
    if held.risk.of_present_only:
        return speech.text("Distance to liquidation: <b>{distance}</b>", distance=not_told(speech))
    fall, rise = pool.liquidation_shock_down, pool.liquidation_shock_up
    down = speech.text("If all fall: liquidation is out of reach")
    if fall is not None:
        down = speech.text("Liquidated if all fall by <b>{move}</b>", move=speech.percent(abs(fall)))
    up = speech.text("If all rise: liquidation is out of reach")
    if rise is not None:
        up = speech.text("Liquidated if all rise by <b>{move}</b>", move=speech.percent(rise))
    return f"{down}\n{up}"


def _leg_card(speech: Speech, leg: PositionRisk, pool: PoolRisk) -> str:
    name = f"<b>{leg_name(speech, leg.symbol, leg.side)}</b>"
    mark = price(speech, leg.mark_price, leg.symbol, pool.currency)
    if pool.risk_ratio is None or pool.risk_ratio >= 1.0:  # a price would be where that ends
        return f"{name}\n{speech.text('can be liquidated now, mark {mark}', mark=mark)}"
    if leg.liquidation_price is None:
        return f"{name}\n{speech.text('out of reach, mark {mark}', mark=mark)}"
    at = price(speech, leg.liquidation_price, leg.symbol, pool.currency)
    move = speech.change(leg.liquidation_price / leg.mark_price - 1)
    return f"{name}\n{speech.text('at <b>{price}</b> ({move}), mark {mark}', price=at, move=move, mark=mark)}"


def _move_size(leg: PositionRisk) -> float:
    """How far the mark is from where the leg is liquidated; infinite = never."""
    if leg.liquidation_price is None:
        return float("inf")
    return abs(leg.liquidation_price / leg.mark_price - 1)


def _nearness(pool: PoolRisk) -> tuple[bool, float]:
    return (pool.risk_ratio is not None, float("inf") if pool.distance is None else pool.distance)


def _urgency(row: tuple[Zone, PoolRisk]) -> tuple[bool, int, float]:
    """Pools with positions first, the worst zone before the others, then the nearest to liquidation."""
    zone, pool = row
    distance = float("inf") if pool.distance is None else pool.distance
    return (not pool.positions, -severity(zone), distance)
