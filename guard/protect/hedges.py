"""The hedges that stand, against the book: what an intent did to them, and what happened to them without one. Pure.

A hedge is a record over a leg: so many contracts of it stand against another leg. Where a leg holds less than its
hedges claim, the newest are cut first; what somebody opened beside them is none of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from guard.ports.records import HedgeRecord, OrderRecord
from guard.protect.hedging import Protected, proxied, value_of
from guard.protect.legs import RELATIVE_TOLERANCE, LegKey, Legs, legs_of
from guard.risk.book import Book, Position, Side
from guard.risk.zones import Zone

# A proxy is compared by value, which moves with both marks: this much more than what it protects is no news.
_PROXY_SLACK = 1.1


@dataclass(frozen=True, slots=True)
class HedgeNews:
    """Something happened to a hedge that the guard did not do.

    `hedge` is how it stands now. `key` is the same for the same event: it is told once. `grave`: an exposure that
    nobody decided on.
    """

    hedge: HedgeRecord
    key: str
    text: str
    grave: bool


def leg_of(hedge: HedgeRecord) -> LegKey:
    """The leg that a hedge is part of."""
    return (hedge.symbol, cast("Side", hedge.leg))


def protected_by(hedge: HedgeRecord) -> LegKey:
    """The leg that a hedge is against."""
    return (hedge.protects_symbol, cast("Side", hedge.protects_leg))


def opened_hedges(orders: Iterable[OrderRecord], steps: Mapping[int, Protected], at: datetime) -> list[HedgeRecord]:
    """The hedges that an intent's orders opened: one for each step of which something filled."""
    found: dict[int, HedgeRecord] = {}
    for order in orders:
        if order.remedy != "hedge" or not Decimal(order.filled) or order.step not in steps:
            continue
        before = found.get(order.step)
        filled = Decimal(order.filled) + (Decimal(before.contracts) if before else Decimal(0))
        against = steps[order.step].key
        found[order.step] = HedgeRecord(
            hedge_id=f"{order.intent_id}:{order.step}",
            account_id=order.account_id,
            intent_id=order.intent_id,
            symbol=order.symbol,
            leg=order.leg,
            contracts=str(filled),
            protects_symbol=against[0],
            protects_leg=against[1],
            opened_at=at,
        )
    return list(found.values())


def unwound_hedges(before: Sequence[HedgeRecord], orders: Iterable[OrderRecord], at: datetime) -> list[HedgeRecord]:
    """The hedges that an intent was to take off, as they stand after its orders: the oldest of a leg goes first.

    Counted from what stood before the intent, not from what is recorded now: done twice it comes out the same.
    """
    taken: dict[LegKey, Decimal] = {}
    for order in orders:
        if order.reduce_only:
            key = (order.symbol, cast("Side", order.leg))
            taken[key] = taken.get(key, Decimal(0)) + Decimal(order.filled)
    changed = []
    for hedge in sorted(before, key=_age):
        mine = min(Decimal(hedge.contracts), taken.get(leg_of(hedge), Decimal(0)))
        if mine:
            taken[leg_of(hedge)] -= mine
            changed.append(_left(hedge, Decimal(hedge.contracts) - mine, at, "taken off"))
    return changed


def trimmed(hedges: Sequence[HedgeRecord], legs: Legs, at: datetime, why: str) -> list[HedgeRecord]:
    """The hedges that claim more than their leg holds, cut to it, newest first; unchanged ones are left out."""
    changed = []
    for key in {leg_of(hedge) for hedge in hedges}:
        left = legs.get(key, Decimal(0))
        for hedge in sorted((each for each in hedges if leg_of(each) == key), key=_age):
            mine = Decimal(hedge.contracts)
            if mine - left > RELATIVE_TOLERANCE * mine:
                changed.append(_left(hedge, left, at, why))
            left = max(Decimal(0), left - mine)
    return sorted(changed, key=_age)


def _age(hedge: HedgeRecord) -> tuple[datetime, str]:
    return (hedge.opened_at, hedge.hedge_id)


def _left(hedge: HedgeRecord, contracts: Decimal, at: datetime, why: str) -> HedgeRecord:
    """A hedge of which so much is left; closed when nothing is."""
    if contracts > 0:
        return replace(hedge, contracts=str(contracts))
    return replace(hedge, contracts="0", closed_at=at, close_reason=why)


def watched(hedge: HedgeRecord, zone: Zone, now: datetime) -> HedgeRecord:
    """The hedge with since when its account is safe without a break; anything else, not known included, breaks it."""
    if zone is not Zone.SAFE:
        return replace(hedge, safe_since=None)
    return hedge if hedge.safe_since else replace(hedge, safe_since=now)


def is_due(hedge: HedgeRecord, now: datetime, unhedge_after_s: float | None) -> bool:
    """Whether a hedge is to be taken off by itself; `unhedge_after_s` None: only when somebody asks."""
    if unhedge_after_s is None or hedge.safe_since is None or hedge.closed_at is not None:
        return False
    return (now - hedge.safe_since).total_seconds() >= unhedge_after_s


def compare_hedges(
    hedges: Sequence[HedgeRecord], book: Book, at: datetime, betas: Mapping[str, float] | None = None
) -> tuple[HedgeNews, ...]:
    """What happened to the open hedges without an order of ours, by a complete book; empty = they stand as recorded.

    A proxy weighs by `betas`. Only between two intents: while one is carried out its own orders explain the legs.
    """
    legs = legs_of(book)
    shrunk = trimmed(hedges, legs, at, "gone without an order of the guard")
    news = [_shrunk_news(hedge, before) for hedge in shrunk for before in hedges if before.hedge_id == hedge.hedge_id]
    now = {hedge.hedge_id: hedge for hedge in hedges} | {hedge.hedge_id: hedge for hedge in shrunk}
    standing = [hedge for hedge in now.values() if hedge.closed_at is None]
    news += [_naked_news(hedge) for hedge in standing if not legs.get(protected_by(hedge))]
    for key in sorted({protected_by(hedge) for hedge in standing}):
        against = sorted((hedge for hedge in standing if protected_by(hedge) == key), key=_age)
        news += _larger(against, key, book, betas or {})
    return tuple(news)


def name_of(hedge: HedgeRecord) -> str:
    """A hedge with both of its legs: `0.5 contracts BTC/USDT:USDT short against ETH/USDT:USDT long`."""
    what = f"{hedge.contracts} contracts {hedge.symbol} {hedge.leg}"
    return f"{what} against {hedge.protects_symbol} {hedge.protects_leg}"


def _shrunk_news(hedge: HedgeRecord, before: HedgeRecord) -> HedgeNews:
    against = f"{hedge.protects_symbol} {hedge.protects_leg}"
    if hedge.closed_at is not None:
        text = f"the hedge of {name_of(before)} is gone, not by an order of the guard: {against} stands without it"
    else:
        text = f"the hedge of {name_of(before)} is smaller, not by an order of the guard: {hedge.contracts} are left"
    return HedgeNews(hedge, f"{hedge.hedge_id}:shrunk:{hedge.contracts}", text, grave=True)


def _naked_news(hedge: HedgeRecord) -> HedgeNews:
    gone = f"the leg {hedge.protects_symbol} {hedge.protects_leg} is gone"
    text = f"{gone}: the hedge of {name_of(hedge)} is an exposure; /unhedge takes the guard's hedges off"
    return HedgeNews(hedge, f"{hedge.hedge_id}:naked", text, grave=True)


def _larger(hedges: Sequence[HedgeRecord], key: LegKey, book: Book, betas: Mapping[str, float]) -> list[HedgeNews]:
    """The hedges of a leg that are more than it, each by itself; else the newest, where all together are."""
    leg = _held(book, key)
    if leg is None:
        return []
    alone = [hedge for hedge in hedges if _exceed([hedge], leg, book, betas)]
    what = "is larger than the leg that it is against"
    news = [HedgeNews(each, f"{each.hedge_id}:larger", f"the hedge of {name_of(each)} {what}", False) for each in alone]
    if not news and _exceed(hedges, leg, book, betas):
        newest = hedges[-1]
        text = f"the hedge of {name_of(newest)} and earlier ones are larger than the leg that they are against"
        news = [HedgeNews(newest, f"{newest.hedge_id}:larger_together", text, False)]
    return news


def _exceed(hedges: Sequence[HedgeRecord], leg: Position, book: Book, betas: Mapping[str, float]) -> bool:
    """Whether hedges are together more than the leg that they are against."""
    same = sum(float(hedge.contracts) for hedge in hedges if hedge.symbol == leg.symbol)
    by_proxy = proxied((leg.symbol, leg.side), hedges, book.positions, betas)
    if not by_proxy:
        return same > leg.contracts * (1 + float(RELATIVE_TOLERANCE))
    return value_of(replace(leg, contracts=same)) + by_proxy > _PROXY_SLACK * value_of(leg)


def _held(book: Book, key: LegKey) -> Position | None:
    return next((leg for leg in book.positions if (leg.symbol, leg.side) == key), None)
